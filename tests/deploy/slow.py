"""Clients that are slow in every way there is, many at once."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager

HEADERS = b"GET / HTTP/1.1\r\nHost: example.org\r\nX-Slow: "
READING = b"GET /static/vendor/htmx.min.js HTTP/1.1\r\nHost: example.org\r\n\r\n"


def body(cookie: str) -> bytes:
    """A form that a page of ours gave, as far as its first letters."""
    return (
        "POST /auth/sign-in HTTP/1.1\r\nHost: example.org\r\n"
        f"Cookie: {cookie}\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: 4000\r\n\r\nemail="
    ).encode()


def sent_by(cookie: str) -> dict[str, bytes]:
    """What slow clients of each kind have sent when they stop."""
    return {"headers": HEADERS, "bodies": body(cookie), "readers": READING * 100, "idle": b""}


@contextmanager
def slow_clients(connect: Callable[[], socket.socket], sent: list[bytes]) -> Iterator[list[socket.socket]]:
    """One connection for each text, which sends it and then neither sends nor reads any more."""
    connections = []
    try:
        for text in sent:
            connections.append(connect())
            connections[-1].sendall(text)
        yield connections
    finally:
        for connection in connections:
            connection.close()
