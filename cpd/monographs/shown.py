"""A monograph as its pages show it: made once per rendering, kept in the process."""

from __future__ import annotations

import re
import sys
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from markupsafe import Markup

from cpd.db import AnyRow
from cpd.monographs.sections import BOXED_WARNING, NOTES, SECTIONS, section_id
from cpd.monographs.terms import term_slug
from cpd.web.cleaned import cleaned
from cpd.web.fragments import Fragments, fragments_of

KEPT = 8 * 1024 * 1024  # bytes of renderings that a process keeps
KEY_FACTS = {
    "adult_start": "Adult start",
    "usual_maximum": "Usual maximum",
    "key_warning": "Key warning",
    "avoid_in": "Avoid in",
    "interacts_with": "Interacts with",
    "renal_impairment": "Renal impairment",
    "monitoring": "Monitoring",
    "stopping": "Stopping",
}
KEY_NAMES = {
    "generic_name": "generic name",
    "legal_class": "legal class",
    "key_facts": "key facts",
    "brand_names": "brand names",
    "link_names": "names that are linked",
    "former_slugs": "former addresses",
}
BACK_LINK = re.compile(r'(?:&nbsp;| )?<a href="#fnref-[^>]*class="backref"[^>]*>[^<]*</a>')
NOTE_REFERENCE = re.compile(r'href="#fn-(\d{1,9})"')


@dataclass(frozen=True)
class SubHeading:
    """A sub-heading in what a page leaves out of a section, and the part in which it stands."""

    id: str
    title: str
    part: int


@dataclass(frozen=True)
class Fold:
    """What a page leaves out of a section: in how many parts it is loaded, and some of its sub-headings."""

    parts: int
    headings: Sequence[SubHeading]
    more: bool  # whether there are other sub-headings


@dataclass(frozen=True)
class Section:
    """A section of a monograph as its page shows it; without `html` the source does not state it.

    With a `fold` the HTML is how it begins.
    """

    id: str
    title: str
    html: Markup | None
    fold: Fold | None = None


@dataclass(frozen=True)
class Source:
    """Where a monograph comes from."""

    kind: str
    title: str
    version: str
    effective: date | None
    set_id: str
    address: str

    @property
    def named(self) -> str:
        """The source in one line, as it is cited."""
        name = f"{self.kind}: {self.title}" if self.title else self.kind
        version = f"version {self.version}" if self.version else ""
        return ", ".join(filter(None, [name, version]))


@dataclass(frozen=True)
class Shown:
    """Everything about a rendering that is the same for every reader. Its HTML was cleaned when it was published."""

    rendering_id: int
    name: str
    generic_name: str
    company: str
    legal_class: str
    formulations: list[Markup]
    classes: list[str]
    indications: list[dict[str, str]]  # slug, name and use
    brand_names: list[str]
    key_facts: list[tuple[str, Markup]]
    source: Source | None
    reviewed: date | None
    draft: list[str]
    boxed: Markup | None
    sections: list[Section]
    notes: Section
    note_parts: list[int]  # the number of the first note of each part, where notes are folded

    @property
    def card_facts(self) -> list[tuple[str, Markup]]:
        """What the hover card says of doses: nothing that no editor has confirmed."""
        return [fact for fact in self._confirmed if fact[0] in (KEY_FACTS["adult_start"], KEY_FACTS["usual_maximum"])]

    @property
    def warning(self) -> Markup:
        """The warning of the hover card, if an editor has confirmed it."""
        return next((text for label, text in self._confirmed if label == KEY_FACTS["key_warning"]), Markup(""))

    @property
    def card_classes(self) -> list[str]:
        """The classes of the hover card, if an editor has confirmed them."""
        return [] if "classes" in self.draft else self.classes

    @property
    def _confirmed(self) -> list[tuple[str, Markup]]:
        return [] if "key_facts" in self.draft else self.key_facts

    @property
    def drafted(self) -> list[str]:
        """The names of all that an import drafted and no editor has confirmed."""
        return [KEY_NAMES.get(key, key) for key in self.draft]

    @property
    def is_folded(self) -> bool:
        """Whether the page leaves anything out."""
        return any(section.fold for section in (*self.sections, self.notes))

    @property
    def weight(self) -> int:
        """About how many bytes of memory it takes."""
        texts = [*(section.html or "" for section in self.sections), self.boxed or "", self.notes.html or ""]
        texts += [*self.formulations, *(each["use"] for each in self.indications)]
        return 4_000 + sum(map(sys.getsizeof, texts))

    def section(self, name: str) -> Section:
        """The section of an id that `sections.TITLES` knows."""
        if name == section_id(BOXED_WARNING):
            return Section(name, BOXED_WARNING, self.boxed)
        return next(each for each in (*self.sections, self.notes) if each.id == name)


