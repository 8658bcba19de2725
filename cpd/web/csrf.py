"""Every request that changes something must carry a token that only our own pages could give to this browser."""

from __future__ import annotations

import hmac

from flask import Flask, current_app, request
from werkzeug.exceptions import BadRequest

from cpd.web import cookies

FIELD = "csrf_token"
HEADER = "X-CSRF-Token"
SAFE_METHODS = {"GET", "HEAD", "OPTIONS"}


class CsrfFailed(BadRequest):
    """The form was not made for this session: too old, or from elsewhere."""

    description = "This page was open for too long. Go back, reload it and try again."


def configure(app: Flask, *, https: bool) -> None:
    """Check every request but GET, HEAD and OPTIONS."""
    cookies.configure(app, https=https)
    app.before_request(check)


def csrf_token() -> str:
    """The token for forms of this visitor; who has no session cookie yet is given an anonymous one."""
    return _token_for(cookies.session_token())


def check() -> None:
    """Raise CsrfFailed unless this request may change something. An address that leads nowhere is left to its 404."""
    if request.method in SAFE_METHODS or request.url_rule is None:
        return
    if not token_sent():
        raise CsrfFailed


def token_sent() -> bool:
    """Whether this request carries the token made for the session cookie that came with it."""
    session = cookies.sent_token()
    if session is None:
        return False
    given = request.headers.get(HEADER) or request.form.get(FIELD, "")
    return hmac.compare_digest(given.encode("utf-8", "replace"), _token_for(session).encode())


def _token_for(session: str) -> str:
    key = str(current_app.config["SECRET_KEY"]).encode()
    return hmac.digest(key, b"csrf:" + session.encode(), "sha256").hex()
