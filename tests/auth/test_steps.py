"""The steps of signing in: what is still to be done, and where somebody stands who has done a part."""

from __future__ import annotations

import itertools
from datetime import timedelta
from types import SimpleNamespace

import pytest
import time_machine
from flask import Blueprint
from sqlalchemy import insert, update

from cpd.auth import signing_in
from cpd.auth.access import TakenOver
from cpd.auth.models import Account, App, Passkey
from cpd.auth.signing_in import LASTS, Progress, Proof, next_step
from cpd.db import Base, db
from cpd.web import clock
from tests.auth.browser import PASSWORD

TWO_FACTOR, AGREE = "/auth/two-factor", "/auth/agree"


@pytest.fixture
def app(app):
    bp = Blueprint("steps", __name__, url_prefix="/steps")
    bp.add_url_rule("/", "where", where)
    bp.add_url_rule("/<proof>", "prove", prove)
    app.register_blueprint(bp)
    return app


def where():
    progress = signing_in.in_progress(clock.now())
    return f"{progress}" if progress else "nowhere"


def prove(proof):
    progress = signing_in.in_progress(clock.now())
    return signing_in.go_on(progress.with_proof(Proof(proof)), now=clock.now())


@pytest.fixture
def ann(browser):
    browser.register()
    browser.sign_out()
    return browser


@pytest.fixture
def with_app(app):
    def add():
        with app.app_context():
            db.session.execute(insert(App).values(account_id=1, secret="x", last_step=0, added_at=clock.now()))
            db.session.commit()

    return add


@pytest.mark.parametrize(("has_app", "passkeys"), [(False, 0), (True, 0), (False, 1), (True, 2)])
@pytest.mark.parametrize("outdated", [{}, {"terms": "2027-01-01"}])
@pytest.mark.parametrize(
    "proofs", [(Proof.PASSWORD,), (Proof.MAIL,), (Proof.SIGN_ON,), (Proof.PASSWORD, Proof.APP), (Proof.PASSKEY,)]
)
def test_the_second_factor_comes_first_and_the_terms_after_it(has_app, passkeys, outdated, proofs):
    standing = SimpleNamespace(has_app=has_app, passkeys=passkeys)
    step = next_step(Progress(1, proofs), standing, outdated=outdated)
    if (has_app or passkeys) and not {Proof.APP, Proof.PASSKEY} & set(proofs):
        assert step == TWO_FACTOR
    else:
        assert step == (AGREE if outdated else None)


@pytest.mark.parametrize("first", list(Proof))
def test_what_counts_as_a_second_factor(first):
    second = {Proof.APP, Proof.PASSKEY, Proof.RECOVERY_CODE}
    assert Progress(1, (first,)).second_factor == (first in second)
    for other in Proof:
        both = Progress(1, (first,), "/x", "kept").with_proof(other)
        assert both == Progress(1, (first, other), "/x", "kept")
        assert both.second_factor == bool({first, other} & second)


@pytest.mark.parametrize("factor", ["app", "passkey"])
def test_a_password_alone_begins_no_session_where_there_is_a_second_factor(app, ann, with_app, count_of, factor):
    if factor == "app":
        with_app()
    else:
        with app.app_context():
            key = {"credential_id": "x", "public_key": "y", "sign_count": 0, "name": "z", "transports": []}
            db.session.execute(insert(Passkey).values(account_id=1, backed_up=False, added_at=clock.now(), **key))
            db.session.commit()
    answer = ann.sign_in(path="/auth/sign-in?next=/pages/terms")
    assert (answer.status_code, answer.location) == (303, TWO_FACTOR)
    assert not ann.signed_in
    assert count_of("session") == 0
    assert f"Max-Age={int(LASTS.total_seconds())}" in str(answer.headers.getlist("Set-Cookie"))


def test_the_browser_that_has_begun_is_known_by_its_cookie_alone(ann, with_app, new_browser):
    with_app()
    ann.sign_in(path="/auth/sign-in?next=/pages/terms")
    stands = f"{Progress(1, (Proof.PASSWORD,), '/pages/terms', '')}"
    assert ann.get("/steps/").text == stands
    assert new_browser().get("/steps/").text == "nowhere"
    with time_machine.travel(clock.now() + LASTS - timedelta(seconds=5)):
        assert ann.get("/steps/").text == stands
    with time_machine.travel(clock.now() + LASTS + timedelta(seconds=1)):
        assert ann.get("/steps/").text == "nowhere"


def test_the_second_factor_lets_in_and_leads_where_the_visitor_wanted_to_go(ann, with_app, rows_of, count_of):
    with_app()
    ann.sign_in(path="/auth/sign-in?next=/pages/terms")
    copied = ann.cookie(signing_in.COOKIE)
    answer = ann.get("/steps/app")
    assert (answer.status_code, answer.location) == (303, "/pages/terms")
    assert ann.signed_in
    assert ann.cookie(signing_in.COOKIE) == ""
    [session] = rows_of("session")
    assert session["second_factor"]
    assert session["network"] == "192.0.2.1"
    assert rows_of("event")[-1]["detail"]["proofs"] == ["password", "app"]
    assert count_of("token") == 0
    ann.client.set_cookie(signing_in.COOKIE, copied)
    assert ann.get("/steps/").text == "nowhere"


