"""What is read and written of accounts, sessions and events: each row by itself, and no row of anybody else."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from flask import Flask
from sqlalchemy.exc import OperationalError

from cpd.auth import events, queries, sessions
from cpd.auth.devices import queries as devices
from cpd.auth.devices import services as ending
from cpd.auth.devices.naming import device_of
from cpd.auth.devices.views import _number
from cpd.auth.events import BEGINNING, note, tied_hash
from cpd.auth.models import EventKind
from cpd.auth.sessions import LONGEST, LONGEST_IDLE, is_live
from cpd.db import LARGEST_ID, db
from tests.admin.asking import add_account
from tests.auth.tables import ANN, BOB, add, change, rows_in

NOW = datetime(2026, 11, 26, 9, 30, tzinfo=UTC)
MOMENT, HOUR, DAY = timedelta(seconds=1), timedelta(hours=1), timedelta(days=1)


@pytest.fixture
def two(app: Flask):
    """Ann and Bob have accounts; what follows runs in the application, and sees what it writes."""
    add_account(app, "ann", now=NOW - DAY, consents={"terms": "2", "privacy": "1"})
    add_account(app, "bob", now=NOW - DAY, password_hash="of bob")
    with app.app_context():
        yield
        db.session.remove()


def add_session(token: str, *, account_id: int = ANN, **values: Any) -> int:
    usual = {"created_at": NOW, "last_seen_at": NOW, "expires_at": NOW + DAY, "user_agent": "x", "proved_at": NOW}
    hashed = hashlib.sha256(token.encode()).hexdigest()
    return add("session", account_id=account_id, token_hash=hashed, **usual | values)


# Sessions


@pytest.mark.parametrize(
    ("unused_for", "left", "live"),
    [
        (LONGEST_IDLE - MOMENT, MOMENT, True),
        (LONGEST_IDLE, MOMENT, False),
        (timedelta(0), timedelta(0), False),
        (timedelta(0), -MOMENT, False),
    ],
)
def test_a_session_holds_until_the_moment_it_is_too_old_or_unused_for_too_long(unused_for, left, live):
    assert is_live(last_seen_at=NOW - unused_for, expires_at=NOW + left, now=NOW) is live


@pytest.mark.usefixtures("two")
@pytest.mark.parametrize("second_factor", [True, False])
def test_a_session_that_begins_is_kept_with_all_that_is_told_of_it(second_factor):
    token = sessions.start_session(
        BOB, user_agent="A browser", network="192.0.2.1", second_factor=second_factor, now=NOW
    )
    [row] = rows_in("session")
    assert row == {
        "id": row["id"],
        "token_hash": hashlib.sha256(token.encode()).hexdigest(),
        "account_id": BOB,
        "created_at": NOW,
        "last_seen_at": NOW,
        "expires_at": NOW + LONGEST,
        "user_agent": "A browser",
        "network": "192.0.2.1",
        "second_factor": second_factor,
        "proved_at": NOW,
    }


@pytest.mark.usefixtures("two")
def test_the_session_of_a_token_ends_and_no_other():
    kept = [add_session("other"), add_session("of bob", account_id=BOB)]
    add_session("this")
    sessions.end_session("this")
    sessions.end_session("unknown")
    assert [row["id"] for row in rows_in("session")] == kept


@pytest.mark.usefixtures("two")
def test_a_proof_and_the_loss_of_a_second_factor_are_of_one_session():
    this, other = add_session("this"), add_session("other", second_factor=True)

    def now() -> list[tuple[Any, ...]]:
        return [(row["proved_at"], row["second_factor"]) for row in rows_in("session")]

    sessions.note_proof(this, second_factor=True, now=NOW + HOUR)
    assert now() == [(NOW + HOUR, True), (NOW, True)]
    sessions.forget_second_factor(other)
    assert now() == [(NOW + HOUR, True), (NOW, False)]


@pytest.mark.usefixtures("two")
def test_use_is_written_down_by_itself_for_one_session_and_never_backwards():
    this, _ = add_session("this"), add_session("other")
    for now in (NOW + HOUR, NOW + MOMENT):
        sessions.note_seen(this, now=now)
        db.session.rollback()
        assert [row["last_seen_at"] for row in rows_in("session")] == [NOW + HOUR, NOW]
        db.session.rollback()


def test_a_page_does_not_fail_because_use_could_not_be_written_down(monkeypatch):
    tried = []

    def fail():
        tried.append(True)
        raise OperationalError("BEGIN", None, Exception("it is locked"))

    monkeypatch.setattr(sessions, "hurried_engine", fail)
    sessions.note_seen(1, now=NOW)
    assert tried


@pytest.mark.usefixtures("two")
def test_a_session_is_found_with_its_account():
    change(ANN, zone="Asia/Tokyo", role="editor", deletion_due_at=NOW + DAY)
    number = add_session(
        "this",
        created_at=NOW - HOUR,
        last_seen_at=NOW,
        expires_at=NOW - DAY,
        second_factor=True,
        proved_at=NOW - MOMENT,
    )
    assert queries.find_session("this")._asdict() == {
        "session_id": number,
        "signed_in_at": NOW - HOUR,
        "last_seen_at": NOW,
        "expires_at": NOW - DAY,  # whether it holds is not asked here
        "second_factor": True,
        "proved_at": NOW - MOMENT,
        "id": ANN,
        "name": "Ann Example",
        "email": "ann@example.org",
        "profession": "Doctor",
        "role": "editor",
        "zone": "Asia/Tokyo",
        "deletion_due_at": NOW + DAY,
        "release": None,
    }
    assert queries.find_session("that") is None


# Accounts


@pytest.mark.usefixtures("two")
def test_an_account_is_found_by_its_canonical_address():
    change(BOB, email="Bob@Example.org")
    assert queries.find_account("bob@example.org")._asdict() == {"id": BOB, "password_hash": "of bob"}
    assert queries.find_account("Bob@Example.org") is None
    assert queries.hash_of(BOB) == "of bob"
    assert queries.hash_of(99) is None


@pytest.mark.usefixtures("two")
def test_the_owner_of_an_account_is_whom_mail_goes_to_until_it_is_deleted():
    facts = {"email": "Bob@Example.org", "zone": "UTC", "registration_body": "GMC", "registration_number": "1234567"}
    change(BOB, **facts, confirmed_at=NOW, disabled_at=NOW + HOUR, short_password=True)
    assert queries.owner_of(BOB)._asdict() == {
        "email": "Bob@Example.org",
        "email_canon": "bob@example.org",
        "name": "Bob Example",
        "zone": "UTC",
        "registration_number": "1234567",
        "confirmed_at": NOW,
        "disabled_at": NOW + HOUR,
        "short_password": True,
    }
    change(BOB, deleted_at=NOW)
    assert queries.owner_of(BOB) is None
    assert queries.owner_of(99) is None


@pytest.mark.usefixtures("two")
def test_what_signing_in_asks_for_is_read_of_one_account():
    passkey = {"public_key": "x", "sign_count": 0, "name": "x", "transports": [], "backed_up": False, "added_at": NOW}
    for number in range(2):
        add("passkey", account_id=BOB, credential_id=f"x{number}", **passkey)
    add("passkey", credential_id="of ann", **passkey)
    add("app", account_id=BOB, secret="x", last_step=0, added_at=NOW)
    change(BOB, role="author", disabled_at=NOW, deleted_at=NOW + HOUR, short_password=True)
    assert queries.standing_of(BOB)._asdict() == {
        "role": "author",
        "disabled_at": NOW,
        "deleted_at": NOW + HOUR,
        "short_password": True,
        "has_app": True,
        "passkeys": 2,
    }
    standing = queries.standing_of(ANN)
    assert (standing.role, standing.has_app, standing.passkeys, standing.short_password) == ("learner", False, 1, False)
    assert queries.standing_of(99) is None


@pytest.mark.usefixtures("two")
def test_what_was_agreed_to_is_read_in_order():
    add("consent", document="terms", version="3", consented_at=NOW)
    assert [tuple(row) for row in queries.consents_of(ANN)] == [
        ("terms", "2", NOW - DAY),
        ("privacy", "1", NOW - DAY),
        ("terms", "3", NOW),
    ]
    assert queries.consents_of(BOB) == []


def test_the_order_of_consents_is_asked_of_the_database(monkeypatch):
    monkeypatch.setattr(queries, "read", str)
    assert queries.consents_of(ANN).endswith("ORDER BY consent.id")


# The page of sessions


@pytest.mark.usefixtures("two")
def test_the_sessions_that_hold_are_listed_last_used_first(monkeypatch):
    late = add_session("b", expires_at=NOW + MOMENT)
    later = add_session("c")
    early = add_session("a", last_seen_at=NOW - LONGEST_IDLE + MOMENT, network="192.0.2.1", user_agent="A browser")
    add_session("d", last_seen_at=NOW - LONGEST_IDLE)
    add_session("e", expires_at=NOW)
    add_session("f", account_id=BOB)
    listed = devices.sessions_of(ANN, now=NOW)
    assert [row.id for row in listed] == [later, late, early]
    assert listed[-1]._asdict() == {
        "id": early,
        "created_at": NOW,
        "last_seen_at": NOW - LONGEST_IDLE + MOMENT,
        "user_agent": "A browser",
        "network": "192.0.2.1",
    }
    monkeypatch.setattr(devices, "MOST", 2)
    assert [row.id for row in devices.sessions_of(ANN, now=NOW)] == [later, late]


@pytest.mark.usefixtures("two")
def test_ending_sessions_is_written_down_for_their_account():
    this, one = add_session("a"), add_session("b", user_agent="Mozilla/5.0 (X11) Firefox/133.0")
    add_session("c")
    of_bob = add_session("d", account_id=BOB)
    assert ending.end_one(ANN, one, now=NOW) == "Firefox on Linux"
    for unknown in (one, of_bob, 99):
        with pytest.raises(ending.UnknownSession):
            ending.end_one(ANN, unknown, now=NOW)
    assert ending.end_others(ANN, but=this, now=NOW + HOUR) == 1
    assert [row["id"] for row in rows_in("session")] == [this, of_bob]
    assert [(row["kind"], row["at"], row["detail"]) for row in rows_in("event", account_id=ANN)[1:]] == [
        ("session_ended", NOW, {"device": "Firefox on Linux"}),
        ("sessions_ended", NOW + HOUR, {"count": 1}),
    ]


@pytest.mark.parametrize(
    ("typed", "number"),
    [
        ("7", 7),
        ("0000000007", 7),
        ("00000000007", 0),
        (str(LARGEST_ID), LARGEST_ID),
        (str(LARGEST_ID + 1), 0),
        ("\u00b2", 0),
        ("7 ", 0),
    ],
)
def test_a_number_in_a_field_is_an_id_or_nothing(typed, number):
    assert _number(typed) == number


@pytest.mark.parametrize(
    ("user_agent", "device"),
    [("Trident/7.0 Safari/1", "Internet Explorer on an unknown device"), ("X11", "Unknown browser on Linux")],
)
def test_what_is_not_known_of_a_device_is_told_as_such(user_agent, device):
    assert device_of(user_agent) == device


# The audit trail


@pytest.mark.usefixtures("two")
@pytest.mark.parametrize("whose", [ANN, None])
def test_each_line_is_tied_to_the_one_before_it_in_its_own_chain(whose):
    for number in range(2):
        note(EventKind.SIGN_IN_FAILED, account_id=whose, now=NOW, email=f"x{number}")
    note(EventKind.SIGNED_OUT, account_id=BOB, now=NOW)
    lines = [row for row in rows_in("event") if row["account_id"] == whose]
    first = 2 if whose else 1  # after the line that says that it was registered
    before = lines[0]["hash"] if whose else BEGINNING
    for number, line in enumerate(lines[first - 1 :]):
        detail = {"email": f"x{number}"}
        before = tied_hash(before, whose, first + number, "sign_in_failed", NOW, detail)
        assert (line["number"], line["kind"], line["at"], line["detail"], line["hash"]) == (
            first + number,
            "sign_in_failed",
            NOW,
            detail,
            before,
        )


def test_a_moment_is_hashed_with_its_microseconds_even_if_they_are_none():
    said = f'["{BEGINNING}",null,1,"signed_in","2026-11-26T09:30:00.000000+00:00",{{"a":"\\u00e9","b":1}}]'
    made = tied_hash(BEGINNING, None, 1, "signed_in", NOW, {"b": 1, "a": "\u00e9"})
    assert made == hashlib.sha256(said.encode()).hexdigest()


@pytest.mark.usefixtures("two")
def test_the_trail_of_an_account_is_forgotten_but_for_the_line_that_it_is_deleted():
    note(EventKind.DELETED, account_id=ANN, now=NOW)
    note(EventKind.SIGNED_OUT, account_id=ANN, now=NOW)
    events.forget(ANN)
    assert [(row["account_id"], row["kind"]) for row in rows_in("event")] == [(BOB, "registered"), (ANN, "deleted")]


@pytest.mark.parametrize(
    ("many_write", "account_id", "waits_for"), [(True, 7, [7]), (True, None, [0]), (False, 7, []), (False, None, [])]
)
def test_who_writes_in_the_same_chain_waits_where_more_than_one_can_write(
    monkeypatch, many_write, account_id, waits_for
):
    asked = []

    def execute(statement: Any, values: Any = None) -> Any:
        if statement is events.TURN:
            asked.append(values)
        return SimpleNamespace(first=lambda: None)

    connection = SimpleNamespace(dialect=SimpleNamespace(name="postgresql" if many_write else "sqlite"))
    session = SimpleNamespace(connection=lambda: connection, execute=execute)
    monkeypatch.setattr(events, "db", SimpleNamespace(session=session))
    note(EventKind.SIGNED_OUT, account_id=account_id, now=NOW)
    expected = [{"purpose": events.ADVISORY_LOCK, "account_id": number} for number in waits_for]
    assert asked == expected
    if account_id:
        events.forget(account_id)
        assert asked == expected * 2
