"""Tables of monographs and of the modules that mention them."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from cpd import revisions
from cpd.db import Base, Credits, UtcDateTime


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


class Term(Base):
    """A class, an indication or a company that live monographs state, with their number and its usual spelling."""

    __tablename__ = "term"
    __table_args__ = (CheckConstraint("kind IN ('class', 'indication', 'company')", name="kind_known"),)

    kind: Mapped[str] = mapped_column(primary_key=True)
    slug: Mapped[str] = mapped_column(primary_key=True)
    title: Mapped[str]
    count: Mapped[int]


class MonographTerm(Base):
    """One term of one live monograph, which spells it like `title`.

    `sort_name` is the monograph's, so that a term's list is read in its order.
    """

    __tablename__ = "monograph_term"
    __table_args__ = (Index("ix_monograph_term_listed", "kind", "slug", "sort_name", "monograph_id"),)

    monograph_id: Mapped[int] = mapped_column(ForeignKey("monograph.id"), primary_key=True)
    kind: Mapped[str] = mapped_column(primary_key=True)
    slug: Mapped[str] = mapped_column(primary_key=True)
    title: Mapped[str]
    sort_name: Mapped[str]


class MonographRevision(revisions.Revision, Base):
    """An immutable revision of a monograph."""

    __tablename__ = "monograph_revision"
    document = "monograph"


class MonographRendering(revisions.Rendering, Base):
    """The HTML of a monograph's revision; `parts` holds its sections in order."""

    __tablename__ = "monograph_rendering"
    revision = "monograph_revision"


class MonographRest(Base):
    """A part of what the page of a long monograph leaves out of a section, which is named by its id."""

    __tablename__ = "monograph_rest"

    rendering_id: Mapped[int] = mapped_column(
        ForeignKey("monograph_rendering.id", ondelete="CASCADE"), primary_key=True
    )
    section: Mapped[str] = mapped_column(primary_key=True)
    part: Mapped[int] = mapped_column(primary_key=True)
    html: Mapped[str]


class Mention(Base):
    """A drug named in a live module: linked to its monograph, and back."""

    __tablename__ = "mention"
    __table_args__ = (Index("ix_mention_listed", "monograph_slug", "title", "module_id"),)

    monograph_slug: Mapped[str] = mapped_column(ForeignKey("monograph.slug", onupdate="CASCADE"), primary_key=True)
    module_id: Mapped[int] = mapped_column(ForeignKey("module.id"), primary_key=True)
    module_slug: Mapped[str]
    title: Mapped[str]
    category_slug: Mapped[str]
    category_title: Mapped[str]
    category_style: Mapped[str]
    credits: Mapped[Decimal] = mapped_column(Credits)


class ListItem(Base):
    """A (monograph, indication) pair on a learner's list. `indication` is a slug, empty if none is stated."""

    __tablename__ = "list_item"
    __table_args__ = (
        UniqueConstraint("learner_id", "monograph_id", "indication", name="once_on_a_list"),
        Index("ix_list_item_learner", "learner_id", "place", "id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    learner_id: Mapped[int] = mapped_column(ForeignKey("account.id"))
    monograph_id: Mapped[int] = mapped_column(ForeignKey("monograph.id"))
    indication: Mapped[str]
    place: Mapped[int]
    added_at: Mapped[datetime] = mapped_column(UtcDateTime)
