"""What the pages for a second factor carry along, write down and say, while signing in and when it is proved again."""

from __future__ import annotations

from datetime import timedelta
from importlib.metadata import version

import pytest
from flask import Flask
from sqlalchemy import update

from cpd.auth.factors import services
from cpd.db import Base, db
from cpd.web import clock
from tests.auth.browser import PASSWORD, error_of, hidden_fields
from tests.auth.factors.people import csrf_of, heading_of, refusal_of
from tests.auth.factors.test_step import wrong_code

ORIGIN = {"user_agent": f"Werkzeug/{version('werkzeug')}", "network": "192.0.2.1"}
UNREAL = "zzzzz-zzzzz"


def led(answer):
    return answer.status_code, answer.location


def last_line(rows_of):
    line = rows_of("event")[-1]
    return line["kind"], line["account_id"], line["detail"]


@pytest.fixture
def later(ann, clock):
    """Signed in with an app, so long ago that a proof is asked for."""
    ann.add_app()
    clock.shift(timedelta(minutes=20))
    return ann


def prove(person, **fields):
    """Send a code and nothing else, as from a page that carries nothing."""
    data = {"csrf_token": csrf_of(person.get("/auth/sessions").text), **fields}
    return person.client.post("/auth/again/code", data=data, environ_overrides=person.place)


def test_a_code_lifts_the_session_to_one_with_a_second_factor(later, change, rows_of):
    change("session", second_factor=False)
    assert led(prove(later, code=later.code())) == (303, "/auth/account")
    assert [row["second_factor"] for row in rows_of("session")] == [True]
    assert last_line(rows_of) == ("proved_again", 1, {"proof": "app"})


def test_a_recovery_code_lifts_it_too(later, change, rows_of):
    change("session", second_factor=False)
    assert led(prove(later, recovery_code=later.codes[0])) == (303, "/auth/account")
    assert [row["second_factor"] for row in rows_of("session")] == [True]
    assert last_line(rows_of) == ("proved_again", 1, {"proof": "recovery_code"})


@pytest.mark.parametrize(("field", "typed"), [("code", ""), ("recovery_code", UNREAL)])
def test_a_wrong_code_is_written_down_with_where_it_came_from(later, rows_of, field, typed):
    answer = prove(later, **{field: typed or wrong_code(later)})
    assert answer.status_code == 422
    assert refusal_of(answer.text) == ""
    assert hidden_fields(answer.text)["next"] == "/"
    assert "kept" not in hidden_fields(answer.text)
    assert last_line(rows_of) == ("proof_failed", 1, {"step": "second factor", **ORIGIN})


@pytest.mark.parametrize(("field", "typed"), [("code", ""), ("recovery_code", UNREAL)])
def test_a_wrong_code_while_signing_in_is_written_down_with_where_it_came_from(with_app, rows_of, field, typed):
    with_app.sign_in()
    with_app.send("/auth/two-factor", **{field: typed or wrong_code(with_app)})
    assert last_line(rows_of) == ("sign_in_failed", 1, {"step": "second factor", **ORIGIN})


@pytest.mark.parametrize("field", ["code", "recovery_code"])
def test_only_the_field_that_was_sent_says_what_is_wrong(later, field):
    page = prove(later, **{field: "1"}).text
    told = {name: error_of(page, name) for name in ("password", "code", "recovery_code")}
    assert [name for name, words in told.items() if words] == [field]
    assert page.count('class="disclose" open') == 1
    assert "<title>Error: Is it you?" in page


@pytest.mark.parametrize("field", ["code", "recovery_code"])
def test_only_the_field_that_was_sent_says_what_is_wrong_while_signing_in(with_app, field):
    with_app.sign_in()
    page = with_app.send("/auth/two-factor", **{field: "1"}).text
    told = {name: error_of(page, name) for name in ("code", "recovery_code")}
    assert [name for name, words in told.items() if words] == [field]


