"""Safe HTML: what authors' markup is reduced to, and what our own pages add to it."""

from __future__ import annotations

import html
import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import lru_cache

import nh3

from cpd.content.facts import SLUG

LONGEST_ID = 60  # characters of a section's id


def words(text: str) -> frozenset[str]:
    """The words of a text as a set."""
    return frozenset(text.split())


TAGS = words(
    """
    a abbr b blockquote br caption cite code dd del div dl dt em figcaption figure h2 h3 h4 h5 h6 hr i img ins kbd
    li mark ol p pre q s samp small span strong sub sup table tbody td tfoot th thead tr u ul
    """
)
INLINE_TAGS = TAGS & words(
    """
    abbr b br cite code del em i img ins kbd mark q s samp small span strong sub sup u
    """
)
DROPPED_WITH_CONTENT = words(
    """
    script style svg math template iframe object embed noscript title textarea select audio video canvas
    """
)
ATTRIBUTES = {
    "*": {"id", "class", "aria-label"},
    "a": {"href", "title"},
    "abbr": {"title"},
    "img": {"src", "alt", "title"},
    "ol": {"start"},
    "td": {"colspan", "rowspan", "align"},
    "th": {"colspan", "rowspan", "align", "scope"},
}
CALLOUTS = {
    "red-flag": "callout callout--flag",
    "key-point": "callout",
    "caution": "callout callout--note",
    "warning": "callout callout--note",
}
OURS = ("id", "class", "aria-label")  # attributes that only we may set
VOID = frozenset({"br", "hr", "img"})
HEADINGS = frozenset({"h2", "h3", "h4", "h5", "h6"})
IMAGE_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]*\.(?:png|jpe?g|webp|gif|avif)")

# Only fits HTML as nh3 writes it: names in lower case, values in double quotes, < escaped in text.
TAG = re.compile(r'<(/?)([a-z][a-z0-9]*)((?:[^>"]|"[^"]*")*)>')
_ATTRIBUTE = re.compile(r'([a-z-]+)="([^"]*)"')
_NO_DOSE = HEADINGS | {"a", "code", "kbd", "samp", "pre", "abbr"}

_AMOUNT = r"[0-9]+(?:[.,][0-9]+)*"
_SPACE = r"(?: |&nbsp;|\u2009|\u202f)"
_DOSE = re.compile(
    rf"(?<![\w.,/&#\u2013-])(?P<amount>{_AMOUNT}(?:{_SPACE}[0-9]{{3}})*"
    rf"(?:{_SPACE}?[\u2013-]{_SPACE}?{_AMOUNT}|{_SPACE}to{_SPACE}{_AMOUNT})?{_SPACE}?"
    r"(?:micrograms?|nanograms?|milligrams?|mcg|mg|grams?|g|kg|mL|ml|millilitres?|litres?|L|micromol|mmol|mEq"
    r"|(?:international )?units?|IU)"
    rf"(?:/(?:m²|[a-zA-Z]+|[0-9]+{_SPACE}(?:hours?|h|days?|mL|ml|minutes?)))*)(?![\w²-])"
)


@dataclass
class Finished:
    """Safe HTML with our own additions, and what was found on the way."""

    html: str
    contents: list[dict[str, str]] = field(default_factory=list)  # id and title of the h2 headings
    images: list[str] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)


def clean(markup: str, ours: str, *, inline: bool = False) -> str:
    """Any markup reduced to the allowed tags and attributes.

    An id, class or label stays only if its value begins with `ours`, a word that no author can know, and loses that.
    """

    return _cleaner(ours, inline).clean(markup)


@lru_cache(4)
def _cleaner(ours: str, inline: bool) -> nh3.Cleaner:
    def keep(_tag: str, attribute: str, value: str) -> str | None:
        if attribute not in OURS:
            return value
        return value.removeprefix(ours) if value.startswith(ours) else None

    return nh3.Cleaner(
        tags=set(INLINE_TAGS if inline else TAGS),
        clean_content_tags=set(DROPPED_WITH_CONTENT),
        attributes=ATTRIBUTES,
        attribute_filter=keep,
        url_schemes={"http", "https", "monograph", "module"},
        link_rel=None,
    )


