"""Every door at which somebody could guess, and how often: the table of docs/decisions/0002."""

from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
import time_machine

from cpd.auth import doors, throttle
from cpd.auth.throttle import RESET_NEEDED, Limit, TooManyTries
from cpd.db import db
from cpd.web import clock

START = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
ANN = "ann@example.org"


@pytest.fixture
def asked_from(app):
    """A request from a network address."""

    @contextmanager
    def asked_from(address):
        with app.test_request_context(environ_base={"REMOTE_ADDR": address}):
            yield

    return asked_from


@pytest.fixture
def tried(asked_from):
    """Whether a try goes through: which buckets, how many seconds after the start, from where."""

    def tried(buckets, seconds=0.0, address="198.51.100.1"):
        with asked_from(address):
            return throttle.has_left(buckets(), now=START + timedelta(seconds=seconds))

    return tried


@pytest.fixture
def with_mail(app):
    app.config["SETTINGS"] = replace(app.config["SETTINGS"], mail_server="smtp://mail.example.org")


def password(email=ANN, account_id=None):
    return lambda: doors.password_buckets(email, account_id)


def one_each(count):
    """So many network addresses."""
    return [f"2001:db8:{number:x}::1" for number in range(count)]


def test_an_account_has_ten_passwords_in_five_minutes_wherever_they_come_from(tried):
    assert [tried(password(), number, address) for number, address in enumerate(one_each(11))] == [True] * 10 + [False]
    assert not tried(password(), 299.9)
    assert tried(password(), 300)


def test_an_address_has_twenty_passwords_in_five_minutes_whatever_the_account(tried):
    answers = [tried(password(f"nobody{number}@example.org"), number) for number in range(21)]
    assert answers == [True] * 20 + [False]
    assert not tried(password("other@example.org"), 299.9)
    assert tried(password("other@example.org"), 300)


def test_a_try_that_is_refused_costs_nothing_elsewhere(tried):
    for _ in range(30):
        tried(password())
    assert [tried(password(f"nobody{number}@example.org")) for number in range(11)] == [True] * 10 + [False]


def slowly(tried, buckets, count, *, after=0):
    """Tries that no other limit refuses, each from another address: the number of those that go through."""
    addresses = one_each(count)
    return sum(tried(buckets, after + 31 * number, address) for number, address in enumerate(addresses))


@pytest.mark.usefixtures("with_mail")
def test_after_a_hundred_wrong_passwords_in_a_row_only_a_reset_helps(tried, asked_from, app):
    assert slowly(tried, password(), 103) == 100
    for days in (1, 30, 364):
        assert not tried(password(), days * 86_400)
    with asked_from("198.51.100.1"), pytest.raises(TooManyTries) as refusal:
        throttle.spend(doors.password_buckets(ANN, None), now=START + timedelta(days=1))
    assert refusal.value.description == RESET_NEEDED

    with app.test_request_context():
        doors.password_was_reset(ANN, 1)
        db.session.commit()
    assert slowly(tried, password(), 3, after=86_400) == 3


@pytest.mark.usefixtures("with_mail")
def test_the_words_after_a_hundred_are_the_same_when_two_come_at_once(asked_from, monkeypatch, tried):
    """Whoever looks before another one spends meets the refusal where the try is taken."""
    slowly(tried, password(), 100)
    monkeypatch.setattr(throttle, "_rows", lambda _: {})
    with asked_from("198.51.100.1"), pytest.raises(TooManyTries) as refusal:
        throttle.spend(doors.password_buckets(ANN, None), now=START + timedelta(days=1))
    assert refusal.value.description == RESET_NEEDED


def test_without_mail_a_hundred_wrong_passwords_make_the_door_slow_and_do_not_shut_it(tried):
    assert slowly(tried, password(), 103) == 101
    later = 100 * 31 + 3_600
    assert tried(password(), later)
    assert not tried(password(), later + 3_599)
    assert tried(password(), later + 3_600)


