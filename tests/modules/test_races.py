"""Many answers at once: one attempt for a sitting, one entry for an edition, and an answer for everybody."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest
from werkzeug.test import TestResponse

from cpd.modules.models import Attempt
from cpd.record.models import Entry
from tests.modules.conftest import Sheet

MANY = 50


@pytest.fixture
def tabs(app, client) -> Callable[[int], list]:
    """Clients that share the learner's cookies: the tabs of a browser."""

    def make(count: int) -> list:
        session = client.get_cookie("cpd_session").value
        made = [app.test_client() for _ in range(count)]
        for each in made:
            each.set_cookie("cpd_session", session)
        return made

    return make


def at_once(actions: list[Callable[[], TestResponse]]) -> list[TestResponse]:
    """The answers to requests that all start together."""
    together = threading.Barrier(len(actions))

    def start(action: Callable[[], TestResponse]) -> TestResponse:
        together.wait()
        return action()

    with ThreadPoolExecutor(len(actions)) as pool:
        return list(pool.map(start, actions))


def test_fifty_posts_of_one_sitting_make_one_attempt_and_one_entry(publish, sign_in, sit, tabs, rows_of):
    publish("sepsis")
    sign_in()
    sheet = sit("sepsis")

    def submit_in(tab):
        return lambda: tab.post(sheet.url, data=sheet.fields | {"q1": "a"})

    answers = at_once([submit_in(tab) for tab in tabs(MANY)])

    assert {answer.status_code for answer in answers} == {303}
    assert {answer.location for answer in answers} == {"/modules/sepsis/attempts/1"}
    assert len(rows_of(Attempt)) == 1
    assert len(rows_of(Entry)) == 1


def test_fifty_sittings_of_one_module_make_fifty_attempts_and_one_entry(publish, sign_in, tabs, rows_of):
    publish("sepsis")
    sign_in()
    sheets = [Sheet(tab, "sepsis") for tab in tabs(MANY)]

    def submit(sheet):
        return lambda: sheet.submit(q1="a")

    answers = at_once([submit(sheet) for sheet in sheets])

    assert {answer.status_code for answer in answers} == {303}
    assert len({answer.location for answer in answers}) == MANY
    assert len(rows_of(Attempt)) == MANY
    assert len(rows_of(Entry)) == 1


def test_two_learners_at_once_each_get_their_entry(publish, sign_in, register, client, new_client, rows_of):
    publish("sepsis")
    sign_in()
    other = new_client()
    register(other, email="ben@example.org")
    sheets = [Sheet(client, "sepsis"), Sheet(other, "sepsis")]

    at_once([lambda sheet=sheet: sheet.submit(q1="a") for sheet in sheets])

    assert sorted(entry.learner_id for entry in rows_of(Entry)) == [1, 2]
