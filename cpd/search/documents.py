"""A module or monograph as search knows it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

MODULE, MONOGRAPH = "module", "monograph"
KINDS = (MONOGRAPH, MODULE)
NAME, GENERIC, BRAND, OTHER = "name", "generic", "brand", "other"  # what a name of a drug is
LONGEST_TEXT = 4_000_000  # characters of one document that are searched


@dataclass(frozen=True)
class Findable:
    """What can be found. `names` are those of a drug, each with what it is, its own first.

    `facets` of a module: category (slug, title, style), credits as text, summary, authors, specialties, reviewed,
    expires, external. Of a monograph: generic, classes (slug, title), indications, company, boxed.
    """

    kind: str
    slug: str
    title: str
    names: Sequence[Sequence[str]]
    text: str
    facets: dict[str, Any]
