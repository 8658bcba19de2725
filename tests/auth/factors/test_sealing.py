"""Secrets that the database keeps encrypted."""

from __future__ import annotations

from datetime import timedelta

import pytest
from flask import Flask

from cpd.auth import sealing
from cpd.auth.factors import pending
from tests.auth.factors.conftest import START

# With the secret key of the tests.
SEALED_ONCE = "AAECAwQFBgcICQoLptVg4QM7N08qoZdAhThhk3FJ4o4T-5GcTdVob2YRyIc="


@pytest.fixture(autouse=True)
def context():
    """All that sealing needs of an application."""
    app = Flask(__name__)
    app.config["SECRET_KEY"] = "a-secret-key-for-tests-and-nothing-else"
    with app.app_context():
        yield app


def test_what_is_sealed_is_opened_again_and_hidden_meanwhile():
    kept = sealing.sealed("purpose", 5, "JBSWY3DPEHPK3PXP")
    assert "JBSWY" not in kept
    assert sealing.opened("purpose", 5, kept) == "JBSWY3DPEHPK3PXP"


def test_what_was_sealed_by_an_older_version_is_opened_by_this_one():
    assert sealing.opened("authenticator app", 5, SEALED_ONCE) == "JBSWY3DPEHPK3PXP"


def test_an_older_version_would_open_what_this_one_has_sealed(monkeypatch):
    monkeypatch.setattr(sealing.secrets, "token_bytes", lambda size: bytes(range(size)))
    assert sealing.sealed("authenticator app", 5, "JBSWY3DPEHPK3PXP") == SEALED_ONCE


def test_the_same_text_is_never_sealed_alike():
    assert len({sealing.sealed("purpose", 5, "a") for _ in range(100)}) == 100


@pytest.mark.parametrize(("purpose", "owner"), [("other", 5), ("purpose", 6), ("", 5)])
def test_another_purpose_or_account_opens_nothing(purpose, owner):
    kept = sealing.sealed("purpose", 5, "secret")
    with pytest.raises(sealing.NotOurs):
        sealing.opened(purpose, owner, kept)


def test_another_secret_key_opens_nothing(context):
    kept = sealing.sealed("purpose", 5, "secret")
    context.config["SECRET_KEY"] = "another key of this site, long enough for it"
    with pytest.raises(sealing.NotOurs):
        sealing.opened("purpose", 5, kept)


def test_a_text_that_was_changed_opens_nothing():
    kept = sealing.sealed("purpose", 5, "8 in all")  # so that every bit of the base64 counts
    for place in range(len(kept)):
        changed = kept[:place] + ("A" if kept[place] != "A" else "B") + kept[place + 1 :]
        with pytest.raises(sealing.NotOurs):
            sealing.opened("purpose", 5, changed)


@pytest.mark.parametrize("odd", ["", "A", "AAAA", "!" * 40, "é" * 20, "A" * 10_000, "\x00", "\ud800"])
def test_what_was_never_sealed_opens_nothing(odd):
    with pytest.raises(sealing.NotOurs):
        sealing.opened("purpose", 5, odd)


@pytest.mark.parametrize(
    ("age", "holds"),
    [
        (timedelta(), True),
        (timedelta(minutes=30), True),
        (timedelta(minutes=30, seconds=1), False),
        (timedelta(seconds=-1), False),
    ],
    ids=["at once", "half an hour later", "a second later than that", "before it was made"],
)
def test_the_secret_of_a_page_holds_for_half_an_hour(age, holds):
    page = pending.sealed_secret(5, "ABCD", now=START)
    assert pending.secret_in(5, page, now=START + age) == ("ABCD" if holds else None)


@pytest.mark.parametrize(("purpose", "owner"), [("authenticator app", 5), ("app being set up", 6)])
def test_the_secret_of_a_page_is_for_setting_up_the_app_of_one_account(purpose, owner):
    now = int(START.timestamp())
    assert pending.secret_in(5, sealing.sealed("app being set up", 5, f"{now} ABCD"), now=START) == "ABCD"
    assert pending.secret_in(5, sealing.sealed(purpose, owner, f"{now} ABCD"), now=START) is None
