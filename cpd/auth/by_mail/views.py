"""Pages that ask for a mail, and those that its links lead to: confirming a new account, and resetting a password.

A link shows a page with a button; only the button acts. Asking answers the same for every address.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from flask import Blueprint, abort, current_app, redirect, render_template, request
from flask.typing import ResponseReturnValue
from sqlalchemy import Row

from cpd.auth import doors, passwords, queries, signing_in, throttle, tokens
from cpd.auth.by_mail import links, services
from cpd.auth.by_mail.answers import REGISTERED_HERE, Refusal, sent, what_was_sent
from cpd.auth.by_mail.forms import AddressForm
from cpd.auth.by_mail.services import Registration
from cpd.auth.changing import services as changing
from cpd.auth.changing.forms import NewPasswordForm
from cpd.auth.changing.standing import has_second_factor, own_words_of
from cpd.auth.forms import ProofForm
from cpd.auth.services import AddressTaken
from cpd.auth.signing_in import Progress, Proof
from cpd.db import db
from cpd.web import clock, cookies
from cpd.web.messages import Message, leave

bp = Blueprint("by_mail", __name__, url_prefix="/auth")


@bp.get("/confirm")
def confirm() -> ResponseReturnValue:
    """Show what a link of a new account leads to: a button, and a field for the password in a strange browser."""
    if led := links.out_of_address():
        return led
    link, asked = _registration(clock.now())
    return _confirm_page(link, asked, ProofForm(formdata=None)) if link and asked else _gone("registration")


@bp.post("/confirm")
def create() -> ResponseReturnValue:
    """Make the account and sign in.

    Somebody may have registered with the address of another, who then presses the button. So a browser that did not
    register must show the password: who does not know it makes no account that a stranger could enter.
    """
    now = clock.now()
    link, asked = _registration(now)
    if link is None or asked is None:
        return _gone("registration")
    if not _is_same_browser(link):
        form = ProofForm(request.form)
        if refusal := _wrong_password(form, asked, now):
            return _confirm_page(link, asked, form, refusal)
    try:
        account_id = services.confirm_registration(links.brought(), now=now)
    except AddressTaken:
        db.session.rollback()
        return _gone("taken")
    if account_id is None:
        return _gone("registration")
    db.session.commit()
    links.forget()
    cookies.put(REGISTERED_HERE, "")
    progress = Progress(account_id, (Proof.PASSWORD, Proof.MAIL), wanted=asked.wanted)
    return signing_in.go_on(progress, now=now, new_account=True)


@bp.get("/reset")
def reset() -> ResponseReturnValue:
    """Ask whose password is to be set anew."""
    return _ask_page("reset", AddressForm(formdata=None))


@bp.post("/reset")
def ask_to_reset() -> ResponseReturnValue:
    """Let the owner of an address, if it has one, be sent a link."""
    return _ask("reset")


@bp.get("/resend")
def resend() -> ResponseReturnValue:
    """Ask where the mail is to go that confirms an address; who is signed in only presses a button."""
    return _ask_page("resend", AddressForm(formdata=None))


@bp.post("/resend")
def ask_to_resend() -> ResponseReturnValue:
    """Let the newest link be sent once more, if one waits for this address."""
    if not current_app.config["SETTINGS"].confirms_addresses:
        abort(404)
    return _ask("resend")


@bp.get("/sent")
def say_sent() -> ResponseReturnValue:
    """Say that a mail is on its way to the address that was typed."""
    asked = what_was_sent()
    if asked is None:
        return redirect("/")
    what, email = asked
    return render_template("by_mail/sent.html", what=what, email=email)


@bp.get("/reset/new")
def choose() -> ResponseReturnValue:
    """Ask for a new password, of somebody who has come by a link, or whose old one is too short for signing in."""
    if led := links.out_of_address():
        return led
    link = tokens.find(tokens.RESET, links.brought(), now=clock.now())
    owner = queries.owner_of(link.account_id) if link else None
    if link is None or owner is None:
        return _gone("reset")
    return _new_password_page(_new_password_form(link, owner, formdata=None), owner)


@bp.post("/reset/new")
def set_anew() -> ResponseReturnValue:
    """Set the password, end all sessions, and go on with signing in: a second factor is still asked for."""
    now = clock.now()
    link = tokens.find(tokens.RESET, links.brought(), now=now)
    owner = queries.owner_of(link.account_id) if link else None
    if link is None or owner is None:
        return _gone("reset")
    form = _new_password_form(link, owner, formdata=request.form)
    if not form.validate():
        return _new_password_page(form, owner), 422
    typed = form.password.data or ""
    password_hash = passwords.of_this_app().hash(typed)
    if tokens.take(tokens.RESET, links.brought(), now=now) is None:
        return _gone("reset")
    changing.change_password(link.account_id, typed, password_hash=password_hash, how="reset", now=now)
    progress = signing_in.progress_in(link) or Progress(link.account_id, (Proof.MAIL,))
    if Proof.MAIL in progress.proofs and current_app.config["SETTINGS"].confirms_addresses:
        changing.confirm_address(link.account_id, now=now)
    doors.password_was_reset(owner.email_canon, link.account_id)
    links.forget()
    try:
        answer = signing_in.go_on(progress, now=now, new_password=True)
    except signing_in.Refused:
        db.session.rollback()
        return _gone("reset")
    leave(Message("Your password is changed, and all other sessions were ended."))
    return answer


def _registration(now: datetime) -> tuple[Row[Any] | None, Registration | None]:
    """The link that this browser has brought, and the registration that it is for, if both still hold."""
    link = tokens.find(services.CONFIRMATION, links.brought(), now=now)
    return link, services.find_registration(link, now=now) if link else None


def _is_same_browser(link: Row[Any]) -> bool:
    """Whether this browser has registered what the link confirms."""
    token = cookies.value_of(REGISTERED_HERE)
    return token is not None and tokens.token_hash(token) == link.detail["registration"]


def _wrong_password(form: ProofForm, asked: Registration, now: datetime) -> Refusal | None:
    """Check the password of a registration; gives what to answer if it does not fit."""
    if not form.validate():
        return Refusal(422)
    canon = asked.person.email.canon
    try:
        spent = throttle.spend(doors.password_buckets(canon, None), now=now)
    except throttle.TooManyTries as fault:
        return Refusal(429, str(fault.description), fault.wait)
    if not passwords.of_this_app().fits(form.password.data or "", asked.password_hash):
        form.refuse()
        return Refusal(422)
    doors.password_was_right(spent, email_canon=canon, now=now)
    return None


def _confirm_page(
    link: Row[Any], asked: Registration, form: ProofForm, refusal: Refusal | None = None
) -> ResponseReturnValue:
    page = render_template(
        "by_mail/confirm.html",
        form=form,
        email=asked.person.email.typed,
        asks_password=not _is_same_browser(link),
        refusal=refusal.words if refusal else "",
    )
    return refusal.answer(page) if refusal else page


def _ask(what: str) -> ResponseReturnValue:
    """Write down what was asked for by mail. Nothing is looked up, so nobody learns which addresses are known."""
    form, now = AddressForm(request.form), clock.now()
    if not form.validate():
        return _ask_page(what, form), 422
    try:
        throttle.spend(doors.mail_buckets(), now=now)
    except throttle.TooManyTries as fault:
        return Refusal(429, "", fault.wait).answer(_ask_page(what, form, str(fault.description)))
    email = form.email.email
    ask_for_mail = services.ask_to_reset if what == "reset" else services.ask_to_resend
    ask_for_mail(email, is_due=doors.mail_is_due(email.canon, now=now), now=now)
    db.session.commit()
    return sent(what, email.typed)


def _ask_page(what: str, form: AddressForm, refusal: str = "") -> str:
    return render_template(f"by_mail/{what}.html", form=form, refusal=refusal)


def _new_password_form(link: Row[Any], owner: Row[Any], formdata: Any) -> NewPasswordForm:
    return NewPasswordForm(formdata, own=own_words_of(owner), beside_a_factor=has_second_factor(link.account_id))


def _new_password_page(form: NewPasswordForm, owner: Row[Any]) -> str:
    return render_template("by_mail/new_password.html", form=form, email=owner.email)


def _gone(what: str) -> ResponseReturnValue:
    """The page of a link that no longer holds."""
    return render_template("by_mail/gone.html", what=what), 410
