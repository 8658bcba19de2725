"""A new version of the terms or the privacy page: asked for once, at the next sign-in."""

import re
from datetime import timedelta

import pytest
import time_machine
from flask import Blueprint
from sqlalchemy import delete, insert, update

from cpd.auth import queries, tokens
from cpd.auth.agreeing.views import at_this_step
from cpd.auth.models import Account, App, Consent
from cpd.auth.signing_in import Progress, Proof
from cpd.db import Base, db
from cpd.web import clock
from tests.auth.browser import error_of, hidden_fields

NEW = "2026-12-01"
SIGN_IN = (303, "/auth/sign-in?next=/")


@pytest.fixture
def app(app):
    bp = Blueprint("step", __name__)
    bp.add_url_rule("/step", view_func=at_this_step(told), methods=["GET", "POST"])
    app.register_blueprint(bp)
    return app


def told(progress, outdated):
    return f"{progress} {outdated}"


@pytest.fixture
def ann(browser):
    browser.register()
    browser.sign_out()
    return browser


@pytest.fixture
def publish_version(app):
    """Publishes a document with a version."""

    def publish(version, slug="terms"):
        page = Base.metadata.tables["page"]
        with app.app_context():
            db.session.execute(update(page).where(page.c.slug == slug).values(version=version))
            db.session.commit()

    return publish


def agree(browser, page, **fields):
    return browser.post("/auth/agree", page, **fields)


def test_who_agreed_to_the_versions_of_today_is_not_asked(ann):
    assert ann.sign_in().location == "/"
    assert ann.signed_in


def test_a_new_version_is_asked_for_before_the_session_begins(ann, publish_version):
    publish_version(NEW)
    answer = ann.sign_in(path="/auth/sign-in?next=/auth/events")
    assert answer.location == "/auth/agree"
    assert not ann.signed_in

    page = ann.get("/auth/agree")
    assert 'href="/pages/terms"' in page.text[page.text.index("<main") : page.text.index("</main>")]
    assert f"Version {NEW}. You agreed to version 2026-11-23" in page.text
    assert "Privacy (new tab)" not in page.text

    answer = agree(ann, page, consent="y")
    assert answer.location == "/auth/events"
    assert ann.signed_in


def test_it_is_asked_once_and_written_down(ann, publish_version, rows_of):
    publish_version(NEW)
    ann.sign_in()
    agree(ann, ann.get("/auth/agree"), consent="y")

    assert [row["version"] for row in rows_of("consent") if row["document"] == "terms"] == ["2026-11-23", NEW]
    kinds = [(row["kind"], row["account_id"]) for row in rows_of("event")]
    assert kinds[-2:] == [("consented", 1), ("signed_in", 1)]
    assert rows_of("event")[-2]["detail"] == {"consents": {"terms": NEW}}
    ann.sign_out()
    assert ann.sign_in().location == "/"


def test_both_documents_are_asked_for_at_once(ann, publish_version, rows_of):
    publish_version(NEW)
    publish_version(NEW, "privacy")
    ann.sign_in()
    page = ann.get("/auth/agree")
    assert re.findall(r'<a href="(/pages/\w+)"[^>]*>(.*?) \(new tab\)</a>', page.text) == [
        ("/pages/privacy", "Privacy"),
        ("/pages/terms", "Terms of use"),
    ]
    assert page.text.count(f"Version {NEW}. You agreed to version 2026-11-23") == 2
    agree(ann, page, consent="y")
    assert len(rows_of("consent")) == 4


def test_without_the_mark_nothing_is_agreed_to(ann, publish_version, rows_of):
    publish_version(NEW)
    ann.sign_in()
    answer = agree(ann, ann.get("/auth/agree"))
    assert answer.status_code == 422
    assert "Agree to go on, or choose Not now" in error_of(answer.text, "consent")
    assert not ann.signed_in
    assert len(rows_of("consent")) == 2


def test_a_version_that_changes_while_the_page_is_open_is_asked_again(ann, publish_version, rows_of):
    publish_version(NEW)
    ann.sign_in()
    page = ann.get("/auth/agree")
    publish_version("2026-12-02")

    answer = agree(ann, page, consent="y")
    assert answer.status_code == 422
    assert "changed while this page was open" in error_of(answer.text, "consent")
    assert "checked" not in answer.text[answer.text.index("<main") : answer.text.index("</main>")]
    assert len(rows_of("consent")) == 2

    assert agree(ann, answer, consent="y").status_code == 303
    assert rows_of("consent")[-1]["version"] == "2026-12-02"


def test_a_document_that_becomes_new_while_the_page_is_open_is_asked_for_too(ann, publish_version, rows_of):
    publish_version(NEW)
    ann.sign_in()
    page = ann.get("/auth/agree")
    publish_version(NEW, "privacy")
    answer = agree(ann, page, consent="y")
    assert answer.status_code == 422
    assert "Privacy (new tab)" in answer.text
    assert len(rows_of("consent")) == 2


def test_not_now_ends_the_attempt_and_says_how_to_leave(ann, publish_version, count_of):
    publish_version(NEW)
    ann.sign_in()
    page = ann.get("/auth/agree")
    answer = ann.client.post("/auth/agree/not-now", data=hidden_fields(page.text))
    assert answer.status_code == 200
    assert "You are not signed in" in answer.text
    assert "a copy of your data, or have your account deleted" in answer.text
    assert ann.cookie("cpd_sign_in") == ""
    assert count_of("token") == 0
    assert led(ann.get("/auth/agree")) == SIGN_IN
    assert not ann.signed_in
    assert ann.sign_in().location == "/auth/agree"


