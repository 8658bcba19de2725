"""The log: one line of JSON for each request and each fault, on standard output, in one write each.

A line of a request says what was asked and how it went, not who asked: no network address, no query, no header and no
form. A page that is only read is logged without the account, so that the log is no list of what somebody has read.
Whatever a visitor may have typed into an address is cut and escaped; an address that may hold a secret is written as
the rule that it follows. A fault is written without its message unless that can only speak of our code: messages of
databases and of conversions quote what was typed.
"""

from __future__ import annotations

import contextlib
import json
import logging
import os
import re
import sqlite3
import traceback
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path
from types import TracebackType
from typing import Any

import jinja2
from flask import Flask, Response, g, has_request_context, request
from sqlalchemy.exc import StatementError
from werkzeug.routing import Rule

from cpd.web.csrf import SAFE_METHODS

STANDARD_OUTPUT = 1
REQUEST_ID = "cpd.request_id"  # names in the WSGI environment
ACCOUNT = "cpd.account"
RULE = "cpd.rule"
LONGEST_PATH = 200  # characters
LONGEST_METHOD = 20
LONGEST_TEXT = 300
LONGEST_LINE = 4_096  # bytes; what is longer can be torn apart in a pipe
LONGEST_CHAIN = 4
MOST_FRAMES = 25

# What stands in an address by these is public: it names a page, a file or a row.
PUBLIC_CONVERTERS = {"slug", "id"}
PUBLIC_RULES = {"/static/<path:filename>"}
ARGUMENT = re.compile(r"<(?:(\w+)(?:\([^)]*\))?:)?\w+>")
# Tokens are long and random. An address of ours that was mistyped could hold one.
LIKE_A_TOKEN = re.compile(r"(?=[A-Za-z0-9_-]*[A-Z0-9_])[A-Za-z0-9_-]{20,}")
GIVEN_ID = re.compile(r"[A-Za-z0-9-]{8,64}")

# Their messages name things of the code, never values.
SPEAKS_OF_CODE = (AttributeError, ImportError, NameError, TypeError, jinja2.TemplateError, sqlite3.Error)
PACKAGES = re.compile(r".*/(?:site-packages|lib/python[0-9.]+)/")
PROJECT = str(Path(__file__).parents[2]) + "/"

log = logging.getLogger("cpd")
_json = json.JSONEncoder(separators=(",", ":")).encode
_quoted = json.encoder.encode_basestring_ascii


def configure(app: Flask) -> None:
    """Note what the line will need when Flask has forgotten the request."""

    @app.after_request
    def note(response: Response) -> Response:
        asked = request._get_current_object()  # type: ignore[attr-defined]  # the proxy's way to what it stands for
        asked.environ[RULE] = asked.url_rule
        if asked.method not in SAFE_METHODS or response.status_code >= 500:
            learner = g.get("learner")
            if learner is not None:
                asked.environ[ACCOUNT] = learner.id
        return response


def new_id(environ: Mapping[str, Any], *, behind_proxy: bool) -> str:
    """The id of a request: that which the proxy in front gave, else 48 random bits."""
    if behind_proxy:
        given = environ.get("HTTP_X_REQUEST_ID", "")
        if GIVEN_ID.fullmatch(given):
            return str(given)
    return os.urandom(6).hex()


def request_id() -> str:
    """The id of this request, for a visitor to quote."""
    return str(request.environ.get(REQUEST_ID, ""))


def note_request(environ: Mapping[str, Any], *, status: int, seconds: float, size: int) -> None:
    """Write the line of a request that has been answered; `size` is that of the body in bytes."""
    method, path = _quoted(environ["REQUEST_METHOD"][:LONGEST_METHOD]), _quoted(place_of(environ))
    account = f',"account":{environ[ACCOUNT]}' if ACCOUNT in environ else ""
    # Put together by hand, as every answer waits for it: json.dumps takes three times as long.
    _write(
        f'{{"at":"{_now()}","id":"{environ[REQUEST_ID]}","method":{method},"path":{path},'
        f'"status":{status},"ms":{seconds * 1000:.1f},"bytes":{size}{account}}}'
    )


