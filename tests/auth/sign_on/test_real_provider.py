"""Signing in with a certified provider: npm's oidc-provider."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import replace

import pytest

from cpd.auth.sign_on import door
from cpd.settings import Settings
from tests.auth.browser import ANN, PASSWORD, Browser
from tests.auth.sign_on.real import at_provider, serving_real


@pytest.fixture(scope="session")
def issuer() -> Iterator[str]:
    with serving_real() as issuer:
        yield issuer


@pytest.fixture
def settings(settings: Settings, issuer: str) -> Settings:
    return replace(settings, site_url="http://127.0.0.1:8000", sign_on_issuer=issuer)


@pytest.fixture
def come_back(browser: Browser) -> Callable[..., str]:
    """Goes to the provider and back; gives the path that the site leads to then."""

    def come_back(login: str | None) -> str:
        address = browser.get("/auth/single-sign-on/start?next=/record/").location
        return str(browser.get(at_provider(address, login)).location)

    return come_back


def test_a_new_person_registers_and_signs_in_again(browser, come_back, rows_of):
    assert come_back("ann") == "/auth/single-sign-on/register"
    answer = browser.send("/auth/single-sign-on/register", **ANN)
    assert (answer.status_code, answer.location) == (303, "/record/")
    assert [(row["issuer"], row["subject"]) for row in rows_of("sign_on")] == [
        (browser.client.application.config["SETTINGS"].sign_on_issuer, "ann")
    ]
    browser.sign_out()

    assert come_back("ann") == "/record/"
    assert browser.signed_in


def test_a_known_address_shows_its_password_once(browser, come_back):
    browser.register()
    browser.sign_out()

    assert come_back("ann") == "/auth/single-sign-on/link"
    assert browser.send("/auth/single-sign-on/link", password=PASSWORD).location == "/record/"
    browser.sign_out()

    assert come_back("ann") == "/record/"
    assert browser.signed_in


@pytest.mark.parametrize(
    ("login", "why"), [("ben", "unverified"), ("cleo", "unverified"), (None, "cancelled")], ids=str
)
def test_others_are_told_why_not(browser, come_back, login, why):
    assert come_back(login) == f"/auth/single-sign-on/failed?why={why}&next=/record/"
    assert not browser.signed_in


def test_a_code_works_once_at_the_provider_too(browser):
    address = browser.get("/auth/single-sign-on/start").location
    path = at_provider(address, "ann")
    assert browser.get(path).location == "/auth/single-sign-on/register"
    again = browser.get("/auth/single-sign-on/start").location
    state = re.search(r"state=([\w-]+)", again)[1]
    replayed = re.sub(r"state=[\w-]+", f"state={state}", path)

    assert "why=provider" in browser.get(replayed).location


def test_the_start_says_nothing_where_all_is_well(app):
    with app.app_context():
        assert door.what_is_wrong() is None


@pytest.mark.usefixtures("documents")
def test_a_site_whose_provider_has_another_secret_says_so_calmly(client_with):
    browser = Browser(client_with(sign_on_client_secret="another").application)
    address = browser.get("/auth/single-sign-on/start").location

    assert "why=provider" in browser.get(at_provider(address, "ann")).location
