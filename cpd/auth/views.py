"""Registering, signing in and out, the account's page, and the healthcare-professional notice."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

from flask import Blueprint, current_app, redirect, render_template, request
from flask.typing import ResponseReturnValue

from cpd.auth import access, doors, passwords, queries, services, signing_in, throttle
from cpd.auth.access import Learner, current_learner, learner_required
from cpd.auth.by_mail.answers import REGISTERED_HERE, sent
from cpd.auth.by_mail.services import REGISTRATION_LASTS, Registration, ask_to_register
from cpd.auth.emails import read_email
from cpd.auth.events import note
from cpd.auth.forms import ProofForm, RegisterForm, SignInForm
from cpd.auth.kept import FIELD
from cpd.auth.models import EventKind
from cpd.auth.my_data import queries as my_data
from cpd.auth.my_data.forms import LANGUAGES
from cpd.auth.my_data.zones import label
from cpd.auth.signing_in import CONSENT_TO, Progress, Proof
from cpd.auth.signing_out import signed_out
from cpd.db import db
from cpd.web import clock, cookies
from cpd.web.addresses import own_path

bp = Blueprint("auth", __name__, url_prefix="/auth")


@bp.get("/register")
def register() -> ResponseReturnValue:
    """Show the form of a new account."""
    if current_learner():
        return redirect(own_path(request.args.get("next", "")))
    return _register_page(_register_form())


@bp.post("/register")
def create() -> ResponseReturnValue:
    """Register. Where mail goes out, the account is made once its address is confirmed; else at once."""
    form = _register_form()
    if not form.validate():
        return _register_page(form), 422
    now = clock.now()
    try:
        throttle.spend(doors.register_buckets(), now=now)
    except throttle.TooManyTries as fault:
        return _register_page(form, str(fault.description)), 429, {"Retry-After": str(fault.wait)}

    asked = Registration(
        form.person(),
        password_hash=passwords.of_this_app().hash(form.password.data or ""),
        zone=current_app.config["SETTINGS"].timezone,
        consents=signing_in.documents(),
        wanted=own_path(request.form.get("next", "")),
    )
    return (
        _ask_to_confirm(asked, now)
        if current_app.config["SETTINGS"].confirms_addresses
        else _register(asked, form, now)
    )


@bp.get("/sign-in")
def sign_in() -> ResponseReturnValue:
    """Show the form for signing in."""
    if current_learner():
        return redirect(own_path(request.args.get("next", "")))
    return access.empty_sign_in_page(wanted=request.args.get("next", ""))


@bp.post("/sign-in")
def start() -> ResponseReturnValue:
    """Sign in: the same words and the same work whether the account exists or the password is wrong."""
    form = SignInForm(request.form)
    if not form.validate():
        return _sign_in_page(form), 422
    now = clock.now()
    canon = form.email.email.canon
    account = queries.find_account(canon)
    try:
        spent = throttle.spend(doors.password_buckets(canon, account.id if account else None), now=now)
    except throttle.TooManyTries as fault:
        return _sign_in_page(form, str(fault.description)), 429, {"Retry-After": str(fault.wait)}

    hasher, typed = passwords.of_this_app(), form.password.data or ""
    own = doors.is_own_browser(account.id if account else None)
    if not hasher.fits(typed, account.password_hash if account else None, own_browser=own) or account is None:
        note(EventKind.SIGN_IN_FAILED, account_id=account.id if account else None, now=now, **signing_in.origin())
        db.session.commit()
        form.refuse()
        return _sign_in_page(form), 422
    if hasher.is_outdated(account.password_hash):
        services.keep_hash(account.id, hasher.hash(typed))
    doors.password_was_right(spent, email_canon=canon, now=now)
    try:
        return signing_in.go_on(_progress(account.id), now=now)
    except signing_in.Refused as fault:
        return _sign_in_page(form, str(fault)), 403


@bp.post("/sign-out")
def sign_out() -> ResponseReturnValue:
    """End the session here and in the database."""
    learner = current_learner()
    if learner:
        services.sign_out(learner.id, token=cookies.sent_token(), now=clock.now())
        db.session.commit()
    return signed_out()


@bp.get("/again")
@learner_required
def again(learner: Learner) -> ResponseReturnValue:
    """Ask who is signed in to prove once more who they are, before something sensitive."""
    wanted = request.args.get("next", "")
    if clock.now() - learner.proved_at <= access.FRESH:
        return redirect(own_path(wanted))
    return access.proof_page(ProofForm(formdata=None), wanted=wanted, kept="")


@bp.post("/again")
@learner_required
def prove(learner: Learner) -> ResponseReturnValue:
    """Take the password once more, and go on with what was asked for."""
    form, now = ProofForm(request.form), clock.now()
    if not form.validate():
        return _proof_page(form), 422
    canon = read_email(learner.email).canon
    try:
        spent = throttle.spend(doors.password_buckets(canon, learner.id), now=now)
    except throttle.TooManyTries as fault:
        return _proof_page(form, str(fault.description)), 429, {"Retry-After": str(fault.wait)}
    if not passwords.of_this_app().fits(form.password.data or "", queries.hash_of(learner.id), own_browser=True):
        note(EventKind.PROOF_FAILED, account_id=learner.id, now=now, **signing_in.origin())
        db.session.commit()
        form.refuse()
        return _proof_page(form), 422
    doors.password_was_right(spent, email_canon=canon, now=now)
    services.prove_again(learner.id, learner.session_id, proof=Proof.PASSWORD, now=now)
    db.session.commit()
    return signing_in.after_proof(wanted=request.form.get("next", ""), kept=request.form.get(FIELD, ""))


@bp.get("/account")
@learner_required
def account(learner: Learner) -> ResponseReturnValue:
    """Show what is set for the account, with the way to each page where it is changed."""
    return render_template(
        "auth/account.html",
        details=my_data.details_of(learner.id),
        state=my_data.state_of(learner.id, now=clock.now()),
        languages=LANGUAGES,
        place=label(learner.zone),
        confirms=current_app.config["SETTINGS"].confirms_addresses,
        consents=queries.consents_of(learner.id),
        titles=CONSENT_TO,
        zone=ZoneInfo(learner.zone),
    )


@bp.post("/professional")
def professional() -> ResponseReturnValue:
    """Remember that a healthcare professional uses this browser, and go on to the page that was asked for."""
    access.confirm_professional()
    return redirect(own_path(request.form.get("next", "")), 303)


def _progress(account_id: int) -> Progress:
    """Where somebody stands who has shown their password."""
    form = request.form
    return Progress(account_id, (Proof.PASSWORD,), wanted=form.get("next", ""), kept=form.get(FIELD, ""))


def _ask_to_confirm(asked: Registration, now: datetime) -> ResponseReturnValue:
    """Keep what was registered until a link is followed. The same happens where an account has the address."""
    email = asked.person.email
    token = ask_to_register(asked, is_due=doors.registration_mail_is_due(email.canon, now=now), now=now)
    db.session.commit()
    cookies.put(REGISTERED_HERE, token, max_age=int(REGISTRATION_LASTS.total_seconds()))
    return sent("registration", email.typed)


def _register(asked: Registration, form: RegisterForm, now: datetime) -> ResponseReturnValue:
    """Make the account, where no mail could confirm its address, and sign in at once."""
    try:
        account_id = services.create_account(
            asked.person, password_hash=asked.password_hash, zone=asked.zone, consents=asked.consents, now=now
        )
    except services.AddressTaken:
        db.session.rollback()
        form.refuse_taken()
        return _register_page(form), 422
    return signing_in.let_in(_progress(account_id), now=now, new_account=True)


def _register_form() -> RegisterForm:
    formdata = request.form if request.method == "POST" else None
    return RegisterForm(formdata, site_name=current_app.config["SETTINGS"].site_name, versions=signing_in.documents())


def _register_page(form: RegisterForm, refusal: str = "") -> str:
    wanted = own_path(request.values.get("next", ""))
    return render_template("auth/register.html", next=wanted, form=form, refusal=refusal)


def _proof_page(form: ProofForm, refusal: str = "") -> str:
    wanted = request.form.get("next", "")
    return access.proof_page(form, refusal, wanted=wanted, kept=request.form.get(FIELD, ""))


def _sign_in_page(form: SignInForm, refusal: str = "") -> str:
    wanted = request.values.get("next", "")
    return access.sign_in_page(form, refusal, wanted=wanted, kept=request.form.get(FIELD, ""))
