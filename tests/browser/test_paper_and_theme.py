"""Pages on paper, and the theme that somebody chose."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.browser.places import BOXED, PASSED, Place, Who

DARK_PAPER, LIGHT_PAPER, WHITE = "rgb(15, 23, 25)", "rgb(251, 250, 246)", "rgb(255, 255, 255)"
PRINTED = [
    Place("monograph", f"/monographs/{BOXED}"),
    Place("module", f"/modules/{PASSED}"),
    Place("record", "/record/", Who.LEARNER),
]


@pytest.mark.parametrize("place", PRINTED, ids=lambda place: place.name)
def test_paper_shows_no_navigation_and_no_buttons(place, sample, open_browser):
    page = open_browser(color_scheme="dark")
    sample.go(page, place)
    assert shown(page, "nav, button, .btn, select") != []
    page.emulate_media(media="print")
    assert shown(page, "nav, button, .btn, select") == []
    expect(page.get_by_role("heading", level=1)).to_be_visible()
    expect(page.locator("body")).to_have_css("background-color", WHITE)


def test_a_boxed_warning_is_on_paper_in_full(sample, open_browser):
    page = open_browser()
    sample.go(page, PRINTED[0])
    warning = page.get_by_role("region", name="Boxed warning")
    on_screen = warning.inner_text()
    page.emulate_media(media="print")
    expect(warning).to_be_visible()
    assert warning.inner_text() == on_screen
    # It begins on the first page, and its frame is closed on each.
    expect(warning).to_have_css("break-inside", "auto")
    expect(warning).to_have_css("-webkit-box-decoration-break", "clone")


def test_a_printed_monograph_says_when_it_was_printed(sample, open_browser):
    page = open_browser()
    page.clock.set_fixed_time("2026-12-24T12:00:00Z")
    sample.go(page, PRINTED[0])
    note = page.get_by_text("Check for updates before use")
    expect(note).to_be_hidden()
    page.pdf()
    page.emulate_media(media="print")
    expect(note).to_contain_text("Printed on 24 December 2026")
    expect(note).to_be_visible()


def shown(page, selector: str) -> list[str]:
    """What of it can be seen in the window or by scrolling."""
    return [each.inner_text() for each in page.locator(selector).all() if each.is_visible()]


@pytest.mark.parametrize("scripted", [True, False], ids=["with script", "without script"])
def test_a_chosen_theme_stays_on_every_page_until_the_device_decides_again(scripted, sample, open_browser):
    page = open_browser(java_script_enabled=scripted, color_scheme="light")
    sample.go(page, PRINTED[0])
    paper = page.locator("body")
    expect(paper).to_have_css("background-color", LIGHT_PAPER)

    choose(page, "Dark")
    assert page.url == sample.url + PRINTED[0].path
    expect(paper).to_have_css("background-color", DARK_PAPER)
    page.goto(f"{sample.url}/modules/")
    expect(paper).to_have_css("background-color", DARK_PAPER)
    expect(page.get_by_label("Theme")).to_have_value("dark")

    choose(page, "Match device")
    expect(paper).to_have_css("background-color", LIGHT_PAPER)


def test_a_chosen_light_theme_holds_on_a_dark_device(sample, open_browser):
    page = open_browser(color_scheme="dark")
    sample.go(page, PRINTED[1])
    expect(page.locator("body")).to_have_css("background-color", DARK_PAPER)
    choose(page, "Light")
    expect(page.locator("body")).to_have_css("background-color", LIGHT_PAPER)


def choose(page, theme: str) -> None:
    page.get_by_label("Theme").select_option(label=theme)
    with page.expect_navigation():
        page.get_by_role("button", name="Set").click()
