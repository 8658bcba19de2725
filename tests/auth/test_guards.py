"""What stands before views: a role with its second factor, and a proof of who one is that is fresh."""

from __future__ import annotations

from datetime import timedelta
from importlib.metadata import version

import pytest
import time_machine
from flask import Blueprint
from sqlalchemy import insert, update

from cpd.auth import sessions
from cpd.auth.access import FRESH, current_learner, proof_required, role_required
from cpd.auth.models import Account, App, Role, Session
from cpd.auth.passwords import Passwords
from cpd.db import db
from cpd.web import clock
from tests.auth.browser import ANN, PASSWORD, doors_tried, error_of, hidden_fields
from tests.auth.factors.people import refusal_of
from tests.pages import token_in


@pytest.fixture
def app(app):
    bp = Blueprint("guarded", __name__, url_prefix="/guarded")
    for role in Role:
        bp.add_url_rule(f"/{role}/<slug>", f"for_{role}", role_required(role)(told))
    bp.add_url_rule("/sensitive", "sensitive", proof_required(sensitive), methods=["GET", "POST"])
    app.register_blueprint(bp)
    return app


def told(slug, learner):
    return f"{slug} for {learner.role} {learner.granted} {learner.get_id()}"


def sensitive(learner):
    return f"done for {learner.name}"


@pytest.fixture
def ann(browser):
    browser.register()
    return browser


@pytest.fixture
def let(app):
    """Gives account 1 a role, and its sessions a second factor or not."""

    def let(role, *, second_factor):
        with app.app_context():
            db.session.execute(update(Account).values(role=role.value))
            db.session.execute(update(Session).values(second_factor=second_factor))
            db.session.commit()

    return let


RANKS = [Role.LEARNER, Role.AUTHOR, Role.EDITOR, Role.ADMINISTRATOR]


@pytest.mark.parametrize("granted", RANKS)
@pytest.mark.parametrize("least", RANKS)
def test_a_role_opens_what_it_and_lower_ones_may_open(ann, let, granted, least):
    let(granted, second_factor=True)
    answer = ann.get(f"/guarded/{least}/it")
    if RANKS.index(granted) >= RANKS.index(least):
        assert answer.text == f"it for {granted} {granted} 1"
    else:
        assert answer.status_code == 404
        assert answer.text.count("Page not found") or "404" in answer.text


@pytest.mark.parametrize("granted", RANKS[1:])
def test_a_role_counts_for_nothing_before_the_second_factor_is_shown(ann, let, granted):
    let(granted, second_factor=False)
    answer = ann.get(f"/guarded/{granted}/it?a=1&b=%20")
    assert (answer.status_code, answer.location) == (
        302,
        f"/auth/two-factor/needed?next=/guarded/{granted}/it%3Fa%3D1%26b%3D%2520",
    )


def test_without_the_role_a_visitor_is_asked_to_sign_in_and_a_learner_sees_what_is_seen_where_nothing_is(ann, browser):
    assert ann.get("/guarded/author/it").status_code == ann.get("/guarded/nowhere").status_code == 404
    ann.sign_out()
    assert browser.get("/guarded/author/it").location == "/auth/sign-in?next=/guarded/author/it"


def test_a_role_that_is_taken_away_counts_no_more_at_once(ann, let):
    let(Role.EDITOR, second_factor=True)
    assert ann.get("/guarded/editor/it").status_code == 200
    let(Role.LEARNER, second_factor=True)
    assert ann.get("/guarded/editor/it").status_code == 404


def later(minutes):
    return time_machine.travel(clock.now() + FRESH + timedelta(minutes=minutes), tick=False)


def test_for_a_quarter_of_an_hour_after_signing_in_nothing_is_asked(ann):
    assert ann.get("/guarded/sensitive").text == "done for Ann Example"
    with later(-1):
        assert ann.get("/guarded/sensitive").text == "done for Ann Example"


