"""Reading modules, the catalogue and attempts."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import cached_property
from typing import Any, NamedTuple

from sqlalchemy import Select, and_, bindparam, func, select, tuple_
from sqlalchemy.orm import aliased

from cpd import revisions
from cpd.auth.my_data.owned import Facts, facts
from cpd.db import AnyRow, read, read_first, stream
from cpd.modules.catalogue import Wanted
from cpd.modules.models import (
    Attempt,
    Category,
    Module,
    ModuleRendering,
    ModuleRevision,
    ModuleSpecialty,
    Specialty,
)
from cpd.prepared import Prepared
from cpd.record.notes import all_notes
from cpd.revisions import PUBLISHED, current_release
from cpd.web.fragments import fragments_of

AnySelection = Select[*tuple[Any, ...]]
PAGE = 24
KEPT = 500  # lists and counts of one kind that a process keeps
passed, last = aliased(Attempt), aliased(Attempt)


class Listed(NamedTuple):
    """A live module as lists show it, kept for a release: its columns are read by every visitor of a list."""

    id: int
    slug: str
    title: str
    summary: str
    category_slug: str
    category_title: str
    category_style: str
    credits: Decimal
    author: str
    reviewed_on: date
    expires_on: date
    drugs: int
    external: str | None


LISTED = (
    Module.id,
    Module.slug,
    Module.title,
    Module.summary,
    Module.category_slug,
    Category.title.label("category_title"),
    Category.style.label("category_style"),
    Module.credits,
    Module.author,
    Module.reviewed_on,
    Module.expires_on,
    Module.drugs,
    Module.external,
)
LIST = select(*LISTED).join(Category, Category.slug == Module.category_slug).where(Module.status == PUBLISHED)
CATEGORIES = select(
    Category.slug, Category.title, Category.summary, Category.credits, Category.style, Category.count
).order_by(Category.position, Category.slug)
SPECIALTIES = select(Specialty.slug, Specialty.title, Specialty.count).order_by(Specialty.title)

_of_the_learner = and_(Attempt.learner_id == bindparam("learner_id"), Attempt.module_id == Module.id)
_last_id = select(func.max(Attempt.id)).where(_of_the_learner).correlate(Module).scalar_subquery()
_passed_id = (
    select(func.min(Attempt.id))
    .where(_of_the_learner, Attempt.edition == Module.edition, Attempt.passed, Attempt.creditable)
    .correlate(Module)
    .scalar_subquery()
)
# The module, and where the learner stands with it, in one statement: this is the page that is read most.
STANDING = Prepared(
    select(
        Module.id,
        Module.slug,
        Module.status,
        Module.edition,
        Module.expires_on,
        Module.live_revision_id,
        Module.live_rendering_id,
        Category.slug.label("category_slug"),
        Category.title.label("category_title"),
        Category.style.label("category_style"),
        passed.id.label("passed_id"),
        passed.submitted_at.label("passed_at"),
        last.id.label("last_id"),
        last.score.label("last_score"),
        last.out_of.label("last_out_of"),
    )
    .join(Category, Category.slug == Module.category_slug)
    .outerjoin(passed, passed.id == _passed_id)
    .outerjoin(last, last.id == _last_id)
    .where(Module.slug == bindparam("slug"))
)
RENDERED = (
    select(
        ModuleRevision.id.label("revision_id"),
        ModuleRevision.document_id.label("module_id"),
        ModuleRevision.number,
        ModuleRevision.edition,
        ModuleRevision.facts,
        ModuleRevision.assessment,
        ModuleRendering.id.label("rendering_id"),
        ModuleRendering.html,
        ModuleRendering.parts,
    )
    .join(ModuleRendering, ModuleRendering.revision_id == ModuleRevision.id)
    .order_by(ModuleRendering.id.desc())
    .limit(1)
)
BY_RENDERING = Prepared(RENDERED.where(ModuleRendering.id == bindparam("rendering_id")))
BY_REVISION = Prepared(RENDERED.where(ModuleRevision.id == bindparam("revision_id")))
ATTEMPT = select(
    Attempt.id,
    Attempt.revision_id,
    Attempt.module_id,
    Attempt.edition,
    Attempt.creditable,
    Attempt.answers,
    Attempt.submitted_at,
    Attempt.score,
    Attempt.out_of,
    Attempt.pass_mark,
    Attempt.passed,
)


def find_standing(slug: str, *, learner_id: int | None) -> AnyRow | None:
    """A module by its slug with the learner's pass of its edition and last attempt, as the columns of STANDING."""
    return STANDING.first({"slug": slug, "learner_id": learner_id or 0})


def find_new_slug(slug: str) -> str | None:
    """What a module that had this slug before is called now."""
    return revisions.find_new_slug(Module, slug)


def find_rendered(rendering_id: int) -> AnyRow | None:
    """A revision with one of its renderings, as the columns of RENDERED."""
    return BY_RENDERING.first({"rendering_id": rendering_id})


def find_revision(revision_id: int) -> AnyRow | None:
    """A revision by its id with its newest rendering, as the columns of RENDERED."""
    return BY_REVISION.first({"revision_id": revision_id})


