"""What a reader sees of the HTML that a monograph's file becomes, as words that reading.py's can be held against."""

from __future__ import annotations

from collections.abc import Iterator

from lxml import etree, html

from cpd.content.markup import words as words_in
from tests.spl.reading import EDGE, shift, words

BLOCKS = words_in(
    "p div ul ol li dl dt dd table caption thead tbody tfoot tr td th br hr h2 h3 h4 h5 h6 blockquote pre"
)


def tree_of(markup: str) -> etree._Element:
    """The markup within one element."""
    return html.fragment_fromstring(markup, create_parent="div")


def words_of(markup: str | etree._Element) -> tuple[str, ...]:
    """The words of HTML. Blocks part words, inline elements do not; what is raised or lowered has ↟ or ↡ before it."""
    element = tree_of(markup) if isinstance(markup, str) else markup
    return words("".join(_pieces(element)))


def rows_of(table: etree._Element) -> list[list[tuple[str, ...]]]:
    """The cells of a table, row by row, as words."""
    return [[words_of(cell) for cell in row if cell.tag in ("td", "th")] for row in table.iter("tr")]


def _pieces(element: etree._Element) -> Iterator[str]:
    if not isinstance(element.tag, str):
        return
    around = EDGE if element.tag in BLOCKS else ""
    start, end = shift(element.tag, "".join(element.itertext()))
    yield around + start
    yield element.text or ""
    for child in element:
        yield from _pieces(child)
        yield child.tail or ""
    yield end + around
