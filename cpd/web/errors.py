"""Own pages for what goes wrong, each with what to do next and the id under which the log tells more."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass

from flask import Flask, g, render_template, request
from flask.typing import ResponseReturnValue
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from werkzeug.exceptions import HTTPException, SecurityError

from cpd.db import give_up, is_busy
from cpd.web.csrf import SAFE_METHODS
from cpd.web.log import message_of, note_fault, request_id

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
NOT_READABLE = Words("This page cannot be shown just now", "The site is busy or being mended. Try again in a minute.")
WRONG_NAME = "This site does not answer under the name in that address. Use the address that you were given."
RETRY_AFTER = "30"  # seconds
KEPT_HEADERS = ("Retry-After", "Allow", "Content-Range")  # of those that an exception brings

# Where not even the page of an error can be drawn.
LAST_RESORT = """\
<!doctype html>
<html lang="en-GB">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
<h1>{title}</h1>
<p>{text}</p>
<p>If it happens again, report it with this reference: <strong>{reference}</strong></p>
<p><a href="/">Go to the home page</a></p>
</html>
"""


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
        cause = getattr(fault, "original_exception", None)  # of a fault while the page of another one was drawn
        if isinstance(cause, DBAPIError | PoolTimeout):
            return explain_busy(cause)
        if fault.code is None or fault.code < 400:
            return fault
        if fault.code == 404:
            return render_template("errors/404.html", likely=likely_links(request.path)), 404
        return _page(fault.code, _own_sentence(fault), dict(fault.get_headers()))

    @app.errorhandler(DBAPIError)
    @app.errorhandler(PoolTimeout)
    def explain_busy(fault: DBAPIError | PoolTimeout) -> ResponseReturnValue:
        give_up()
        if isinstance(fault, DBAPIError) and not is_busy(fault):
            return explain_mistake(fault)
        cause = getattr(fault, "orig", None) or fault
        log.warning("the database could not be used: %s %s", type(cause).__name__, message_of(cause) or "")
        return _page(503, None, {"Retry-After": RETRY_AFTER})

    @app.errorhandler(Exception)
    def explain_mistake(fault: Exception) -> ResponseReturnValue:
        if app.debug:
            raise fault
        note_fault(fault, request.environ)
        give_up()
        return _page(500, None, {})


def last_resort(reference: str) -> tuple[str, list[tuple[str, str]], list[bytes]]:
    """The answer where Flask gave none: status, headers, and a page that needs nothing but itself."""
    words = WORDS[500]
    page = LAST_RESORT.format(title=words.title, text=words.text, reference=reference).encode()
    headers = [("Content-Type", "text/html; charset=utf-8"), ("Content-Length", str(len(page)))]
    return "500 Internal Server Error", headers, [page]


def _own_sentence(fault: HTTPException) -> str | None:
    """The sentence of an exception of ours; werkzeug's own are not written for our readers."""
    if isinstance(fault, SecurityError):
        return WRONG_NAME
    return fault.description if type(fault).__module__.startswith("cpd.") else None


def _page(code: int, sentence: str | None, headers: dict[str, str]) -> ResponseReturnValue:
    words = WORDS.get(code, WORDS[400 if code < 500 else 500])
    if code == 503 and request.method in SAFE_METHODS:
        words = NOT_READABLE
    if code >= 500:
        g.plain = True  # the page of what is broken asks no database
    kept = {name: value for name, value in headers.items() if name in KEPT_HEADERS}
    template = "errors/403.html" if code == 403 else "errors/error.html"
    page = render_template(template, words=words, text=sentence or words.text, code=code, reference=request_id())
    return page, code, kept
