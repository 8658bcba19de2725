"""Single sign-on as a browser meets it: a link, the provider's own page, and back."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

import pytest
from playwright.sync_api import Page, expect

from cpd import create_app
from cpd.content.publish import publish
from cpd.db import db
from cpd.settings import Settings
from cpd.web import clock
from tests.auth.sign_on.fake import CLIENT_ID, CLIENT_SECRET, NAME
from tests.auth.sign_on.real import serving_real
from tests.browser.looking import faults_of
from tests.browser.serving import free_port, serving
from tests.conftest import PASSWORD
from tests.factories import write_site


@pytest.fixture
def site(settings: Settings) -> Iterator[str]:
    """The address of a site whose people may sign in with a provider."""
    port = free_port()
    write_site(settings.content_folder)
    with serving_real() as issuer:
        app = create_app(
            replace(
                settings,
                site_url=f"http://127.0.0.1:{port}",
                sign_on_issuer=issuer,
                sign_on_client_id=CLIENT_ID,
                sign_on_client_secret=CLIENT_SECRET,
                sign_on_name=NAME,
            )
        )
        with app.app_context():
            publish(settings.content_folder, now=clock.now())
        with serving(app, port) as address:
            yield address
        with app.app_context():
            db.engine.dispose()


def sign_in_there(page: Page) -> None:
    page.get_by_role("link", name=f"Sign in with {NAME}").click()
    page.get_by_label("Name").fill("ann")
    page.get_by_role("button", name="Sign in").click()


def heading(page: Page, text: str) -> None:
    expect(page.get_by_role("heading", level=1)).to_have_text(text)
    assert faults_of(page) == []


def test_a_new_learner_comes_from_the_provider_parts_from_it_and_links_again(
    site: str, open_browser: Callable[..., Page]
) -> None:
    page = open_browser()
    page.goto(f"{site}/auth/sign-in?next=/record/")
    heading(page, "Sign in")
    sign_in_there(page)

    heading(page, "Create an account")
    assert page.url == f"{site}/auth/single-sign-on/register"
    address = page.get_by_label("E-mail address")
    assert (address.input_value(), address.is_editable()) == ("ann@example.org", False)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_label("Profession", exact=True).select_option("Doctor")
    page.get_by_label("I am a healthcare professional").check()
    page.get_by_label("I agree to the terms of use").check()
    page.get_by_role("button", name="Create my account").click()
    expect(page).to_have_url(f"{site}/record/")

    page.goto(f"{site}/auth/single-sign-on")
    heading(page, "Single sign-on")
    page.get_by_role("button", name="Unlink").click()
    expect(page.get_by_text(f"Your account is not linked with {NAME}.")).to_be_visible()
    heading(page, "Single sign-on")
    page.get_by_role("link", name="Link with").click()  # the provider knows already who is there
    heading(page, "Is this your account?")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Link and sign in").click()
    expect(page.get_by_text(f"You can sign in with {NAME}")).to_be_visible()


def test_who_changes_their_mind_there_is_led_to_their_password(site: str, open_browser: Callable[..., Page]) -> None:
    page = open_browser()
    page.goto(f"{site}/auth/sign-in?next=/record/")
    page.get_by_role("link", name=f"Sign in with {NAME}").click()
    page.get_by_role("button", name="Cancel").click()

    heading(page, "You are not signed in")
    page.get_by_role("link", name="Sign in with your password").click()
    heading(page, "Sign in")
    assert page.url == f"{site}/auth/sign-in?next=/record/"
