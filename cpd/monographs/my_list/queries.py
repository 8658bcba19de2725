"""Reading learners' lists."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from sqlalchemy import bindparam, select

from cpd.auth.my_data.owned import Facts, facts
from cpd.db import AnyRow
from cpd.monographs.models import ListItem, Monograph
from cpd.prepared import Prepared

ITEMS = Prepared(
    select(
        ListItem.id.label("item_id"),
        ListItem.place,
        ListItem.indication,
        Monograph.id,
        Monograph.slug,
        Monograph.status,
        Monograph.name,
        Monograph.generic_name,
        Monograph.classes,
        Monograph.boxed,
        Monograph.live_revision_id,
    )
    .join(Monograph, Monograph.id == ListItem.monograph_id)
    .where(ListItem.learner_id == bindparam("learner_id"))
    .order_by(ListItem.place, ListItem.id)
)


def items_of(learner_id: int) -> Sequence[AnyRow]:
    """A learner's list in its order: (item_id, place, indication) and the columns of `monographs.queries.NAMED`."""
    return ITEMS.all({"learner_id": learner_id})


def list_of(learner_id: int) -> Iterator[Facts]:
    """A learner's list in its order, with when each was added."""
    columns = Monograph.slug.label("monograph"), Monograph.name, ListItem.indication, ListItem.added_at
    items = select(*columns).join(ListItem, ListItem.monograph_id == Monograph.id)
    return facts(items.where(ListItem.learner_id == learner_id).order_by(ListItem.place, ListItem.id))
