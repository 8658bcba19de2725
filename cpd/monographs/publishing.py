"""What publishing does to monographs beyond their revisions: mentions, and terms. The caller commits."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import chain
from typing import Any, NamedTuple

from sqlalchemy import bindparam, delete, func, insert, or_, select, tuple_, update

from cpd.db import db, read
from cpd.monographs.models import (
    Mention,
    Monograph,
    MonographRendering,
    MonographRest,
    MonographRevision,
    MonographTerm,
    Term,
)
from cpd.revisions import AT_ONCE, Shelf

SHELF = Shelf(Monograph, MonographRevision, MonographRendering, MonographRest)
LISTED = (
    MonographTerm.monograph_id,
    MonographTerm.kind,
    MonographTerm.slug,
    MonographTerm.title,
    MonographTerm.sort_name,
)
_OF_TERM = (MonographTerm.kind == bindparam("of_kind"), MonographTerm.slug == bindparam("of_slug"))
_COUNT = select(func.count()).select_from(MonographTerm).where(*_OF_TERM)
_USUAL_TITLE = (
    select(MonographTerm.title)
    .where(*_OF_TERM)
    .group_by(MonographTerm.title)
    .order_by(func.count().desc(), MonographTerm.title)
    .limit(1)
)
SETTLED = (
    update(Term)
    .where(Term.kind == bindparam("of_kind"), Term.slug == bindparam("of_slug"))
    .values(count=_COUNT.scalar_subquery(), title=func.coalesce(_USUAL_TITLE.scalar_subquery(), Term.title))
)


class StatedTerm(NamedTuple):
    """A class, an indication or a company as a monograph spells it."""

    kind: str
    slug: str
    title: str


class Stated(NamedTuple):
    """What a monograph is to be listed by. One that is not live states nothing."""

    sort_name: str = ""
    terms: Sequence[StatedTerm] = ()


class TermChange(NamedTuple):
    """The terms (kind, slug) that a monograph is listed by, and what it states now."""

    before: frozenset[tuple[str, str]]
    after: Stated


def name_categories(words: Mapping[str, tuple[str, str]]) -> None:
    """Give mentions the present title and style of their modules' categories, by slug."""
    for slug, (title, style) in words.items():
        other = or_(Mention.category_title != title, Mention.category_style != style)
        named = update(Mention).where(Mention.category_slug == slug, other)
        db.session.execute(named.values(category_title=title, category_style=style))


def set_mentions(of_modules: Mapping[int, Sequence[Mapping[str, Any]]]) -> None:
    """Replace the mentions of modules, by their ids. A module that is no longer live has none."""
    if not of_modules:
        return
    connection = db.session.connection()
    own = delete(Mention).where(Mention.module_id == bindparam("of_module"))
    connection.execute(own, [{"of_module": module_id} for module_id in of_modules])
    rows = [dict(each) for mentions in of_modules.values() for each in mentions]
    if rows:
        connection.execute(insert(Mention), rows)


def modules_naming(slugs: Sequence[str]) -> Iterator[tuple[str, str]]:
    """Each mention of these monographs, as the slugs of the module and of the monograph."""
    for start in range(0, len(slugs), AT_ONCE):
        some = Mention.monograph_slug.in_(slugs[start : start + AT_ONCE])
        yield from (tuple(row) for row in read(select(Mention.module_slug, Mention.monograph_slug).where(some)))


def term_changes(wanted: Mapping[int, Stated]) -> dict[int, TermChange]:
    """What differs between the present lists and what these monographs state, by their ids. Writes nothing."""
    listed: dict[int, set[tuple[str, ...]]] = {}
    ids = list(wanted)
    for start in range(0, len(ids), AT_ONCE):
        some = MonographTerm.monograph_id.in_(ids[start : start + AT_ONCE])
        for monograph_id, *columns in read(select(*LISTED).where(some)):
            listed.setdefault(monograph_id, set()).add(tuple(columns))
    changes = {}
    for monograph_id, stated in wanted.items():
        before = listed.get(monograph_id, set())
        if before != {(*term, stated.sort_name) for term in stated.terms}:
            changes[monograph_id] = TermChange(frozenset((kind, slug) for kind, slug, *_ in before), stated)
    return changes


def change_terms(changes: Mapping[int, TermChange]) -> None:
    """List monographs by what they state now, and name and count the terms that this touches.

    A term is called what most of its monographs call it. One that none states any more is forgotten.
    """
    if not changes:
        return
    connection = db.session.connection()
    own = delete(MonographTerm).where(MonographTerm.monograph_id == bindparam("of_monograph"))
    connection.execute(own, [{"of_monograph": monograph_id} for monograph_id in changes])
    rows = [
        {"monograph_id": monograph_id, "sort_name": change.after.sort_name, **term._asdict()}
        for monograph_id, change in changes.items()
        for term in change.after.terms
    ]
    if rows:
        connection.execute(insert(MonographTerm), rows)
    titles = {(row["kind"], row["slug"]): row["title"] for row in rows}
    touched = sorted({*titles, *chain.from_iterable(change.before for change in changes.values())})
    for start in range(0, len(touched), AT_ONCE):
        _settle_terms(touched[start : start + AT_ONCE], titles)


def _settle_terms(touched: Sequence[tuple[str, str]], titles: Mapping[tuple[str, str], str]) -> None:
    connection = db.session.connection()
    these = tuple_(Term.kind, Term.slug).in_(touched)
    known = {(row.kind, row.slug) for row in connection.execute(select(Term.kind, Term.slug).where(these))}
    new = [key for key in touched if key not in known]
    if new:
        rows = [{"kind": kind, "slug": slug, "title": titles[kind, slug], "count": 0} for kind, slug in new]
        connection.execute(insert(Term), rows)
    keys = [{"of_kind": kind, "of_slug": slug} for kind, slug in touched]
    connection.execute(SETTLED, keys)
    connection.execute(delete(Term).where(these, Term.count == 0))
