"""Blocks as Markdown where Markdown can say them, else as the small HTML that publishing lets pass.

What is written says exactly what the label says: every sign that means something to Markdown is escaped, and each
paragraph is one line, so that only its first signs could begin anything else.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from itertools import groupby

from cpd.content.spl.narrative import Block, Cell, Heading, Item, ListBlock, Notes, Paragraph, Run, Table

DEEPEST_LIST = 3  # lists in lists that Markdown holds well
LONGEST_LINE = (
    10_000  # characters; what Python-Markdown needs for a line grows with its square, so HTML says longer ones
)
BETWEEN_LISTS = "<!-- -->"  # else two lists one after the other would be one

# The check of content takes href= for a link wherever it stands.
_ENTITIES = {"\\": "&#92;", "`": "&#96;", "<": "&lt;", "&": "&amp;", "^": "&#94;", "href": "hre&#102;"}
_SIGNS = re.compile(r"[\\`<&*_\[\]]|(?<=\])\(|(?<=\[)\^|\bhref(?=\s*=)")
_START = re.compile(r"[-+](?=[-+\s]|$)|#|>|:|!!!|=|\|")
_NUMBERED = re.compile(r"([0-9]+)([.)])(?=\s|$)")
_HTML = {**_ENTITIES, ">": "&gt;", "[": "&#91;", "]": "&#93;"}
_HTML_SIGNS = re.compile(r"[&<>\[\]`\\]|\bhref(?=\s*=)")
_STARS = {"strong": "**", "em": "*"}
# Beside these Markdown's stars do what they should; within a word, or beside another star, tags are safer.
_BESIDE = frozenset(" \n.,;:()/–—-")


def markdown(blocks: Sequence[Block]) -> str:
    """Blocks as Markdown, separated by blank lines, without a line break at the end."""
    out: list[str] = []
    before: Block | None = None
    for block in blocks:
        if isinstance(block, ListBlock) and isinstance(before, ListBlock):
            out.append(BETWEEN_LISTS)
        out.append(_block(block))
        before = block
    return "\n\n".join(filter(None, out))


def _block(block: Block) -> str:
    if isinstance(block, Heading):
        return f"{'#' * block.level} {_heading(block)}"
    if isinstance(block, Paragraph):
        return _html_block(block) if _is_long(block) else _line_start(inline(block.runs))
    if isinstance(block, ListBlock):
        return "\n".join(_list_lines(block)) if _is_simple(block) else _html_list(block)
    if isinstance(block, Table):
        return _html_table(block)
    return _notes(block)


def inline(runs: Iterable[Run]) -> str:
    """Runs as inline Markdown."""
    return _marked(list(runs), _escaped, starred=True)


def inline_html(runs: Iterable[Run]) -> str:
    """Runs as inline HTML."""
    return _marked(list(runs), _html_escaped, starred=False)


def _marked(runs: list[Run], escape: Callable[[str], str], *, starred: bool) -> str:
    out: list[str] = []
    groups = [(mark, list(group)) for mark, group in groupby(runs, key=lambda run: run.marks[:1])]
    for index, (mark, group) in enumerate(groups):
        if not mark:
            out += [escape(run.text).replace("\n", "<br>") for run in group]
            continue
        inner = _marked([Run(run.text, run.marks[1:]) for run in group], escape, starred=False)
        text = inner.strip(" ")
        if not text.replace("<br>", ""):
            out.append(inner)
            continue
        before, after = inner[: len(inner) - len(inner.lstrip(" "))], inner[len(inner.rstrip(" ")) :]
        can_star = starred and mark[0] in _STARS and _stands_alone(groups, index)
        tagged = f"{_STARS[mark[0]]}{text}{_STARS[mark[0]]}" if can_star else _tagged(mark[0], text)
        out += [before, tagged, after]
    return "".join(out)


def _stands_alone(groups: list[tuple[tuple[str, ...], list[Run]]], index: int) -> bool:
    """Whether stars round a text can only mean emphasis."""
    left = groups[index - 1][1][-1].text[-1:] if index else " "
    right = groups[index + 1][1][0].text[:1] if index + 1 < len(groups) else " "
    own = "".join(run.text for run in groups[index][1])
    left, right = (" " if own[:1] == " " else left), (" " if own[-1:] == " " else right)
    # A neighbour with marks of its own begins or ends with a star or a tag.
    marked = [groups[at][0] for at in (index - 1, index + 1) if 0 <= at < len(groups)]
    apart = all(not mark for mark in marked) or (left == right == " ")
    return apart and left in _BESIDE and right in _BESIDE


def _tagged(mark: str, text: str) -> str:
    if mark.startswith("a "):
        return f'<a href="{mark[2:].replace("&", "&amp;")}">{text}</a>'
    return f"<{mark}>{text}</{mark}>"


def _escaped(text: str) -> str:
    return _SIGNS.sub(lambda sign: _ENTITIES.get(sign[0]) or f"\\{sign[0]}", text)


def _line_start(line: str) -> str:
    """A line whose first signs begin no list, quotation, callout or definition."""
    if _NUMBERED.match(line):
        return _NUMBERED.sub(r"\1\\\2", line, count=1)
    if not _START.match(line):
        return line
    return f"&#{ord(line[0])};{line[1:]}" if line[0] in ">:=|" else f"\\{line}"


def _html_escaped(text: str) -> str:
    return _HTML_SIGNS.sub(lambda sign: _HTML[sign[0]], text)


def _is_simple(block: ListBlock, depth: int = 1) -> bool:
    """Whether each item is a line, and perhaps a list below it."""
    return depth <= DEEPEST_LIST and all(_is_simple_item(item, depth) for item in block.items)


def _is_simple_item(item: Item, depth: int) -> bool:
    first, *rest = item.blocks or [Paragraph([])]
    if not isinstance(first, Paragraph) or not (first.runs or item.label) or _is_long(first):
        return False
    return not rest or (len(rest) == 1 and isinstance(rest[0], ListBlock) and _is_simple(rest[0], depth + 1))


def _heading(block: Heading) -> str:
    """A heading's text. What is all bold or underlined says no more; signs at its end would be taken for its own."""
    common = set.intersection(*(set(run.marks) for run in block.runs if run.text.strip())) & {"strong", "u"}
    runs = [Run(text, tuple(mark for mark in marks if mark not in common)) for text, marks in block.runs]
    return re.sub(r"#(?=#*$)", r"\\#", inline(runs))


