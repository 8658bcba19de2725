"""What changes accounts: registering, signing in and out, granting a role. None of these commits."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import delete, insert, update

from cpd.auth import sessions, throttle
from cpd.auth.emails import Email
from cpd.auth.models import Account, Consent, Event, EventKind, Role, Session
from cpd.db import db, insert_once


class AddressTaken(Exception):
    """An account with this e-mail address exists."""


@dataclass(frozen=True)
class Person:
    """What somebody states about themselves."""

    name: str
    email: Email
    profession: str
    registration_body: str = ""
    registration_number: str = ""


def create_account(
    person: Person,
    *,
    password_hash: str,
    zone: str,
    consents: Mapping[str, str],
    now: datetime,
    role: Role = Role.LEARNER,
) -> int:
    """Add an account with its consents (document → version) and return its id.

    Of two at once with one address the second raises AddressTaken, whatever its spelling. The caller commits.
    """
    values = {
        "email": person.email.typed,
        "email_canon": person.email.canon,
        "name": person.name,
        "password_hash": password_hash,
        "profession": person.profession,
        "registration_body": person.registration_body,
        "registration_number": person.registration_number,
        "role": role.value,
        "zone": zone,
        "created_at": now,
    }
    account_id = insert_once(Account, values)
    if account_id is None:
        raise AddressTaken
    for document, version in consents.items():
        consent = {"account_id": account_id, "document": document, "version": version, "consented_at": now}
        db.session.execute(insert(Consent).values(**consent))
    note(EventKind.REGISTERED, account_id=account_id, now=now, consents=dict(consents))
    return account_id


def sign_in(
    account_id: int, *, user_agent: str, now: datetime, replaces: str | None, new_hash: str | None = None
) -> str:
    """Begin a session and return its token. `replaces` is the token the browser came with: it ends.

    new_hash takes the place of a password hash that was made with an outdated cost. The caller commits.
    """
    if new_hash:
        db.session.execute(update(Account).where(Account.id == account_id).values(password_hash=new_hash))
    sessions.end_session(replaces)
    token = sessions.start_session(account_id, user_agent=user_agent, now=now)
    note(EventKind.SIGNED_IN, account_id=account_id, now=now, user_agent=user_agent)
    forget_old(now=now)
    return token


def sign_out(account_id: int, *, token: str | None, now: datetime) -> None:
    """End the session of a token. The caller commits."""
    sessions.end_session(token)
    note(EventKind.SIGNED_OUT, account_id=account_id, now=now)


def note(kind: EventKind, *, account_id: int | None, now: datetime, **detail: Any) -> None:
    """Add a line to the audit trail. `detail` must hold no secret. The caller commits."""
    db.session.execute(insert(Event).values(account_id=account_id, kind=kind.value, at=now, detail=detail))


def forget_old(*, now: datetime) -> None:
    """Delete sessions that are over and buckets of tries that are full again. The caller commits."""
    db.session.execute(delete(Session).where(Session.expires_at < now))
    throttle.forget_old(now=now)