def test_the_token_of_a_step_is_used_up_by_the_next_one(ann, with_app, count_of):
    with_app()
    ann.sign_in()
    first = ann.cookie(signing_in.COOKIE)
    ann.get("/steps/mail")
    assert ann.cookie(signing_in.COOKIE) != first
    assert count_of("token") == 1
    ann.client.set_cookie(signing_in.COOKIE, first)
    assert ann.get("/steps/").text == "nowhere"


def test_an_account_that_is_disabled_meanwhile_is_refused(app, ann, with_app, count_of):
    with_app()
    ann.sign_in()
    with app.app_context():
        db.session.execute(update(Account).values(disabled_at=clock.now()))
        db.session.commit()
    with pytest.raises(signing_in.Refused, match="disabled"), app.test_request_context("/"):
        signing_in.go_on(Progress(1, (Proof.PASSWORD, Proof.APP)), now=clock.now())
    with pytest.raises(signing_in.Refused), app.test_request_context("/"):
        signing_in.go_on(Progress(99, (Proof.PASSWORD,)), now=clock.now())
    assert count_of("session") == 0


@pytest.fixture
def new_terms(app):
    def publish(slug="terms"):
        with app.app_context():
            page = Base.metadata.tables["page"]
            db.session.execute(update(page).where(page.c.slug == slug).values(version="2027-01-01"))
            db.session.commit()

    return publish


def test_new_terms_are_to_be_agreed_to_before_the_session_begins(app, ann, new_terms, count_of):
    with app.app_context():
        assert signing_in.outdated_documents(1) == {}
    new_terms()
    with app.app_context():
        assert signing_in.outdated_documents(1) == {"terms": "2027-01-01"}
    answer = ann.sign_in()
    assert answer.location == AGREE
    assert not ann.signed_in
    assert count_of("session") == 0


def test_only_the_terms_and_the_privacy_page_are_agreed_to(app, ann):
    with app.app_context():
        other = {"slug": "about", "title": "About", "status": "published", "version": "2027-01-01"}
        db.session.execute(insert(Base.metadata.tables["page"]).values(**other))
        db.session.commit()
        assert signing_in.documents() == {"terms": "2026-11-23", "privacy": "2026-11-23"}
    assert ann.sign_in().location == "/"


def test_a_device_that_has_not_signed_in_before_is_told_of_by_mail(ann, new_browser, rows_of):
    def notices():
        kept = [row["payload"] for row in rows_of("outbox") if row["kind"] == "notice"]
        return [payload["notice"] for payload in kept if payload["notice"] == "new_device"]

    ann.sign_in()
    assert notices() == []
    stranger = new_browser(address="198.51.100.9")
    stranger.get("/", headers={"User-Agent": "x"})
    stranger.sign_in()
    assert notices() == ["new_device"]
    [told] = [row["payload"] for row in rows_of("outbox") if row["payload"].get("notice") == "new_device"]
    assert (told["account_id"], told["values"]["network"]) == (1, "198.51.100.9")
    stranger.sign_out()
    stranger.sign_in()
    assert notices() == ["new_device"]


def test_the_name_of_the_browser_is_kept_at_most_200_characters_long(ann, rows_of):
    page = ann.get("/auth/sign-in")
    csrf = page.text.split('name="csrf_token" value="')[1].split('"')[0]
    data = {"email": "ann@example.org", "password": PASSWORD, "csrf_token": csrf}
    ann.client.post("/auth/sign-in", data=data, headers={"User-Agent": "Mozilla\t5 " + "x" * 300})
    [session] = rows_of("session")
    assert session["user_agent"] == ("Mozilla 5 " + "x" * 300)[:200]


def test_what_a_browser_carried_is_taken_over_once_and_its_cookie_goes(app, ann):
    taken = []
    app.extensions["taken_over"] = (
        TakenOver("cpd_list", lambda *given: taken.append(given)),
        TakenOver("cpd_other", pytest.fail),
    )
    ann.client.set_cookie("cpd_list", "carried")
    assert ann.sign_in().status_code == 303
    [(account_id, now)] = taken
    assert account_id == 1
    assert abs(now - clock.now()) < timedelta(minutes=5)
    assert ann.cookie("cpd_list") == ""


def test_no_session_begins_where_what_is_carried_cannot_be_taken_over(app, ann, count_of):
    def fail(*_):
        raise RuntimeError

    app.extensions["taken_over"] = (TakenOver("cpd_list", fail),)
    ann.client.set_cookie("cpd_list", "carried")
    assert ann.sign_in().status_code == 500
    assert ann.cookie("cpd_list") == "carried"
    assert count_of("session") == 0


