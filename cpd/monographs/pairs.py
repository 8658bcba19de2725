"""A monograph with one of its indications, as lists and links name it: baclofen~muscle-spasms."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import NamedTuple
from urllib.parse import urlencode

MOST_COMPARED, FEWEST_COMPARED = 4, 2
COMPARE = "/monographs/compare"
LONGEST = 100  # characters of a slug
_SLUG = re.compile(rf"[a-z0-9][a-z0-9-]{{0,{LONGEST - 1}}}")


class Pair(NamedTuple):
    """Slugs of a monograph and of one of its indications; the second is empty if none is chosen or none is stated."""

    slug: str
    indication: str = ""

    def __str__(self) -> str:
        return f"{self.slug}~{self.indication}" if self.indication else self.slug


def pair_of(slug: object, indication: object = "") -> Pair | None:
    """The pair, if both can be slugs. Those of indications without Latin letters have other letters."""
    if not isinstance(slug, str) or not isinstance(indication, str) or not _SLUG.fullmatch(slug):
        return None
    if len(indication) > LONGEST or not indication.isprintable() or any(map(str.isspace, indication)):
        return None
    return Pair(slug, indication)


def read_pair(text: str) -> Pair | None:
    """The pair that a text such as baclofen~muscle-spasms names, or None if it cannot name one."""
    slug, _, indication = text.strip().partition("~")
    return pair_of(slug, indication)


def compare_address(pairs: Iterable[Pair], others: Sequence[tuple[str, str]] = ()) -> str:
    """The address that compares these, in their order. `others` stand after them."""
    query = urlencode([*(("m", str(pair)) for pair in pairs), *others])
    return f"{COMPARE}?{query}" if query else COMPARE
