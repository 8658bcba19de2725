"""What publishing does to monographs beyond their revisions: mentions, and terms. The caller commits."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import and_, bindparam, delete, func, insert, or_, select, update

from cpd.db import db
from cpd.monographs.models import (
    Mention,
    Monograph,
    MonographRendering,
    MonographRest,
    MonographRevision,
    MonographTerm,
    Term,
)
from cpd.revisions import Shelf

SHELF = Shelf(Monograph, MonographRevision, MonographRendering, MonographRest)


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


def set_terms(of_monographs: Mapping[int, tuple[str, Sequence[Mapping[str, str]]]]) -> None:
    """Replace the terms of monographs, by their ids: the sort name and the terms. One that is not live has none."""
    if not of_monographs:
        return
    connection = db.session.connection()
    own = delete(MonographTerm).where(MonographTerm.monograph_id == bindparam("of_monograph"))
    connection.execute(own, [{"of_monograph": monograph_id} for monograph_id in of_monographs])
    rows = [
        {"monograph_id": monograph_id, "kind": each["kind"], "slug": each["slug"], "sort_name": sort_name}
        for monograph_id, (sort_name, terms) in of_monographs.items()
        for each in terms
    ]
    if rows:
        connection.execute(insert(MonographTerm), rows)


def name_terms(titles: Mapping[tuple[str, str], str]) -> None:
    """Give terms their present titles, by kind and slug."""
    known = {(row.kind, row.slug): row.title for row in db.session.execute(select(Term.kind, Term.slug, Term.title))}
    for (kind, slug), title in titles.items():
        if (kind, slug) not in known:
            db.session.execute(insert(Term).values(kind=kind, slug=slug, title=title, count=0))
        elif known[kind, slug] != title:
            db.session.execute(update(Term).where(Term.kind == kind, Term.slug == slug).values(title=title))


def count_terms() -> None:
    """Count the live monographs of each term, and forget the terms that none states any more."""
    of_term = and_(MonographTerm.kind == Term.kind, MonographTerm.slug == Term.slug)
    stating = select(func.count()).select_from(MonographTerm).where(of_term).correlate(Term)
    db.session.execute(update(Term).values(count=stating.scalar_subquery()))
    db.session.execute(delete(Term).where(Term.count == 0))
