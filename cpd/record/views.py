"""The CPD record."""

from __future__ import annotations

from datetime import date

from flask import Blueprint, Response, abort, request

from cpd.auth.access import Learner, learner_required
from cpd.db import LARGEST_ID
from cpd.record import queries
from cpd.web import drawn
from cpd.web.drawn import gap

bp = Blueprint("record", __name__, url_prefix="/record")


@bp.get("/")
@learner_required
def record(learner: Learner) -> Response:
    """List the learner's entries with their exact sum, newest learning first."""
    found = queries.entries_of(learner.id, before=_before(), limit=queries.PAGE + 1)
    entries = found.rows[: queries.PAGE]
    last = entries[-1] if len(found.rows) > queries.PAGE else None
    return drawn.answer(
        "record/record.html",
        (found.count == 0, last is None),
        lambda: {
            "entries": gap("entries"),
            "summed": gap("summed") if found.count else None,
            "next_url": gap("next_url") if last else None,
        },
        entries=drawn.fragment("record/entries.html", entries, lambda: {"entries": entries}),
        summed=drawn.fragment(
            "record/summed.html",
            (found.total, found.count),
            lambda: {"total": found.total, "count": found.count},
        ),
        next_url=f"/record/?after={last.learned_on:%Y-%m-%d}.{last.id}" if last else "",
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
