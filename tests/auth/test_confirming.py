"""Registering where mail goes out: the account is made when its address is confirmed."""

from __future__ import annotations

import re
import threading
from datetime import timedelta

import pytest
import time_machine
from sqlalchemy import delete

from cpd.auth.by_mail.services import REGISTRATION
from cpd.auth.passwords import Passwords
from cpd.db import Base, db
from cpd.web import clock
from tests.auth.browser import ANN, PASSWORD, Browser, error_of
from tests.auth.factors.people import refusal_of
from tests.auth.mails import link_in, sent, text_of


@pytest.fixture
def settings(mailing):
    return mailing


@pytest.fixture
def link(app, browser):
    """The link of the mail that Ann gets after registering with `browser`."""
    browser.register()
    [mail] = sent(app)
    return link_in(mail)


@pytest.fixture
def ann(browser, link):
    """Registered, confirmed and signed out again."""
    browser.press(browser.follow(link))
    browser.sign_out()
    return browser


def test_registering_makes_no_account_before_the_button_behind_the_link_is_pressed(app, browser, rows_of):
    answer = browser.register()

    assert (answer.status_code, answer.location) == (303, "/auth/sent")
    page = browser.get("/auth/sent").text
    assert "We have sent a mail" in page
    assert "ann@example.org" in page
    assert not browser.signed_in
    [mail] = sent(app)
    assert mail["To"] == "ann@example.org"
    page = browser.follow(link_in(mail))
    assert "ann@example.org" in page.text
    assert rows_of("account") == []

    answer = browser.press(page)

    assert (answer.status_code, answer.location) == (303, "/")
    assert browser.signed_in
    [account] = rows_of("account")
    assert account["confirmed_at"] is not None
    assert [event["kind"] for event in rows_of("event")] == ["registered", "address_confirmed", "signed_in"]
    assert {row["document"] for row in rows_of("consent")} == {"terms", "privacy"}


def test_a_new_account_is_told_of_no_new_device(app, browser, link):
    browser.press(browser.follow(link))
    assert sent(app) == []


def test_confirming_leads_to_the_page_that_was_wanted_before_registering(app, browser):
    browser.send("/auth/register?next=/pages/terms", **ANN)
    [mail] = sent(app)
    assert browser.press(browser.follow(link_in(mail))).location == "/pages/terms"


def test_opening_the_link_by_any_method_that_only_reads_does_nothing(browser, link, count_of):
    for _ in range(3):
        browser.follow(link)
        browser.client.head(link)
        browser.client.options(link)
    assert count_of("account") == 0
    browser.press(browser.follow(link))
    assert count_of("account") == 1


def test_the_token_leaves_the_address_bar_and_is_in_no_page(browser, link):
    token = link.partition("=")[2]
    led = browser.get(link)
    assert led.location == "/auth/confirm"
    assert led.headers["Referrer-Policy"] == "same-origin"
    assert token not in browser.get(led.location).text


def test_the_database_holds_no_token_of_the_mail_or_the_browser(browser, link, rows_of):
    kept = str(rows_of("token")) + str(rows_of("outbox"))
    assert link.partition("=")[2] not in kept
    assert browser.cookie("cpd_registration") not in kept


def test_a_link_works_once(browser, link, new_browser, count_of):
    browser.press(browser.follow(link))
    other = new_browser()
    page = other.follow(link)
    assert page.status_code == 410
    assert "This link no longer works" in page.text
    assert count_of("account") == 1


def test_a_link_works_for_three_days(browser, link, count_of):
    start = clock.now()
    with time_machine.travel(start + timedelta(days=3, minutes=1), tick=False):
        assert browser.follow(link).status_code == 410
    with time_machine.travel(start + timedelta(days=2, hours=23), tick=False):
        browser.press(browser.follow(link))
    assert count_of("account") == 1


@pytest.mark.parametrize("token", ["", "x", "A" * 43, "é" * 43, "a." + "A" * 43])
def test_a_made_up_link_leads_to_a_page_that_says_so(browser, token):
    led = browser.get("/auth/confirm", query_string={"token": token})
    assert led.status_code == 303
    assert browser.get(led.location).status_code == 410


def test_the_button_without_a_link_does_nothing(browser, count_of):
    answer = browser.post("/auth/confirm", browser.get("/auth/sign-in"))
    assert answer.status_code == 410
    assert count_of("account") == 0


# In another browser


