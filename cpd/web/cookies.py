"""The site's cookies: their names, how they are sent, and the token of the visitor's session.

Flask's own session cookie is not used at all. A signed-out visitor has a random anonymous token in the session's
cookie, so that forms can be tied to a browser; it begins with a prefix, so that no query is spent on it.
"""

from __future__ import annotations

import re
import secrets
from dataclasses import dataclass

from flask import Flask, Request, Response, current_app, g, request
from flask.sessions import SessionInterface, SessionMixin
from itsdangerous import BadSignature, URLSafeSerializer

SESSION = "cpd_session"
YEAR = 31_536_000  # seconds
ANONYMOUS = "a."
TOKEN = re.compile(r"(?:a\.)?[A-Za-z0-9_-]{43}")


@dataclass(frozen=True)
class Outgoing:
    """A cookie to be set with the answer; an empty value takes it away. max_age None: until the browser closes."""

    value: str
    max_age: int | None


class NoFlaskSession(SessionInterface):
    """Flask's session, switched off: nothing is read from a cookie, and none is sent."""

    def open_session(self, app: Flask, _: Request) -> SessionMixin | None:
        return self.make_null_session(app)

    def save_session(self, *_: object) -> None:
        return None

    def is_null_session(self, _: object) -> bool:
        return False


def configure(app: Flask, *, https: bool) -> None:
    """Make an application use these cookies and no session of Flask's."""
    app.extensions["cookie_prefix"] = "__Host-" if https else ""
    app.session_interface = NoFlaskSession()
    app.after_request(_send)


def full_name(name: str) -> str:
    """The name on the wire. Under https browsers hold cookies named like this to this very host."""
    prefix: str = current_app.extensions["cookie_prefix"]
    return prefix + name


def value_of(name: str) -> str | None:
    """What the browser sent, or None."""
    return request.cookies.get(full_name(name))


def put(name: str, value: str, *, max_age: int | None = YEAR) -> None:
    """Set a cookie with the answer to this request."""
    g.setdefault("cookies", {})[name] = Outgoing(value, max_age)


def sealed(purpose: str, value: object) -> str:
    """A value signed for one purpose; it can be read by anyone, but not changed."""
    return str(_seal(purpose).dumps(value))


def unsealed(purpose: str, text: str | None) -> object | None:
    """The value in a text that `sealed` made for the same purpose, else None."""
    try:
        return _seal(purpose).loads(text or "")  # type: ignore[no-any-return]  # whatever was sealed
    except BadSignature:
        return None


def _seal(purpose: str) -> URLSafeSerializer:
    return URLSafeSerializer(current_app.config["SECRET_KEY"], salt=f"cpd.{purpose}")


def new_token() -> str:
    """256 random bits as 43 characters."""
    return secrets.token_urlsafe(32)


def sent_token() -> str | None:
    """The session token that came with this request, or None if there was none or it is not of our making."""
    sent: str | None = g.get("sent_token", "")
    if sent == "":
        token = value_of(SESSION)
        sent = g.sent_token = token if token and TOKEN.fullmatch(token) else None
    return sent


def session_token() -> str:
    """The session token of this visitor; who has none is given an anonymous one with the answer."""
    outgoing: Outgoing | None = g.cookies.get(SESSION) if "cookies" in g else None
    token = outgoing.value if outgoing else sent_token()
    if not token:
        token = ANONYMOUS + new_token()
        put(SESSION, token, max_age=None)
    return token


def _send(response: Response) -> Response:
    if "cookies" not in g:
        return response
    secure = bool(current_app.extensions["cookie_prefix"])
    for name, cookie in g.pop("cookies", {}).items():
        age = cookie.max_age if cookie.value else 0
        response.set_cookie(
            full_name(name), cookie.value, max_age=age, path="/", secure=secure, httponly=True, samesite="Lax"
        )
        response.vary.add("Cookie")
    return response
