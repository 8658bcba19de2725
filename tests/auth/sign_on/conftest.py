"""A site whose people may sign in with a provider that the tests have made."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest

from cpd.settings import Settings
from tests.auth.browser import Browser
from tests.auth.sign_on.fake import Fake, Visit, serving_fake, settings_of


@pytest.fixture
def fake() -> Iterator[Fake]:
    with serving_fake() as fake:
        yield fake


@pytest.fixture
def settings(settings: Settings, fake: Fake) -> Settings:
    return replace(settings, **settings_of(fake))


@pytest.fixture
def visit(browser: Browser, fake: Fake) -> Visit:
    return Visit(browser, fake)


@pytest.fixture
def ann(browser: Browser) -> Browser:
    """Registered with a password, and signed out again."""
    browser.register()
    browser.sign_out()
    return browser


@pytest.fixture
def linked(ann: Browser, visit: Visit) -> Browser:
    """Registered, linked with the provider, and signed out."""
    link(visit)
    ann.sign_out()
    return ann


def link(visit: Visit) -> None:
    """Sign in with the provider for the first time, and show the password."""
    page = visit.finish()
    answer = visit.browser.post("/auth/single-sign-on/link", page, password="violin-gravel-otter-tundra")
    assert answer.status_code == 303, answer.text