def test_the_very_end_of_that_time_belongs_to_it(browser):
    start = clock.now()
    with time_machine.travel(start, tick=False):
        browser.register()
    with time_machine.travel(start + FRESH, tick=False):
        assert browser.get("/guarded/sensitive").status_code == 200
        assert browser.get("/auth/again?next=/auth/account").location == "/auth/account"
    with time_machine.travel(start + FRESH + timedelta(microseconds=1), tick=False):
        assert browser.get("/guarded/sensitive").location == "/auth/again?next=/guarded/sensitive"
        assert browser.get("/auth/again?next=/auth/account").status_code == 200


def test_later_a_page_asks_for_the_password_and_comes_back(ann):
    with later(1):
        asked = ann.get("/guarded/sensitive?a=1&b=2")
        assert asked.location == "/auth/again?next=/guarded/sensitive%3Fa%3D1%26b%3D2"
        answer = ann.send(asked.location, password=PASSWORD)
        assert (answer.status_code, answer.location) == (303, "/guarded/sensitive?a=1&b=2")
        assert ann.get("/guarded/sensitive").text == "done for Ann Example"


def test_a_form_that_is_sent_too_late_is_kept_and_sent_after_the_password(ann):
    token = token_in(ann.get("/auth/account").text)
    with later(1):
        data = {"csrf_token": token, "wanted": "typed with care"}
        late = ann.client.post("/guarded/sensitive", data=data, environ_overrides=ann.place)
        assert late.status_code == 403
        assert "done" not in late.text
        answer = ann.post("/auth/again", late, password=PASSWORD)
        assert 'value="typed with care"' in answer.text
        again = ann.client.post("/guarded/sensitive", data=hidden_fields(answer.text), environ_overrides=ann.place)
    assert again.text == "done for Ann Example"


def test_a_wrong_password_proves_nothing_and_keeps_the_form(ann, rows_of):
    token = token_in(ann.get("/auth/account").text)
    with later(1):
        late = ann.client.post("/guarded/sensitive", data={"csrf_token": token}, environ_overrides=ann.place)
        answer = ann.post("/auth/again", late, password="wrong-wrong-wrong")
        assert answer.status_code == 422
        assert error_of(answer.text, "password") == "The password is wrong"
        assert hidden_fields(answer.text)["kept"] == hidden_fields(late.text)["kept"]
        assert hidden_fields(answer.text)["next"] == "/guarded/sensitive"
        assert ann.get("/guarded/sensitive").status_code == 302
    assert rows_of("event")[-1]["kind"] == "proof_failed"
    assert rows_of("event")[-1]["account_id"] == 1


@pytest.mark.parametrize(("typed", "words"), [("", "Enter your password"), ("x" * 257, "The password is wrong")])
def test_what_is_no_password_is_told_beside_the_field(ann, typed, words):
    with later(1):
        answer = ann.send("/auth/again?next=/guarded/sensitive", password=typed)
    assert answer.status_code == 422
    assert error_of(answer.text, "password") == words
    assert refusal_of(answer.text) == ""
    assert hidden_fields(answer.text)["next"] == "/guarded/sensitive"


def test_passwords_cannot_be_tried_here_without_end(ann):
    with later(1):
        answers = [ann.send("/auth/again", password="wrong-wrong-wrong").status_code for _ in range(10)]
        assert answers == [422] * 10
        refused = ann.send("/auth/again?next=/guarded/sensitive", password=PASSWORD)
        assert refused.status_code == 429
        assert int(refused.headers["Retry-After"]) > 0
        assert "too many tries" in refused.text
        assert hidden_fields(refused.text)["next"] == "/guarded/sensitive"
        assert ann.get("/guarded/sensitive").status_code == 302


def test_a_right_password_gives_its_try_back(ann):
    for minutes in range(1, 400, 20):
        with later(minutes):
            assert ann.send("/auth/again?next=/guarded/sensitive", password=PASSWORD).status_code == 303
    with time_machine.travel(clock.now() + timedelta(hours=9), tick=False):
        answers = [prove_anew(ann).status_code for _ in range(15)]
    assert answers == [303] * 15


