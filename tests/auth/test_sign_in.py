"""Signing in and out, sessions and the account's page."""

from datetime import timedelta

import pytest
import time_machine
from sqlalchemy.exc import OperationalError

from cpd.auth import sessions
from cpd.auth.passwords import Passwords
from cpd.web import clock
from tests.auth.browser import ANN, PASSWORD, error_of


@pytest.fixture
def ann(browser):
    """Registered, and signed out again."""
    browser.register()
    browser.sign_out()
    browser.client.delete_cookie("cpd_known_browser")
    return browser


def test_the_right_password_signs_in(ann):
    answer = ann.sign_in()
    assert answer.status_code == 303
    assert answer.location == "/"
    assert ann.signed_in


@pytest.mark.parametrize("spelling", ["ANN@EXAMPLE.ORG", " ann@Example.org ", "\uff41nn@example.org"])
def test_any_spelling_of_the_address_signs_in(ann, spelling):
    ann.sign_in(email=spelling)
    assert ann.signed_in


def test_a_password_composed_otherwise_signs_in(browser):
    browser.register(password="grüne-tundra-violine-otter")
    browser.sign_out()
    browser.sign_in(password="gru\u0308ne-tundra-violine-otter")
    assert browser.signed_in


@pytest.mark.parametrize(
    ("email", "password"),
    [("ann@example.org", "wrong"), ("ann@example.org", PASSWORD + " "), ("nobody@example.org", PASSWORD)],
    ids=["wrong password", "one blank too many", "unknown address"],
)
def test_a_wrong_pair_says_the_same_whichever_half_is_wrong(ann, email, password):
    answer = ann.sign_in(email=email, password=password)

    assert answer.status_code == 422
    assert error_of(answer.text, "password") == "The e-mail address or the password is wrong"
    assert "<title>Error: Sign in" in answer.text
    assert not ann.signed_in


def test_an_unknown_address_costs_the_same_hash_as_a_known_one(ann, monkeypatch):
    checked = []
    fits = Passwords.fits
    monkeypatch.setattr(Passwords, "fits", lambda *given, **named: checked.append(1) or fits(*given, **named))

    ann.sign_in(email="nobody@example.org")
    ann.sign_in(password="wrong")

    assert len(checked) == 2


def test_the_two_refusals_write_the_same_kind_of_row(ann, rows_of):
    before = len(rows_of("event"))
    ann.sign_in(email="nobody@example.org")
    ann.sign_in(password="wrong")
    assert [row["kind"] for row in rows_of("event")[before:]] == ["sign_in_failed"] * 2


def test_the_address_comes_back_and_the_password_does_not(ann):
    page = ann.sign_in(password="wrong-wrong-wrong").text
    assert 'value="ann@example.org"' in page
    assert "wrong-wrong-wrong" not in page


def test_fields_tell_password_managers_what_they_are(browser):
    page = browser.get("/auth/sign-in").text
    assert 'autocomplete="username"' in page
    assert 'autocomplete="current-password"' in page
    assert 'autocomplete="new-password"' in browser.get("/auth/register").text


def test_signing_in_gives_a_new_token_and_the_old_one_is_dead(ann, new_browser):
    ann.sign_in()
    old = ann.cookie("cpd_session")
    other = new_browser()
    other.client.set_cookie("cpd_session", old)
    page = other.get("/auth/account")

    assert page.status_code == 200
    other.client.post(
        "/auth/sign-in", data={"email": "ann@example.org", "password": PASSWORD, "csrf_token": csrf_of(page)}
    )

    assert other.cookie("cpd_session") != old
    assert not ann.signed_in


def csrf_of(page):
    return page.text.split('name="csrf_token" value="')[1].split('"')[0]


def test_a_token_fixed_before_signing_in_is_not_the_session(ann, new_browser):
    planted = "A" * 43
    ann.client.set_cookie("cpd_session", planted)
    ann.sign_in()

    thief = new_browser()
    thief.client.set_cookie("cpd_session", planted)

    assert ann.signed_in
    assert not thief.signed_in


def test_the_database_holds_no_token_that_a_cookie_carries(ann, rows_of):
    ann.sign_in()
    assert ann.cookie("cpd_session") not in str(rows_of("session"))


def test_signing_out_ends_a_copied_cookie_too(ann, new_browser):
    ann.sign_in()
    copy = new_browser()
    copy.client.set_cookie("cpd_session", ann.cookie("cpd_session"))
    assert copy.signed_in

    answer = ann.sign_out()

    assert answer.headers["Clear-Site-Data"] == '"cache", "storage"'
    assert not copy.signed_in