@pytest.mark.parametrize(
    ("before", "said"),
    [
        (10, "You have 9 recovery codes left."),
        (5, "You have 4 recovery codes left."),
        (4, "You have 3 recovery codes left. Make new ones soon."),
        (2, "You have 1 recovery code left. Make new ones soon."),
        (1, "You have no recovery codes left. Make new ones soon."),
    ],
)
def test_after_a_recovery_code_the_next_page_says_how_many_are_left(with_app, leave_unused, before, said):
    leave_unused(before)
    with_app.sign_in()
    with_app.show_recovery_code(with_app.codes[0])
    page = with_app.get("/").text
    assert f'<p role="status">{said}</p>' in page
    assert '<a href="/auth/recovery-codes">Make new codes</a>' in page


@pytest.fixture
def leave_unused(app: Flask, rows_of):
    """Lets all but the first so many recovery codes be used."""

    def leave(count):
        code = Base.metadata.tables["recovery_code"]
        with app.app_context():
            used = update(code).where(code.c.id > rows_of("recovery_code")[0]["id"] + count - 1)
            db.session.execute(used.values(used_at=rows_of("account")[0]["created_at"]))
            db.session.commit()

    return leave


def test_after_a_code_of_the_app_nothing_is_said_of_recovery_codes(with_app):
    with_app.sign_in()
    with_app.show_code(with_app.code())
    assert "data-message" not in with_app.get("/").text


def test_a_form_that_waits_is_carried_through_the_second_step(with_app):
    late = with_app.post("/auth/sessions", with_app.get("/auth/sign-in"), session="others")
    assert late.status_code == 403
    with_app.post("/auth/sign-in", late, email="ann@example.org", password=PASSWORD)
    page = with_app.get("/auth/two-factor")
    assert "What you filled in is kept." in page.text
    assert hidden_fields(page.text)["kept"] == hidden_fields(late.text)["kept"]
    answer = with_app.post("/auth/two-factor", page, code=with_app.code())
    assert answer.status_code == 200
    assert 'action="/auth/sessions"' in answer.text


def test_when_the_step_took_too_long_a_form_that_waits_is_carried_back(with_app, clock):
    late = with_app.post("/auth/sessions", with_app.get("/auth/sign-in"), session="others")
    with_app.post("/auth/sign-in", late, email="ann@example.org", password=PASSWORD)
    page = with_app.get("/auth/two-factor")
    clock.shift(timedelta(minutes=16))
    answer = with_app.post("/auth/two-factor", page, code=with_app.code())
    assert answer.status_code == 403
    assert heading_of(answer.text) == "Sign in"
    assert hidden_fields(answer.text)["kept"] == hidden_fields(late.text)["kept"]
    assert hidden_fields(answer.text)["next"] == hidden_fields(late.text)["next"]


def test_a_code_that_comes_from_nowhere_begins_anew(with_app):
    data = {"csrf_token": csrf_of(with_app.get("/auth/sign-in").text), "code": "123456"}
    answer = with_app.client.post("/auth/two-factor", data=data)
    assert answer.status_code == 403
    assert refusal_of(answer.text) == "Signing in took too long. Begin again."
    assert hidden_fields(answer.text)["next"] == "/"
    assert "kept" not in hidden_fields(answer.text)


@pytest.mark.parametrize(("wanted", "place"), [("/record/", "/record/"), ("//evil.test", "/auth/factors")])
def test_a_code_of_who_is_signed_in_already_leads_to_what_was_wanted(ann, wanted, place):
    data = {"csrf_token": csrf_of(ann.get("/auth/account").text), "code": "123456", "next": wanted}
    assert led(ann.client.post("/auth/two-factor", data=data)) == (303, place)


@pytest.mark.parametrize("has_terms", [False, True])
def test_who_has_no_factor_any_more_is_led_to_what_is_left(with_app, change, app, has_terms):
    with_app.sign_in()
    with app.app_context():
        db.session.execute(Base.metadata.tables["app"].delete())
        db.session.commit()
    if has_terms:
        change("page", version="2027-01-01")
    assert led(with_app.get("/auth/two-factor")) == (302, "/auth/agree" if has_terms else "/auth/sign-in")


