"""Setting a new password by a link."""

from __future__ import annotations

import threading
from datetime import timedelta

import pytest
import time_machine
from sqlalchemy import insert, update

from cpd.auth.passwords import ServerBusy
from cpd.db import Base, db
from cpd.web import clock
from tests.auth.browser import ANN, PASSWORD, doors_tried, error_of
from tests.auth.mails import link_in, sent, text_of
from tests.auth.test_confirming import neutral

NEW = "nine slow otters dive"


@pytest.fixture
def settings(mailing):
    return mailing


@pytest.fixture
def ann(app, new_browser):
    """Registered, confirmed, and signed in with a browser of her own."""
    browser = new_browser()
    browser.register()
    [mail] = sent(app)
    browser.press(browser.follow(link_in(mail)))
    return browser


@pytest.fixture
def reset_link(app, ann, new_browser):  # noqa: ARG001  # she is registered
    new_browser().send("/auth/reset", email="ann@example.org")
    [mail] = sent(app)
    return link_in(mail)


def test_a_new_password_is_set_by_a_link_and_signs_in(app, ann, new_browser, rows_of):
    browser = new_browser(address="198.51.100.7")
    answer = browser.ask_by_mail("/auth/reset", email="ANN@example.org")
    assert "We have sent a mail" in answer.text
    [mail] = sent(app)
    assert mail["To"] == "ann@example.org"
    page = browser.follow(link_in(mail))
    assert "ann@example.org" in page.text
    assert 'autocomplete="new-password"' in page.text

    answer = browser.press(page, password=NEW)

    assert (answer.status_code, answer.location) == (303, "/")
    assert browser.signed_in
    assert not ann.signed_in
    stranger = new_browser()
    assert stranger.sign_in().status_code == 422
    assert stranger.sign_in(password=NEW).status_code == 303
    kinds = [event["kind"] for event in rows_of("event")]
    assert kinds[kinds.index("reset_asked") :][:3] == ["reset_asked", "password_changed", "signed_in"]


def test_the_owner_is_told_of_a_new_password(app, reset_link, new_browser):
    browser = new_browser()
    browser.press(browser.follow(reset_link), password=NEW)
    subjects = [mail["Subject"] for mail in sent(app)]
    assert subjects == ["Your password was changed", "A new device signed in to your account"]


@pytest.mark.usefixtures("ann")
def test_an_unknown_address_gets_the_same_answer_and_nobody_a_mail(app, new_browser, rows_of):
    known = new_browser().send("/auth/reset", email="ann@example.org")
    unknown = new_browser().send("/auth/reset", email="bo@example.org")
    assert neutral(known, "ann@example.org") == neutral(unknown, "bo@example.org")
    assert [set(row["payload"]) for row in rows_of("outbox")] == [{"email_canon", "is_due"}] * 2
    assert [mail["To"] for mail in sent(app)] == ["ann@example.org"]
    assert "bo@example.org" not in str(rows_of("event"))


@pytest.mark.usefixtures("ann")
def test_asking_makes_no_query_for_an_account(browser, monkeypatch):
    monkeypatch.setattr("cpd.auth.queries.find_account", None)
    for path in ("/auth/reset", "/auth/resend"):
        assert browser.send(path, email="ann@example.org").status_code == 303


def test_opening_the_link_changes_nothing(reset_link, new_browser, rows_of):
    before = rows_of("account"), rows_of("token")
    browser = new_browser()
    for _ in range(2):
        browser.follow(reset_link)
    assert (rows_of("account"), rows_of("token")) == before


@pytest.mark.usefixtures("ann")
def test_a_link_works_once_and_the_others_of_the_account_no_more(app, new_browser):
    for _ in range(2):
        new_browser().send("/auth/reset", email="ann@example.org")
    first, second = map(link_in, sent(app))
    browser = new_browser()
    browser.press(browser.follow(second), password=NEW)
    assert [new_browser().follow(link).status_code for link in (first, second)] == [410, 410]


def test_a_link_works_for_an_hour(reset_link, new_browser):
    start = clock.now()
    with time_machine.travel(start + timedelta(minutes=61), tick=False):
        assert new_browser().follow(reset_link).status_code == 410
    with time_machine.travel(start + timedelta(minutes=58), tick=False):
        assert new_browser().follow(reset_link).status_code == 200


@pytest.mark.usefixtures("ann")
def test_a_link_for_something_else_sets_no_password(app, new_browser):
    new_browser().register(email="bo@example.org")
    [mail] = sent(app)
    token = link_in(mail).partition("=")[2]
    browser = new_browser()
    assert browser.get(browser.get(f"/auth/reset/new?token={token}").location).status_code == 410


