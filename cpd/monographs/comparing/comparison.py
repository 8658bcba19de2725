"""The rules of a comparison: which rows it has, in which order, and which of them are the same for all."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass

from markupsafe import Markup

from cpd.monographs.sections import BOXED_WARNING, SECTIONS, section_id
from cpd.monographs.shown import KEY_FACTS

CLASS, INDICATION, CPD, SOURCE, REVIEWED = "Class", "Indication", "CPD", "Source", "Reviewed"
GROUPS: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("Use", (CLASS, INDICATION, KEY_FACTS["adult_start"], KEY_FACTS["usual_maximum"])),
    ("Safety", tuple(KEY_FACTS[key] for key in ("key_warning", "avoid_in", "interacts_with", "renal_impairment"))),
    ("Follow-up", (KEY_FACTS["monitoring"], KEY_FACTS["stopping"], CPD)),
    ("All sections", SECTIONS),
    ("Source", (SOURCE, REVIEWED)),
)
_ENDS = ("</p>", "</li>", "</td>", "</th>", "</tr>", "</dt>", "</dd>", "<br>")
_PICTURE = re.compile(r"<img [^>]*>")
_TAGS = re.compile(r"<[^>]*>")


@dataclass(frozen=True)
class Cell:
    """What a monograph states in a row. Cells of equal `key` say the same; None says nothing.

    `rest` is the address of the whole where `html` is only its beginning. `boxed` holds a boxed warning, which is never
    folded and never hidden. `drafted` was drafted by an import, and no editor has confirmed it.
    """

    html: Markup | None
    key: Hashable
    rest: str = ""
    boxed: bool = False
    drafted: bool = False


NOTHING = Cell(None, None)
Column = Mapping[str, Cell]  # by the titles of rows; what is not there is not stated


@dataclass(frozen=True)
class Row:
    """A row with a cell for each monograph, in their order. `identical` rows may be hidden."""

    title: str
    cells: tuple[Cell, ...]
    identical: bool

    @property
    def id(self) -> str:
        return f"row-{section_id(self.title)}"


@dataclass(frozen=True)
class Group:
    """Rows under a title."""

    title: str
    rows: tuple[Row, ...]

    @property
    def identical(self) -> bool:
        return all(row.identical for row in self.rows)


def line_up(columns: Sequence[Column]) -> list[Group]:
    """The groups of rows of a comparison, every row of them, whether or not a monograph states it.

    Each row has a cell for each column, in their order; what a column lacks is NOTHING.
    """
    return [Group(title, tuple(_row(row, columns) for row in rows)) for title, rows in GROUPS]


def _row(title: str, columns: Sequence[Column]) -> Row:
    cells = tuple(column.get(title, NOTHING) for column in columns)
    warned = title == BOXED_WARNING or any(cell.boxed for cell in cells)
    same = len({(cell.key, cell.drafted) for cell in cells}) == 1
    return Row(title, cells, same and not (warned and any(cell.html for cell in cells)))


def stated(cell: Cell) -> Cell:
    """The cell, or NOTHING if it says nothing."""
    return cell if cell.rest or (cell.html and not is_blank(cell.html)) else NOTHING


def is_blank(html: str) -> bool:
    """Whether HTML shows nothing at all: neither text nor a picture."""
    return not _TAGS.sub("", html).strip() and "<img" not in html


def key_of(html: str) -> str:
    """What two texts have in common that say the same: all but whitespace, emphasis, and where links lead.

    Where a line, a cell or a figure above the line ends, and which pictures there are, counts: rather is a row shown
    twice than hidden wrongly.
    """
    pictures = "".join(_PICTURE.findall(html))
    for end in _ENDS:
        html = html.replace(end, "\x01")
    text = _TAGS.sub("", html.replace("<su", "\x02<su"))
    text = " ".join(text.split())
    return text.replace("\x01 ", "\x01").replace(" \x01", "\x01") + pictures


def key_of_long(html: str) -> bytes:
    """The same for texts of up to megabytes, in a millisecond each: here emphasis and links count too."""
    return hashlib.sha256(html.encode().translate(None, b" \n\t\r")).digest()
