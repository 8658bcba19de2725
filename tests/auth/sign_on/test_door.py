"""The door of single sign-on: shut by default, open where the settings say so, and what the operator is told."""

from __future__ import annotations

import sys

import pytest

from cpd.auth.sign_on import door
from cpd.serving import prepare
from tests.auth.browser import Browser, hidden_fields
from tests.auth.sign_on.fake import Raw

OFF = {"sign_on_issuer": "", "sign_on_client_id": "", "sign_on_client_secret": "", "sign_on_name": ""}
BUTTON = "Sign in with St Example&#39;s"


@pytest.fixture
def browser_with(client_with, documents):  # noqa: ARG001
    """A browser of a site with other settings."""
    return lambda **changes: Browser(client_with(**changes).application)


def test_without_settings_there_is_no_door(browser_with):
    browser = browser_with(**OFF)
    assert "single-sign-on" not in browser.get("/auth/sign-in").text
    for path in ("start", "callback", "failed", "link", "register", "kept", "unlink", ""):
        assert browser.get(f"/auth/single-sign-on/{path}".rstrip("/")).status_code == 404
    with browser.client.application.app_context():
        assert door.what_is_wrong() is None


@pytest.mark.parametrize("missing", ["authlib", "requests", "authlib and requests"])
def test_without_its_packages_the_door_stays_shut_and_the_operator_is_told(browser_with, monkeypatch, missing):
    monkeypatch.setattr(door, "find_spec", lambda name: None if name in missing else name)
    browser = browser_with()

    assert BUTTON not in browser.get("/auth/sign-in").text
    assert browser.get("/auth/single-sign-on/start").status_code == 404
    browser.register()
    assert browser.signed_in
    assert "/auth/single-sign-on" not in browser.get("/auth/account").text
    with browser.client.application.app_context():
        assert door.what_is_wrong() == (
            f"CPD_SIGN_ON_ISSUER is set, but {missing} cannot be found: install cpd[single-sign-on]. "
            "Until then people sign in with their passwords alone."
        )


def test_without_settings_none_of_its_packages_is_loaded(client_with, monkeypatch):
    for name in [name for name in sys.modules if name.partition(".")[0] == "authlib"]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.delitem(sys.modules, "cpd.auth.sign_on.provider", raising=False)
    client_with(**OFF)
    assert "authlib" not in sys.modules


def test_where_all_is_well_the_operator_is_told_nothing(app):
    with app.app_context():
        assert door.what_is_wrong() is None


def test_a_provider_that_is_away_at_the_start_stops_nothing(settings, fake):
    fake.raw["/.well-known/openid-configuration"] = Raw(b"<html>", kind="text/html", status=404)
    said = []
    prepare(settings, say=said.append, progress=lambda items, _: items)

    assert said[-1] == (
        f"Single sign-on with {fake.issuer} does not work now: its description cannot be had: "
        "the answer, with status 404, is no JSON. People can sign in with their passwords meanwhile."
    )


def test_an_issuer_that_is_spelt_otherwise_is_named(browser_with, fake):
    browser = browser_with(sign_on_issuer=f"{fake.issuer}/")
    with browser.client.application.app_context():
        assert f"set CPD_SIGN_ON_ISSUER to {fake.issuer}." in door.what_is_wrong()


def test_the_button_stands_in_the_page_that_is_drawn_once(browser, new_browser):
    for wanted in ("/record/", "/list"):
        for each in (browser, new_browser()):
            page = each.get(f"/auth/sign-in?next={wanted}").text
            assert f'<a class="btn btn--line" href="/auth/single-sign-on/start?next={wanted}">{BUTTON}</a>' in page
            assert hidden_fields(page)["next"] == wanted


def test_the_name_is_escaped(browser_with):
    page = browser_with(sign_on_name="<b>St & Co</b>").get("/auth/sign-in").text
    assert "Sign in with &lt;b&gt;St &amp; Co&lt;/b&gt;" in page


def test_the_button_stays_where_a_password_was_wrong(browser):
    page = browser.sign_in(password="wrong").text
    assert BUTTON in page
