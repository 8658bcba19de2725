"""Tables of monographs and of the modules that mention them."""

from __future__ import annotations

from decimal import Decimal

from sqlalchemy import ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from cpd import revisions
from cpd.db import Base, Credits


class Monograph(revisions.Document, Base):
    """A monograph; the columns below are what the index shows of its live revision."""

    __tablename__ = "monograph"
    __table_args__ = (Index("ix_monograph_letter", "status", "letter", "sort_name", "id"),)

    name: Mapped[str]
    generic_name: Mapped[str]
    sort_name: Mapped[str]
    letter: Mapped[str]
    classes: Mapped[str]
    boxed: Mapped[bool]


class MonographRevision(revisions.Revision, Base):
    """An immutable revision of a monograph."""

    __tablename__ = "monograph_revision"
    document = "monograph"


class MonographRendering(revisions.Rendering, Base):
    """The HTML of a monograph's revision; `parts` holds its sections in order."""

    __tablename__ = "monograph_rendering"
    revision = "monograph_revision"


class Mention(Base):
    """A drug named in a live module: linked to its monograph, and back."""

    __tablename__ = "mention"

    monograph_slug: Mapped[str] = mapped_column(ForeignKey("monograph.slug", onupdate="CASCADE"), primary_key=True)
    module_id: Mapped[int] = mapped_column(ForeignKey("module.id"), primary_key=True)
    module_slug: Mapped[str]
    title: Mapped[str]
    category_slug: Mapped[str]
    category_title: Mapped[str]
    category_style: Mapped[str]
    credits: Mapped[Decimal] = mapped_column(Credits)
