"""What modules, monographs and pages share: a document, its immutable revisions, and its replaceable renderings.

A revision is a fact: source text and data, never changed. A rendering is the HTML made from it with today's renderer
and drug names. The live pointers of a document are no foreign keys, since they would close a circle that SQLite cannot
alter; publishing sets them in the transaction that raises the release.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar

from sqlalchemy import (
    CheckConstraint,
    ForeignKey,
    Table,
    UniqueConstraint,
    and_,
    bindparam,
    delete,
    func,
    insert,
    or_,
    select,
    update,
)
from sqlalchemy.orm import Mapped, declared_attr, mapped_column

from cpd.db import Base, Json, UtcDateTime, db, read_first

DRAFT, PUBLISHED, WITHDRAWN = "draft", "published", "withdrawn"


class Release(Base):
    """One publish: all that pages, cards and counts show belongs to the highest number."""

    __tablename__ = "release"

    number: Mapped[int] = mapped_column(primary_key=True)
    published_at: Mapped[datetime] = mapped_column(UtcDateTime)


class FormerSlug(Base):
    """A name that a document had before: its old address leads on, and its credit stays one."""

    __tablename__ = "former_slug"

    kind: Mapped[str] = mapped_column(primary_key=True)
    slug: Mapped[str] = mapped_column(primary_key=True)
    document_id: Mapped[int]


class Document:
    """Columns of the thing that has a slug. A learner's award belongs to its id, not to its name."""

    id: Mapped[int] = mapped_column(primary_key=True)
    slug: Mapped[str] = mapped_column(unique=True)
    status: Mapped[str]
    live_revision_id: Mapped[int | None]
    live_rendering_id: Mapped[int | None]


class Revision:
    """Columns of one published change of a file's text; never updated."""

    document: ClassVar[str]

    id: Mapped[int] = mapped_column(primary_key=True)
    number: Mapped[int]
    source_hash: Mapped[str]
    source: Mapped[str]
    facts: Mapped[dict[str, Any]] = mapped_column(Json)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)

    @declared_attr
    @classmethod
    def document_id(cls) -> Mapped[int]:
        return mapped_column(ForeignKey(f"{cls.document}.id"))

    @declared_attr.directive
    @classmethod
    def __table_args__(cls) -> tuple[Any, ...]:
        return (
            UniqueConstraint("document_id", "number"),
            CheckConstraint("number >= 1", name="number_from_one"),
        )


class Rendering:
    """Columns of the HTML of one revision, made by one renderer with one set of drug names."""

    revision: ClassVar[str]

    id: Mapped[int] = mapped_column(primary_key=True)
    renderer: Mapped[str]
    names_hash: Mapped[str]
    html: Mapped[str]
    parts: Mapped[dict[str, Any]] = mapped_column(Json)

    @declared_attr
    @classmethod
    def revision_id(cls) -> Mapped[int]:
        return mapped_column(ForeignKey(f"{cls.revision}.id"), index=True)


@dataclass(frozen=True)
class Live:
    """A document as it stands, with what publishing compares."""

    id: int
    slug: str
    status: str
    revision_id: int
    rendering_id: int
    number: int
    source_hash: str
    facts: dict[str, Any]
    renderer: str
    names_hash: str


@dataclass
class Staged:
    """A document about to go live. Without `revision` the live revision stays, and only the rendering is new.

    `revision` holds source_hash, source, facts and what the kind adds; `rendering` holds renderer, names_hash, html and
    parts; `listing` the columns of the document that lists show.
    """

    slug: str
    status: str
    listing: Mapping[str, Any]
    rendering: Mapping[str, Any]
    revision: Mapping[str, Any] | None
    live: Live | None = None
    document_id: int = 0
    revision_id: int = 0
    rendering_id: int = 0


