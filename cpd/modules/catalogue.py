"""What the catalogue's address may ask for, as a value, and the addresses of its filters."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal, InvalidOperation
from urllib.parse import urlencode

from cpd.db import LARGEST_ID

SORTS = {"newest": "Newest", "shortest": "Shortest", "credits": "Most credits"}
MOST_VALUES = 20
PLACE = re.compile(r"(?P<key>[0-9.-]{1,20})_(?P<number>[0-9]{1,20})")


class UnknownPlace(Exception):
    """`after=` does not name a place in the list."""


@dataclass(frozen=True)
class Wanted:
    """Filters, order and place in the catalogue."""

    categories: tuple[str, ...] = ()
    specialties: tuple[str, ...] = ()
    sort: str = "newest"
    after: tuple[date | Decimal, int] | None = None

    @property
    def url(self) -> str:
        pairs = [("category", slug) for slug in self.categories] + [("specialty", slug) for slug in self.specialties]
        if self.sort != "newest":
            pairs.append(("sort", self.sort))
        if self.after:
            pairs.append(("after", f"{self.after[0]}_{self.after[1]}"))
        return f"/modules/?{urlencode(pairs)}" if pairs else "/modules/"

    def sorted_by(self, sort: str) -> Wanted:
        return replace(self, sort=sort, after=None)

    def without(self, slug: str) -> Wanted:
        return replace(
            self,
            after=None,
            categories=tuple(each for each in self.categories if each != slug),
            specialties=tuple(each for each in self.specialties if each != slug),
        )

    def going_on_after(self, key: date | Decimal, number: int) -> Wanted:
        return replace(self, after=(key, number))


def read_wanted(values: Mapping[str, Sequence[str]], *, categories: set[str], specialties: set[str]) -> Wanted:
    """What an address asks for; filters and orders that do not exist are left out. Raises UnknownPlace."""
    sort = next(iter(values.get("sort", ())), "newest")
    wanted = Wanted(
        categories=_known(values.get("category", ()), categories),
        specialties=_known(values.get("specialty", ()), specialties),
        sort=sort if sort in SORTS else "newest",
    )
    after = next(iter(values.get("after", ())), None)
    return wanted if after is None else replace(wanted, after=_place(after, wanted.sort))


def _known(given: Sequence[str], existing: set[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(slug for slug in given[:MOST_VALUES] if slug in existing))


def _place(text: str, sort: str) -> tuple[date | Decimal, int]:
    match = PLACE.fullmatch(text)
    if match is None:
        raise UnknownPlace(text)
    place = min(int(match["number"]), LARGEST_ID)
    try:
        if sort == "newest":
            return date.fromisoformat(match["key"]), place
        worth = Decimal(match["key"]).quantize(Decimal("0.01"))
    except (ValueError, InvalidOperation):
        raise UnknownPlace(text) from None
    if not 0 <= worth <= 1_000:
        raise UnknownPlace(text)
    return worth, place
