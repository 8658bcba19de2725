"""Limits on tries, kept in the database so that they outlive a restart and count for all processes together.

A bucket holds the times of the last tries of somebody at a door: at most so many in any span of so many seconds. Which
buckets a door has is said in `doors`; the limits are those of docs/decisions/0002.
"""

from __future__ import annotations

import hashlib
import hmac
import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from typing import Any

from flask import current_app
from sqlalchemy import Connection, Row, bindparam, case, delete, func, literal, or_, select, update
from sqlalchemy.dialects import postgresql, sqlite
from werkzeug.exceptions import TooManyRequests

from cpd.auth.models import Throttle
from cpd.db import db, read

MARK = 14  # characters of a try: a comma and its milliseconds since 1970, so that marks compare like their times
FORGOTTEN_AT_ONCE = 1_000  # rows
_KEPT = select(
    Throttle.key,
    func.length(Throttle.tries).label("length"),
    func.substr(Throttle.tries, 1, MARK).label("first"),
).where(Throttle.key.in_(bindparam("keys", expanding=True)))
RESET_NEEDED = "There were too many wrong passwords in a row. Choose a new one: ask for a mail to reset your password."


@dataclass(frozen=True)
class Limit:
    """At most so many tries in any span of so many seconds.

    in_a_row: a right try gives back not itself but all that went before it.
    """

    tries: int
    seconds: int
    in_a_row: bool = False


@dataclass(frozen=True)
class Bucket:
    """Whose tries are counted: `key` says for which door and whom, without naming them.

    beyond: what is spent in its stead once it is empty, so that a door becomes slow and is not shut.
    """

    key: str
    limit: Limit
    beyond: tuple[Bucket, ...] = ()


class TooManyTries(TooManyRequests):
    """A bucket is empty. `wait`: seconds until it has a try again."""

    def __init__(self, wait: int, words: str = "") -> None:
        super().__init__(words or f"There were too many tries. Wait {_in_words(wait)}, then try again.", None, wait)
        self.wait = wait


def _in_words(seconds: int) -> str:
    for unit, length in (("day", 86_400), ("hour", 3_600)):
        if seconds > 2 * length - 60:
            return f"{math.ceil(seconds / length)} {unit}s"
    minutes = math.ceil(seconds / 60)
    return "a minute" if minutes <= 1 else f"{minutes} minutes"


def bucket(limit: Limit, door: str, whom: str, *, beyond: tuple[Bucket, ...] = ()) -> Bucket:
    """The bucket of somebody at a door. E-mail and network addresses are kept as an HMAC only."""
    key = str(current_app.config["SECRET_KEY"]).encode()
    name = hmac.new(key, f"throttle:{door}:{whom}".encode(), hashlib.sha256).hexdigest()
    return Bucket(f"{door}:{name[:40]}", limit, beyond)


def spend(buckets: Sequence[Bucket], *, now: datetime) -> list[Bucket]:
    """Take a try from each bucket and commit; gives those that it was taken from, for `give_back`.

    Raises TooManyTries if one is empty: then none is taken from any. Who is refused anyway takes no lock.
    """
    rows = _rows(buckets)
    for each in buckets:
        _refuse_empty(each, rows, now)
    with db.engine.begin() as connection:
        return [taken for each in buckets for taken in _take(connection, each, now)]


def has_left(buckets: Sequence[Bucket], *, now: datetime) -> bool:
    """Take a try from each bucket as `spend` does, and say whether there was one."""
    try:
        spend(buckets, now=now)
    except TooManyTries:
        return False
    return True


def give_back(spent: Iterable[Bucket], *, now: datetime) -> None:
    """Return tries that turned out right, so that a whole ward may sign in from one address. The caller commits.

    spent, now: what `spend` gave and was given.
    """
    for each in spent:
        if each.limit.in_a_row:
            clear([each])
        else:
            values = {"bucket": each.key, "mark": _mark(now)}
            db.session.execute(_giving_back(db.session.connection().dialect.name), values)


