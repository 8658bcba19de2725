"""Long HTML in pieces that are whole by themselves. Only for clean HTML, as nh3 and `markup.finish` write it."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from cpd.content.markup import VOID, tokens

# After the end of one of these a block that is too long may be cut.
ENDS = frozenset({"tr", "li", "p", "dd", "blockquote", "table"})
CUT_FROM = 0.8  # of the limit: from here on at the next such end
CHUNK = re.compile(r"\S*\s*")
SPAN = re.compile(r'rowspan="(\d+)"')
START = re.compile(r' start="(-?\d{1,9})"')


def weight(html: str) -> int:
    """How many bytes a page sends of it."""
    return len(html) if html.isascii() else len(html.encode())


def blocks_of(html: str) -> list[str]:
    """The elements and texts that stand beside each other at the top."""
    blocks: list[str] = []
    open_block: list[str] = []
    depth = 0
    for text, slash, tag, attributes in tokens(html):
        open_block.append(text if not tag else f"<{slash}{tag}{attributes}>")
        if tag and tag not in VOID:
            depth += -1 if slash else 1
        if depth == 0:
            blocks.append("".join(open_block))
            open_block = []
    return blocks


def parts_of(html: str, limit: int) -> list[str]:
    """HTML in parts of at most `limit` bytes: between sub-sections if they fit, else between blocks, else within one.

    Words and rows of a table stay whole, and rows that a cell joins stay together: such a part may be longer.
    """
    return _packed(
        _sub_sections(html), limit, lambda each: _packed(blocks_of(each), limit, lambda block: cut(block, limit))
    )


def _sub_sections(html: str) -> list[str]:
    """HTML cut before each h3."""
    found: list[list[str]] = [[]]
    for block in blocks_of(html):
        if block.startswith("<h3"):
            found.append([])
        found[-1].append(block)
    return ["".join(each) for each in found if each]


def _packed(pieces: Iterable[str], limit: int, split: Callable[[str], list[str]]) -> list[str]:
    """Pieces joined as long as they fit; one that does not fit by itself is split."""
    parts: list[str] = []
    held: list[str] = []
    size = 0
    for piece in pieces:
        more = weight(piece)
        if held and size + more > limit:
            parts.append("".join(held))
            held, size = [], 0
        if more > limit:
            *whole, piece = split(piece)
            parts += whole
            more = weight(piece)
        held.append(piece)
        size += more
    return [*parts, "".join(held)] if held else parts


def cut(block: str, limit: int) -> list[str]:
    """One block in pieces, each within the elements that it stood in; a table's pieces each have its head."""
    return list(_Cutter(limit).run(block))


def first_of(block: str, limit: int) -> tuple[str, str]:
    """How a block begins, and the rest of it in one piece; nothing of it if it cannot be cut."""
    cutter = _Cutter(limit)
    pieces = cutter.run(block)
    first = next(pieces)
    cutter.limit = sys.maxsize
    rest = "".join(pieces)
    return (first, rest) if rest else ("", block)


@dataclass
class _Open:
    """An element that is open; `items` of a list were closed in it."""

    tag: str
    attributes: str
    items: int = 0

    def again(self) -> str:
        """The tag with which it goes on in the next piece."""
        if self.tag != "ol":
            return f"<{self.tag}{self.attributes}>"
        first = START.search(self.attributes)
        start = (int(first[1]) if first else 1) + self.items
        return f'<ol start="{start}"{START.sub("", self.attributes)}>'


def end_of(tag: str) -> str:
    return f"</{tag}>"


class _Cutter:
    def __init__(self, limit: int) -> None:
        self.limit = limit
        self.out: list[str] = []
        self.size = 0  # of the piece, with the ends of all that is open
        self.begun = False  # whether the piece has more than the beginnings of what is open
        self.open: list[_Open] = []
        self.tables = 0
        self.joined = 0  # rows that the cells before still reach into
        self.head: list[str] | None = None
        self.heads: list[str] = []  # of the tables that are open

    def run(self, block: str) -> Iterator[str]:
        for text, slash, tag, attributes in tokens(block):
            if not tag:
                yield from self.text(text)
            elif slash:
                yield from self.close(tag)
            else:
                self.start(tag, attributes)
        if self.begun:
            yield "".join(self.out)

    def put(self, html: str, size: int) -> None:
        self.out.append(html)
        self.size += size
        if self.head is not None:
            self.head.append(html)

    def text(self, text: str) -> Iterator[str]:
        """Text, cut between words unless it stands in a table."""
        if self.tables or self.size + weight(text) <= self.limit:
            self.put(text, weight(text))
            self.begun = self.begun or not text.isspace()
            return
        for chunk in CHUNK.findall(text):
            if self.size + weight(chunk) > self.limit:
                yield from self.end_piece()
            self.put(chunk, weight(chunk))
            self.begun = True

    def start(self, tag: str, attributes: str) -> None:
        if tag == "table":
            self.tables += 1
            self.heads.append("")
        elif tag == "thead":
            self.head = []
        elif tag in ("td", "th"):
            span = SPAN.search(attributes)
            self.joined = max(self.joined, int(span[1]) if span else 1)
        self.begun = True
        html = f"<{tag}{attributes}>"
        if tag in VOID:
            self.put(html, weight(html))
        else:
            self.put(html, weight(html) + len(end_of(tag)))
            self.open.append(_Open(tag, attributes))

    def close(self, tag: str) -> Iterator[str]:
        self.open.pop()
        self.put(end_of(tag), 0)
        if tag == "table":
            self.tables -= 1
            self.heads.pop()
        elif tag == "thead" and self.head is not None:
            self.heads[-1] = "".join(self.head)
            self.head = None
        elif tag == "tr":
            self.joined = max(self.joined - 1, 0)
        elif tag == "li" and self.open:
            self.open[-1].items += 1
        if tag in ENDS and self.size > self.limit * CUT_FROM and self.may_cut(tag):
            yield from self.end_piece()

    def may_cut(self, tag: str) -> bool:
        """Whether the next piece can begin after the end of this element."""
        if not self.open or self.head is not None:
            return False
        return self.tables == 0 or (self.tables == 1 and tag == "tr" and self.joined == 0)

    def end_piece(self) -> Iterator[str]:
        """What was put since the last piece, with all that is open closed, and opened again for the next."""
        if not self.begun:
            return
        ends = [end_of(each.tag) for each in reversed(self.open)]
        yield "".join([*self.out, *ends])
        again = []
        for each in self.open:
            again.append(each.again())
            if each.tag == "table":
                again.append(self.heads[-1])
        self.out, self.size, self.begun = again, sum(map(weight, [*again, *ends])), False
