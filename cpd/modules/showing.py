"""What the pages of modules are drawn from: plain values, calculated here so that templates need not."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from flask import current_app
from markupsafe import Markup

from cpd.auth.access import Learner
from cpd.db import AnyRow
from cpd.modules import queries
from cpd.modules.catalogue import SORTS, Wanted
from cpd.modules.forms import Answers, question_cards
from cpd.modules.queries import Listed
from cpd.modules.services import Place
from cpd.modules.shown import Shown, find_kept, shown
from cpd.revisions import PUBLISHED
from cpd.web import clock
from cpd.web.drawn import fragment, gap
from cpd.web.templating import day, minutes

NOTHING = Markup()
PROGRESS = ("passed_on", "passed_id", "last_id", "last_score", "last_out_of")


@dataclass(frozen=True)
class CategoryLabel:
    """A category as its label is drawn."""

    slug: str
    title: str
    style: str


def today() -> date:
    """The date in the site's zone, in which modules expire."""
    return clock.today_in(current_app.config["SETTINGS"].timezone)


def gives_credit(standing: AnyRow) -> bool:
    """Whether a sitting started now may earn credit: `expires` includes that day in the site's zone."""
    return standing.status == PUBLISHED and bool(today() <= standing.expires_on)


def live_revision(standing: AnyRow) -> Shown:
    """The live revision of a module, from the process's memory or the database."""
    kept = find_kept(standing.live_rendering_id)
    if kept is not None:
        return kept
    # A rendering may be replaced between two statements; its revision stays.
    row = queries.find_rendered(standing.live_rendering_id) or queries.find_revision(standing.live_revision_id)
    assert row is not None
    return shown(row)


def revision_of(standing: AnyRow, revision_id: int) -> Shown | None:
    """A revision of a module by its id, or None if the module has no such revision."""
    if revision_id == standing.live_revision_id:
        return live_revision(standing)
    row = queries.find_revision(revision_id)
    return shown(row) if row is not None and row.module_id == standing.id else None


def category_of(row: AnyRow | Listed) -> CategoryLabel:
    return CategoryLabel(row.category_slug, row.category_title, row.category_style)


def place_of(standing: AnyRow) -> Place:
    """Where a module stands in the catalogue, as its receipt keeps it."""
    return Place(standing.slug, standing.category_slug, standing.category_title, standing.category_style)


def module_rows(rows: Sequence[Listed]) -> list[dict[str, Any]]:
    """Modules as a list draws them, with a gap for what `done_lines` says of each."""
    return [
        {
            "slug": row.slug,
            "title": row.title,
            "summary": row.summary,
            "category": category_of(row),
            "credits": row.credits,
            "author": row.author,
            "reviewed": row.reviewed_on,
            "drugs": row.drugs,
            "external": row.external,
            "done": gap(f"done_{row.id}"),
        }
        for row in rows
    ]


def done_lines(rows: Sequence[Listed], passed: Mapping[int, date]) -> dict[str, Markup]:
    """For each module of a list: when the learner completed it, or that it has expired, or nothing."""
    now = today()
    return {f"done_{row.id}": _done_line(passed.get(row.id), row.expires_on < now) for row in rows}


def _done_line(passed_on: date | None, expired: bool) -> Markup:
    if passed_on is None and not expired:
        return NOTHING
    return fragment("modules/done.html", (passed_on, expired), lambda: {"passed_on": passed_on})


def local_date(moment: datetime | None, learner: Learner | None) -> date | None:
    """The date of a moment where the learner is."""
    return moment.astimezone(ZoneInfo(learner.zone)).date() if moment and learner else None


def filters(wanted: Wanted, shelves: queries.Shelves) -> dict[str, Any]:
    """The filters of the catalogue, those that are on, and the orders."""
    titles = {each.slug: each.title for each in (*shelves.specialties, *shelves.categories)}
    return {
        "filters": {
            "categories": [_choice(each, wanted.categories) for each in shelves.categories],
            "specialties": [_choice(each, wanted.specialties) for each in shelves.specialties],
        },
        "active": [
            {"title": titles[slug], "remove_url": wanted.without(slug).url}
            for slug in (*wanted.categories, *wanted.specialties)
        ],
        "sort": wanted.sort,
        "sort_links": [
            {"title": title, "url": wanted.sorted_by(sort).url, "current": sort == wanted.sort, "value": sort}
            for sort, title in SORTS.items()
        ],
        "clear_url": Wanted(sort=wanted.sort).url,
    }


