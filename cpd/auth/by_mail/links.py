"""Links in mails: the token leaves the address bar at once and waits in a cookie until a button is pressed.

Opening a link does nothing, since programs that look through mail open links too.
"""

from __future__ import annotations

from datetime import timedelta

from flask import redirect, request
from flask.typing import ResponseReturnValue

from cpd.web import cookies

COOKIE = "cpd_link"
WAITS = timedelta(minutes=30)
IN_ADDRESS = "token"


def out_of_address() -> ResponseReturnValue | None:
    """If the address of this request holds a token: the answer that leads to the same page without it."""
    token = request.args.get(IN_ADDRESS)
    if token is None:
        return None
    bring(token if cookies.TOKEN.fullmatch(token) else "")
    return redirect(request.path, 303)


def bring(token: str) -> None:
    """Let this browser have a token as if it had come by a link."""
    cookies.put(COOKIE, token, max_age=int(WAITS.total_seconds()))


def brought() -> str | None:
    """The token that this browser has brought by a link, if any."""
    return cookies.value_of(COOKIE)


def forget() -> None:
    """Take the token away, now that it is used."""
    cookies.put(COOKIE, "")
