"""Passkeys: signing in with one alone or after the password, proving who one is, adding, naming and removing them.

A script asks for options, lets the browser use or make a passkey, and sends its answer in the form of the page.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from zoneinfo import ZoneInfo

from flask import Blueprint, abort, current_app, jsonify, redirect, render_template, request
from flask.typing import ResponseReturnValue
from sqlalchemy import Row

from cpd.auth import access, doors, signing_in, throttle
from cpd.auth.access import Learner, learner_required, proof_required
from cpd.auth.events import note
from cpd.auth.factors import queries
from cpd.auth.factors.forms import NameForm
from cpd.auth.factors.services import LastFactor, NothingThere
from cpd.auth.factors.views import OTHERS_ENDED, OVERVIEW, added, new_codes, removing_page
from cpd.auth.forms import CodeForm, ProofForm, SignInForm
from cpd.auth.kept import FIELD
from cpd.auth.models import EventKind
from cpd.auth.passkeys import services
from cpd.auth.passkeys.places import Answer, NotReadable, Place, place_of
from cpd.auth.passkeys.services import PasskeyRefused
from cpd.auth.proving.views import again_page, begin_again, go_on, proved, step_page
from cpd.auth.signing_in import Progress, Proof
from cpd.auth.throttle import TooManyTries
from cpd.auth.tokens import token_hash
from cpd.db import db
from cpd.web import clock, cookies, messages
from cpd.web.addresses import own_path

bp = Blueprint("passkeys", __name__, url_prefix="/auth/passkeys")

# What a challenge is for.
SIGNING_IN, STEP, AGAIN, ADDING = "passkey-sign-in", "passkey-step", "passkey-again", "passkey-add"
NO_PLACE = "Passkeys need an https address with a name. They do not work at this one."


@bp.post("/sign-in/options")
def sign_in_options() -> ResponseReturnValue:
    """What a browser is asked for signing in with a passkey alone: any that it has for this site."""
    return _options(SIGNING_IN, account_id=None, existing=())


@bp.post("/sign-in")
def sign_in() -> ResponseReturnValue:
    """Sign in with a passkey alone: unlocked by its owner, it counts for both factors."""
    wanted, kept = request.form.get("next", ""), request.form.get(FIELD, "")
    try:
        account_id = _account_proved(SIGNING_IN, account_id=None, kind=EventKind.SIGN_IN_FAILED)
    except (PasskeyRefused, TooManyTries) as fault:
        page = access.sign_in_page(SignInForm(formdata=None), _words(fault), wanted=wanted, kept=kept)
        return page, *_status(fault)
    return go_on(Progress(account_id, (Proof.PASSKEY,), wanted=wanted, kept=kept), now=clock.now())


@bp.post("/two-factor/options")
def step_options() -> ResponseReturnValue:
    """What a browser is asked for as the step after the password: a passkey of the account."""
    progress = signing_in.in_progress(clock.now())
    if progress is None:
        return jsonify(words=services.TOO_LATE), 403
    return _options(STEP, account_id=progress.account_id, existing=queries.passkeys_of(progress.account_id))


@bp.post("/two-factor")
def show() -> ResponseReturnValue:
    """Take a passkey as the second factor, and go on with signing in."""
    now = clock.now()
    progress = signing_in.in_progress(now)
    if progress is None:
        return begin_again()
    try:
        _account_proved(STEP, account_id=progress.account_id, kind=EventKind.SIGN_IN_FAILED)
    except (PasskeyRefused, TooManyTries) as fault:
        return step_page(progress, CodeForm(formdata=None), _words(fault)), *_status(fault)
    return go_on(progress.with_proof(Proof.PASSKEY), now=now)


@bp.post("/again/options")
@learner_required
def again_options(learner: Learner) -> ResponseReturnValue:
    """What a browser is asked so that somebody who is signed in proves who they are."""
    return _options(AGAIN, account_id=learner.id, existing=queries.passkeys_of(learner.id))


@bp.post("/again")
@learner_required
def prove(learner: Learner) -> ResponseReturnValue:
    """Take a passkey from somebody who is signed in, and go on with what was asked for."""
    try:
        _account_proved(AGAIN, account_id=learner.id, kind=EventKind.PROOF_FAILED)
    except (PasskeyRefused, TooManyTries) as fault:
        return again_page(ProofForm(formdata=None), _words(fault)), *_status(fault)
    return proved(learner, Proof.PASSKEY, now=clock.now())


@bp.get("/add")
@proof_required
def adding(learner: Learner) -> ResponseReturnValue:
    """Offer to make a passkey."""
    number = len(queries.passkeys_of(learner.id)) + 1
    return _adding_page(NameForm(formdata=None, name=f"Passkey {number}"))


@bp.post("/add/options")
@learner_required
def adding_options(learner: Learner) -> ResponseReturnValue:
    """What a browser is asked so that it makes a passkey."""
    return _options(ADDING, account_id=learner.id, existing=queries.passkeys_of(learner.id), learner=learner)


@bp.post("/add")
@proof_required
def add(learner: Learner) -> ResponseReturnValue:
    """Add the passkey that a browser has made."""
    from cpd.auth.passkeys import ceremony

    form = NameForm(request.form)
    if not form.validate():
        return _adding_page(form), 422
    codes, hashes = new_codes()
    try:
        answer = ceremony.read_new(request.form.get("credential", ""))
        first = services.add_passkey(
            answer,
            _place(),
            purpose=ADDING,
            account_id=learner.id,
            session_id=learner.session_id,
            browser=_browser(),
            name=form.name.data or "",
            code_hashes=hashes,
            now=clock.now(),
        )
    except NotReadable:
        return _adding_page(form, services.NOT_VERIFIED), 422
    except PasskeyRefused as fault:
        db.session.commit()
        return _adding_page(form, str(fault)), 422
    db.session.commit()
    return added("Your passkey is set up", codes if first else ())


@bp.get("/<id:number>")
@learner_required
def passkey(learner: Learner, number: int) -> ResponseReturnValue:
    """Show one passkey and let it be renamed."""
    row = _own(learner, number)
    return _passkey_page(learner, row, NameForm(formdata=None, name=row.name))


@bp.post("/<id:number>")
@learner_required
def rename(learner: Learner, number: int) -> ResponseReturnValue:
    """Give a passkey another name."""
    row, form = _own(learner, number), NameForm(request.form)
    if not form.validate():
        return _passkey_page(learner, row, form), 422
    try:
        services.rename_passkey(learner.id, number, form.name.data or "", now=clock.now())
    except NothingThere:
        abort(404)
    db.session.commit()
    messages.leave(messages.Message("The passkey has its new name."))
    return redirect(OVERVIEW, 303)


@bp.get("/<id:number>/remove")
@proof_required
def removing(learner: Learner, number: int) -> ResponseReturnValue:
    """Ask whether a passkey is to be removed."""
    return removing_page(f"the passkey “{_own(learner, number).name}”")


@bp.post("/<id:number>/remove")
@proof_required
def remove(learner: Learner, number: int) -> ResponseReturnValue:
    """Remove a passkey."""
    name = _own(learner, number).name
    try:
        services.remove_passkey(learner.id, learner.session_id, number, now=clock.now())
    except LastFactor as fault:
        db.session.rollback()
        return removing_page(f"the passkey “{name}”", str(fault)), 409
    except NothingThere:
        abort(404)
    db.session.commit()
    messages.leave(messages.Message(f"The passkey “{name}” is removed. {OTHERS_ENDED}"))
    return redirect(OVERVIEW, 303)


def _options(
    purpose: str, *, account_id: int | None, existing: Sequence[Row[Any]], learner: Learner | None = None
) -> ResponseReturnValue:
    """Options with a new challenge as JSON; words where there are none."""
    from cpd.auth.passkeys import ceremony

    place, now = _place_here(), clock.now()
    if place is None:
        return jsonify(words=NO_PLACE), 409
    try:
        throttle.spend(doors.challenge_buckets(), now=now)
    except TooManyTries as fault:
        return jsonify(words=fault.description), 429
    challenge = services.challenge(purpose, account_id=account_id, browser=_browser(), now=now)
    db.session.commit()
    if learner is None:
        return jsonify(ceremony.asking_for_one(place, challenge=challenge, existing=existing))
    return jsonify(
        ceremony.asking_for_a_new_one(
            place,
            challenge=challenge,
            site_name=current_app.config["SETTINGS"].site_name,
            account_id=learner.id,
            email=learner.email,
            name=learner.name,
            existing=existing,
        )
    )


def _account_proved(purpose: str, *, account_id: int | None, kind: EventKind) -> int:
    """The account whose passkey this request proves. What is refused is noted and committed."""
    now = clock.now()
    buckets = doors.passkey_buckets() if account_id is None else doors.second_factor_buckets(account_id)
    spent = throttle.spend(buckets, now=now)
    try:
        owner = services.use_passkey(
            _answer(), _place(), purpose=purpose, account_id=account_id, browser=_browser(), now=now
        )
    except PasskeyRefused as fault:
        detail = {"step": "passkey", "reason": fault.reason, **signing_in.origin()}
        note(kind, account_id=fault.account_id, now=now, **detail)
        db.session.commit()
        raise
    throttle.give_back(spent, now=now)
    return owner


def _answer() -> Answer:
    from cpd.auth.passkeys import ceremony

    try:
        return ceremony.read_used(request.form.get("credential", ""))
    except NotReadable:
        raise PasskeyRefused(services.NOT_VERIFIED, reason="not readable") from None


def _place_here() -> Place | None:
    """The place that passkeys have at the address of this request; None where the site is known by another one."""
    site_url, here = current_app.config["SETTINGS"].site_url, place_of(request.host_url)
    return here if not site_url or place_of(site_url) == here else None


def _place() -> Place:
    place = _place_here()
    if place is None:
        raise PasskeyRefused(NO_PLACE, reason="no place for passkeys")
    return place


def _browser() -> str:
    """What only this browser has: no other one may answer its challenge."""
    return token_hash(cookies.sent_token() or "")


def _own(learner: Learner, number: int) -> Row[Any]:
    """A passkey of the learner; 404 for any other number."""
    return next((row for row in queries.passkeys_of(learner.id) if row.id == number), None) or abort(404)


def _adding_page(form: NameForm, refusal: str = "") -> str:
    wanted = own_path(request.values.get("next", ""), OVERVIEW)
    return render_template(
        "passkeys/add.html", form=form, refusal=refusal, next=wanted, no_place="" if _place_here() else NO_PLACE
    )


def _passkey_page(learner: Learner, row: Row[Any], form: NameForm) -> str:
    return render_template("passkeys/passkey.html", passkey=row, form=form, zone=ZoneInfo(learner.zone))


def _words(fault: PasskeyRefused | TooManyTries) -> str:
    return str(fault.description) if isinstance(fault, TooManyTries) else str(fault)


def _status(fault: PasskeyRefused | TooManyTries) -> tuple[int, dict[str, str]]:
    return (429, {"Retry-After": str(fault.wait)}) if isinstance(fault, TooManyTries) else (422, {})