class Shelf:
    """The documents of one kind with their revisions and renderings, as publishing handles them. It never commits."""

    def __init__(self, documents: type[Base], revisions: type[Base], renderings: type[Base]) -> None:
        self._documents, self._revisions, self._renderings = (
            _table(documents),
            _table(revisions),
            _table(renderings),
        )
        self.kind = self._documents.name

    def live(self) -> dict[str, Live]:
        """Every document that is or was live, by slug."""
        documents, revisions, renderings = self._documents.c, self._revisions.c, self._renderings.c
        rows = db.session.execute(
            select(
                documents.id,
                documents.slug,
                documents.status,
                revisions.id,
                renderings.id,
                revisions.number,
                revisions.source_hash,
                revisions.facts,
                renderings.renderer,
                renderings.names_hash,
            )
            .join(self._revisions, revisions.id == documents.live_revision_id)
            .join(self._renderings, renderings.id == documents.live_rendering_id)
        )
        return {row.slug: Live(*tuple[Any, ...](row)) for row in rows}

    def former_slugs(self) -> list[str]:
        """Slugs that lead on to documents with new ones."""
        return list(db.session.execute(select(FormerSlug.slug).where(FormerSlug.kind == self.kind)).scalars())

    def clear_leftovers(self) -> None:
        """Delete renderings that were replaced, and what an interrupted publish staged.

        A revision above the live one was never shown to anybody.
        """
        documents, revisions, renderings = self._documents.c, self._revisions.c, self._renderings.c
        never_live = (
            select(revisions.id)
            .join(self._documents, documents.id == revisions.document_id)
            .where(or_(documents.live_revision_id.is_(None), revisions.id > documents.live_revision_id))
        )
        db.session.execute(delete(self._renderings).where(renderings.revision_id.in_(never_live)))
        db.session.execute(delete(self._revisions).where(revisions.id.in_(never_live)))
        db.session.execute(delete(self._documents).where(documents.live_revision_id.is_(None)))
        newer = self._renderings.alias()
        replaced = and_(
            renderings.id.not_in(select(documents.live_rendering_id)),
            select(newer.c.id)
            .where(newer.c.revision_id == renderings.revision_id, newer.c.id != renderings.id)
            .exists(),
        )
        db.session.execute(delete(self._renderings).where(replaced))

    def rename(self, old: str, new: str) -> None:
        """Give a document a new slug."""
        db.session.execute(update(self._documents).where(self._documents.c.slug == old).values(slug=new))
        db.session.execute(delete(FormerSlug).where(FormerSlug.kind == self.kind, FormerSlug.slug == new))

    def lead_on(self, document_id: int, former_slugs: Sequence[str]) -> None:
        """Make the former slugs of a document lead to it."""
        for slug in former_slugs:
            db.session.execute(delete(FormerSlug).where(FormerSlug.kind == self.kind, FormerSlug.slug == slug))
            db.session.execute(insert(FormerSlug).values(kind=self.kind, slug=slug, document_id=document_id))

    def stage(self, staged: Sequence[Staged], now: datetime) -> None:
        """Insert the revisions and renderings of documents, which nobody is shown yet."""
        self._make_documents([each for each in staged if each.live is None])
        fresh = [each for each in staged if each.revision is not None]
        rows = [
            {
                **(each.revision or {}),
                "document_id": each.live.id if each.live else each.document_id,
                "number": each.live.number + 1 if each.live else 1,
                "created_at": now,
            }
            for each in fresh
        ]
        for each, revision_id in zip(fresh, insert_rows(self._revisions, rows), strict=True):
            each.revision_id = revision_id
        for each in staged:
            if each.live:
                each.document_id = each.live.id
                each.revision_id = each.revision_id or each.live.revision_id
        rows = [{**each.rendering, "revision_id": each.revision_id} for each in staged]
        for each, rendering_id in zip(staged, insert_rows(self._renderings, rows), strict=True):
            each.rendering_id = rendering_id

    def activate(self, staged: Sequence[Staged]) -> None:
        """Make staged revisions and renderings live."""
        rows = [
            {
                **each.listing,
                "key": each.document_id,
                "status": each.status,
                "live_revision_id": each.revision_id,
                "live_rendering_id": each.rendering_id,
            }
            for each in staged
        ]
        self._update(rows)

    def set_status(self, document_ids: Sequence[int], status: str) -> None:
        """Withdraw documents, or bring them back."""
        self._update([{"key": document_id, "status": status} for document_id in document_ids])

    def find_html(self, rendering_id: int) -> tuple[str, dict[str, Any]]:
        """The HTML and parts of a rendering."""
        renderings = self._renderings.c
        row = db.session.execute(select(renderings.html, renderings.parts).where(renderings.id == rendering_id)).one()
        return row.html, row.parts

    def _make_documents(self, new: Sequence[Staged]) -> None:
        rows = [
            {**each.listing, "slug": each.slug, "status": DRAFT, "live_revision_id": None, "live_rendering_id": None}
            for each in new
        ]
        for each, document_id in zip(new, insert_rows(self._documents, rows), strict=True):
            each.document_id = document_id

    def _update(self, rows: Sequence[Mapping[str, Any]]) -> None:
        """Update documents by `key`; rows may change different columns."""
        alike: dict[tuple[str, ...], list[dict[str, Any]]] = {}
        for row in rows:
            alike.setdefault(tuple(name for name in row if name != "key"), []).append(dict(row))
        for names, same_columns in alike.items():
            statement = update(self._documents).where(self._documents.c.id == bindparam("key"))
            changed = statement.values({name: bindparam(name) for name in names})
            db.session.connection().execute(changed, same_columns)


def find_new_slug(documents: type[Any], slug: str) -> str | None:
    """What the document that had this slug before is called now."""
    leading_on = and_(FormerSlug.document_id == documents.id, FormerSlug.kind == documents.__tablename__)
    found = read_first(select(documents.slug).join(FormerSlug, leading_on).where(FormerSlug.slug == slug))
    return found.slug if found else None


def raise_release(now: datetime) -> int:
    """Begin the next release. Gives its number."""
    number = int(db.session.execute(select(func.coalesce(func.max(Release.number), 0) + 1)).scalar_one())
    db.session.execute(insert(Release).values(number=number, published_at=now))
    return number


def insert_rows(table: Table, rows: Sequence[Mapping[str, Any]]) -> list[int]:
    """Insert rows and give their ids in the same order."""
    if not rows:
        return []
    inserted = db.session.connection().execute(
        insert(table).returning(table.c.id, sort_by_parameter_order=True), [dict(row) for row in rows]
    )
    return list(inserted.scalars())


def _table(model: type[Base]) -> Table:
    table = model.__table__
    assert isinstance(table, Table)
    return table
