"""Home: what this is to those who are signed out, where to go on to those who are signed in."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from flask import Blueprint, Response, abort
from flask.typing import ResponseReturnValue

from cpd.auth.access import current_learner
from cpd.db import AnyRow
from cpd.modules import queries as modules
from cpd.modules.showing import done_lines, live_revision, module_rows
from cpd.modules.shown import Shown
from cpd.monographs.views import card_of
from cpd.pictures import MEDIA_TYPES, find_picture
from cpd.record.queries import NONE, Entries, newest_and_passed
from cpd.revisions import current_release
from cpd.web.drawn import answer, gap
from cpd.web.static import FOR_A_YEAR
from cpd.web.templating import two_places

bp = Blueprint("site", __name__)

SHOWN = 3  # modules of each category, and entries
EXAMPLE_DRUG = "baclofen-intrathecal"


@bp.get("/")
def home() -> Response:
    """Show the newest modules by category, and to a learner their total."""
    learner = current_learner()
    categories = modules.shelves().categories
    rows = modules.newest_of_each(limit=SHOWN)
    entries, passed = newest_and_passed(learner.id, [row.id for row in rows], limit=SHOWN) if learner else (NONE, {})
    return answer(
        "site/home.html",
        (current_release(), len(entries.rows)),
        lambda: {
            "categories": [_category(each) for each in categories],
            "total_modules": sum(each.count for each in categories),
            "sample": None if learner else _sample(rows),
            "card": None if learner else card_of(EXAMPLE_DRUG),
            "record": _record(len(entries.rows)) if learner else None,
        },
        **_record_values(entries),
        **done_lines(rows, passed),
    )


@bp.get(f"/pictures/<string(length=64):digest>.<any({', '.join(MEDIA_TYPES)}):ending>")
def picture(digest: str, ending: str) -> ResponseReturnValue:
    """Show a picture of a module or monograph; its address never shows another one."""
    data = find_picture(digest)
    if data is None:
        abort(404)
    return data, {"Content-Type": MEDIA_TYPES[ending], "Cache-Control": FOR_A_YEAR}


def _category(category: AnyRow) -> dict[str, Any]:
    rows = modules.newest_in(category.slug, limit=SHOWN)
    return {**category._mapping, "modules": module_rows(rows)}


def _sample(rows: Sequence[modules.Listed]) -> Shown | None:
    """A module whose authors, reviewers, dates and funding show what every module states."""
    for row in rows:
        standing = modules.find_standing(row.slug, learner_id=None)
        if standing is not None and standing.live_rendering_id and row.external is None:
            return live_revision(standing)
    return None


def _record(count: int) -> dict[str, Any]:
    """A learner's total and so many of the newest entries, all of them gaps."""
    lines = [tuple(gap(f"{name}_{place}") for name in ("title", "category", "credits")) for place in range(count)]
    return {"total": gap("total"), "lines": lines}


def _record_values(entries: Entries) -> dict[str, str]:
    """What fills these gaps."""
    values = {"total": two_places(entries.total)}
    for place, row in enumerate(entries.rows):
        values[f"title_{place}"] = row.title
        values[f"category_{place}"] = row.category_title
        values[f"credits_{place}"] = two_places(row.claimed_credits)
    return values