def test_the_step_is_shown_to_who_has_to_agree_afterwards(with_app, change):
    change("page", version="2027-01-01")
    with_app.sign_in()
    assert with_app.get("/auth/two-factor").status_code == 200
    assert led(with_app.show_code(with_app.code())) == (303, "/auth/agree")


@pytest.mark.parametrize(
    ("query", "place"), [("?next=/record/", "/record/"), ("", "/auth/factors"), ("?next=//evil.test", "/auth/factors")]
)
def test_who_has_shown_a_second_factor_is_led_on_from_where_it_is_asked_for(later, query, place):
    assert led(later.get(f"/auth/two-factor/needed{query}")) == (302, place)


def test_who_has_shown_none_is_told_why_a_role_needs_one(later, change):
    change("session", second_factor=False)
    page = later.get("/auth/two-factor/needed?next=/record/").text
    assert "Sign out, and sign in again with it." in page


def test_who_has_none_is_led_to_where_one_is_added_and_back(ann):
    page = ann.get("/auth/two-factor/needed?next=/record/").text
    assert 'href="/auth/passkeys/add?next=/record/"' in page
    assert 'href="/auth/factors/app?next=/record/"' in page
    assert 'href="/auth/factors/app?next=/auth/factors"' in ann.get("/auth/two-factor/needed").text


def test_who_is_refused_after_the_second_step_keeps_what_was_carried(with_app, change, rows_of):
    with_app.sign_in(path="/auth/sign-in?next=/record/")
    page = with_app.get("/auth/two-factor")
    change("account", disabled_at=rows_of("account")[0]["created_at"])
    before = rows_of("app")
    answer = with_app.post("/auth/two-factor", page, code=with_app.code())
    assert refusal_of(answer.text) == "This account is disabled. Ask whoever runs this site."
    assert hidden_fields(answer.text)["next"] == "/record/"
    assert rows_of("app") == before


def test_who_is_refused_after_the_second_step_keeps_a_form_that_waits(with_app, change, rows_of):
    late = with_app.post("/auth/sessions", with_app.get("/auth/sign-in"), session="others")
    with_app.post("/auth/sign-in", late, email="ann@example.org", password=PASSWORD)
    page = with_app.get("/auth/two-factor")
    change("account", disabled_at=rows_of("account")[0]["created_at"])
    answer = with_app.post("/auth/two-factor", page, code=with_app.code())
    assert answer.status_code == 403
    assert hidden_fields(answer.text)["kept"] == hidden_fields(late.text)["kept"]


def test_after_too_many_codes_that_prove_again_the_page_says_how_long_to_wait(later):
    *tried, refused = [prove(later, code=wrong_code(later)) for _ in range(6)]
    assert [answer.status_code for answer in tried] == [422] * 5
    assert refused.status_code == 429
    assert refused.headers["Retry-After"] == "300"
    assert refusal_of(refused.text) == "There were too many tries. Wait 5 minutes, then try again."


def test_wrong_codes_that_prove_again_cost_others_no_tries(later, new_person):
    bo = new_person(address="198.51.100.7")
    bo.register(email="bo@example.org")
    bo.add_app()
    for _ in range(6):
        prove(later, code=wrong_code(later))
    assert prove(bo, code=wrong_code(bo)).status_code == 422


def test_right_codes_that_prove_again_cost_no_tries(later, clock):
    for _ in range(6):
        clock.shift(31)
        assert prove(later, code=later.code()).status_code == 303


@pytest.mark.parametrize("known", [True, False])
def test_only_in_a_browser_that_signed_in_before_a_recovery_code_does_not_queue_behind_strangers(
    ann, monkeypatch, known
):
    ann.add_app()
    ann.sign_out()
    if not known:
        ann.client.delete_cookie("cpd_known_browser")
    asked = []
    monkeypatch.setattr(services, "use_recovery_code", lambda *given, **named: asked.append((given, named)))
    ann.sign_in()
    assert ann.show_recovery_code("7K3M9 X2PQR").status_code == 422
    [((account_id, code), named)] = asked
    assert (account_id, code.replace("-", ""), named) == (1, "7k3m9x2pqr", {"own_browser": known, "now": clock.now()})
