"""What is too large, too much or not of this site is refused with words, by the application and by the real server."""

from __future__ import annotations

import contextlib
import http.client
import json
import re
import socket
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from cpd.web.errors import WORDS
from cpd.web.limits import LARGEST_REQUEST, MOST_FIELDS
from tests.browser.serving import cpd_serve
from tests.conftest import settings_for
from tests.factories import write_site
from tests.pages import token_in

HOST = "127.0.0.1"
FORM = "application/x-www-form-urlencoded"
PATIENCE = 30  # seconds until a test that hangs is given up


def fields(count: int) -> bytes:
    return b"&".join(b"f%d=x" % number for number in range(count))


@pytest.fixture
def post(client):
    """Posts a body to the form for signing in, with its token in a header."""

    def post(body: bytes, kind: str = FORM):
        token = token_in(client.get("/auth/sign-in").text)
        return client.post("/auth/sign-in", data=body, content_type=kind, headers={"X-CSRF-Token": token})

    return post


def test_a_form_as_large_as_allowed_is_read(post):
    assert post(b"email=" + b"x" * (LARGEST_REQUEST - 6)).status_code == 422


def test_a_form_that_is_larger_is_refused(client):
    token = token_in(client.get("/auth/sign-in").text)
    answer = client.post("/auth/sign-in", data={"csrf_token": token, "email": "x" * LARGEST_REQUEST})
    assert answer.status_code == 413
    assert WORDS[413].title in answer.text


def test_as_many_fields_as_allowed_are_read(client):
    token = token_in(client.get("/auth/sign-in").text)
    body = f"csrf_token={token}&".encode() + fields(MOST_FIELDS - 1)
    assert client.post("/auth/sign-in", data=body, content_type=FORM).status_code == 422


@pytest.mark.parametrize("body", [fields(MOST_FIELDS + 1), b"&" * LARGEST_REQUEST], ids=["one too many", "separators"])
def test_more_fields_are_refused(client, body):
    client.get("/auth/sign-in")
    answer = client.post("/auth/sign-in", data=body, content_type=FORM)
    assert answer.status_code == 413
    assert WORDS[413].title in answer.text


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[int, Path]]:
    """`cpd serve` under one name only; gives its port and its log."""
    folder = tmp_path_factory.mktemp("served")
    settings = settings_for(f"sqlite:///{folder / 'cpd.sqlite'}", folder)
    write_site(settings.content_folder)
    with cpd_serve(replace(settings, trusted_hosts=(HOST,))) as url:
        yield urlsplit(url).port, folder / "serve.log"


@pytest.fixture(scope="module")
def cookie(server: tuple[int, Path]) -> str:
    """The cookie of a visitor, with which a form is read."""
    with contextlib.closing(http.client.HTTPConnection(HOST, server[0], timeout=PATIENCE)) as connection:
        connection.request("GET", "/auth/sign-in")
        return connection.getresponse().getheader("Set-Cookie", "").split(";")[0]


def ask(port: int, sent: bytes) -> tuple[int, str]:
    """Send bytes as they are; gives the status and the text of the answer."""
    with socket.create_connection((HOST, port), timeout=PATIENCE) as connection:
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):  # refused before all was sent
            connection.sendall(sent)
        answer = http.client.HTTPResponse(connection)
        answer.begin()
        assert answer.getheader("Server") in (None, "granian")  # no version
        return answer.status, answer.read().decode()


