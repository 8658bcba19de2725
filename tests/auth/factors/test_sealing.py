"""Secrets that the database keeps encrypted."""

from __future__ import annotations

from datetime import timedelta

import pytest

from cpd.auth import sealing
from cpd.auth.factors import pending
from cpd.web import clock as site_clock


@pytest.fixture(autouse=True)
def context(app):
    with app.app_context():
        yield app


def test_what_is_sealed_is_opened_again_and_hidden_meanwhile():
    kept = sealing.sealed("purpose", 5, "JBSWY3DPEHPK3PXP")
    assert "JBSWY" not in kept
    assert sealing.opened("purpose", 5, kept) == "JBSWY3DPEHPK3PXP"


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


def test_the_secret_of_a_page_holds_for_half_an_hour_and_one_account():
    now = site_clock.now()
    page = pending.sealed_secret(5, "ABCD", now=now)
    assert pending.secret_in(5, page, now=now + timedelta(minutes=29)) == "ABCD"
    assert pending.secret_in(5, page, now=now + timedelta(minutes=31)) is None
    assert pending.secret_in(5, page, now=now - timedelta(minutes=1)) is None
    assert pending.secret_in(6, page, now=now) is None
    assert pending.secret_in(5, sealing.sealed("authenticator app", 5, "1 ABCD"), now=now) is None
