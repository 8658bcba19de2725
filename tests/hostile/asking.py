"""Asking an application over bare WSGI, so that nothing hostile is tidied on its way, and judging its answers."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from http.cookies import SimpleCookie
from typing import Any
from urllib.parse import quote_from_bytes

from flask import Flask
from sqlalchemy import Connection
from werkzeug.datastructures import Headers
from werkzeug.test import run_wsgi_app

from cpd.db import Base, db
from cpd.web.headers import HEADERS

URLENCODED = "application/x-www-form-urlencoded"
# What a refused request may leave behind: that a session was seen, that a try was spent, and the audit trail's line.
BOOKKEEPING = {"session", "throttle", "event"}
# One of these stands in every page of ours, and in every part of one.
OUR_MARKS = ('<a class="logo"', 'class="hovercard__title"', 'class="list-panel"', "data-part>")
# Words that only a fault, a debugger or a server's own page would show.
FORBIDDEN = (
    *("Traceback (most recent call last)", 'File "/', "werkzeug", "Werkzeug", "jinja2", "sqlalchemy", "sqlite3."),
    *("psycopg", "OperationalError", "DataError", "Internal Server Error", "Method Not Allowed", "Bad Request"),
    *("The requested URL was not found", "__debugger__", "SECRET_KEY", "a-secret-key-for-tests"),
)


@dataclass
class Answer:
    """What came back."""

    status: int
    headers: Headers
    body: bytes

    @property
    def kind(self) -> str:
        return self.headers.get("Content-Type", "")

    @property
    def text(self) -> str:
        return self.body.decode()


@dataclass
class Visitor:
    """Somebody with a jar of cookies and an address of their own."""

    app: Flask
    address: str = "192.0.2.1"
    cookies: dict[str, str] = field(default_factory=dict)

    def ask(
        self,
        path: str | bytes,
        *,
        method: str = "GET",
        query: str = "",
        body: bytes = b"",
        headers: Mapping[str, str] | None = None,
        **environ: str,
    ) -> Answer:
        """Send a request. The path is bytes as a server has decoded them; headers are Latin-1, as WSGI has them."""
        given = {
            "REQUEST_METHOD": method,
            "SCRIPT_NAME": "",
            "PATH_INFO": (path.encode() if isinstance(path, str) else path).decode("latin-1"),
            "QUERY_STRING": query,
            "SERVER_NAME": "localhost",
            "SERVER_PORT": "80",
            "SERVER_PROTOCOL": "HTTP/1.1",
            "HTTP_HOST": "localhost",
            "REMOTE_ADDR": self.address,
            "HTTP_COOKIE": "; ".join(f"{name}={value}" for name, value in self.cookies.items()),
            "wsgi.version": (1, 0),
            "wsgi.url_scheme": "http",
            "wsgi.input": io.BytesIO(body),
            "wsgi.errors": io.StringIO(),
            "wsgi.multithread": False,
            "wsgi.multiprocess": False,
            "wsgi.run_once": False,
        }
        if body or method == "POST":
            given |= {"CONTENT_TYPE": URLENCODED, "CONTENT_LENGTH": str(len(body))}
        given |= {variable(name): value for name, value in (headers or {}).items()}
        chunks, status, answered = run_wsgi_app(self.app, given | environ, buffered=True)
        answer = Answer(int(status.split()[0]), answered, b"".join(chunks))
        for sent in answered.getlist("Set-Cookie"):
            self._keep(sent)
        return answer

    def post(self, path: str, fields: Mapping[str, Any]) -> Answer:
        """Send a form."""
        return self.ask(path, method="POST", body=encoded(fields))

    def _keep(self, sent: str) -> None:
        for name, morsel in SimpleCookie(sent).items():
            self.cookies[name] = morsel.value
            if not morsel.value:
                del self.cookies[name]


def variable(header: str) -> str:
    """The name of a header in a WSGI environment."""
    name = header.upper().replace("-", "_")
    return name if name in ("CONTENT_TYPE", "CONTENT_LENGTH") else f"HTTP_{name}"


def encoded(fields: Mapping[str, Any]) -> bytes:
    """Fields as a browser would send them, but of any bytes; a list is sent as several of one name."""
    lists = {name: value if isinstance(value, list) else [value] for name, value in fields.items()}
    return "&".join(f"{percent(name)}={percent(each)}" for name, values in lists.items() for each in values).encode()


def percent(value: str | bytes) -> str:
    return quote_from_bytes(value.encode() if isinstance(value, str) else value, safe="")


def fault_in(answer: Answer, sent: bytes = b"") -> str:
    """What is wrong with an answer, whatever was asked, or nothing. `sent` must not come back as markup."""
    if answer.status >= 500:
        return f"status {answer.status}"
    lacking = [name for name, value in HEADERS.items() if answer.headers.getlist(name) != [value]]
    if lacking:
        return f"{answer.status} without {', '.join(lacking)}"
    if any(character in value for _, value in answer.headers for character in "\r\n\0"):
        return "a header that is split"
    if not answer.kind.startswith("text/html") or 300 <= answer.status < 400:
        return ""
    return _fault_in_page(answer, sent)


def _fault_in_page(answer: Answer, sent: bytes) -> str:
    try:
        text = answer.text
    except UnicodeDecodeError:
        return "a page that is not UTF-8"
    if answer.body and not any(mark in text for mark in OUR_MARKS):
        return f"{answer.status} with a page that is not ours: {text[:200]}"
    if found := [word for word in FORBIDDEN if word in text and word.encode() not in sent]:
        return f"{answer.status} with {found}"
    if b"<" in sent and (back := sent.decode("utf-8", "replace")) in text and back not in ("<", "<>"):
        return f"what was sent as markup: {back[:80]}"
    return ""


def was_taken(answer: Answer) -> bool:
    """Whether a form was accepted: it leads on, or it begins a session and offers a form that was kept."""
    began = [sent for sent in answer.headers.getlist("Set-Cookie") if sent.startswith("cpd_session=")]
    return answer.status == 303 or (
        answer.status == 200 and any(not sent.startswith("cpd_session=a.") for sent in began)
    )


def tables_of(app: Flask) -> dict[str, list[str]]:
    """Every row of every table as it stands committed, but for BOOKKEEPING."""
    names = sorted(set(Base.metadata.tables) - BOOKKEEPING)
    with app.app_context(), db.engine.connect() as connection:
        rows = _rows_at_once(connection, names) if connection.dialect.name == "postgresql" else _rows(connection, names)
        connection.rollback()
        return rows


def _rows(connection: Connection, names: Sequence[str]) -> dict[str, list[str]]:
    return {name: sorted(map(repr, connection.exec_driver_sql(f'SELECT * FROM "{name}"'))) for name in names}  # noqa: S608  # our names


def _rows_at_once(connection: Connection, names: Sequence[str]) -> dict[str, list[str]]:
    """The same in one statement, where each takes a way to another process and back."""
    parts = (f"SELECT '{name}', each::text FROM \"{name}\" AS each" for name in names)  # noqa: S608  # our names
    rows: dict[str, list[str]] = {name: [] for name in names}
    for name, row in connection.exec_driver_sql(" UNION ALL ".join(parts)):
        rows[name].append(row)
    return {name: sorted(found) for name, found in rows.items()}
