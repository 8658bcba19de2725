"""Pages drawn once and kept: what differs between visitors is left open, and filled in for each answer.

Drawing a page with Jinja costs about a millisecond, filling it in some microseconds. A drawing is keyed by all that
its template is given, except the gaps: `gap("token")` prints a mark, which `answer` replaces with the value of this
request, escaped. The gaps of base.html (whose session, whose name, which address) are filled by themselves.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol
from urllib.parse import quote

from flask import Flask, Response, current_app, g
from markupsafe import Markup, escape

from cpd.web.csrf import csrf_token
from cpd.web.fragments import Fragments, fragments_of

LARGEST = 16 * 1024 * 1024  # bytes of drawings a process keeps
# No text of an author can hold this mark, since nobody outside the process knows the number in it.
# It begins with a sign for private use that is drawn by lot, so that no text of theirs is taken for a spoilt one.
_MARK = f"{chr(0xF0000 + secrets.randbelow(0xFFFE))}{secrets.token_hex(8)}:"
_SPOILT = quote(_MARK[0])
_GAPS = re.compile(f"{_MARK}([a-z_0-9]+)\ue001")


@dataclass(frozen=True)
class Drawing:
    """A page in pieces: the first, then for each gap its name and the piece that follows."""

    first: bytes
    rest: tuple[tuple[str, bytes], ...]

    @property
    def size(self) -> int:
        return len(self.first) + sum(len(piece) for _, piece in self.rest)


class Surroundings(Protocol):
    """What stands around every page: of the site, and of who asks."""

    key: Hashable  # names all of it but the gaps

    def variables(self) -> Mapping[str, Any]:
        """What base.html is given."""

    def open_variables(self) -> Mapping[str, Any]:
        """The same with gaps for what belongs to the visitor."""

    def value(self, name: str) -> str:
        """What fills one of these gaps."""


def configure(app: Flask, surroundings: Callable[[], Surroundings]) -> None:
    """Let `surroundings` say, at each request, what stands around the page."""
    app.extensions["surroundings"] = surroundings
    app.add_template_global(lambda: gap("csrf") if "drawing" in g else csrf_token(), "csrf_token")
    app.context_processor(lambda: dict(surroundings().variables()))


def gap(name: str) -> Markup:
    """The place of a value, to be printed by a template in its stead."""
    return Markup(f"{_MARK}{name}\ue001")  # noqa: S704  # letters, digits and the mark


def answer(template: str, key: Hashable, variables: Callable[[], Mapping[str, Any]], **values: str) -> Response:
    """A page from its drawing, which is made if this process has none of that key.

    `variables` gives what the template needs, with `gap(name)` for each of `values`. The key must differ whenever
    anything else in the variables does.
    """
    around: Surroundings = current_app.extensions["surroundings"]()
    drawing = _drawings().get((template, key, around.key), lambda: _draw(template, around, variables()))
    return Response(_fill(drawing, values, around), mimetype="text/html")


def fragment(template: str, key: Hashable, variables: Callable[[], Mapping[str, Any]]) -> Markup:
    """A part of a page that is the same for everybody, made once per key."""
    kept: Fragments[Markup] = fragments_of("parts of pages", LARGEST // 4, weight=len)
    return kept.get((template, key), lambda: rendered(template, variables()))


def rendered(template: str, variables: Mapping[str, Any]) -> Markup:
    """A part of a page from its template, with nothing but these variables."""
    return Markup(current_app.jinja_env.get_template(template).render(variables))  # noqa: S704  # it escapes


def _draw(template: str, around: Surroundings, variables: Mapping[str, Any]) -> Drawing:
    g.drawing = True
    try:
        return opened(rendered(template, {**around.open_variables(), **variables}))
    finally:
        del g.drawing


def opened(html: str) -> Drawing:
    """A text in pieces, with the gaps between them."""
    first, *others = _GAPS.split(html)
    if _MARK[0] in first or any(_MARK[0] in each for each in others) or _SPOILT in html:
        raise ValueError("a gap was not printed as it is: a filter changed it")
    return Drawing(first.encode(), tuple(zip(others[::2], (each.encode() for each in others[1::2]), strict=True)))


def _fill(drawing: Drawing, values: Mapping[str, str], around: Surroundings) -> bytes:
    pieces = [drawing.first]
    for name, piece in drawing.rest:
        value = values[name] if name in values else around.value(name)
        if value:
            pieces.append((value if value.__class__ is Markup else escape(value)).encode())
        pieces.append(piece)
    return b"".join(pieces)


def _drawings() -> Fragments[Drawing]:
    return fragments_of("drawings", LARGEST, weight=lambda drawing: drawing.size)
