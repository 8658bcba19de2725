"""What the worker makes of what was asked for by mail."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from sqlalchemy import update

from cpd.auth import queries
from cpd.auth.by_mail import letters, services
from cpd.auth.by_mail.queries import hash_of_newest_registration
from cpd.auth.emails import Email
from cpd.auth.tokens import token_hash
from cpd.db import Base, db
from cpd.web import clock
from tests.auth.mails import link_in, sent

NOBODY = Email("nobody@example.org", "nobody@example.org")
ANN = Email("Ann@example.org", "ann@example.org")
NOW = datetime(2026, 11, 26, 9, 0, tzinfo=UTC)
ALREADY = "You have an account already"


@pytest.fixture
def settings(mailing):
    return mailing


@pytest.fixture
def ann(app, new_browser, rows_of):
    """The number of Ann's account."""
    browser = new_browser()
    browser.register()
    [mail] = sent(app)
    browser.press(browser.follow(link_in(mail)))
    return rows_of("account")[0]["id"]


@pytest.fixture
def write(app):
    """Gives the subjects of the mails that one of the letters' functions writes."""

    def write(function, **payload):
        with app.app_context():
            mails = function(payload, now=clock.now())
            db.session.commit()
            return [(mail.to, mail.subject) for mail in mails]

    return write


@pytest.mark.parametrize(
    ("function", "asked"),
    [
        (letters.write_registration, {"registration": "x"}),
        (letters.write_reset, {"email_canon": ANN.canon}),
        (letters.write_resend, {"email_canon": ANN.canon}),
        (letters.write_address, {"account_id": 1, "email": {"typed": ANN.typed, "canon": ANN.canon}}),
    ],
    ids=["registration", "reset", "resend", "address"],
)
def test_an_address_that_had_its_mails_gets_no_more(write, ann, function, asked):
    asked = asked | ({"account_id": ann} if "account_id" in asked else {})
    assert write(function, **asked, is_due=False) == []


def test_a_registration_that_was_confirmed_or_is_over_gets_no_mail(write):
    assert write(letters.write_registration, registration="0" * 64, is_due=True) == []


def test_an_address_of_nobody_gets_no_mail(write):
    for function in (letters.write_reset, letters.write_resend):
        assert write(function, email_canon=NOBODY.canon, is_due=True) == []


def test_an_account_that_is_gone_gets_no_mail(app, write, ann):
    with app.app_context():
        db.session.execute(update(Base.metadata.tables["account"]).values(deleted_at=clock.now()))
        db.session.commit()
        assert queries.owner_of(ann) is None
    address = {"typed": "new@example.org", "canon": "new@example.org"}
    assert write(letters.write_address, account_id=ann, email=address, is_due=True) == []
    assert write(letters.write_reset, email_canon=ANN.canon, is_due=True) == []
    assert write(letters.write_resend, email_canon=ANN.canon, is_due=True) == []


def test_mails_to_an_account_go_to_its_own_spelling_of_the_address(app, write, ann, rows_of):
    with app.app_context():
        db.session.execute(update(Base.metadata.tables["account"]).values(email="Ann@example.org", confirmed_at=None))
        db.session.commit()
    assert write(letters.write_reset, email_canon=ANN.canon, is_due=True) == [("Ann@example.org", "Set a new password")]
    assert write(letters.write_resend, email_canon=ANN.canon, is_due=True) == [
        ("Ann@example.org", "Confirm your e-mail address")
    ]
    assert [row["account_id"] for row in rows_of("token")] == [ann, ann]


def test_the_newest_registration_of_an_address_is_the_one_that_is_sent_again(app, new_browser, rows_of):
    for name in ("First", "Second"):
        new_browser().register(name=name)
    new_browser().register(email="bo@example.org")
    sent(app)
    new_browser().send("/auth/resend", email="ANN@example.org")
    sent(app)
    newest = rows_of("token")[-1]
    assert newest["purpose"] == services.CONFIRMATION
    second = next(row for row in rows_of("token") if row["detail"].get("person", {}).get("name") == "Second")
    assert newest["detail"] == {"registration": second["token_hash"]}
    assert newest["expires_at"] - second["expires_at"] < timedelta(seconds=1)


# What a link is good for, and for how long


@pytest.fixture
def made(app, rows_of):
    """Gives the mails that one of the letters' functions writes, and the rows of the tokens that they hold."""

    def made(function, **payload):
        before = len(rows_of("token"))
        with app.app_context(), time_machine.travel(NOW, tick=False):
            mails = function(payload | {"is_due": True}, now=NOW)
            db.session.commit()
        return mails, rows_of("token")[before:]

    return made


def is_the_link(mail, row, path):
    """Whether the text of a mail has the link of a token alone."""
    [link] = re.findall(r"https?://\S+\?\S+", mail.text)
    page, _, token = link.partition("?token=")
    return page == f"https://learn.example.org{path}" and token_hash(token) == row["token_hash"]