def test_another_browser_must_show_the_password_that_was_chosen(link, new_browser, count_of):
    phone = new_browser()
    page = phone.follow(link)
    assert "You registered in another browser" in page.text

    wrong = phone.press(page, password="nine slow otters dive")
    assert wrong.status_code == 422
    assert error_of(wrong.text, "password") == "The password is wrong"
    assert phone.press(page, password="").status_code == 422
    assert phone.press(page).status_code == 422
    assert count_of("account") == 0

    phone.press(page, password=PASSWORD)
    assert phone.signed_in


def test_a_link_whose_registration_is_gone_is_gone_for_other_browsers_too(app, link, new_browser, count_of):
    phone = new_browser()
    page = phone.follow(link)
    tokens = Base.metadata.tables["token"]
    with app.app_context():
        db.session.execute(delete(tokens).where(tokens.c.purpose == REGISTRATION))
        db.session.commit()
    assert phone.press(page, password=PASSWORD).status_code == 410
    assert count_of("account") == 0


def test_who_registers_with_the_address_of_another_gets_no_account_by_their_button(app, new_browser, count_of):
    """The thief waits for the owner to press; the owner has a browser of their own and does not know the password."""
    thief, owner = new_browser(), new_browser(address="198.51.100.7")
    thief.register()
    [mail] = sent(app)

    owner.press(owner.follow(link_in(mail)))

    assert count_of("account") == 0
    assert not thief.signed_in

    owner.register(password="nine slow otters dive")
    [mail] = sent(app)
    owner.press(owner.follow(link_in(mail)))
    assert owner.signed_in
    thief.sign_in()
    assert not thief.signed_in


def test_the_cookie_of_another_registration_is_not_enough(link, new_browser, count_of):
    other = new_browser()
    other.register(email="bo@example.org")
    answer = other.press(other.follow(link))
    assert answer.status_code == 422
    assert count_of("account") == 0


def test_guessing_the_password_behind_a_link_is_limited(link, new_browser, count_of):
    phone = new_browser()
    page = phone.follow(link)
    answers = [phone.press(page, password=f"a wrong password {number}").status_code for number in range(11)]
    assert answers == [422] * 10 + [429]
    assert phone.press(page, password=PASSWORD).status_code == 429
    assert count_of("account") == 0


def test_the_limit_is_that_of_the_address_wherever_its_password_is_tried(link, new_browser):
    phone = new_browser(address="198.51.100.7")
    page = phone.follow(link)
    for number in range(10):
        phone.press(page, password=f"a wrong password {number}")

    refused = phone.press(page, password=PASSWORD)
    assert refused.status_code == 429
    assert 0 < int(refused.headers["Retry-After"]) <= 300
    assert refusal_of(refused.text) == "There were too many tries. Wait 5 minutes, then try again."
    assert "ann@example.org" in refused.text
    assert 'type="password"' in refused.text

    other = new_browser(address="203.0.113.5")
    assert other.sign_in().status_code == 429
    assert other.sign_in(email="bo@example.org").status_code == 422


def test_the_right_password_behind_a_link_ends_the_row_of_wrong_ones(link, new_browser, rows_of):
    phone = new_browser()
    page = phone.follow(link)
    for number in range(2):
        phone.press(page, password=f"a wrong password {number}")
    tried = {row["key"].partition(":")[0]: len(row["tries"]) for row in rows_of("throttle")}
    phone.press(page, password=PASSWORD)
    left = {row["key"].partition(":")[0]: len(row["tries"]) for row in rows_of("throttle")}
    assert "password-row" in tried
    assert left == {door: length for door, length in tried.items() if door != "password-row"}


def test_the_same_browser_is_asked_for_nothing_and_keeps_nothing_of_the_link(browser, link, rows_of):
    page = browser.follow(link)
    assert 'type="password"' not in page.text
    assert "<title>Confirm your e-mail address" in page.text
    browser.press(page)
    assert (browser.cookie("cpd_link"), browser.cookie("cpd_registration")) == ("", "")
    lines = [(line["kind"], line["account_id"]) for line in rows_of("event")]
    assert lines == [("registered", 1), ("address_confirmed", 1), ("signed_in", 1)]
    assert rows_of("event")[-1]["detail"]["proofs"] == ["password", "mail"]


NO_LONGER = "It was used already, or it is too old. If you have confirmed your address, sign in."


def test_a_link_that_is_used_while_its_button_is_pressed_makes_nothing(browser, link, monkeypatch, count_of):
    page = browser.follow(link)
    monkeypatch.setattr("cpd.auth.by_mail.views.services.confirm_registration", lambda *_, **__: None)
    answer = browser.press(page)
    assert answer.status_code == 410
    assert NO_LONGER in answer.text
    assert count_of("account") == 0


