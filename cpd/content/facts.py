"""What the front matter of a module, monograph or page says, with its types.

front_matter.py reads them from files; the database keeps them as JSON.
"""

from __future__ import annotations

import re
import typing
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, is_dataclass
from datetime import date
from decimal import Decimal
from functools import cache
from typing import Any, Self

STATUSES = ("draft", "published", "withdrawn")
STYLES = ("flag", "review", "rx", "ext")
KEY_FACTS = (
    "adult_start",
    "usual_maximum",
    "key_warning",
    "avoid_in",
    "interacts_with",
    "renal_impairment",
    "monitoring",
    "stopping",
)
ACCREDITATION = "Suggested credits; self-certified"
PASS_MARK = 70  # per cent
SLUG = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*")
LONGEST_SLUG = 80  # characters


class Facts:
    """Stored as plain data: dates and decimals as text, so that nothing is lost."""

    def to_json(self) -> dict[str, Any]:
        """These facts as plain data."""
        return typing.cast("dict[str, Any]", _plain(self))

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Self:
        """The facts that to_json wrote; what an older version did not write yet has its default."""
        return typing.cast("Self", _typed(cls, data))


@dataclass(frozen=True)
class Author(Facts):
    """An author or reviewer."""

    name: str
    credentials: str
    role: str


@dataclass(frozen=True)
class Disclosure(Facts):
    """One interest of the last 24 months; nobody having any is an empty list."""

    who: str
    company: str
    nature: str


@dataclass(frozen=True)
class Indication(Facts):
    """A named use of a drug."""

    name: str
    use: str = ""


@dataclass(frozen=True)
class Provenance(Facts):
    """Where a monograph comes from; `imported` is the fingerprint of a file that an import wrote."""

    kind: str
    title: str = ""
    set_id: str = ""
    version: str = ""
    effective: date | None = None
    address: str = ""
    imported: str = ""


@dataclass(frozen=True)
class ModuleFacts(Facts):
    """What a module's front matter says; `category` is the slug of its folder."""

    slug: str
    category: str
    title: str
    summary: str
    credits: Decimal
    specialties: tuple[str, ...]
    objectives: tuple[str, ...]
    authors: tuple[Author, ...]
    disclosures: tuple[Disclosure, ...]
    reviewed: date
    expires: date
    edition: int = 1
    status: str = "published"
    reviewers: tuple[Author, ...] = ()
    audience: tuple[str, ...] = ()
    funding: str = ""
    accreditation: str = ACCREDITATION
    frameworks: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    monographs: tuple[str, ...] = ()
    pass_mark: int = PASS_MARK  # per cent, 1-100
    external: str | None = None
    former_slugs: tuple[str, ...] = ()


@dataclass(frozen=True)
class MonographFacts(Facts):
    """What a monograph's front matter says.

    `link_names` is None where the author leaves the choice of names to the default.
    """

    slug: str
    name: str
    generic_name: str
    formulations: tuple[str, ...]
    company: str = ""
    legal_class: str = ""
    status: str = "published"
    draft: tuple[str, ...] = ()
    classes: tuple[str, ...] = ()
    indications: tuple[Indication, ...] = ()
    key_facts: Mapping[str, str] = field(default_factory=dict)
    brand_names: tuple[str, ...] = ()
    link_names: tuple[str, ...] | None = None
    source: Provenance | None = None
    reviewed: date | None = None
    former_slugs: tuple[str, ...] = ()


@dataclass(frozen=True)
class PageFacts(Facts):
    """What a page's front matter says; learners consent to a `version`."""

    slug: str
    title: str
    summary: str
    version: str


@dataclass(frozen=True)
class Category(Facts):
    """A kind of module; `credits` is what its modules usually are worth."""

    slug: str
    title: str
    summary: str
    credits: Decimal | None
    order: int
    style: str


def _plain(value: Any) -> Any:
    if is_dataclass(value):
        return {item.name: _plain(getattr(value, item.name)) for item in fields(value)}
    if isinstance(value, Mapping):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, tuple):
        return [_plain(item) for item in value]
    if isinstance(value, date):
        return value.isoformat()
    return str(value) if isinstance(value, Decimal) else value


def _typed(kind: Any, value: Any) -> Any:
    if is_dataclass(kind):
        return _dataclass(typing.cast("type", kind), value)
    origin, arguments = typing.get_origin(kind), typing.get_args(kind)
    if origin is tuple:
        return tuple(_typed(arguments[0], item) for item in value)
    if origin is not None and issubclass(origin, Mapping):
        return {key: _typed(arguments[1], item) for key, item in value.items()}
    if type(None) in arguments:
        return None if value is None else _typed(arguments[0], value)
    if kind is date:
        return date.fromisoformat(value)
    return Decimal(value) if kind is Decimal else value


def _dataclass(kind: type, data: Mapping[str, Any]) -> Any:
    return kind(**{name: _typed(hint, data[name]) for name, hint in _hints(kind) if name in data})


@cache
def _hints(kind: type) -> tuple[tuple[str, Any], ...]:
    return tuple(typing.get_type_hints(kind).items())
