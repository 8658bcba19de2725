"""Where no mail goes out: addresses are not confirmed, and an operator hands over what is written to files."""

from __future__ import annotations

from datetime import timedelta

import time_machine

from cpd.web import clock
from tests.auth.browser import error_of
from tests.auth.mails import link_in, sent, text_of

NEW = "nine slow otters dive"


def test_the_page_says_that_an_operator_must_pass_on_the_link(browser):
    browser.register()
    assert "This site sends no mail" in browser.get("/auth/reset").text
    answer = browser.ask_by_mail("/auth/reset", email="ann@example.org")
    assert "A link is made" in answer.text
    assert "Ask whoever runs it" in answer.text


def test_the_link_in_the_file_works_for_a_day_and_confirms_no_address(app, browser, new_browser, rows_of):
    browser.register()
    browser.send("/auth/reset", email="ann@example.org")
    [mail] = sent(app)
    assert "works for 24 hours" in text_of(mail)
    other = new_browser()
    with time_machine.travel(clock.now() + timedelta(hours=23), tick=False):
        other.press(other.follow(link_in(mail)), password=NEW)
    assert rows_of("account")[0]["confirmed_at"] is None
    assert new_browser().sign_in(password=NEW).status_code == 303


def test_there_is_nothing_to_confirm(browser):
    page = browser.get("/auth/resend")
    assert "addresses are not confirmed" in page.text
    assert browser.post("/auth/resend", browser.get("/auth/sign-in"), email="ann@example.org").status_code == 404
    browser.register()
    assert browser.post("/auth/address/resend", browser.get("/auth/account")).status_code == 404


def test_an_address_is_changed_at_once(app, browser, rows_of):
    browser.register()
    assert "This site sends no mail" in browser.get("/auth/address").text

    answer = browser.send("/auth/address", email="Ann.New@example.org")

    assert (answer.status_code, answer.location) == (303, "/auth/account")
    assert "Ann.New@example.org is the address of your account now." in browser.get("/auth/account").text
    [account] = rows_of("account")
    assert (account["email"], account["email_canon"]) == ("Ann.New@example.org", "ann.new@example.org")
    assert account["confirmed_at"] is None
    line = rows_of("event")[-1]
    assert (line["kind"], line["account_id"], line["detail"]) == ("address_changed", 1, {"confirmed": False})
    [mail] = sent(app)
    assert (mail["To"], mail["Subject"]) == ("ann@example.org", "Your e-mail address was changed")
    assert browser.signed_in


def test_a_taken_address_is_told(browser, new_browser, rows_of):
    new_browser().register(email="bo@example.org")
    browser.register()
    answer = browser.send("/auth/address", email="BO@example.org")
    assert answer.status_code == 422
    assert error_of(answer.text, "email") == "An account with this e-mail exists"
    assert {row["email"] for row in rows_of("account")} == {"ann@example.org", "bo@example.org"}
