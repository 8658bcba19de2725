"""The audit trail's chain: every line tied to the one before, whoever writes at the same time."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime

import pytest
from sqlalchemy import delete, select, update

from cpd.auth.events import first_break, note
from cpd.auth.models import Event, EventKind
from cpd.db import db
from tests.auth.browser import ANN

NOW = datetime(2026, 11, 26, 9, 30, tzinfo=UTC)


@pytest.fixture
def account_ids(new_browser, rows_of):
    for email in (ANN["email"], "other@example.org"):
        new_browser().register(email=email)
    return [row["id"] for row in rows_of("account")]


@pytest.fixture
def account_id(account_ids):
    return account_ids[0]


@pytest.fixture
def in_app(app, account_ids):
    with app.app_context():
        yield account_ids
        db.session.remove()


def lines_of(account_id):
    chosen = Event.account_id.is_not_distinct_from(account_id)
    return db.session.execute(select(Event.__table__).where(chosen).order_by(Event.number)).all()


@pytest.fixture
def lines(in_app):
    """Writes five lines with all kinds of detail; gives all of the account."""
    for detail in ({}, {"b": 1, "a": "é"}, {"a": None}, {"list": [1, {"x": True}]}, {"quote": '"\\'}):
        note(EventKind.PROVED_AGAIN, account_id=in_app[0], now=NOW, **detail)
    db.session.commit()
    return lines_of(in_app[0])


def test_a_chain_is_numbered_and_whole(lines):
    assert [line.number for line in lines] == list(range(1, 8))
    assert first_break(lines) is None
    assert first_break([]) is None


@pytest.mark.parametrize(
    "change",
    [
        {"kind": "signed_out"},
        {"at": NOW.replace(microsecond=1)},
        {"detail": {"b": 2, "a": "é"}},
        {"detail": {}},
        {"hash": "0" * 64},
        {"number": 40},
        {"account_id": None},
    ],
    ids=lambda change: next(iter(change)),
)
def test_a_line_that_was_changed_is_found(lines, account_id, change):
    db.session.execute(update(Event).where(Event.id == lines[3].id).values(**change))
    assert first_break(lines_of(account_id)) == 4


@pytest.mark.parametrize("place", [0, 2, 5])
def test_a_line_that_was_taken_out_is_found(lines, account_id, place):
    db.session.execute(delete(Event).where(Event.id == lines[place].id))
    assert first_break(lines_of(account_id)) == place + 1


def test_lines_that_changed_places_are_found(lines):
    lines[2], lines[3] = lines[3], lines[2]
    assert first_break(lines) == 3


@pytest.mark.usefixtures("lines")
def test_two_accounts_have_chains_of_their_own(account_ids):
    for account_id in account_ids:
        note(EventKind.SIGNED_OUT, account_id=account_id, now=NOW)
    db.session.commit()
    assert [[line.number for line in lines_of(each)] for each in account_ids] == [list(range(1, 9)), [1, 2, 3]]
    assert [first_break(lines_of(each)) for each in account_ids] == [None, None]


@pytest.mark.parametrize("whose", ["an account", "nobody"])
def test_many_who_write_at_once_make_one_chain(app, account_id, whose):
    of = account_id if whose == "an account" else None

    def write(number):
        with app.app_context():
            note(EventKind.SIGN_IN_FAILED, account_id=of, now=NOW, number=number)
            db.session.commit()

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(write, range(40)))
    with app.app_context():
        lines = lines_of(of)
        assert len(lines) >= 40
        assert first_break(lines) is None