def test_not_now_without_an_attempt_does_no_harm(ann, app, count_of):
    page = ann.get("/auth/sign-in")
    with app.app_context():
        token = tokens.issue("reset", account_id=1, now=clock.now(), lifetime=timedelta(hours=1))
        db.session.commit()
    ann.client.set_cookie("cpd_sign_in", token)
    assert ann.client.post("/auth/agree/not-now", data=hidden_fields(page.text)).status_code == 200
    assert ann.cookie("cpd_sign_in") == ""
    assert count_of("token") == 1


def test_not_now_ends_this_attempt_and_no_other(ann, new_browser, publish_version, rows_of):
    publish_version(NEW)
    other = new_browser()
    for browser in (ann, other):
        browser.sign_in()
    page = ann.get("/auth/agree")
    ann.client.post("/auth/agree/not-now", data=hidden_fields(page.text))
    [left] = rows_of("token")
    assert left["token_hash"] == tokens.token_hash(other.cookie("cpd_sign_in"))
    assert other.get("/auth/agree").status_code == 200


def test_sessions_that_run_are_not_interrupted(browser, publish_version):
    browser.register()
    publish_version(NEW)
    assert browser.signed_in


def test_an_attempt_ends_after_fifteen_minutes(ann, publish_version):
    publish_version(NEW)
    ann.sign_in()
    page = ann.get("/auth/agree")
    with time_machine.travel(clock.now() + timedelta(minutes=15, seconds=1), tick=False):
        assert led(agree(ann, page, consent="y")) == SIGN_IN
    assert not ann.signed_in


def led(answer):
    return answer.status_code, answer.location


def test_a_visitor_is_sent_to_sign_in(browser):
    assert led(browser.get("/auth/agree")) == SIGN_IN
    page = browser.get("/auth/sign-in")
    assert led(browser.client.post("/auth/agree", data=hidden_fields(page.text))) == SIGN_IN


# The guard of this step, before a view that tells what it is given


def test_the_step_is_handed_who_signs_in_and_what_is_new(ann, publish_version):
    publish_version(NEW)
    ann.sign_in(path="/auth/sign-in?next=/auth/events")
    progress = Progress(1, (Proof.PASSWORD,), "/auth/events", "")
    assert ann.get("/step").text == told(progress, {"terms": NEW})
    publish_version("2026-11-23")
    assert ann.get("/step").text == told(progress, {})


def test_who_has_not_begun_to_sign_in_does_not_come_to_the_step(browser):
    assert led(browser.get("/step")) == SIGN_IN


def test_whose_account_is_gone_does_not_come_to_the_step(ann, publish_version, monkeypatch):
    publish_version(NEW)
    ann.sign_in()
    monkeypatch.setattr(queries, "standing_of", lambda _: None)
    assert led(ann.get("/step")) == SIGN_IN


def test_the_second_factor_comes_before_the_step(ann, publish_version, with_app):
    with_app()
    publish_version(NEW)
    ann.sign_in()
    assert led(ann.get("/step")) == (303, "/auth/two-factor")


def test_the_guarded_step_keeps_its_name():
    assert at_this_step(told).__name__ == "told"


@pytest.fixture
def with_app(app, rows_of):
    """Gives the only account an authenticator app."""

    def add():
        values = {"account_id": rows_of("account")[0]["id"], "secret": "x", "last_step": 0, "added_at": clock.now()}
        with app.app_context():
            db.session.execute(insert(App).values(**values))
            db.session.commit()

    return add


def test_agreeing_does_not_skip_the_second_factor(ann, publish_version, with_app, rows_of):
    with_app()
    publish_version(NEW)
    ann.sign_in()
    assert ann.get("/auth/agree").location == "/auth/two-factor"
    page = ann.get("/auth/sign-in")
    fields = hidden_fields(page.text) | {"consent": "y", "documents": f"terms:{NEW}"}
    assert ann.client.post("/auth/agree", data=fields).location == "/auth/two-factor"
    assert len(rows_of("consent")) == 2
    assert not ann.signed_in


def test_who_agreed_in_another_window_goes_on(ann, publish_version, app, rows_of):
    publish_version(NEW)
    ann.sign_in()
    with app.app_context():
        values = {"account_id": rows_of("account")[0]["id"], "document": "terms", "version": NEW}
        db.session.execute(insert(Consent).values(consented_at=clock.now(), **values))
        db.session.commit()
    page = ann.get("/auth/agree")
    assert "You have agreed to today’s versions." in page.text
    assert agree(ann, page).location == "/"
    assert ann.signed_in
    assert len(rows_of("consent")) == 3


def test_an_account_disabled_meanwhile_is_not_let_in(ann, publish_version, app, rows_of):
    publish_version(NEW)
    ann.sign_in()
    page = ann.get("/auth/agree")
    with app.app_context():
        db.session.execute(update(Account).values(disabled_at=clock.now()))
        db.session.commit()
    assert led(agree(ann, page, consent="y")) == SIGN_IN
    assert len(rows_of("session")) == 0
    assert not ann.signed_in


def test_an_account_that_never_agreed_is_asked_too(ann, app):
    with app.app_context():
        db.session.execute(delete(Consent))
        db.session.commit()
    assert ann.sign_in().location == "/auth/agree"
    page = ann.get("/auth/agree").text
    assert "Version 2026-11-23</p>" in page
    assert "You agreed to version" not in page


@pytest.mark.usefixtures("ann")
def test_a_form_that_waits_is_sent_after_agreeing(publish_version, browser):
    publish_version(NEW)
    asked = browser.post("/auth/sessions", browser.get("/auth/sign-in"), session="others")
    assert asked.status_code == 403
    browser.post("/auth/sign-in", asked, email="ann@example.org", password="violin-gravel-otter-tundra")
    answer = agree(browser, browser.get("/auth/agree"), consent="y")
    assert "Send it now" in answer.text
