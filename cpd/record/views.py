"""The CPD record."""

from __future__ import annotations

from datetime import date
from typing import Any

from flask import Blueprint, abort, render_template, request

from cpd.auth.access import Learner, learner_required
from cpd.db import LARGEST_ID, AnyRow
from cpd.record import queries

bp = Blueprint("record", __name__, url_prefix="/record")


@bp.get("/")
@learner_required
def record(learner: Learner) -> str:
    """List the learner's entries with their exact sum, newest learning first."""
    entries = queries.entries_of(learner.id, before=_before(), limit=queries.PAGE + 1)
    total, count = queries.total_of(learner.id)
    shown = entries[: queries.PAGE]
    last = shown[-1] if len(entries) > queries.PAGE else None
    return render_template(
        "record/record.html",
        entries=[_line(row) for row in shown],
        total=total,
        count=count,
        next_url=f"/record/?after={last.learned_on:%Y-%m-%d}.{last.id}" if last else None,
    )


def latest_entries(learner: Learner, *, limit: int = 3) -> list[dict[str, Any]]:
    """The learner's newest entries as a list draws them."""
    return [_line(row) for row in queries.entries_of(learner.id, limit=limit)]


def _line(row: AnyRow) -> dict[str, Any]:
    """An entry as a list draws it, with the address of the attempt and of the revision it was passed on."""
    module = f"/modules/{row.module_slug}"
    return {
        **row._mapping,
        "category": {"title": row.category_title, "style": row.category_style},
        "url": f"{module}/revisions/{row.revision_number}",
        "feedback_url": f"{module}/attempts/{row.attempt_id}",
    }


def _before() -> tuple[date, int] | None:
    """The entry after which to go on, from `after=2026-11-02.17`."""
    after = request.args.get("after")
    if after is None:
        return None
    day, _, number = after.partition(".")
    try:
        return date.fromisoformat(day), min(int(number[:10]), LARGEST_ID)
    except ValueError:
        abort(404)
