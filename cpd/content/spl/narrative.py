"""The text of a section as blocks: paragraphs, lists, tables, notes. Nothing of it is cut, merged or flattened.

An element that is not known here stands for what is in it, so that no word is lost.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple, TypeAlias
from urllib.parse import quote

from cpd.content.front_matter import is_web_address
from cpd.content.spl.characters import MICROGRAM, MICROGRAM_SIGNS, clean
from cpd.content.spl.reading import NS, Element, LabelFault, child, value

LONGEST_LINK = 2_000  # characters
MOST_REPEATED = 500_000  # characters of notes that are said again under another table
MOST_SPANNED = 500  # cells
STYLES = {
    "bold": "strong",
    "italics": "em",
    "italic": "em",
    "emphasis": "em",
    "underline": "u",
    "strikethrough": "s",
    "super": "sup",
    "sub": "sub",
}
LETTERS = {"littlealpha": "a", "bigalpha": "A", "littleroman": "i", "bigroman": "I"}
_BULLETS = frozenset("•●○◦▪■□▫∙·‣⁃►▶➢➤–—-*o§")
_OUTER = ("strong", "em", "u", "s")
_LINK = re.compile(r"https?://[^/?#@\s]+(?:[/?#]\S*)?")


class Run(NamedTuple):
    """Text under the same marks. A "\\n" is a line break of the label; a mark is a tag, or "a " and an address."""

    text: str
    marks: tuple[str, ...] = ()


@dataclass
class Paragraph:
    runs: list[Run]


@dataclass
class Heading:
    level: int  # 3 to 6
    runs: list[Run]


@dataclass
class Item:
    """One item of a list; `label` is the caption that the label gives it by hand."""

    label: list[Run]
    blocks: list[Block]


@dataclass
class ListBlock:
    ordered: bool
    items: list[Item]


@dataclass
class Cell:
    tag: str  # th or td
    columns: int
    rows: int
    blocks: list[Block]


@dataclass
class Table:
    caption: list[Run]
    parts: list[tuple[str, list[list[Cell]]]]  # thead, tbody or tfoot and its rows


@dataclass
class Notes:
    """Footnotes under the table or text that refers to them, each with its sign."""

    notes: list[tuple[str, list[Block]]]


Block: TypeAlias = Paragraph | Heading | ListBlock | Table | Notes


class Narrative:
    """Reads the texts of one label. Footnotes and images are looked up in the whole of it."""

    def __init__(self, root: Element) -> None:
        self._footnotes = {value(each, "ID"): each for each in root.iter(f"{NS}footnote") if value(each, "ID")}
        self._media = {value(each, "ID"): each for each in root.iter(f"{NS}observationMedia") if value(each, "ID")}
        self._scopes: list[_Scope] = []
        self._said: set[int] = set()
        self._repeated = 0

    def text(self, title: Element | None, element: Element | None) -> tuple[list[Run], list[Block]]:
        """Title and text of a section, with the notes of both at the end of the text."""
        scope = _Scope()
        self._scopes.append(scope)
        try:
            runs = _one_paragraph(self._inner(title)) if title is not None else []
            blocks = self._inner(element) if element is not None else []
            return runs, [*blocks, *self._notes(scope)]
        finally:
            self._scopes.pop()

    def _within(self, scope: _Scope, read: Callable[[], list[Block]]) -> list[Block]:
        """Blocks with the notes that they refer to."""
        self._scopes.append(scope)
        try:
            return [*read(), *self._notes(scope)]
        finally:
            self._scopes.pop()

    def _notes(self, scope: _Scope) -> list[Block]:
        # A note may refer to another one, which then comes after it.
        done: list[tuple[str, list[Block]]] = []
        while len(done) < len(scope.elements):
            element = scope.elements[len(done)]
            if id(element) in self._said:
                self._repeated += sum(len(str(text)) for text in element.itertext())
                if self._repeated > MOST_REPEATED:
                    raise LabelFault("refers to long footnotes from too many tables; shorten them")
            self._said.add(id(element))
            done.append((_letters(len(done)), self._inner(element)))
        return [Notes(done)] if done else []

    def _inner(self, element: Element, marks: tuple[str, ...] = ()) -> list[Block]:
        """The blocks in an element."""
        out = _Blocks()
        self._walk(element, marks, out)
        return out.done()

    def _walk(self, element: Element, marks: tuple[str, ...], out: _Blocks) -> None:
        out.add(element.text, marks)
        for each in element:
            self._take(each, marks, out)
            out.add(each.tail, marks)

    def _take(self, element: Element, marks: tuple[str, ...], out: _Blocks) -> None:
        name = str(element.tag).removeprefix(NS)
        if name in _TAKEN:
            _TAKEN[name](self, element, marks, out)
        elif name in ("paragraph", "text", "item", "td", "th"):
            out.end()
            self._walk(element, _styled(element, marks), out)
            out.end()
        else:
            self._walk(element, _styled(element, marks), out)

    def _break(self, _element: Element, _marks: tuple[str, ...], out: _Blocks) -> None:
        out.runs.append(Run("\n"))

    def _nothing(self, _element: Element, _marks: tuple[str, ...], _out: _Blocks) -> None:
        """Columns have no words."""

    def _raised(self, element: Element, marks: tuple[str, ...], out: _Blocks) -> None:
        self._walk(element, _with(marks, str(element.tag).removeprefix(NS)), out)

    def _link(self, element: Element, marks: tuple[str, ...], out: _Blocks) -> None:
        address = web_address(value(element, "href"))
        linked = any(mark.startswith("a ") for mark in marks)
        self._walk(element, _with(marks, f"a {address}") if address and not linked else marks, out)

    def _footnote(self, element: Element, marks: tuple[str, ...], out: _Blocks) -> None:
        if "".join(map(str, element.itertext())).strip():
            out.runs.append(Run(f"[{self._scopes[-1].sign(element)}]", (*marks, "sup")))

    def _reference(self, element: Element, marks: tuple[str, ...], out: _Blocks) -> None:
        note = self._footnotes.get(value(element, "IDREF"))
        if note is not None:
            self._footnote(note, marks, out)
        else:
            out.runs.append(Run("[note missing in the label]", (*marks, "sup")))

    def _image(self, element: Element, marks: tuple[str, ...], out: _Blocks) -> None:
        media = self._media.get(value(element, "referencedObject"))
        told = child(media, "text") if media is not None else None
        alt = clean("".join(map(str, told.itertext()))) if told is not None else ""
        alone = str(_parent_tag(element)) == f"{NS}text"
        if alone:
            out.end()
        out.add(" ", marks)
        out.runs.append(Run(f"[Image: {' '.join(alt.split())}]" if alt.strip() else "[Image]", marks))
        out.add(" ", marks)
        if alone:
            out.end()
        caption = child(element, "caption")
        if caption is not None:
            self._walk(caption, _styled(caption, marks), out)

    def _list(self, element: Element, marks: tuple[str, ...], out: _Blocks) -> None:
        out.end()
        style = next((letter for code in _codes(element) if (letter := LETTERS.get(code))), "")
        items = [self._item(each, marks) for each in element if each.tag == f"{NS}item"]
        for each in element:
            if each.tag != f"{NS}item":  # a caption of the list, or what does not belong there
                self._walk(each, _styled(each, marks), out)
                out.end()
        out.add(_loose(element), marks)
        out.end()
        ordered = value(element, "listType").lower() == "ordered" or "arabic" in _codes(element)
        _drop_bullets(items)
        if style and not any(item.label for item in items):
            ordered = False
            for number, item in enumerate(items):
                item.label = [Run(f"{_counted(style, number)}.")]
        items = [item for item in items if item.label or item.blocks]
        if items:
            out.blocks.append(ListBlock(ordered and not any(item.label for item in items), items))

    def _item(self, element: Element, marks: tuple[str, ...]) -> Item:
        label = _Blocks()
        out = _Blocks()
        marks = _styled(element, marks)
        out.add(element.text, marks)
        for each in element:
            if each.tag == f"{NS}caption":
                self._walk(each, _styled(each, marks), label)
            else:
                self._take(each, marks, out)
            out.add(each.tail, marks)
        return Item(_one_paragraph(label.done()), out.done())

    def _table(self, element: Element, _marks: tuple[str, ...], out: _Blocks) -> None:
        """A table is text of its own: the marks round it are not its cells'."""
        out.end()
        if any(parent.tag == f"{NS}table" for parent in element.iterancestors()):
            out.blocks += self._table_blocks(element)
        else:
            out.blocks += self._within(_Scope(), lambda: self._table_blocks(element))

    def _table_blocks(self, element: Element) -> list[Block]:
        caption: list[Run] = []
        parts: list[tuple[str, list[list[Cell]]]] = []
        strays = _Blocks()
        for each in element:
            name = str(each.tag).removeprefix(NS)
            if name == "caption":
                caption = _one_paragraph([*([Paragraph(caption)] if caption else []), *self._inner(each)])
            elif name in ("thead", "tbody", "tfoot"):
                parts.append((name, [self._row(row, name, strays) for row in each]))
                strays.add(_loose(each), ())
            elif name == "tr":
                if not parts or parts[-1][0] != "tbody":
                    parts.append(("tbody", []))
                parts[-1][1].append(self._row(each, "tbody", strays))
            else:
                self._take(each, (), strays)
        strays.add(_loose(element), ())
        parts = [(name, [row for row in rows if row]) for name, rows in parts]
        parts = [(name, rows) for name, rows in parts if rows]
        if not parts and not caption:
            return strays.done()
        return [*strays.done(), Table(caption, parts)]

    def _row(self, element: Element, part: str, strays: _Blocks) -> list[Cell]:
        """The cells of a row; what a row can't hold goes before the table."""
        if element.tag != f"{NS}tr":
            self._take(element, (), strays)
            return []
        strays.add(_loose(element), ())
        cells = []
        for each in element:
            head = part == "thead" or each.tag == f"{NS}th"
            blocks = self._inner(each, _styled(each, ()))
            cells.append(Cell("th" if head else "td", _span(each, "colspan"), _span(each, "rowspan"), blocks))
        return cells


