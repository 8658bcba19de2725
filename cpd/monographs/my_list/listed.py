"""A list as its pages show it, whoever it belongs to: a learner's rows, or what a browser carries."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from cpd.auth.access import Learner
from cpd.db import AnyRow, db
from cpd.monographs import queries as monographs
from cpd.monographs.briefs import Brief, briefs_of
from cpd.monographs.my_list import queries, services
from cpd.monographs.my_list.carried import carried, carry
from cpd.monographs.my_list.ordering import Pairs, merged
from cpd.monographs.pairs import Pair
from cpd.revisions import PUBLISHED


@dataclass(frozen=True)
class Item:
    """A line of a list. `indication` is its name; `gone` says that the monograph no longer states it."""

    pair: Pair
    name: str
    generic_name: str
    classes: str
    boxed: bool
    withdrawn: bool
    indication: str
    gone: bool
    drafted: bool

    @property
    def title(self) -> str:
        """What a message or a label calls it."""
        return f"{self.name} ({self.indication})" if self.indication else self.name


class MyList:
    """The list of a learner, or of a visitor's browser if there is none."""

    def __init__(self, learner: Learner | None) -> None:
        self.learner_id = learner.id if learner else None
        self._before: Sequence[AnyRow] = queries.items_of(learner.id) if learner else ()
        self.rows = _by_pair(self._before) if learner else _named(carried())

    @property
    def pairs(self) -> Pairs:
        return tuple(self.rows)

    def items(self) -> list[Item]:
        """Its lines in order."""
        briefs = briefs_of({row.live_revision_id for row in self.rows.values()})
        return [item_of(pair, row, briefs[row.live_revision_id]) for pair, row in self.rows.items()]

    def become(self, pairs: Sequence[Pair], monograph_ids: Mapping[str, int], *, now: datetime) -> None:
        """Make the list one of these pairs, and commit. Raises ListFull if a browser cannot carry them."""
        if self.learner_id is None:
            carry(pairs)
            return
        ids = {**{pair.slug: row.id for pair, row in self.rows.items()}, **monograph_ids}
        services.keep_list(self.learner_id, before=self._before, after=pairs, monograph_ids=ids, now=now)
        db.session.commit()


def take_over(account_id: int, now: datetime) -> None:
    """Add to an account's list what the browser carries, after what is there. The caller commits."""
    brought = _named(carried())
    if not brought:
        return
    before = queries.items_of(account_id)
    ids = {pair.slug: row.id for pair, row in brought.items()}
    after = merged([Pair(row.slug, row.indication) for row in before], list(brought))
    services.keep_list(account_id, before=before, after=after, monograph_ids=ids, now=now)


def item_of(pair: Pair, row: AnyRow, brief: Brief) -> Item:
    """The line of a pair, from the columns of `monographs.queries.NAMED`."""
    stated = brief.find(pair.indication)
    return Item(
        pair=pair,
        name=row.name,
        generic_name=row.generic_name,
        classes=row.classes,
        boxed=row.boxed,
        withdrawn=row.status != PUBLISHED,
        indication=stated.name if stated else pair.indication.replace("-", " "),
        gone=bool(pair.indication) and stated is None,
        drafted=stated is not None and brief.drafted,
    )


def _by_pair(rows: Sequence[AnyRow]) -> dict[Pair, AnyRow]:
    return {Pair(row.slug, row.indication): row for row in rows}


def _named(pairs: Pairs) -> dict[Pair, AnyRow]:
    """The monographs of pairs, by pairs of the slugs that they have now. What no monograph has is left out."""
    found = monographs.named({pair.slug for pair in pairs})
    known = ((pair, found[pair.slug]) for pair in pairs if pair.slug in found)
    return {Pair(row.slug, pair.indication): row for pair, row in known}
