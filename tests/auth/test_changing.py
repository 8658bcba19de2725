"""Changing the password and the e-mail address, where mail goes out."""

from __future__ import annotations

import threading
from datetime import timedelta

import pytest
import time_machine
from sqlalchemy import update

from cpd.db import Base, db
from cpd.web import clock
from tests.auth.browser import PASSWORD, error_of
from tests.auth.mails import link_in, sent, text_of
from tests.auth.test_confirming import neutral

NEW = "nine slow otters dive"


@pytest.fixture
def settings(mailing):
    return mailing


@pytest.fixture
def member(app, new_browser):
    """Makes a browser that has registered, confirmed and signed in."""

    def make(email="ann@example.org"):
        browser = new_browser()
        browser.register(email=email)
        [mail] = sent(app)
        browser.press(browser.follow(link_in(mail)))
        return browser

    return make


@pytest.fixture
def ann(member):
    return member()


def later(minutes):
    return time_machine.travel(clock.now() + timedelta(minutes=minutes), tick=False)


# The password


def test_a_password_is_changed_with_the_old_one_and_other_sessions_end(app, ann, new_browser, rows_of):
    other = new_browser()
    other.sign_in()
    sent(app)

    answer = ann.send("/auth/password", old_password=PASSWORD, password=NEW)

    assert (answer.status_code, answer.location) == (303, "/auth/account")
    assert "Your password is changed" in ann.get("/auth/account").text
    assert ann.signed_in
    assert not other.signed_in
    assert new_browser().sign_in().status_code == 422
    assert new_browser().sign_in(password=NEW).status_code == 303
    mails = sent(app)
    assert (mails[0]["To"], mails[0]["Subject"]) == ("ann@example.org", "Your password was changed")
    [event] = [event for event in rows_of("event") if event["kind"] == "password_changed"]
    assert event["detail"] == {"how": "changed", "sessions_ended": 1}


@pytest.mark.parametrize(
    ("fields", "field", "words"),
    [
        ({"old_password": "wrong"}, "old_password", "The password is wrong"),
        ({"old_password": ""}, "old_password", "Enter the password that you have now"),
        ({"old_password": "x" * 257}, "old_password", "The password is wrong"),
        ({"password": ""}, "password", "Choose a password"),
        ({"password": "short"}, "password", "Use at least 15 characters"),
        ({"password": "annexample2024!!"}, "password", "easy to guess"),
    ],
)
def test_what_is_wrong_is_told_beside_its_field_and_changes_nothing(ann, new_browser, fields, field, words):
    answer = ann.send("/auth/password", **{"old_password": PASSWORD, "password": NEW} | fields)
    assert answer.status_code == 422
    assert words in error_of(answer.text, field)
    assert PASSWORD not in answer.text
    assert NEW not in answer.text
    assert new_browser().sign_in().status_code == 303


def test_a_wrong_old_password_is_noted_and_limited(ann, rows_of):
    page = ann.get("/auth/password")
    answers = [ann.press(page, old_password="wrong", password=NEW).status_code for _ in range(11)]
    assert answers == [422] * 10 + [429]
    assert [event["kind"] for event in rows_of("event")].count("proof_failed") == 10


@pytest.mark.parametrize("path", ["/auth/password", "/auth/address"])
def test_who_signed_in_a_while_ago_must_prove_again(ann, path):
    with later(16):
        assert ann.get(path).location == f"/auth/again?next={path}"


def test_no_password_is_kept_in_the_page_that_asks_for_a_proof(ann):
    page = ann.get("/auth/password")
    with later(16):
        answer = ann.press(page, old_password=PASSWORD, password=NEW)
    assert answer.status_code == 403
    assert "Is it you?" in answer.text
    for secret in (PASSWORD, NEW):
        assert secret not in unsealed(answer.text)


def unsealed(page):
    """A page with what is sealed in it, which anybody can read."""
    from base64 import urlsafe_b64decode

    from tests.pages import hidden_in

    try:
        sealed = hidden_in(page, "kept").partition(".")[0]
    except AssertionError:
        return page
    return page + urlsafe_b64decode(sealed + "=" * (-len(sealed) % 4)).decode("utf-8", "replace")


def test_a_link_to_reset_no_longer_works_after_a_change(app, ann, new_browser):
    new_browser().send("/auth/reset", email="ann@example.org")
    [mail] = sent(app)
    ann.send("/auth/password", old_password=PASSWORD, password=NEW)
    assert new_browser().follow(link_in(mail)).status_code == 410


# The address


def ask_for(browser, email):
    return browser.send("/auth/address", email=email)


def test_a_new_address_counts_once_its_link_is_confirmed(app, ann, new_browser, rows_of):
    answer = ask_for(ann, "Ann.New@example.org")
    assert answer.location == "/auth/sent"
    assert "We have sent a mail" in ann.get("/auth/sent").text
    assert rows_of("account")[0]["email"] == "ann@example.org"
    mails = {mail["To"]: mail for mail in sent(app)}
    assert mails["ann@example.org"]["Subject"] == "Another e-mail address was asked for"
    page = ann.follow(link_in(mails["Ann.New@example.org"]))
    assert "Ann.New@example.org" in page.text
    assert rows_of("account")[0]["email"] == "ann@example.org"

    answer = ann.press(page)

    assert answer.location == "/auth/account"
    [account] = rows_of("account")
    assert (account["email"], account["email_canon"]) == ("Ann.New@example.org", "ann.new@example.org")
    [told] = sent(app)
    assert (told["To"], told["Subject"]) == ("ann@example.org", "Your e-mail address was changed")
    assert "Ann.New" not in told.as_string()
    assert ann.signed_in
    assert new_browser().sign_in(email="ann@example.org").status_code == 422
    assert new_browser().sign_in(email="ann.new@example.org").status_code == 303
    kinds = [event["kind"] for event in rows_of("event")]
    assert {"address_change_asked", "address_changed"} < set(kinds)
    assert "new@example.org" not in str(rows_of("event")).lower()


