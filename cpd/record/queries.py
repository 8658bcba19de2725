"""Reading the record. Each query takes the learner, so that nobody is shown another's by guessing a number."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from typing import Any

from sqlalchemy import bindparam, func, select, tuple_

from cpd.db import AnyRow, Credits, read, read_first
from cpd.record.models import Entry

PAGE = 50
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
NEWEST = (
    select(*SHOWN)
    .where(Entry.learner_id == bindparam("learner_id"))
    .order_by(Entry.learned_on.desc(), Entry.id.desc())
    .limit(bindparam("limit"))
)
OLDER = NEWEST.where(tuple_(Entry.learned_on, Entry.id) < tuple_(bindparam("on"), bindparam("id")))
TOTAL = select(func.sum(Entry.claimed_credits, type_=Credits).label("claimed"), func.count().label("entries")).where(
    Entry.learner_id == bindparam("learner_id")
)
OF_EDITION = select(*SHOWN).where(
    Entry.learner_id == bindparam("learner_id"),
    Entry.module_id == bindparam("module_id"),
    Entry.edition == bindparam("edition"),
)


def entries_of(learner_id: int, *, before: tuple[date, int] | None = None, limit: int = PAGE) -> Sequence[AnyRow]:
    """A learner's entries as the columns in SHOWN, newest learning first, from the one `before` on."""
    values: dict[str, Any] = {"learner_id": learner_id, "limit": limit}
    if before is None:
        return read(NEWEST, values)
    return read(OLDER, values | {"on": before[0], "id": before[1]})


def total_of(learner_id: int) -> tuple[Decimal, int]:
    """The sum of a learner's claimed credits, and the number of entries."""
    found = read_first(TOTAL, {"learner_id": learner_id})
    assert found is not None
    return found.claimed or Decimal("0.00"), found.entries


def find_award(learner_id: int, *, module_id: int, edition: int) -> AnyRow | None:
    """The entry that stands for a module's edition, as the columns in SHOWN."""
    return read_first(OF_EDITION, {"learner_id": learner_id, "module_id": module_id, "edition": edition})