def test_who_comes_too_late_is_told_how_to_go_on(browser, link):
    browser.press(browser.follow(link))
    assert NO_LONGER in browser.follow(link).text
    assert NO_LONGER in browser.post("/auth/confirm", browser.get("/auth/account")).text


# Known addresses


@pytest.mark.parametrize("spelling", ["ann@example.org", "ANN@Example.ORG", "\uff41nn@example.org"])
@pytest.mark.usefixtures("ann")
def test_a_known_address_gets_the_same_page_and_a_mail_that_says_so(app, new_browser, count_of, spelling):
    known = new_browser().register(email=spelling)
    unknown = new_browser().register(email="bo@example.org")

    assert neutral(known, "ann@example.org") == neutral(unknown, "bo@example.org")
    to_ann, to_bo = sent(app)
    assert to_ann["To"] == "ann@example.org"
    assert "You have an account already" in to_ann["Subject"]
    assert "https://learn.example.org/auth/sign-in" in text_of(to_ann)
    assert "https://learn.example.org/auth/reset" in text_of(to_ann)
    assert "token" not in text_of(to_ann)
    assert to_bo["To"] == "bo@example.org"
    assert count_of("account") == 1


@pytest.mark.usefixtures("ann")
def test_the_page_that_says_so_is_the_same_for_all_addresses_and_for_those_who_asked_alone(new_browser):
    pages = []
    for email in ("ann@example.org", "bo@example.org"):
        browser = new_browser()
        browser.register(email=email)
        pages.append(neutral(browser.get("/auth/sent"), email))
    assert pages[0] == pages[1]
    strange = new_browser().get("/auth/sent")
    assert (strange.status_code, strange.location) == (302, "/")


def neutral(answer, email):
    """An answer without what differs anyhow: the address that was typed, tokens, and the length that follows."""
    text = re.sub(r'name="csrf_token" value="\w+"', "", answer.text.lower().replace(email, ""))
    text = text.replace("ann@example.org", "")
    cookies = sorted(cookie.partition("=")[0] for cookie in answer.headers.getlist("Set-Cookie"))
    return answer.status_code, text, cookies


@pytest.mark.usefixtures("ann")
def test_known_and_unknown_addresses_cost_the_same_rows_and_hashes(app, new_browser, rows_of, monkeypatch):
    hashed = []
    made = Passwords.hash
    monkeypatch.setattr(Passwords, "hash", lambda self, typed: hashed.append(1) or made(self, typed))

    written = []
    for email in ("ann@example.org", "bo@example.org"):
        forget_tries(app)
        before = {
            table: len(rows_of(table)) for table in ("token", "outbox", "event", "account", "throttle", "session")
        }
        new_browser(address=f"192.0.2.{len(written) + 50}").register(email=email)
        written.append({table: len(rows_of(table)) - count for table, count in before.items()})

    assert written[0] == written[1]
    assert written[0]["token"] == written[0]["outbox"] == 1
    assert len(hashed) == 2


def forget_tries(app):
    with app.app_context():
        db.session.execute(delete(Base.metadata.tables["throttle"]))
        db.session.commit()


@pytest.mark.usefixtures("ann")
def test_no_mail_repeats_what_a_stranger_typed(app, new_browser):
    new_browser().register(email="ann@example.org", name="Win a prize at evil.example.com")
    new_browser().register(email="bo@example.org", name="Win a prize at evil.example.com")
    assert not [mail for mail in sent(app) if "prize" in mail.as_string()]


def test_no_more_than_three_mails_go_to_an_address_in_six_hours_and_nobody_is_told(app, new_browser):
    start = clock.now()
    with time_machine.travel(start, tick=False):
        pages = [new_browser(address=f"192.0.2.{number}").register() for number in range(1, 6)]
        assert len({neutral(page, "ann@example.org")[1] for page in pages}) == 1
        assert len(sent(app)) == 3
    with time_machine.travel(start + timedelta(hours=6, minutes=1), tick=False):
        new_browser().register()
        assert len(sent(app)) == 1


def test_the_three_mails_of_one_address_leave_another_its_own(app, new_browser):
    for number in range(1, 5):
        new_browser(address=f"192.0.2.{number}").register()
    new_browser(address="192.0.2.9").register(email="bo@example.org")
    assert [mail["To"] for mail in sent(app)] == ["ann@example.org"] * 3 + ["bo@example.org"]


def test_a_browser_remembers_its_registration_for_as_long_as_the_link_works(browser):
    [cookie] = [
        each for each in browser.register().headers.getlist("Set-Cookie") if each.startswith("cpd_registration")
    ]
    assert "Max-Age=259200" in cookie  # three days


