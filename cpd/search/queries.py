"""Reading the search documents."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime

from sqlalchemy import ColumnElement, and_, bindparam, func, or_, select

from cpd.db import AnyRow, read, read_first, reader
from cpd.revisions import Release
from cpd.search.documents import KINDS
from cpd.search.models import SearchDocument

AT_ONCE = 20  # documents in memory: one may be a label of megabytes
CHANGED = (
    SearchDocument.kind,
    SearchDocument.slug,
    SearchDocument.gone,
    SearchDocument.title,
    SearchDocument.names,
    SearchDocument.text,
    SearchDocument.facets,
)

TEXTS = select(SearchDocument.kind, SearchDocument.slug, SearchDocument.text).where(
    SearchDocument.gone.is_(False),
    or_(
        *(and_(SearchDocument.kind == kind, SearchDocument.slug.in_(bindparam(kind, expanding=True))) for kind in KINDS)
    ),
)


def newest_release() -> tuple[int, datetime | None]:
    """The number of the newest release and its moment; 0 before the first."""
    found = read_first(select(Release.number, Release.published_at).order_by(Release.number.desc()).limit(1))
    return (found[0], found[1]) if found else (0, None)


def moment_of(release: int) -> datetime | None:
    """When a release was published, or None if there is none of this number."""
    found = read_first(select(Release.published_at).where(Release.number == release))
    return found[0] if found else None


def count_changed(after: int) -> int:
    """How many documents changed after a release."""
    found = read_first(select(func.count()).select_from(SearchDocument).where(*_changed(after)))
    assert found is not None
    return int(found[0])


def changed(after: int) -> Iterator[AnyRow]:
    """The documents that changed after a release, as CHANGED, a few at a time."""
    order = (SearchDocument.release, SearchDocument.kind, SearchDocument.slug)
    statement = select(*CHANGED).where(*_changed(after)).order_by(*order)
    yield from reader().execute(statement, execution_options={"yield_per": AT_ONCE})


def texts_of(keys: Iterable[tuple[str, str]]) -> dict[tuple[str, str], str]:
    """The texts of those of these documents that can be found, by kind and slug."""
    slugs: dict[str, list[str]] = {kind: [] for kind in KINDS}
    for kind, slug in keys:
        slugs[kind].append(slug)
    rows = read(TEXTS, slugs) if any(slugs.values()) else ()
    return {(kind, slug): text for kind, slug, text in rows}


def _changed(after: int) -> tuple[ColumnElement[bool], ...]:
    return SearchDocument.release > after, SearchDocument.kind.in_(KINDS)
