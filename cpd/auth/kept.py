"""A form that was sent after its session had ended: kept through signing in, so that nothing typed is lost.

It travels in the sign-in page itself, signed, and is sent again only when the learner presses the button: nothing
private is stored, and no other site can prepare one, since the sign-in form has its own token.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import cast

from flask import request

from cpd.web import cookies, csrf
from cpd.web.addresses import own_path

PURPOSE = "kept-form"
FIELD = "kept"
LARGEST = 100_000  # characters


@dataclass(frozen=True)
class KeptForm:
    """Where a form was sent, and its fields in order."""

    path: str
    fields: tuple[tuple[str, str], ...]


def keep_this_form() -> str:
    """The form of this request as signed text, without passwords, or nothing if it is too large to carry."""
    sent = request.form.items(multi=True)
    fields = [[name, value] for name, value in sent if name != csrf.FIELD and "password" not in name]
    if sum(len(name) + len(value) for name, value in fields) > LARGEST:
        return ""
    return cookies.sealed(PURPOSE, [request.path, fields])


def kept_form(text: str | None) -> KeptForm | None:
    """The form in a signed text, if it is one of ours and its address can be shown."""
    match cookies.unsealed(PURPOSE, text):
        case [str(path), [*fields]] if own_path(path, "") == path:
            return KeptForm(path, tuple((name, value) for name, value in cast("list[list[str]]", fields)))
        case _:
            return None
