"""Search by keyboard, by pointer and without JavaScript, on wide screens and phones."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from tests.browser.looking import COLOUR_RULES, NARROWEST, PHONE, faults_of, too_wide, violations
from tests.browser.places import Place

CATALOGUE, SEARCH = Place("catalogue", "/modules/"), Place("search", "/search")


@pytest.fixture
def page(sample, open_browser):
    page = open_browser()
    sample.go(page, CATALOGUE)
    return page


def box_of(page):
    return page.get_by_role("combobox", name="Search modules and drugs").locator("visible=true")


def options_of(page):
    return page.get_by_role("listbox", name="Suggestions").get_by_role("option")


def test_a_drug_is_found_by_keyboard_alone(page):
    page.keyboard.press("/")
    box = box_of(page)
    expect(box).to_be_focused()
    expect(box).to_have_attribute("aria-expanded", "false")
    page.keyboard.type("bac")
    expect(options_of(page).first).to_be_visible()
    expect(box).to_have_attribute("aria-expanded", "true")
    expect(box).not_to_have_attribute("aria-activedescendant", re.compile("."))

    page.keyboard.press("ArrowDown")
    first = options_of(page).first
    expect(first).to_have_attribute("aria-selected", "true")
    expect(first).to_contain_text("Baclofen")
    expect(box).to_have_attribute("aria-activedescendant", first.get_attribute("id"))
    expect(box).to_be_focused()
    page.keyboard.press("ArrowUp")
    expect(first).to_have_attribute("aria-selected", "false")
    page.keyboard.press("ArrowUp")
    expect(options_of(page).last).to_have_attribute("aria-selected", "true")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile("/monographs/baclofen"))


def test_enter_without_a_choice_searches(page):
    page.keyboard.press("/")
    page.keyboard.type("eliquis")
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile(r"/search\?q=eliquis$"))
    expect(page.get_by_role("heading", level=1)).to_have_text("Search")
    expect(page.get_by_text("Eliquis: brand name of apixaban")).to_be_visible()
    expect(page.get_by_label("Search modules and drugs")).to_have_value("eliquis")


def test_escape_closes_the_list_and_keeps_what_was_typed(page):
    box_of(page).press_sequentially("bac")
    expect(options_of(page).first).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.get_by_role("listbox", name="Suggestions")).to_be_hidden()
    expect(box_of(page)).to_have_value("bac")
    page.keyboard.press("ArrowDown")
    expect(options_of(page).first).to_be_visible()


def test_leaving_the_box_closes_the_list(page):
    box_of(page).press_sequentially("bac")
    expect(options_of(page).first).to_be_visible()
    page.keyboard.press("Tab")
    expect(page.get_by_role("listbox", name="Suggestions")).to_be_hidden()


def test_an_offer_is_followed_by_pointer(page):
    box_of(page).press_sequentially("headache")
    options_of(page).first.click()
    expect(page).to_have_url(re.compile("/modules/headache$"))


def test_a_mistyped_name_is_offered_as_a_similar_one(page):
    box_of(page).press_sequentially("baclofin")
    expect(page.get_by_role("group", name="Drugs with a similar name")).to_be_visible()


def test_how_many_are_offered_is_said(page):
    box_of(page).press_sequentially("bac")
    expect(page.get_by_role("search").get_by_role("status")).to_have_text(re.compile(r"^\d+ suggestions$"))


def test_a_slash_is_typed_where_one_types(page):
    box_of(page).focus()
    page.keyboard.type("a/b")
    expect(box_of(page)).to_have_value("a/b")


def test_home_has_its_search_in_the_first_view(sample, open_browser):
    for size in ({"width": 1280, "height": 900}, PHONE):
        page = open_browser(viewport=size)
        sample.go(page, Place("home", "/"))
        page.keyboard.press("/")
        expect(box_of(page)).to_be_focused()
        expect(box_of(page)).to_be_in_viewport()


def test_on_a_phone_the_header_leads_to_search(sample, open_browser):
    page = open_browser(viewport=PHONE, has_touch=True)
    sample.go(page, CATALOGUE)
    page.get_by_role("banner").get_by_role("link", name="Search").tap()
    expect(page).to_have_url(re.compile("/search$"))
    page.get_by_role("main").get_by_label("Search modules and drugs").fill("bac")
    options_of(page).first.tap()
    expect(page).to_have_url(re.compile("/monographs/baclofen"))


def test_search_works_without_javascript(sample, open_browser):
    page = open_browser(java_script_enabled=False)
    sample.go(page, CATALOGUE)
    page.get_by_label("Search modules and drugs").fill("headahce")
    page.keyboard.press("Enter")
    expect(page.get_by_text("similar spelling")).to_be_visible()
    page.get_by_role("link", name="headache", exact=True).click()
    expect(page).to_have_url(re.compile(r"/search\?q=headache$"))
    page.get_by_role("navigation", name="Kinds of results").get_by_role("link", name="Modules").click()
    page.get_by_role("link", name="Headache: when to worry").click()
    expect(page).to_have_url(re.compile("/modules/headache$"))


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("size", [{"width": 1280, "height": 900}, PHONE], ids=["wide", "phone"])
def test_a_page_with_the_list_open_is_accessible(size, theme, sample, open_browser):
    page = open_browser(viewport=size, color_scheme=theme)
    sample.go(page, SEARCH)
    page.get_by_role("main").get_by_label("Search modules and drugs").fill("b")
    expect(options_of(page).first).to_be_visible()
    page.keyboard.press("ArrowDown")
    assert faults_of(page) == []
    page.set_viewport_size(NARROWEST)
    assert too_wide(page) == []


QUESTIONS = ("", "baclofen", "baclofin", "headache pain", "xyzzyplugh", "x" * 300, "eliquis&kind=module", "the&page=2")


@pytest.mark.parametrize("q", QUESTIONS)
def test_every_answer_is_accessible_and_fits(q, sample, open_browser):
    page = open_browser()
    sample.go(page, Place("search", f"/search?q={q}"))
    for size in ({"width": 1280, "height": 900}, PHONE):
        page.set_viewport_size(size)
        assert faults_of(page) == []
    page.emulate_media(color_scheme="dark")
    assert violations(page, COLOUR_RULES) == []
    page.set_viewport_size(NARROWEST)
    assert too_wide(page) == []
