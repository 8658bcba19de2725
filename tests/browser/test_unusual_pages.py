"""Pages with a warning above them: what has expired or was withdrawn."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.browser.looking import COLOUR_RULES, NARROWEST, PHONE, faults_of, too_wide, violations
from tests.browser.sample import Visit, fail_module
from tests.browser.serving import serving


@pytest.fixture
def site(app, write_module, write_monograph, republish):
    """The address of a site with a module that has expired, and a module and a monograph to be withdrawn."""
    write_module("expired", reviewed="2023-01-10", expires="2024-01-10")
    write_module("withdrawn")
    write_monograph("oldazine")
    republish()
    with serving(app) as url:
        yield url


@pytest.fixture
def learner(chromium, site, write_module, write_monograph, republish):
    """The cookies of a learner who sat an assessment before the module, and a monograph, were withdrawn."""
    visit = Visit(chromium, site, name="Amara Okafor", email="amara@example.org")
    fail_module(visit.page, f"{site}/modules/withdrawn")
    write_module("withdrawn", status="withdrawn")
    write_monograph("oldazine", status="withdrawn")
    republish()
    return visit.leave()


def test_pages_with_a_warning_are_accessible_and_say_what_is_wrong(site, learner, open_browser):
    page = open_browser(viewport=PHONE)
    page.context.add_cookies(learner)
    faults = []
    for path, words in {
        "/modules/expired": "This module expired on 10 January 2024",
        "/modules/expired/assessment": "A pass now gives no credit",
        "/modules/withdrawn": "This module has been withdrawn",
        "/monographs/oldazine": "This monograph has been withdrawn",
    }.items():
        page.set_viewport_size(PHONE)
        page.emulate_media(color_scheme="light")
        page.goto(site + path)
        expect(page.get_by_role("main")).to_contain_text(words)
        faults += faults_of(page)
        page.emulate_media(color_scheme="dark")
        faults += violations(page, COLOUR_RULES)
        page.set_viewport_size(NARROWEST)
        faults += too_wide(page)
    assert faults == []
