"""Light or dark: a cookie that the server reads, so that no page flashes."""

from __future__ import annotations

from flask import Blueprint, redirect, request
from flask.typing import ResponseReturnValue

from cpd.web import cookies
from cpd.web.addresses import own_path

COOKIE = "cpd_theme"
THEMES = ("light", "dark")

bp = Blueprint("theme", __name__)


@bp.post("/theme")
def choose() -> ResponseReturnValue:
    """Keep the chosen theme, or none to follow the device, and go back to the page it was chosen on."""
    chosen = request.form.get("theme", "")
    cookies.put(COOKIE, chosen if chosen in THEMES else "")
    return redirect(own_path(request.form.get("next", "")), 303)


def chosen_theme() -> str:
    """light, dark, or nothing where the device decides."""
    chosen = cookies.value_of(COOKIE) or ""
    return chosen if chosen in THEMES else ""
