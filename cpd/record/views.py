"""The CPD record."""

from __future__ import annotations

from datetime import date

from flask import Blueprint, abort, render_template, request

from cpd.auth.access import Learner, learner_required
from cpd.db import LARGEST_ID
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
        entries=shown,
        total=total,
        count=count,
        next_url=f"/record/?after={last.learned_on:%Y-%m-%d}.{last.id}" if last else None,
    )


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
