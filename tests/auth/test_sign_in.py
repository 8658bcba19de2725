"""Signing in and out, sessions and the account's page."""

from datetime import timedelta
from importlib.metadata import version

import pytest
import time_machine
from sqlalchemy import update
from sqlalchemy.exc import OperationalError

from cpd.auth import sessions
from cpd.auth.passwords import Passwords
from cpd.db import Base, db
from cpd.web import clock
from tests.auth.browser import ANN, PASSWORD, error_of, hidden_fields
from tests.auth.factors.people import refusal_of


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


# What is carried along, and what is written down


def led(answer):
    return answer.status_code, answer.location


def last_line(rows_of):
    line = rows_of("event")[-1]
    return line["kind"], line["account_id"], line["detail"]


ORIGIN = {"user_agent": f"Werkzeug/{version('werkzeug')}", "network": "192.0.2.1"}


@pytest.mark.parametrize(("email", "account_id"), [("ANN@example.org", 1), ("nobody@example.org", None)])
def test_a_try_is_written_down_with_where_it_came_from_and_whose_account_it_was_for(ann, rows_of, email, account_id):
    ann.sign_in(email=email, password="wrong")
    assert last_line(rows_of) == ("sign_in_failed", account_id, ORIGIN)


def test_signing_in_and_out_is_written_down(ann, rows_of, count_of):
    ann.sign_in()
    assert last_line(rows_of) == ("signed_in", 1, {"proofs": ["password"], **ORIGIN})
    [session] = rows_of("session")
    assert (session["account_id"], session["user_agent"], session["network"]) == (1, *ORIGIN.values())
    answer = ann.sign_out()
    assert led(answer) == (303, "/")
    assert ann.cookie("cpd_session") == ""
    assert last_line(rows_of) == ("signed_out", 1, {})
    assert count_of("session") == 0


def test_who_is_not_signed_in_signs_out_without_a_line(ann, count_of):
    before = count_of("event")
    answer = ann.post("/auth/sign-out", ann.get("/auth/sign-in"))
    assert led(answer) == (303, "/")
    assert answer.headers["Clear-Site-Data"] == '"cache", "storage"'
    assert count_of("event") == before


def test_a_session_lasts_ninety_days_in_its_cookie(ann):
    answer = ann.sign_in()
    [cookie] = [each for each in answer.headers.getlist("Set-Cookie") if each.startswith("cpd_session=")]
    assert "; Max-Age=7776000; " in cookie
    assert ann.cookie("cpd_sign_in") == ""


@pytest.mark.parametrize("path", ["/auth/sign-in", "/auth/register"])
def test_who_is_signed_in_is_led_on_from_the_pages_for_strangers(ann, path):
    ann.sign_in()
    assert led(ann.get(f"{path}?next=/pages/terms")) == (302, "/pages/terms")
    assert led(ann.get(path)) == (302, "/")


@pytest.mark.parametrize(
    ("fields", "status"),
    [({"password": "wrong"}, 422), ({"email": "ann"}, 422), ({"password": ""}, 422)],
    ids=["wrong", "no address", "no password"],
)
def test_a_refused_form_carries_along_where_one_wanted_to_go_and_what_waits(ann, fields, status):
    late = ann.post("/auth/sessions", ann.get("/auth/sign-in"), session="others")
    carried = hidden_fields(late.text)
    typed = {"email": "ann@example.org", "password": PASSWORD, "next": "/pages/terms"} | fields
    answer = ann.post("/auth/sign-in", late, **typed)
    assert answer.status_code == status
    assert hidden_fields(answer.text)["next"] == "/pages/terms"
    assert hidden_fields(answer.text)["kept"] == carried["kept"]
    again = ann.post("/auth/sign-in", answer, email="ann@example.org", password=PASSWORD)
    assert 'action="/auth/sessions"' in again.text


def test_after_too_many_tries_the_page_says_how_long_to_wait_and_carries_all_along(ann):
    late = ann.post("/auth/sessions", ann.get("/auth/sign-in"), session="others")
    for _ in range(10):
        ann.sign_in(password="wrong")
    answer = ann.post("/auth/sign-in", late, email="Ann@example.org", password=PASSWORD, next="/pages/terms")
    assert answer.status_code == 429
    assert 0 < int(answer.headers["Retry-After"]) <= 300
    assert refusal_of(answer.text) == "There were too many tries. Wait 5 minutes, then try again."
    assert 'value="Ann@example.org"' in answer.text
    assert hidden_fields(answer.text)["next"] == "/pages/terms"
    assert hidden_fields(answer.text)["kept"] == hidden_fields(late.text)["kept"]