def find_numbered(module_id: int, number: int) -> AnyRow | None:
    """A module's revision by its number with its newest rendering, as the columns of RENDERED."""
    return read_first(RENDERED.where(ModuleRevision.document_id == module_id, ModuleRevision.number == number))


def find_attempt(attempt_id: int, *, learner_id: int, module_id: int) -> AnyRow | None:
    """One of the learner's attempts at a module."""
    return read_first(
        ATTEMPT.where(Attempt.id == attempt_id, Attempt.learner_id == learner_id, Attempt.module_id == module_id)
    )


def has_attempted(revision_id: int, *, learner_id: int) -> bool:
    """Whether the learner's record may point to this revision."""
    found = select(Attempt.id).where(Attempt.learner_id == learner_id, Attempt.revision_id == revision_id).limit(1)
    return read_first(found) is not None


def attempts_of(learner_id: int) -> Iterator[AnyRow]:
    """All of a learner's attempts in order, as the columns of ATTEMPT and (started_at, slug, title, revision)."""
    more = Attempt.started_at, Module.slug, Module.title, ModuleRevision.number.label("revision")
    attempts = ATTEMPT.add_columns(*more).join(Module, Module.id == Attempt.module_id)
    attempts = attempts.join(ModuleRevision, ModuleRevision.id == Attempt.revision_id)
    return stream(attempts.where(Attempt.learner_id == learner_id).order_by(Attempt.id))


def notes_of(learner_id: int) -> Iterator[Facts]:
    """All that a learner has noted beside modules."""
    beside = select(Module.slug.label("module"), Module.title)
    return facts(all_notes(beside, "module", Module.__table__.c.id, learner_id=learner_id))


@dataclass(frozen=True)
class Shelves:
    """Categories with live modules in their order, as (slug, title, summary, credits, style, count), and specialties
    with live modules, as (slug, title, count)."""

    categories: Sequence[AnyRow]
    specialties: Sequence[AnyRow]

    @cached_property
    def titles(self) -> tuple[tuple[str, str], ...]:
        return tuple((each.slug, each.title) for each in self.categories)

    @cached_property
    def category_slugs(self) -> set[str]:
        return {each.slug for each in self.categories}

    @cached_property
    def specialty_slugs(self) -> set[str]:
        return {each.slug for each in self.specialties}


def shelves() -> Shelves:
    """How the live modules are sorted; read once in a release."""
    kept: Shelves = fragments_of("shelves of modules", 2).get(current_release(), _shelves)
    return kept


def _shelves() -> Shelves:
    return Shelves(read(CATEGORIES.where(Category.count > 0)), read(SPECIALTIES.where(Specialty.count > 0)))


def all_categories() -> Sequence[AnyRow]:
    """Every category, whether or not it has live modules, as (slug, title, summary, credits, style, count)."""
    return read(CATEGORIES)


def newest_of_each(*, limit: int) -> Sequence[Listed]:
    """The newest modules of every category in their order; gathered once in a release."""
    lists = fragments_of("newest modules", 2)
    kept: Sequence[Listed] = lists.get(
        (current_release(), limit),
        lambda: [row for each in shelves().categories for row in newest_in(each.slug, limit=limit)],
    )
    return kept


def newest_in(category_slug: str, *, limit: int) -> Sequence[Listed]:
    """The newest modules of a category."""
    return catalogue(Wanted(categories=(category_slug,)))[:limit]


def catalogue(wanted: Wanted) -> Sequence[Listed]:
    """A page of live modules and one more, in the order wanted; read once in a release."""
    lists = fragments_of("lists of modules", KEPT)
    kept: Sequence[Listed] = lists.get((current_release(), wanted), lambda: _list(wanted))
    return kept


def _list(wanted: Wanted) -> Sequence[Listed]:
    statement = _filtered(LIST, wanted)
    key, downwards = (
        (Module.reviewed_on, True) if wanted.sort == "newest" else (Module.credits, wanted.sort == "credits")
    )
    place = tuple_(key, Module.id)
    if wanted.after:
        start = tuple_(bindparam("key", wanted.after[0], type_=key.type), wanted.after[1])
        statement = statement.where(place < start if downwards else place > start)
    order = (key.desc(), Module.id.desc()) if downwards else (key, Module.id)
    return [Listed(*row) for row in read(statement.order_by(*order).limit(PAGE + 1))]


def count_of(wanted: Wanted) -> int:
    """How many live modules the filters let through; counted once in a release."""
    filters = (wanted.categories, wanted.specialties)
    counts = fragments_of("counts of modules", KEPT)
    return int(counts.get((current_release(), *filters), lambda: _count(wanted)))


def _count(wanted: Wanted) -> int:
    counted = _filtered(select(func.count()).select_from(Module).where(Module.status == PUBLISHED), wanted)
    found = read_first(counted)
    assert found is not None
    return int(found[0])


def _filtered(statement: AnySelection, wanted: Wanted) -> AnySelection:
    if wanted.categories:
        statement = statement.where(Module.category_slug.in_(wanted.categories))
    if wanted.specialties:
        named = select(ModuleSpecialty.module_id).where(
            ModuleSpecialty.module_id == Module.id, ModuleSpecialty.specialty_slug.in_(wanted.specialties)
        )
        statement = statement.where(named.exists())
    return statement
