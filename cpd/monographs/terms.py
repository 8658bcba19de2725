"""What monographs are listed by: their order, and the names of classes, indications and companies in addresses."""

from __future__ import annotations

import hashlib
import re
import unicodedata
from urllib.parse import quote

KINDS = ("class", "indication", "company")
LONGEST_SLUG = 80  # characters
LONGEST_SORT_NAME = 200  # characters
OTHER = "#"  # the letter of what begins with a digit or with a script of other letters
# What Unicode takes for letters of their own. Two classes may differ by a Greek letter alone: α-blocker, β-blocker.
SPELT_OUT = """
    α alpha β beta γ gamma δ delta ε epsilon ζ zeta η eta θ theta ι iota κ kappa λ lambda μ mu ν nu ξ xi ο omicron π pi
    ρ rho σ sigma ς sigma τ tau υ upsilon φ phi χ chi ψ psi ω omega ß ss æ ae œ oe ø o ł l đ d ð d þ th ı i
"""
_WORDS = re.compile(r"[^\W_]+")


def _by_sign(pairs: list[str]) -> dict[int, str]:
    return str.maketrans(dict(zip(pairs[::2], pairs[1::2], strict=True)))


_LETTERS = _by_sign(SPELT_OUT.split())


def sort_name(name: str) -> str:
    """A name as lists are ordered by it: small letters and digits, without accents and signs."""
    letters = unicodedata.normalize("NFKD", name).lower().translate(_LETTERS)
    plain = "".join(sign for sign in letters if not unicodedata.combining(sign))
    return " ".join(_WORDS.findall(plain))[:LONGEST_SORT_NAME].rstrip() or name.lower()[:LONGEST_SORT_NAME]


def letter_of(sorted_name: str) -> str:
    """The letter under which a list has it: A to Z, or `OTHER`."""
    first = sorted_name[:1]
    return first.upper() if first.isascii() and first.isalpha() else OTHER


def plain_slug(title: str) -> str:
    """A title with hyphens for all that is neither letter nor digit."""
    return sort_name(title).replace(" ", "-")


def term_slug(title: str) -> str:
    """The name of a class, indication or company in an address. One slug is one term, however it is spelt.

    A title that is too long for an address is cut, and keeps apart from others that begin like it.
    """
    slug = plain_slug(title)
    whole = " ".join(title.lower().split())
    if len(slug) <= LONGEST_SLUG and len(whole) <= LONGEST_SORT_NAME:
        return slug
    mark = hashlib.sha256(whole.encode()).hexdigest()[:8]
    return f"{slug[: LONGEST_SLUG - len(mark) - 1].rstrip('-')}-{mark}"


def term_address(kind: str, slug: str) -> str:
    """Where the monographs of a term are listed."""
    return f"/monographs/?{kind}={quote(slug, safe='')}"
