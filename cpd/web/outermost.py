"""What stands around Flask: each answer gets its id, its security headers and its line in the log, whoever made it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from time import perf_counter
from typing import TYPE_CHECKING, Any

from flask import Flask

from cpd.settings import Settings
from cpd.web import errors, headers, log

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

TAKEN_WHOLE = 256 * 1024  # bytes
WITHOUT_BODY = ("204", "304")


def configure(app: Flask, settings: Settings) -> None:
    """Stand around all that answers so far, a ProxyFix too."""
    app.wsgi_app = Outermost(app, settings)  # type: ignore[method-assign]  # Flask's documented way


class Outermost:
    """A WSGI application around another one."""

    def __init__(self, app: Flask, settings: Settings) -> None:
        self._app = app
        self._inner: WSGIApplication = app.wsgi_app
        self._behind_proxy = settings.proxies > 0
        self._noting = settings.access_log

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        began = perf_counter()
        identity = environ[log.REQUEST_ID] = log.new_id(environ, behind_proxy=self._behind_proxy)
        line, given = "", []

        def start(*arguments: Any) -> None:  # nothing is sent before the body is there
            nonlocal line, given
            line, given = arguments[:2]

        whole: list[bytes] | None = None
        try:
            body = self._inner(environ, start)  # type: ignore[arg-type]  # Flask never calls what start returns
            if is_short(line, given):
                whole = taken_whole(body)
        except Exception as fault:
            if self._app.debug:
                raise
            log.note_fault(fault, environ)
            line, given, whole = errors.last_resort(identity)
        headers.complete(given)
        given.append(("X-Request-Id", identity))
        start_response(line, given)

        status = int(line[:3])
        if whole is None:
            return Pieces(body, environ, began, status, noting=self._noting)
        if self._noting:
            log.note_request(environ, status=status, seconds=perf_counter() - began, size=sum(map(len, whole)))
        return whole


def is_short(line: str, given: list[tuple[str, str]]) -> bool:
    """Whether the body of an answer is short enough to be taken whole."""
    length = dict(given).get("Content-Length")
    return line[:3] in WITHOUT_BODY if length is None else int(length) <= TAKEN_WHOLE


def taken_whole(body: Iterable[bytes]) -> list[bytes]:
    """A body as a list, which the server sends in one go; what comes in pieces it sends much more slowly."""
    try:
        return list(body)
    finally:
        if hasattr(body, "close"):
            body.close()


class Pieces:
    """A long body on its way. Its line is written when the server has done with it, however much was sent."""

    def __init__(
        self, body: Iterable[bytes], environ: WSGIEnvironment, began: float, status: int, *, noting: bool
    ) -> None:
        self._body = body
        self._pieces = iter(body)
        self._environ = environ
        self._began = began
        self._status = status
        self._noting = noting
        self._size = 0

    def __iter__(self) -> Iterator[bytes]:
        return self

    def __next__(self) -> bytes:
        try:
            piece = next(self._pieces)
        except StopIteration:
            raise
        except Exception as fault:
            log.note_fault(fault, self._environ)
            raise
        self._size += len(piece)
        return piece

    def close(self) -> None:
        """Close the body and write the line, once."""
        try:
            if hasattr(self._body, "close"):
                self._body.close()
        finally:
            if self._noting:
                self._noting = False
                seconds = perf_counter() - self._began
                log.note_request(self._environ, status=self._status, seconds=seconds, size=self._size)
