"""Limits on tries: the arithmetic of a bucket on both databases, and the doors that have one."""

import threading
from datetime import UTC, datetime, timedelta

import pytest
import time_machine

from cpd.auth import throttle
from cpd.auth.throttle import Bucket, Limit, TooManyTries
from cpd.db import db
from cpd.web import clock
from cpd.web.networks import network_of
from tests.auth.browser import PASSWORD

START = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
THREE_A_MINUTE = Bucket("door:a", Limit(3, 60))


@pytest.fixture
def tries(app):
    """How many tries go through at a number of seconds after the start."""

    def spend_all(*seconds, bucket=THREE_A_MINUTE):
        return [spend(app, bucket, START + timedelta(seconds=second)) for second in seconds]

    return spend_all


def spend(app, bucket, now):
    with app.app_context():
        try:
            throttle.spend([bucket], now=now)
        except TooManyTries:
            return False
        return True


@pytest.mark.parametrize(
    ("seconds", "allowed"),
    [
        ((0, 0, 0, 0), [True, True, True, False]),
        ((0, 10, 20, 59.999, 60, 60), [True, True, True, False, True, False]),
        ((0, 10, 20, 75, 75, 75), [True, True, True, True, True, False]),
        ((0, 0, 0, 3600, 3600, 3600, 3600), [True, True, True, True, True, True, False]),
        ((0, 20, 40, 60, 80, 100), [True] * 6),
        ((0, 0, 0, 15, 30, 45, 60), [True, True, True, False, False, False, True]),
        ((50, 50, 0, 0, 109, 110), [True, True, True, False, False, True]),
        ((3600, 3600, 3600, 0, 0, 0, 0), [True, True, True, True, True, True, False]),
    ],
    ids=[
        "burst",
        "one back",
        "two back",
        "never more than full",
        "steady",
        "refused tries cost nothing",
        "clock set back a little",
        "clock set back far",
    ],
)
def test_no_span_of_time_has_more_tries_than_the_limit(tries, seconds, allowed):
    assert tries(*seconds) == allowed


def test_buckets_do_not_share_their_tries(tries):
    tries(0, 0, 0)
    assert tries(0, bucket=Bucket("door:b", Limit(3, 60))) == [True]


def test_tries_at_the_same_moment_are_all_counted(app):
    bucket, passed, start = Bucket("door:race", Limit(5, 3600)), [], threading.Barrier(12)

    def attempt():
        start.wait()
        passed.append(spend(app, bucket, START))

    threads = [threading.Thread(target=attempt) for _ in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(passed) == [False] * 7 + [True] * 5


def test_a_try_that_is_given_back_can_be_used_again(app, tries):
    tries(0, 0, 0)
    with app.app_context():
        throttle.give_back([THREE_A_MINUTE], now=START)
        db.session.commit()
    assert tries(0, 0) == [True, False]


def test_only_the_try_that_was_right_comes_back(app, tries):
    tries(0, 1, 2)
    with app.app_context():
        for _ in range(5):
            throttle.give_back([THREE_A_MINUTE], now=START + timedelta(seconds=1))
        db.session.commit()
    assert tries(30, 30, 60, 60, 62) == [True, False, True, False, True]


def test_full_buckets_are_forgotten(app, tries, count_of):
    tries(0)
    with app.app_context():
        throttle.forget_old(now=START + timedelta(seconds=59))
        db.session.commit()
        assert count_of("throttle") == 1
        throttle.forget_old(now=START + timedelta(seconds=60))
        db.session.commit()
    assert count_of("throttle") == 0


@pytest.mark.parametrize(
    ("address", "network"),
    [
        ("192.0.2.7", "192.0.2.7"),
        ("::ffff:192.0.2.7", "192.0.2.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:db8:1:2::9", "2001:db8:1:2::/64"),
        (None, "unknown"),
        ("", "unknown"),
        ("nonsense", "unknown"),
    ],
)
def test_an_ipv6_household_counts_as_one_address(address, network):
    assert network_of(address) == network


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (1, "a minute"),
        (60, "a minute"),
        (61, "2 minutes"),
        (7_080, "118 minutes"),
        (7_200, "2 hours"),
        (86_400, "24 hours"),
        (172_800, "2 days"),
    ],
)
def test_the_refusal_says_how_long_to_wait(seconds, words):
    assert f"Wait {words}, then" in str(TooManyTries(seconds).description)


