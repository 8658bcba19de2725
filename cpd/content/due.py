"""Modules that are due for review: the source of a drug that they name is newer than they are."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from pathlib import Path

from cpd.content.facts import ModuleFacts, MonographFacts
from cpd.content.front_matter import monograph_facts
from cpd.content.links import Claim, Names, claims_of, link_mentions
from cpd.content.render import Rendered
from cpd.content.source import Problem, Source, SourceFault, parse_source, read_front

MOST_NAMED = 5  # monographs in one message
EFFECTIVE = re.compile(rb"\beffective[\"']?\s*:\s*[\"']?(\d{4}-\d\d-\d\d)")


@dataclass(frozen=True)
class Reviewed:
    """A module as it was last reviewed, and the place of that date in its file."""

    path: str
    line: int
    on: date
    monographs: tuple[str, ...] = ()  # that belong to it whatever its text says

    @classmethod
    def of(cls, source: Source, facts: ModuleFacts) -> Reviewed:
        return cls(source.path, source.key_lines.get("reviewed", 1), facts.reviewed, facts.monographs)


def due_review(module: Reviewed, sources: Mapping[str, date]) -> Problem | None:
    """A warning if any of the sources, by the slugs of the monographs that a module names, is newer than its review."""
    newer = sorted(slug for slug, effective in sources.items() if effective > module.on)
    if not newer:
        return None
    named = [f"“{slug}” ({sources[slug]})" for slug in newer[:MOST_NAMED]]
    if more := len(newer) - len(named):
        named.append(f"{more} more")
    listed = " and ".join([", ".join(named[:-1]), named[-1]] if named[1:] else named)
    whose, which = ("source of", "that monograph") if len(newer) == 1 else ("sources of", "these monographs")
    message = f"the review is older than the {whose} {listed}; read the module against {which} and set “reviewed”"
    return Problem(module.path, module.line, message, warning=True)


class DueReviews:
    """Finds due modules while their texts are rendered.

    Mentions are what linking links, so all names have to be known: also those of monographs that were not asked for.
    `others` are the files of these. They are looked at only if a module may be due, and then their front matter alone.
    """

    def __init__(self, claims: Callable[[], Iterable[Claim]], others: Callable[[], Iterable[Path]]) -> None:
        self._claims = claims
        self._others = others
        self._sources: dict[str, date] = {}
        self._waiting: dict[str, Reviewed] = {}

    def note_monograph(self, facts: MonographFacts) -> None:
        """Note a monograph that was read. All must be noted before the first module is looked at."""
        if facts.status == "published" and facts.source and facts.source.effective:
            self._sources[facts.slug] = facts.source.effective

    def note_module(self, key: str, source: Source, facts: ModuleFacts) -> None:
        """Note a module that will be rendered under this key."""
        if facts.status == "published":
            self._waiting[key] = Reviewed.of(source, facts)

    def find(self, rendered: Rendered) -> Problem | None:
        """The warning that a module deserves, if it has been noted. It costs nothing where no source is newer."""
        module = self._waiting.pop(rendered.key, None)
        if module is None or self._newest <= module.on:
            return None
        names, sources = self._all
        slugs = {*link_mentions(rendered.html, names).slugs, *module.monographs}
        return due_review(module, {slug: sources[slug] for slug in slugs & sources.keys()})

    @cached_property
    def _newest(self) -> date:
        outside = (_newest_date(path) for path in self._others())
        return max([date.min, *self._sources.values(), *outside])

    @cached_property
    def _all(self) -> tuple[Names, dict[str, date]]:
        """All names, and the dates of all sources."""
        claims = list(self._claims())
        for facts in _facts_of(self._others()):
            claims += claims_of(facts)
            self.note_monograph(facts)
        return Names(claims), self._sources


def _newest_date(path: Path) -> date:
    """The newest date that may be that of a source, without taking the file apart."""
    try:
        found = EFFECTIVE.findall(read_front(path))
        return max((date.fromisoformat(each.decode()) for each in found), default=date.min)
    except (SourceFault, ValueError):
        return date.min


def _facts_of(paths: Iterable[Path]) -> Iterator[MonographFacts]:
    """The facts of those monographs whose front matter is right."""
    for path in paths:
        try:
            yield monograph_facts(parse_source(str(path), read_front(path)), path.stem)
        except SourceFault:
            continue
