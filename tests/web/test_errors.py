"""Own pages for what goes wrong, each saying what to do next."""

from __future__ import annotations

import sqlite3

import pytest
from flask import abort, render_template
from sqlalchemy import Engine
from sqlalchemy.exc import OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.orm.exc import StaleDataError
from werkzeug.exceptions import default_exceptions

from cpd.web.errors import NOT_READABLE, WORDS
from cpd.web.limits import LARGEST_REQUEST, MOST_FIELDS
from tests.pages import token_in


@pytest.fixture
def breaks(app, client):
    """Asks for a page whose view raises a fault."""

    def ask(fault: Exception | int):
        def view():
            if isinstance(fault, int):
                abort(fault)
            raise fault

        app.view_functions["pages.page"] = lambda **_: view()
        return client.get("/pages/about")

    return ask


def test_each_error_has_its_words_within_the_sites_own_page(breaks):
    for code, words in WORDS.items():
        answer = breaks(code)
        assert answer.status_code == code
        assert (NOT_READABLE if code == 503 else words).title in answer.text
        assert '<a class="logo"' in answer.text
        assert (answer.headers["X-Request-Id"] in answer.text) == (code >= 500)


def test_an_error_without_words_of_its_own_still_has_a_page(breaks):
    for code in sorted(default_exceptions.keys() - WORDS.keys()):
        answer = breaks(code)
        assert answer.status_code == code
        assert WORDS[400 if code < 500 else 500].title in answer.text
        assert '<a class="logo"' in answer.text


@pytest.mark.parametrize(
    "fault", [RuntimeError("secret detail"), StaleDataError("x"), RecursionError(), KeyError("id")]
)
def test_a_mistake_of_ours_shows_a_reference_and_no_detail(breaks, caplog, fault):
    answer = breaks(fault)
    assert answer.status_code == 500
    assert answer.headers["X-Request-Id"] in answer.text
    assert "secret detail" not in answer.text
    assert "Traceback" not in answer.text
    assert caplog.records[0].exc_info[1] is fault


def sqlite_fault(code):
    cause = sqlite3.OperationalError("words")
    cause.sqlite_errorcode = code
    return OperationalError("x", None, cause)


@pytest.mark.parametrize(
    "fault",
    [
        sqlite_fault(sqlite3.SQLITE_BUSY),
        sqlite_fault(sqlite3.SQLITE_FULL),
        sqlite_fault(sqlite3.SQLITE_READONLY),
        sqlite_fault(sqlite3.SQLITE_IOERR),
        sqlite_fault(sqlite3.SQLITE_CANTOPEN),
        PoolTimeout("no connection is free"),
    ],
    ids=["locked", "full", "read-only", "broken disk", "gone", "pool"],
)
def test_a_database_that_is_busy_asks_to_try_again(breaks, fault):
    answer = breaks(fault)
    assert answer.status_code == 503
    assert NOT_READABLE.text in answer.text
    assert int(answer.headers["Retry-After"]) > 0


def test_who_sent_something_while_the_database_is_busy_is_told_that_it_was_not_recorded(app, client):
    def fail() -> None:
        raise PoolTimeout

    app.view_functions["theme.choose"] = fail
    token = token_in(client.get("/auth/sign-in").text)
    answer = client.post("/theme", data={"csrf_token": token})
    assert answer.status_code == 503
    assert "What you sent was not recorded" in answer.text


@pytest.fixture
def without_database(sign_in, monkeypatch):
    """Signs somebody in, then takes the database away."""
    sign_in()

    def fail(*_: object, **__: object) -> None:
        raise sqlite_fault(sqlite3.SQLITE_CANTOPEN)

    monkeypatch.setattr(Engine, "connect", fail)


@pytest.mark.usefixtures("without_database")
@pytest.mark.parametrize("path", ["/record/", "/modules/", "/auth/account", "/no/such/page", "/monographs/x"])
def test_every_page_says_in_words_that_the_database_is_away(client, path):
    answer = client.get(path)
    assert answer.status_code == 503
    assert NOT_READABLE.title in answer.text
    assert int(answer.headers["Retry-After"]) > 0


@pytest.mark.usefixtures("without_database")
def test_the_page_of_a_mistake_is_drawn_while_the_database_is_away(breaks):
    answer = breaks(RuntimeError())
    assert answer.status_code == 500
    assert WORDS[500].title in answer.text


def test_a_mistake_in_the_page_of_a_mistake_still_has_a_page(breaks, monkeypatch):
    monkeypatch.setattr("cpd.web.errors.render_template", lambda *_, **__: 1 // 0)
    answer = breaks(RuntimeError("secret detail"))
    assert answer.status_code == 500
    assert WORDS[500].title in answer.text
    assert answer.headers["X-Request-Id"] in answer.text
    assert "secret detail" not in answer.text
    assert answer.headers["Content-Security-Policy"]


def test_a_part_that_a_file_does_not_have_is_refused_with_a_page(client):
    answer = client.get("/static/app.css", headers={"Range": "bytes=99999999-"})
    assert answer.status_code == 416
    assert WORDS[400].title in answer.text


def test_a_query_of_ours_that_is_wrong_is_a_mistake(breaks):
    assert breaks(OperationalError("x", None, sqlite3.OperationalError("no such column: x"))).status_code == 500


def test_a_name_that_a_template_lacks_is_a_mistake_too(app, client):
    app.view_functions["pages.page"] = lambda **_: render_template("pages/page.html")
    answer = client.get("/pages/about")
    assert answer.status_code == 500
    assert WORDS[500].title in answer.text


def test_what_is_too_large_is_refused_with_its_page(client):
    token = token_in(client.get("/auth/sign-in").text)
    answer = client.post("/auth/sign-in", data={"csrf_token": token, "email": "x" * LARGEST_REQUEST})
    assert answer.status_code == 413
    assert "That is too large" in answer.text


def test_too_many_parts_are_refused_with_a_page(client):
    client.get("/auth/sign-in")
    fields = {f"f{number}": "x" for number in range(MOST_FIELDS + 1)}
    answer = client.post("/auth/sign-in", data=fields, content_type="multipart/form-data")
    assert answer.status_code == 413
    assert "That is too large" in answer.text


@pytest.mark.parametrize("length", ["-1", "x", "99999999999999999999"])
def test_a_length_that_lies_is_no_fault_of_ours(client, length):
    answer = client.post("/auth/sign-in", headers={"Content-Length": length}, data=b"")
    assert 400 <= answer.status_code < 500


def test_a_failed_request_leaves_no_lock_behind(app, publish, sign_in, submit):
    publish("sepsis")
    sign_in()
    kept = app.view_functions["modules.submit"]

    def fail_halfway(**keywords):
        kept(**keywords)
        raise RuntimeError

    app.view_functions["modules.submit"] = fail_halfway
    assert submit("/modules/sepsis/assessment", q1="a").status_code == 500
    app.view_functions["modules.submit"] = kept
    assert submit("/modules/sepsis/assessment", q1="a").status_code == 200