def _choice(each: AnyRow, on: tuple[str, ...]) -> dict[str, Any]:
    return {"slug": each.slug, "title": each.title, "count": each.count, "on": each.slug in on}


def next_page(wanted: Wanted, found: Sequence[Listed]) -> str | None:
    """The address of the next page, if one more than a page was found."""
    if len(found) <= queries.PAGE:
        return None
    last = found[queries.PAGE - 1]
    return wanted.going_on_after(last.reviewed_on if wanted.sort == "newest" else last.credits, last.id).url


def identity(standing: AnyRow) -> tuple[Hashable, ...]:
    """All that the pages of a module show of it, beside the learner's state: its rendering, place, and standing."""
    return (
        standing.live_rendering_id,
        standing.slug,
        category_of(standing),
        standing.status,
        standing.expires_on < today(),
    )


def _head(standing: AnyRow, revision: Shown) -> dict[str, Any]:
    """What every page of a module shows of it."""
    return {
        "slug": standing.slug,
        "category": category_of(standing),
        "minutes": minutes(revision.credits),
        "expired": standing.expires_on < today(),
        "withdrawn": standing.status != PUBLISHED,
        "facts": revision,
    }


def state_of(standing: AnyRow, learner: Learner | None) -> str:
    """Where the learner stands with a module, in a word."""
    if learner is None:
        return "signed-out"
    if standing.passed_id is not None:
        return "passed"
    return "failed" if standing.last_id is not None else "start"


def module_page(standing: AnyRow, live: Shown, state: str) -> dict[str, Any]:
    """The module page: facts, text, and gaps for what `progress` says."""
    return {"module": _head(standing, live), "state": state} | {name: gap(name) for name in PROGRESS}


def progress(standing: AnyRow, learner: Learner | None) -> dict[str, str]:
    """What the module page says of the learner's pass and last attempt."""
    passed_on = local_date(standing.passed_at, learner)
    last = (standing.passed_id, standing.last_id, standing.last_score, standing.last_out_of)
    return dict(zip(PROGRESS, (day(passed_on) if passed_on else "", *map(str, last)), strict=True))


def revision_page(standing: AnyRow, revision: Shown, *, own: bool) -> dict[str, Any]:
    """An older revision, to be read only; `own` if the learner's record points to it."""
    return {"module": _head(standing, revision), "current": standing.status == PUBLISHED, "own": own}


def sheet(standing: AnyRow, opened: Shown, answers: Answers, refusal: str | None = None) -> dict[str, Any]:
    """The assessment around its questions: blanks and errors by number, and whether credit follows."""
    assert opened.assessment is not None
    numbers = {question.id: number for number, question in enumerate(opened.assessment.questions, 1)}
    return {
        "module": _head(standing, opened),
        "intro": opened.piece("intro"),
        "questions": question_cards(opened, answers),
        "blanks": [{"id": each, "number": numbers[each]} for each in answers.blanks] if answers.sent else [],
        "errors": [{"id": each, "number": numbers[each], "text": text} for each, text in answers.errors.items()],
        "refusal": refusal,
        "gives_credit": gives_credit(standing),
    }


def attempt_page(
    standing: AnyRow, marked: Shown, attempt: AnyRow, *, award: AnyRow | None, total: Decimal
) -> dict[str, Any]:
    """A marked attempt: the score, what it added to the record, or why it added nothing."""
    no_credit = None
    if attempt.passed and not attempt.creditable:
        no_credit = "This module had expired or been withdrawn when you opened the assessment, so it gives no credit."
    return {
        "module": _head(standing, marked),
        "attempt": attempt,
        "needed": -(-attempt.pass_mark * attempt.out_of // 100),
        "percent": attempt.score * 100 // attempt.out_of,
        "awarded": award if attempt.passed and attempt.creditable else None,
        "already": award is not None and award.attempt_id != attempt.id,
        "total": total,
        "no_credit": no_credit,
        "retry_url": f"/modules/{standing.slug}/assessment" if standing.status == PUBLISHED else None,
    }
