"""The audit trail: numbered lines of each account, each tied to the one before it."""

from __future__ import annotations

import threading
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from sqlalchemy import select

from cpd.auth.events import BEGINNING, first_break, note, tied_hash
from cpd.auth.models import Event, EventKind
from cpd.db import db

NOW = datetime(2026, 11, 26, 9, 30, 0, 123_456, tzinfo=UTC)


@dataclass(frozen=True)
class Line:
    number: int
    hash: str
    account_id: int | None = 7
    kind: str = "signed_in"
    at: datetime = NOW
    detail: Any = None


def chain(length: int) -> list[Line]:
    lines: list[Line] = []
    for number in range(1, length + 1):
        before = lines[-1].hash if lines else BEGINNING
        detail = {"number": number}
        lines.append(Line(number, tied_hash(before, 7, number, "signed_in", NOW, detail), detail=detail))
    return lines


def test_a_whole_chain_has_no_break():
    assert first_break([]) is None
    assert first_break(chain(4)) is None


@pytest.mark.parametrize(
    "changed",
    [
        {"account_id": 8},
        {"account_id": None},
        {"kind": "signed_out"},
        {"at": NOW + timedelta(microseconds=1)},
        {"detail": {"number": 3}},
        {"detail": {}},
        {"hash": "0" * 64},
    ],
)
def test_a_line_that_was_changed_is_found(changed):
    lines = chain(4)
    lines[1] = replace(lines[1], **changed)
    assert first_break(lines) == 2


@pytest.mark.parametrize("missing", [1, 2, 3])
def test_a_line_that_was_taken_away_is_found(missing):
    lines = chain(4)
    del lines[missing - 1]
    assert first_break(lines) == missing


def test_a_line_that_was_taken_away_is_found_although_the_others_were_numbered_anew():
    lines = chain(4)
    del lines[1]
    renumbered = [replace(line, number=number) for number, line in enumerate(lines, 1)]
    assert first_break(renumbered) == 2


def test_a_line_that_was_put_in_is_found():
    lines = chain(3)
    assert first_break([lines[0], replace(lines[0], number=2), *lines[1:]]) == 2


def test_a_hash_is_64_digits_and_the_same_for_the_same_moment_in_any_zone():
    elsewhere = NOW.astimezone(timezone(timedelta(hours=5, minutes=30)))
    made = tied_hash(BEGINNING, 7, 1, "signed_in", NOW, {"a": 1, "b": 2})
    assert made == tied_hash(BEGINNING, 7, 1, "signed_in", elsewhere, {"b": 2, "a": 1})
    assert len(made) == 64
    assert set(made) <= set("0123456789abcdef")


def test_a_hash_is_that_of_a_text_which_others_can_make():
    """Whoever checks a trail without this program needs to know what is hashed."""
    import hashlib

    says = f'["{BEGINNING}",7,1,"signed_in","2026-11-26T09:30:00.123456+00:00",{{"proofs":["password"]}}]'
    made = tied_hash(BEGINNING, 7, 1, "signed_in", NOW, {"proofs": ["password"]})
    assert made == hashlib.sha256(says.encode()).hexdigest()


@pytest.fixture
def lines_of(app):
    def read(account_id):
        with app.app_context():
            lines = select(Event).where(Event.account_id == account_id).order_by(Event.number)
            return [
                (row.account_id, row.number, row.kind, row.at, row.detail, row.hash)
                for row in db.session.scalars(lines)
            ]

    return read


def as_lines(rows):
    return [Line(number, made, account_id, kind, at, detail) for account_id, number, kind, at, detail, made in rows]


def test_lines_are_numbered_by_account_and_those_of_nobody_by_themselves(app, browser, new_browser, lines_of):
    browser.register()
    new_browser().register(email="bob@example.org")
    with app.app_context():
        for account_id in (1, None, 2, None, 1):
            note(EventKind.SIGN_IN_FAILED, account_id=account_id, now=NOW, tried="x")
        db.session.commit()
    for account_id, count in ((1, 4), (2, 3), (None, 2)):
        lines = as_lines(lines_of(account_id))
        assert [line.number for line in lines] == list(range(1, count + 1))
        assert first_break(lines) is None
        assert lines[-1].detail == {"tried": "x"}
        assert lines[-1].at == NOW


def test_a_chain_as_it_stands_in_the_database_tells_of_a_change(app, browser, lines_of):
    browser.register()
    browser.sign_out()
    [account_id] = {row[0] for row in lines_of(1)}
    with app.app_context():
        db.session.execute(Event.__table__.update().where(Event.number == 2).values(detail={"user_agent": "other"}))
        db.session.commit()
    assert first_break(as_lines(lines_of(account_id))) == 2


def test_lines_that_are_written_at_once_make_one_chain(app, browser, lines_of):
    browser.register()
    start, faults = threading.Barrier(6), []

    def write():
        try:
            with app.app_context():
                start.wait()
                note(EventKind.PROVED_AGAIN, account_id=1, now=NOW)
                db.session.commit()
        except Exception as fault:  # noqa: BLE001  # told below
            faults.append(fault)

    threads = [threading.Thread(target=write) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert faults == []
    lines = as_lines(lines_of(1))
    assert len(lines) == 8
    assert first_break(lines) is None


def test_a_line_goes_with_the_change_it_tells_of(app, browser, lines_of):
    browser.register()
    before = len(lines_of(1))
    with app.app_context():
        note(EventKind.ROLE_CHANGED, account_id=1, now=NOW)
        db.session.rollback()
    assert len(lines_of(1)) == before
