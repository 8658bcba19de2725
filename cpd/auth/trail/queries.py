"""Reading the audit trail of an account."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from sqlalchemy import select

from cpd.auth.models import Event
from cpd.db import AnyRow, read

AT_ONCE = 1_000  # lines
LINES = select(Event.account_id, Event.number, Event.kind, Event.at, Event.detail, Event.hash)


def lines_of(account_id: int, *, before: int | None = None, limit: int = 50) -> Sequence[AnyRow]:
    """Lines of an account, newest first, as (account_id, number, kind, at, detail, hash).

    before: only those with a smaller number.
    """
    lines = LINES.where(Event.account_id == account_id)
    if before is not None:
        lines = lines.where(Event.number < before)
    return read(lines.order_by(Event.number.desc()).limit(limit))


def whole_trail_of(account_id: int) -> Iterator[AnyRow]:
    """All lines of an account in order, as `first_break` wants them. They are read in batches: there may be many."""
    after = 0
    lines = LINES.where(Event.account_id == account_id).order_by(Event.number).limit(AT_ONCE)
    while rows := read(lines.where(Event.number > after)):
        yield from rows
        after = rows[-1].number
