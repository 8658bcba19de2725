"""The log: one line of JSON for each request and each fault, and nothing private in it."""

from __future__ import annotations

import json
import logging
import os
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from flask import Response, abort
from sqlalchemy import text

from cpd.auth import access
from cpd.db import db
from cpd.web import log
from tests.pages import token_in

Lines = Callable[[], list[dict[str, Any]]]

SECRET = "a-reflection-of-hers"
HOSTILE = (
    b"/a\r\nb",
    b"/a\nfake: line",
    b"/\x1b[31mred\x1b[0m",
    b"/\x00",
    b"/\xff\xfe",
    "/\u2028\u2029\u0085".encode(),
    "/\u202eevil".encode(),
    "/\ud800".encode("utf-8", "surrogatepass"),
    b'/","status":200}',
    b"/\\",
    "/\U0001f469".encode() * 300,
    b"/" + b"x" * 20_000,
)


@pytest.fixture
def lines(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Lines:
    """Gives the lines written since the test began, each read as JSON."""
    file = tmp_path / "written.log"
    opened = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    monkeypatch.setattr(log, "STANDARD_OUTPUT", opened)
    yield lambda: [json.loads(line) for line in file.read_bytes().split(b"\n")[:-1]]
    os.close(opened)


def requests_in(lines: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [line for line in lines if "status" in line]


def faults_in(lines: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [line for line in lines if "faults" in line]


def test_a_request_leaves_one_line(client, lines):
    answer = client.get("/healthz")
    (line,) = lines()
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", line.pop("at"))
    assert 0 <= line.pop("ms") < 60_000
    identity = answer.headers["X-Request-Id"]
    assert line == {"id": identity, "method": "GET", "path": "/healthz", "status": 200, "bytes": 3}


def test_each_kind_of_answer_has_its_line(client, publish, lines):
    publish("sepsis")
    etag = client.get("/static/app.css", buffered=True).headers["ETag"]
    asked = [
        client.get("/"),
        client.head("/"),
        client.get("/modules"),
        client.get("/modules/?q=x"),
        client.get("/no/such"),
        client.delete("/"),
        client.get("/static/app.css", buffered=True),
        client.get("/static/app.css", headers={"If-None-Match": etag}, buffered=True),
        client.options("/"),
        client.post("/auth/sign-in"),
    ]
    written = requests_in(lines())[1:]
    assert [line["status"] for line in written] == [200, 200, 308, 200, 404, 405, 200, 304, 200, 400]
    assert [line["status"] for line in written] == [answer.status_code for answer in asked]
    assert [line["bytes"] for line in written] == [len(answer.data) for answer in asked]
    assert [line["id"] for line in written] == [answer.headers["X-Request-Id"] for answer in asked]
    assert len({line["id"] for line in written}) == len(asked)


@pytest.mark.parametrize("path", HOSTILE, ids=range(len(HOSTILE)))
def test_whatever_stands_in_a_path_the_line_stays_one_line_of_plain_ascii(client, lines, tmp_path, path):
    client.open("/", environ_overrides={"PATH_INFO": path.decode("latin-1")})
    raw = (tmp_path / "written.log").read_bytes()
    (line,) = requests_in(lines())
    assert len(line["path"]) <= log.LONGEST_PATH
    assert raw.count(b"\n") == 1
    assert all(0x20 <= byte < 0x7F for byte in raw[:-1])


def test_a_long_method_is_cut(client, lines):
    client.open("/", method="X" * 4_000)
    assert lines()[0]["method"] == "X" * log.LONGEST_METHOD


def test_nothing_else_of_the_request_is_written(client, lines, tmp_path):
    token = token_in(client.get("/auth/sign-in").text)
    client.post(
        f"/auth/sign-in?next=/{SECRET}",
        data={"csrf_token": token, "email": SECRET, "password": SECRET},
        headers={"User-Agent": SECRET, "Referer": f"http://{SECRET}/", "Authorization": SECRET, "X-Request-Id": SECRET},
        environ_overrides={"REMOTE_ADDR": "192.0.2.7"},
    )
    assert len(requests_in(lines())) == 2
    raw = (tmp_path / "written.log").read_text()
    assert SECRET not in raw
    assert token not in raw
    assert "192.0.2.7" not in raw


def test_reading_is_logged_without_the_account_and_changes_with_it(app, client, publish, sign_in, lines):
    publish("sepsis")
    sign_in()
    token = token_in(client.get("/auth/account").text)
    assert client.get("/modules/sepsis").status_code == 200
    client.post("/auth/sign-out", data={"csrf_token": token})
    *reading, change = requests_in(lines())[-3:]
    assert [line["path"] for line in reading] == ["/auth/account", "/modules/sepsis"]
    assert not any("account" in line for line in reading)
    with app.app_context():
        assert change["account"] == db.session.execute(text("SELECT id FROM account")).scalar_one()


def test_a_failure_is_logged_with_the_account(client, sign_in, lines, monkeypatch):
    sign_in()
    monkeypatch.setattr("cpd.auth.queries.consents_of", lambda _: 1 // 0)
    assert client.get("/auth/account").status_code == 500
    assert requests_in(lines())[-1]["account"] > 0


def test_an_address_that_may_hold_a_secret_is_logged_as_its_rule(app, lines):
    app.add_url_rule("/reset/<token>", view_func=lambda token: token)
    app.add_url_rule("/modules/<slug:slug>/of/<id:number>", endpoint="x", view_func=lambda **_: "x")
    client = app.test_client()
    client.get(f"/reset/{SECRET}")
    client.get("/modules/sepsis/of/3")
    assert [line["path"] for line in lines()] == ["/reset/<token>", "/modules/sepsis/of/3"]


def test_what_looks_like_a_token_is_left_out_of_an_address_that_leads_nowhere(client, lines):
    client.get("/auth/rest/m1NUhAmXNr1nHbKoYAaIDO0qK1k-o3bM_j2Tl1cW0YQ/x")
    client.get("/modules/a-long-slug-of-plain-words-alone")
    assert [line["path"] for line in lines()] == ["/auth/rest/*/x", "/modules/a-long-slug-of-plain-words-alone"]


@pytest.mark.parametrize("given", ["1234abcd", "b1d7d7f2-3a5c-4bb0-9a5e-0f6d2e0f8f3e", "x" * 64])
def test_the_proxy_in_front_may_give_the_id(client_with, lines, given):
    answer = client_with(proxies=1).get("/healthz", headers={"X-Request-Id": given})
    assert answer.headers["X-Request-Id"] == lines()[0]["id"] == given


@pytest.mark.parametrize("given", ["1234567", "x" * 65, "12345678\n", "1234 5678", '"12345678', "12345678\u00e9", ""])
def test_an_odd_id_is_not_taken(client_with, lines, given):
    environ = {"HTTP_X_REQUEST_ID": given}
    answer = client_with(proxies=1).get("/healthz", environ_overrides=environ)
    assert answer.headers["X-Request-Id"] == lines()[0]["id"] != given


def test_nobody_else_may_give_the_id(client, lines):
    answer = client.get("/healthz", headers={"X-Request-Id": "12345678"})
    assert answer.headers["X-Request-Id"] == lines()[0]["id"] != "12345678"


def test_a_fault_is_one_line_with_the_id_that_the_page_shows(app, client, lines):
    app.view_functions["pages.page"] = lambda **_: 1 // 0
    answer = client.get("/pages/about")
    (fault,), (line,) = faults_in(lines()), requests_in(lines())
    assert fault["id"] == line["id"] == answer.headers["X-Request-Id"]
    assert fault["id"] in answer.text
    assert fault["message"] == "GET /pages/about failed"
    assert fault["faults"][0]["class"] == "builtins.ZeroDivisionError"
    assert re.fullmatch(r"tests/web/test_log.py:\d+ <lambda>", fault["faults"][0]["frames"][-1])


def test_a_fault_is_told_without_what_was_typed(app, client, lines, tmp_path):
    def fail(**_: object) -> str:
        typed = SECRET
        try:
            {}[typed]
        except KeyError:
            raise ValueError(f"{typed} is not a date") from UnicodeError(typed)

    app.view_functions["pages.page"] = fail
    client.get("/pages/about")
    told = [fault["class"] for fault in faults_in(lines())[0]["faults"]]
    assert told == ["builtins.ValueError", "builtins.UnicodeError"]
    assert SECRET not in (tmp_path / "written.log").read_text()


def test_what_a_fault_says_of_the_code_is_told(app, client, lines):
    app.view_functions["pages.page"] = lambda **_: None.no_such_thing
    client.get("/pages/about")
    assert faults_in(lines())[0]["faults"][0]["message"] == "'NoneType' object has no attribute 'no_such_thing'"


def test_a_row_that_a_database_refuses_is_not_quoted(app, client, register, lines, tmp_path):
    register(client, email="private@example.org")
    register(app.test_client(), email="another@example.org")

    def fail(**_: object) -> str:
        db.session.execute(text("UPDATE account SET email_canon = :email"), {"email": "private@example.org"})
        return ""

    app.view_functions["pages.page"] = fail
    assert client.get("/pages/about").status_code == 500
    (fault,) = faults_in(lines())
    assert fault["faults"][0]["class"] == "sqlalchemy.exc.IntegrityError"
    assert "email_canon" in json.dumps(fault["faults"][1])
    assert "private@example.org" not in (tmp_path / "written.log").read_text()


def deep(times: int) -> None:
    """Fails with a long chain of causes, each from deep within."""
    try:
        if times:
            deep(times - 1)
    finally:
        raise AttributeError("\u2028" * 10_000)


def test_the_line_of_a_fault_is_never_torn_apart(app, client, lines, tmp_path):
    app.view_functions["pages.page"] = lambda **_: deep(60)
    client.get("/pages/about")
    (fault,) = faults_in(lines())
    longest = max(len(line) for line in (tmp_path / "written.log").read_bytes().split(b"\n"))
    assert longest < log.LONGEST_LINE
    assert all("class" in each for each in fault["faults"])


def test_records_of_every_logger_become_lines(lines):
    written = {"name": "some.library", "levelno": 30, "levelname": "WARNING", "msg": "first\nsecond %s"}
    log.JsonLines().handle(logging.makeLogRecord(written | {"args": ("\x1b[31m",)}))
    (line,) = lines()
    assert (line["level"], line["logger"], line["message"]) == ("warning", "some.library", "first\nsecond \x1b[31m")


def test_a_log_that_cannot_be_written_stops_nobody(client, monkeypatch):
    monkeypatch.setattr(log, "STANDARD_OUTPUT", 10_000)
    assert client.get("/healthz").status_code == 200


def test_the_lines_of_requests_can_be_left_out_and_those_of_faults_stay(client_with, lines):
    client = client_with(access_log=False)
    client.application.view_functions["pages.page"] = lambda **_: 1 // 0
    answer = client.get("/pages/about")
    (line,) = lines()
    assert line["faults"]
    assert line["id"] == answer.headers["X-Request-Id"]


@pytest.fixture
def streams(app):
    """Makes a page that is sent in pieces; notes whether it was closed."""

    def make(pieces):
        answer = Response(pieces)
        app.view_functions["pages.page"] = lambda **_: answer
        return answer

    return make


def test_a_page_in_pieces_has_its_line_when_all_is_sent(client, streams, lines):
    streams(piece for piece in (b"12", b"345"))
    answer = client.get("/pages/about")
    assert lines() == []
    assert answer.data == b"12345"
    answer.close()
    assert requests_in(lines())[0]["bytes"] == 5


def test_a_page_whose_reader_goes_away_has_its_line_too(client, streams, lines):
    streams(b"x" * 10 for _ in range(1_000))
    answer = client.get("/pages/about")
    next(answer.response)
    answer.close()
    assert requests_in(lines())[0]["bytes"] < 100


def test_a_page_that_fails_on_its_way_is_a_fault_with_the_same_id(client, streams, lines):
    def pieces():
        yield b"12"
        raise ValueError(SECRET)

    streams(pieces())
    answer = client.get("/pages/about")
    with pytest.raises(ValueError, match=SECRET):
        answer.get_data()
    answer.close()
    fault, line = lines()
    assert fault["id"] == line["id"]
    assert fault["faults"][0]["class"] == "builtins.ValueError"


def test_a_fault_outside_flask_is_logged_and_answered(app, client, monkeypatch, lines):
    monkeypatch.setattr(app, "full_dispatch_request", lambda: 1 // 0)
    monkeypatch.setattr(app, "handle_exception", lambda _: abort(500))
    answer = client.get("/")
    assert answer.status_code == 500
    assert "Something went wrong" in answer.text
    assert answer.headers["X-Request-Id"] in answer.text
    assert requests_in(lines())[0]["status"] == 500
    assert faults_in(lines())[0]["id"] == answer.headers["X-Request-Id"]


def test_who_is_asking_is_not_looked_up_for_the_log(client, sign_in, monkeypatch, lines):
    sign_in()
    monkeypatch.setattr(access, "_learner_of", pytest.fail)
    assert client.get("/healthz").status_code == 200
    assert "account" not in lines()[-1]
