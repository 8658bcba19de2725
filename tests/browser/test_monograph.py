"""A monograph in the browser: what a long one leaves out, the private note, citing, choosing, paper; without script."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect
from sqlalchemy import delete

from cpd.auth.models import Session
from cpd.content import folding
from cpd.db import db
from tests.browser.hands import Keyboard, Pointer
from tests.browser.journey import EMAIL, PASSWORD, Learner
from tests.browser.looking import COLOUR_RULES, NARROWEST, PHONE, WIDE, faults_of, too_wide, violations
from tests.browser.serving import serving
from tests.monographs.long import long_body

AFTER_TYPING = 3_000  # ms before a note is saved
CLASSES = {"classes": ["Muscle relaxant"]}
SPASMS, SPASTICITY = {"name": "Muscle spasms", "use": "After an injury."}, {"name": "Severe spasticity"}
IMPORTED = {
    "indications": [SPASMS, SPASTICITY],
    "key_facts": {"adult_start": "2 mg at night", "usual_maximum": "36 mg a day"},
    "draft": ["indications", "key_facts"],
    "legal_class": "Prescription only",
    "source": {"kind": "Label", "title": "Longdine tablets", "version": "7", "set_id": "1e59-0000"},
}


@pytest.fixture
def site(app, write_monograph, republish, monkeypatch):
    """The address of a site with an imported monograph that is too long for its page, and five of its class."""
    for limit in ("SHOWN", "PART", "HEAD"):
        monkeypatch.setattr(folding, limit, getattr(folding, limit) // 4)
    write_monograph("longdine", body=long_body(0.05), **CLASSES, **IMPORTED)
    for name in ("anidine", "bnidine", "cnidine", "dnidine", "enidine"):
        write_monograph(name, **CLASSES, reviewed="2026-10-02")
    republish()
    with serving(app) as url:
        yield url


@pytest.fixture
def visit(site, open_browser):
    """Opens the page of the long monograph as a professional who is signed out."""

    def visit(**options):
        page = open_browser(**options)
        page.context.add_cookies([{"name": "cpd_professional", "value": "1", "url": site}])
        page.goto(f"{site}/monographs/longdine")
        return page

    return visit


@pytest.fixture
def learner(site, open_browser):
    """Registers somebody, and opens the page of the long monograph for them."""

    def learner(hand=Pointer, **options):
        page = open_browser(**options)
        page.goto(site)
        Learner(page, Pointer(page)).register()
        page.goto(f"{site}/monographs/longdine")
        return Learner(page, hand(page))

    return learner


def fold_of(page, title):
    return page.locator(f"details.fold:has(summary:has-text('Read the rest of {title}'))")


# Long sections


def test_a_fold_is_opened_by_keyboard_and_reading_goes_on_there(visit):
    page = visit()
    hand, fold = Keyboard(page), fold_of(page, "Adverse reactions")
    headings = page.locator("#adverse-reactions h3").count()
    hand.press(fold.locator("summary"))
    expect(fold).not_to_be_attached()
    rest = page.locator("#adverse-reactions [data-part]")
    expect(rest).to_be_focused()
    expect(rest).to_contain_text("mg daily")
    assert page.locator("#adverse-reactions h3").count() > headings
    assert faults_of(page) == []


def test_a_fold_that_cannot_be_loaded_says_so_and_keeps_its_links(visit, journal):
    page = visit()
    page.route("**/sections/**", lambda route: route.fulfill(status=503, body="Busy"))
    fold = fold_of(page, "Adverse reactions")
    fold.locator("summary").click()
    expect(fold.get_by_role("status")).to_have_text("This part could not be loaded. Open it on its own page.")
    page.unroute("**/sections/**")
    fold.get_by_role("link", name="Adverse reactions on a page of its own").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Adverse reactions: Longdine")
    assert [status for status, _ in journal.take_answers()] == [503]


def test_without_script_a_fold_leads_to_a_page_of_its_own_and_back(visit):
    page = visit(java_script_enabled=False)
    fold = fold_of(page, "Adverse reactions")
    fold.locator("summary").click()
    fold.get_by_role("link", name="Adverse reactions on a page of its own").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Adverse reactions: Longdine")
    page.get_by_role("navigation", name="Breadcrumb").get_by_role("link", name="Longdine").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Longdine")


@pytest.mark.parametrize("path", ["", "/sections/adverse-reactions", "/modules"])
def test_pages_of_an_imported_monograph_are_faultless_at_all_sizes_and_in_both_themes(site, visit, path):
    page = visit()
    page.goto(f"{site}/monographs/longdine{path}")
    faults = []
    for size in (WIDE, PHONE):
        page.set_viewport_size(size)
        page.emulate_media(color_scheme="light")
        faults += faults_of(page)
        page.emulate_media(color_scheme="dark")
        faults += violations(page, COLOUR_RULES)
    page.set_viewport_size(NARROWEST)
    assert faults + too_wide(page) == []


# The note


def test_a_note_is_saved_a_moment_after_typing(learner):
    amara = learner()
    page, note = amara.page, amara.page.get_by_label("Your note on Longdine")
    page.clock.install()
    page.reload()
    note.fill("Ask about the refill")
    page.clock.run_for(AFTER_TYPING)
    status = page.locator("#my-notes").get_by_role("status")
    expect(status).to_have_text(re.compile(r"Saved \d\d:\d\d"))
    assert faults_of(page) == []
    page.reload()
    expect(note).to_have_value("Ask about the refill")


@pytest.mark.parametrize("hand", [Pointer, Keyboard])
@pytest.mark.parametrize("scripted", [True, False], ids=["with script", "without script"])
def test_a_note_is_saved_by_its_button(learner, hand, scripted):
    amara = learner(hand, java_script_enabled=scripted)
    page, note = amara.page, amara.page.get_by_label("Your note on Longdine")
    amara.hand.type(note, "Ask about the refill")
    amara.hand.press(page.locator("#my-notes").get_by_role("button", name="Save"))
    expect(page.locator("#my-notes").get_by_role("status")).to_have_text(re.compile(r"Saved \d\d:\d\d"))
    expect(note).to_have_value("Ask about the refill")
    assert page.url.endswith("/monographs/longdine#my-notes")


def test_a_note_that_is_too_long_is_refused_beside_the_field_and_not_lost(learner, journal):
    amara = learner()
    page, note = amara.page, amara.page.get_by_label("Your note on Longdine")
    page.clock.install()
    page.reload()
    note.fill("x" * 10_001)
    page.clock.run_for(AFTER_TYPING)
    expect(page.locator("#note-error")).to_contain_text("at most 10,000 characters")
    expect(note).to_have_attribute("aria-describedby", "note-hint note-error")
    assert faults_of(page) == []
    note.fill("x" * 10_000)
    page.clock.run_for(AFTER_TYPING)
    expect(page.locator("#note-error")).not_to_be_attached()
    assert [status for status, _ in journal.take_answers()] == [422]


def test_a_note_typed_after_the_session_ended_is_kept_through_signing_in(app, learner, journal):
    amara = learner()
    page, note = amara.page, amara.page.get_by_label("Your note on Longdine")
    page.clock.install()
    page.reload()
    with app.app_context():
        db.session.execute(delete(Session))
        db.session.commit()
    note.fill("Ask about the refill")
    page.clock.run_for(AFTER_TYPING)
    expect(page.locator("#my-notes").get_by_role("status")).to_contain_text("Press Save to sign in; your text is kept.")

    page.locator("#my-notes").get_by_role("button", name="Save").click()
    amara.stands_at("Sign in")
    amara.hand.type(page.get_by_label("E-mail address"), EMAIL)
    amara.hand.type(page.get_by_label("Password"), PASSWORD)
    amara.press("Sign in")
    amara.press("Send it now")
    expect(note).to_have_value("Ask about the refill")
    assert {status for status, _ in journal.take_answers()} == {403}


# Citing and choosing


def test_a_citation_is_unfolded_by_its_link_and_copied(visit, site):
    page = visit(permissions=["clipboard-read", "clipboard-write"])
    page.get_by_role("link", name="Cite", exact=True).click()
    page.get_by_role("button", name="Copy citation").click()
    expect(page.locator("#cite").get_by_role("status")).to_have_text("Copied")
    copied = page.evaluate("navigator.clipboard.readText()")
    assert copied.startswith("Longdine. Daybook. Not yet reviewed. Source: Label: Longdine tablets, version 7.")
    assert f"{site}/monographs/longdine (accessed " in copied


def test_without_script_a_citation_stands_there_to_be_selected(visit):
    page = visit(java_script_enabled=False)
    page.locator("#cite summary").click()
    expect(page.locator("[data-citation]")).to_be_visible()
    expect(page.get_by_role("button", name="Copy citation")).to_be_hidden()


def test_no_more_than_three_others_can_be_chosen_for_a_comparison(visit):
    page = visit()
    panel = page.get_by_role("form", name="Compare with related drugs")
    for name in ("Anidine", "Bnidine", "Cnidine"):
        panel.get_by_label(name).check()
    expect(panel.get_by_label("Dnidine")).to_be_disabled()
    expect(panel.get_by_role("status")).to_have_text("That is four. Clear one to choose another.")
    assert faults_of(page) == []
    panel.get_by_label("Bnidine").uncheck()
    expect(panel.get_by_label("Dnidine")).to_be_enabled()


def test_on_a_phone_a_bar_leads_to_the_list_and_to_the_comparison(visit):
    page = visit(viewport=PHONE)
    bar = page.get_by_role("navigation", name="Actions")
    expect(bar).to_be_in_viewport()
    for name, heading in (("Add to list", "Add to my list"), ("Compare", "Compare with related drugs")):
        bar.get_by_role("link", name=name).click()
        expect(page.get_by_role("heading", name=heading)).to_be_in_viewport()
    page.set_viewport_size(WIDE)
    expect(bar).to_be_hidden()


# Paper


def test_paper_says_what_it_leaves_out_and_the_full_print_leaves_nothing_out(visit, site):
    page = visit()
    page.emulate_media(media="print")
    for words in ("Not all of this monograph is printed here", "set id 1e59-0000", "Adverse reactions goes on"):
        expect(page.get_by_text(words).first).to_be_visible()
    expect(page.locator("details.fold").first).to_be_hidden()
    page.goto(f"{site}/monographs/longdine?full=1")
    expect(page.get_by_text("Not all of this monograph")).not_to_be_attached()
    assert page.locator("details.fold").count() == 0
