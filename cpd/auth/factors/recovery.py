"""Recovery codes: ten at a time, 50 random bits each, in letters that are hard to misread."""

from __future__ import annotations

import secrets
import unicodedata

ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"  # Crockford's: without i, l, o and u
MEANT = str.maketrans({"i": "1", "l": "1", "o": "0"})
HOW_MANY = 10
LENGTH = 10  # of 5 bits each
GROUP = 5
FEW = 3  # left: time for new ones
SEPARATORS = str.maketrans("", "", "-\u2010\u2011\u2012\u2013\u2014")


class WrongCode(ValueError):
    """What was typed is no recovery code; the text says what one looks like."""


def new_codes() -> list[str]:
    """Ten codes, no two alike."""
    codes: dict[str, None] = {}
    while len(codes) < HOW_MANY:
        codes["".join(secrets.choice(ALPHABET) for _ in range(LENGTH))] = None
    return list(codes)


def in_groups(code: str) -> str:
    """A code as it is printed: 7k3m9-x2pqr."""
    return "-".join(code[start : start + GROUP] for start in range(0, LENGTH, GROUP))


def read_code(typed: str) -> str:
    """The code in what was typed, however it is grouped, and with letters put right. Raises WrongCode."""
    text = unicodedata.normalize("NFKC", typed).casefold().translate(SEPARATORS).translate(MEANT)
    code = "".join(text.split())
    if len(code) != LENGTH or not set(code) <= set(ALPHABET):
        raise WrongCode("Enter a whole recovery code, such as 7k3m9-x2pqr")
    return code


def as_text(codes: list[str], *, site_name: str, email: str) -> str:
    """A file to keep: whose codes these are and what they are for, then one a line."""
    lines = [
        f"Recovery codes for {site_name}",
        f"Account: {email}",
        "",
        "Each code signs you in once, after your password, when you do not have your second factor at hand.",
        "Keep them where nobody else finds them.",
        "",
        *map(in_groups, codes),
    ]
    return "\r\n".join(lines) + "\r\n"
