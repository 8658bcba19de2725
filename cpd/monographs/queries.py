"""Reading monographs and the modules that mention them."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from typing import Any

from sqlalchemy import and_, bindparam, func, literal, select, tuple_

from cpd import revisions
from cpd.auth.my_data.owned import Facts, facts
from cpd.db import AnyRow, read, read_first
from cpd.monographs.models import (
    Mention,
    Monograph,
    MonographRendering,
    MonographRest,
    MonographRevision,
    MonographTerm,
    Term,
)
from cpd.prepared import Prepared
from cpd.record.notes import all_notes, with_note
from cpd.revisions import DRAFT, FormerSlug

PAGE = 100  # modules that name a drug
MOST_TERMS = 12  # terms of a monograph for which others are looked up
# The monograph and the learner's note beside it, in one statement: this runs on every page.
STANDING = Prepared(
    with_note(
        select(
            Monograph.id, Monograph.slug, Monograph.status, Monograph.live_revision_id, Monograph.live_rendering_id
        ).where(
            Monograph.slug == bindparam("slug"), Monograph.status != DRAFT, Monograph.live_rendering_id.is_not(None)
        ),
        "monograph",
        Monograph.__table__.c.id,
    )
)
RENDERED = (
    select(
        MonographRendering.id.label("rendering_id"),
        MonographRevision.facts,
        MonographRendering.parts,
    )
    .join(MonographRevision, MonographRevision.id == MonographRendering.revision_id)
    .order_by(MonographRendering.id.desc())
    .limit(1)
)
RESTS = (
    select(MonographRest.section, MonographRest.part, MonographRest.html)
    .where(MonographRest.rendering_id == bindparam("rendering_id"))
    .order_by(MonographRest.section, MonographRest.part)
)
ONE_REST = RESTS.where(MonographRest.section == bindparam("section"), MonographRest.part == bindparam("part"))
MENTIONS = (
    select(
        Mention.module_id,
        Mention.module_slug,
        Mention.title,
        Mention.category_title,
        Mention.category_style,
        Mention.credits,
    )
    .where(Mention.monograph_slug == bindparam("slug"))
    .order_by(Mention.title, Mention.module_id)
    .limit(bindparam("limit"))
)
TERMS = (
    select(MonographTerm.kind, MonographTerm.slug, Term.title)
    .join(Term, (Term.kind == MonographTerm.kind) & (Term.slug == MonographTerm.slug))
    .where(MonographTerm.monograph_id == bindparam("monograph_id"), MonographTerm.kind != "company")
    .order_by(MonographTerm.kind.desc(), Term.title)
    .limit(MOST_TERMS)
)
_of_term = and_(MonographTerm.kind == bindparam("kind"), MonographTerm.slug == bindparam("term"))
_walk = select(func.min(MonographTerm.sort_name).label("sort_name"), literal(1).label("place")).where(_of_term)
_walk_cte = _walk.cte("walk", recursive=True)
_next = (
    select(func.min(MonographTerm.sort_name))
    .where(_of_term, MonographTerm.sort_name > _walk_cte.c.sort_name)
    .correlate(_walk_cte)
    .scalar_subquery()
)
_names = _walk_cte.union_all(
    select(_next, _walk_cte.c.place + 1).where(
        _walk_cte.c.sort_name.is_not(None), _walk_cte.c.place < bindparam("limit")
    )
)
_first = (
    select(func.min(MonographTerm.monograph_id))
    .where(_of_term, MonographTerm.sort_name == _names.c.sort_name)
    .correlate(_names)
    .scalar_subquery()
)
# From name to name along the index of a term: what it costs depends neither on how many drugs share the term, nor on
# how many companies sell the same one.
OF_TERM = (
    select(Monograph.slug, Monograph.name, Monograph.sort_name)
    .select_from(_names)
    .join(Monograph, Monograph.id == _first)
    .order_by(_names.c.sort_name)
)
NAMED = select(
    Monograph.id,
    Monograph.slug,
    Monograph.status,
    Monograph.name,
    Monograph.generic_name,
    Monograph.classes,
    Monograph.boxed,
    Monograph.live_revision_id,
    Monograph.live_rendering_id,
).where(Monograph.status != DRAFT, Monograph.live_rendering_id.is_not(None))
LEADING_ON = and_(FormerSlug.document_id == Monograph.id, FormerSlug.kind == Monograph.__tablename__)


def find_standing(slug: str, *, learner_id: int | None = None) -> AnyRow | None:
    """A monograph that is or was live, with the learner's note.

    It is (id, slug, status, live_revision_id, live_rendering_id, note, noted_at).
    """
    return STANDING.first({"slug": slug, "learner_id": learner_id or 0})


def find_new_slug(slug: str) -> str | None:
    """What a monograph that had this slug before is called now."""
    return revisions.find_new_slug(Monograph, slug)


def named(slugs: Collection[str]) -> dict[str, AnyRow]:
    """Monographs that are or were live, by these slugs, be they former ones.

    Rows are (id, slug, status, name, generic_name, classes, boxed, live_revision_id, live_rendering_id).
    """
    found = {row.slug: row for row in read(NAMED.where(Monograph.slug.in_(slugs)))} if slugs else {}
    missing = [slug for slug in slugs if slug not in found]
    if missing:
        former = NAMED.add_columns(FormerSlug.slug.label("former")).join(FormerSlug, LEADING_ON)
        found |= {row.former: row for row in read(former.where(FormerSlug.slug.in_(missing)))}
    return found


def facts_of(revision_ids: Iterable[int]) -> dict[int, dict[str, Any]]:
    """The facts of revisions by their ids."""
    facts = select(MonographRevision.id, MonographRevision.facts).where(MonographRevision.id.in_(revision_ids))
    return {row.id: row.facts for row in read(facts)}


def find_rendered(rendering_id: int) -> AnyRow | None:
    """A rendering with its revision's facts, as (rendering_id, facts, parts)."""
    return read_first(RENDERED.where(MonographRendering.id == rendering_id))


