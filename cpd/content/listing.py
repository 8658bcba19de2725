"""What lists show of a document: the columns that publishing writes beside its live revision."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from cpd.content.check import CheckedItem, CheckedModule, CheckedMonograph
from cpd.content.facts import Category, ModuleFacts, MonographFacts
from cpd.monographs.sections import BOXED_WARNING
from cpd.monographs.terms import sort_name, term_slug


@dataclass(frozen=True)
class Shown:
    """What a module's specialties and mentions show of it; `drugs` are the slugs of those it names."""

    title: str
    category: str
    credits: Decimal
    specialties: tuple[str, ...]
    drugs: tuple[str, ...]

    @classmethod
    def of(cls, facts: ModuleFacts, drugs: Iterable[Mapping[str, str]]) -> Shown:
        named = tuple(drug["slug"] for drug in drugs)
        return cls(facts.title, facts.category, facts.credits, facts.specialties, named)


def listing_of(item: CheckedItem, parts: Mapping[str, Any]) -> dict[str, Any]:
    if isinstance(item, CheckedModule):
        return _of_module(item.facts, drugs=len(parts["drugs"]))
    if isinstance(item, CheckedMonograph):
        return _of_monograph(item.facts, boxed=BOXED_WARNING in parts["sections"])
    return {"title": item.facts.title, "version": item.facts.version}


def _of_module(facts: ModuleFacts, *, drugs: int) -> dict[str, Any]:
    return {
        "title": facts.title,
        "summary": facts.summary,
        "category_slug": facts.category,
        "credits": facts.credits,
        "edition": facts.edition,
        "author": ", ".join(author.name for author in facts.authors),
        "reviewed_on": facts.reviewed,
        "expires_on": facts.expires,
        "external": facts.external,
        "drugs": drugs,
    }


def _of_monograph(facts: MonographFacts, *, boxed: bool) -> dict[str, Any]:
    sorted_by = sort_name(facts.name)
    return {
        "name": facts.name,
        "generic_name": facts.generic_name,
        "sort_name": sorted_by,
        "letter": sorted_by[0].upper() if sorted_by[:1].isascii() and sorted_by[:1].isalpha() else "#",
        "classes": ", ".join(facts.classes),
        "boxed": boxed,
    }


def terms_of(facts: MonographFacts) -> list[dict[str, str]]:
    """What a monograph is listed by, as kind, slug and title; nothing of what no editor has confirmed."""
    stated = {
        "class": ("classes", facts.classes),
        "indication": ("indications", tuple(indication.name for indication in facts.indications)),
        "company": ("company", (facts.company,) if facts.company else ()),
    }
    found = {
        (kind, term_slug(title)): {"kind": kind, "slug": term_slug(title), "title": title}
        for kind, (key, titles) in stated.items()
        if key not in facts.draft
        for title in titles
    }
    return list(found.values())


def specialty_slug(title: str) -> str:
    return sort_name(title).replace(" ", "-")


def category_row(category: Category) -> dict[str, Any]:
    return {
        "slug": category.slug,
        "title": category.title,
        "summary": category.summary,
        "credits": category.credits,
        "position": category.order,
        "style": category.style,
    }
