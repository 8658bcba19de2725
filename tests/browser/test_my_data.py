"""One's own account: details, a copy, and deleting it, with a pointer, by keyboard, and without script."""

from __future__ import annotations

import json
import zipfile
from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Page, expect

from cpd.settings import Settings
from tests.browser.hands import Keyboard, Pointer
from tests.browser.journey import Learner
from tests.browser.looking import COLOUR_RULES, NARROWEST, PHONE, WIDE, faults_of, too_wide, violations
from tests.browser.serving import cpd_serve
from tests.factories import write_site

LONGEST = 60_000  # milliseconds until the worker has made a copy


@pytest.fixture
def site(settings: Settings) -> Iterator[str]:
    """The address of `cpd serve`, which has a worker inside."""
    write_site(settings.content_folder)
    with cpd_serve(settings) as url:
        yield url


def must_be_faultless_from_all_sides(page: Page) -> None:
    for size in (WIDE, PHONE):
        page.set_viewport_size(size)
        page.emulate_media(color_scheme="light")
        assert faults_of(page) == [], page.url
        page.emulate_media(color_scheme="dark")
        assert violations(page, COLOUR_RULES) == [], page.url
    page.set_viewport_size(NARROWEST)
    assert too_wide(page) == [], page.url
    page.set_viewport_size(WIDE)


def looked_at(page: Page) -> Learner:
    return Learner(page, Pointer(page), look=must_be_faultless_from_all_sides)


def with_a_keyboard(page: Page) -> Learner:
    return Learner(page, Keyboard(page))


@pytest.mark.parametrize("as_learner", [looked_at, with_a_keyboard], ids=["pointer", "keyboard"])
def test_a_learner_looks_after_the_account(site, open_browser, journal, as_learner):
    goes_all_the_way(as_learner(open_browser()), site)
    assert journal.take_answers() == []


def test_a_learner_looks_after_the_account_without_javascript(site, open_browser, journal):
    page = open_browser(java_script_enabled=False)
    goes_all_the_way(Learner(page, Pointer(page)), site)
    assert journal.take_answers() == []


def goes_all_the_way(learner: Learner, site: str) -> None:
    learner.page.goto(site)
    learner.register()
    opens_the_account(learner, site)
    changes_the_details(learner)
    takes_a_copy(learner)
    deletes_the_account_and_keeps_it(learner)


def opens_the_account(learner: Learner, site: str) -> None:
    learner.page.goto(f"{site}/auth/account")
    learner.stands_at("Your account")


def changes_the_details(learner: Learner) -> None:
    learner.follow("Change your details", to="Your details")
    learner.hand.pick(learner.page.get_by_label("Time zone"), "Auckland")
    learner.press("Save my details")
    learner.stands_at("Your account")
    expect(learner.main).to_contain_text("Your details are saved.")
    expect(learner.main).to_contain_text("Auckland")


def takes_a_copy(learner: Learner) -> None:
    learner.follow("Download a copy of your data", to="Your data")
    learner.press("Make a copy of my data")
    learner.stands_at("Your data")
    link = learner.main.get_by_role("link", name="Download the ZIP file")
    wait_until(learner.page, lambda: link.count() > 0)
    learner.look(learner.page)
    with learner.page.expect_download() as coming:
        learner.hand.press(link)
    assert coming.value.suggested_filename.startswith("my-data-")
    with zipfile.ZipFile(coming.value.path()) as archive:
        assert json.loads(archive.read("my-data.json"))["account"][0]["time_zone"] == "Pacific/Auckland"
        copy = archive.read("my-data.html").decode()
    reads_the_copy(learner, copy)


def reads_the_copy(learner: Learner, copy: str) -> None:
    """The page of the copy, in a window of its own, is as accessible as those of the site."""
    with learner.page.context.expect_page() as opened:
        learner.page.context.new_page()
    window = opened.value
    window.set_content(copy)
    expect(window.get_by_role("heading", level=1)).to_have_text("Your data")
    learner.look(window)
    window.close()


def deletes_the_account_and_keeps_it(learner: Learner) -> None:
    learner.follow("What is deleted, and what stays", to="Delete your account")
    learner.press("Delete my account in 14 days")
    learner.stands_at("Delete your account")
    notice = learner.page.get_by_role("complementary", name="Your account")
    expect(notice).to_contain_text("Your account will be deleted on")
    learner.page.goto("/".join(learner.page.url.split("/")[:3]) + "/modules/")
    learner.stands_at("Modules")
    learner.hand.press(notice.get_by_role("button", name="Keep my account"))
    learner.stands_at("Your account")
    expect(learner.main).to_contain_text("Your account is kept.")
    expect(notice).to_have_count(0)


def wait_until(page: Page, is_so: Callable[[], bool]) -> None:
    """Load the page anew until it is so."""
    for _ in range(LONGEST // 500):
        if is_so():
            return
        page.wait_for_timeout(500)
        page.reload()
    raise AssertionError("the worker has made no copy")
