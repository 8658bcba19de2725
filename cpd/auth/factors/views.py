"""The second factors of who is signed in: the overview, the authenticator app, and recovery codes."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

from flask import Blueprint, Response, current_app, redirect, render_template, request
from flask.typing import ResponseReturnValue

from cpd.auth import passwords
from cpd.auth.access import Learner, learner_required, proof_required
from cpd.auth.factors import apps, pending, queries, recovery, services
from cpd.auth.factors.forms import AppForm
from cpd.auth.models import Role
from cpd.db import db
from cpd.web import clock, messages
from cpd.web.addresses import own_path

bp = Blueprint("factors", __name__, url_prefix="/auth")

OVERVIEW = "/auth/factors"
OTHERS_ENDED = "You are signed out on other devices."


@bp.get("/factors")
@learner_required
def overview(learner: Learner) -> ResponseReturnValue:
    """Show the second factors of the account, and what can be added and removed."""
    return render_template(
        "factors/overview.html",
        app_added_at=queries.app_added_at(learner.id),
        passkeys=queries.passkeys_of(learner.id),
        codes_left=queries.codes_left(learner.id),
        few=recovery.FEW,
        has_role=learner.granted != Role.LEARNER,
        zone=ZoneInfo(learner.zone),
    )


@bp.get("/factors/app")
@proof_required
def app(learner: Learner) -> ResponseReturnValue:
    """Show a new secret, as a QR code and as text."""
    if queries.app_added_at(learner.id):
        return redirect(OVERVIEW)
    return _app_page(learner, AppForm(formdata=None), apps.new_secret(), now=clock.now())


@bp.post("/factors/app")
@proof_required
def add_app(learner: Learner) -> ResponseReturnValue:
    """Set the app up, once it shows a code that is right."""
    form, now = AppForm(request.form), clock.now()
    secret = pending.secret_in(learner.id, form.secret.data or "", now=now)
    if secret is None:
        form = AppForm(formdata=None)
        return _app_page(
            learner, form, apps.new_secret(), "This page was open for too long. Use the new code.", now=now
        ), 422
    if not form.validate():
        return _app_page(learner, form, secret, now=now), 422
    step = apps.fitting_step(secret, form.code.data or "", now=now, after=apps.NEVER)
    if step is None:
        form.refuse()
        return _app_page(learner, form, secret, now=now), 422

    codes, hashes = new_codes()
    try:
        first = services.add_app(learner.id, learner.session_id, secret=secret, step=step, code_hashes=hashes, now=now)
    except services.AppThere:
        db.session.rollback()
        return redirect(OVERVIEW, 303)
    db.session.commit()
    return added("Your authenticator app is set up", codes if first else ())


@bp.get("/factors/app/remove")
@proof_required
def removing_app(learner: Learner) -> ResponseReturnValue:
    """Ask whether the app is to be removed."""
    if not queries.app_added_at(learner.id):
        return redirect(OVERVIEW)
    return removing_page("your authenticator app")


@bp.post("/factors/app/remove")
@proof_required
def remove_app(learner: Learner) -> ResponseReturnValue:
    """Remove the app."""
    try:
        services.remove_app(learner.id, learner.session_id, now=clock.now())
    except services.LastFactor as fault:
        db.session.rollback()
        return removing_page("your authenticator app", str(fault)), 409
    except services.NothingThere:
        db.session.rollback()
        return redirect(OVERVIEW, 303)
    db.session.commit()
    messages.leave(messages.Message(f"Your authenticator app is removed. {OTHERS_ENDED}"))
    return redirect(OVERVIEW, 303)


@bp.get("/recovery-codes")
@proof_required
def recovery_codes(learner: Learner) -> ResponseReturnValue:
    """Say how many recovery codes are left, and offer new ones."""
    left = queries.codes_left(learner.id)
    return render_template("factors/recovery_codes.html", left=left, has_factor=queries.has_factor(learner.id))


@bp.post("/recovery-codes")
@proof_required
def make_recovery_codes(learner: Learner) -> ResponseReturnValue:
    """Make new recovery codes, which end those from before, and show them."""
    codes, hashes = new_codes()
    try:
        services.make_recovery_codes(learner.id, hashes, now=clock.now())
    except services.NothingThere:
        db.session.rollback()
        return redirect(OVERVIEW, 303)
    db.session.commit()
    return _codes_page("Your new recovery codes", codes)


@bp.post("/recovery-codes/text")
@learner_required
def recovery_codes_as_text(learner: Learner) -> ResponseReturnValue:
    """The recovery codes that a page has just shown, as a file. Nothing but codes comes back."""
    try:
        codes = [recovery.read_code(each) for each in request.form.getlist("shown")[: recovery.HOW_MANY]]
    except recovery.WrongCode:
        codes = []
    if not codes:
        return redirect("/auth/recovery-codes", 303)
    text = recovery.as_text(codes, site_name=current_app.config["SETTINGS"].site_name, email=learner.email)
    answer = Response(text, mimetype="text/plain")
    answer.headers["Content-Disposition"] = 'attachment; filename="recovery-codes.txt"'
    return answer


def new_codes() -> tuple[list[str], list[str]]:
    """Recovery codes and their hashes, made before anything is written. Raises ServerBusy."""
    codes = recovery.new_codes()
    return codes, passwords.of_this_app().hash_codes(codes)


def added(what: str, codes: Sequence[str]) -> ResponseReturnValue:
    """What follows when a factor was added: recovery codes are shown this once, if there are new ones."""
    if codes:
        return _codes_page(what, codes)
    messages.leave(messages.Message(f"{what}. {OTHERS_ENDED}"))
    return redirect(own_path(request.form.get("next", ""), OVERVIEW), 303)


def removing_page(what: str, refusal: str = "") -> str:
    """The page that asks whether a factor is to be removed."""
    return render_template("factors/remove.html", what=what, refusal=refusal)


def _codes_page(title: str, codes: Sequence[str]) -> str:
    wanted = own_path(request.form.get("next", ""), OVERVIEW)
    printed = [recovery.in_groups(code) for code in codes]
    return render_template("factors/codes.html", title=title, codes=printed, next=wanted)


def _app_page(learner: Learner, form: AppForm, secret: str, refusal: str = "", *, now: datetime) -> str:
    address = apps.address_of(secret, email=learner.email, site_name=current_app.config["SETTINGS"].site_name)
    return render_template(
        "factors/app.html",
        form=form,
        refusal=refusal,
        sealed=pending.sealed_secret(learner.id, secret, now=now),
        secret=apps.in_groups(secret),
        address=address,
        qr_code=apps.qr_code(address),
        next=own_path(request.values.get("next", ""), OVERVIEW),
    )
