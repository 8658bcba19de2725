"""The audit trail: what happened to an account, each line tied to the one before it by a hash."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import bindparam, delete, insert, select, text

from cpd.auth.models import Event, EventKind
from cpd.db import AnyRow, db

BEGINNING = "0" * 64  # what the first line of an account is tied to
ADVISORY_LOCK = 0x6370_6433  # any number that only this uses
TURN = text("SELECT pg_advisory_xact_lock(:purpose, :account_id)")
LAST = select(Event.number, Event.hash).order_by(Event.number.desc()).limit(1)
LAST_OF_ACCOUNT = LAST.where(Event.account_id == bindparam("account_id"))
LAST_OF_NOBODY = LAST.where(Event.account_id.is_(None))


def note(kind: EventKind, *, account_id: int | None, now: datetime, **detail: Any) -> None:
    """Add a line to the audit trail. `detail` must hold no secret. The caller commits.

    Lines without an account, such as a try with an unknown address, have a chain of their own, at the same cost.
    """
    _take_turn(account_id)
    last = db.session.execute(LAST_OF_NOBODY if account_id is None else LAST_OF_ACCOUNT, {"account_id": account_id})
    before = last.first()
    number = before.number + 1 if before else 1
    tied = tied_hash(before.hash if before else BEGINNING, account_id, number, kind.value, now, detail)
    line = {"account_id": account_id, "number": number, "kind": kind.value, "at": now, "detail": detail, "hash": tied}
    db.session.execute(insert(Event), line)


def forget(account_id: int) -> None:
    """Delete the lines of an account, but for the one that says that it is deleted. The caller commits."""
    _take_turn(account_id)
    db.session.execute(delete(Event).where(Event.account_id == account_id, Event.kind != EventKind.DELETED.value))


def _take_turn(account_id: int | None) -> None:
    """Let others wait who want to write in the same chain, until the caller commits. SQLite has one writer anyway."""
    if db.session.connection().dialect.name == "postgresql":
        db.session.execute(TURN, {"purpose": ADVISORY_LOCK, "account_id": account_id or 0})


def tied_hash(before: str, account_id: int | None, number: int, kind: str, at: datetime, detail: dict[str, Any]) -> str:
    """SHA-256 over the hash of the line before and all that this line says, as 64 hexadecimal digits."""
    says = [before, account_id, number, kind, at.astimezone(UTC).isoformat(timespec="microseconds"), detail]
    return hashlib.sha256(json.dumps(says, sort_keys=True, separators=(",", ":")).encode()).hexdigest()


def first_break(lines: Iterable[AnyRow]) -> int | None:
    """The number of the first line that is missing or was changed, or None if the chain is whole.

    lines: all of one account as (account_id, number, kind, at, detail, hash), in order. That the last ones were taken
    away cannot be seen from the rest.
    """
    before = BEGINNING
    for number, line in enumerate(lines, 1):
        expected = tied_hash(before, line.account_id, number, line.kind, line.at, line.detail)
        if line.number != number or line.hash != expected:
            return number
        before = line.hash
    return None