_TAKEN: Mapping[str, Callable[[Narrative, Element, tuple[str, ...], _Blocks], None]] = {
    "br": Narrative._break,
    "sup": Narrative._raised,
    "sub": Narrative._raised,
    "linkHtml": Narrative._link,
    "list": Narrative._list,
    "table": Narrative._table,
    "footnote": Narrative._footnote,
    "footnoteRef": Narrative._reference,
    "renderMultiMedia": Narrative._image,
    "col": Narrative._nothing,
    "colgroup": Narrative._nothing,
}


class _Scope:
    """What refers to notes and has them under it: a table, or the text of a section. Each note has one sign in it."""

    def __init__(self) -> None:
        self.elements: list[Element] = []

    def sign(self, element: Element) -> str:
        for number, each in enumerate(self.elements):
            if each is element:
                return _letters(number)
        self.elements.append(element)
        return _letters(len(self.elements) - 1)


@dataclass
class _Blocks:
    """Blocks in the making; the runs are those of the paragraph that is open."""

    blocks: list[Block] = field(default_factory=list)
    runs: list[Run] = field(default_factory=list)

    def add(self, text: str | None, marks: tuple[str, ...]) -> None:
        if text:
            self.runs.append(Run(clean(text).replace("\n", " "), marks))

    def end(self) -> None:
        if runs := tidy(self.runs):
            self.blocks.append(Paragraph(runs))
        self.runs = []

    def done(self) -> list[Block]:
        self.end()
        return self.blocks


