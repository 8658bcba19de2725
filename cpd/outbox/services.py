"""What waits in the outbox: asking for it, taking it up, and what becomes of it. None of these commits."""

from __future__ import annotations

import random
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Row, and_, bindparam, delete, func, insert, not_, select, update

from cpd.db import db
from cpd.outbox import queries
from cpd.outbox.models import Waiting

LEASE = timedelta(minutes=10)  # so long others leave alone what somebody has taken up; then they think that one dead
FIRST_PAUSE, LONGEST_PAUSE = timedelta(seconds=15), timedelta(hours=4)
MOST_TRIES = 24  # with these pauses about two and a half days
KEPT_GIVEN_UP = timedelta(days=30)
LONGEST_FAULT = 300  # characters

NEXT = (
    select(Waiting.id)
    .where(Waiting.due_at <= bindparam("now"), Waiting.given_up_at.is_(None))
    .order_by(Waiting.due_at, Waiting.id)
    .limit(1)
    .with_for_update(skip_locked=True)  # PostgreSQL alone; SQLite has one writer at a time
)
TAKING = (
    update(Waiting)
    .where(Waiting.id == NEXT.scalar_subquery())
    .values(due_at=bindparam("until"), tries=Waiting.tries + 1)
    .returning(Waiting.id, Waiting.kind, Waiting.payload, Waiting.created_at, Waiting.tries)
    .execution_options(synchronize_session=False)
)


def ask_for(kind: str, payload: dict[str, Any], *, now: datetime, due_at: datetime | None = None) -> None:
    """Let the worker do something of this kind, once this transaction is committed and not before `due_at`.

    payload: JSON, without secrets; the handler of the kind looks up the rest. The caller commits.
    """
    row = {"kind": kind, "payload": payload, "created_at": now, "due_at": due_at or now, "tries": 0, "fault": ""}
    db.session.execute(insert(Waiting), row)


def take_next(*, now: datetime) -> Row[Any] | None:
    """Take up what has been due for longest, as (id, kind, payload, created_at, tries), or None.

    Of two at once each gets another. It is left alone by others until LEASE is over. The caller commits.
    """
    return db.session.execute(TAKING, {"now": now, "until": now + LEASE}).first()


def finish(row: Row[Any]) -> None:
    """It is done: the row goes, unless somebody else has taken it up meanwhile. The caller commits."""
    db.session.execute(delete(Waiting).where(*_still_ours(row)))


def put_back(row: Row[Any], *, now: datetime) -> None:
    """Nothing could be tried, for a reason that is not its own: as if it had not been taken up. The caller commits."""
    _change(row, due_at=now, tries=row.tries - 1)


def put_off(row: Row[Any], fault: str, *, now: datetime, for_good: bool = False) -> bool:
    """Try again later, or never if that makes no sense or was done too often. The caller commits.

    Gives whether it is given up.
    """
    given_up = for_good or row.tries >= MOST_TRIES
    later = {"given_up_at": now} if given_up else {"due_at": now + pause_after(row.tries)}
    _change(row, fault=fault[:LONGEST_FAULT], **later)
    return given_up


def try_all_again(*, now: datetime) -> int:
    """Give what was given up all its tries once more; gives their number. The caller commits."""
    again = update(Waiting).where(Waiting.given_up_at.is_not(None))
    changed = again.values(given_up_at=None, due_at=now, tries=0).returning(Waiting.id)
    return len(db.session.execute(changed).all())


def forget_given_up(*, now: datetime) -> None:
    """Delete what was given up long ago. The caller commits."""
    db.session.execute(delete(Waiting).where(Waiting.given_up_at < now - KEPT_GIVEN_UP))


def withdraw(either: Mapping[str, str | int], *, but: Mapping[str, str]) -> None:
    """Delete what has one of these in its payload, unless it has all of those. The caller commits."""
    spared = and_(*(func.coalesce(Waiting.payload[name].as_string(), "") == value for name, value in but.items()))
    db.session.execute(delete(Waiting).where(queries.has_one_of(either), not_(spared)))


def pause_after(tries: int) -> timedelta:
    """How long to wait after so many tries: twice as long each time, by chance up to a quarter less."""
    doubled: int = 2 ** min(tries - 1, 16)
    return min(LONGEST_PAUSE, FIRST_PAUSE * doubled) * random.uniform(0.75, 1)  # noqa: S311  # only spreads the tries


def _change(row: Row[Any], **values: Any) -> None:
    db.session.execute(update(Waiting).where(*_still_ours(row)).values(**values))


def _still_ours(row: Row[Any]) -> tuple[Any, ...]:
    return Waiting.id == row.id, Waiting.tries == row.tries, Waiting.given_up_at.is_(None)
