"""Reading what may be compared: related monographs, and those of a name."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import literal, select, union_all

from cpd.db import AnyRow, read
from cpd.monographs.models import Monograph, MonographTerm
from cpd.monographs.queries import count_of_mentions
from cpd.revisions import PUBLISHED, current_release
from cpd.web.fragments import fragments_of

MOST = 12  # offered of each kind
MOST_TERMS = 12  # that are looked up
KEPT = 5_000


def classes_of(monograph_id: int) -> list[str]:
    """The slugs of the classes that a live monograph is listed under."""
    own = (MonographTerm.monograph_id == monograph_id, MonographTerm.kind == "class")
    return [row.slug for row in read(select(MonographTerm.slug).where(*own).order_by(MonographTerm.slug))]


def of_terms(kind: str, slugs: Sequence[str], *, besides: int) -> Sequence[AnyRow]:
    """Some live monographs of terms, by name, as (id, slug, name, classes, term), but for one. Each once per term."""
    if not slugs:
        return ()
    some = [
        select(
            Monograph.id,
            Monograph.slug,
            Monograph.name,
            Monograph.classes,
            MonographTerm.sort_name,
            literal(slug).label("term"),
        )
        .join(MonographTerm, MonographTerm.monograph_id == Monograph.id)
        .where(MonographTerm.kind == kind, MonographTerm.slug == slug, Monograph.id != besides)
        .order_by(MonographTerm.sort_name, MonographTerm.monograph_id)
        .limit(MOST)
        .subquery()
        .select()
        for slug in slugs[:MOST_TERMS]
    ]
    return read(union_all(*some).order_by("sort_name", "id").limit(MOST))


def of_slugs(slugs: Sequence[str]) -> dict[str, AnyRow]:
    """Those of these monographs that are live, by slug, as (slug, name, classes)."""
    found = select(Monograph.slug, Monograph.name, Monograph.classes).where(Monograph.slug.in_(slugs))
    return {row.slug: row for row in read(found.where(Monograph.status == PUBLISHED))} if slugs else {}


def modules_naming(slug: str) -> int:
    """How many live modules name a drug; counted once in a release."""
    kept = fragments_of("modules that name a drug", KEPT)
    counted: tuple[int] = kept.get((current_release(), slug), lambda: (count_of_mentions(slug),))
    return counted[0]
