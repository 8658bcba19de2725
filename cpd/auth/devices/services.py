"""Ending sessions of one's own. None of these commits."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import delete

from cpd.auth import sessions
from cpd.auth.devices.naming import device_of
from cpd.auth.events import note
from cpd.auth.models import EventKind, Session
from cpd.db import db


class UnknownSession(Exception):
    """The account has no such session."""


def end_one(account_id: int, session_id: int, *, now: datetime) -> str:
    """End a session of an account and give its device in words. Raises UnknownSession. The caller commits."""
    ended = delete(Session).where(Session.id == session_id, Session.account_id == account_id)
    row = db.session.execute(ended.returning(Session.user_agent)).first()
    if row is None:
        raise UnknownSession
    device = device_of(row.user_agent)
    note(EventKind.SESSION_ENDED, account_id=account_id, now=now, device=device)
    return device


def end_others(account_id: int, *, but: int, now: datetime) -> int:
    """End all sessions of an account but one and give their number. The caller commits."""
    count = sessions.end_sessions(account_id, but=but)
    note(EventKind.SESSIONS_ENDED, account_id=account_id, now=now, count=count)
    return count
