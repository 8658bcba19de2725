"""Sessions: rows in the database. The cookie carries a random token, the row only its SHA-256."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import delete, insert, update
from sqlalchemy.exc import SQLAlchemyError

from cpd.auth.models import Session
from cpd.auth.tokens import token_hash
from cpd.db import db, hurried_engine
from cpd.web.cookies import new_token

LONGEST_IDLE = timedelta(days=14)
LONGEST = timedelta(days=90)
SEEN_EVERY = timedelta(minutes=5)  # how exactly last_seen_at is kept


def is_live(*, last_seen_at: datetime, expires_at: datetime, now: datetime) -> bool:
    """Whether a session still holds: neither too old nor unused for too long."""
    return now < expires_at and now - last_seen_at < LONGEST_IDLE


def start_session(account_id: int, *, user_agent: str, network: str, second_factor: bool, now: datetime) -> str:
    """Begin a session and return its token for the cookie. The caller commits."""
    token = new_token()
    db.session.execute(
        insert(Session).values(
            token_hash=token_hash(token),
            account_id=account_id,
            created_at=now,
            last_seen_at=now,
            expires_at=now + LONGEST,
            user_agent=user_agent,
            network=network,
            second_factor=second_factor,
            proved_at=now,
        )
    )
    return token


def end_session(token: str | None) -> None:
    """End the session of a token, if there is one. The caller commits."""
    if token:
        db.session.execute(delete(Session).where(Session.token_hash == token_hash(token)))


def note_proof(session_id: int, *, second_factor: bool, now: datetime) -> None:
    """Write down that the learner of a session has proved anew who they are. The caller commits."""
    values = {"proved_at": now, **({"second_factor": True} if second_factor else {})}
    db.session.execute(update(Session).where(Session.id == session_id).values(**values))


def forget_second_factor(session_id: int) -> None:
    """Let a session go on without the second factor that it was begun with. The caller commits."""
    db.session.execute(update(Session).where(Session.id == session_id).values(second_factor=False))


def end_sessions(account_id: int, *, but: int | None = None) -> int:
    """End all sessions of an account, or all but one; gives their number. The caller commits."""
    ended = delete(Session).where(Session.account_id == account_id)
    if but is not None:
        ended = ended.where(Session.id != but)
    return len(db.session.execute(ended.returning(Session.id)).all())


def note_seen(session_id: int, *, now: datetime) -> None:
    """Write down that a session is in use, by itself: a page does not fail because this could not be written."""
    seen = update(Session).where(Session.id == session_id, Session.last_seen_at < now).values(last_seen_at=now)
    try:
        with hurried_engine().begin() as connection:
            connection.execute(seen)
    except SQLAlchemyError:
        return
