"""The base of every form, and how typed text is cleaned before anything else sees it."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence
from typing import Any

import wtforms
from wtforms import SelectChoice  # type: ignore[attr-defined]  # newer than its types
from wtforms.csrf.core import CSRF

from cpd.web.csrf import FIELD, CsrfFailed, csrf_token, token_sent

# Directions forced upon the text around them: a name could make a page read backwards.
BIDI_CONTROLS = "\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"
BLANKS = re.compile(r"[^\S\n]+")


def text_of(typed: str | None, *, lines: bool = False) -> str:
    """Typed text made fit to keep: no NUL, surrogate or control character, NFC, trimmed, single spaces.

    Line breaks are kept as \\n if `lines`, else they become spaces.
    """
    text = (typed or "").replace("\r\n", "\n").replace("\r", "\n")
    text = "".join(_kept(character) for character in text)
    if not lines:
        text = text.replace("\n", " ")
    text = BLANKS.sub(" ", unicodedata.normalize("NFC", text))
    return "\n".join(line.rstrip() for line in text.split("\n")).strip()


def _kept(character: str) -> str:
    if character in "\n\t":
        return character
    unwanted = character in BIDI_CONTROLS or unicodedata.category(character) in ("Cc", "Cs")
    return "" if unwanted else character


class SessionCsrf(CSRF):
    """Ties a form to the visitor's session; `cpd.web.csrf` has refused the request before, where it does not match."""

    def generate_csrf_token(self, _: wtforms.Field) -> str:
        return csrf_token()

    def validate_csrf_token(self, *_: object) -> None:
        if not token_sent():
            raise wtforms.ValidationError(CsrfFailed.description)


class Form(wtforms.Form):
    """A form that somebody posts; its errors are sentences, its fields are listed and no others are read."""

    class Meta:
        csrf = True
        csrf_class = SessionCsrf
        csrf_field_name = FIELD


def choices(first: str, others: Iterable[tuple[str, str]]) -> list[Any]:
    """The choices of a select from (value, label) pairs, after a first one that stands for nothing chosen."""
    return [SelectChoice("", first), *choices_of(others)]


def choices_of(pairs: Iterable[tuple[str, str]], *, group: str | None = None) -> list[Any]:
    """The choices of a select from (value, label) pairs, under the heading of a group if one is given."""
    return [SelectChoice(value, label, optgroup=group) for value, label in pairs]


class LineField(wtforms.StringField):
    """One line of typed text, cleaned."""

    def process_formdata(self, valuelist: Sequence[Any]) -> None:
        if valuelist:
            self.data = text_of(valuelist[0])