def finish(markup: str, media: str = "") -> Finished:
    """Clean HTML with ids for its headings, frames round its tables, and addresses for its links and images.

    `media` is what comes before the name of an image.
    """
    return _Finisher(media).run(markup)


def line(text: str) -> str:
    """Plain text as safe HTML, with its doses marked so that no number parts from its unit."""
    return finish(html.escape(text, quote=False)).html


def mark_doses(text: str) -> str:
    """Text of clean HTML in which no dose parts from its unit."""
    return _DOSE.sub(r'<bdi class="dose" dir="ltr">\g<amount></bdi>', text)


def tokens(markup: str) -> Iterator[tuple[str, str, str, str]]:
    """Clean HTML as (text, slash, tag, attributes): a text has no tag, a tag no text."""
    end = 0
    for match in TAG.finditer(markup):
        if match.start() > end:
            yield markup[end : match.start()], "", "", ""
        yield "", match[1], match[2], match[3]
        end = match.end()
    if end < len(markup):
        yield markup[end:], "", "", ""


def plain(markup: str) -> str:
    """The text of clean HTML."""
    return html.unescape(TAG.sub("", markup))


def words_in(markup: str) -> int:
    """How many words clean HTML has."""
    return sum(any(map(str.isalnum, word)) for word in TAG.sub(" ", markup).split())


def section_id(title: str, taken: dict[str, int]) -> str:
    """A stable id for a heading that differs from those taken. It can't be one of the page's own ids."""
    letters = unicodedata.normalize("NFKC", title).lower()
    slug = re.sub(r"[^\w]+", "-", letters).strip("-_")[:LONGEST_ID].rstrip("-") or "section"
    while slug in taken:
        taken[slug] += 1
        number = f"-{taken[slug]}"
        slug = slug[: LONGEST_ID - len(number)].rstrip("-") + number
    taken[slug] = 1
    return f"s-{slug}"