def test_a_right_password_ends_the_row(tried, asked_from):
    slowly(tried, password(), 99)
    at = START + timedelta(seconds=99 * 31)
    with asked_from("203.0.113.1"):
        spent = throttle.spend(doors.password_buckets(ANN, None), now=at)
        doors.password_was_right(spent, email_canon=ANN, now=at)
        db.session.commit()
    assert slowly(tried, password(), 103, after=100 * 31) == 101


def test_beyond_a_thousand_in_all_strangers_are_slowed_and_not_shut_out(tried, monkeypatch):
    monkeypatch.setattr(doors, "PASSWORD_IN_ALL", Limit(30, 300))
    addresses = one_each(60)
    for number, address in enumerate(addresses[:30]):
        assert tried(password(f"nobody{number}@example.org"), 0, address)
    # Who has not tried before still can, twice.
    assert [tried(password(), 1, addresses[40]) for _ in range(3)] == [True, True, False]
    # Nor can one address go on with other accounts, or an account be tried from other addresses.
    assert not tried(password("bob@example.org"), 2, addresses[40])
    assert not tried(password(), 2, addresses[41])
    assert tried(password("bob@example.org"), 2, addresses[41])
    # Five minutes later it is as before.
    assert [tried(password("eve@example.org"), 302, addresses[50]) for _ in range(11)] == [True] * 10 + [False]


def test_the_limit_in_all_is_a_thousand_in_five_minutes():
    assert (doors.PASSWORD_IN_ALL.tries, doors.PASSWORD_IN_ALL.seconds) == (1_000, 300)


def test_a_code_has_five_tries_in_five_minutes_twenty_in_an_hour_and_fifty_in_a_day(tried):
    every_half_minute = [seconds for seconds in range(0, 86_400, 30) if seconds < 4_500 or seconds % 600 == 0]
    passed = [
        seconds
        for seconds in every_half_minute
        if tried(lambda: doors.second_factor_buckets(7), seconds, f"2001:db8:{seconds // 60:x}::1")
    ]
    assert len([seconds for seconds in passed if seconds < 300]) == 5
    assert len([seconds for seconds in passed if seconds < 3_600]) == 20
    assert len(passed) == 50
    assert not tried(lambda: doors.second_factor_buckets(7), 86_399)
    assert tried(lambda: doors.second_factor_buckets(7), 86_400)


def test_an_address_has_ten_codes_in_five_minutes_whatever_the_account(tried):
    answers = [tried(lambda number=number: doors.second_factor_buckets(number)) for number in range(11)]
    assert answers == [True] * 10 + [False]


def test_an_address_of_mail_gets_three_mails_in_six_hours(app):
    with app.app_context():
        due = [doors.mail_is_due(ANN, now=START + timedelta(hours=hours)) for hours in (0, 1, 2, 3, 5.9, 6, 6.5)]
        assert doors.mail_is_due("bob@example.org", now=START)
    assert due == [True, True, True, False, False, True, False]


@pytest.mark.parametrize("buckets", [doors.mail_buckets, doors.register_buckets])
def test_an_address_may_ask_for_twenty_mails_and_for_twenty_accounts_in_an_hour(tried, buckets):
    assert [tried(buckets, number) for number in range(21)] == [True] * 20 + [False]
    assert tried(buckets, 1, "198.51.100.2")
    assert not tried(buckets, 3_599)
    assert tried(buckets, 3_600)


def test_no_row_is_longer_than_the_table_takes():
    limits = [each for each in vars(doors).values() if isinstance(each, Limit)] + list(doors.SECOND_FACTOR)
    assert len(limits) > 10
    assert all(limit.tries * throttle.MARK <= 14_000 for limit in limits)


@pytest.fixture
def ann(browser):
    browser.register()
    browser.sign_out()
    return browser


