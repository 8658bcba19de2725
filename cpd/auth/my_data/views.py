"""One's own data: changing details, taking everything away, deleting the account."""

from __future__ import annotations

from zoneinfo import ZoneInfo

from flask import Blueprint, Response, abort, redirect, render_template, request
from flask.typing import ResponseReturnValue

from cpd.auth import doors, throttle
from cpd.auth.access import Learner, learner_required, proof_required
from cpd.auth.administrators import LastAdministrator
from cpd.auth.events import note
from cpd.auth.models import EventKind
from cpd.auth.my_data import queries, services
from cpd.auth.my_data.forms import DetailsForm
from cpd.auth.my_data.owned import all_owned
from cpd.auth.my_data.services import Details
from cpd.auth.my_data.times import KEPT, PAUSE
from cpd.db import db
from cpd.web import clock
from cpd.web.messages import Message, leave
from cpd.web.templating import day

bp = Blueprint("my_data", __name__, url_prefix="/auth")


@bp.get("/details")
@learner_required
def details(learner: Learner) -> ResponseReturnValue:
    """Show what the learner states about themselves, to be changed."""
    return render_template("my_data/details.html", form=DetailsForm(details=_details_of(learner)))


@bp.post("/details")
@learner_required
def change(learner: Learner) -> ResponseReturnValue:
    """Keep other details."""
    before = _details_of(learner)
    form = DetailsForm(request.form, details=before)
    if not form.validate():
        return render_template("my_data/details.html", form=form), 422
    services.change_details(learner.id, before, form.details(), now=clock.now())
    db.session.commit()
    leave(Message("Your details are saved."))
    return redirect("/auth/account", 303)


@bp.get("/my-data")
@learner_required
def my_data(learner: Learner) -> ResponseReturnValue:
    """Say what can be taken away, and show the download that is being made or ready."""
    return _my_data_page(learner)


@bp.post("/my-data")
@proof_required
def ask(learner: Learner) -> ResponseReturnValue:
    """Have everything put together by the worker."""
    now = clock.now()
    try:
        throttle.spend(doors.download_buckets(learner.id), now=now)
    except throttle.TooManyTries as fault:
        return _my_data_page(learner, str(fault.description)), 429, {"Retry-After": str(fault.wait)}
    services.ask_for_download(learner.id, now=now)
    db.session.commit()
    return redirect("/auth/my-data", 303)


@bp.get("/my-data/downloads/<id:number>")
@proof_required
def download(number: int, learner: Learner) -> ResponseReturnValue:
    """Hand out a download that is ready, to its owner alone."""
    now = clock.now()
    found = queries.find_download(number, account_id=learner.id, now=now)
    if found is None:
        abort(404)
    if request.method == "GET":
        note(EventKind.DOWNLOADED, account_id=learner.id, now=now)
        db.session.commit()
    name = f"my-data-{found.made_at.astimezone(ZoneInfo(learner.zone)):%Y-%m-%d}.zip"
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return Response(found.data, mimetype="application/zip", headers=headers)


@bp.get("/my-data/delete")
@learner_required
def leaving(learner: Learner) -> ResponseReturnValue:
    """Say what goes, what stays and why, before anything is deleted."""
    return _leaving_page(learner)


@bp.post("/my-data/delete")
@proof_required
def leave_for_good(learner: Learner) -> ResponseReturnValue:
    """Have the account deleted after the pause."""
    try:
        services.ask_for_deletion(learner.id, now=clock.now())
    except LastAdministrator:
        db.session.rollback()
        return _leaving_page(learner, refused=True), 409
    db.session.commit()
    return redirect("/auth/my-data/delete", 303)


@bp.post("/my-data/keep")
@learner_required
def keep(learner: Learner) -> ResponseReturnValue:
    """Let the account not be deleted after all."""
    if services.keep_account(learner.id, now=clock.now()):
        leave(Message("Your account is kept. Nothing was deleted."))
    db.session.commit()
    return redirect("/auth/account", 303)


def _details_of(learner: Learner) -> Details:
    return Details(**queries.details_of(learner.id)._mapping)


def _my_data_page(learner: Learner, refusal: str = "") -> str:
    return render_template(
        "my_data/my_data.html",
        downloads=queries.downloads_of(learner.id, now=clock.now()),
        titles=[each.title for each in all_owned()],
        days=KEPT.days,
        zone=ZoneInfo(learner.zone),
        refusal=refusal,
    )


def _leaving_page(learner: Learner, *, refused: bool = False) -> str:
    due_at = learner.deletion_due_at
    return render_template(
        "my_data/delete.html",
        due_on=day(due_at.astimezone(ZoneInfo(learner.zone))) if due_at else "",
        days=PAUSE.days,
        refused=refused,
    )
