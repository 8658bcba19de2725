"""Whether what is shown of a monograph has every word of a label's sections, in order, and no other."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from lxml import etree

from tests.spl.reading import BOXED, Label, Section
from tests.spl.shown import rows_of, tree_of, words_of

NUMBER = re.compile(r"^[0-9]+(\.[0-9]+)*\.? *(?=[^0-9 ])")
MARK = re.compile(r"↟\[\w+\](?:[ ,]*\[\w+\])*")  # of one footnote, or of several


@dataclass(frozen=True)
class Told:
    """A section as shown: its words without its notes and their marks, its notes, and its tables."""

    words: tuple[str, ...]
    notes: tuple[tuple[str, ...], ...]
    tables: tuple[tuple[tuple[tuple[str, ...], ...], ...], ...]
    marks: tuple[str, ...]


def told(html: str) -> Told:
    """What a section's HTML tells."""
    tree = tree_of(html)
    notes = [each for each in tree if _is_note(each)]
    found = [words_of(each)[1:] for each in notes]
    for each in notes:
        tree.remove(each)
    whole = words_of(tree)
    tables = tuple(tuple(tuple(map(without_marks, row)) for row in rows_of(table)) for table in tree.iter("table"))
    return Told(without_marks(whole), tuple(found), tables, tuple(MARK.findall(" ".join(whole))))


def without_marks(words: Sequence[str]) -> tuple[str, ...]:
    """Words without the marks of footnotes."""
    return tuple(MARK.sub("", " ".join(words)).split())


def _is_note(element: etree._Element) -> bool:
    first = element[0] if len(element) else None
    starts = element.tag in ("p", "div") and not (element.text or "").strip() and first is not None
    return starts and first.tag == "sup" and re.fullmatch(r"\[\w+\]", first.text or "") is not None


def difference(actual: Sequence[str], label: Label, heading: str) -> str:
    """Where the words under a heading differ from the label's first; nothing if they do not."""
    place = 0
    for section in label.sections:
        for choices in _parts(section, heading):
            chosen = next((each for each in choices if tuple(actual[place : place + len(each)]) == each), None)
            if chosen is None:
                return _first(actual, place, choices[-1], section)
            place += len(chosen)
    left = actual[place:]
    return f"more than the label has: {' '.join(left[:20])}" if left else ""


def _parts(section: Section, heading: str) -> Iterator[list[tuple[str, ...]]]:
    """What may stand for a section's title, and for its text. A number before a title may go, and a top title too."""
    needed = section.heading == heading
    if not needed and not section.free:
        return
    titles = [tuple(section.title.split()), tuple(NUMBER.sub("", section.title).split())]
    optional = not needed or (section.begins and heading != BOXED)
    yield [*titles, ()] if optional else titles
    yield [section.text.words] if needed else [section.text.words, ()]


def _first(actual: Sequence[str], place: int, wanted: Sequence[str], section: Section) -> str:
    for index, word in enumerate(wanted):
        found = actual[place + index] if place + index < len(actual) else "the end"
        if found != word:
            before = " ".join(actual[max(0, place + index - 8) : place + index])
            return f"{section.code} {section.title[:40]}: after “{before}” stands “{found}” and not “{word}”"
    return ""
