"""From an author's file to a credit in the record: the main job, with a pointer, without script, by keyboard alone."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from cpd.settings import Settings
from tests.browser.hands import Keyboard, Pointer
from tests.browser.journey import Learner
from tests.browser.looking import faults_of
from tests.browser.serving import cpd_publish, cpd_serve
from tests.factories import write_site

TITLE = "Stiff legs at night"
TEXT = """\
## Why it matters

Spasms wake people up, and a tablet in the evening may be enough.

## What to give

Start zanidine at night, and check the liver first.[^1]

[^1]: A reference for tests.
"""
ASSESSMENT = """\
### Which drug is started at night?

- [x] Zanidine
  > Because it makes people sleepy.
- [ ] Coffee
  > Because it keeps people awake.

### Which of these are checked first?

- [x] Liver function
  > Because zanidine can harm the liver.
- [ ] Shoe size
  > Because it has no bearing on the dose.
- [x] Blood pressure
  > Because zanidine lowers it.

### How much of a 2 mg/mL solution holds 4 mg?

= 2 mL ± 0

Divide 4 mg by 2 mg/mL.
"""
MONOGRAPH = """\
## Boxed warning

Zanidine can harm the liver.

## Contraindications

- Severe liver disease
"""


@pytest.fixture
def site(settings: Settings, write_monograph: Callable[..., Path]) -> Iterator[str]:
    """The address of `cpd serve` with one monograph and no module."""
    write_site(settings.content_folder)
    write_monograph("zanidine", body=MONOGRAPH, key_facts={"adult_start": "2 mg at night"})
    with cpd_serve(settings) as url:
        yield url


@pytest.fixture
def author_publishes(settings: Settings, write_module: Callable[..., Path]) -> Callable[[], str]:
    """Writes the file of a module and runs `cpd publish`, while the site is served."""

    def author_publishes() -> str:
        write_module("stiff-legs", title=TITLE, body=TEXT, assessment=ASSESSMENT, pass_mark=60)
        return cpd_publish(settings)

    return author_publishes


@pytest.mark.parametrize("empty_database", ["sqlite", "postgresql"], indirect=True, scope="session")
def test_a_learner_gets_the_credit_of_a_new_module(site, author_publishes, open_browser, journal):
    assert "1 added" in author_publishes()
    page = open_browser()
    amara = Learner(page, Pointer(page), look=must_be_faultless)

    gets_an_account(amara, site)
    finds_the_module(amara)
    looks_at_the_card(page)
    reads_about_the_drug(amara)
    fails_and_then_passes(amara)
    finds_the_credit(amara)

    assert journal.take_answers() == []


def test_a_learner_gets_the_credit_without_javascript(site, author_publishes, open_browser, journal):
    author_publishes()
    page = open_browser(java_script_enabled=False)
    amara = Learner(page, Pointer(page))

    is_asked_for_the_profession(amara, site)
    gets_an_account(amara, site)
    finds_the_module(amara)
    reads_about_the_drug(amara)
    fails_and_then_passes(amara)
    finds_the_credit(amara)

    assert journal.take_answers() == []


def test_a_learner_gets_the_credit_by_keyboard_alone(site, author_publishes, open_browser, journal):
    author_publishes()
    page = open_browser()
    amara = Learner(page, Keyboard(page), look=must_begin_with_the_skip_link)

    gets_an_account(amara, site)
    finds_the_module(amara)
    meets_the_card_by_keyboard(amara)
    reads_about_the_drug(amara)
    fails_and_then_passes(amara)
    finds_the_credit(amara)

    assert journal.take_answers() == []


def must_be_faultless(page: Page) -> None:
    assert faults_of(page) == [], page.url


def must_begin_with_the_skip_link(page: Page) -> None:
    """The first stop is the link past the menu, unless the page put the focus on what went wrong."""
    if page.locator("[data-focus]").count():
        expect(page.locator("[data-focus]")).to_be_focused()
        return
    page.keyboard.press("Tab")
    skip = page.get_by_role("link", name="Skip to content")
    expect(skip).to_be_focused()
    expect(skip).to_be_in_viewport()


def is_asked_for_the_profession(learner: Learner, site: str) -> None:
    learner.page.goto(f"{site}/modules/stiff-legs")
    learner.stands_at("This site is intended for healthcare professionals")
    assert learner.page.url == f"{site}/modules/stiff-legs"
    learner.press("I am a healthcare professional")
    learner.stands_at(TITLE)
    assert learner.page.url == f"{site}/modules/stiff-legs"


def gets_an_account(learner: Learner, site: str) -> None:
    learner.page.goto(site)
    learner.stands_at("Learn what changes your practice. Keep the proof.")
    learner.register()
    learner.sign_out()
    learner.sign_in()


def finds_the_module(learner: Learner) -> None:
    learner.follow(TITLE, to=TITLE)
    learner.follow("Modules", to="Modules")
    learner.follow(TITLE, to=TITLE)


def looks_at_the_card(page: Page) -> None:
    """The pointer may enter the card; it closes when left, and by Escape."""
    drug, card = page.locator("article").get_by_role("link", name="zanidine"), page.locator("#drug-card")
    drug.hover()
    expect(card).to_contain_text("2 mg at night")
    assert faults_of(page) == []
    card.hover()
    page.keyboard.press("Escape")
    expect(card).to_be_hidden()


def meets_the_card_by_keyboard(learner: Learner) -> None:
    drug, card = (
        learner.page.locator("article").get_by_role("link", name="zanidine"),
        learner.page.locator("#drug-card"),
    )
    assert isinstance(learner.hand, Keyboard)
    learner.hand.reach(drug)
    expect(card).to_contain_text("2 mg at night")
    learner.page.keyboard.press("Escape")
    expect(card).to_be_hidden()
    expect(drug).to_be_focused()


def reads_about_the_drug(learner: Learner) -> None:
    learner.follow("zanidine", to="Zanidine")
    expect(learner.main.get_by_role("region", name="Boxed warning")).to_contain_text("can harm the liver")
    expect(learner.main.get_by_role("region", name="CPD on this drug").get_by_role("link")).to_have_text(TITLE)
    learner.page.go_back()
    learner.stands_at(TITLE)


def fails_and_then_passes(learner: Learner) -> None:
    learner.follow("Start the assessment", to=f"Assessment: {TITLE}")
    learner.answer("Which drug is started at night?", "Coffee")
    learner.answer("Which of these are checked first?", "Liver function")
    learner.type_number("How much of a 2 mg/mL solution holds 4 mg?", "2.0")
    learner.press("Submit answers")
    learner.stands_at("Not passed yet: 1 of 3 correct")
    expect(learner.main).to_contain_text("Because it keeps people awake.")
    expect(learner.main).to_contain_text("Divide 4 mg by 2 mg/mL.")

    learner.follow("Try again", to=f"Assessment: {TITLE}")
    learner.answer("Which drug is started at night?", "Zanidine")
    learner.answer("Which of these are checked first?", "Liver function", "Blood pressure")
    learner.press("Submit answers")
    expect(learner.page.get_by_role("alert")).to_contain_text("Question 3 is not answered")
    learner.stands_at(f"Assessment: {TITLE}")
    expect(learner.main.get_by_label("Zanidine", exact=True)).to_be_checked()
    learner.press("Submit anyway")
    learner.stands_at("Passed: 2 of 3 correct")
    expect(learner.main).to_contain_text("0.50 credits added to your record")
    expect(learner.main).to_contain_text("Your total is now 0.50 credits")


def finds_the_credit(learner: Learner) -> None:
    learner.follow("See your record", to="My CPD")
    expect(learner.main).to_contain_text("0.50 credits from 1 activity")
    activity = learner.main.get_by_role("listitem").filter(has=learner.page.get_by_role("heading", name=TITLE))
    expect(activity).to_contain_text("2 of 3 correct")
