"""What the pages of the indexes show: tabs, letters, lists of monographs and of terms."""

from __future__ import annotations

import string
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import groupby
from typing import Any

from cpd.db import AnyRow
from cpd.monographs.indexes import queries
from cpd.monographs.indexes.wanted import Wanted
from cpd.monographs.terms import OTHER, letter_of, term_address
from cpd.revisions import current_release
from cpd.search.completing import what_it_is
from cpd.search.naming import named
from cpd.search.words import Question


@dataclass(frozen=True)
class Words:
    """What a kind of terms is called on the page."""

    one: str
    many: str
    between: str  # a drug and its term

    @property
    def tab(self) -> str:
        return f"By {self.one}"


WORDS = {
    "class": Words("class", "classes", "of"),
    "indication": Words("indication", "indications", "for"),
    "company": Words("company", "companies", "from"),
}


def of_all(wanted: Wanted, missing: str) -> dict[str, Any]:
    """Monographs from A to Z. `missing` is a letter that was asked for and that none begins with."""
    counts = queries.letters()
    found = queries.listed(letter=wanted.letter, after=_place(wanted), limit=queries.PAGE + 1)
    return {
        **_nothing(wanted),
        **_rows(wanted, found),
        "heading": "Drugs A to Z",
        "title": f"Drugs A to Z: {wanted.letter}" if wanted.letter else "Drugs A to Z",
        "lede": f"{_drugs(sum(counts.values()), 'monograph')}. Each states what its source says,"
        " with the same sections in the same order.",
        "letters": _letters(wanted, counts),
        "missing": f"No drug begins with {missing}. Here are all of them." if missing else "",
    }


def of_term(wanted: Wanted, term: AnyRow) -> dict[str, Any]:
    """The monographs that state a term."""
    words = WORDS[wanted.kind]
    found = queries.listed_of_term(wanted.kind, wanted.slug, after=_place(wanted), limit=queries.PAGE + 1)
    return {
        **_nothing(wanted),
        **_rows(wanted, found),
        "heading": term.title,
        "title": f"{term.title}: drugs {words.between} this {words.one}",
        "lede": f"{_drugs(term.drugs)} {words.between} this {words.one}.",
        "above": {"url": Wanted(by=wanted.kind).url, "title": words.tab},
    }


def of_names(question: Question) -> dict[str, Any]:
    """The monographs whose names have what was typed, and which name of theirs that is."""
    hits, nearly, ready = named(current_release(), question, queries.PAGE)
    rows = queries.listed_by_slugs([hit.slug for hit in hits])
    found = [
        (row, f"{hit.alias}: {what_it_is(hit)}" if hit.alias else "") for hit in hits if (row := rows.get(hit.slug))
    ]
    return {"rows": found, "nearly": nearly, "ready": ready, "question": question}


def of_unknown_term(kind: str) -> dict[str, Any]:
    """What to say where no live monograph states the term, and where to go on."""
    words = WORDS[kind]
    return {
        **_nothing(Wanted(kind=kind)),
        "heading": f"No drugs {words.between} that {words.one}",
        "title": f"No such {words.one}",
        "lede": "No monograph states it now. It may be spelt otherwise, or its monographs were withdrawn.",
        "above": {"url": Wanted(by=kind).url, "title": words.tab},
        "instead": {"url": Wanted(by=kind).url, "title": f"All {words.many}"},
    }


def of_terms(wanted: Wanted, missing: str) -> dict[str, Any]:
    """The terms of one kind, under their letters."""
    words, counts = WORDS[wanted.by], queries.letters_of_terms(wanted.by)
    after = wanted.after if isinstance(wanted.after, str) else None
    found = queries.terms(wanted.by, letter=wanted.letter, after=after, limit=queries.PAGE_OF_TERMS + 1)
    terms, total = found[: queries.PAGE_OF_TERMS], sum(counts.values())
    return {
        **_nothing(wanted),
        "heading": f"Drugs by {words.one}",
        "title": f"Drugs by {words.one}" + (f": {wanted.letter}" if wanted.letter else ""),
        "lede": f"{total:,} {words.one if total == 1 else words.many}, as the monographs state them.",
        "letters": _letters(wanted, counts),
        "missing": f"No {words.one} begins with {missing}. Here are all of them." if missing else "",
        "groups": [
            {"letter": _name(letter), "terms": [_term(wanted.by, row) for row in rows]}
            for letter, rows in groupby(terms, lambda row: letter_of(row.slug))
        ],
        "next_url": wanted.going_on_after(terms[-1].slug).url if len(found) > len(terms) else None,
        "next_title": f"Next {words.many}",
        "instead": _back(wanted, found),
    }


def _nothing(wanted: Wanted) -> dict[str, Any]:
    """What an index has only if it says so."""
    tabs = [{"url": Wanted().url, "title": "A to Z", "current": not (wanted.by or wanted.kind)}]
    tabs += [
        {"url": Wanted(by=kind).url, "title": words.tab, "current": kind in (wanted.by, wanted.kind)}
        for kind, words in WORDS.items()
    ]
    absent = dict.fromkeys(("above", "found", "instead", "next_url"))
    blank = dict.fromkeys(("missing", "next_title", "q"), "")
    some = WORDS[wanted.by].many if wanted.by else "monographs"
    return {
        **absent,
        **blank,
        "tabs": tabs,
        "letters": [],
        "groups": [],
        "rows": [],
        "found": None,
        "q": "",
        "empty": f"No {some} yet",
    }


def _rows(wanted: Wanted, found: Sequence[AnyRow]) -> dict[str, Any]:
    rows = found[: queries.PAGE]
    further = wanted.going_on_after((rows[-1].sort_name, rows[-1].id)).url if len(found) > len(rows) else None
    return {"rows": rows, "next_url": further, "next_title": "Next drugs", "instead": _back(wanted, found)}


def _back(wanted: Wanted, found: Sequence[AnyRow]) -> dict[str, str] | None:
    """The way back from beyond the end of a list."""
    start = replace(wanted, after=None)
    return {"url": start.url, "title": "Back to the beginning"} if wanted.after and not found else None


def _letters(wanted: Wanted, there: Mapping[str, int]) -> list[dict[str, Any]]:
    """A link to all, and to each letter that is there. What has no letter is named only if it is there."""
    if not there:
        return []
    named = [*string.ascii_uppercase, *([OTHER] if OTHER in there else [])]
    every = {"title": "All", "url": wanted.of_letter("").url, "current": not wanted.letter}
    return [
        every,
        *(
            {
                "title": _name(letter),
                "url": wanted.of_letter(letter).url if letter in there else "",
                "current": letter == wanted.letter,
            }
            for letter in named
        ),
    ]


def missing_letter(letter: str, there: Collection[str]) -> str:
    """A letter from A to Z that was asked for and is not there."""
    return letter if letter in string.ascii_uppercase and letter not in there else ""


def _name(letter: str) -> str:
    return "Other" if letter == OTHER else letter


def _term(kind: str, row: AnyRow) -> dict[str, Any]:
    return {"url": term_address(kind, row.slug), "title": row.title, "count": _drugs(row.drugs)}


def _drugs(count: int, word: str = "drug") -> str:
    return f"{count:,} {word}" if count == 1 else f"{count:,} {word}s"


def _place(wanted: Wanted) -> tuple[str, int] | None:
    return wanted.after if isinstance(wanted.after, tuple) else None
