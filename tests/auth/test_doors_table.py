"""Which buckets each door takes from, whose they are and how many tries they hold: the table of docs/decisions/0002."""

from __future__ import annotations

from datetime import UTC, datetime
from types import SimpleNamespace

import pytest
from flask import Flask

from cpd.auth import doors, known
from cpd.auth.throttle import Bucket, Limit

NOW = datetime(2026, 11, 26, 9, 30, tzinfo=UTC)
ANN = "ann@example.org"
HERE = "2001:db8:1:2::/64"  # the network of who asks
MINUTES, HOUR, DAY, YEAR = 60, 3_600, 86_400, 31_536_000
BEYOND_ALL = (("password-slow-account", ANN, 2, 5 * MINUTES, ()), ("password-slow-address", HERE, 2, 5 * MINUTES, ()))
IN_ALL = ("password-all", "", 1_000, 5 * MINUTES, BEYOND_ALL)


@pytest.fixture(autouse=True)
def plain_buckets(monkeypatch):
    """Buckets that say what they are made of."""
    monkeypatch.setattr(
        doors,
        "bucket",
        lambda limit, door, whom, *, beyond=(): (door, whom, limit.tries, limit.seconds, beyond),
    )


@pytest.fixture
def by(monkeypatch):
    """A request of a browser that carries the accounts it knows, or of somebody who is signed in."""

    def by(browser=None, learner=None, *, mail=True):
        monkeypatch.setattr(known, "this_browser", lambda: browser)
        monkeypatch.setattr(doors, "current_learner", lambda: learner)
        app.config["SETTINGS"] = SimpleNamespace(confirms_addresses=mail)

    app = Flask("doors")
    with app.test_request_context(environ_base={"REMOTE_ADDR": "2001:db8:1:2:3:4:5:6"}):
        by()
        yield by


KNOWN = known.KnownBrowser("a browser", (5, 7))
SIGNED_IN = SimpleNamespace(id=7, session_id=70)


def test_a_strangers_password_takes_from_those_of_the_account_the_network_and_all(by):
    by(mail=True)
    assert doors.password_buckets(ANN, 7) == [
        ("password-account", ANN, 10, 5 * MINUTES, ()),
        ("password-address", HERE, 20, 5 * MINUTES, ()),
        IN_ALL,
        ("password-row", ANN, 100, YEAR, ()),
    ]
    assert doors.password_buckets(ANN, None) == doors.password_buckets(ANN, 7)


def test_without_mail_one_an_hour_is_left_beyond_a_hundred_in_a_row(by):
    by(mail=False)
    slow = ("password-row-slow", ANN, 1, HOUR, ())
    assert doors.password_buckets(ANN, 7)[-1] == ("password-row", ANN, 100, YEAR, (slow,))
    by(KNOWN, mail=False)
    slow = ("password-row-slow", "7 a browser", 1, HOUR, ())
    assert doors.password_buckets(ANN, 7)[-1] == ("password-browser-row", "7 a browser", 100, YEAR, (slow,))


@pytest.mark.parametrize(
    ("browser", "learner", "name"),
    [
        (KNOWN, None, "7 a browser"),
        (None, SIGNED_IN, "7 session 70"),
        (KNOWN, SIGNED_IN, "7 a browser"),
        (known.KnownBrowser("a browser", (5,)), SIGNED_IN, "7 session 70"),
    ],
    ids=["known", "signed in", "both", "known to another account"],
)
def test_a_browser_of_ones_own_takes_from_buckets_of_its_own_alone(by, browser, learner, name):
    by(browser, learner)
    assert doors.password_buckets(ANN, 7) == [
        ("password-browser", name, 10, 5 * MINUTES, ()),
        ("password-browser-row", name, 100, YEAR, ()),
    ]
    assert doors.second_factor_buckets(7) == [
        ("code-browser-300", name, 5, 5 * MINUTES, ()),
        ("code-browser-3600", name, 20, HOUR, ()),
        ("code-browser-86400", name, 50, DAY, ()),
    ]
    assert doors.is_own_browser(7)


