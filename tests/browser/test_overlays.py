"""What opens over a page: the card of a drug, the menu, the filters. And the catalogue while it is filtered."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from tests.browser.looking import COLOUR_RULES, PHONE, faults_of, violations
from tests.browser.places import UNOPENED, Place

MODULE = Place("module", f"/modules/{UNOPENED}")
CATALOGUE = Place("catalogue", "/modules/")
AFTER = 250  # ms before a card opens


@pytest.fixture
def module(sample, open_browser):
    """The page of a module, on which time stands still until a test lets it pass."""
    page = open_browser()
    page.clock.install()
    sample.go(page, MODULE)
    page.clock.pause_at(page.evaluate("Date.now()") + 60_000)
    return page


@pytest.fixture
def drug(module):
    return module.locator("article a.drug").first


@pytest.fixture
def card(module):
    return module.locator("#drug-card")


def test_a_card_opens_only_when_the_pointer_stays_a_moment(module, drug, card):
    drug.hover()
    module.clock.run_for(AFTER - 1)
    expect(card).not_to_be_attached()

    module.clock.run_for(1)
    expect(card).to_be_visible()
    expect(card.get_by_role("link", name="Open monograph")).to_have_attribute("href", drug.get_attribute("href"))
    expect(drug).to_have_attribute("aria-describedby", "drug-card")


def test_a_card_stays_while_the_pointer_is_in_it_and_closes_when_it_leaves(module, drug, card):
    drug.hover()
    module.clock.run_for(AFTER)
    card.hover()
    module.clock.run_for(10 * AFTER)
    expect(card).to_be_visible()

    module.get_by_role("heading", level=1).hover()
    module.clock.run_for(AFTER)
    expect(card).to_be_hidden()


def test_escape_closes_a_card_at_once(module, drug, card):
    drug.hover()
    module.clock.run_for(AFTER)
    expect(card).to_be_visible()
    module.keyboard.press("Escape")
    expect(card).to_be_hidden()
    expect(drug).not_to_have_attribute("aria-describedby", "drug-card")


def test_the_next_tab_stop_after_a_drug_is_in_its_card(module, drug, card):
    module.keyboard.press("Tab")
    drug.focus()
    module.clock.run_for(AFTER)
    expect(card).to_be_visible()
    module.keyboard.press("Tab")
    expect(card.get_by_role("link", name="Open monograph")).to_be_focused()
    module.keyboard.press("Escape")
    expect(card).to_be_hidden()
    expect(drug).to_be_focused()


def test_a_finger_opens_the_monograph_itself(sample, open_browser):
    page = open_browser(viewport=PHONE, has_touch=True)
    sample.go(page, MODULE)
    page.locator("article a.drug").first.tap()
    expect(page).to_have_url(re.compile("/monographs/"))


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_a_page_with_a_card_open_is_accessible(theme, sample, open_browser):
    page = open_browser(color_scheme=theme)
    sample.go(page, MODULE)
    page.locator("article a.drug").first.hover()
    expect(page.locator("#drug-card")).to_be_visible()
    assert faults_of(page) == []


@pytest.mark.parametrize(("button", "sheet"), [("Menu", "#menu"), ("Filter and sort", "#filters")])
def test_a_page_with_a_sheet_open_is_accessible_on_a_phone(button, sheet, sample, open_browser):
    page = open_browser(viewport=PHONE)
    sample.go(page, CATALOGUE)
    page.get_by_role("button", name=button, exact=True).click()
    expect(page.locator(sheet)).to_be_visible()
    light = faults_of(page)
    page.emulate_media(color_scheme="dark")
    assert [*light, *violations(page, COLOUR_RULES)] == []


@pytest.mark.parametrize(("button", "sheet"), [("Menu", "#menu"), ("Filter and sort", "#filters")])
def test_escape_closes_a_sheet_and_gives_the_focus_back(button, sheet, sample, open_browser):
    page = open_browser(viewport=PHONE)
    sample.go(page, CATALOGUE)
    opener = page.get_by_role("button", name=button, exact=True)
    opener.focus()
    page.keyboard.press("Enter")
    expect(page.locator(sheet)).to_be_visible()
    page.keyboard.press("Tab")
    page.keyboard.press("Escape")
    expect(page.locator(sheet)).to_be_hidden()
    expect(opener).to_be_focused()


def test_a_filter_changes_the_list_the_count_and_the_address_without_leaving_the_page(sample, open_browser):
    page = open_browser()
    sample.go(page, CATALOGUE)
    page.evaluate("document.documentElement.dataset.same = 'yes'")
    page.get_by_label("Red flags").check()
    expect(page).to_have_url(re.compile("category=red-flags"))
    expect(page.get_by_role("heading", name="3 modules")).to_be_visible()
    expect(page.get_by_role("main").get_by_role("status")).to_have_text("3 modules")
    expect(page.locator("html")).to_have_attribute("data-same", "yes")

    page.go_back()
    expect(page.get_by_role("heading", name="3 modules")).to_be_hidden()
    expect(page.get_by_label("Red flags")).not_to_be_checked()


def test_the_catalogue_is_filtered_without_javascript(sample, open_browser):
    page = open_browser(java_script_enabled=False)
    sample.go(page, CATALOGUE)
    page.get_by_label("Red flags").check()
    page.get_by_role("button", name="Show modules").click()
    expect(page.get_by_role("heading", name="3 modules")).to_be_visible()