@pytest.fixture
def mail_after_registering(ann, app):
    assert ann
    app.config["SETTINGS"] = replace(app.config["SETTINGS"], mail_server="smtp://mail.example.org")


def guess(browser, times, **keywords):
    return [browser.sign_in(**({"password": "wrong"} | keywords)).status_code for _ in range(times)]


def test_strangers_who_use_up_the_limit_in_all_do_not_slow_a_known_browser(ann, new_browser, monkeypatch):
    monkeypatch.setattr(doors, "PASSWORD_IN_ALL", Limit(1, 300))
    for number in range(4):
        guess(new_browser(address=f"198.51.100.{number}"), 3)
    assert guess(ann, 5) == [422] * 5
    assert ann.sign_in().status_code == 303


@pytest.mark.usefixtures("mail_after_registering")
def test_the_owner_gets_in_by_a_known_browser_and_lets_strangers_try_again(ann, new_browser, monkeypatch):
    monkeypatch.setattr(doors, "PASSWORD_IN_A_ROW", Limit(3, doors.YEAR, in_a_row=True))
    stranger = new_browser(address="198.51.100.1")
    assert guess(stranger, 4) == [422] * 3 + [429]
    assert RESET_NEEDED in stranger.sign_in().text

    assert ann.sign_in().status_code == 303

    assert guess(stranger, 1) == [422]


@pytest.mark.usefixtures("mail_after_registering")
def test_a_known_browser_has_a_hundred_in_a_row_too_and_a_reset_there_ends_them(ann, app, monkeypatch, rows_of):
    monkeypatch.setattr(doors, "PASSWORD_IN_A_ROW", Limit(3, doors.YEAR, in_a_row=True))
    assert guess(ann, 4) == [422] * 3 + [429]

    known = f"cpd_known_browser={ann.cookie('cpd_known_browser')}"
    with app.test_request_context(headers={"Cookie": known}):
        doors.password_was_reset(ANN, rows_of("account")[0]["id"])
        db.session.commit()

    assert guess(ann, 1) == [422]


def test_who_is_signed_in_proves_it_from_buckets_of_their_own(browser, new_browser):
    browser.register()
    browser.client.delete_cookie("cpd_known_browser")
    with time_machine.travel(clock.now() + timedelta(minutes=16), tick=False):
        assert guess(new_browser(address="198.51.100.1"), 11)[-1] == 429
        assert browser.send("/auth/again", password="violin-gravel-otter-tundra").status_code == 303
        with time_machine.travel(clock.now() + timedelta(minutes=16), tick=False):
            answers = [browser.send("/auth/again", password="wrong").status_code for _ in range(11)]
    assert answers == [422] * 10 + [429]


def test_a_code_from_a_known_browser_takes_from_buckets_of_its_own(ann, app, rows_of):
    account_id = rows_of("account")[0]["id"]
    known = {"Cookie": f"cpd_known_browser={ann.cookie('cpd_known_browser')}"}
    with app.test_request_context():
        strangers = {each.key for each in doors.second_factor_buckets(account_id)}
    with app.test_request_context(headers=known):
        own = {each.key for each in doors.second_factor_buckets(account_id)}
        assert doors.is_own_browser(account_id)
        assert {each.key for each in doors.second_factor_buckets(account_id + 1)} & own == set()
    assert len(own) == 3
    assert own & strangers == set()


def test_known_and_unknown_addresses_are_refused_alike(ann, new_browser):
    ann.client.delete_cookie("cpd_known_browser")
    answers = []
    for number, email in enumerate((ANN, "nobody@example.org")):
        stranger = new_browser(address=f"198.51.100.{number}")
        with time_machine.travel(START, tick=False):
            guess(stranger, 10, email=email)
            answer = stranger.sign_in(email=email)
        answers.append((answer.status_code, answer.headers["Retry-After"], "Wait 5 minutes" in answer.text))
    assert answers == [(429, "300", True)] * 2
