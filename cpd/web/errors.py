"""Own pages for what goes wrong, each with what to do next."""

from __future__ import annotations

import logging
import secrets
from collections.abc import Callable
from dataclasses import dataclass

from flask import Flask, g, render_template, request
from flask.typing import ResponseReturnValue
from sqlalchemy.exc import OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from werkzeug.exceptions import HTTPException

from cpd.db import db, is_busy

log = logging.getLogger("cpd")


@dataclass(frozen=True)
class Words:
    """What a page of an error says."""

    title: str
    text: str


WORDS = {
    400: Words("We could not read that request", "Go back, reload the page and try again."),
    403: Words("You cannot open this page", "It needs another kind of account. Sign in with the account that may."),
    404: Words("We cannot find that page", "It may have moved, or the address may be mistyped."),
    405: Words("That does not work here", "Go back and use the links and buttons of the page."),
    413: Words("That is too large", "What was sent is larger than this site accepts. Send less and try again."),
    429: Words("Too many tries", "Wait a few minutes and try again."),
    500: Words("Something went wrong", "The fault is ours and has been noted. Try again in a moment."),
    503: Words(
        "Nothing can be saved just now", "Reading works. What you sent was not recorded: try again in a minute."
    ),
}
RETRY_AFTER = "30"  # seconds


@dataclass(frozen=True)
class LikelyLink:
    """A page that somebody who asked for a missing one may have wanted."""

    title: str
    url: str
    kind: str


def configure(app: Flask, likely_links: Callable[[str], list[LikelyLink]]) -> None:
    """Answer every error with a page. `likely_links` names pages near to an address that does not exist."""

    @app.errorhandler(HTTPException)
    def explain(fault: HTTPException) -> ResponseReturnValue:
        if fault.code is None or fault.code < 400:
            return fault
        if fault.code == 404:
            return render_template("errors/404.html", likely=likely_links(request.path)), 404
        return _page(fault.code, _own_words(fault), dict(fault.get_headers()))

    @app.errorhandler(OperationalError)
    @app.errorhandler(PoolTimeout)
    def explain_busy(fault: OperationalError | PoolTimeout) -> ResponseReturnValue:
        db.session.rollback()
        if isinstance(fault, OperationalError) and not is_busy(fault):
            return explain_mistake(fault)
        log.warning("the database could not be used: %s", type(fault).__name__)
        return _page(503, None, {"Retry-After": RETRY_AFTER})

    @app.errorhandler(Exception)
    def explain_mistake(fault: Exception) -> ResponseReturnValue:
        if app.debug:
            raise fault
        reference = secrets.token_hex(4)
        log.error("reference %s: %s %s", reference, request.method, request.path, exc_info=fault)
        db.session.rollback()
        g.plain = True
        return render_template("errors/500.html", reference=reference, words=WORDS[500]), 500


def _own_words(fault: HTTPException) -> str | None:
    """The sentence of an exception of ours; werkzeug's own are not written for our readers."""
    return fault.description if type(fault).__module__.startswith("cpd.") else None


def _page(code: int, sentence: str | None, headers: dict[str, str]) -> ResponseReturnValue:
    words = WORDS.get(code, WORDS[400 if code < 500 else 500])
    g.plain = code >= 500
    kept = {name: value for name, value in headers.items() if name in ("Retry-After", "Allow")}
    template = "errors/403.html" if code == 403 else "errors/error.html"
    return render_template(template, words=words, text=sentence or words.text, code=code), code, kept