def find_revision(revision_id: int) -> AnyRow | None:
    """A revision's newest rendering with its facts, as (rendering_id, facts, parts)."""
    return read_first(RENDERED.where(MonographRevision.id == revision_id))


def find_rest(rendering_id: int, section: str, part: int) -> str | None:
    """The HTML of a part of what the page leaves out of a section."""
    found = read_first(ONE_REST, {"rendering_id": rendering_id, "section": section, "part": part})
    return found.html if found else None


def rests_of(rendering_id: int) -> dict[str, list[str]]:
    """All that the page leaves out: the parts of each section, by its id."""
    rests: dict[str, list[str]] = {}
    for row in read(RESTS, {"rendering_id": rendering_id}):
        rests.setdefault(row.section, []).append(row.html)
    return rests


def mentions_of(slug: str, *, after: tuple[str, int] | None = None, limit: int = PAGE) -> Sequence[AnyRow]:
    """Live modules that name the drug, by title.

    They are (module_id, module_slug, title, category_title, category_style, credits).
    """
    if after is None:
        return read(MENTIONS, {"slug": slug, "limit": limit})
    later = tuple_(Mention.title, Mention.module_id) > after
    return read(MENTIONS.where(later), {"slug": slug, "limit": limit})


def count_of_mentions(slug: str) -> int:
    """How many live modules name the drug."""
    found = read_first(select(func.count()).where(Mention.monograph_slug == slug))
    assert found is not None
    return int(found[0])


def terms_of(monograph_id: int) -> Sequence[AnyRow]:
    """Indications and classes of a monograph that an editor has confirmed, as (kind, slug, title)."""
    return read(TERMS, {"monograph_id": monograph_id})


def drugs_of(kind: str, term: str, *, limit: int) -> Sequence[AnyRow]:
    """Live monographs of a term by name, one for each name, as (slug, name, sort_name)."""
    return read(OF_TERM, {"kind": kind, "term": term, "limit": limit})


def notes_of(learner_id: int) -> Iterator[Facts]:
    """All that a learner has noted beside monographs."""
    beside = select(Monograph.slug.label("monograph"), Monograph.name)
    return facts(all_notes(beside, "monograph", Monograph.__table__.c.id, learner_id=learner_id))