def tidy(runs: Iterable[Run]) -> list[Run]:
    """Runs with single spaces, none at the ends or beside a line break, and mcg for micrograms."""
    out: list[Run] = []
    space: tuple[str, ...] | None = None  # the marks of a space that waits for a word
    breaks = 0
    for text, marks in runs:
        if text == "\n":
            space, breaks = None, breaks + 1
            continue
        words = text.split()
        if text[:1].isspace() and out and not breaks:
            space = marks if space is None else space
        if not words:
            continue
        if breaks and out:
            out.append(Run("\n" * min(breaks, 2)))
        elif space is not None and out:
            _append(out, Run(" ", _shared(out[-1].marks, marks)))
        _append(out, Run(" ".join(words), marks))
        breaks, space = 0, marks if text[-1:].isspace() else None
    return _in_mcg(out)


def plain(runs: Iterable[Run]) -> str:
    """The text of runs, line breaks as spaces."""
    return "".join(run.text for run in runs).replace("\n", " ")


def plain_texts(blocks: Iterable[Block]) -> Iterator[str]:
    """The text of each paragraph, caption, cell and note."""
    for block in blocks:
        if isinstance(block, (Paragraph, Heading)):
            yield plain(block.runs)
        elif isinstance(block, ListBlock):
            for item in block.items:
                yield plain(item.label)
                yield from plain_texts(item.blocks)
        elif isinstance(block, Table):
            yield plain(block.caption)
            yield from plain_texts(
                inner for _, rows in block.parts for row in rows for cell in row for inner in cell.blocks
            )
        else:
            yield from plain_texts(inner for _, blocks_of in block.notes for inner in blocks_of)


