"""Calling a WSGI application in this process, and counting what it asks the database."""

from __future__ import annotations

import gc
import sqlite3
import statistics
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from io import BytesIO
from typing import Any

from flask import Flask, Response
from sqlalchemy import event
from werkzeug.test import EnvironBuilder

from cpd.db import db

TRANSACTION = ("BEGIN", "COMMIT", "ROLLBACK")
PROFESSIONAL = "cpd_professional=1"


class WrongAnswer(Exception):
    """A page answered something else than what is to be measured."""


def settle() -> None:
    """Collect garbage as seldom as a worker does (cpd/wsgi.py); bare Flask gains by it too."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000)


def bare_app(body: bytes) -> Flask:
    """A Flask application whose one view returns these bytes."""
    app = Flask("bare")

    @app.get("/page")
    def page() -> Response:
        return Response(body, content_type="text/html; charset=utf-8")

    return app


def caller(app: Flask, path: str, cookies: str = "") -> Callable[[], bytes]:
    """A function that asks for a page and gives its bytes. Raises WrongAnswer if that is not answered with 200."""
    headers = [("Cookie", cookies)] if cookies else []
    here = {"REMOTE_ADDR": "127.0.0.1"}  # as over HTTP; the pace of the machine itself is not limited
    asked = EnvironBuilder(path=path, base_url="http://127.0.0.1/", headers=headers, environ_base=here).get_environ()
    application = app.wsgi_app

    def call() -> bytes:
        status: list[str] = []

        def start(given: str, _: Any, __: Any = None) -> Any:
            status.append(given)

        answer = application({**asked, "wsgi.input": BytesIO()}, start)
        body = b"".join(answer)
        if close := getattr(answer, "close", None):
            close()
        if status[0] != "200 OK":
            raise WrongAnswer(f"{path}: {status[0]}")
        return body

    return call


@contextmanager
def counted_statements(app: Flask) -> Iterator[list[str]]:
    """Collects each statement that SQLite executes for the application but those that begin and end transactions.

    SQLite itself is listened to: hot pages go past SQLAlchemy's cursor events.
    """
    statements: list[str] = []
    listened_to: list[sqlite3.Connection] = []

    def note(statement: str) -> None:
        if not statement.startswith(TRANSACTION):
            statements.append(statement)

    def listen(connection: Any, *_: Any) -> None:
        connection.set_trace_callback(note)
        listened_to.append(connection)

    with app.app_context():
        pool = db.engine.pool
    event.listen(pool, "checkout", listen)
    try:
        yield statements
    finally:
        event.remove(pool, "checkout", listen)
        for connection in listened_to:
            connection.set_trace_callback(None)


def statements_when_warm(app: Flask, call: Callable[[], object], times: int = 11) -> int:
    """How many SQL statements a page takes once it is warm."""
    counts = []
    for _ in range(times):
        with counted_statements(app) as statements:
            call()
        counts.append(len(statements))
    return int(statistics.median_high(counts))
