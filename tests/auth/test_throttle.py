"""Limits on tries: the arithmetic of a bucket on both databases, and the doors that have one."""

import hmac
import threading
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from flask import Flask
from sqlalchemy.dialects import postgresql, sqlite

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


def marks(*seconds):
    """Tries as a row keeps them."""
    return "".join(f",{1_795_424_400_000 + round(second * 1_000)}" for second in seconds)


def test_a_row_holds_the_last_tries_and_when_it_is_full_again(tries, rows_of):
    tries(0, 10, 20, 61, 62)
    [row] = rows_of("throttle")
    assert (row["key"], row["tries"]) == ("door:a", marks(10, 20, 61))
    assert row["full_at"] == START + timedelta(seconds=121)


@pytest.mark.parametrize(
    ("seconds", "wait"),
    [(20, 40), (30, 30), (59, 1), (59.4, 1), (58.9, 2), (59.999, 1), (-30, 90), (-60, 120)],
)
def test_who_is_refused_is_told_when_the_first_try_comes_back(app, tries, seconds, wait):
    tries(0, 10, 20)
    with app.app_context(), pytest.raises(TooManyTries) as refusal:
        throttle.spend([THREE_A_MINUTE], now=START + timedelta(seconds=seconds))
    assert refusal.value.wait == wait


@pytest.mark.parametrize("microseconds", [0, 400, 600, 999])
def test_no_second_is_added_for_the_rounding_of_a_mark(app, microseconds):
    bucket, now = a_bucket("a"), START + timedelta(microseconds=microseconds)
    spend(app, bucket, now)
    with app.app_context(), pytest.raises(TooManyTries) as refusal:
        throttle.spend([bucket], now=now)
    assert refusal.value.wait == 60


@pytest.mark.parametrize("seconds", [60, -60.001], ids=["it is back", "the clock was set back far"])
def test_a_try_that_holds_up_nobody_any_more_makes_room(tries, seconds):
    assert tries(0, 10, 20, seconds) == [True] * 4


def a_bucket(name, *beyond, tries=1):
    return Bucket(f"door:{name}", Limit(tries, 60), beyond)


@pytest.fixture
def blind(monkeypatch):
    """As if somebody else spent between looking and taking."""
    return lambda: monkeypatch.setattr(throttle, "_rows", lambda _: {})


@pytest.mark.parametrize(("seconds", "is_taken"), [(59.999, False), (60, True), (-60, False), (-60.001, True)])
def test_of_two_at_once_the_later_finds_the_same_tries_in_the_way(tries, blind, seconds, is_taken):
    tries(0, 10, 20)
    blind()
    assert tries(seconds) == [is_taken]


@pytest.mark.parametrize("looks", [True, False], ids=["looks first", "two at once"])
def test_where_one_bucket_is_empty_none_is_taken_from(app, blind, rows_of, looks):
    full, empty, after = a_bucket("full"), a_bucket("empty"), a_bucket("after")
    spend(app, empty, START)
    if not looks:
        blind()
    with app.app_context(), pytest.raises(TooManyTries) as refusal:
        throttle.spend([full, empty, after], now=START + timedelta(seconds=10))
    assert refusal.value.wait == (50 if looks else 60)
    assert [row["key"] for row in rows_of("throttle")] == ["door:empty"]


@pytest.mark.parametrize("looks", [True, False], ids=["looks first", "two at once"])
def test_beyond_an_empty_bucket_those_are_taken_from_that_stand_in_for_it(app, blind, rows_of, looks):
    slow, slower = a_bucket("slow"), a_bucket("slower", tries=2)
    door, other = a_bucket("a", slow, slower), a_bucket("b", tries=9)
    if not looks:
        blind()
    with app.app_context():
        taken = [throttle.spend([door, other], now=START + timedelta(seconds=second)) for second in range(2)]
        with pytest.raises(TooManyTries):
            throttle.spend([door, other], now=START + timedelta(seconds=2))
    assert taken == [[door, other], [slow, slower, other]]
    kept = {row["key"]: row["tries"] for row in rows_of("throttle")}
    assert kept == {"door:a": marks(0), "door:slow": marks(1), "door:slower": marks(1), "door:b": marks(0, 1)}


def test_one_bucket_beyond_that_is_empty_is_enough_to_refuse(app):
    slow, other = a_bucket("slow"), a_bucket("other")
    door = a_bucket("a", other, slow)
    for each in (slow, door):
        spend(app, each, START)
    assert not spend(app, door, START)


def test_having_one_left_takes_it(app):
    with app.app_context():
        assert [throttle.has_left([a_bucket("a")], now=START) for _ in range(2)] == [True, False]


