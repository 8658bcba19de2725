"""Security headers, once, on every kind of answer."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import replace

import pytest

from cpd import create_app
from cpd.db import db
from cpd.web.headers import HEADERS, POLICY
from tests.pages import token_in
from tests.web.addresses import pages

METHODS = ("GET", "HEAD", "OPTIONS", "POST", "PUT", "PATCH", "DELETE", "TRACE", "PROPFIND")


@pytest.fixture
def sepsis(publish, write_monograph):
    write_monograph("sepsis", name="Septrin")
    publish("sepsis")


def is_complete(answer) -> bool:
    """Whether the headers are there, each of them once, and something is said about caches."""
    names = Counter(name.lower() for name, _ in answer.headers)
    there = all(answer.headers.getlist(name) == [value] for name, value in HEADERS.items())
    return there and names["cache-control"] == 1 and all(names[name.lower()] == 1 for name in HEADERS)


@pytest.mark.usefixtures("sepsis")
def test_every_address_answers_every_method_with_the_headers(app, client, sign_in):
    seen = set()
    for visitor in ("visitor", "learner"):
        for path in pages(app):
            for method in METHODS:
                answer = client.open(path, method=method, buffered=True)
                assert is_complete(answer), (visitor, method, path)
                seen.add(answer.status_code)
        if visitor == "visitor":
            sign_in()
    assert seen >= {200, 302, 400, 404, 405}


@pytest.mark.usefixtures("sepsis")
def test_a_page_that_has_not_changed_has_them_too(client):
    file = client.get("/static/app.css", buffered=True)
    answer = client.get("/static/app.css", headers={"If-None-Match": file.headers["ETag"]})
    assert answer.status_code == 304
    assert is_complete(answer)


@pytest.mark.parametrize("path", ["/modules", "/static/", "/static/%2e%2e/x", "//evil.example.org"])
def test_addresses_that_lead_elsewhere_or_nowhere_have_them(client, path):
    assert is_complete(client.get(path))


def test_faults_of_ours_have_them(app, client, monkeypatch):
    app.view_functions["pages.page"] = lambda **_: 1 // 0
    assert is_complete(client.get("/pages/about"))
    monkeypatch.setattr("cpd.web.errors.render_template", lambda *_, **__: 1 // 0)
    answer = client.get("/pages/about")
    assert answer.status_code == 500
    assert is_complete(answer)


def test_what_is_too_large_or_unreadable_is_answered_with_them(client):
    token = token_in(client.get("/auth/sign-in").text)
    large = client.post("/auth/sign-in", data={"csrf_token": token, "email": "x" * 600_000})
    assert large.status_code == 413
    assert is_complete(large)
    assert is_complete(client.post("/auth/sign-in", data=b"--\r\n", content_type="multipart/form-data; boundary=x"))


def test_a_name_that_is_not_ours_is_answered_with_them(settings):
    app = create_app(replace(settings, trusted_hosts=("daybook.example.org",)))
    answer = app.test_client().get("/", headers={"Host": "evil.example.org"})
    with app.app_context():
        db.engine.dispose()
    assert answer.status_code == 400
    assert is_complete(answer)


def test_the_policy_lets_nothing_in_that_is_not_named():
    rules = dict(rule.split(" ", 1) for rule in POLICY.split("; "))
    assert rules["default-src"] == "'none'"
    assert rules.keys() >= {"base-uri", "form-action", "frame-ancestors"}  # these do not fall back to default-src
    assert set(rules.values()) == {"'none'", "'self'"}


@pytest.mark.usefixtures("sepsis")
def test_no_page_needs_more_than_the_policy_gives(app, client, sign_in):
    sign_in()
    for path in pages(app):
        text = client.get(path, buffered=True).get_data().decode("utf-8", "replace")
        if "<html" in text:
            assert not re.search(r"<script(?![^>]* src=\"/)|<style|\sstyle=|\son[a-z]+=\"|javascript:", text), path
