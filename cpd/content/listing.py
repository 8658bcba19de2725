"""What lists show of a document: the columns that publishing writes beside its live revision."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache
from typing import Any

from cpd.content.check import CheckedItem, CheckedModule, CheckedMonograph
from cpd.content.facts import Category, ModuleFacts, MonographFacts
from cpd.monographs.publishing import StatedTerm
from cpd.monographs.sections import BOXED_WARNING
from cpd.monographs.terms import letter_of, plain_slug, sort_name, term_slug


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
    place = sort_name(facts.name)
    return {
        "name": facts.name,
        "generic_name": facts.generic_name,
        "sort_name": place,
        "letter": letter_of(place),
        "classes": ", ".join(facts.classes),
        "boxed": boxed,
    }


def terms_of(facts: MonographFacts) -> tuple[StatedTerm, ...]:
    """What a monograph is listed by; nothing of what no editor has confirmed. The first of two spellings counts."""
    stated = {
        "class": ("classes", facts.classes),
        "indication": ("indications", tuple(indication.name for indication in facts.indications)),
        "company": ("company", (facts.company,) if facts.company else ()),
    }
    found: dict[tuple[str, str], StatedTerm] = {}
    for kind, (key, titles) in stated.items():
        for title in titles if key not in facts.draft else ():
            term = _term(kind, title)
            found.setdefault((term.kind, term.slug), term)
    return tuple(found.values())


@lru_cache(maxsize=20_000)
def _term(kind: str, title: str) -> StatedTerm:
    """One for all monographs that spell it so: a publish may hold those of thousands."""
    return StatedTerm(kind, term_slug(title), title)


def specialty_slug(title: str) -> str:
    return plain_slug(title)


def category_row(category: Category) -> dict[str, Any]:
    return {
        "slug": category.slug,
        "title": category.title,
        "summary": category.summary,
        "credits": category.credits,
        "position": category.order,
        "style": category.style,
    }
