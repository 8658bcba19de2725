"""The cells of a monograph in comparisons: made once per rendering, kept in the process as far as room goes."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from markupsafe import Markup, escape

from cpd.monographs import queries
from cpd.monographs.comparing.comparison import CLASS, REVIEWED, SOURCE, Cell, Column, key_of, key_of_long, stated
from cpd.monographs.sections import BOXED_WARNING, section_id
from cpd.monographs.shown import KEY_FACTS
from cpd.web.cleaned import cleaned
from cpd.web.fragments import Fragments, fragments_of
from cpd.web.templating import day

NOTHING_LEFT_OUT: Mapping[str, Sequence[str]] = {}
KEPT = 4 * 1024 * 1024  # characters a process keeps
LONGEST = 3_000  # characters of HTML in a cell; four long labels then stay below 400 kB
KEY_WARNING = "key_warning"
TAG_OF_BOXED = Markup('<span class="tag tag--boxed">Boxed</span> ')
SEE_BOXED = Markup('<a href="#row-boxed-warning">Read it below</a>')
# Only fits HTML as publishing cleans it: names in lower case, values in double quotes, < escaped in text.
_TAG = re.compile(r'<(/?)([a-z][a-z0-9]*)((?:[^>"]|"[^"]*")*)>')
_VOID = {"br", "hr", "img"}
_ENDS = {"p", "li", "dd", "ul", "ol", "dl", "blockquote", "div", "figure", "table", "pre"}  # after which one may stop
_ID = re.compile(r' id="[^"]*"(?=[^<>]*>)')
_HEADING = re.compile(r"<h[2-6](?: [^<>]*)?>")
_HEADING_END = re.compile(r"</h[2-6]>")
_PLACE_IN_PAGE = re.compile(r' href="#(?=[^<>]*>)')


@dataclass(frozen=True)
class Cells:
    """The cells that a monograph has by itself, by the titles of their rows."""

    column: Column
    boxed: bool

    @property
    def size(self) -> int:
        return sum(2 * len(cell.html or "") + 200 for cell in self.column.values())


def cells_of(rendering_id: int, revision_id: int, slug: str) -> Cells:
    """The cells of a live monograph; long ones have only their beginning."""
    kept: Fragments[Cells] = fragments_of("cells of comparisons", KEPT, weight=lambda cells: cells.size)
    return kept.get((rendering_id, slug), lambda: _read(rendering_id, revision_id, slug, LONGEST))


def whole_cells_of(rendering_id: int, revision_id: int, slug: str) -> Cells:
    """The cells of a live monograph with all that it says, which may be megabytes and is not kept."""
    return _read(rendering_id, revision_id, slug, None)


def _read(rendering_id: int, revision_id: int, slug: str, longest: int | None) -> Cells:
    # A rendering may be replaced between two statements; its revision stays.
    row = queries.find_rendered(rendering_id) or queries.find_revision(revision_id)
    assert row is not None
    left_out = queries.rests_of(row.rendering_id) if longest is None and row.parts.get("folds") else {}
    return make_cells(row.facts, row.parts, slug, longest, left_out)


def make_cells(
    facts: Mapping[str, Any],
    parts: Mapping[str, Any],
    slug: str,
    longest: int | None,
    left_out: Mapping[str, Sequence[str]] = NOTHING_LEFT_OUT,
) -> Cells:
    """The cells of a revision and its rendering. A section of more than `longest` characters shows its beginning.

    `left_out` is what the rendering itself leaves out of sections, by their ids; without `longest` it is needed.
    """
    sections: Mapping[str, str] = parts["sections"]
    boxed = bool(sections.get(BOXED_WARNING, "").strip())
    folds = parts.get("folds", {})
    column = {}
    for title, html in sections.items():
        name = section_id(title)
        html = "".join([html, *left_out.get(name, ())])
        column[title] = _section(title, html, slug, longest, goes_on=name in folds and name not in left_out)
    key_facts: Mapping[str, str] = parts["key_facts"]
    drafted = "key_facts" in facts["draft"]
    for key, title in KEY_FACTS.items():
        html = cleaned(key_facts.get(key, ""))
        if key == KEY_WARNING and boxed:
            html = TAG_OF_BOXED + (html or SEE_BOXED)
        if html:
            warns = key == KEY_WARNING and boxed
            column[title] = Cell(html, key_of(html), boxed=warns, drafted=drafted and key in key_facts)
    if facts["classes"]:
        column[CLASS] = text_cell(", ".join(facts["classes"]), drafted="classes" in facts["draft"])
    if facts["source"]:
        column[SOURCE] = text_cell(_source(facts["source"]))
    reviewed = facts["reviewed"]
    column[REVIEWED] = text_cell(day(date.fromisoformat(reviewed)) if reviewed else "Not yet reviewed by an editor")
    return Cells({title: stated(cell) for title, cell in column.items()}, boxed)


def text_cell(text: str, *, drafted: bool = False) -> Cell:
    """A cell of plain text."""
    html = escape(text)
    return Cell(html, key_of(html), drafted=drafted)


def _source(source: Mapping[str, Any]) -> str:
    named = ": ".join(source[key] for key in ("kind", "title") if source[key])
    version = f"version {source['version']}" if source["version"] else ""
    effective = f"in effect from {source['effective']}" if source["effective"] else ""
    return ", ".join(each for each in (named, version, effective) if each)


def _section(title: str, html: str, slug: str, longest: int | None, *, goes_on: bool) -> Cell:
    """The cell of a section, of which there is more than this HTML if it goes on."""
    key = key_of(html) if len(html) <= LONGEST else key_of_long(html)
    if goes_on:
        key = key_of_long(f"{slug}: {html}")  # what is not seen here is like no other monograph's
    boxed = title == BOXED_WARNING
    if boxed or longest is None or (len(html) <= longest and not goes_on):
        return Cell(fitted(html, slug), key, boxed=boxed)
    rest = f"/monographs/{slug}/sections/{section_id(title)}?whole=1"
    return Cell(fitted(beginning(html, longest), slug), key, rest=rest)


def fitted(html: str, slug: str) -> Markup:
    """The HTML of a section as it may stand beside that of others: no ids, no headings, links out of the page."""
    without_ids = _ID.sub("", html)
    without_headings = _HEADING_END.sub("</p>", _HEADING.sub('<p class="cmp-h">', without_ids))
    return cleaned(_PLACE_IN_PAGE.sub(f' href="/monographs/{slug}#', without_headings))


def beginning(html: str, longest: int) -> str:
    """As much of clean HTML as at most `longest` characters hold, closed properly.

    It ends with a paragraph, a line of a list or a whole table, never within a table, and never with a heading. Where
    the first of these is too long by itself it ends with a sentence, or else there is nothing.
    """
    open_tags: list[str] = []
    tables = 0
    block, sentence = (0, ""), (0, "")
    end = 0
    for match in _TAG.finditer(html, 0, longest):
        stop = html.rfind(". ", end, match.start())
        if stop >= 0 and not tables:
            sentence = stop + 1, _closing(open_tags)
        end = match.end()
        if match[2] in _VOID:
            continue
        if not match[1]:
            open_tags.append(match[2])
            tables += match[2] == "table"
            continue
        open_tags.pop()
        tables -= match[2] == "table"
        if match[2] in _ENDS and not tables:
            block = end, _closing(open_tags)
    stop = html.rfind(". ", end, longest)
    if stop >= 0 and not tables:
        sentence = stop + 1, _closing(open_tags)
    place, closing = block if block[0] else sentence
    return html[:place] + closing


def _closing(open_tags: list[str]) -> str:
    return "".join(f"</{tag}>" for tag in reversed(open_tags))