@pytest.mark.parametrize(("second", "left"), [(0, (1, 2)), (1, (0, 2)), (2, (0, 1)), (3, (0, 1, 2))])
def test_the_mark_of_a_try_is_taken_away_wherever_it_stands(app, tries, rows_of, second, left):
    tries(0, 1, 2)
    tries(1, bucket=a_bucket("other"))
    with app.app_context():
        throttle.give_back([THREE_A_MINUTE], now=START + timedelta(seconds=second))
        db.session.commit()
    assert [row["tries"] for row in rows_of("throttle")] == [marks(*left), marks(1)]


def test_a_right_try_gives_all_of_a_row_of_wrong_ones_back(app, tries, rows_of):
    in_a_row = Bucket("door:row", Limit(5, 60, in_a_row=True))
    tries(0, 1, 2, bucket=in_a_row)
    tries(0, 1, 2)
    with app.app_context():
        throttle.give_back([in_a_row, THREE_A_MINUTE], now=START + timedelta(seconds=2))
        db.session.commit()
    assert [(row["key"], row["tries"]) for row in rows_of("throttle")] == [("door:a", marks(0, 1))]


def test_only_the_buckets_that_are_named_are_cleared(app, tries, rows_of):
    for name in "abc":
        tries(0, bucket=a_bucket(name))
    with app.app_context():
        throttle.clear([a_bucket("a"), a_bucket("c")])
        db.session.commit()
    assert [row["key"] for row in rows_of("throttle")] == ["door:b"]


def test_so_many_full_buckets_are_forgotten_at_once(app, tries, count_of, monkeypatch):
    monkeypatch.setattr(throttle, "FORGOTTEN_AT_ONCE", 2)
    for name in "abc":
        tries(0, bucket=a_bucket(name))
    with app.app_context():
        throttle.forget_old(now=START + timedelta(hours=1))
        db.session.commit()
    assert count_of("throttle") == 1


class Asked:
    """A database that does nothing and keeps what it is asked, as PostgreSQL is asked it."""

    def __init__(self):
        self.statements = []
        self.session = self

    def execute(self, statement):
        self.statements.append(" ".join(str(statement.compile(dialect=postgresql.dialect())).split()))


def test_forgetting_waits_for_nobody_where_many_write(monkeypatch):
    asked = Asked()
    monkeypatch.setattr(throttle, "db", asked)
    throttle.forget_old(now=START)
    assert asked.statements[0].endswith(" FOR UPDATE SKIP LOCKED)")


@pytest.mark.parametrize(("dialect", "find"), [(sqlite, "instr"), (postgresql, "strpos")])
def test_both_databases_take_a_try_and_give_it_back_in_one_statement(dialect, find):
    name = dialect.__name__.rpartition(".")[2]
    taking, giving_back = (
        " ".join(str(make(name).compile(dialect=dialect.dialect())).replace('"', "").split())
        for make in (throttle._spending, throttle._giving_back)
    )
    assert "ON CONFLICT (key) DO UPDATE SET tries" in taking
    assert taking.startswith("INSERT INTO throttle (key, tries, full_at) VALUES")
    assert giving_back.startswith("UPDATE throttle SET tries=")
    assert f"{find}(throttle.tries, " in giving_back


def test_a_bucket_is_named_by_its_door_and_a_keyed_hash_of_whom():
    app = Flask("throttle")
    app.config["SECRET_KEY"] = "a secret"
    with app.app_context():
        made = throttle.bucket(Limit(3, 60), "password", "ann@example.org", beyond=(THREE_A_MINUTE,))
    expected = hmac.new(b"a secret", b"throttle:password:ann@example.org", "sha256").hexdigest()
    assert made == Bucket(f"password:{expected[:40]}", Limit(3, 60), (THREE_A_MINUTE,))


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
        (120, "2 minutes"),
        (121, "3 minutes"),
        (7_080, "118 minutes"),
        (7_140, "119 minutes"),
        (7_141, "2 hours"),
        (7_200, "2 hours"),
        (86_400, "24 hours"),
        (86_401, "25 hours"),
        (172_740, "48 hours"),
        (172_741, "2 days"),
        (172_800, "2 days"),
        (172_801, "3 days"),
    ],
)
def test_the_refusal_says_how_long_to_wait(seconds, words):
    refusal = TooManyTries(seconds)
    assert refusal.description == f"There were too many tries. Wait {words}, then try again."
    assert refusal.wait == seconds
    answer = refusal.get_response()
    assert (answer.status_code, answer.headers["Retry-After"]) == (429, str(seconds))


def test_a_refusal_may_have_words_of_its_own():
    refusal = TooManyTries(60, "Choose a new one.")
    assert (refusal.description, refusal.wait) == ("Choose a new one.", 60)


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
