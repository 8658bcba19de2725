"""What the page of a long monograph shows at once, and the rest of its sections in parts, loaded when asked for.

A page sends at most 400 kB. As long as all sections fit, all are shown whole. If not, the longest are folded first:
the page shows how each begins and what its sub-headings are. The boxed warning is never folded.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from cpd.content.cutting import blocks_of, first_of, parts_of, weight
from cpd.content.markup import plain
from cpd.monographs.sections import BOXED_WARNING, NOTES, section_id

SHOWN = 240_000  # bytes of all sections on a page
PART = 260_000  # bytes of a part of a section
HEAD = 6_000  # bytes that a page shows of a section that is folded
LISTED = 60  # sub-headings that a page names of it
LONGEST_TITLE = 120  # characters of a sub-heading there
CANNOT_BEGIN = "<p>…</p>"  # for a section of one row of a table; nothing at all would look like a section not stated
FOLDED_LAST = frozenset({"Therapeutic use", "Dosage", "Contraindications"})

_H3 = re.compile(r"<h3>")
_SUB_HEADING = re.compile(r'<h3 id="([^"]*)">(.*?)</h3>', re.DOTALL)
_BACK_LINK = re.compile(r'(?:&nbsp;| )?<a href="#(fnref-[\w-]+)"[^>]*class="backref"[^>]*>[^<]*</a>')
_REFERENCE = re.compile(r'id="(fnref-[\w-]+)"')
_NOTE = re.compile(r'<li id="fn-(\d+)"')


@dataclass
class Folded:
    """A monograph's sections as its page shows them, and what it leaves out.

    `folds` says of a section that is folded, by its id, how many `parts` its rest has, its sub-headings, and whether
    there are `more` of these. `rests` are the rows of those parts.
    """

    sections: dict[str, str]
    notes: str
    folds: dict[str, dict[str, Any]] = field(default_factory=dict)
    rests: list[dict[str, Any]] = field(default_factory=list)


def fold(sections: Mapping[str, str], notes: str) -> Folded:
    """Fold what is too long for one page. `notes` is the list of footnotes, which is folded like a section."""
    texts = {title: _with_ids(html, section_id(title)) for title, html in sections.items()} | {NOTES: notes}
    heads = dict(texts)
    longest = sorted(texts, key=lambda title: (title not in FOLDED_LAST, weight(texts[title])), reverse=True)
    total = sum(map(weight, texts.values()))
    rests = {}
    for title in longest:
        if total <= SHOWN:
            break
        if title != BOXED_WARNING and weight(texts[title]) > HEAD:
            heads[title], rests[title] = ("", texts[title]) if title == NOTES else _head(texts[title])
            total -= weight(texts[title]) - weight(heads[title])
    folded = Folded(heads, heads.pop(NOTES))
    for title, rest in rests.items():
        _leave_out(folded, title, rest)
    folded.notes = _without_lost_ways(folded)
    return folded


def _leave_out(folded: Folded, title: str, rest: str) -> None:
    section = section_id(title)
    parts = parts_of(rest, PART)
    folded.rests += [{"section": section, "part": number, "html": html} for number, html in enumerate(parts, 1)]
    named = list(_sub_headings(parts))
    known: dict[str, Any] = {"parts": len(parts), "headings": named[:LISTED], "more": len(named) > LISTED}
    if title == NOTES:
        known["first"] = [int(found[1]) if (found := _NOTE.search(part)) else 0 for part in parts]
    folded.folds[section] = known


def _head(html: str) -> tuple[str, str]:
    """How a section begins, as blocks that fit and do not end with a heading, and its rest."""
    blocks = blocks_of(html)
    count, size = 0, 0
    for block in blocks:
        size += weight(block)
        if size > HEAD:
            break
        count += 1
    while count and re.match(r"<h[2-6]|\s*$", blocks[count - 1]):
        count -= 1
    if count:
        return "".join(blocks[:count]), "".join(blocks[count:])
    first, rest = first_of(blocks[0], HEAD)
    return first or CANNOT_BEGIN, "".join([rest, *blocks[1:]])


def _with_ids(html: str, section: str) -> str:
    """The HTML of a section with an id for each h3."""
    numbers = iter(range(1, html.count("<h3>") + 1))
    return _H3.sub(lambda _: f'<h3 id="{section}-{next(numbers)}">', html)


def _sub_headings(parts: list[str]) -> Iterator[dict[str, Any]]:
    for number, part in enumerate(parts, 1):
        for name, inner in _SUB_HEADING.findall(part):
            title = " ".join(plain(inner).split())
            clipped = title if len(title) <= LONGEST_TITLE else f"{title[: LONGEST_TITLE - 1].rstrip()}…"
            yield {"id": name, "title": clipped, "part": number}


def _without_lost_ways(folded: Folded) -> str:
    """The notes without links back to references that the page does not show."""
    lost = {name for row in folded.rests for name in _REFERENCE.findall(row["html"])}
    return _BACK_LINK.sub(lambda link: "" if link[1] in lost else link[0], folded.notes) if lost else folded.notes