def test_the_page_for_signing_in_is_first_shown_without_a_reproach(browser):
    page = browser.get("/auth/sign-in?next=/pages/terms")
    assert "kept" not in hidden_fields(page.text)
    assert hidden_fields(page.text)["next"] == "/pages/terms"
    assert (refusal_of(page.text), error_of(page.text, "email"), error_of(page.text, "password")) == ("", "", "")
    assert "<title>Sign in" in page.text


def test_a_form_without_what_it_carries_leads_home(ann):
    token = csrf_of(ann.get("/auth/sign-in"))
    data = {"csrf_token": token, "email": "ann@example.org", "password": "wrong"}
    refused = ann.client.post("/auth/sign-in", data=data)
    assert hidden_fields(refused.text)["next"] == "/"
    assert "kept" not in hidden_fields(refused.text)
    assert led(ann.client.post("/auth/sign-in", data=data | {"password": PASSWORD})) == (303, "/")


def test_an_account_that_is_disabled_is_refused_with_words_and_carries_all_along(ann, app):
    with app.app_context():
        db.session.execute(update(Base.metadata.tables["account"]).values(disabled_at=clock.now()))
        db.session.commit()
    late = ann.post("/auth/sessions", ann.get("/auth/sign-in"), session="others")
    answer = ann.post("/auth/sign-in", late, email="ann@example.org", password=PASSWORD, next="/pages/terms")
    assert answer.status_code == 403
    assert refusal_of(answer.text) == "This account is disabled. Ask whoever runs this site."
    assert hidden_fields(answer.text)["next"] == "/pages/terms"
    assert hidden_fields(answer.text)["kept"] == hidden_fields(late.text)["kept"]


@pytest.mark.parametrize(
    ("known", "email"), [(True, ANN["email"]), (False, ANN["email"]), (True, "nobody@example.org")]
)
def test_only_a_browser_that_signed_in_before_does_not_queue_behind_strangers(ann, monkeypatch, known, email):
    ann.sign_in()
    ann.sign_out()
    if not known:
        ann.client.delete_cookie("cpd_known_browser")
    checked = []
    monkeypatch.setattr(Passwords, "fits", lambda *given, **named: checked.append((given[1:], named)))
    ann.sign_in(email=email, password="wrong-wrong-wrong")
    [((typed, kept_hash), named)] = checked
    assert typed == "wrong-wrong-wrong"
    assert (kept_hash is None) == (email != ANN["email"])
    assert named == {"own_browser": known and email == ANN["email"]}


@pytest.mark.usefixtures("ann")
@pytest.mark.parametrize("email", ["ANN@example.org", "\uff41nn@example.org"])
def test_wrong_passwords_count_for_an_account_however_its_address_is_spelt(new_browser, email):
    for number in range(10):
        new_browser(address=f"2001:db8:{number:x}::1").sign_in(email=email, password="wrong")
    assert new_browser(address="198.51.100.7").sign_in().status_code == 429
    assert new_browser(address="198.51.100.7").sign_in(email="bo@example.org").status_code == 422


def test_the_right_password_gives_its_try_back_and_ends_the_row_of_wrong_ones(ann, rows_of):
    ann.sign_in(password="wrong")
    tried = {row["key"].partition(":")[0]: row["tries"] for row in rows_of("throttle")}
    ann.sign_in()
    left = {row["key"].partition(":")[0]: row["tries"] for row in rows_of("throttle")}
    assert "password-row" in tried
    assert left == {door: tries for door, tries in tried.items() if door != "password-row"}


def test_a_hash_of_another_cost_is_kept_for_its_account_alone(ann, new_browser, app, rows_of):
    new_browser().register(email="bo@example.org")
    before = [row["password_hash"] for row in rows_of("account")]
    app.extensions["passwords"] = Passwords(_dearer(app.config["SETTINGS"]))
    ann.sign_in()
    after = [row["password_hash"] for row in rows_of("account")]
    assert (after[0] == before[0], after[1] == before[1]) == (False, True)
    ann.sign_out()
    ann.sign_in()
    assert [row["password_hash"] for row in rows_of("account")] == after


@pytest.mark.parametrize("path", ["/auth/sign-in", "/auth/sign-in?next=/record/", "/auth/register", "/auth/reset"])
def test_a_page_that_nothing_was_sent_to_refuses_nothing(browser, path):
    assert refusal_of(browser.get(path).text) == ""


@pytest.mark.parametrize("path", ["/auth/sign-in", "/auth/reset"])
def test_what_is_told_beside_a_field_is_not_told_above_the_form_too(browser, path):
    answer = browser.send(path, email="ann@")
    assert answer.status_code == 422
    assert error_of(answer.text, "email") == "Enter an e-mail address, like name@example.org"
    assert refusal_of(answer.text) == ""