def clear(buckets: Iterable[Bucket]) -> None:
    """Return all tries of these buckets. The caller commits."""
    for each in buckets:
        db.session.execute(delete(Throttle).where(Throttle.key == each.key))


def forget_old(*, now: datetime) -> None:
    """Delete buckets that are full again. The caller commits."""
    full = select(Throttle.id).where(Throttle.full_at <= now).limit(FORGOTTEN_AT_ONCE)
    # One that somebody spends from at this moment is left alone: to wait for it could be to wait for each other.
    db.session.execute(delete(Throttle).where(Throttle.id.in_(full.with_for_update(skip_locked=True))))


def _rows(buckets: Iterable[Bucket]) -> dict[str, Row[Any]]:
    """What is kept of buckets and of those beyond them, by key, as (key, length, first)."""
    keys = [each.key for one in buckets for each in (one, *one.beyond)]
    return {row.key: row for row in read(_KEPT, {"keys": keys})}


def _refuse_empty(one: Bucket, rows: dict[str, Row[Any]], now: datetime) -> None:
    """Raise TooManyTries if a bucket is empty, and one beyond it too."""
    row = rows.get(one.key)
    span = timedelta(seconds=one.limit.seconds)
    if row is None or row.length < one.limit.tries * MARK or not _mark(now - span) < row.first <= _mark(now + span):
        return
    if one.beyond:
        for each in one.beyond:
            _refuse_empty(each, rows, now)
    else:
        raise _refusal(one, int(row.first[1:]) / 1_000 + one.limit.seconds - now.timestamp())


def _refusal(one: Bucket, wait: float) -> TooManyTries:
    """wait: seconds. Marks are rounded to thousandths, so that more digits say nothing."""
    return TooManyTries(max(1, math.ceil(round(wait, 3))), RESET_NEEDED if one.limit.in_a_row else "")


def _take(connection: Connection, one: Bucket, now: datetime) -> Iterator[Bucket]:
    span = timedelta(seconds=one.limit.seconds)
    values = {
        "key": one.key,
        "tries": _mark(now),
        "full_at": now + span,
        "size": one.limit.tries * MARK,
        "since": _mark(now - span),
        "until": _mark(now + span),
    }
    if connection.execute(_spending(connection.dialect.name), values).first():
        yield one
    elif one.beyond:
        for each in one.beyond:
            yield from _take(connection, each, now)
    else:
        raise _refusal(one, one.limit.seconds)


def _mark(at: datetime) -> str:
    return f",{round(at.timestamp() * 1_000):013d}"


# Statements are built once: SQLAlchemy takes longer to build one than to execute it.
@cache
def _spending(dialect: str) -> Any:
    """One statement for both databases: it takes a try, or gives no row if there was none.

    Of a full row only the first mark counts. One that lies further ahead than it could was made before the clock was
    set back: it holds nobody up.
    """
    first = func.substr(Throttle.tries, 1, MARK)
    used_up = func.length(Throttle.tries) >= bindparam("size")
    is_back = or_(first <= bindparam("since"), first > bindparam("until"))
    adding = {"sqlite": sqlite, "postgresql": postgresql}[dialect].insert(Throttle)
    adding = adding.values(key=bindparam("key"), tries=bindparam("tries"), full_at=bindparam("full_at"))
    kept = case((used_up, func.substr(Throttle.tries, MARK + 1)), else_=Throttle.tries)
    return adding.on_conflict_do_update(
        index_elements=[Throttle.key],
        set_={"tries": kept.concat(adding.excluded.tries), "full_at": adding.excluded.full_at},
        where=or_(~used_up, is_back),
    ).returning(Throttle.id)


@cache
def _giving_back(dialect: str) -> Any:
    """Take away one mark of the time of a try, if it still stands there."""
    find = {"sqlite": func.instr, "postgresql": func.strpos}[dialect]
    place = find(Throttle.tries, bindparam("mark"))
    rest = func.substr(Throttle.tries, 1, place - 1).concat(func.substr(Throttle.tries, place + literal(MARK)))
    return update(Throttle).where(Throttle.key == bindparam("bucket"), place > 0).values(tries=rest)
