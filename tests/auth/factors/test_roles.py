"""Who needs a second factor, and resetting those of an owner who has lost them."""

from __future__ import annotations

import pytest
from flask import Blueprint

from cpd.auth.access import role_required
from cpd.auth.factors import services
from cpd.auth.models import Role
from cpd.db import db
from cpd.web import clock as site_clock
from tests.auth.factors.people import heading_of


@pytest.fixture
def app(app):
    bp = Blueprint("tried", __name__, url_prefix="/tried")
    bp.add_url_rule("/authors", view_func=role_required(Role.AUTHOR)(lambda learner: f"for {learner.role}"))
    app.register_blueprint(bp)
    return app


@pytest.fixture
def author(ann, change):
    change("account", role="author")
    return ann


def test_a_role_without_a_second_factor_leads_to_where_one_is_added(author):
    answer = author.get("/tried/authors?a=1")
    assert answer.location == "/auth/two-factor/needed?next=/tried/authors%3Fa%3D1"
    page = author.get(answer.location)
    assert heading_of(page.text) == "Two-step sign-in is needed"
    assert 'href="/auth/factors/app?next=/tried/authors%3Fa%3D1"' in page.text
    assert 'href="/auth/passkeys/add?next=/tried/authors%3Fa%3D1"' in page.text


@pytest.mark.parametrize("add", ["add_app", "add_passkey"])
def test_once_one_is_added_the_role_counts_at_once(author, add):
    getattr(author, add)()
    assert author.get("/tried/authors").text == "for author"
    assert author.get("/auth/two-factor/needed?next=/tried/authors").location == "/tried/authors"


def test_a_role_counts_after_signing_in_with_two_steps(author, clock):
    author.add_app()
    author.leave()
    clock.shift(60)
    author.sign_in(path="/auth/sign-in?next=/tried/authors")
    assert author.show_code(author.code()).location == "/tried/authors"
    assert author.get("/tried/authors").text == "for author"


def test_the_way_leads_to_no_strange_address(author):
    page = author.get("/auth/two-factor/needed?next=https://evil.example.org/")
    assert 'href="https://evil' not in page.text
    assert 'href="/auth/factors/app?next=/auth/factors"' in page.text


def test_a_session_from_before_a_factor_is_asked_to_sign_in_again(author, change):
    author.add_app()
    change("session", second_factor=False)
    page = author.get("/auth/two-factor/needed?next=/tried/authors")
    assert "Sign out, and sign in again with it" in page.text


def test_the_overview_says_that_a_role_needs_one(author):
    assert "Your role needs one." in author.get("/auth/factors").text


def test_a_learner_without_the_role_finds_nothing(ann):
    assert ann.get("/tried/authors").status_code == 404


def test_resetting_takes_all_away_and_ends_every_session(author, app, rows_of):
    author.add_app()
    author.add_passkey()
    account_id = rows_of("account")[0]["id"]

    with app.app_context():
        services.reset_factors(account_id, by="Ben", identified="in person", now=site_clock.now())
        db.session.commit()

    assert [rows_of(table) for table in ("app", "passkey", "recovery_code", "session")] == [[], [], [], []]
    last = rows_of("event")[-1]
    assert last["kind"] == "factors_reset"
    assert last["detail"] == {
        "by": "Ben",
        "identified": "in person",
        "apps": 1,
        "passkeys": 1,
        "recovery_codes": 10,
    }
    assert rows_of("outbox")[-1]["payload"]["notice"] == "factors_reset"
    assert not author.signed_in
    assert author.sign_in().location == "/"
    assert author.get("/tried/authors").location.startswith("/auth/two-factor/needed")
