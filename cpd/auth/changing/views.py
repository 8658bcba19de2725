"""Changing the password and the e-mail address, of who is signed in and has shown just now who they are."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from flask import Blueprint, abort, current_app, redirect, render_template, request
from flask.typing import ResponseReturnValue
from sqlalchemy import Row

from cpd.auth import doors, passwords, queries, signing_in, throttle, tokens
from cpd.auth.access import Learner, learner_required, proof_required
from cpd.auth.by_mail import links
from cpd.auth.by_mail.answers import Refusal, sent
from cpd.auth.by_mail.services import ask_for_address
from cpd.auth.changing import services
from cpd.auth.changing.forms import ChangePasswordForm, NewAddressForm
from cpd.auth.changing.standing import has_second_factor, own_words_of
from cpd.auth.emails import Email
from cpd.auth.events import note
from cpd.auth.models import EventKind
from cpd.auth.notices import Notice, tell
from cpd.auth.services import AddressTaken
from cpd.db import db
from cpd.web import clock
from cpd.web.messages import Message, leave

bp = Blueprint("changing", __name__, url_prefix="/auth")


@bp.get("/password")
@proof_required
def password(learner: Learner) -> ResponseReturnValue:
    """Ask for the password and a new one."""
    return _password_page(_password_form(learner, _owner(learner), formdata=None))


@bp.post("/password")
@proof_required
def change_password(learner: Learner) -> ResponseReturnValue:
    """Change the password, and end all other sessions."""
    owner, now = _owner(learner), clock.now()
    form = _password_form(learner, owner, formdata=request.form)
    if not form.validate():
        return _password_page(form), 422
    try:
        spent = throttle.spend(doors.password_buckets(owner.email_canon, learner.id), now=now)
    except throttle.TooManyTries as fault:
        return Refusal(429, "", fault.wait).answer(_password_page(form, str(fault.description)))
    hasher, typed = passwords.of_this_app(), form.password.data or ""
    if not hasher.fits(form.old_password.data or "", queries.hash_of(learner.id)):
        note(EventKind.PROOF_FAILED, account_id=learner.id, now=now, **signing_in.origin())
        db.session.commit()
        form.refuse()
        return _password_page(form), 422
    password_hash = hasher.hash(typed)
    doors.password_was_right(spent, email_canon=owner.email_canon, now=now)
    services.change_password(
        learner.id, typed, password_hash=password_hash, but=learner.session_id, how="changed", now=now
    )
    db.session.commit()
    leave(Message("Your password is changed, and all other sessions were ended."))
    return redirect("/auth/account", 303)


@bp.get("/address")
@proof_required
def address(learner: Learner) -> ResponseReturnValue:
    """Ask for another e-mail address."""
    return _address_page(NewAddressForm(formdata=None), learner)


@bp.post("/address")
@proof_required
def change_address(learner: Learner) -> ResponseReturnValue:
    """Let the new address be sent a link; where no mail goes out, change it at once."""
    form, now = NewAddressForm(request.form), clock.now()
    if not form.validate():
        return _address_page(form, learner), 422
    try:
        throttle.spend([*doors.mail_buckets(), *doors.address_buckets(learner.id)], now=now)
    except throttle.TooManyTries as fault:
        return Refusal(429, "", fault.wait).answer(_address_page(form, learner, str(fault.description)))
    email = form.email.email
    if not current_app.config["SETTINGS"].confirms_addresses:
        return _change_at_once(form, learner, now)
    ask_for_address(learner.id, email, is_due=doors.mail_is_due(email.canon, now=now), now=now)
    note(EventKind.ADDRESS_CHANGE_ASKED, account_id=learner.id, now=now)
    tell(learner.id, Notice.ADDRESS_CHANGE_ASKED, to=learner.email, now=now)
    db.session.commit()
    return sent("address", email.typed)


@bp.post("/address/resend")
@learner_required
def ask_for_confirmation(learner: Learner) -> ResponseReturnValue:
    """Let the address of this account be sent a link that confirms it."""
    owner, now = _owner(learner), clock.now()
    if not current_app.config["SETTINGS"].confirms_addresses or owner.confirmed_at:
        abort(404)
    is_due = doors.mail_is_due(owner.email_canon, now=now)
    ask_for_address(learner.id, Email(owner.email, owner.email_canon), is_due=is_due, now=now)
    db.session.commit()
    return sent("confirmation", owner.email)


@bp.get("/address/confirm")
def led_here() -> ResponseReturnValue:
    """Take the token out of the address before anybody is asked to sign in."""
    return links.out_of_address() or show_new_address()


@learner_required
def show_new_address(learner: Learner) -> ResponseReturnValue:
    """Show the button that makes an address that of this account."""
    link = _link(learner, clock.now())
    return render_template("changing/confirm.html", email=link.detail["typed"]) if link else _gone()


@bp.post("/address/confirm")
@learner_required
def confirm_address(learner: Learner) -> ResponseReturnValue:
    """Make an address that of this account, confirmed."""
    now = clock.now()
    if _link(learner, now) is None or (link := tokens.take(services.ADDRESS, links.brought(), now=now)) is None:
        return _gone()
    owner = _owner(learner)
    email = Email(**link.detail)
    try:
        if email.canon == owner.email_canon:
            services.confirm_address(learner.id, now=now)
        else:
            services.change_address(learner.id, email, before=owner.email, confirmed=True, now=now)
    except AddressTaken:
        db.session.rollback()
        return _gone("taken")
    db.session.commit()
    links.forget()
    leave(Message(f"{email.typed} is the address of your account, and is confirmed."))
    return redirect("/auth/account", 303)


def _change_at_once(form: NewAddressForm, learner: Learner, now: datetime) -> ResponseReturnValue:
    try:
        services.change_address(learner.id, form.email.email, before=learner.email, confirmed=False, now=now)
    except AddressTaken:
        db.session.rollback()
        form.refuse_taken()
        return _address_page(form, learner), 422
    db.session.commit()
    leave(Message(f"{form.email.email.typed} is the address of your account now."))
    return redirect("/auth/account", 303)


def _owner(learner: Learner) -> Row[Any]:
    owner = queries.owner_of(learner.id)
    if owner is None:
        abort(404)
    return owner


def _link(learner: Learner, now: datetime) -> Row[Any] | None:
    """The link that this browser has brought, if it was made for the account that is signed in."""
    link = tokens.find(services.ADDRESS, links.brought(), now=now)
    return link if link and link.account_id == learner.id else None


def _password_form(learner: Learner, owner: Row[Any], formdata: Any) -> ChangePasswordForm:
    return ChangePasswordForm(formdata, own=own_words_of(owner), beside_a_factor=has_second_factor(learner.id))


def _password_page(form: ChangePasswordForm, refusal: str = "") -> str:
    return render_template("changing/password.html", form=form, refusal=refusal)


def _address_page(form: NewAddressForm, learner: Learner, refusal: str = "") -> str:
    owner, by_mail = _owner(learner), current_app.config["SETTINGS"].confirms_addresses
    return render_template("changing/address.html", form=form, owner=owner, by_mail=by_mail, refusal=refusal)


def _gone(what: str = "address") -> ResponseReturnValue:
    return render_template("by_mail/gone.html", what=what), 410
