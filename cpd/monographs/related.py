"""Which drugs are related to one: those with the same indication, and those of the same class."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

NAMED = 8  # drugs that a page names of a term
OFFERED = 8  # drugs that a page offers to compare with


@dataclass(frozen=True)
class Drug:
    """A monograph as others lead to it."""

    slug: str
    name: str
    sort_name: str


@dataclass(frozen=True)
class Group:
    """The other drugs of one term. `kind` is class or indication; `more` is whether there are others than these."""

    kind: str
    slug: str
    title: str
    drugs: Sequence[Drug]
    more: bool


def group_of(kind: str, slug: str, title: str, drugs: Iterable[Drug], own_name: str) -> Group:
    """The other drugs of a term, without those that are sorted by the drug's own name."""
    others = [drug for drug in drugs if drug.sort_name != own_name]
    return Group(kind, slug, title, others[:NAMED], more=len(others) > NAMED)


def to_compare(groups: Iterable[Group]) -> list[Drug]:
    """The drugs that share most with one, and then those that share an indication rather than a class, by name."""
    shared: Counter[Drug] = Counter()
    for group in groups:
        shared.update(dict.fromkeys(group.drugs, 10 + (group.kind == "indication")))
    return sorted(shared, key=lambda drug: (-shared[drug], drug.sort_name))[:OFFERED]
