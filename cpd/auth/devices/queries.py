"""Reading the sessions of an account."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import select

from cpd.auth.models import Session
from cpd.auth.sessions import LONGEST_IDLE
from cpd.db import AnyRow, read

MOST = 200


def sessions_of(account_id: int, *, now: datetime) -> Sequence[AnyRow]:
    """The sessions that hold, last used first, as (id, created_at, last_seen_at, user_agent, network)."""
    sessions = (
        select(Session.id, Session.created_at, Session.last_seen_at, Session.user_agent, Session.network)
        .where(Session.account_id == account_id, Session.expires_at > now, Session.last_seen_at > now - LONGEST_IDLE)
        .order_by(Session.last_seen_at.desc(), Session.id.desc())
    )
    return read(sessions.limit(MOST))
