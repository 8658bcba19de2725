"""From monographs to my list, and four of it side by side: with a pointer, by keyboard, without script, on a phone."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

import pytest
from flask import Flask
from playwright.sync_api import Page, expect

from tests.browser.hands import Hand, Keyboard, Pointer
from tests.browser.looking import COLOUR_RULES, PHONE, WIDE, faults_of, too_wide, violations
from tests.browser.places import Place
from tests.browser.serving import serving

NAMES = ("Alfadine", "Betadine", "Gammadine", "Deltadine")
COMPARE = "/monographs/compare?m=alfadine&m=betadine&m=gammadine&m=deltadine"
PAPER = {"width": 1031, "height": 688}  # A4 on its side within its margins, in pixels of CSS
CUT_OFF = """
() => [...document.querySelectorAll('.cmp td > *, .cmp .table-wrap')]
  .filter(each => each.scrollWidth > each.clientWidth + 1 && getComputedStyle(each).display !== 'inline')
  .map(each => each.outerHTML.slice(0, 300))
"""
LONG = "".join(f"Reaction {number} was seen.\n\n" for number in range(300))


@pytest.fixture
def site(app: Flask, write_monograph: Callable[..., object], republish: Callable[..., object]) -> Iterator[str]:
    """Four drugs, the first with a boxed warning and a long section, and one with two indications."""
    for name in NAMES:
        boxed = "## Boxed warning\n\nIt can harm the liver.\n\n" if name == "Alfadine" else ""
        long = f"\n## Adverse reactions\n\n{LONG}" if name == "Alfadine" else ""
        body = f"{boxed}## Dosage\n\n### Adults\n\n{len(name)} mg at night.\n\n| A | B |\n|---|---|\n| 1 | 2 |\n{long}"
        write_monograph(name.lower(), name=name, classes=["Muscle relaxant"], body=body)
    write_monograph("zanidine", indications=[{"name": "Muscle spasms"}, {"name": "Hiccups", "use": "If they last."}])
    republish()
    with serving(app) as url:
        yield url


class Prescriber:
    """Somebody with a list, and a hand to use it with."""

    def __init__(self, page: Page, hand: Hand, look: Callable[[Page], None] = lambda _: None) -> None:
        self.page, self.hand, self.look = page, hand, look

    @property
    def main(self):
        return self.page.get_by_role("main")

    def stands_at(self, heading: str) -> None:
        expect(self.page.get_by_role("heading", level=1)).to_have_text(heading)
        self.page.wait_for_load_state()  # its script listens
        self.look(self.page)

    def press(self, name: str) -> None:
        self.hand.press(self.main.get_by_role("button", name=name, exact=True).first)

    def follow(self, name: str) -> None:
        self.hand.press(self.main.get_by_role("link", name=name, exact=True).first)

    def is_told(self, words: str) -> None:
        expect(self.main.get_by_role("status").filter(has_text=words)).to_be_visible()
        self.look(self.page)

    def comes_to(self, address: str) -> None:
        self.page.goto(address)
        if self.page.get_by_role("button", name="I am a healthcare professional").count():
            # A page that is still to come may miss what `route` puts before its requests.
            with self.page.expect_navigation():
                self.press("I am a healthcare professional")

    def names(self) -> list[str]:
        """The drugs of the list, in order."""
        return self.main.locator(".list-items h2").all_inner_texts()

    def columns(self) -> list[str]:
        """The drugs side by side that can be seen."""
        heads = self.page.locator(".cmp > thead th").filter(visible=True)
        return heads.get_by_role("link").filter(has_text=re.compile(".")).all_inner_texts()


def must_be_faultless(page: Page) -> None:
    assert faults_of(page) == [], page.url


def fills_the_list(reader: Prescriber, site: str) -> None:
    reader.comes_to(f"{site}/monographs/zanidine")
    reader.stands_at("Zanidine")
    reader.press("Add to my list")
    reader.stands_at("For which indication?")
    reader.hand.choose(reader.main.get_by_label("Hiccups"))
    reader.press("Add to my list")
    reader.stands_at("Zanidine")
    reader.is_told("Zanidine (Hiccups) is now on your list.")
    for name in NAMES:
        reader.comes_to(f"{site}/monographs/{name.lower()}")
        reader.press("Add to my list")
        reader.is_told(f"{name} is now on your list.")
    reader.follow("My list")
    reader.stands_at("My list")
    assert reader.names() == ["Zanidine", *NAMES]


def orders_and_removes(reader: Prescriber) -> None:
    reader.press("Move Zanidine (Hiccups) down")
    reader.is_told("Zanidine (Hiccups) is now number 2 of 5.")
    assert reader.names()[:2] == ["Alfadine", "Zanidine"]
    reader.press("Remove Zanidine (Hiccups)")
    reader.is_told("Zanidine (Hiccups) was removed from your list.")
    assert reader.names() == list(NAMES)
    reader.press("Undo")
    reader.is_told("Zanidine (Hiccups) is back on your list.")
    assert reader.names()[:2] == ["Alfadine", "Zanidine"]


def compares_four(reader: Prescriber) -> None:
    for name in ("Alfadine", "Zanidine (Hiccups)", "Betadine", "Gammadine"):
        reader.hand.choose(reader.main.get_by_label(f"Compare {name}", exact=True))
    reader.press("Compare")
    reader.stands_at("Compare drugs")
    assert reader.columns() == ["Alfadine", "Zanidine", "Betadine", "Gammadine"]
    row = reader.main.get_by_role("row").filter(has=reader.page.get_by_role("rowheader", name="Dosage", exact=True))
    expect(row.get_by_role("cell")).to_contain_text(["8 mg at night.", "Not stated in this monograph", "8 mg", "9 mg"])


def is_refused_a_fifth(reader: Prescriber) -> None:
    reader.page.goto(f"{reader.page.url}&m=deltadine")
    reader.stands_at("Choose drugs to compare")
    expect(reader.page.get_by_role("alert")).to_contain_text("You can compare four drugs. Remove one first.")
    reader.follow("Remove Betadine")
    reader.stands_at("Compare drugs")
    assert reader.columns() == ["Alfadine", "Zanidine", "Gammadine", "Deltadine"]


def removes_columns(reader: Prescriber) -> None:
    reader.follow("Remove Deltadine")
    expect(reader.page).to_have_title(re.compile("^Compare Alfadine, Zanidine .Hiccups., Gammadine –"))
    reader.follow("Remove Zanidine (Hiccups)")
    expect(reader.page).to_have_title(re.compile("^Compare Alfadine, Gammadine –"))
    reader.follow("Remove Alfadine")
    reader.stands_at("Choose drugs to compare")
    reader.hand.choose(reader.main.get_by_role("group", name="Related to Gammadine").get_by_label("Betadine"))
    reader.press("Compare")
    reader.stands_at("Compare drugs")
    assert reader.columns() == ["Gammadine", "Betadine"]


def test_four_of_a_list_are_compared(site, open_browser, journal):
    page = open_browser()
    reader = Prescriber(page, Pointer(page), look=must_be_faultless)
    fills_the_list(reader, site)
    orders_and_removes(reader)
    compares_four(reader)
    is_refused_a_fifth(reader)
    removes_columns(reader)
    assert [status for status, _ in journal.take_answers()] == [400]


def test_four_of_a_list_are_compared_without_javascript(site, open_browser, journal):
    page = open_browser(java_script_enabled=False)
    reader = Prescriber(page, Pointer(page))
    fills_the_list(reader, site)
    orders_and_removes(reader)
    compares_four(reader)
    is_refused_a_fifth(reader)
    removes_columns(reader)
    reader.hand.choose(reader.main.get_by_label("Hide identical rows"))
    reader.press("Apply")
    assert "identical=hide" in page.url
    expect(page.locator("tr.same").first).to_be_hidden()
    assert [status for status, _ in journal.take_answers()] == [400]


def test_four_of_a_list_are_compared_by_keyboard_alone(site, open_browser):
    page = open_browser()
    reader = Prescriber(page, Keyboard(page))
    fills_the_list(reader, site)
    orders_and_removes(reader)
    compares_four(reader)
    is_refused_a_fifth(reader)
    removes_columns(reader)


@pytest.fixture
def reader(site, open_browser):
    """Somebody who compares the four drugs."""
    page = open_browser(permissions=["clipboard-read", "clipboard-write"])
    reader = Prescriber(page, Pointer(page))
    reader.comes_to(site + COMPARE)
    return reader


def test_identical_rows_are_hidden_at_once_and_the_address_says_so(reader):
    page = reader.page
    same, other = page.locator("#row-contraindications"), page.locator("#row-dosage")
    expect(same).to_be_visible()
    reader.main.get_by_label("Hide identical rows").check()
    expect(same).to_be_hidden()
    expect(other).to_be_visible()
    assert page.url.endswith("&identical=hide")
    assert faults_of(page) == []
    reader.main.get_by_label("Hide identical rows").uncheck()
    expect(same).to_be_visible()
    assert page.url.endswith("m=deltadine")


def test_names_stay_in_sight_while_reading_on(reader):
    for size in (WIDE, PHONE):
        reader.page.set_viewport_size(size)
        reader.page.locator("#row-patient-counselling").scroll_into_view_if_needed()
        expect(reader.page.locator(".cmp > thead").get_by_role("link", name="Alfadine", exact=True)).to_be_in_viewport()


def test_a_phone_shows_two_that_can_be_chosen(reader):
    page = reader.page
    page.set_viewport_size(PHONE)
    assert reader.columns() == ["Alfadine", "Betadine"]
    assert faults_of(page) == []
    reader.main.get_by_label("Show", exact=True).select_option(label="Deltadine")
    reader.main.get_by_label("beside").select_option(label="Gammadine")
    reader.press("Show")
    expect(page).to_have_url(re.compile("show=4&show=3"))
    assert sorted(reader.columns()) == ["Deltadine", "Gammadine"]
    expect(page.locator("#row-dosage > td").filter(visible=True)).to_have_count(2)
    page.set_viewport_size({"width": 320, "height": 640})
    assert too_wide(page) == []
    page.set_viewport_size(WIDE)
    assert reader.columns() == list(NAMES)


def test_paper_has_all_columns_and_rows_and_lies_on_its_side(reader):
    page = reader.page
    page.goto(f"{page.url}&show=3,4&identical=hide&full=1")
    page.set_viewport_size(PHONE)
    page.emulate_media(media="print")
    assert reader.columns() == list(NAMES)
    expect(page.locator("#row-contraindications > td").filter(visible=True)).to_have_count(4)
    expect(page.get_by_text("Reaction 299 was seen.")).to_be_visible()
    expect(page.locator(".cmp-tools")).to_be_hidden()
    paper = page.pdf(prefer_css_page_size=True)
    sides = [float(number) for number in re.search(rb"/MediaBox\s*\[0 0 ([\d.]+) ([\d.]+)\]", paper).groups()]
    assert sides[0] > sides[1]


def test_nothing_in_a_cell_is_cut_off_on_paper(sample, open_browser):
    """Doses stand in the last columns of tables."""
    page = open_browser(viewport=PAPER)
    sample.go(page, Place("compare", "/monographs/compare?m=baclofen&m=tizanidine&m=dantrolene&m=diazepam&full=1"))
    page.emulate_media(media="print")
    expect(page.locator(".cmp .table").first).to_be_visible()
    assert page.evaluate(CUT_OFF) == []


def test_the_link_can_be_copied(reader, site):
    reader.press("Copy link")
    expect(reader.main.get_by_text("Copied")).to_be_visible()
    assert reader.page.evaluate("navigator.clipboard.readText()") == site + COMPARE


def test_a_long_cell_is_opened_where_it_stands(reader):
    page = reader.page
    page.route(
        "**/sections/adverse-reactions?whole=1",
        lambda route: route.fulfill(body='<div data-part><h3 id="x">Common</h3><p>Every word.</p></div>'),
    )
    reader.follow("All of Adverse reactions of Alfadine")
    cell = page.locator("#row-adverse-reactions > td").first
    expect(cell).to_have_text("CommonEvery word.")
    expect(cell).to_be_focused()
    assert page.locator("#x").count() == 0
    assert faults_of(page) == []


def test_a_long_cell_that_cannot_be_fetched_leads_to_its_page(reader, journal):
    page = reader.page
    whole = "<!doctype html><title>A</title><main><h1>Adverse reactions</h1></main>"
    address = "**/sections/adverse-reactions?whole=1"
    page.route(address, lambda route: route.fulfill(body=whole, content_type="text/html"))
    reader.follow("All of Adverse reactions of Alfadine")
    reader.stands_at("Adverse reactions")
    journal.take_answers()


def test_at_most_four_boxes_can_be_checked_and_a_sentence_says_so(site, open_browser):
    page = open_browser()
    reader = Prescriber(page, Pointer(page))
    fills_the_list(reader, site)
    for name in NAMES:
        reader.hand.choose(reader.main.get_by_label(f"Compare {name}", exact=True))
    fifth = reader.main.get_by_label("Compare Zanidine (Hiccups)")
    expect(fifth).to_be_disabled()
    expect(reader.main.get_by_text("That is four. Clear one to choose another.")).to_be_visible()
    reader.main.get_by_label("Compare Betadine").uncheck()
    expect(fifth).to_be_enabled()
    assert faults_of(page) == []


def test_both_pages_can_be_read_in_the_dark(reader, site):
    page = reader.page
    page.emulate_media(color_scheme="dark")
    reader.comes_to(f"{site}/monographs/alfadine")
    reader.press("Add to my list")
    reader.follow("My list")
    for address in (page.url, site + COMPARE):
        page.goto(address)
        assert violations(page, COLOUR_RULES) == []