def test_two_registrations_of_one_address_make_one_account(app, new_browser, count_of):
    browsers = [new_browser(), new_browser(address="198.51.100.7")]
    for each in browsers:
        each.register()
    mails = sent(app)
    pages = [each.follow(link_in(mail)) for each, mail in zip(browsers, mails, strict=True)]
    answers = [each.press(page) for each, page in zip(browsers, pages, strict=True)]
    assert [answer.status_code for answer in answers] == [303, 410]
    assert "An account has this address already" in answers[1].text
    assert count_of("account") == 1


def test_a_link_that_is_pressed_by_four_at_once_makes_one_account(app, browser, link, count_of):
    page = browser.follow(link)
    copies = [Browser(app) for _ in range(4)]
    for copy in copies:
        for name in ("cpd_session", "cpd_link", "cpd_registration"):
            copy.client.set_cookie(name, browser.cookie(name))
    start, answers = threading.Barrier(4), []

    def press(copy):
        start.wait()
        answers.append(copy.press(page).status_code)

    threads = [threading.Thread(target=press, args=(copy,)) for copy in copies]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(answers) == [303, 410, 410, 410]
    assert count_of("account") == 1


# Sending it again


def test_the_newest_link_of_a_registration_is_sent_again(app, browser, link, new_browser):
    answer = browser.ask_by_mail("/auth/resend", email="Ann@example.org")
    assert "We have sent a mail" in answer.text
    [again] = sent(app)
    assert again["To"] == "ann@example.org"
    browser.press(browser.follow(link_in(again)))
    assert browser.signed_in
    assert new_browser().follow(link).status_code == 410


@pytest.mark.usefixtures("ann")
def test_resending_answers_the_same_for_every_address(app, new_browser):
    new_browser().register(email="bo@example.org")
    sent(app)
    answers = [
        neutral(new_browser().send("/auth/resend", email=email), email)
        for email in ("ann@example.org", "bo@example.org", "nobody@example.org")
    ]
    assert answers[0] == answers[1] == answers[2]
    mails = sent(app)
    assert [mail["To"] for mail in mails] == ["ann@example.org", "bo@example.org"]
    assert "already" in mails[0]["Subject"]


def test_an_address_that_is_none_is_told_so(browser, count_of):
    for path in ("/auth/resend", "/auth/reset"):
        answer = browser.send(path, email="ann")
        assert answer.status_code == 422
        assert error_of(answer.text, "email") == "Enter an e-mail address, like name@example.org"
    assert count_of("outbox") == 0


@pytest.mark.parametrize("path", ["/auth/resend", "/auth/reset"])
def test_asking_too_often_from_one_place_is_told(browser, new_browser, path):
    answers = [browser.send(path, email=f"ann{number}@example.org") for number in range(21)]
    assert [answer.status_code for answer in answers] == [303] * 20 + [429]
    assert 3_500 < int(answers[-1].headers["Retry-After"]) <= 3_600
    assert refusal_of(answers[-1].text).startswith("There were too many tries. Wait ")
    assert "<title>Error: " in answers[-1].text
    assert 'value="ann20@example.org"' in answers[-1].text
    assert new_browser(address="198.51.100.7").send(path, email="ann@example.org").status_code == 303


@pytest.mark.parametrize("path", ["/auth/resend", "/auth/reset"])
def test_every_spelling_of_an_address_counts_for_its_three_mails(new_browser, rows_of, path):
    spellings = ["ann@example.org", "ANN@example.org", "Ann@Example.org", "\uff41nn@example.org", "bo@example.org"]
    for spelling in spellings:
        new_browser().send(path, email=spelling)
    asked = [(row["kind"], row["payload"]) for row in rows_of("outbox")]
    kind = path.rpartition("/")[2]
    assert asked == [
        *[(kind, {"email_canon": "ann@example.org", "is_due": due}) for due in (True, True, True, False)],
        (kind, {"email_canon": "bo@example.org", "is_due": True}),
    ]


@pytest.mark.parametrize(
    ("path", "said"),
    [
        ("/auth/register", "Open the link in it to finish: your account is made then."),
        ("/auth/reset", "a link to set a new password goes there. It works for an hour."),
        ("/auth/resend", "waits to be confirmed, the link goes there once more."),
    ],
)
def test_the_page_that_a_mail_is_on_its_way_says_what_it_will_hold(browser, path, said):
    answer = browser.send(path, **(ANN | {"email": "Ann@example.org"}))
    assert (answer.status_code, answer.location) == (303, "/auth/sent")
    page = browser.get("/auth/sent").text
    assert said in page
    assert "<strong>Ann@example.org</strong>" in page
