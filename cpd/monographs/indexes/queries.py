"""Reading the indexes of monographs: from A to Z, and by class, indication and company."""

from __future__ import annotations

import string
from collections.abc import Sequence
from itertools import pairwise

from sqlalchemy import ColumnElement, and_, bindparam, func, select, tuple_

from cpd.db import AnyRow, read
from cpd.monographs.models import Monograph, MonographTerm, Term
from cpd.monographs.terms import OTHER, letter_of
from cpd.prepared import Prepared
from cpd.revisions import PUBLISHED, current_release
from cpd.web.fragments import fragments_of

PAGE = 100  # monographs
PAGE_OF_TERMS = 200
NEXT_INITIAL = dict(pairwise(string.ascii_lowercase))

SHOWN = (
    Monograph.id,
    Monograph.slug,
    Monograph.name,
    Monograph.generic_name,
    Monograph.sort_name,
    Monograph.classes,
    Monograph.boxed,
)
# The index of all begins with the letter, so the order of all does.
LISTED = select(*SHOWN).where(Monograph.status == PUBLISHED)
OF_TERM = (
    select(*SHOWN)
    .join(MonographTerm, MonographTerm.monograph_id == Monograph.id)
    .where(MonographTerm.kind == bindparam("kind"), MonographTerm.slug == bindparam("slug"))
    .order_by(MonographTerm.sort_name, MonographTerm.monograph_id)
)
TERMS = select(Term.slug, Term.title, Term.count.label("drugs"))
TERM = Prepared(TERMS.where(Term.kind == bindparam("kind"), Term.slug == bindparam("slug")))


def letters() -> dict[str, int]:
    """The letters that live monographs begin with, and how many; counted once in a release."""
    counted = select(Monograph.letter, func.count()).where(Monograph.status == PUBLISHED).group_by(Monograph.letter)
    kept: dict[str, int] = fragments_of("letters of monographs", 2).get(
        current_release(), lambda: {row[0]: row[1] for row in read(counted)}
    )
    return kept


def letters_of_terms(kind: str) -> dict[str, int]:
    """The letters that the terms of a kind begin with, and how many; counted once in a release."""
    kept: dict[str, int] = fragments_of("letters of terms", 6).get((current_release(), kind), lambda: _letters(kind))
    return kept


def _letters(kind: str) -> dict[str, int]:
    first = func.substr(Term.slug, 1, 1)
    counts: dict[str, int] = {}
    for initial, count in read(select(first, func.count()).where(Term.kind == kind).group_by(first)):
        counts[letter_of(initial)] = counts.get(letter_of(initial), 0) + count
    return counts


def listed(*, letter: str, after: tuple[str, int] | None, limit: int = PAGE) -> Sequence[AnyRow]:
    """Live monographs by name, of one letter or of all. What begins with no letter comes first."""
    statement = LISTED.order_by(Monograph.letter, Monograph.sort_name, Monograph.id).limit(limit)
    if letter:
        statement = statement.where(Monograph.letter == letter)
    if after:
        place = tuple_(Monograph.letter, Monograph.sort_name, Monograph.id)
        statement = statement.where(place > (letter_of(after[0]), *after))
    return read(statement)


def listed_by_slugs(slugs: Sequence[str]) -> dict[str, AnyRow]:
    """Those of these monographs that are live, by slug, as `listed` gives them."""
    return {row.slug: row for row in read(LISTED.where(Monograph.slug.in_(slugs)))} if slugs else {}


def listed_of_term(kind: str, slug: str, *, after: tuple[str, int] | None, limit: int = PAGE) -> Sequence[AnyRow]:
    """Live monographs that state a term, by name."""
    statement = OF_TERM.limit(limit)
    if after:
        statement = statement.where(tuple_(MonographTerm.sort_name, MonographTerm.monograph_id) > after)
    return read(statement, {"kind": kind, "slug": slug})


def find_term(kind: str, slug: str) -> AnyRow | None:
    """A class, indication or company that live monographs state, as (slug, title, drugs)."""
    return TERM.first({"kind": kind, "slug": slug})


def terms(kind: str, *, letter: str, after: str | None, limit: int = PAGE_OF_TERMS) -> Sequence[AnyRow]:
    """The terms of a kind by title, of one letter or of all, as (slug, title, drugs)."""
    statement = TERMS.where(Term.kind == kind).order_by(Term.slug).limit(limit)
    if letter:
        statement = statement.where(_begins_with(letter))
    if after:
        statement = statement.where(Term.slug > after)
    return read(statement)


def _begins_with(letter: str) -> ColumnElement[bool]:
    initial, first = letter.lower(), func.substr(Term.slug, 1, 1)
    if letter == OTHER:
        return first.not_in(string.ascii_lowercase)
    # The range is what an index finds; what comes after z depends on the collation.
    until = [Term.slug < NEXT_INITIAL[initial]] if initial in NEXT_INITIAL else []
    return and_(Term.slug >= initial, first == initial, *until)