def find_kept(rendering_id: int) -> Shown | None:
    """The monograph of a rendering if this process has it."""
    return _kept().find(rendering_id)


def shown(row: AnyRow) -> Shown:
    """The monograph of a row of `queries.RENDERED`."""
    return _kept().get(row.rendering_id, lambda: _make(row.rendering_id, row.facts, row.parts))


def in_full(monograph: Shown, rests: dict[str, list[str]]) -> Shown:
    """The monograph with nothing left out; `rests` are the parts that its page leaves out, by section."""

    def whole(section: Section) -> Section:
        html = "".join([section.html or "", *rests.get(section.id, ())])
        return replace(section, html=cleaned(html), fold=None) if section.fold else section

    sections = [whole(section) for section in monograph.sections]
    return replace(monograph, sections=sections, notes=whole(monograph.notes), note_parts=[])


def _make(rendering_id: int, facts: dict[str, Any], parts: dict[str, Any]) -> Shown:
    found: dict[str, str] = parts["sections"]
    folds = {name: _fold(known) for name, known in parts.get("folds", {}).items()}
    stated = {key: cleaned(html) for key, html in parts["key_facts"].items()}
    boxed = found.get(BOXED_WARNING)

    def section(title: str, html: str | None) -> Section:
        name = section_id(title)
        return Section(name, title, None if html is None else cleaned(html), folds.get(name))

    return Shown(
        rendering_id=rendering_id,
        name=facts["name"],
        generic_name=facts["generic_name"],
        company=facts["company"] or "",
        legal_class=facts["legal_class"] or "",
        formulations=[cleaned(html) for html in parts["formulations"]],
        classes=facts["classes"],
        indications=[{**each, "slug": term_slug(each["name"])} for each in facts["indications"]],
        brand_names=facts["brand_names"],
        key_facts=[(title, stated[key]) for key, title in KEY_FACTS.items() if key in stated],
        source=_source(facts["source"]) if facts["source"] else None,
        reviewed=date.fromisoformat(facts["reviewed"]) if facts["reviewed"] else None,
        draft=facts["draft"],
        boxed=cleaned(boxed) if boxed else None,
        sections=[section(title, found.get(title)) for title in SECTIONS if title != BOXED_WARNING],
        notes=section(NOTES, parts["footnotes"] or ("" if section_id(NOTES) in folds else None)),
        note_parts=parts.get("folds", {}).get(section_id(NOTES), {}).get("first", []),
    )


def _fold(known: dict[str, Any]) -> Fold:
    return Fold(known["parts"], [SubHeading(**heading) for heading in known["headings"]], known["more"])


def _source(facts: dict[str, Any]) -> Source:
    effective = date.fromisoformat(facts["effective"]) if facts["effective"] else None
    return Source(facts["kind"], facts["title"], facts["version"], effective, facts["set_id"], facts["address"])


def _kept() -> Fragments[Shown]:
    return fragments_of("monographs", KEPT, weight=lambda monograph: monograph.weight)
