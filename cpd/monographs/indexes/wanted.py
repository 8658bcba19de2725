"""What an address of the indexes asks for, as a value, and the addresses of their pages."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from urllib.parse import urlencode

from cpd.db import LARGEST_ID
from cpd.monographs.terms import KINDS, LONGEST_SORT_NAME

PLACE = re.compile(r"(?P<name>.+)~(?P<number>[0-9]{1,20})", re.ASCII)
LONGEST_ASKED = 200  # characters of a slug that somebody typed


@dataclass(frozen=True)
class Wanted:
    """A list of monographs (all, of a letter, or of a term), or with `by` the list of the terms of one kind.

    `after` is the place to go on from: the sort name and id of a monograph, or the slug of a term.
    """

    by: str = ""
    kind: str = ""
    slug: str = ""
    letter: str = ""
    after: tuple[str, int] | str | None = None

    @property
    def url(self) -> str:
        pairs = [("by", self.by), (self.kind, self.slug), ("letter", self.letter), ("after", self._place())]
        query = urlencode([(name, value) for name, value in pairs if value])
        return f"/monographs/?{query}" if query else "/monographs/"

    def of_letter(self, letter: str) -> Wanted:
        """The same index from the beginning of a letter, or of all if that is empty."""
        return replace(self, letter=letter, after=None)

    def going_on_after(self, after: tuple[str, int] | str) -> Wanted:
        return replace(self, after=after)

    def _place(self) -> str:
        if self.after is None or isinstance(self.after, str):
            return self.after or ""
        return f"{self.after[0]}~{self.after[1]}"


def read_wanted(values: Mapping[str, str]) -> Wanted:
    """What an address asks for; what cannot be is left out. A term goes before a list of terms and a letter."""
    kind = next((kind for kind in KINDS if _plain(values.get(kind))), "")
    if kind:
        return Wanted(kind=kind, slug=_plain(values.get(kind)), after=read_place(values.get("after")))
    letter = _plain(values.get("letter"))[:2].upper()
    by = values.get("by", "")
    if by in KINDS:
        return Wanted(by=by, letter=letter, after=_plain(values.get("after")) or None)
    return Wanted(letter=letter, after=read_place(values.get("after")))


def _plain(text: str | None) -> str:
    """Typed text, or nothing where it has signs that no name in an address has."""
    cut = (text or "").strip()[:LONGEST_ASKED]
    return cut if cut.isprintable() else ""


def read_place(text: str | None) -> tuple[str, int] | None:
    """The name and id after which to go on, from `after=baclofen~17`."""
    match = PLACE.fullmatch(text or "")
    if match is None or not match["name"].isprintable():
        return None
    return match["name"][:LONGEST_SORT_NAME], min(int(match["number"]), LARGEST_ID)