@pytest.mark.parametrize(
    ("password", "words"),
    [
        ("", "Choose a password"),
        ("nine otters", "Use at least 15 characters"),
        ("x" * 257, "Use at most 256 characters"),
        ("annexample2024!!", "easy to guess"),
        ("ann@example.org!", "easy to guess"),
    ],
)
def test_a_weak_password_is_refused_and_the_link_goes_on_working(reset_link, new_browser, password, words):
    browser = new_browser()
    page = browser.follow(reset_link)
    answer = browser.press(page, password=password)
    assert answer.status_code == 422
    assert words in error_of(answer.text, "password")
    assert browser.press(page, password=NEW).status_code == 303


def test_two_who_press_the_button_at_once_set_one_password(app, reset_link, new_browser, monkeypatch):
    """The first one is done while the hash of the second is made."""
    first, second = new_browser(), new_browser()
    pages = first.follow(reset_link), second.follow(reset_link)
    hasher = app.extensions["passwords"]
    made, answers = hasher.hash, []

    def meanwhile(typed):
        monkeypatch.setattr(hasher, "hash", made)
        other = threading.Thread(target=lambda: answers.append(first.press(pages[0], password=NEW).status_code))
        other.start()
        other.join()
        return made(typed)

    monkeypatch.setattr(hasher, "hash", meanwhile)
    assert second.press(pages[1], password="three wet herons sulk").status_code == 410
    assert answers == [303]
    assert new_browser().sign_in(password=NEW).status_code == 303


def test_a_busy_server_keeps_the_link(app, reset_link, new_browser, monkeypatch):
    browser = new_browser()
    page = browser.follow(reset_link)

    def busy(_):
        raise ServerBusy

    with monkeypatch.context() as patched:
        patched.setattr(app.extensions["passwords"], "hash", busy)
        assert browser.press(page, password=NEW).status_code == 503
    assert browser.press(page, password=NEW).status_code == 303


def add_app(app, account_id):
    """Give an account an authenticator app."""
    values = {"account_id": account_id, "secret": "x", "last_step": 0, "added_at": clock.now()}
    with app.app_context():
        db.session.execute(insert(Base.metadata.tables["app"]).values(**values))
        db.session.commit()


def test_a_reset_does_not_skip_the_second_factor(app, reset_link, new_browser, rows_of):
    add_app(app, rows_of("account")[0]["id"])
    browser = new_browser()
    answer = browser.press(browser.follow(reset_link), password=NEW)
    assert answer.location == "/auth/two-factor"
    assert not browser.signed_in


def test_beside_a_second_factor_eight_characters_are_enough(app, reset_link, new_browser, rows_of):
    add_app(app, rows_of("account")[0]["id"])
    browser = new_browser()
    page = browser.follow(reset_link)
    assert "At least 8 characters" in page.text
    for weak in ("hz7-qwu", "password", "dragon99", "ann@example.org"):
        assert browser.press(page, password=weak).status_code == 422, weak
    assert browser.press(page, password="hz7-qwux").status_code == 303
    assert rows_of("account")[0]["short_password"] in (True, 1)


def test_a_long_password_is_not_marked_as_short(reset_link, new_browser, rows_of):
    browser = new_browser()
    browser.press(browser.follow(reset_link), password=NEW)
    assert not rows_of("account")[0]["short_password"]


def test_a_password_set_anew_while_signing_in_confirms_no_address(app, ann, new_browser, rows_of):
    with app.app_context():
        db.session.execute(update(Base.metadata.tables["account"]).values(short_password=True, confirmed_at=None))
        db.session.commit()
    browser = new_browser()
    assert browser.sign_in().location == "/auth/reset/new"
    assert not browser.signed_in
    assert browser.send("/auth/reset/new", password=NEW).status_code == 303
    assert browser.signed_in
    assert not ann.signed_in
    assert rows_of("account")[0]["confirmed_at"] is None


def test_a_reset_ends_a_sign_in_that_had_got_as_far_as_the_second_factor(app, reset_link, new_browser, rows_of):
    account_id = rows_of("account")[0]["id"]
    add_app(app, account_id)
    thief = new_browser()
    assert thief.sign_in().location == "/auth/two-factor"
    browser = new_browser()
    browser.press(browser.follow(reset_link), password=NEW)
    proofs = [row["detail"]["proofs"] for row in rows_of("token") if row["purpose"] == "sign-in"]
    assert proofs == [["mail"]]


def test_too_many_wrong_passwords_are_forgiven_by_a_reset(reset_link, new_browser):
    stranger = new_browser()
    page = stranger.get("/auth/sign-in")
    while stranger.post("/auth/sign-in", page, email=ANN["email"], password="wrong").status_code != 429:
        pass
    browser = new_browser(address="198.51.100.7")
    browser.press(browser.follow(reset_link), password=NEW)
    browser.sign_out()
    browser.client.delete_cookie("cpd_known_browser")
    assert browser.sign_in(password=NEW).status_code == 303


def set_account(app, **values):
    with app.app_context():
        db.session.execute(update(Base.metadata.tables["account"]).values(**values))
        db.session.commit()


