"""What lists show of a document: the columns that publishing writes beside its live revision."""

from __future__ import annotations

import hashlib
import json
import re
import unicodedata
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from cpd.content.check import CheckedModule, CheckedMonograph, CheckedPage
from cpd.content.facts import Category, ModuleFacts, MonographFacts
from cpd.content.pictures import digests_of
from cpd.monographs.sections import BOXED_WARNING
from cpd.revisions import PUBLISHED

CheckedItem = CheckedModule | CheckedMonograph | CheckedPage
KINDS: dict[type[CheckedItem], str] = {CheckedModule: "module", CheckedMonograph: "monograph", CheckedPage: "page"}


def kind_of(item: CheckedItem) -> str:
    return KINDS[type(item)]


def status_of(item: CheckedItem) -> str:
    return PUBLISHED if isinstance(item, CheckedPage) else item.facts.status


def hash_of(item: CheckedItem, folder: Path) -> str:
    """The hash of a file's text, place and pictures: a module that moves to another category has changed."""
    place = Path(item.source.path).resolve().relative_to(folder.resolve())
    return hash_text("\n".join([place.as_posix(), item.source.sha256, *digests_of(item.source)]))


def hash_text(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def hash_names(names_hash: str, drugs: Iterable[MonographFacts]) -> str:
    """The hash of all that modules' pages show of drugs: names that are linked, and names that are listed."""
    shown = [(drug.slug, drug.name, drug.generic_name) for drug in drugs]
    return hash_text(json.dumps([names_hash, shown]))


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
    sort_name = _sort_name(facts.name)
    return {
        "name": facts.name,
        "generic_name": facts.generic_name,
        "sort_name": sort_name,
        "letter": sort_name[0].upper() if sort_name[:1].isascii() and sort_name[:1].isalpha() else "#",
        "classes": ", ".join(facts.classes),
        "boxed": boxed,
    }


def _sort_name(name: str) -> str:
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode()
    return " ".join(re.findall(r"[a-z0-9]+", (plain or name).lower())) or name.lower()


def specialty_slug(title: str) -> str:
    return _sort_name(title).replace(" ", "-")


def category_row(category: Category) -> dict[str, Any]:
    return {
        "slug": category.slug,
        "title": category.title,
        "summary": category.summary,
        "credits": category.credits,
        "position": category.order,
        "style": category.style,
    }
