"""What modules, monographs and pages share: a document, its immutable revisions, and its replaceable renderings.

A revision is a fact: source text and data, never changed. A rendering is the HTML made from it with today's renderer
and drug names. The live pointers of a document are no foreign keys, since they would close a circle that SQLite cannot
alter; publishing sets them in the transaction that raises the release.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar, NamedTuple

from flask import g
from sqlalchemy import (
    CheckConstraint,
    ColumnElement,
    ForeignKey,
    Select,
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

from cpd.db import AnyRow, Base, Json, UtcDateTime, db, read, read_first
from cpd.prepared import Prepared

DRAFT, PUBLISHED, WITHDRAWN = "draft", "published", "withdrawn"
AT_ONCE = 500  # rows asked for by their keys


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


class CheckedFile(Base):
    """What a publish found in a file, under the rules of one checker. It may be lost: then the file is read anew."""

    __tablename__ = "checked_file"

    kind: Mapped[str] = mapped_column(primary_key=True)
    slug: Mapped[str] = mapped_column(primary_key=True)
    source_hash: Mapped[str]
    fingerprint: Mapped[str]
    checker: Mapped[str]
    found: Mapped[dict[str, Any]] = mapped_column(Json)


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


LATEST_NUMBER = select(func.max(Release.number).label("number"))
LATEST = Prepared(LATEST_NUMBER)


class Standing(NamedTuple):
    """A document that is or was live."""

    id: int
    status: str


class Live(NamedTuple):
    """A document as it stands, with what publishing compares."""

    id: int
    slug: str
    status: str
    revision_id: int
    rendering_id: int
    number: int
    source_hash: str
    renderer: str


@dataclass
class Staged:
    """A document about to go live. Without `revision` the live revision stays, and only the rendering is new.

    `revision` holds source_hash, source, facts and what the kind adds; `rendering` holds renderer, names_hash, html and
    parts; `rests` what is kept apart from the rendering; `listing` the columns of the document that lists show. Once
    texts are in the database they are let go: a publish may stage more than memory holds.
    """

    kind: str
    slug: str
    status: str
    listing: Mapping[str, Any]
    rendering: Mapping[str, Any] | None
    revision: Mapping[str, Any] | None
    live: Live | None = None
    former_slugs: Sequence[str] = ()
    rests: Sequence[Mapping[str, Any]] = ()
    document_id: int = 0
    revision_id: int = 0
    rendering_id: int = 0


class Shelf:
    """The documents of one kind with their revisions and renderings, as publishing handles them. It never commits."""

    def __init__(
        self, documents: type[Base], revisions: type[Base], renderings: type[Base], rests: type[Base] | None = None
    ) -> None:
        self._documents, self._revisions, self._renderings = (
            _table(documents),
            _table(revisions),
            _table(renderings),
        )
        self._rests = _table(rests) if rests else None
        self.kind = self._documents.name

    def standing(self) -> dict[str, Standing]:
        """Every document that is or was live, by slug."""
        documents = self._documents.c
        rows = read(
            select(documents.slug, documents.id, documents.status).where(documents.live_revision_id.is_not(None))
        )
        return {slug: Standing(document_id, status) for slug, document_id, status in rows}

    def live(self, slugs: Iterable[str]) -> dict[str, Live]:
        """Those of these documents that are or were live, by slug."""
        documents, revisions, renderings = self._documents.c, self._revisions.c, self._renderings.c
        rows = _read_by_keys(
            select(
                documents.id,
                documents.slug,
                documents.status,
                revisions.id,
                renderings.id,
                revisions.number,
                revisions.source_hash,
                renderings.renderer,
            )
            .join(self._revisions, revisions.id == documents.live_revision_id)
            .join(self._renderings, renderings.id == documents.live_rendering_id),
            documents.slug,
            slugs,
        )
        return {row.slug: Live(*row) for row in rows}

    def facts_of(self, revision_ids: Iterable[int]) -> dict[int, dict[str, Any]]:
        """The facts of revisions by their ids."""
        revisions = self._revisions.c
        return dict(_pairs(_read_by_keys(select(revisions.id, revisions.facts), revisions.id, revision_ids)))

    def published_facts(self) -> Iterator[tuple[str, dict[str, Any]]]:
        """The slug and facts of each document that is live now, a few at a time."""
        documents, revisions = self._documents.c, self._revisions.c
        # Without the status among the conditions, SQLite walks along the ids and sorts nothing.
        facts = (
            select(documents.id, documents.slug, documents.status, revisions.facts)
            .join(self._revisions, revisions.id == documents.live_revision_id)
            .where(documents.id > bindparam("last"))
            .order_by(documents.id)
            .limit(AT_ONCE)
        )
        last = 0
        while rows := read(facts, {"last": last}):
            yield from ((slug, found) for _, slug, status, found in rows if status == PUBLISHED)
            last = rows[-1][0]

    def names_hashes(self) -> set[str]:
        """The sets of names that published documents are linked with; one unless a publish is under way."""
        return set(_singles(read(self._linked(select(self._renderings.c.names_hash).distinct()))))

    def linked_otherwise(self, names_hash: str) -> list[str]:
        """The slugs of published documents that are not linked with these names."""
        other = self._linked(select(self._documents.c.slug)).where(self._renderings.c.names_hash != names_hash)
        return list(_singles(read(other.order_by(self._documents.c.id))))

    def _linked(self, selected: Select[Any]) -> Select[Any]:
        documents = self._documents.c
        live = self._renderings.c.id == documents.live_rendering_id
        return selected.select_from(self._documents).join(self._renderings, live).where(documents.status == PUBLISHED)

    def former_slugs(self) -> list[str]:
        """Slugs that lead on to documents with new ones."""
        return list(_singles(read(select(FormerSlug.slug).where(FormerSlug.kind == self.kind))))

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
        rows = [{**(each.rendering or {}), "revision_id": each.revision_id} for each in staged]
        for each, rendering_id in zip(staged, insert_rows(self._renderings, rows), strict=True):
            each.rendering_id = rendering_id
            each.revision = each.rendering = None
        self._stage_rests(staged)

    def _stage_rests(self, staged: Sequence[Staged]) -> None:
        """Insert what is kept apart from the renderings."""
        rows = [{**rest, "rendering_id": each.rendering_id} for each in staged for rest in each.rests]
        if rows:
            assert self._rests is not None
            db.session.connection().execute(insert(self._rests), rows)
        for each in staged:
            each.rests = ()

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

    def texts_of(self, rendering_ids: Iterable[int]) -> dict[int, tuple[str, dict[str, Any]]]:
        """The HTML and parts of renderings by their ids."""
        renderings = self._renderings.c
        texts = select(renderings.id, renderings.html, renderings.parts)
        return {row.id: (row.html, row.parts) for row in _read_by_keys(texts, renderings.id, rendering_ids)}

    def rests_of(self, rendering_ids: Iterable[int]) -> dict[int, list[Mapping[str, Any]]]:
        """What is kept apart from renderings, by their ids, in the order of the parts."""
        found: dict[int, list[Mapping[str, Any]]] = {}
        if self._rests is not None:
            rests = self._rests.c
            rows = _read_by_keys(select(self._rests), rests.rendering_id, rendering_ids)
            for row in sorted((dict(row._mapping) for row in rows), key=lambda row: (row["section"], row["part"])):
                found.setdefault(row["rendering_id"], []).append(row)
        return found

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


def checked_files(kind: str, slugs: Iterable[str], checker: str) -> dict[str, AnyRow]:
    """What this checker found in files, by slug."""
    files = select(CheckedFile.slug, CheckedFile.source_hash, CheckedFile.fingerprint, CheckedFile.found)
    by_this = files.where(CheckedFile.kind == kind, CheckedFile.checker == checker)
    return {row.slug: row for row in _read_by_keys(by_this, _table(CheckedFile).c.slug, slugs)}


def keep_checked_files(rows: Sequence[Mapping[str, Any]]) -> None:
    """Keep what was found in files, instead of what was found in them before. The caller commits."""
    keys = [{"a_kind": row["kind"], "a_slug": row["slug"]} for row in rows]
    connection = db.session.connection()
    if rows:
        this = (CheckedFile.kind == bindparam("a_kind"), CheckedFile.slug == bindparam("a_slug"))
        connection.execute(delete(CheckedFile).where(*this), keys)
        connection.execute(insert(CheckedFile), [dict(row) for row in rows])


def find_new_slug(documents: type[Any], slug: str) -> str | None:
    """What the document that had this slug before is called now."""
    leading_on = and_(FormerSlug.document_id == documents.id, FormerSlug.kind == documents.__tablename__)
    found = read_first(select(documents.slug).join(FormerSlug, leading_on).where(FormerSlug.slug == slug))
    return found.slug if found else None


def current_release() -> int:
    """The release that this request reads, 0 before the first; one query, if the session did not bring it."""
    number: int | None = g.get("release")
    if number is None:
        found = LATEST.first({})
        number = g.release = (found.number if found else None) or 0
    return number


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


def _read_by_keys(statement: Select[Any], column: ColumnElement[Any], keys: Iterable[Any]) -> Iterator[AnyRow]:
    """The rows whose column has one of these keys, in no order."""
    wanted = list(keys)
    for start in range(0, len(wanted), AT_ONCE):
        yield from read(statement.where(column.in_(wanted[start : start + AT_ONCE])))


def _singles(rows: Iterable[AnyRow]) -> Iterator[Any]:
    return (row[0] for row in rows)


def _pairs(rows: Iterable[AnyRow]) -> Iterator[tuple[Any, Any]]:
    return ((row[0], row[1]) for row in rows)


def _table(model: type[Base]) -> Table:
    table = model.__table__
    assert isinstance(table, Table)
    return table
