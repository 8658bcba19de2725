"""Tables of modules, their catalogue and the attempts at their assessments."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from cpd import revisions
from cpd.db import Base, Credits, Json, UtcDateTime


class Category(Base):
    """A kind of module, with the number of live modules in it."""

    __tablename__ = "category"

    slug: Mapped[str] = mapped_column(primary_key=True)
    title: Mapped[str]
    summary: Mapped[str]
    credits: Mapped[Decimal | None] = mapped_column(Credits)
    position: Mapped[int]
    style: Mapped[str]
    count: Mapped[int]


class Specialty(Base):
    """A specialty that live modules name, with their number."""

    __tablename__ = "specialty"

    slug: Mapped[str] = mapped_column(primary_key=True)
    title: Mapped[str]
    count: Mapped[int]


class Module(revisions.Document, Base):
    """A module; the columns below are what the catalogue shows of its live revision."""

    __tablename__ = "module"
    __table_args__ = (
        Index("ix_module_newest", "status", "reviewed_on", "id"),
        Index("ix_module_category_newest", "status", "category_slug", "reviewed_on", "id"),
        Index("ix_module_credits", "status", "credits", "id"),
    )

    title: Mapped[str]
    summary: Mapped[str]
    category_slug: Mapped[str] = mapped_column(ForeignKey("category.slug"))
    credits: Mapped[Decimal] = mapped_column(Credits)
    edition: Mapped[int]
    author: Mapped[str]
    reviewed_on: Mapped[date]
    expires_on: Mapped[date]
    external: Mapped[str | None]
    drugs: Mapped[int]


class ModuleSpecialty(Base):
    """One specialty of one live module."""

    __tablename__ = "module_specialty"
    __table_args__ = (Index("ix_module_specialty_specialty", "specialty_slug", "module_id"),)

    module_id: Mapped[int] = mapped_column(ForeignKey("module.id"), primary_key=True)
    specialty_slug: Mapped[str] = mapped_column(ForeignKey("specialty.slug"), primary_key=True)


class ModuleRevision(revisions.Revision, Base):
    """An immutable revision of a module, with its assessment as data (or None for an external module)."""

    __tablename__ = "module_revision"
    document = "module"

    edition: Mapped[int]
    assessment: Mapped[dict[str, Any] | None] = mapped_column(Json)


class ModuleRendering(revisions.Rendering, Base):
    """The HTML of a module's revision; `parts` holds contents, footnotes, drugs and the pieces of the assessment."""

    __tablename__ = "module_rendering"
    revision = "module_revision"


class Attempt(Base):
    """One sitting of an assessment, marked against the revision it was started on."""

    __tablename__ = "attempt"
    __table_args__ = (
        UniqueConstraint("learner_id", "token", name="one_result_per_sitting"),
        CheckConstraint("score BETWEEN 0 AND out_of", name="score_within_the_questions"),
        CheckConstraint("pass_mark BETWEEN 1 AND 100", name="pass_mark_in_per_cent"),
        Index("ix_attempt_learner_module", "learner_id", "module_id", "id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    learner_id: Mapped[int] = mapped_column(ForeignKey("account.id"))
    module_id: Mapped[int] = mapped_column(ForeignKey("module.id"))
    revision_id: Mapped[int] = mapped_column(ForeignKey("module_revision.id"))
    token: Mapped[str]
    edition: Mapped[int]
    creditable: Mapped[bool]
    answers: Mapped[dict[str, Any]] = mapped_column(Json)
    started_at: Mapped[datetime] = mapped_column(UtcDateTime)
    submitted_at: Mapped[datetime] = mapped_column(UtcDateTime)
    score: Mapped[int]
    out_of: Mapped[int]
    pass_mark: Mapped[int]
    passed: Mapped[bool]