def place_of(environ: Mapping[str, Any]) -> str:
    """What was asked for, without what may be secret: the path, or the rule that it follows."""
    asked = environ.get("werkzeug.request")  # until Flask has answered
    rule: Rule | None = asked.url_rule if asked else environ.get(RULE)
    if rule is not None and not is_public(rule.rule):
        return rule.rule
    path = str(environ.get("PATH_INFO", ""))
    if not path.isascii():
        path = path.encode("latin-1").decode(errors="backslashreplace")
    return path[:LONGEST_PATH] if rule is not None else LIKE_A_TOKEN.sub("*", path)[:LONGEST_PATH]


@lru_cache(maxsize=1_000)
def is_public(rule: str) -> bool:
    """Whether all that may stand in an address of this rule may be read by everybody."""
    return rule in PUBLIC_RULES or all(found[1] in PUBLIC_CONVERTERS for found in ARGUMENT.finditer(rule))


def note_fault(fault: BaseException, environ: Mapping[str, Any]) -> None:
    """Write what went wrong with a request, under its id."""
    what = environ["REQUEST_METHOD"][:LONGEST_METHOD], place_of(environ)
    log.error("%s %s failed", *what, exc_info=fault, extra={"request_id": environ.get(REQUEST_ID, "")})


def _write(line: str) -> None:
    """Write one line at once, so that processes do not mix theirs. A log that cannot be written stops nobody."""
    with contextlib.suppress(OSError):
        os.write(STANDARD_OUTPUT, f"{line}\n".encode())


def log_as_json() -> None:
    """Write the records of every logger of this process as lines of the log."""
    logging.getLogger().handlers = [JsonLines()]


class JsonLines(logging.Handler):
    """Writes each record as one line, with the id of the request in which it was made."""

    def emit(self, record: logging.LogRecord) -> None:
        _write(_json(as_line(record)))


def as_line(record: logging.LogRecord) -> dict[str, Any]:
    """A record as the fields of a line."""
    line: dict[str, Any] = {"at": _now()}
    identity = getattr(record, "request_id", "") or (request_id() if has_request_context() else "")
    if identity:
        line["id"] = identity
    line |= {"level": record.levelname.lower(), "logger": record.name}
    line["message"] = _cut(record.getMessage())
    if record.exc_info and record.exc_info[1]:
        line["faults"] = faults = [described(fault) for fault in _chain(record.exc_info[1])]
        while len(_json(line)) >= LONGEST_LINE and any(fault["frames"] for fault in faults):
            max(faults, key=lambda fault: len(fault["frames"]))["frames"].pop(0)
    return line


def described(fault: BaseException) -> dict[str, Any]:
    """A fault by its class and the places in the code that it came through, outermost first; no values."""
    told: dict[str, Any] = {"class": f"{type(fault).__module__}.{type(fault).__qualname__}"}
    message = message_of(fault)
    if message:
        told["message"] = _cut(message)
    if isinstance(fault, StatementError) and fault.statement:
        told["statement"] = _cut(fault.statement)
    constraint = getattr(getattr(fault, "diag", None), "constraint_name", None)
    if constraint:
        told["constraint"] = constraint
    return told | {"frames": _frames(fault.__traceback__)}


def message_of(fault: BaseException) -> str | None:
    """What a fault says, if it can only speak of our code and our machines."""
    if isinstance(fault, SPEAKS_OF_CODE):
        return str(fault)
    if isinstance(fault, OSError):
        return fault.strerror
    # psycopg may be missing. Its other errors quote the values of a row.
    of_server = any((each.__module__, each.__name__) == ("psycopg", "OperationalError") for each in type(fault).__mro__)
    return str(fault) if of_server else None


def _chain(fault: BaseException) -> Iterator[BaseException]:
    """A fault and those that caused it."""
    each: BaseException | None = fault
    for _ in range(LONGEST_CHAIN):
        if each is None:
            return
        yield each
        each = each.__cause__ or (None if each.__suppress_context__ else each.__context__)


def _cut(text: str) -> str:
    """As much of a text as takes LONGEST_TEXT characters of a line."""
    text = text[:LONGEST_TEXT]
    return text[: LONGEST_TEXT * len(text) // len(_quoted(text))]


def _frames(trace: TracebackType | None) -> list[str]:
    frames = traceback.extract_tb(trace, limit=-MOST_FRAMES)
    return [f"{_short(frame.filename)}:{frame.lineno} {frame.name}" for frame in frames]


def _short(file: str) -> str:
    return PACKAGES.sub("", file.removeprefix(PROJECT))


def _now() -> str:
    return f"{datetime.now(UTC).isoformat(timespec='milliseconds')[:-6]}Z"
