"""What a link or a form asks to compare, as monographs that there are; and what else could be compared with them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from cpd.db import AnyRow
from cpd.monographs import queries as monographs
from cpd.monographs.briefs import Brief, Indication, briefs_of
from cpd.monographs.comparing import queries
from cpd.monographs.pairs import FEWEST_COMPARED, MOST_COMPARED, Pair, read_pair
from cpd.revisions import PUBLISHED, current_release
from cpd.search.asking import Hit
from cpd.search.completing import what_it_is
from cpd.search.naming import named
from cpd.search.words import read_question
from cpd.web.fragments import fragments_of

LOOKED_AT = 20  # names in one link; with more than four it is only shown what may be taken out
KEPT = 2_000  # monographs whose related ones a process keeps
LONGEST_QUOTE = 80  # characters of what somebody asked for


@dataclass(frozen=True)
class Chosen:
    """A monograph to compare, with one of its indications, or none where none is chosen or stated."""

    pair: Pair
    row: AnyRow  # as from monographs.queries.named
    brief: Brief
    indication: Indication | None

    @property
    def name(self) -> str:
        return str(self.row.name)

    @property
    def withdrawn(self) -> bool:
        return bool(self.row.status != PUBLISHED)

    @property
    def title(self) -> str:
        """What tells it from others, be they of the same name."""
        return f"{self.name} ({self.indication.name})" if self.indication else self.name


@dataclass
class Choice:
    """Monographs in the order of the link, no pair of them twice, and what there is to say about the link."""

    chosen: list[Chosen] = field(default_factory=list)
    remarks: list[str] = field(default_factory=list)
    asked: int = 0

    @property
    def too_many(self) -> bool:
        return len(self.chosen) > MOST_COMPARED or self.asked > LOOKED_AT

    @property
    def comparable(self) -> bool:
        return len(self.chosen) >= FEWEST_COMPARED and not self.too_many

    @property
    def pairs(self) -> list[Pair]:
        return [each.pair for each in self.chosen]


@dataclass(frozen=True)
class Offer:
    """Something that could be compared too."""

    pair: Pair
    name: str
    detail: str


def choose(texts: Sequence[str]) -> Choice:
    """The choice that texts such as baclofen~muscle-spasms make. What they name and there is not becomes a remark."""
    asked = list(dict.fromkeys(text for text in texts if text.strip()))
    choice = Choice(asked=len(asked))
    if len(asked) > LOOKED_AT:
        choice.remarks.append(f"That link names {len(asked)} drugs. These are the first {LOOKED_AT} of them.")
    read = [(text, read_pair(text)) for text in asked[:LOOKED_AT]]
    rows = monographs.named({pair.slug for _, pair in read if pair})
    briefs = briefs_of({row.live_revision_id for row in rows.values()})
    chosen: dict[Pair, Chosen] = {}
    for text, pair in read:
        row = rows.get(pair.slug) if pair else None
        if pair is None or row is None:
            choice.remarks.append(f"We know no drug called “{text[:LONGEST_QUOTE]}”.")
            continue
        found = _find(pair, row, briefs[row.live_revision_id])
        choice.remarks += _remarks(pair, found)
        chosen.setdefault(found.pair, found)
    choice.chosen = list(chosen.values())
    return choice


def _find(pair: Pair, row: AnyRow, brief: Brief) -> Chosen:
    indication = brief.find(pair.indication) or brief.only
    return Chosen(Pair(row.slug, indication.slug if indication else ""), row, brief, indication)


def _remarks(pair: Pair, found: Chosen) -> list[str]:
    remarks = []
    if pair.slug != found.row.slug:
        remarks.append(f"“{pair.slug}” is now called {found.name}.")
    if pair.indication and found.brief.find(pair.indication) is None:
        remarks.append(f"{found.name} does not state the indication “{pair.indication.replace('-', ' ')}”.")
    return remarks


def related_to(first: Chosen, besides: Iterable[Pair]) -> list[Offer]:
    """Monographs with the same indication, then those of the same class, each once. What is drafted relates nothing."""
    kept = fragments_of("related monographs", KEPT)
    found: tuple[Offer, ...] = kept.get((current_release(), first.pair), lambda: _related(first))
    taken = {pair.slug for pair in besides}
    return [offer for offer in found if offer.pair.slug not in taken][: queries.MOST]


def _related(first: Chosen) -> tuple[Offer, ...]:
    indications = [first.indication] if first.indication else list(first.brief.indications)
    names = {} if first.brief.drafted else {each.slug: each.name for each in indications}
    offers: dict[str, Offer] = {}
    for row in queries.of_terms("indication", list(names), besides=first.row.id):
        offers.setdefault(row.slug, Offer(Pair(row.slug, row.term), row.name, names[row.term]))
    for row in queries.of_terms("class", queries.classes_of(first.row.id), besides=first.row.id):
        offers.setdefault(row.slug, Offer(Pair(row.slug), row.name, row.classes))
    return tuple(offers.values())


def named_like(typed: str, besides: Iterable[Pair]) -> tuple[list[Offer], bool]:
    """Monographs that have such a name or brand, the best first; and whether the names are only similar."""
    taken = set(besides)
    hits, nearly, _ = named(current_release(), read_question(typed), queries.MOST)
    rows = queries.of_slugs([hit.slug for hit in hits])
    found = [(hit, row) for hit in hits if (row := rows.get(hit.slug)) and Pair(hit.slug) not in taken]
    return [Offer(Pair(hit.slug), row.name, _alias_or_classes(hit, row)) for hit, row in found], nearly


def _alias_or_classes(hit: Hit, row: AnyRow) -> str:
    return f"{hit.alias}: {what_it_is(hit)}" if hit.alias else str(row.classes)
