"""The audit trail of one's own account."""

from __future__ import annotations

from zoneinfo import ZoneInfo

from flask import Blueprint, render_template, request
from flask.typing import ResponseReturnValue

from cpd.auth.access import Learner, learner_required
from cpd.auth.trail import queries
from cpd.auth.trail.shown import shown
from cpd.db import LARGEST_ID

bp = Blueprint("trail", __name__, url_prefix="/auth/events")

SHOWN = 50


@bp.get("")
@learner_required
def events(learner: Learner) -> ResponseReturnValue:
    """Show what happened to the account, newest first."""
    rows = queries.lines_of(learner.id, before=_before(), limit=SHOWN + 1)
    lines = shown(rows[:SHOWN], ZoneInfo(learner.zone))
    older = f"/auth/events?before={lines[-1].number}" if len(rows) > SHOWN else ""
    return render_template("trail/events.html", lines=lines, older_url=older, zone=learner.zone)


def _before() -> int | None:
    """The number after the lines that are asked for; nothing odd is taken for one."""
    given = request.args.get("before", "")
    number = int(given) if given.isascii() and given.isdigit() and len(given) <= 10 else 0
    return number if 0 < number <= LARGEST_ID else None
