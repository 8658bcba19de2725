"""Reading the outbox."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Row, bindparam, func, or_, select

from cpd.db import read, read_first, reading_engine
from cpd.outbox.models import Waiting

IS_DUE = select(Waiting.id).where(Waiting.due_at <= bindparam("now"), Waiting.given_up_at.is_(None)).limit(1)


def is_anything_due(*, now: datetime) -> bool:
    """Whether there is something to do. It is asked every second, so it holds no lock and sees what is committed."""
    with reading_engine().connect() as connection:
        return connection.execute(IS_DUE, {"now": now}).first() is not None


def waiting() -> Row[Any]:
    """What waits and is still tried, as (count: how many, since: of the oldest, or None)."""
    counted = select(func.count().label("count"), func.min(Waiting.created_at).label("since"))
    row = read_first(counted.where(Waiting.given_up_at.is_(None)))
    assert row is not None
    return row


def given_up() -> Sequence[Row[Any]]:
    """What was given up, oldest first, as (id, kind, created_at, given_up_at, tries, fault)."""
    columns = select(Waiting.id, Waiting.kind, Waiting.created_at, Waiting.given_up_at, Waiting.tries, Waiting.fault)
    return read(columns.where(Waiting.given_up_at.is_not(None)).order_by(Waiting.id))


def waiting_for(either: Mapping[str, str | int]) -> Sequence[Row[Any]]:
    """What has one of these in its payload, as (kind, created_at, due_at)."""
    columns = select(Waiting.kind, Waiting.created_at, Waiting.due_at)
    return read(columns.where(has_one_of(either)).order_by(Waiting.id))


def has_one_of(either: Mapping[str, str | int]) -> ColumnElement[bool]:
    """The condition that the payload of a row has one of these."""
    return or_(
        *(
            Waiting.payload[name].as_integer() == value
            if isinstance(value, int)
            else Waiting.payload[name].as_string() == value
            for name, value in either.items()
        )
    )
