"""Reading monographs and the modules that mention them."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import bindparam, func, select, tuple_

from cpd import revisions
from cpd.db import AnyRow, read, read_first
from cpd.monographs.models import Mention, Monograph, MonographRendering, MonographRevision
from cpd.prepared import Prepared
from cpd.revisions import DRAFT, PUBLISHED, current_release
from cpd.web.fragments import fragments_of

PAGE = 100
STANDING = Prepared(
    select(
        Monograph.id, Monograph.slug, Monograph.status, Monograph.live_revision_id, Monograph.live_rendering_id
    ).where(Monograph.slug == bindparam("slug"), Monograph.status != DRAFT, Monograph.live_rendering_id.is_not(None))
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
MENTIONS = (
    select(Mention.module_slug, Mention.title, Mention.category_title, Mention.category_style, Mention.credits)
    .where(Mention.monograph_slug == bindparam("slug"))
    .order_by(Mention.title)
    .limit(PAGE)
)
LISTED = select(
    Monograph.id,
    Monograph.slug,
    Monograph.name,
    Monograph.generic_name,
    Monograph.sort_name,
    Monograph.classes,
    Monograph.boxed,
).where(Monograph.status == PUBLISHED)


def find_standing(slug: str) -> AnyRow | None:
    """A monograph that is or was live, as (id, slug, status, live_revision_id, live_rendering_id)."""
    return STANDING.first({"slug": slug})


def find_new_slug(slug: str) -> str | None:
    """What a monograph that had this slug before is called now."""
    return revisions.find_new_slug(Monograph, slug)


def find_rendered(rendering_id: int) -> AnyRow | None:
    """A rendering with its revision's facts, as (rendering_id, facts, parts)."""
    return read_first(RENDERED.where(MonographRendering.id == rendering_id))


def find_revision(revision_id: int) -> AnyRow | None:
    """A revision's newest rendering with its facts, as (rendering_id, facts, parts)."""
    return read_first(RENDERED.where(MonographRevision.id == revision_id))


def mentions_of(slug: str) -> Sequence[AnyRow]:
    """Live modules that name the drug, as (module_slug, title, category_title, category_style, credits)."""
    return read(MENTIONS, {"slug": slug})


def count_of_mentions(slug: str) -> int:
    """How many live modules name the drug."""
    found = read_first(select(func.count()).where(Mention.monograph_slug == slug))
    assert found is not None
    return int(found[0])


def letters() -> dict[str, int]:
    """The letters that live monographs begin with, and how many; counted once in a release."""
    kept: dict[str, int] = fragments_of("letters of monographs", 2).get(current_release(), _letters)
    return kept


def _letters() -> dict[str, int]:
    counted = select(Monograph.letter, func.count()).where(Monograph.status == PUBLISHED).group_by(Monograph.letter)
    return {row[0]: row[1] for row in read(counted)}


def listed_by_slugs(slugs: Sequence[str]) -> dict[str, AnyRow]:
    """Those of these monographs that are live, by slug, as `listed` gives them."""
    return {row.slug: row for row in read(LISTED.where(Monograph.slug.in_(slugs)))} if slugs else {}


def listed(*, letter: str | None, after: tuple[str, int] | None, limit: int = PAGE) -> Sequence[AnyRow]:
    """Live monographs by name, of one letter or of all."""
    statement = LISTED.order_by(Monograph.sort_name, Monograph.id).limit(limit)
    if letter:
        statement = statement.where(Monograph.letter == letter)
    if after:
        statement = statement.where(tuple_(Monograph.sort_name, Monograph.id) > after)
    return read(statement)
