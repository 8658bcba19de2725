"""Changing learners' lists. None of these commits."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from sqlalchemy import bindparam, delete, update

from cpd.db import AnyRow, db, insert_once
from cpd.monographs.models import ListItem
from cpd.monographs.pairs import Pair


def keep_list(
    learner_id: int, *, before: Sequence[AnyRow], after: Sequence[Pair], monograph_ids: Mapping[str, int], now: datetime
) -> None:
    """Make a list that had the rows of `queries.items_of` one of these pairs, in their order.

    monograph_ids has the monograph of each slug. Only what differs is written, so that of two changes at once neither
    undoes the other; a pair is never there twice. The caller commits.
    """
    rows = {Pair(row.slug, row.indication): row for row in before}
    gone = [row.item_id for pair, row in rows.items() if pair not in after]
    if gone:
        db.session.execute(delete(ListItem).where(ListItem.learner_id == learner_id, ListItem.id.in_(gone)))
    places = []
    for place, pair in enumerate(after, 1):
        if pair not in rows:
            values = {"monograph_id": monograph_ids[pair.slug], "indication": pair.indication, "place": place}
            insert_once(ListItem, values | {"learner_id": learner_id, "added_at": now})
        elif rows[pair].place != place:
            places.append({"item": rows[pair].item_id, "new_place": place})
    if places:
        moved = update(ListItem).where(ListItem.id == bindparam("item")).values(place=bindparam("new_place"))
        db.session.connection().execute(moved, places)


def forget_list(learner_id: int) -> None:
    """Delete a learner's list, because the account is deleted. The caller commits."""
    db.session.execute(delete(ListItem).where(ListItem.learner_id == learner_id))