def test_known_and_unknown_addresses_get_the_same_answer_and_the_taken_one_a_mail_that_says_so(app, ann, member):
    member("bo@example.org")
    known, unknown = ask_for(ann, "bo@example.org"), ask_for(ann, "cy@example.org")
    assert neutral(known, "bo@example.org") == neutral(unknown, "cy@example.org")
    mails = {mail["To"]: mail for mail in sent(app)}
    assert "has an account already" in mails["bo@example.org"]["Subject"]
    assert "token" not in text_of(mails["bo@example.org"])
    assert "token" in text_of(mails["cy@example.org"])


def test_the_link_needs_the_account_that_asked_for_it(app, ann, member, new_browser, rows_of):
    ask_for(ann, "new@example.org")
    link = next(link_in(mail) for mail in sent(app) if mail["To"] == "new@example.org")
    bo = member("bo@example.org")
    assert bo.follow(link).status_code == 410
    assert bo.post("/auth/address/confirm", bo.get("/auth/account")).status_code == 410

    phone = new_browser()
    led = phone.get(link)
    assert phone.get(led.location).location == "/auth/sign-in?next=/auth/address/confirm"
    answer = phone.sign_in(path="/auth/sign-in?next=/auth/address/confirm")
    assert answer.location == "/auth/address/confirm"
    phone.press(phone.get(answer.location))

    assert {row["email"] for row in rows_of("account")} == {"bo@example.org", "new@example.org"}


def test_an_address_that_somebody_took_meanwhile_is_not_given_twice(app, ann, member, rows_of):
    ask_for(ann, "new@example.org")
    link = next(link_in(mail) for mail in sent(app) if mail["To"] == "new@example.org")
    member("new@example.org")
    answer = ann.press(ann.follow(link))
    assert answer.status_code == 410
    assert "An account has this address already" in answer.text
    assert sorted(row["email"] for row in rows_of("account")) == ["ann@example.org", "new@example.org"]


def test_of_two_accounts_that_want_one_address_at_once_one_gets_it(app, ann, member, rows_of):
    browsers = [ann, member("bo@example.org")]
    pages = []
    for browser, spelling in zip(browsers, ("new@example.org", "NEW@example.org"), strict=True):
        ask_for(browser, spelling)
        pages.append(browser.follow(next(link_in(mail) for mail in sent(app) if mail["To"] == spelling)))
    start, answers = threading.Barrier(2), []

    def press(browser, page):
        start.wait()
        answers.append(browser.press(page).status_code)

    threads = [threading.Thread(target=press, args=each) for each in zip(browsers, pages, strict=True)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(answers) == [303, 410]
    assert [row["email_canon"] for row in rows_of("account")].count("new@example.org") == 1


def test_links_that_went_to_the_old_address_no_longer_work(app, ann, new_browser):
    new_browser().send("/auth/reset", email="ann@example.org")
    [reset] = sent(app)
    ask_for(ann, "new@example.org")
    link = next(link_in(mail) for mail in sent(app) if mail["To"] == "new@example.org")
    ann.press(ann.follow(link))
    assert new_browser().follow(link_in(reset)).status_code == 410


def test_a_link_for_an_address_works_for_a_day_and_once(app, ann):
    ask_for(ann, "new@example.org")
    link = next(link_in(mail) for mail in sent(app) if mail["To"] == "new@example.org")
    with later(24 * 60 + 1):
        assert ann.follow(link).status_code == 410
    ann.press(ann.follow(link))
    assert ann.follow(link).status_code == 410


def test_asking_for_addresses_is_limited_for_an_account(ann):
    answers = [ask_for(ann, f"new{number}@example.org").status_code for number in range(6)]
    assert answers == [303] * 5 + [429]


def test_an_old_account_may_have_its_address_confirmed(app, ann, rows_of):
    with app.app_context():
        db.session.execute(update(Base.metadata.tables["account"]).values(confirmed_at=None))
        db.session.commit()
    page = ann.get("/auth/address")
    assert "It is not confirmed yet" in page.text
    answer = ann.post("/auth/address/resend", page)
    assert answer.location == "/auth/sent"
    assert "We have sent a mail" in ann.get("/auth/sent").text
    [mail] = sent(app)
    ann.press(ann.follow(link_in(mail)))
    assert rows_of("account")[0]["confirmed_at"] is not None
    assert "It is confirmed" in ann.get("/auth/address").text
    assert ann.post("/auth/address/resend", ann.get("/auth/address")).status_code == 404
    assert sent(app) == []


def test_a_visitor_can_have_the_address_of_an_old_account_confirmed(app, ann, new_browser, rows_of):
    with app.app_context():
        db.session.execute(update(Base.metadata.tables["account"]).values(confirmed_at=None))
        db.session.commit()
    new_browser().send("/auth/resend", email="ann@example.org")
    [mail] = sent(app)
    ann.press(ann.follow(link_in(mail)))
    assert rows_of("account")[0]["confirmed_at"] is not None


def test_an_address_that_is_none_is_told_beside_its_field(ann):
    answer = ask_for(ann, "new@")
    assert answer.status_code == 422
    assert error_of(answer.text, "email") == "Enter an e-mail address, like name@example.org"
    assert 'value="new@"' in answer.text


def test_an_account_that_is_deleted_in_the_meantime_is_not_found(ann, monkeypatch):
    monkeypatch.setattr("cpd.auth.changing.views.queries.owner_of", lambda _: None)
    assert ann.get("/auth/password").status_code == 404