@pytest.mark.parametrize(
    ("browser", "learner"),
    [
        (None, None),
        (known.KnownBrowser("a browser", (5,)), None),
        (None, SimpleNamespace(id=5, session_id=50)),
        (known.KnownBrowser("a browser"), SimpleNamespace(id=5, session_id=50)),
    ],
)
def test_any_other_browser_is_a_strangers(by, browser, learner):
    by(browser, learner)
    assert not doors.is_own_browser(7)
    assert not doors.is_own_browser(None)
    assert doors.second_factor_buckets(7) == [
        ("code-account-300", "7", 5, 5 * MINUTES, ()),
        ("code-account-3600", "7", 20, HOUR, ()),
        ("code-account-86400", "7", 50, DAY, ()),
        ("code-address", HERE, 10, 5 * MINUTES, ()),
    ]


@pytest.mark.parametrize(
    ("buckets", "expected"),
    [
        (doors.passkey_buckets, ("code-address", HERE, 10, 5 * MINUTES, ())),
        (doors.challenge_buckets, ("challenge-address", HERE, 100, 5 * MINUTES, ())),
        (doors.mail_buckets, ("mail-address", HERE, 20, HOUR, ())),
        (doors.register_buckets, ("register", HERE, 20, HOUR, ())),
        (doors.sign_on_buckets, ("sign-on", HERE, 300, 5 * MINUTES, ())),
        (lambda: doors.address_buckets(7), ("address-account", "7", 5, 6 * HOUR, ())),
        (lambda: doors.download_buckets(7), ("download-account", "7", 5, 6 * HOUR, ())),
    ],
)
@pytest.mark.usefixtures("by")
def test_every_other_door_has_one_bucket(buckets, expected):
    assert buckets() == [expected]


@pytest.mark.parametrize(
    ("is_due", "door"), [(doors.mail_is_due, "mail-account"), (doors.registration_mail_is_due, "mail-registration")]
)
@pytest.mark.parametrize("left", [True, False])
def test_an_address_of_mail_has_three_in_six_hours_of_each_kind(monkeypatch, is_due, door, left):
    asked = []
    monkeypatch.setattr(doors.throttle, "has_left", lambda buckets, *, now: asked.append((buckets, now)) or left)
    assert is_due(ANN, now=NOW) is left
    assert asked == [([(door, ANN, 3, 6 * HOUR, ())], NOW)]


def test_a_right_password_gives_its_tries_back_and_ends_the_row_of_wrong_ones_of_the_account(by, monkeypatch):
    by(mail=False)
    asked = []
    monkeypatch.setattr(
        doors, "bucket", lambda limit, door, whom, *, beyond=(): Bucket(f"{door}:{whom}", limit, beyond)
    )
    monkeypatch.setattr(doors.throttle, "give_back", lambda spent, *, now: asked.append((spent, now)))
    monkeypatch.setattr(doors.throttle, "clear", asked.append)
    spent = doors.password_buckets(ANN, 7)
    doors.password_was_right(spent, email_canon=ANN, now=NOW)
    assert asked == [(spent[:3], NOW), spent[3:]]


@pytest.mark.parametrize(("browser", "own"), [(KNOWN, "7 a browser"), (None, "")])
def test_a_reset_empties_the_doors_of_the_account_and_of_this_browser(by, monkeypatch, browser, own):
    by(browser)
    cleared = []
    monkeypatch.setattr(doors.throttle, "clear", lambda buckets: cleared.extend(each[:2] for each in buckets))
    doors.password_was_reset(ANN, 7)
    assert cleared == [
        ("password-account", ANN),
        ("password-slow-account", ANN),
        ("password-row-slow", ANN),
        ("password-row", ANN),
        ("password-browser", own),
        ("password-row-slow", own),
        ("password-browser-row", own),
    ]


def test_only_the_rows_of_wrong_passwords_are_in_a_row():
    limits = {name: each for name, each in vars(doors).items() if isinstance(each, Limit)}
    assert [name for name, limit in limits.items() if limit.in_a_row] == ["PASSWORD_IN_A_ROW"]