def web_address(href: str) -> str:
    """An address that a page may link to, or nothing."""
    if len(href) > LONGEST_LINK or not _LINK.fullmatch(href) or not is_web_address(href):
        return ""
    return quote(href, safe="/:?=&%#~+,.-_@")


def _append(out: list[Run], run: Run) -> None:
    """Add a run, to the one before it if both have the same marks."""
    if out and out[-1].marks == run.marks and out[-1].text != "\n" and not out[-1].text.startswith("\n"):
        out[-1] = Run(out[-1].text + run.text, run.marks)
    else:
        out.append(run)


def _shared(before: tuple[str, ...], after: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(mark for mark in before if mark in after)


def _in_mcg(runs: list[Run]) -> list[Run]:
    """Runs with mcg for ug and µg, also where sign and letter have marks of their own."""
    joined = "".join([run.text for run in runs])
    if not any(sign in joined for sign in MICROGRAM_SIGNS):
        return runs
    found = list(MICROGRAM.finditer(joined))
    out = []
    start = 0
    for text, marks in runs:
        end, changed, last = start + len(text), [], start
        for match in found:
            if match.start() >= end or match.end() <= start:
                continue
            changed.append(joined[last : max(match.start(), start)])
            if start <= match.start():
                changed.append("mcg")
            last = min(match.end(), end)
        text = "".join([*changed, joined[last:end]])
        if text:
            out.append(Run(text, marks))
        start = end
    return out


def _with(marks: tuple[str, ...], *more: str) -> tuple[str, ...]:
    """Marks in one order whatever order the label nests them in; sub and sup stay as they are nested."""
    every = dict.fromkeys([*marks, *more])
    links = [mark for mark in every if mark.startswith("a ")]
    outer = [mark for mark in _OUTER if mark in every]
    return (*links, *outer, *(mark for mark in every if mark not in outer and mark not in links))


def _styled(element: Element, marks: tuple[str, ...]) -> tuple[str, ...]:
    found = [mark for code in _codes(element) if (mark := STYLES.get(code))]
    if value(element, "revised") == "delete":
        found.append("s")
    return _with(marks, *found) if found else marks


def _codes(element: Element) -> list[str]:
    return (element.get("styleCode") or "").lower().split()


def _one_paragraph(blocks: list[Block]) -> list[Run]:
    """Blocks where only a line can stand: their paragraphs with line breaks between."""
    runs: list[Run] = []
    for block in blocks:
        texts = [block.runs] if isinstance(block, Paragraph) else [[Run(text)] for text in plain_texts([block])]
        for each in texts:
            runs += [*([Run("\n")] if runs else []), *each]
    return runs


def _drop_bullets(items: list[Item]) -> None:
    """Take off hand-made bullets. A sign that only some items have is a mark, such as a dagger, and stays."""
    labels = [plain(item.label).strip() for item in items]
    said = [label for label in labels if label]
    signs = {label for label in said if label in _BULLETS or (len(label) == 1 and "\ue000" <= label <= "\uf8ff")}
    if len(said) < 2 or len(set(said)) > 1:
        signs -= {"*", "§"}
    if any(len(label) == 1 and label.isalpha() and label not in "o\u25cb" for label in said):
        signs -= {"o"}
    for item, label in zip(items, labels, strict=True):
        if label in signs or not label:
            item.label = []


def _letters(number: int) -> str:
    """a to z, then aa, ab."""
    return (_letters(number // 26 - 1) if number >= 26 else "") + chr(ord("a") + number % 26)


def _counted(style: str, number: int) -> str:
    if style in "aA":
        return _letters(number) if style == "a" else _letters(number).upper()
    roman, left = "", number + 1
    for amount, sign in _ROMAN:
        roman += sign * (left // amount)
        left %= amount
    return roman if style == "i" else roman.upper()


_ROMAN = (
    (1000, "m"),
    (900, "cm"),
    (500, "d"),
    (400, "cd"),
    (100, "c"),
    (90, "xc"),
    (50, "l"),
    (40, "xl"),
    (10, "x"),
    (9, "ix"),
    (5, "v"),
    (4, "iv"),
    (1, "i"),
)


def _span(element: Element, name: str) -> int:
    text = value(element, name)
    return min(max(int(text), 1), MOST_SPANNED) if text.isascii() and text.isdigit() and len(text) < 10 else 1


def _loose(element: Element) -> str:
    """Text between the parts of a list or table, where none should be."""
    return " ".join(text for text in [element.text, *(each.tail for each in element)] if text and text.strip())


def _parent_tag(element: Element) -> object:
    parent = element.getparent()
    return parent.tag if parent is not None else ""