def prove_anew(browser):
    """Send the form at once, although the page would not show it any more."""
    fields = {"password": PASSWORD, "csrf_token": token_in(browser.get("/auth/account").text)}
    return browser.client.post("/auth/again", data=fields, environ_overrides=browser.place)


def test_without_a_wish_proving_leads_to_the_account(ann):
    with later(1):
        assert prove_anew(ann).location == "/auth/account"
        assert ann.get("/auth/again").location == "/"


@pytest.mark.parametrize(("wanted", "place"), [("/pages/terms", "/pages/terms"), ("//evil.test", "/auth/account")])
def test_proving_leads_to_what_was_wanted_inside_the_site(ann, wanted, place):
    with later(1):
        fields = {"password": PASSWORD, "next": wanted, "csrf_token": token_in(ann.get("/auth/account").text)}
        answer = ann.client.post("/auth/again", data=fields, environ_overrides=ann.place)
    assert (answer.status_code, answer.location) == (303, place)


def test_who_has_just_proved_it_is_led_on(ann):
    for query, place in (("?next=/pages/terms", "/pages/terms"), ("?next=//evil.test", "/"), ("", "/")):
        answer = ann.get(f"/auth/again{query}")
        assert (answer.status_code, answer.location) == (302, place)


def test_a_wrong_password_is_written_down_with_where_it_came_from(ann, rows_of):
    with later(1):
        fields = {"password": "wrong", "csrf_token": token_in(ann.get("/auth/account").text)}
        answer = ann.client.post("/auth/again", data=fields, environ_overrides=ann.place)
    assert (answer.status_code, hidden_fields(answer.text)["next"]) == (422, "/")
    assert "kept" not in hidden_fields(answer.text)
    line = rows_of("event")[-1]
    assert (line["kind"], line["account_id"]) == ("proof_failed", 1)
    assert line["detail"] == {"user_agent": f"Werkzeug/{version('werkzeug')}", "network": "192.0.2.1"}


def test_the_password_that_is_looked_at_is_that_of_the_account_and_does_not_queue_behind_strangers(ann, monkeypatch):
    checked = []
    fits = Passwords.fits
    monkeypatch.setattr(Passwords, "fits", lambda *given, **named: checked.append(named) or fits(*given, **named))
    with later(1):
        assert ann.send("/auth/again", password=PASSWORD).status_code == 303
    assert checked == [{"own_browser": True}]


def test_too_many_tries_keep_the_form_and_say_how_long_to_wait(ann):
    token = token_in(ann.get("/auth/account").text)
    with later(1):
        late = ann.client.post("/guarded/sensitive", data={"csrf_token": token}, environ_overrides=ann.place)
        for _ in range(10):
            ann.post("/auth/again", late, password="wrong-wrong-wrong")
        refused = ann.post("/auth/again", late, password=PASSWORD)
    assert refused.status_code == 429
    assert 290 < int(refused.headers["Retry-After"]) <= 301
    assert refusal_of(refused.text).startswith("There were too many tries. Wait ")
    assert hidden_fields(refused.text)["kept"] == hidden_fields(late.text)["kept"]


def test_the_right_password_ends_the_row_of_wrong_ones_of_this_account(ann, new_browser, rows_of):
    new_browser(address="198.51.100.7").sign_in(password="wrong")
    assert "password-row" in doors_tried(rows_of)
    with later(1):
        ann.send("/auth/again", password=PASSWORD)
    assert "password-row" not in doors_tried(rows_of)


