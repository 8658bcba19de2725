"""Home: what this is to those who are signed out, where to go on to those who are signed in."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, abort, render_template
from flask.typing import ResponseReturnValue

from cpd.auth.access import Learner, current_learner
from cpd.modules import queries as modules
from cpd.modules.showing import live_revision, module_rows, today
from cpd.monographs.views import card_of
from cpd.pictures import MEDIA_TYPES, find_picture
from cpd.record.queries import entries_of, total_of
from cpd.web.static import YEAR

bp = Blueprint("site", __name__)

SHOWN = 3  # modules of each category, and entries
EXAMPLE_DRUG = "baclofen-intrathecal"


@bp.get("/")
def home() -> str:
    """Show the newest modules by category, and to a learner their total."""
    learner = current_learner()
    categories = modules.categories()
    return render_template(
        "site/home.html",
        categories=[_category(each, learner) for each in categories],
        total_modules=sum(each.count for each in categories),
        sample=None if learner else _sample(categories),
        card=None if learner else card_of(EXAMPLE_DRUG),
        record=_record(learner) if learner else None,
    )


@bp.get(f"/pictures/<string(length=64):digest>.<any({', '.join(MEDIA_TYPES)}):ending>")
def picture(digest: str, ending: str) -> ResponseReturnValue:
    """Show a picture of a module or monograph; its address never shows another one."""
    data = find_picture(digest)
    if data is None:
        abort(404)
    return data, {"Content-Type": MEDIA_TYPES[ending], "Cache-Control": f"public, max-age={YEAR}, immutable"}


def _category(category: Any, learner: Learner | None) -> dict[str, Any]:
    rows = modules.newest_in(category.slug, limit=SHOWN)
    return {**category._mapping, "modules": module_rows(rows, today=today(), learner=learner)}


def _sample(categories: Any) -> Any:
    """A module whose authors, reviewers, dates and funding show what every module states."""
    for category in categories:
        for row in modules.newest_in(category.slug, limit=1):
            standing = modules.find_standing(row.slug, learner_id=None)
            if standing is not None and standing.live_rendering_id and row.external is None:
                return live_revision(standing)
    return None


def _record(learner: Learner) -> dict[str, Any]:
    total, count = total_of(learner.id)
    return {"total": total, "count": count, "entries": entries_of(learner.id, limit=SHOWN)}
