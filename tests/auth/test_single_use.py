"""Tokens for one thing to be done once."""

from __future__ import annotations

import hashlib
import threading
from datetime import UTC, datetime, timedelta

import pytest

from cpd.auth import tokens
from cpd.db import db

NOW = datetime(2026, 11, 26, 9, 30, tzinfo=UTC)
HOUR = timedelta(hours=1)


@pytest.fixture
def issued(app, browser):
    """A token of account 1 for one hour."""
    browser.register()
    with app.app_context():
        token = tokens.issue("reset", account_id=1, now=NOW, lifetime=HOUR, detail={"to": "x"})
        db.session.commit()
    return token


def found(app, purpose, token, *, now=NOW, use=tokens.find):
    with app.app_context():
        row = use(purpose, token, now=now)
        db.session.commit()
        assert row is None or row.id > 0
        return (row.account_id, row.detail, row.created_at) if row else None


BELONGS = (1, {"to": "x"}, NOW)


@pytest.mark.parametrize("use", [tokens.find, tokens.take])
def test_a_token_brings_what_belongs_to_it(app, issued, use):
    assert found(app, "reset", issued, use=use) == BELONGS


def test_looking_at_a_token_does_not_use_it_up(app, issued):
    assert found(app, "reset", issued) == found(app, "reset", issued) == BELONGS


@pytest.mark.parametrize("use", [tokens.find, tokens.take])
def test_a_token_that_was_taken_brings_nothing_more(app, issued, use):
    found(app, "reset", issued, use=tokens.take)
    assert found(app, "reset", issued, use=use) is None


@pytest.mark.parametrize("use", [tokens.find, tokens.take])
def test_a_token_is_good_for_its_own_purpose_alone(app, issued, use):
    assert found(app, "confirm", issued, use=use) is None
    assert found(app, "reset", issued) == BELONGS


@pytest.mark.parametrize("use", [tokens.find, tokens.take])
@pytest.mark.parametrize(("age", "holds"), [(HOUR - timedelta(seconds=1), True), (HOUR, False), (2 * HOUR, False)])
def test_a_token_has_an_age(app, issued, use, age, holds):
    assert bool(found(app, "reset", issued, now=NOW + age, use=use)) == holds


@pytest.mark.parametrize("use", [tokens.find, tokens.take])
@pytest.mark.parametrize("spoil", [lambda token: token[:-1], lambda token: token + "A", str.swapcase, lambda _: ""])
def test_another_token_brings_nothing(app, issued, use, spoil):
    assert found(app, "reset", spoil(issued), use=use) is None
    assert found(app, "reset", None, use=use) is None


def test_a_token_with_a_lone_surrogate_is_one_we_do_not_know(app, issued):
    assert found(app, "reset", "\ud800" + issued) is None


def test_a_token_may_belong_to_nobody_and_to_nothing(app):
    with app.app_context():
        token = tokens.issue("reset", account_id=None, now=NOW, lifetime=HOUR)
        db.session.commit()
    assert found(app, "reset", token, use=tokens.take) == (None, {}, NOW)


def test_withdrawing_spares_other_purposes_and_other_accounts(app, issued, new_browser):
    new_browser().register(email="bob@example.org")
    with app.app_context():
        kept = [
            tokens.issue("confirm", account_id=1, now=NOW, lifetime=HOUR),
            tokens.issue("reset", account_id=2, now=NOW, lifetime=HOUR),
        ]
        tokens.withdraw("reset", 1)
        db.session.commit()
    assert found(app, "reset", issued) is None
    assert found(app, "confirm", kept[0])
    assert found(app, "reset", kept[1])


@pytest.mark.usefixtures("issued")
def test_tokens_that_hold_no_longer_are_forgotten(app, count_of):
    for now, left in ((NOW + HOUR - timedelta(seconds=1), 1), (NOW + HOUR, 0)):
        with app.app_context():
            tokens.forget_old(now=now)
            db.session.commit()
        assert count_of("token") == left


def test_the_database_holds_only_the_sha_256_of_a_token(issued, rows_of):
    [row] = rows_of("token")
    assert row["token_hash"] == hashlib.sha256(issued.encode()).hexdigest()
    assert issued not in str(row)


def test_a_token_has_256_bits_and_is_never_the_same(app):
    with app.app_context():
        made = {tokens.issue("reset", account_id=None, now=NOW, lifetime=HOUR) for _ in range(50)}
        db.session.rollback()
    assert len(made) == 50
    assert {len(token) for token in made} == {43}


def test_of_many_who_take_a_token_at_once_one_gets_it(app, issued):
    start, got = threading.Barrier(8), []

    def take():
        start.wait()
        got.append(found(app, "reset", issued, use=tokens.take))

    threads = [threading.Thread(target=take) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [each for each in got if each] == [BELONGS]
    assert len(got) == 8
