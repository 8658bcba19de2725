"""Finding a drug by its class, indication or company: by the pointer without script, and by the keyboard alone."""

from __future__ import annotations

from playwright.sync_api import Page, expect

from tests.browser.looking import NARROWEST, PHONE
from tests.browser.places import Place

RELAXANTS = ["Baclofen (intrathecal)", "Baclofen (oral)", "Dantrolene", "Diazepam", "Tizanidine"]
INDEX = Place("monographs", "/monographs/")


def headings(page: Page) -> list[str]:
    return page.get_by_role("main").get_by_role("heading", level=2).all_inner_texts()


def test_drugs_of_an_indication_are_found_without_script_on_a_phone(sample, open_browser):
    page = open_browser(java_script_enabled=False, viewport=PHONE)
    sample.go(page, INDEX)
    tabs = page.get_by_role("navigation", name="Indexes")
    tabs.get_by_role("link", name="By indication").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Drugs by indication")
    page.get_by_role("navigation", name="First letter").get_by_role("link", name="S", exact=True).click()
    page.get_by_role("main").get_by_role("link", name="Spasticity 5 drugs").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Spasticity")
    assert headings(page) == RELAXANTS
    page.get_by_role("link", name="Tizanidine").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Tizanidine")


def test_drugs_of_a_class_are_found_by_the_keyboard_alone(sample, open_browser):
    page = open_browser()
    sample.go(page, INDEX)
    reach(page, "By class")
    expect(page.get_by_role("heading", level=1)).to_have_text("Drugs by class")
    reach(page, "Skeletal muscle relaxant 5 drugs")
    expect(page.get_by_role("heading", level=1)).to_have_text("Skeletal muscle relaxant")
    assert headings(page) == RELAXANTS
    reach(page, "Dantrolene")
    expect(page.get_by_role("heading", level=1)).to_have_text("Dantrolene")


def reach(page: Page, name: str) -> None:
    """Move to a link of the main part by the Tab key, and follow it."""
    link = page.get_by_role("main").get_by_role("link", name=name, exact=True).first
    for _ in range(200):
        page.keyboard.press("Tab")
        if link.evaluate("link => link === document.activeElement"):
            break
    with page.expect_navigation():
        page.keyboard.press("Enter")


def test_links_of_the_lists_are_large_enough_to_be_touched(sample, open_browser):
    page = open_browser(viewport=NARROWEST)
    for path in ("/monographs/", "/monographs/?by=class", "/monographs/?by=company"):
        sample.go(page, Place(path, path))
        small = [
            link.inner_text()
            for link in page.locator(".tabs a, .letters a, .terms a").all()
            if (link.bounding_box() or {"height": 0})["height"] < 44
        ]
        assert small == [], path


def test_printed_lists_keep_their_drugs(sample, open_browser):
    page = open_browser()
    sample.go(page, Place("class", "/monographs/?class=skeletal-muscle-relaxant"))
    page.emulate_media(media="print")
    for name in RELAXANTS:
        expect(page.get_by_role("link", name=name)).to_be_visible()
