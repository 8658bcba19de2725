"""A monograph as its pages show it: made once per rendering, kept in the process."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

from markupsafe import Markup

from cpd.db import AnyRow
from cpd.monographs.sections import BOXED_WARNING, SECTIONS, section_id
from cpd.web.cleaned import cleaned
from cpd.web.fragments import Fragments, fragments_of

KEPT = 200  # renderings a process keeps
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


@dataclass(frozen=True)
class Section:
    """A section of a monograph; without `html` the source does not state it."""

    id: str
    title: str
    html: Markup | None


@dataclass(frozen=True)
class Shown:
    """Everything about a rendering that is the same for every reader. Its HTML was cleaned when it was published."""

    name: str
    generic_name: str
    company: str
    legal_class: str
    formulations: list[Markup]
    classes: list[str]
    indications: list[dict[str, str]]
    brand_names: list[str]
    key_facts: list[tuple[str, Markup]]
    card_facts: list[tuple[str, Markup]]
    warning: Markup
    source: dict[str, str] | None
    reviewed: date | None
    draft: list[str]
    boxed: Markup | None
    sections: list[Section]
    footnotes: Markup


def find_kept(rendering_id: int) -> Shown | None:
    """The monograph of a rendering if this process has it."""
    return _kept().find(rendering_id)


def shown(row: AnyRow) -> Shown:
    """The monograph of a row of `queries.RENDERED`."""
    return _kept().get(row.rendering_id, lambda: _make(row.facts, row.parts))


def _make(facts: dict[str, Any], parts: dict[str, Any]) -> Shown:
    found: dict[str, str] = parts["sections"]
    stated = {key: cleaned(html) for key, html in parts["key_facts"].items()}
    boxed = found.get(BOXED_WARNING)
    return Shown(
        name=facts["name"],
        generic_name=facts["generic_name"],
        company=facts["company"] or "",
        legal_class=facts["legal_class"] or "",
        formulations=[cleaned(html) for html in parts["formulations"]],
        classes=facts["classes"],
        indications=facts["indications"],
        brand_names=facts["brand_names"],
        key_facts=[(title, stated[key]) for key, title in KEY_FACTS.items() if key in stated],
        card_facts=[(KEY_FACTS[key], stated[key]) for key in ("adult_start", "usual_maximum") if key in stated],
        warning=stated.get("key_warning", Markup("")),
        source=facts["source"] or None,
        reviewed=date.fromisoformat(facts["reviewed"]) if facts["reviewed"] else None,
        draft=facts["draft"],
        boxed=cleaned(boxed) if boxed else None,
        sections=[
            Section(section_id(title), title, cleaned(found[title]) if title in found else None)
            for title in SECTIONS
            if title != BOXED_WARNING
        ],
        footnotes=cleaned(parts["footnotes"]),
    )


def _kept() -> Fragments[Shown]:
    return fragments_of("monographs", KEPT)
