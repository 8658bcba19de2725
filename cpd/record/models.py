"""The ledger of credits."""

from __future__ import annotations

import enum
from datetime import date, datetime
from decimal import Decimal

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from cpd.db import Base, Credits, UtcDateTime, at_most

LONGEST_NOTE = 10_000  # characters


class EntryKind(enum.StrEnum):
    """What made an entry: a passed module, or the learner's own typing."""

    MODULE = "module"
    OWN = "own"


class Entry(Base):
    """One line of a learner's CPD record: a receipt.

    A module entry keeps the facts it was awarded on, so it still reads true after the module is rewritten, renamed or
    withdrawn. Those facts are never edited.
    """

    __tablename__ = "entry"
    __table_args__ = (
        UniqueConstraint("learner_id", "module_id", "edition", name="one_award_per_edition"),
        CheckConstraint("kind IN ('module', 'own')", name="kind_known"),
        CheckConstraint("claimed_credits BETWEEN 0 AND credits", name="claim_at_most_the_credits"),
        CheckConstraint(
            "(kind = 'module') = (module_id IS NOT NULL AND revision_id IS NOT NULL AND edition IS NOT NULL"
            " AND attempt_id IS NOT NULL AND score IS NOT NULL AND out_of IS NOT NULL AND pass_mark IS NOT NULL)",
            name="a_module_entry_keeps_its_facts",
        ),
        Index("ix_entry_learner", "learner_id", "learned_on", "id", "claimed_credits"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    learner_id: Mapped[int] = mapped_column(ForeignKey("account.id"))
    kind: Mapped[str]
    title: Mapped[str]
    category_slug: Mapped[str]
    category_title: Mapped[str]
    category_style: Mapped[str]
    module_slug: Mapped[str | None]
    module_id: Mapped[int | None] = mapped_column(ForeignKey("module.id"))
    revision_id: Mapped[int | None] = mapped_column(ForeignKey("module_revision.id"))
    revision_number: Mapped[int | None]
    attempt_id: Mapped[int | None] = mapped_column(ForeignKey("attempt.id"))
    edition: Mapped[int | None]
    score: Mapped[int | None]
    out_of: Mapped[int | None]
    pass_mark: Mapped[int | None]
    credits: Mapped[Decimal] = mapped_column(Credits)
    claimed_credits: Mapped[Decimal] = mapped_column(Credits)
    learned_on: Mapped[date]  # in the learner's zone at the time
    recorded_at: Mapped[datetime] = mapped_column(UtcDateTime)


class Note(Base):
    """Private text that a learner keeps beside a module or monograph. No other account is shown it."""

    __tablename__ = "note"
    __table_args__ = (
        CheckConstraint("kind IN ('module', 'monograph')", name="kind_known"),
        at_most("text", LONGEST_NOTE),
    )

    learner_id: Mapped[int] = mapped_column(ForeignKey("account.id"), primary_key=True)
    kind: Mapped[str] = mapped_column(primary_key=True)
    document_id: Mapped[int] = mapped_column(primary_key=True)
    text: Mapped[str]
    changed_at: Mapped[datetime] = mapped_column(UtcDateTime)