def guess(browser, times, email="ann@example.org"):
    return [browser.sign_in(email=email, password="wrong").status_code for _ in range(times)]


@pytest.fixture
def ann(browser):
    browser.register()
    browser.sign_out()
    return browser


@pytest.mark.usefixtures("ann")
def test_the_eleventh_guess_at_an_account_is_refused_even_if_right(new_browser):
    stranger = new_browser(address="198.51.100.1")
    assert guess(stranger, 10) == [422] * 10

    answer = stranger.sign_in(password=PASSWORD)

    assert answer.status_code == 429
    assert 295 <= int(answer.headers["Retry-After"]) <= 300
    assert "Wait 5 minutes, then try again." in answer.text
    assert 'value="ann@example.org"' in answer.text
    assert PASSWORD not in answer.text
    assert not stranger.signed_in


@pytest.mark.usefixtures("ann")
def test_guesses_from_many_addresses_are_counted_together(new_browser):
    answers = [guess(new_browser(address=f"198.51.100.{number}"), 1)[0] for number in range(11)]
    assert answers == [422] * 10 + [429]


def test_strangers_cannot_lock_the_owner_out_of_a_known_browser(ann, new_browser):
    guess(new_browser(address="198.51.100.1"), 11)
    assert ann.sign_in().status_code == 303


def test_a_known_browser_has_limits_too(ann):
    assert guess(ann, 11) == [422] * 10 + [429]


def test_a_known_browser_of_one_account_is_a_stranger_to_another(ann, new_browser):
    new_browser(address="203.0.113.1").register(email="bob@example.org")
    guess(new_browser(address="198.51.100.1"), 10, "bob@example.org")
    assert ann.sign_in(email="bob@example.org").status_code == 429


@pytest.mark.usefixtures("ann")
def test_a_forged_known_browser_is_a_stranger(new_browser):
    stranger = new_browser(address="198.51.100.1")
    guess(stranger, 10)
    stranger.client.set_cookie("cpd_known_browser", "WyJ4IixbMV1d.forged")
    assert guess(stranger, 1) == [429]


@pytest.mark.usefixtures("ann")
def test_one_address_may_guess_twenty_times_over_all_accounts(new_browser):
    stranger = new_browser(address="198.51.100.1")
    answers = [guess(stranger, 1, f"nobody{number}@example.org")[0] for number in range(21)]
    assert answers == [422] * 20 + [429]


@pytest.mark.usefixtures("ann")
def test_a_ward_may_sign_in_from_one_address(new_browser):
    answers = [new_browser(address="198.51.100.1").sign_in().status_code for _ in range(25)]
    assert answers == [303] * 25


@pytest.mark.usefixtures("ann")
def test_tries_come_back_with_time(new_browser):
    stranger = new_browser(address="198.51.100.1")
    start = clock.now()
    with time_machine.travel(start, tick=False):
        guess(stranger, 9)
    with time_machine.travel(start + timedelta(seconds=299), tick=False):
        assert guess(stranger, 2) == [422, 429]
    with time_machine.travel(start + timedelta(seconds=300), tick=False):
        assert guess(stranger, 10) == [422] * 9 + [429]


@pytest.mark.usefixtures("ann")
def test_a_refused_try_costs_no_hash(new_browser, app, monkeypatch):
    stranger = new_browser(address="198.51.100.1")
    guess(stranger, 10)
    monkeypatch.setattr(app.extensions["passwords"], "fits", pytest.fail)
    assert guess(stranger, 1) == [429]


@pytest.mark.usefixtures("ann")
def test_no_address_is_kept_in_the_clear(new_browser, rows_of):
    guess(new_browser(address="198.51.100.1"), 1)
    kept = str(rows_of("throttle"))
    assert "198.51.100.1" not in kept
    assert "ann@example.org" not in kept