def kept(row):
    return row["purpose"], row["account_id"], row["detail"], row["created_at"], row["expires_at"] - row["created_at"]


def test_a_link_to_a_new_password_is_good_for_an_hour_and_written_down(made, ann, rows_of):
    [mail], [row] = made(letters.write_reset, email_canon=ANN.canon)
    assert is_the_link(mail, row, "/auth/reset/new")
    assert kept(row) == ("reset", ann, {}, NOW, timedelta(hours=1))
    assert "The link works for an hour, and once." in mail.text
    line = rows_of("event")[-1]
    assert (line["kind"], line["account_id"], line["at"]) == ("reset_asked", ann, NOW)


def test_where_no_mail_goes_out_it_is_good_for_a_day(app, made, ann):
    app.config["SETTINGS"] = replace(app.config["SETTINGS"], mail_server="")
    [mail], [row] = made(letters.write_reset, email_canon=ANN.canon)
    assert kept(row) == ("reset", ann, {}, NOW, timedelta(days=1))
    assert "The link works for 24 hours, and once." in mail.text


@pytest.mark.parametrize("typed", ["New@example.org", "ANN@example.org"], ids=["another", "the same, spelt otherwise"])
def test_a_link_for_an_address_of_an_account_is_good_for_a_day(made, ann, typed):
    email = {"typed": typed, "canon": typed.lower()}
    [mail], [row] = made(letters.write_address, account_id=ann, email=email)
    assert (mail.to, mail.subject) == (typed, "Confirm your e-mail address")
    assert is_the_link(mail, row, "/auth/address/confirm")
    assert kept(row) == ("address", ann, email, NOW, timedelta(days=1))
    assert "The link works for 24 hours." in mail.text


def test_an_address_that_was_never_confirmed_gets_the_same_link_when_it_is_asked_for_again(app, made, ann):
    with app.app_context():
        db.session.execute(update(Base.metadata.tables["account"]).values(email=ANN.typed, confirmed_at=None))
        db.session.commit()
    [mail], [row] = made(letters.write_resend, email_canon=ANN.canon)
    assert mail.to == ANN.typed
    assert is_the_link(mail, row, "/auth/address/confirm")
    assert kept(row) == ("address", ann, {"typed": ANN.typed, "canon": ANN.canon}, NOW, timedelta(days=1))


@pytest.mark.usefixtures("ann")
def test_who_has_an_account_already_gets_no_token(made):
    mails, rows = made(letters.write_resend, email_canon=ANN.canon)
    assert ([(mail.to, mail.subject) for mail in mails], rows) == ([("ann@example.org", ALREADY)], [])


def test_an_address_of_another_account_gets_no_token(made, ann, new_browser, app):
    browser = new_browser()
    browser.register(email="bo@example.org")
    [mail] = sent(app)
    browser.press(browser.follow(link_in(mail)))
    email = {"typed": "Bo@example.org", "canon": "bo@example.org"}
    [mail], rows = made(letters.write_address, account_id=ann, email=email)
    assert (mail.to, "has an account already" in mail.subject, rows) == ("Bo@example.org", True, [])


@pytest.fixture
def registered(new_browser, rows_of):
    """The token's row of a registration that waits: Ann's, an hour before now."""
    with time_machine.travel(NOW - timedelta(hours=1), tick=False):
        new_browser().register(email=ANN.typed)
    [row] = rows_of("token")
    return row


@pytest.mark.parametrize("again", [False, True])
def test_the_link_of_a_registration_is_good_until_three_days_after_it(made, registered, again):
    if again:
        [mail], [row] = made(letters.write_resend, email_canon=ANN.canon)
    else:
        [mail], [row] = made(letters.write_registration, registration=registered["token_hash"])
    assert (mail.to, mail.subject) == (ANN.typed, "Confirm your e-mail address")
    assert is_the_link(mail, row, "/auth/confirm")
    left = timedelta(days=3) - timedelta(hours=1)
    assert kept(row) == ("confirmation", None, {"registration": registered["token_hash"]}, NOW, left)


def test_a_registration_of_an_address_that_had_its_mails_gets_no_more(write, registered):
    assert write(letters.write_registration, registration=registered["token_hash"], is_due=False) == []


@pytest.mark.parametrize(
    ("values", "found"),
    [
        ({}, True),
        ({"expires_at": NOW + timedelta(microseconds=1)}, True),
        ({"expires_at": NOW}, False),
        ({"purpose": "confirmation"}, False),
        ({"detail": {"email_canon": "bo@example.org"}}, False),
    ],
    ids=["it waits", "to its very end", "it is over", "something else waits", "another address waits"],
)
def test_the_registration_of_an_address_is_found_while_it_waits(app, registered, values, found):
    with app.app_context():
        if values:
            db.session.execute(update(Base.metadata.tables["token"]).values(**values))
            db.session.commit()
        hashed = hash_of_newest_registration(ANN.canon, now=NOW)
    assert hashed == (registered["token_hash"] if found else None)