class _Finisher:
    def __init__(self, media: str) -> None:
        self.media = media
        self.out: list[str] = []
        self.result = Finished("")
        self.taken: dict[str, int] = {}
        self.heading = 0  # where the open h2 begins in out
        self.tables: list[int] = []
        self.head: list[str] = []  # the header cells of the open table
        self.in_head = False
        self.cell = 0
        self.no_dose = 0
        self.depth = 0
        self.links: list[bool] = []  # for each open link, whether its tag was kept

    def run(self, markup: str) -> Finished:
        for text, slash, tag, attributes in tokens(markup):
            if not tag:
                self.out.append(text if self.no_dose else mark_doses(text))
            elif slash:
                self.close(tag)
            else:
                self.open(tag, attributes)
        self.result.html = "".join(self.out)
        return self.result

    def open(self, tag: str, attributes: str) -> None:
        self.no_dose += tag in _NO_DOSE
        if tag == "h2" and self.depth:
            self.result.faults.append("a ## heading stands in a list, quotation or callout; put a blank line before it")
        self.depth += tag not in VOID
        if tag == "a":
            self.link(dict(_ATTRIBUTE.findall(attributes)))
        elif tag == "img":
            self.image(dict(_ATTRIBUTE.findall(attributes)))
        elif tag == "table":
            self.tables.append(len(self.out))
            self.head, self.in_head = [], False
            self.out.append("")
        elif tag in ("td", "th"):
            self.cell = len(self.out)
            self.out.append(self.cell_tag(tag, dict(_ATTRIBUTE.findall(attributes))))
        else:
            if tag == "h2":
                self.heading = len(self.out)
            elif tag == "thead":
                self.in_head = True
            self.out.append(f"<{tag}{attributes}>")

    def close(self, tag: str) -> None:
        self.no_dose -= tag in _NO_DOSE
        self.depth -= 1
        if tag == "a" and not self.links.pop():
            return
        if tag == "h2":
            self.name_heading()
        elif tag == "thead":
            self.in_head = False
        elif tag == "th":
            self.head_cell()
            return
        elif tag == "table":
            self.frame_table()
            return
        self.out.append(f"</{tag}>")

    def name_heading(self) -> None:
        title = " ".join(plain("".join(self.out[self.heading + 1 :])).split())
        name = section_id(title, self.taken)
        self.out[self.heading] = f'<h2 id="{html.escape(name)}">'
        self.result.contents.append({"id": name, "title": title})

    def cell_tag(self, tag: str, attributes: dict[str, str]) -> str:
        kept = [f'{name}="{attributes[name]}"' for name in ("colspan", "rowspan") if attributes.get(name, "").isdigit()]
        scope = attributes.get("scope", "col" if self.in_head else "")
        if tag == "th" and scope in ("col", "row", "colgroup", "rowgroup"):
            kept.append(f'scope="{scope}"')
        alignment = {"right": "n", "center": "c"}.get(attributes.get("align", ""))
        if alignment:
            kept.append(f'class="{alignment}"')
        return " ".join([f"<{tag}", *kept]) + ">"

    def head_cell(self) -> None:
        text = " ".join(plain("".join(self.out[self.cell + 1 :])).split())
        if text:
            self.out.append("</th>")
            if self.in_head:
                self.head.append(text)
            return
        # A header that names nothing only confuses a screen reader.
        self.out[self.cell] = re.sub(r' scope="\w+"', "", self.out[self.cell].replace("<th", "<td", 1))
        self.out.append("</td>")

    def frame_table(self) -> None:
        label = html.escape(f"Table: {', '.join(self.head)[:100]}" if self.head else "Table")
        self.out[self.tables.pop()] = (
            f'<div class="table-wrap" tabindex="0" role="group" aria-label="{label}"><table class="table">'
        )
        self.out.append("</table></div>")

    def link(self, attributes: dict[str, str]) -> None:
        href = html.unescape(attributes.pop("href", ""))
        tag = _link_tag(href, attributes)
        self.links.append(tag is not None)
        if tag is None:
            if href:
                self.result.faults.append(
                    f"the link to “{href[:80]}” leads nowhere; begin it with https:// or monograph:"
                )
        else:
            self.out.append(tag)

    def image(self, attributes: dict[str, str]) -> None:
        name, alt = html.unescape(attributes.get("src", "")), attributes.get("alt", "")
        if not IMAGE_NAME.fullmatch(name):
            self.result.faults.append(
                f"the image “{name[:80]}” can't be shown; put a PNG, JPEG, WebP, AVIF or GIF file beside the text"
            )
        elif not alt.strip():
            self.result.faults.append(f"the image “{name}” needs a description: ![what it shows]({name})")
        else:
            self.result.images.append(name)
            self.out.append(f'<img src="{html.escape(self.media)}{name}" alt="{alt}">')


def _link_tag(href: str, attributes: dict[str, str]) -> str | None:
    if re.search(r"[\s\\\x00-\x1f]", href):
        return None
    kept = "".join(f' {name}="{value}"' for name, value in attributes.items())
    scheme, colon, rest = href.partition(":")
    if colon and scheme == "monograph" and SLUG.fullmatch(rest):
        return f'<a class="drug" href="/monographs/{rest}" data-card="/monographs/{rest}/card">'
    if colon and scheme == "module" and SLUG.fullmatch(rest):
        return f'<a href="/modules/{rest}">'
    if re.match(r"https?://[^/?#@]+(?:[/?#]|$)", href):
        return f'<a href="{html.escape(href)}"{kept} rel="noopener noreferrer">'
    if re.match(r"#[\w-]|/(?!/)", href):
        return f'<a href="{html.escape(href)}"{kept}>'
    return None
