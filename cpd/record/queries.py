"""Reading the record. Each query takes the learner, so that nobody is shown another's by guessing a number."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from typing import Any

from sqlalchemy import Integer, bindparam, func, literal, select, tuple_, union_all

from cpd.auth.my_data.owned import Facts, facts
from cpd.db import AnyRow, Credits, read_first
from cpd.prepared import Prepared
from cpd.record.models import Entry

PAGE = 50
MOST_NAMED = 30  # modules that a statement can ask about
NOTHING = Decimal("0.00")
SHOWN = (
    Entry.id,
    Entry.title,
    Entry.category_title,
    Entry.category_style,
    Entry.module_slug,
    Entry.attempt_id,
    Entry.edition,
    Entry.revision_number,
    Entry.credits,
    Entry.claimed_credits,
    Entry.score,
    Entry.out_of,
    Entry.learned_on,
)
IN_SHORT = (Entry.title, Entry.category_title, Entry.claimed_credits)
_OF_THE_LEARNER = Entry.learner_id == bindparam("learner_id")
_TOTAL = select(func.sum(Entry.claimed_credits, type_=Credits)).where(_OF_THE_LEARNER).correlate(None).scalar_subquery()
_COUNT = select(func.count()).where(_OF_THE_LEARNER).correlate(None).scalar_subquery()
TOTAL = select(_TOTAL.label("total"), _COUNT.label("entries"))
# Entries and their exact sum in one statement: this is the page that learners read most of their own.
_NEWEST = (
    select(*SHOWN, _TOTAL.label("total"), _COUNT.label("entries"))
    .where(_OF_THE_LEARNER)
    .order_by(Entry.learned_on.desc(), Entry.id.desc())
    .limit(bindparam("limit"))
)
NEWEST = Prepared(_NEWEST)
OLDER = Prepared(_NEWEST.where(tuple_(Entry.learned_on, Entry.id) < tuple_(bindparam("on"), bindparam("id"))))
_PLACES = [f"module_{place}" for place in range(MOST_NAMED)]
_NAMED = Entry.module_id.in_([bindparam(place, type_=Integer) for place in _PLACES])
# Two searches, not one with an OR, for which SQLite would read every entry of the learner.
_shortly = (*IN_SHORT, Entry.id, Entry.module_id, Entry.learned_on)
_recent = (
    select(*_shortly, literal(1).label("recent"))
    .where(_OF_THE_LEARNER)
    .order_by(Entry.learned_on.desc(), Entry.id.desc())
    .limit(bindparam("limit"))
    .subquery()
)
_both = union_all(select(_recent), select(*_shortly, literal(0)).where(_OF_THE_LEARNER, _NAMED)).subquery()
NEWEST_AND_NAMED = Prepared(
    select(_both, _TOTAL.label("total"), _COUNT.label("entries")).order_by(
        _both.c.recent.desc(), _both.c.learned_on.desc(), _both.c.id.desc()
    )
)
PASSED_ON = Prepared(
    select(Entry.module_id, func.min(Entry.learned_on).label("learned_on"))
    .where(_OF_THE_LEARNER, _NAMED)
    .group_by(Entry.module_id)
)
OF_EDITION = select(*SHOWN).where(
    Entry.learner_id == bindparam("learner_id"),
    Entry.module_id == bindparam("module_id"),
    Entry.edition == bindparam("edition"),
)


@dataclass(frozen=True)
class Entries:
    """Some entries of a learner as the columns in SHOWN or IN_SHORT; the sum of all claimed credits, and how many."""

    rows: Sequence[AnyRow]
    total: Decimal
    count: int


NONE = Entries((), NOTHING, 0)


def entries_of(learner_id: int, *, before: tuple[date, int] | None = None, limit: int = PAGE) -> Entries:
    """A learner's entries, newest learning first, from the one `before` on."""
    values: dict[str, Any] = {"learner_id": learner_id, "limit": limit}
    if before is None:
        return _summed(NEWEST.all(values)) or NONE
    rows = OLDER.all(values | {"on": before[0], "id": before[1]})
    return _summed(rows) or Entries((), *total_of(learner_id))


def _summed(rows: Sequence[AnyRow]) -> Entries | None:
    if not rows:
        return None
    first = rows[0]
    return Entries(rows, first.total, first.entries)


def newest_and_passed(learner_id: int, module_ids: Sequence[int], *, limit: int) -> tuple[Entries, dict[int, date]]:
    """A learner's newest entries in short, and when some modules first gave credit; one statement for MOST_NAMED."""
    named, more = module_ids[:MOST_NAMED], module_ids[MOST_NAMED:]
    rows = tuple(NEWEST_AND_NAMED.all({"learner_id": learner_id, "limit": limit, **_named(named)}))
    found = _summed(rows)
    if found is None:
        return NONE, {}
    recent = sum(row.recent for row in rows)
    passed = {row.module_id: row.learned_on for row in rows[recent:]}  # the first pass comes last
    return replace(found, rows=rows[:recent]), passed | passed_on(learner_id, more)


def passed_on(learner_id: int, module_ids: Sequence[int]) -> dict[int, date]:
    """When each of these modules first gave credit to the learner; one statement for MOST_NAMED of them."""
    passed: dict[int, date] = {}
    for start in range(0, len(module_ids), MOST_NAMED):
        named = _named(module_ids[start : start + MOST_NAMED])
        rows = PASSED_ON.all({"learner_id": learner_id, **named})
        passed |= {row.module_id: row.learned_on for row in rows}
    return passed


def _named(module_ids: Sequence[int]) -> dict[str, int]:
    """The parameters of _NAMED; places that are not needed name no module."""
    return dict.fromkeys(_PLACES, 0) | dict(zip(_PLACES, module_ids, strict=False))


def total_of(learner_id: int) -> tuple[Decimal, int]:
    """The sum of a learner's claimed credits, and the number of entries."""
    found = read_first(TOTAL, {"learner_id": learner_id})
    assert found is not None
    return found.total or NOTHING, found.entries


def find_award(learner_id: int, *, module_id: int, edition: int) -> AnyRow | None:
    """The entry that stands for a module's edition, as the columns in SHOWN."""
    return read_first(OF_EDITION, {"learner_id": learner_id, "module_id": module_id, "edition": edition})


def everything_of(learner_id: int) -> Iterator[Facts]:
    """All entries of a learner with all their facts, in the order in which they were recorded."""
    columns = (
        Entry.id.label("number"),
        Entry.learned_on,
        Entry.recorded_at,
        Entry.kind,
        Entry.title,
        Entry.category_title.label("category"),
        Entry.module_slug.label("module"),
        Entry.edition,
        Entry.revision_number.label("revision"),
        Entry.credits,
        Entry.claimed_credits,
        Entry.score,
        Entry.out_of,
        Entry.pass_mark.label("pass_mark_in_per_cent"),
        Entry.attempt_id.label("attempt"),
    )
    return facts(select(*columns).where(Entry.learner_id == learner_id).order_by(Entry.id))
