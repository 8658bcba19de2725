"""What lists and comparisons say of a revision without its text: made once, kept in the process."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

from cpd.monographs import queries
from cpd.monographs.terms import term_slug
from cpd.web.fragments import Fragments, fragments_of

KEPT = 2_000  # revisions a process keeps


@dataclass(frozen=True)
class Indication:
    """A stated indication; no two of a monograph have the same slug."""

    slug: str
    name: str
    use: str


@dataclass(frozen=True)
class Brief:
    """The indications that a revision states, and whether an editor has confirmed them."""

    indications: tuple[Indication, ...]
    drafted: bool

    def find(self, slug: str) -> Indication | None:
        """The indication of this slug."""
        return next((each for each in self.indications if each.slug == slug), None)

    @property
    def only(self) -> Indication | None:
        """The indication, if one alone is stated."""
        return self.indications[0] if len(self.indications) == 1 else None


def briefs_of(revision_ids: Iterable[int]) -> dict[int, Brief]:
    """The briefs of revisions by their ids, in at most one statement."""
    kept: Fragments[Brief] = fragments_of("briefs of monographs", KEPT)
    found = {revision_id: kept.find(revision_id) for revision_id in revision_ids}
    missing = [revision_id for revision_id, brief in found.items() if brief is None]
    facts = queries.facts_of(missing) if missing else {}
    made = {revision_id: kept.get(revision_id, partial(_make, each)) for revision_id, each in facts.items()}
    return {revision_id: brief for revision_id, brief in (found | made).items() if brief is not None}


def _make(facts: Mapping[str, Any]) -> Brief:
    indications = (
        Indication(term_slug(each["name"]), each["name"], each["use"] or "") for each in facts["indications"]
    )
    return Brief(tuple(indications), drafted="indications" in facts["draft"])
