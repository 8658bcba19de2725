"""What the worker makes of what was asked for by mail."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import update

from cpd.auth import queries
from cpd.auth.by_mail import letters, services
from cpd.auth.emails import Email
from cpd.db import Base, db
from cpd.web import clock
from tests.auth.mails import link_in, sent

NOBODY = Email("nobody@example.org", "nobody@example.org")
ANN = Email("Ann@example.org", "ann@example.org")


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
