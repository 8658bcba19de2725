"""Own pages for what goes wrong, each saying what to do next."""

from __future__ import annotations

import sqlite3

import pytest
from flask import abort, render_template
from sqlalchemy.exc import OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.orm.exc import StaleDataError

from cpd.application import LARGEST_REQUEST, MOST_FIELDS
from cpd.web.errors import WORDS
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
        assert words.title in answer.text
        assert '<a class="logo"' in answer.text


def test_an_error_without_words_of_its_own_still_has_a_page(breaks):
    for code in (401, 406, 409, 410, 418, 422, 501, 502, 504):
        answer = breaks(code)
        assert answer.status_code == code
        assert WORDS[400 if code < 500 else 500].title in answer.text


@pytest.mark.parametrize(
    "fault", [RuntimeError("secret detail"), StaleDataError("x"), RecursionError(), KeyError("id")]
)
def test_a_mistake_of_ours_shows_a_reference_and_no_detail(breaks, caplog, fault):
    answer = breaks(fault)
    reference = caplog.records[0].getMessage().split()[1].rstrip(":")
    assert answer.status_code == 500
    assert reference in answer.text
    assert "secret detail" not in answer.text
    assert "Traceback" not in answer.text
    assert caplog.records[0].exc_info[1] is fault


@pytest.mark.parametrize(
    "fault",
    [
        OperationalError("x", None, sqlite3.OperationalError("database is locked")),
        OperationalError("x", None, sqlite3.OperationalError("database or disk is full")),
        OperationalError("x", None, sqlite3.OperationalError("attempt to write a readonly database")),
        OperationalError("x", None, sqlite3.OperationalError("disk I/O error")),
        OperationalError("x", None, sqlite3.OperationalError("unable to open database file")),
        PoolTimeout("no connection is free"),
    ],
    ids=["locked", "full", "read-only", "broken disk", "gone", "pool"],
)
def test_a_database_that_is_busy_asks_to_try_again(breaks, fault):
    answer = breaks(fault)
    assert answer.status_code == 503
    assert "What you sent was not recorded" in answer.text
    assert int(answer.headers["Retry-After"]) > 0


def test_a_query_of_ours_that_is_wrong_is_a_mistake(breaks):
    assert breaks(OperationalError("x", None, sqlite3.OperationalError("no such column: x"))).status_code == 500


def test_a_page_of_an_error_is_drawn_without_the_database(app, client, monkeypatch):
    monkeypatch.setattr("cpd.site.queries.categories", pytest.fail)
    app.view_functions["pages.page"] = lambda **_: 1 / 0
    assert client.get("/pages/about").status_code == 500


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
