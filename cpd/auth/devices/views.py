"""The sessions of one's own account: on which devices it is signed in, and ending them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from flask import Blueprint, abort, redirect, render_template, request
from flask.typing import ResponseReturnValue

from cpd.auth.access import Learner, learner_required, proof_required
from cpd.auth.devices import queries, services
from cpd.auth.devices.naming import device_of
from cpd.auth.sessions import LONGEST, LONGEST_IDLE, SEEN_EVERY
from cpd.auth.signing_out import signed_out
from cpd.db import LARGEST_ID, AnyRow, db
from cpd.web import clock, messages

bp = Blueprint("devices", __name__, url_prefix="/auth/sessions")

OTHERS = "others"


@dataclass(frozen=True)
class Device:
    """A session as the page shows it, with times in the learner's zone."""

    id: int
    name: str
    network: str
    signed_in_at: datetime
    used_at: datetime
    is_this: bool


@bp.get("")
@learner_required
def sessions(learner: Learner) -> ResponseReturnValue:
    """Show on which devices the account is signed in."""
    rows = queries.sessions_of(learner.id, now=clock.now())
    devices = [_device(row, learner) for row in rows]
    return render_template(
        "devices/sessions.html",
        devices=sorted(devices, key=lambda device: not device.is_this),
        zone=learner.zone,
        idle_days=LONGEST_IDLE.days,
        most_days=LONGEST.days,
        seen_minutes=SEEN_EVERY.seconds // 60,
    )


@bp.post("")
@proof_required
def end(learner: Learner) -> ResponseReturnValue:
    """End the session that is named, or all others."""
    now, which = clock.now(), request.form.get("session", "")
    if which == OTHERS:
        count = services.end_others(learner.id, but=learner.session_id, now=now)
        said = "There was no other session" if count == 0 else f"{count} other session{'s' * (count > 1)} ended"
    else:
        try:
            said = f"Session ended: {services.end_one(learner.id, _number(which), now=now)}"
        except services.UnknownSession:
            abort(404)
    db.session.commit()
    if which == str(learner.session_id):
        return signed_out()
    messages.leave(messages.Message(said))
    return redirect("/auth/sessions", 303)


def _device(row: AnyRow, learner: Learner) -> Device:
    zone = ZoneInfo(learner.zone)
    return Device(
        id=row.id,
        name=device_of(row.user_agent),
        network=row.network,
        signed_in_at=row.created_at.astimezone(zone),
        used_at=row.last_seen_at.astimezone(zone),
        is_this=row.id == learner.session_id,
    )


def _number(text: str) -> int:
    """The id in a field, or 0, which no session has."""
    number = int(text) if text.isascii() and text.isdigit() and len(text) <= 10 else 0
    return number if number <= LARGEST_ID else 0
