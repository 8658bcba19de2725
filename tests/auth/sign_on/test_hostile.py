"""Hostile input at the door of single sign-on: no answer is a fault of ours, and nothing changes."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from flask import Flask

from tests.auth.browser import Browser, hidden_fields
from tests.auth.sign_on.fake import Fake, Visit
from tests.hostile.asking import Visitor, fault_in, percent, tables_of
from tests.hostile.corpus import BYTES, CHARACTERS, CODE, METHODS, NUMBERS, ODD, TEXTS
from tests.web.addresses import changes, pages

PREFIX = "/auth/single-sign-on"
QUERIES = ("state", "code", "iss", "error", "error_description", "next", "why", "kept", "id_token", "session_state")
# What has led browsers astray elsewhere.
NEXT = (
    *("//evil.test", "///evil.test", "////evil.test", "/\\evil.test", "\\/evil.test", "\\\\evil.test", "/\t/evil.test"),
    *(
        "http://evil.test",
        "https:evil.test",
        "https:/evil.test",
        "HTTPS://evil.test",
        "//evil.test:80",
        "//evil.test/..",
    ),
    *("/%2f/evil.test", "/%5cevil.test", "/.//evil.test", "/record/../..//evil.test", "/record/@evil.test"),
    *("javascript:alert(1)", "data:text/html,x", "//[::1]", "//0x7f.1", "/record/\r\nLocation: //evil.test", "//%00"),
    *(
        "https://localhost@evil.test/",
        "https://evil.test#@localhost/",
        "https://localhost.evil.test/",
        "/auth/sign-out",
    ),
    *(
        "/auth/single-sign-on/callback?code=1",
        "\u2028//evil.test",
        "/\ufeff/evil.test",
        "／／evil.test",
        "record/",
        "?",
    ),
)


@pytest.fixture
def visitor(app: Flask, documents: None) -> Visitor:  # noqa: ARG001
    return Visitor(app)


@pytest.fixture
def going(app: Flask, fake: Fake) -> Callable[[Visitor], dict[str, str]]:
    """Lets a visitor go to the provider; gives what they bring back."""

    def going(visitor: Visitor) -> dict[str, str]:
        browser = Browser(app)
        address = fake.authorize(Visit(browser, fake).begin())
        visitor.cookies = {"cpd_sign_on": browser.cookie("cpd_sign_on")}
        return dict(pair.split("=", 1) for pair in address.partition("?")[2].split("&"))

    return going


def paths(app: Flask) -> list[str]:
    return [path for path in pages(app) if path.startswith(PREFIX)]


def test_the_door_has_these_addresses(app):
    assert {path.removeprefix(PREFIX) for path in paths(app)} == {
        *("", "/start", "/callback", "/failed", "/kept", "/link", "/register")
    }
    posted = {path.removeprefix(PREFIX) for _, path in changes(app) if path.startswith(PREFIX)}
    assert posted == {"/start", "/link", "/register", "/unlink"}


def test_each_page_is_open_but_those_of_who_is_signed_in(app, visitor):
    asked = {path for path in paths(app) if "/auth/sign-in?next=" in visitor.ask(path).headers.get("Location", "")}
    assert asked == {PREFIX, f"{PREFIX}/kept"}


def test_no_change_is_made_without_a_token(app, visitor):
    for method, path in changes(app):
        if path.startswith(PREFIX):
            assert visitor.ask(path, method=method, body=b"password=x&kept=y").status == 400


def test_no_query_is_a_fault_of_ours(app, visitor):
    before = tables_of(app)
    for place, path in enumerate(paths(app)):
        if path.endswith("/start"):
            continue
        for number, value in enumerate(TEXTS[place::7]):
            name = QUERIES[(place + number) % len(QUERIES)]
            answer = visitor.ask(path, query=f"{name}={percent(value)}&{name}=2")
            assert not fault_in(answer, value), (path, name, value)
    assert tables_of(app) == before


@pytest.mark.parametrize("name", ["state", "code", "iss", "error"])
def test_nothing_that_comes_back_is_a_fault_of_ours(app, visitor, going, name):
    for value in (*BYTES[::3], *CHARACTERS[::4], *CODE[::6], *NUMBERS[::8], "x" * 5_000):
        visitor.address = f"198.51.100.{len(str(value)) % 250}"
        given = going(visitor) | {name: percent(value)}
        answer = visitor.ask(f"{PREFIX}/callback", query="&".join(f"{key}={each}" for key, each in given.items()))
        assert not fault_in(answer), (name, value)
        assert answer.status in (303, 400), (name, value)
        assert answer.headers.get("Location", f"{PREFIX}/failed").startswith(f"{PREFIX}/"), (name, value)
        if answer.status == 303 and "failed" not in answer.headers["Location"]:
            assert name == "error" or value == "", (name, value)
    assert tables_of(app)["account"] == []


def test_nobody_is_led_astray(app, browser, fake):
    browser.register()
    for wanted in NEXT:
        visitor = Visitor(app)
        for path in (f"{PREFIX}/failed", f"{PREFIX}/start"):
            answer = visitor.ask(path, query=f"next={percent(wanted)}")
            assert not fault_in(answer), (path, wanted)
            assert answer.headers.get("Location", fake.issuer).startswith(fake.issuer), (path, wanted)
        assert 'href="//' not in visitor.ask(f"{PREFIX}/failed", query=f"next={percent(wanted)}").text


def test_no_cookie_is_a_fault_of_ours(app, visitor):
    token = "A" * 43
    texts = (*ODD, token, token[:-1], f"a.{token}", f'"{token}"', "A" * 8_000, "é", "%00")
    for path in paths(app):
        for value in texts:
            cookie = "".join(sign for sign in f"cpd_sign_on={value}" if sign not in "\r\n\0")
            if path.endswith("/start"):
                continue
            answer = visitor.ask(path, headers={"Cookie": cookie})
            assert not fault_in(answer), (path, value)
            visitor.cookies = {}


def test_no_method_is_a_fault_of_ours(app, visitor):
    for path in paths(app):
        for method in METHODS:
            if path.endswith("/start") and method.upper() in ("GET", "HEAD"):
                continue
            assert not fault_in(visitor.ask(path, method=method)), (path, method)


@pytest.mark.parametrize("door", ["link", "register", "start"])
def test_no_field_is_a_fault_of_ours(app, browser, visit, door):
    if door == "link":
        browser.register()
        browser.sign_out()
    page = browser.get("/auth/sign-in") if door == "start" else visit.finish()
    fields = hidden_fields(page.text) | {"password": "wrong", "kept": "x", "name": "Ann", "profession": "Doctor"}
    visitor = Visitor(app, cookies={name: browser.cookie(name) for name in ("cpd_session", "cpd_sign_on")})
    before = {name: rows for name, rows in tables_of(app).items() if name != "token"}
    for number, value in enumerate(TEXTS[::9]):
        name = [each for each in fields if each != "csrf_token"][number % (len(fields) - 1)]
        visitor.address = f"203.0.113.{number % 250}"
        answer = visitor.post(f"{PREFIX}/{door}", fields | {name: value})
        assert not fault_in(answer, value), (door, name, value)
        visitor.cookies = {name: browser.cookie(name) for name in ("cpd_session", "cpd_sign_on")}
    assert {name: rows for name, rows in tables_of(app).items() if name != "token"} == before


def test_no_identity_is_a_fault_of_ours(app, fake):
    """What a provider says of somebody, in each place where it is kept or shown."""
    texts = [text.decode("utf-8", "replace") for text in TEXTS[::11]] + ["\ud800", "a\x00b", ""]
    for number, text in enumerate(texts):
        browser = Browser(app, address=f"203.0.113.{number % 250}")
        fake.person = {"sub": f"s{number}", "email": "ann@example.org", "email_verified": True, "name": text}
        answer = Visit(browser, fake).finish()
        assert answer.status_code == 200, ascii(text)
        fake.person = {"sub": text or "x", "email": text, "email_verified": True, "name": text}
        answer = Visit(browser, fake).finish()
        assert answer.status_code == 200, ascii(text)