@pytest.mark.parametrize("combination", list(itertools.product(Proof, repeat=2)))
def test_the_steps_are_read_back_as_they_were_kept(combination):
    kept = SimpleNamespace(account_id=5, detail={"proofs": [*combination], "wanted": "/a", "kept": "b"})
    assert signing_in.progress_in(kept) == Progress(5, combination, "/a", "b")
    assert signing_in.progress_in(SimpleNamespace(account_id=5, detail={})) is None
    assert signing_in.progress_in(SimpleNamespace(account_id=None, detail={"proofs": []})) is None


def test_a_password_that_was_good_beside_a_second_factor_alone_must_become_longer(ann, app):
    with app.app_context():
        db.session.execute(update(Account).values(short_password=True))
        db.session.commit()
    answer = ann.sign_in(path="/auth/sign-in?next=/record/")
    assert (answer.status_code, answer.location) == (303, "/auth/reset/new")
    assert ann.get("/record/").status_code == 302
    page = ann.get("/auth/reset/new")
    assert signing_in.PASSWORD_TOO_SHORT in page.text
    assert ann.send("/auth/reset/new", password="too short").status_code == 422
    longer = "seven plain words are long enough"
    assert ann.send("/auth/reset/new", password=longer).location == "/record/"
    assert ann.get("/record/").status_code == 200
    ann.sign_out()
    assert ann.sign_in(password=longer, path="/auth/sign-in?next=/record/").location == "/record/"


@pytest.mark.parametrize(("chosen", "place"), [(True, "/record/"), (False, "/auth/reset/new")])
def test_who_chose_the_password_just_now_is_asked_for_no_longer_one(app, ann, chosen, place):
    with app.app_context():
        db.session.execute(update(Account).values(short_password=True))
        db.session.commit()
    with app.test_request_context("/"):
        answer = signing_in.go_on(Progress(1, (Proof.MAIL,), "/record/"), now=clock.now(), new_password=chosen)
    assert (answer.status_code, answer.location) == (303, place)
    assert ann.get("/auth/sessions").status_code == 302


def test_the_token_that_leads_to_a_longer_password_keeps_how_far_one_has_come(app, ann, rows_of):
    with app.app_context():
        db.session.execute(update(Account).values(short_password=True))
        db.session.commit()
    now = clock.now()
    with time_machine.travel(now, tick=False):
        ann.sign_in(path="/auth/sign-in?next=/record/")
    [token] = rows_of("token")
    assert (token["purpose"], token["account_id"], token["created_at"]) == ("reset", 1, now)
    assert token["detail"] == {"proofs": ["password"], "wanted": "/record/", "kept": ""}
    assert token["expires_at"] == now + timedelta(minutes=15)
    assert rows_of("session") == []


def test_the_token_of_a_step_lasts_fifteen_minutes_to_the_moment(ann, with_app, rows_of):
    with_app()
    now = clock.now()
    with time_machine.travel(now, tick=False):
        answer = ann.sign_in(path="/auth/sign-in?next=/record/")
    [token] = rows_of("token")
    assert (token["purpose"], token["account_id"], token["expires_at"] - now) == ("sign-in", 1, timedelta(minutes=15))
    assert token["detail"] == {"proofs": ["password"], "wanted": "/record/", "kept": ""}
    [cookie] = [each for each in answer.headers.getlist("Set-Cookie") if each.startswith("cpd_sign_in=")]
    assert "; Max-Age=900; " in cookie
    with time_machine.travel(now + LASTS - timedelta(microseconds=1), tick=False):
        assert ann.get("/steps/").text != "nowhere"
    with time_machine.travel(now + LASTS, tick=False):
        assert ann.get("/steps/").text == "nowhere"


@pytest.mark.usefixtures("ann")
@pytest.mark.parametrize(
    ("has_app", "terms", "step"), [(True, True, TWO_FACTOR), (False, True, AGREE), (False, False, None)]
)
def test_what_is_left_to_do_is_told_for_an_account(app, with_app, new_terms, has_app, terms, step):
    if has_app:
        with_app()
    if terms:
        new_terms()
    with app.app_context():
        assert signing_in.next_step_of(Progress(1, (Proof.PASSWORD,))) == step
        assert signing_in.next_step_of(Progress(99, (Proof.PASSWORD,))) is None


@pytest.mark.parametrize(
    ("wanted", "place"), [("/record/", "/record/"), ("", "/auth/account"), ("//evil.test", "/auth/account")]
)
def test_after_a_proof_one_goes_on_to_what_was_wanted(app, wanted, place):
    with app.test_request_context("/"):
        answer = signing_in.after_proof(wanted=wanted, kept="forged")
    assert (answer.status_code, answer.location) == (303, place)


def test_where_a_request_comes_from_is_cleaned_and_cut(app):
    agent = "Mozilla\t5 \u202e" + "x" * 300
    with app.test_request_context(headers={"User-Agent": agent}, environ_base={"REMOTE_ADDR": "198.51.100.9"}):
        assert signing_in.origin() == {"user_agent": ("Mozilla 5 " + "x" * 300)[:200], "network": "198.51.100.9"}
    with app.test_request_context(environ_overrides={"REMOTE_ADDR": None, "HTTP_USER_AGENT": ""}):
        assert signing_in.origin() == {"user_agent": "", "network": ""}
