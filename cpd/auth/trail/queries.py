"""Reading the audit trail of an account."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import select

from cpd.auth.models import Event
from cpd.db import AnyRow, read

LINES = select(Event.account_id, Event.number, Event.kind, Event.at, Event.detail, Event.hash)


def lines_of(account_id: int, *, before: int | None = None, limit: int = 50) -> Sequence[AnyRow]:
    """Lines of an account, newest first, as (account_id, number, kind, at, detail, hash).

    before: only those with a smaller number.
    """
    lines = LINES.where(Event.account_id == account_id)
    if before is not None:
        lines = lines.where(Event.number < before)
    return read(lines.order_by(Event.number.desc()).limit(limit))


def whole_trail_of(account_id: int) -> Sequence[AnyRow]:
    """All lines of an account in order, as `first_break` wants them."""
    return read(LINES.where(Event.account_id == account_id).order_by(Event.number))
