"""Accounts by mail in a browser: links and their buttons, and passwords as they are typed."""

from __future__ import annotations

from dataclasses import replace
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import expect

from tests.auth.mails import link_in, sent, text_of
from tests.browser.looking import COLOUR_RULES, NARROWEST, PHONE, WIDE, faults_of, too_wide, violations
from tests.browser.serving import serving

PASSWORD = "violin gravel otter tundra"
NEW = "nine slow otters dive"
EMAIL = "ann@example.org"


@pytest.fixture
def settings(settings):
    """Mail goes out."""
    mailing = {"mail_server": "smtp://mail.example.org", "mail_from": "cpd@example.org"}
    return replace(settings, **mailing, site_url="https://learn.example.org")


@pytest.fixture
def site(app, republish):
    republish()
    with serving(app) as url:
        yield url


@pytest.fixture
def open_link(app, site):
    """Opens the link of the newest mail in a page."""

    def open_link(page):
        links = [link_in(mail) for mail in sent(app) if "?token=" in text_of(mail)]
        page.goto(site + links[-1])

    return open_link


def look(page) -> list[str]:
    """What is wrong with a page at three widths and in both themes."""
    found = []
    for size in (WIDE, PHONE):
        page.set_viewport_size(size)
        page.emulate_media(color_scheme="light")
        found += faults_of(page)
        page.emulate_media(color_scheme="dark")
        found += violations(page, COLOUR_RULES)
    page.emulate_media(color_scheme="light")
    page.set_viewport_size(NARROWEST)
    found += too_wide(page)
    page.set_viewport_size(WIDE)
    return found


def register(page, site):
    page.goto(f"{site}/auth/register")
    page.get_by_label("Name", exact=True).fill("Ann Example")
    page.get_by_label("E-mail address").fill(EMAIL)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_label("Profession", exact=True).select_option("Doctor")
    page.get_by_label("I am a healthcare professional").check()
    page.get_by_label("I agree to the terms").check()
    page.get_by_role("button", name="Create my account").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("We have sent a mail")


def press(page, name):
    page.get_by_role("main").get_by_role("button", name=name).click()


@pytest.mark.parametrize("script", [True, False], ids=["with script", "without script"])
def test_an_account_is_confirmed_on_a_phone_reset_and_changed(site, open_link, open_browser, script):
    computer = open_browser(java_script_enabled=script)
    phone = open_browser(java_script_enabled=script)
    faults = []

    def judge(page):
        if script:
            faults.extend(look(page))

    register(computer, site)
    judge(computer)
    open_link(phone)
    assert phone.url == f"{site}/auth/confirm"
    judge(phone)
    phone.get_by_label("Password").fill(PASSWORD)
    press(phone, "Confirm and sign in")
    expect(phone).to_have_url(f"{site}/")

    computer.goto(f"{site}/auth/sign-in")
    computer.get_by_role("link", name="You do not know your password?").click()
    judge(computer)
    computer.get_by_label("E-mail address").fill(EMAIL)
    press(computer, "Send me a link")
    expect(computer.get_by_role("heading", level=1)).to_have_text("We have sent a mail")
    open_link(computer)
    assert computer.url == f"{site}/auth/reset/new"
    judge(computer)
    computer.get_by_label("New password").fill(NEW)
    press(computer, "Set the password")
    expect(computer.get_by_role("status").filter(has_text="Your password is changed")).to_be_visible()

    computer.goto(f"{site}/auth/password")
    judge(computer)
    computer.get_by_label("Password that you have now").fill(NEW)
    computer.get_by_label("New password").fill(PASSWORD)
    press(computer, "Change the password")
    expect(computer).to_have_url(f"{site}/auth/account")

    computer.goto(f"{site}/auth/address")
    judge(computer)
    computer.get_by_label("New e-mail address").fill("new@example.org")
    press(computer, "Send the mail")
    expect(computer.get_by_role("heading", level=1)).to_have_text("We have sent a mail")
    open_link(computer)
    judge(computer)
    press(computer, "Use this address")
    expect(computer.get_by_text("new@example.org is the address of your account")).to_be_visible()
    assert faults == []


def test_a_password_can_be_shown_hidden_and_pasted(site, open_browser):
    page = open_browser()
    page.goto(f"{site}/auth/sign-in")
    field, button = page.get_by_label("Password"), page.get_by_role("button", name="Show what you type")
    field.fill(PASSWORD)
    expect(field).to_have_attribute("type", "password")

    button.focus()
    page.keyboard.press("Enter")
    expect(field).to_have_attribute("type", "text")
    expect(field).to_have_value(PASSWORD)
    expect(page.get_by_text("Your password is shown")).to_have_count(1)
    assert look(page) == []

    field.press("Control+a")
    field.press("Control+c")
    field.press("Delete")
    field.press("Control+v")
    expect(field).to_have_value(PASSWORD)
    page.get_by_role("button", name="Hide what you type").click()
    expect(field).to_have_attribute("type", "password")


JUDGED = {
    "violin": "9 more characters needed",
    "violin gravel ": "1 more character needed",
    "abcabcabcabcabcabc": "Easy to guess: it repeats itself",
    "qwertyuiopasdfghjkl": "Easy to guess: it follows the keyboard, or it counts",
    "12345678901234567890": "Easy to guess: it follows the keyboard, or it counts",
    "Ann Example Daybook": "Easy to guess: it is mostly your own details or the name of this site",
    "violin gravel otters": "Long enough. Words that are easy to guess are looked for when you send it",
    PASSWORD: "Strong, if you did not choose it for its meaning",
    "": "",
}


def test_a_new_password_is_judged_in_words_as_it_is_typed(site, open_browser):
    page = open_browser()
    page.goto(f"{site}/auth/register")
    page.get_by_label("Name", exact=True).fill("Ann Example")
    field = page.get_by_label("Password")
    said = page.locator(".strength")
    for typed, words in JUDGED.items():
        field.fill(typed)
        expect(said).to_have_text(words)
    field.fill("short")
    expect(said).to_have_text("10 more characters needed")
    assert look(page) == []


def test_no_password_is_sent_before_the_form_is(site, open_browser):
    page = open_browser()
    asked = []
    page.goto(f"{site}/auth/register")
    page.on("request", lambda request: asked.append(urlsplit(request.url).path))
    page.get_by_label("Password").press_sequentially(PASSWORD)
    expect(page.locator(".strength")).to_have_text("Strong, if you did not choose it for its meaning")
    assert set(asked) <= {"/static/logo.svg"}  # which a browser fetches when it likes


def test_what_was_shown_is_sent_as_a_password(site, open_browser):
    page = open_browser()
    page.goto(f"{site}/auth/sign-in")
    page.evaluate("""document.addEventListener('submit', event => {
      event.preventDefault(); document.title = document.getElementById('password').type })""")
    page.get_by_label("E-mail address").fill(EMAIL)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Show what you type").click()
    press(page, "Sign in")
    expect(page).to_have_title("password")