HERE = f"Host: {HOST}\r\n".encode()
CHUNK = b"8000\r\n" + b"x" * 0x8000 + b"\r\n"
READ = {
    "a long address": (b"GET /" + b"a" * 20_000 + b" HTTP/1.1\r\n" + HERE, 404),
    "a large header": (b"GET / HTTP/1.1\r\nX-A: " + b"a" * 40_000 + b"\r\n" + HERE, 200),
    "a large cookie": (b"GET / HTTP/1.1\r\nCookie: cpd_session=" + b"a" * 40_000 + b"\r\n" + HERE, 200),
    "another name": (b"GET / HTTP/1.1\r\nHost: evil.example.org\r\n", 400),
    "no name": (b"GET / HTTP/1.1\r\n", 400),
    "our name and another": (b"GET / HTTP/1.1\r\n" + HERE + b"Host: evil.example.org\r\n", 400),
    "another name and ours": (b"GET / HTTP/1.1\r\nHost: evil.example.org\r\n" + HERE, 400),
    "a name that is none": (b"GET / HTTP/1.1\r\nHost: \xff@/\r\n", 400),
    "another name in the address": (b"GET http://evil.example.org/auth/sign-in HTTP/1.1\r\n" + HERE, 200),
    "our name in the address alone": (b"GET http://127.0.0.1/ HTTP/1.1\r\nHost: evil.example.org\r\n", 400),
    "another name from a proxy": (b"GET / HTTP/1.1\r\nX-Forwarded-Host: evil.example.org\r\n" + HERE, 200),
}
SENT = {
    "a large form": (b"Content-Length: 600000\r\n\r\n" + b"a=" + b"x" * 599_998, 413),
    "a large form without a length": (b"Transfer-Encoding: chunked\r\n\r\n" + CHUNK * 20 + b"0\r\n\r\n", 400),
    "too many fields": (b"Content-Length: 8897\r\n\r\n" + fields(MOST_FIELDS + 300)[:8_897], 413),
    "too many fields without a length": (
        b"Transfer-Encoding: chunked\r\n\r\n3000\r\n" + b"&" * 0x3000 + b"\r\n0\r\n\r\n",
        400,
    ),
    "chunks that are none": (b"Transfer-Encoding: chunked\r\n\r\nzz\r\n", 400),
}


@pytest.mark.parametrize("case", READ)
def test_the_server_answers_odd_requests_with_a_page(server, case):
    sent, expected = READ[case]
    status, text = ask(server[0], sent + b"\r\n")
    assert status == expected
    assert '<a class="logo"' in text
    assert "evil.example.org" not in text


@pytest.mark.parametrize("case", SENT)
def test_the_server_refuses_what_is_too_large_with_a_page(server, cookie, case):
    sent, expected = SENT[case]
    head = f"POST /auth/sign-in HTTP/1.1\r\nContent-Type: {FORM}\r\nCookie: {cookie}\r\n".encode()
    status, text = ask(server[0], head + HERE + sent)
    assert status == expected
    assert WORDS[expected].title in text


@pytest.mark.parametrize(
    "sent",
    [
        b"GET /" + b"a" * 70_000 + b" HTTP/1.1\r\n" + HERE,
        b"GET / HTTP/1.1\r\nX-A: " + b"a" * 600_000 + b"\r\n" + HERE,
        b"G\x00T / HTTP/1.1\r\n" + HERE,
        b"POST /theme HTTP/1.1\r\nContent-Length: -1\r\n" + HERE,
    ],
    ids=["address", "header", "method", "length"],
)
def test_what_is_no_request_at_all_is_refused_by_the_server_itself(server, sent):
    status, text = ask(server[0], sent + b"\r\n")
    assert 400 <= status < 500
    assert text == ""


def test_the_log_of_the_server_is_json_line_by_line(server, cookie):
    port, file = server
    sent = f"GET /no/%0d%0a%1b[31m/such HTTP/1.1\r\nCookie: {cookie}\r\n".encode() + HERE + b"\r\n"
    assert ask(port, sent)[0] == 404
    words_of_the_start, first, lines = file.read_text(encoding="utf-8").partition("{")
    assert "Serving on http" in words_of_the_start.splitlines()[-1]
    written = [json.loads(line) for line in f"{first}{lines}".splitlines()]
    assert written[-1]["path"] == "/no/\r\n\x1b[31m/such"
    assert all(re.fullmatch("[0-9a-f]{12}", line["id"]) for line in written)
