"""Turns: a request waits for its whole body, and then for its turn, before the application sees it.

Slow senders therefore hold a thread of the server, of which there are many, but no turn, of which there are few.
Requests that may change something have turns of their own, so that pages are answered while changes wait for the
database. Who waits for a password's hash lets others go first, and then comes before those
who have not begun.
"""

from __future__ import annotations

import io
from collections import deque
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from threading import BoundedSemaphore, Lock
from typing import TYPE_CHECKING

from flask import Flask, has_request_context, request

from cpd.settings import Settings
from cpd.web.csrf import SAFE_METHODS
from cpd.web.limits import LARGEST_REQUEST

if TYPE_CHECKING:
    from _thread import LockType

    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

MOST_SENDERS = 400  # whose bodies one process takes in at the same time
CROWDED = b"Too many are sending at this moment. What you sent was not recorded: try again in a minute.\n"
RETRY_AFTER = "30"  # seconds
TURNS = "cpd.turns"  # in the environment of a request: where its turn came from


def configure(app: Flask, settings: Settings) -> None:
    """Stand around all that answers so far."""
    app.wsgi_app = Turns(app.wsgi_app, settings.threads)  # type: ignore[method-assign]  # Flask's documented way


class Turns:
    """A WSGI application around another one, which works on at most `count` readings and `count` changes at a time."""

    def __init__(self, inner: WSGIApplication, count: int) -> None:
        self._inner = inner
        self._readings = Line(count)
        self._changes = Line(count)
        self._senders = BoundedSemaphore(MOST_SENDERS)

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        if "CONTENT_LENGTH" in environ or "HTTP_TRANSFER_ENCODING" in environ:
            if not self._senders.acquire(blocking=False):
                return _refuse(start_response)
            try:
                take_in(environ)
            finally:
                self._senders.release()
        turns = self._readings if environ["REQUEST_METHOD"] in SAFE_METHODS else self._changes
        environ[TURNS] = turns
        turns.take()
        try:
            return self._inner(environ, start_response)
        finally:
            turns.give_back()


class Line:
    """Some turns, and those who wait for one in the order in which they came."""

    def __init__(self, count: int) -> None:
        self._free = count
        self._lock = Lock()
        self._waiting: deque[LockType] = deque()

    def take(self, *, goes_on: bool = False) -> None:
        """Wait for a turn. goes_on: with something begun, so before all who have not."""
        with self._lock:
            if self._free:
                self._free -= 1
                return
            called = Lock()
            called.acquire()
            (self._waiting.appendleft if goes_on else self._waiting.append)(called)
        called.acquire()

    def give_back(self) -> None:
        """Hand the turn to whoever is next."""
        with self._lock:
            if self._waiting:
                self._waiting.popleft().release()
            else:
                self._free += 1


@contextmanager
def others_first() -> Iterator[None]:
    """Let other requests have the turn of this one, as long as it only waits for something slow."""
    turns: Line | None = request.environ.get(TURNS) if has_request_context() else None
    if turns is None:
        yield
        return
    turns.give_back()
    try:
        yield
    finally:
        turns.take(goes_on=True)


def take_in(environ: WSGIEnvironment) -> None:
    """Put the body, as far as it came, in the place of the stream that brings it.

    A body that does not say its length counts as empty, and one that says too much is left to Flask, which refuses
    it. The stream no longer counts as ended by the server: Flask then sees by its length that a body broke off on its
    way, and does not take it for a whole form.
    """
    environ.pop("wsgi.input_terminated", None)
    stated = environ.get("CONTENT_LENGTH", "")
    if stated.isascii() and stated.isdigit() and int(stated[:19]) <= LARGEST_REQUEST:
        environ["wsgi.input"] = io.BytesIO(environ["wsgi.input"].read(int(stated)))


def _refuse(start_response: StartResponse) -> list[bytes]:
    start_response(
        "503 Service Unavailable",
        [
            ("Content-Type", "text/plain; charset=utf-8"),
            ("Content-Length", str(len(CROWDED))),
            ("Retry-After", RETRY_AFTER),
        ],
    )
    return [CROWDED]