def test_signing_out_twice_does_no_harm(ann):
    page = ann.get("/auth/sign-in")
    assert ann.post("/auth/sign-out", page).status_code == 303


def test_signing_out_by_get_is_not_possible(ann):
    ann.sign_in()
    assert ann.get("/auth/sign-out").status_code == 405
    assert ann.signed_in


@pytest.mark.parametrize(
    ("days", "signed_in"), [(13, True), (14, False)], ids=["used within 14 days", "unused for 14 days"]
)
def test_a_session_ends_when_it_is_not_used(ann, days, signed_in):
    ann.sign_in()
    with time_machine.travel(clock.now() + timedelta(days=days, minutes=1), tick=False):
        assert ann.signed_in == signed_in


def test_a_session_ends_after_ninety_days_of_use(ann):
    start = clock.now()
    ann.sign_in()
    for day in range(10, 90, 10):
        with time_machine.travel(start + timedelta(days=day), tick=False):
            assert ann.signed_in
    with time_machine.travel(start + timedelta(days=90, minutes=1), tick=False):
        assert not ann.signed_in


def test_use_is_written_down_every_five_minutes_at_most(ann, rows_of):
    start = clock.now()
    with time_machine.travel(start, tick=False):
        ann.sign_in()
    for minutes, seen in ((4, 0), (6, 6), (10, 6), (11, 11)):
        with time_machine.travel(start + timedelta(minutes=minutes), tick=False):
            assert ann.signed_in
        last_seen = rows_of("session")[-1]["last_seen_at"]
        assert last_seen - start == timedelta(minutes=seen)


def test_a_page_is_shown_although_its_use_cannot_be_written(ann, monkeypatch, rows_of):
    ann.sign_in()
    seen = rows_of("session")[-1]["last_seen_at"]
    monkeypatch.setattr(sessions, "hurried_engine", FullDatabase)

    with time_machine.travel(clock.now() + timedelta(hours=2), tick=False):
        assert ann.signed_in
    assert rows_of("session")[-1]["last_seen_at"] == seen


class FullDatabase:
    def begin(self):
        raise OperationalError("BEGIN IMMEDIATE", None, Exception("database or disk is full"))


def test_sessions_that_are_over_are_deleted_when_somebody_signs_in(ann, count_of):
    ann.sign_in()
    with time_machine.travel(clock.now() + timedelta(days=91), tick=False):
        ann.sign_in()
    assert count_of("session") == 1


def test_a_hash_of_another_cost_is_made_anew_at_sign_in(ann, app, rows_of):
    old = rows_of("account")[0]["password_hash"]
    app.extensions["passwords"] = Passwords(_dearer(app.config["SETTINGS"]))

    ann.sign_in()

    new = rows_of("account")[0]["password_hash"]
    assert "t=1," in old
    assert "t=2," in new
    ann.sign_out()
    ann.sign_in()
    assert ann.signed_in


def _dearer(settings):
    return type(settings)(**{**settings.__dict__, "hash_time": 2})


def test_the_account_page_shows_what_is_known(browser):
    browser.register(registration_body="GMC", registration_number="1234567")
    page = browser.get("/auth/account").text
    for text in ("Ann Example", "ann@example.org", "Doctor", "GMC 1234567", "Terms of use", "Version 2026-11-23"):
        assert text in page


def test_the_account_page_asks_a_visitor_to_sign_in(browser):
    answer = browser.get("/auth/account")
    assert answer.status_code == 302
    assert answer.location == "/auth/sign-in?next=/auth/account"


def test_what_happened_is_kept_without_secrets(ann, rows_of):
    ann.sign_in(password="wrong-wrong-wrong")
    ann.sign_in()
    events = rows_of("event")
    assert [row["kind"] for row in events] == ["registered", "signed_in", "signed_out", "sign_in_failed", "signed_in"]
    assert all(secret not in str(events) for secret in (PASSWORD, "wrong-wrong-wrong", ann.cookie("cpd_session")))


def test_an_unusable_hash_lets_nobody_in(app):
    assert not app.extensions["passwords"].fits(PASSWORD, "not a hash")


@pytest.mark.parametrize("name", ["email", "password"])
def test_a_form_without_a_field_is_answered_with_words(ann, name):
    page = ann.get("/auth/sign-in")
    fields = {"email": ANN["email"], "password": PASSWORD}
    del fields[name]
    answer = ann.post("/auth/sign-in", page, **fields)
    assert answer.status_code == 422
    assert error_of(answer.text, name)
