"""Changing the record. The caller commits."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from sqlalchemy import Connection, delete

from cpd.db import db, insert_once
from cpd.record.models import Entry, EntryKind


@dataclass(frozen=True)
class Receipt:
    """What a passed module is worth, as it stood when the learner passed it."""

    module_id: int
    module_slug: str
    revision_id: int
    revision_number: int
    edition: int
    title: str
    category_slug: str
    category_title: str
    category_style: str
    credits: Decimal
    attempt_id: int
    score: int
    out_of: int
    pass_mark: int  # per cent, 1-100


def award_credits(*, learner_id: int, receipt: Receipt, learned_on: date, now: datetime, on: Connection) -> bool:
    """Record the full credits of a passed module, once per learner and edition.

    Gives back whether this call made the entry; where it stood already nothing changes. `learned_on` is the date in the
    learner's zone.
    """
    inserted = insert_once(
        Entry,
        {
            **vars(receipt),
            "learner_id": learner_id,
            "kind": EntryKind.MODULE,
            "claimed_credits": receipt.credits,
            "learned_on": learned_on,
            "recorded_at": now,
        },
        on,
    )
    return inserted is not None


def forget_entries(learner_id: int) -> None:
    """Delete a learner's record, because the account is deleted. The caller commits."""
    db.session.execute(delete(Entry).where(Entry.learner_id == learner_id))
