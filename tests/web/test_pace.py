"""How often a network address may search."""

from datetime import UTC, datetime, timedelta

import pytest
import time_machine

from cpd.search.views import COMPLETIONS, SEARCHES
from cpd.web import pace
from cpd.web.networks import is_this_machine
from cpd.web.pace import Pace

START = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)


def test_a_minute_has_as_many_answers_as_the_limit_says():
    counted = Pace(3)
    assert [counted.wait_of("a", now=now) for now in (0, 10, 20, 30, 59.4, 59.9, 60)] == [0, 0, 0, 30, 1, 1, 0]


def test_each_has_a_count_of_their_own():
    counted = Pace(1)
    assert [counted.wait_of(whom, now=0) for whom in "abab"] == [0, 0, 60, 60]


def test_a_clock_that_was_set_back_holds_nobody_up():
    counted = Pace(1)
    assert [counted.wait_of("a", now=now) for now in (1_000, 0, 1)] == [0, 0, 59]


def test_who_is_over_is_forgotten_when_many_ask(monkeypatch):
    monkeypatch.setattr(pace, "MOST_KEPT", 10)
    counted = Pace(1)
    for number in range(10):
        counted.wait_of(str(number), now=number * 10)
    assert counted.wait_of("new", now=95) == 0
    assert counted.wait_of("9", now=96) > 0  # its minute is not over
    assert len(counted._counts) == 7


def test_a_flood_of_addresses_does_not_fill_the_memory(monkeypatch):
    monkeypatch.setattr(pace, "MOST_KEPT", 10)
    counted = Pace(1)
    for number in range(1_000):
        counted.wait_of(str(number), now=0)
    assert len(counted._counts) <= 10


@pytest.mark.parametrize(
    ("address", "is_so"),
    [("127.0.0.1", True), ("127.8.8.8", True), ("::1", True), ("192.0.2.1", False), ("", False), (None, False)],
)
def test_only_the_machine_itself_is_not_counted(address, is_so):
    assert is_this_machine(address) is is_so


@pytest.fixture
def answers(client, republish):
    """The answers to an address that asks so many times at one moment."""
    republish()

    def ask(path, times, address="198.51.100.1", at=START):
        with time_machine.travel(at, tick=False):
            return [client.get(path, environ_overrides={"REMOTE_ADDR": address}) for _ in range(times)]

    return ask


def test_an_address_searches_sixty_times_a_minute(answers):
    said = answers("/search?q=sepsis", SEARCHES + 1)
    assert [answer.status_code for answer in said] == [200] * 60 + [429]
    assert said[-1].headers["Retry-After"] == "60"
    assert "Wait a minute, then try again." in said[-1].text
    assert answers("/search", 1, at=START + timedelta(seconds=60))[0].status_code == 200
    assert answers("/search", 1, "198.51.100.2")[0].status_code == 200


def test_names_are_completed_more_often_since_they_are_asked_for_while_typing(answers):
    assert COMPLETIONS >= 10 * SEARCHES
    said = answers("/search/complete?q=se", COMPLETIONS + 1)
    assert {answer.status_code for answer in said[:-1]} == {200}
    assert said[-1].status_code == 429
    assert answers("/search", 1)[0].status_code == 200


def test_the_machine_itself_may_ask_as_often_as_it_likes(answers):
    assert {answer.status_code for answer in answers("/search", SEARCHES + 5, "127.0.0.1")} == {200}