def test_the_page_that_asks_again_names_the_account_and_what_it_offers(ann, app):
    with later(1):
        plain = ann.get("/auth/again?next=/pages/terms").text
        with app.app_context():
            values = {"account_id": 1, "secret": "x", "last_step": 0, "added_at": clock.now()}
            db.session.execute(insert(App).values(**values))
            db.session.commit()
        with_app = ann.get("/auth/again?next=/pages/terms").text
    assert "<title>Is it you?" in plain
    assert "What you filled in is kept." not in plain
    assert hidden_fields(plain)["next"] == "/pages/terms"
    assert ("/auth/again/code" in plain, "/auth/again/code" in with_app) == (False, True)
    assert not [field for field in ("password", "code", "recovery_code") if error_of(with_app, field)]


def test_proving_is_written_down_with_its_time(ann, rows_of):
    with later(1):
        now = clock.now()
        ann.send("/auth/again", password=PASSWORD)
    [session] = rows_of("session")
    assert session["proved_at"] == now
    assert not session["second_factor"]
    line = rows_of("event")[-1]
    assert (line["kind"], line["account_id"], line["at"], line["detail"]) == (
        "proved_again",
        1,
        now,
        {"proof": "password"},
    )


@pytest.mark.usefixtures("ann")
def test_a_proof_with_a_second_factor_lifts_the_session(app, rows_of):
    now = clock.now()
    with app.app_context():
        sessions.note_proof(1, second_factor=True, now=now)
        db.session.commit()
    [session] = rows_of("session")
    assert (session["second_factor"], session["proved_at"]) == (True, now)
    with app.app_context():
        sessions.note_proof(1, second_factor=False, now=now)
        db.session.commit()
    assert rows_of("session")[0]["second_factor"]


def test_a_session_without_a_time_of_proof_counts_from_signing_in(app, ann):
    with app.app_context():
        db.session.execute(update(Session).values(proved_at=None))
        db.session.commit()
    assert ann.get("/guarded/sensitive").status_code == 200
    with later(1):
        assert ann.get("/guarded/sensitive").status_code == 302


@pytest.mark.usefixtures("ann")
@pytest.mark.parametrize("but", [None, 2])
def test_all_sessions_of_an_account_end_or_all_but_one(app, new_browser, rows_of, but):
    for _ in range(2):
        new_browser().sign_in()
    new_browser().register(email="bob@example.org")
    with app.app_context():
        ended = sessions.end_sessions(1, but=but)
        db.session.commit()
    left = [(row["id"], row["account_id"]) for row in rows_of("session")]
    assert ended == (3 if but is None else 2)
    assert left == [(4, 2)] if but is None else left == [(2, 1), (4, 2)]


@pytest.mark.usefixtures("ann")
def test_ending_a_session_without_a_token_ends_none(app, count_of):
    with app.app_context():
        sessions.end_session(None)
        sessions.end_session("")
        sessions.end_session("x" * 43)
        db.session.commit()
    assert count_of("session") == 1


@pytest.mark.parametrize("column", ["disabled_at", "deleted_at"])
def test_a_session_of_an_account_that_is_disabled_or_deleted_is_dead_at_once(app, ann, column):
    with app.app_context():
        db.session.execute(update(Account).values(**{column: clock.now()}))
        db.session.commit()
    assert not ann.signed_in
    assert ann.get("/guarded/sensitive").location == "/auth/sign-in?next=/guarded/sensitive"


@pytest.mark.parametrize("column", ["disabled_at", "deleted_at"])
def test_nobody_signs_in_to_an_account_that_is_disabled_or_deleted(app, ann, column, count_of):
    with app.app_context():
        db.session.execute(update(Account).values(**{column: clock.now()}))
        db.session.commit()
    ann.client.delete_cookie("cpd_session")
    answer = ann.sign_in()
    assert answer.status_code == 403
    assert "This account is disabled. Ask whoever runs this site." in answer.text
    assert ANN["email"] in answer.text
    assert not ann.signed_in
    assert count_of("token") == 0


def test_who_is_not_asking_is_nobody(app):
    with app.test_request_context("/"):
        assert current_learner() is None
