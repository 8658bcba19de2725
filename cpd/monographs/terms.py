"""The names of classes, indications and companies as addresses and forms write them."""

from __future__ import annotations

import re
import unicodedata

LONGEST_SLUG = 80  # characters


def sort_name(name: str) -> str:
    """A name as lists are sorted by it: lower case, without accents and signs."""
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode()
    return " ".join(re.findall(r"[a-z0-9]+", (plain or name).lower())) or name.lower()


def plain_slug(title: str) -> str:
    """A title with hyphens for all that is neither letter nor digit."""
    return sort_name(title).replace(" ", "-")


def term_slug(title: str) -> str:
    """The name of a class, indication or company in an address."""
    return plain_slug(title)[:LONGEST_SLUG].rstrip("-")
