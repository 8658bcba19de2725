"""What is hashed of the audit trail, so that others can check it (test_events_chain.py breaks it in many ways)."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest

from cpd.auth.events import BEGINNING, first_break, note, tied_hash
from cpd.auth.models import EventKind
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


@pytest.fixture(params=["UTC", "Asia/Kolkata"])
def _zone_of_the_machine(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("TZ", request.param)
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


@pytest.mark.usefixtures("_zone_of_the_machine")
def test_a_hash_is_that_of_a_text_which_others_can_make():
    """Whoever checks a trail without this program needs to know what is hashed."""
    says = f'["{BEGINNING}",7,1,"signed_in","2026-11-26T09:30:00.123456+00:00",{{"proofs":["password"]}}]'
    made = tied_hash(BEGINNING, 7, 1, "signed_in", NOW, {"proofs": ["password"]})
    assert made == hashlib.sha256(says.encode()).hexdigest()


def test_a_line_goes_with_the_change_it_tells_of(app, browser, count_of):
    browser.register()
    before = count_of("event")
    with app.app_context():
        note(EventKind.ROLE_CHANGED, account_id=1, now=NOW)
        db.session.rollback()
    assert count_of("event") == before