def test_a_disabled_account_gets_no_link_and_its_link_does_nothing(app, reset_link, new_browser):
    browser = new_browser()
    page = browser.follow(reset_link)
    set_account(app, disabled_at=clock.now())
    assert browser.press(page, password=NEW).status_code == 410
    new_browser().send("/auth/reset", email="ann@example.org")
    assert sent(app) == []
    set_account(app, disabled_at=None)
    assert new_browser().sign_in().status_code == 303


def test_a_reset_confirms_the_address_of_an_old_account(app, reset_link, new_browser, rows_of):
    set_account(app, confirmed_at=None)
    browser = new_browser()
    browser.press(browser.follow(reset_link), password=NEW)
    assert rows_of("account")[0]["confirmed_at"] is not None
    assert [event["kind"] for event in rows_of("event")].count("address_confirmed") == 2


@pytest.mark.usefixtures("ann")
def test_the_mail_says_how_long_the_link_works_and_where_it_leads(app, new_browser):
    new_browser().send("/auth/reset", email="ann@example.org")
    [mail] = sent(app)
    assert "works for an hour" in text_of(mail)
    assert "https://learn.example.org/auth/reset/new?token=" in text_of(mail)
    assert PASSWORD not in mail.as_string()


def test_the_button_without_a_link_does_nothing(browser):
    assert browser.post("/auth/reset/new", browser.get("/auth/sign-in"), password=NEW).status_code == 410


# What the pages say, and what they leave behind

NO_LONGER = "It was used already, or it is too old. Ask for a new one."


def test_after_a_reset_nothing_is_left_of_the_link_and_the_next_page_says_so(reset_link, new_browser, rows_of):
    browser = new_browser()
    page = browser.follow(reset_link)
    assert "For the account with the address <strong>ann@example.org</strong>." in page.text
    assert "<title>Set a new password" in page.text
    before = len(rows_of("event"))
    answer = browser.press(page, password=NEW)
    assert (answer.status_code, answer.location) == (303, "/")
    assert browser.cookie("cpd_link") == ""
    assert rows_of("token") == []
    text = "Your password is changed, and all other sessions were ended."
    assert f'<p role="status">{text}</p>' in browser.get("/").text
    lines = [(line["kind"], line["account_id"], line["detail"]) for line in rows_of("event")[before:]]
    assert lines[0] == ("password_changed", 1, {"how": "reset", "sessions_ended": 1})
    assert (lines[1][0], lines[1][1], lines[1][2]["proofs"]) == ("signed_in", 1, ["mail"])


@pytest.mark.usefixtures("ann")
def test_pages_of_a_link_that_is_gone_say_how_to_get_a_new_one(browser):
    page = browser.get("/auth/reset/new")
    assert (page.status_code, NO_LONGER in page.text) == (410, True)
    page = browser.post("/auth/reset/new", browser.get("/auth/sign-in"), password=NEW)
    assert (page.status_code, NO_LONGER in page.text) == (410, True)


@pytest.mark.parametrize("column", ["deleted_at", "disabled_at"])
def test_a_link_of_an_account_that_is_over_says_so_and_changes_nothing(app, reset_link, new_browser, rows_of, column):
    browser = new_browser()
    page = browser.follow(reset_link)
    set_account(app, **{column: clock.now()})
    before = [rows_of(table) for table in ("account", "token", "session", "event")]
    answer = browser.press(page, password=NEW)
    assert (answer.status_code, NO_LONGER in answer.text) == (410, True)
    assert [rows_of(table) for table in ("account", "token", "session", "event")] == before
    if column == "deleted_at":
        assert NO_LONGER in browser.get("/auth/reset/new").text


def test_a_link_that_is_used_while_its_button_is_pressed_changes_nothing(reset_link, new_browser, monkeypatch, rows_of):
    browser = new_browser()
    page = browser.follow(reset_link)
    before = rows_of("account")
    monkeypatch.setattr("cpd.auth.by_mail.views.tokens.take", lambda *_, **__: None)
    answer = browser.press(page, password=NEW)
    assert (answer.status_code, NO_LONGER in answer.text) == (410, True)
    assert rows_of("account") == before


def test_a_refused_password_is_told_with_the_address_of_its_account(reset_link, new_browser):
    browser = new_browser()
    answer = browser.press(browser.follow(reset_link), password="short")
    assert answer.status_code == 422
    assert "<title>Error: Set a new password" in answer.text
    assert "<strong>ann@example.org</strong>" in answer.text
    assert 'data-shortest="15"' in answer.text


def test_a_reset_forgives_this_browser_its_wrong_passwords_too(ann, reset_link, rows_of):
    ann.sign_out()
    page = ann.get("/auth/sign-in")
    for _ in range(10):
        ann.post("/auth/sign-in", page, email=ANN["email"], password="wrong")
    doors = doors_tried(rows_of)
    assert {"password-browser", "password-browser-row"} <= doors
    ann.press(ann.follow(reset_link), password=NEW)
    assert not [row for row in rows_of("throttle") if row["key"].startswith("password-")]
