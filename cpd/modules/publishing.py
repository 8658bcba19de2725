"""What publishing does to modules beyond revisions: categories, specialties, counts. The caller commits."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import Any

from sqlalchemy import bindparam, delete, func, insert, select, update

from cpd.db import db, read
from cpd.modules.models import (
    Category,
    Module,
    ModuleRendering,
    ModuleRevision,
    ModuleSpecialty,
    Specialty,
)
from cpd.revisions import AT_ONCE, PUBLISHED, Shelf

SHELF = Shelf(Module, ModuleRevision, ModuleRendering)


def add_categories(categories: Sequence[Mapping[str, Any]]) -> None:
    """Add the categories that are new; without modules they are not shown yet."""
    known = set(db.session.execute(select(Category.slug)).scalars())
    for category in categories:
        if category["slug"] not in known:
            db.session.execute(insert(Category).values(**category, count=0))


def have_changed(categories: Sequence[Mapping[str, Any]]) -> bool:
    """Whether these categories differ from what is live."""
    rows = db.session.execute(select(Category.__table__)).mappings()
    live = {row["slug"]: {name: value for name, value in row.items() if name != "count"} for row in rows}
    return any(live.get(category["slug"]) != dict(category) for category in categories)


def change_categories(categories: Sequence[Mapping[str, Any]]) -> None:
    """Give categories their present words. One that has no file any more stays while modules point to it."""
    for category in categories:
        db.session.execute(update(Category).where(Category.slug == category["slug"]).values(**category))


def set_specialties(titles: Mapping[str, str], of_modules: Mapping[int, Iterable[str]]) -> None:
    """Name specialties by their titles, and say which each of these modules has."""
    known = {row.slug: row.title for row in db.session.execute(select(Specialty.slug, Specialty.title))}
    for slug, title in titles.items():
        if slug not in known:
            db.session.execute(insert(Specialty).values(slug=slug, title=title, count=0))
        elif known[slug] != title:
            db.session.execute(update(Specialty).where(Specialty.slug == slug).values(title=title))
    if not of_modules:
        return
    connection = db.session.connection()
    own = delete(ModuleSpecialty).where(ModuleSpecialty.module_id == bindparam("of_module"))
    connection.execute(own, [{"of_module": module_id} for module_id in of_modules])
    rows = [
        {"module_id": module_id, "specialty_slug": slug}
        for module_id, slugs in of_modules.items()
        for slug in dict.fromkeys(slugs)
    ]
    if rows:
        connection.execute(insert(ModuleSpecialty), rows)


def count_facets() -> None:
    """Count live modules by category and by specialty, so that no page has to."""
    in_category = (
        select(func.count())
        .select_from(Module)
        .where(Module.status == PUBLISHED, Module.category_slug == Category.slug)
        .correlate(Category)
    )
    db.session.execute(update(Category).values(count=in_category.scalar_subquery()))
    in_specialty = (
        select(func.count())
        .select_from(Module)
        .join(ModuleSpecialty, ModuleSpecialty.module_id == Module.id)
        .where(Module.status == PUBLISHED, ModuleSpecialty.specialty_slug == Specialty.slug)
        .correlate(Specialty)
    )
    db.session.execute(update(Specialty).values(count=in_specialty.scalar_subquery()))


def reviewed_on(slugs: Sequence[str]) -> dict[str, date]:
    """When those of these modules that are live were reviewed."""
    found: dict[str, date] = {}
    for start in range(0, len(slugs), AT_ONCE):
        some = Module.slug.in_(slugs[start : start + AT_ONCE])
        live = select(Module.slug, Module.reviewed_on).where(some, Module.status == PUBLISHED)
        found |= {row.slug: row.reviewed_on for row in read(live)}
    return found


def find_assessment(revision_id: int) -> dict[str, Any] | None:
    """The assessment of a revision as data."""
    found = select(ModuleRevision.assessment).where(ModuleRevision.id == revision_id)
    assessment: dict[str, Any] | None = db.session.execute(found).scalar_one()
    return assessment
