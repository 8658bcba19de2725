"""Keeping the search documents: what publishing calls. The caller commits.

A document is staged under a kind of its own, which no index reads. Activating gives it its real kind and the number of
the release, in the transaction that makes the release.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import bindparam, delete, insert, select, update

from cpd.db import db
from cpd.search.documents import KINDS, MODULE, Findable
from cpd.search.models import SearchDocument

GONE: dict[str, Any] = {"gone": True, "title": "", "names": [], "text": "", "facets": {}}


def stage(documents: Iterable[Findable]) -> None:
    """Write documents that nobody can find yet."""
    rows = [
        {
            "kind": _staged(each.kind),
            "slug": each.slug,
            "release": 0,
            "gone": False,
            "title": each.title,
            "names": [list(name) for name in each.names],
            "text": each.text,
            "facets": each.facets,
        }
        for each in documents
    ]
    if rows:
        db.session.execute(insert(SearchDocument), rows)


def clear_staged() -> None:
    """Delete what a publish that was killed or that failed had staged."""
    db.session.execute(delete(SearchDocument).where(SearchDocument.kind.in_([_staged(kind) for kind in KINDS])))


def activate(release: int) -> None:
    """Make the staged documents those that are found, as changes of this release."""
    for kind in KINDS:
        staged = select(SearchDocument.slug).where(SearchDocument.kind == _staged(kind))
        replaced = delete(SearchDocument).where(SearchDocument.kind == kind, SearchDocument.slug.in_(staged))
        db.session.execute(replaced.execution_options(synchronize_session=False))
        found = update(SearchDocument).where(SearchDocument.kind == _staged(kind)).values(kind=kind, release=release)
        db.session.execute(found.execution_options(synchronize_session=False))


def drop(kind: str, slugs: Iterable[str], release: int) -> None:
    """Let documents be found no more."""
    keys = [{"a_slug": slug} for slug in slugs]
    this = update(SearchDocument).where(SearchDocument.kind == kind, SearchDocument.slug == bindparam("a_slug"))
    if keys:
        db.session.connection().execute(this.values(**GONE, release=release), keys)


def rename(kind: str, old: str, new: str, release: int) -> None:
    """Let a document be found under a new slug. Indexes drop the old one."""
    this = update(SearchDocument).where(SearchDocument.kind == kind, SearchDocument.slug == old)
    db.session.execute(delete(SearchDocument).where(SearchDocument.kind == kind, SearchDocument.slug == new))
    db.session.execute(this.values(slug=new, release=release))
    db.session.execute(insert(SearchDocument).values(kind=kind, slug=old, release=release, **GONE))


def name_categories(words: Mapping[str, tuple[str, str]], release: int) -> None:
    """Give modules the present title and style of their category, by its slug."""
    modules = select(SearchDocument.slug, SearchDocument.facets).where(
        SearchDocument.kind == MODULE, SearchDocument.gone.is_(False)
    )
    changed: list[dict[str, Any]] = []
    for slug, facets in db.session.execute(modules):
        category = facets["category"]
        title, style = words.get(category["slug"], (category["title"], category["style"]))
        if (title, style) != (category["title"], category["style"]):
            changed.append(
                {"a_slug": slug, "facets": facets | {"category": category | {"title": title, "style": style}}}
            )
    this = update(SearchDocument).where(SearchDocument.kind == MODULE, SearchDocument.slug == bindparam("a_slug"))
    if changed:
        db.session.connection().execute(this.values(facets=bindparam("facets"), release=release), changed)


def slugs_of(kind: str) -> set[str]:
    """The slugs of all documents of a kind, those that are gone too."""
    return set(db.session.execute(select(SearchDocument.slug).where(SearchDocument.kind == kind)).scalars())


def unlike(documents: Sequence[Findable]) -> list[Findable]:
    """Those of these documents, of one kind, that are not kept as they are."""
    columns = (SearchDocument.title, SearchDocument.names, SearchDocument.text, SearchDocument.facets)
    rows = db.session.execute(
        select(SearchDocument.slug, *columns).where(
            SearchDocument.kind == documents[0].kind,
            SearchDocument.slug.in_([each.slug for each in documents]),
            SearchDocument.gone.is_(False),
        )
    )
    kept = {row.slug: tuple(row[1:]) for row in rows}
    return [
        each
        for each in documents
        if kept.get(each.slug) != (each.title, [list(name) for name in each.names], each.text, each.facets)
    ]


def found_slugs(kind: str) -> set[str]:
    """The slugs of the documents of a kind that can be found."""
    there = select(SearchDocument.slug).where(SearchDocument.kind == kind, SearchDocument.gone.is_(False))
    return set(db.session.execute(there).scalars())


def _staged(kind: str) -> str:
    return f"staged {kind}"
