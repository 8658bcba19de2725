"""Where people show a second factor: while they sign in, before something sensitive, and why a role needs one."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from flask import Blueprint, redirect, render_template, request
from flask.typing import ResponseReturnValue

from cpd.auth import access, doors, queries, services, signing_in, throttle
from cpd.auth.access import Learner, current_learner, learner_required
from cpd.auth.events import note
from cpd.auth.factors import services as factors
from cpd.auth.factors.queries import count_codes
from cpd.auth.factors.recovery import FEW
from cpd.auth.forms import CodeForm, RecoveryForm, SignInForm
from cpd.auth.kept import FIELD
from cpd.auth.models import EventKind
from cpd.auth.signing_in import Progress, Proof
from cpd.auth.throttle import TooManyTries
from cpd.db import db
from cpd.web import clock, messages
from cpd.web.addresses import own_path

bp = Blueprint("proving", __name__, url_prefix="/auth")

TOO_LATE = "Signing in took too long. Begin again."
OVERVIEW = "/auth/factors"


@bp.get("/two-factor")
def two_factor() -> ResponseReturnValue:
    """Ask for the second factor, as the step of signing in after the password."""
    now = clock.now()
    progress = signing_in.in_progress(now)
    if progress is None:
        return redirect(OVERVIEW) if current_learner() else access.ask_to_sign_in()
    step = signing_in.next_step_of(progress)
    return step_page(progress, CodeForm(formdata=None)) if step == request.path else redirect(step or "/auth/sign-in")


@bp.post("/two-factor")
def show() -> ResponseReturnValue:
    """Take a code, and go on with signing in."""
    now = clock.now()
    progress = signing_in.in_progress(now)
    if progress is None:
        return begin_again()
    form = _form_sent()
    if not form.validate():
        return step_page(progress, form), 422
    try:
        spent = throttle.spend(doors.second_factor_buckets(progress.account_id), now=now)
    except TooManyTries as fault:
        return step_page(progress, form, str(fault.description)), 429, {"Retry-After": str(fault.wait)}
    proof = _proof_in(form, progress.account_id, now=now)
    if proof is None:
        note(
            EventKind.SIGN_IN_FAILED,
            account_id=progress.account_id,
            now=now,
            step="second factor",
            **signing_in.origin(),
        )
        db.session.commit()
        form.refuse()
        return step_page(progress, form), 422
    throttle.give_back(spent, now=now)
    return go_on(progress.with_proof(proof), now=now)


@bp.get("/two-factor/needed")
@learner_required
def needed(learner: Learner) -> ResponseReturnValue:
    """Say why a role needs a second factor, and lead to where one is added or shown."""
    wanted = own_path(request.args.get("next", ""), OVERVIEW)
    if learner.second_factor:
        return redirect(wanted)
    standing = queries.standing_of(learner.id)
    return render_template("proving/needed.html", standing=standing, next=wanted)


@bp.post("/again/code")
@learner_required
def prove_by_code(learner: Learner) -> ResponseReturnValue:
    """Take a code from somebody who is signed in, and go on with what was asked for."""
    form, now = _form_sent(), clock.now()
    if not form.validate():
        return again_page(form), 422
    try:
        spent = throttle.spend(doors.second_factor_buckets(learner.id), now=now)
    except TooManyTries as fault:
        return again_page(form, str(fault.description)), 429, {"Retry-After": str(fault.wait)}
    proof = _proof_in(form, learner.id, now=now)
    if proof is None:
        note(EventKind.PROOF_FAILED, account_id=learner.id, now=now, step="second factor", **signing_in.origin())
        db.session.commit()
        form.refuse()
        return again_page(form), 422
    throttle.give_back(spent, now=now)
    return proved(learner, proof, now=now)


def step_page(progress: Progress, form: CodeForm | RecoveryForm, refusal: str = "") -> str:
    """The page that asks for the second factor; `form` is the one that was sent."""
    return render_template(
        "proving/two_factor.html",
        form=form,
        code_form=form if isinstance(form, CodeForm) else CodeForm(formdata=None),
        recovery_form=form if isinstance(form, RecoveryForm) else RecoveryForm(formdata=None),
        standing=queries.standing_of(progress.account_id),
        refusal=refusal,
        next=progress.wanted,
        kept=progress.kept,
    )


def again_page(form: Any, refusal: str = "") -> str:
    """The page that asks for a proof once more, with what it carries."""
    return access.proof_page(form, refusal, wanted=request.form.get("next", ""), kept=request.form.get(FIELD, ""))


def go_on(progress: Progress, *, now: datetime) -> ResponseReturnValue:
    """Lead on from a second factor that was right; commits."""
    _tell_left(progress.account_id, progress.proofs[-1])
    try:
        return signing_in.go_on(progress, now=now)
    except signing_in.Refused as fault:
        db.session.rollback()
        return access.sign_in_page(
            SignInForm(formdata=None), str(fault), wanted=progress.wanted, kept=progress.kept
        ), 403


def proved(learner: Learner, proof: Proof, *, now: datetime) -> ResponseReturnValue:
    """Write down that somebody proved once more who they are, commit, and go on with what was asked for."""
    _tell_left(learner.id, proof)
    services.prove_again(learner.id, learner.session_id, proof=proof, second_factor=True, now=now)
    db.session.commit()
    return signing_in.after_proof(wanted=request.form.get("next", ""), kept=request.form.get(FIELD, ""))


def begin_again() -> ResponseReturnValue:
    """Say that signing in took too long, and ask for the password again; what was carried is kept."""
    if current_learner():
        return redirect(own_path(request.form.get("next", ""), OVERVIEW), 303)
    form = SignInForm(formdata=None)
    wanted, kept = request.form.get("next", ""), request.form.get(FIELD, "")
    return access.sign_in_page(form, TOO_LATE, wanted=wanted, kept=kept), 403


def _form_sent() -> CodeForm | RecoveryForm:
    return RecoveryForm(request.form) if "recovery_code" in request.form else CodeForm(request.form)


def _proof_in(form: CodeForm | RecoveryForm, account_id: int, *, now: datetime) -> Proof | None:
    """What a valid form proves, which is then used up; None if its code is wrong."""
    if isinstance(form, RecoveryForm):
        own, typed = doors.is_own_browser(account_id), form.recovery_code.data or ""
        fits = factors.use_recovery_code(account_id, typed, own_browser=own, now=now)
        return Proof.RECOVERY_CODE if fits else None
    return Proof.APP if factors.use_app_code(account_id, form.code.data or "", now=now) else None


def _tell_left(account_id: int, proof: Proof) -> None:
    """Let the next page say how many recovery codes are left, after one was used."""
    if proof is not Proof.RECOVERY_CODE:
        return
    left = count_codes(account_id, unused=True)
    count = {0: "no recovery codes", 1: "1 recovery code"}.get(left, f"{left} recovery codes")
    advice = " Make new ones soon." if left <= FEW else ""
    text = f"You have {count} left.{advice}"
    messages.leave(messages.Message(text, link="/auth/recovery-codes", link_text="Make new codes"))