def _is_long(block: Paragraph) -> bool:
    return sum(len(run.text) for run in block.runs) > LONGEST_LINE


def _list_lines(block: ListBlock) -> list[str]:
    lines = []
    for number, item in enumerate(block.items, 1):
        first, *rest = item.blocks or [Paragraph([])]
        assert isinstance(first, Paragraph)
        mark = f"{number}." if block.ordered else "-"
        lines.append(f"{mark} {_line_start(inline(_labelled(item, first)))}")
        for inner in rest:
            assert isinstance(inner, ListBlock)
            lines += [f"    {line}" for line in _list_lines(inner)]
    return lines


def _labelled(item: Item, first: Paragraph) -> list[Run]:
    return [*item.label, *([Run(" ")] if item.label and first.runs else []), *first.runs]


def _html_list(block: ListBlock) -> str:
    tag = "ol" if block.ordered else "ul"
    items = []
    for item in block.items:
        blocks = item.blocks
        if item.label and blocks and isinstance(blocks[0], Paragraph):
            blocks = [Paragraph(_labelled(item, blocks[0])), *blocks[1:]]
        elif item.label:
            blocks = [Paragraph(item.label), *blocks]
        items.append(f"<li>{_html(blocks)}</li>")
    return "\n".join([f"<{tag}>", *items, f"</{tag}>"])


def _html_table(table: Table) -> str:
    lines = ["<table>"]
    if table.caption:
        lines.append(f"<caption>{inline_html(table.caption)}</caption>")
    for name, rows in table.parts:
        lines += [f"<{name}>", *(f"<tr>{''.join(map(_html_cell, row))}</tr>" for row in rows), f"</{name}>"]
    return "\n".join([*lines, "</table>"])


def _html_cell(cell: Cell) -> str:
    spans = f' colspan="{cell.columns}"' if cell.columns > 1 else ""
    spans += f' rowspan="{cell.rows}"' if cell.rows > 1 else ""
    return f"<{cell.tag}{spans}>{_html(cell.blocks)}</{cell.tag}>"


def _html(blocks: Sequence[Block]) -> str:
    """Blocks within an element of HTML; one paragraph alone needs no tag of its own."""
    if len(blocks) == 1 and isinstance(blocks[0], Paragraph):
        return inline_html(blocks[0].runs)
    return "".join(map(_html_block, blocks)).replace("\n", "")


def _html_block(block: Block) -> str:
    if isinstance(block, (Paragraph, Heading)):
        return f"<p>{inline_html(block.runs)}</p>"
    if isinstance(block, ListBlock):
        return _html_list(block)
    if isinstance(block, Table):
        return _html_table(block)
    return "".join(f"<div>{_sign(sign)} {_html(blocks)}</div>" for sign, blocks in block.notes)


def _notes(block: Notes) -> str:
    """Notes as a line each, or as HTML where a note is more than a line."""
    notes = []
    for sign, blocks in block.notes:
        if len(blocks) == 1 and isinstance(blocks[0], Paragraph) and not _is_long(blocks[0]):
            notes.append(f"{_sign(sign)} {inline(blocks[0].runs)}")
        else:
            notes.append(f"<div>{_sign(sign)} {_html(blocks)}</div>")
    return "\n\n".join(notes)


def _sign(sign: str) -> str:
    return f"<sup>&#91;{sign}&#93;</sup>"
