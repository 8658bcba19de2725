"""How names are sorted, and what they are called in an address."""

from __future__ import annotations

import re
import unicodedata

LONGEST = 80  # characters of a term in an address


def sort_name(name: str) -> str:
    """A name by which lists are sorted: small letters and digits, single spaces; without any of them, as it is."""
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode()
    return " ".join(re.findall(r"[a-z0-9]+", (plain or name).lower())) or name.lower()


def term_slug(title: str) -> str:
    """The name of a class, indication or company in an address."""
    return sort_name(title).replace(" ", "-")[:LONGEST].rstrip("-")
