"""Signing in with the provider of OpenID Connect that the settings name, and linking accounts with it."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from urllib.parse import quote
from zoneinfo import ZoneInfo

from flask import Blueprint, current_app, redirect, render_template, request
from flask.typing import ResponseReturnValue

from cpd.auth import access, doors, passwords, services, signing_in, throttle, tokens
from cpd.auth import queries as accounts
from cpd.auth.access import Learner, learner_required, proof_required
from cpd.auth.events import note
from cpd.auth.forms import ProofForm, SignInForm
from cpd.auth.kept import FIELD, kept_form
from cpd.auth.models import EventKind
from cpd.auth.sign_on import asking, linking, provider, queries
from cpd.auth.sign_on import services as links
from cpd.auth.sign_on.asking import Question
from cpd.auth.sign_on.fault import ProviderFault
from cpd.auth.sign_on.forms import RegisterFromProviderForm
from cpd.auth.sign_on.identity import Identity
from cpd.auth.sign_on.linking import Waiting
from cpd.auth.signing_in import Progress, Proof
from cpd.db import db
from cpd.settings import Settings
from cpd.web import clock, cookies
from cpd.web.addresses import own_path
from cpd.web.turns import others_first

bp = Blueprint("single_sign_on", __name__, url_prefix="/auth/single-sign-on")
log = logging.getLogger("cpd")

LONGEST_CODE = 2_000  # characters
KEPT = "sign-on-kept"  # the purpose of a token of a form that waits


class Why(StrEnum):
    """Why somebody who came from the provider is not signed in. Stands in an address."""

    CANCELLED = "cancelled"
    STALE = "stale"
    PROVIDER = "provider"
    UNVERIFIED = "unverified"
    DISABLED = "disabled"
    BUSY = "busy"


@dataclass(frozen=True)
class Words:
    """What the page says then; {} is the provider's name. `again`: whether trying again may help."""

    title: str
    text: str
    again: bool = True


WORDS = {
    Why.CANCELLED: Words("You are not signed in", "Signing in with {} was cancelled."),
    Why.STALE: Words(
        "You are not signed in", "Signing in with {} took longer than ten minutes, or was finished already."
    ),
    Why.PROVIDER: Words("Signing in with {} does not work just now", "The fault is not yours. Try again in a minute."),
    Why.UNVERIFIED: Words(
        "{} does not confirm your e-mail address",
        "Without a confirmed address we cannot tell which account is yours. Ask the people there who look after yours.",
        again=False,
    ),
    Why.DISABLED: Words("This account is disabled", "Ask whoever runs this site.", again=False),
    Why.BUSY: Words("Many people are signing in just now", "Wait a minute, then try again."),
}


@bp.get("/start")
def start() -> ResponseReturnValue:
    """Send a browser to the provider. Who is signed in goes there to link the account."""
    wanted = request.args.get("next", "")
    try:
        return redirect(_address_at_provider(wanted, kept=""), 303)
    except _NotNow as fault:
        return _failed(fault.why, own_path(wanted))


@bp.post("/start")
def start_with_form() -> ResponseReturnValue:
    """Show the way to the provider, while a form waits: what answers a form must not lead to another site."""
    wanted, sent = request.form.get("next", ""), request.form.get(FIELD, "")
    kept = sent if kept_form(sent) else ""
    try:
        address = _address_at_provider(wanted, kept=kept)
    except _NotNow as fault:
        return _sign_in_page(fault.why, wanted, kept), 503
    return render_template("sign_on/start.html", address=address)


@bp.get("/callback")
def callback() -> ResponseReturnValue:
    """Take what a browser brings back from the provider. Its address holds a code, so it always leads elsewhere."""
    now = clock.now()
    question = asking.take(request.args.get("state"), now=now)
    db.session.commit()
    if question is None:
        return _failed(Why.STALE)
    try:
        identity = _identity(question, now)
        return _let_on(identity, question, now)
    except _NotNow as fault:
        if fault.why is not Why.CANCELLED:
            detail = {"proof": Proof.SIGN_ON, "why": fault.why, **signing_in.origin()}
            note(EventKind.SIGN_IN_FAILED, account_id=fault.account_id, now=now, **detail)
            db.session.commit()
        if question.kept:
            _keep(question.kept, account_id=None, now=now)
        return _failed(fault.why, question.wanted)


@bp.get("/failed")
def failed() -> ResponseReturnValue:
    """Say why somebody is not signed in, and what to do. A form that waits is offered with the password."""
    asked, wanted = request.args.get("why", ""), own_path(request.args.get("next", ""))
    why = Why(asked) if asked in list(Why) else Why.STALE
    if kept := _kept(account_id=None):
        return _sign_in_page(why, wanted, kept)
    words, name = WORDS[why], _settings().sign_on_name
    return render_template(
        "sign_on/failed.html",
        title=words.title.format(name),
        text=words.text.format(name),
        again=words.again,
        next_query=quote(wanted, safe="/"),
    )


@bp.get("/kept")
@learner_required
def kept(learner: Learner) -> ResponseReturnValue:
    """Show the form that waited while somebody signed in with the provider."""
    form = kept_form(_kept(account_id=learner.id))
    if form is None:
        return redirect("/")
    return render_template("auth/go_on.html", kept=form)


@bp.get("/link")
def ask_whose() -> ResponseReturnValue:
    """Ask for the password of the account that has the address which the provider has verified."""
    waits = linking.waiting(clock.now())
    if waits is None:
        return _failed(Why.STALE)
    return _link_page(ProofForm(formdata=None), waits)


@bp.post("/link")
def link() -> ResponseReturnValue:
    """Take the password, once, and go on with signing in; the account is linked when that is done."""
    form, now = ProofForm(request.form), clock.now()
    waits = linking.waiting(now)
    account = accounts.find_account(waits.email.canon) if waits else None
    if waits is None or account is None:
        return _failed(Why.STALE)
    if not form.validate():
        return _link_page(form, waits), 422
    try:
        spent = throttle.spend(doors.password_buckets(waits.email.canon, account.id), now=now)
    except throttle.TooManyTries as fault:
        return _link_page(form, waits, str(fault.description)), 429, {"Retry-After": str(fault.wait)}
    own = doors.is_own_browser(account.id)
    if not passwords.of_this_app().fits(form.password.data or "", account.password_hash, own_browser=own):
        note(EventKind.SIGN_IN_FAILED, account_id=account.id, now=now, **signing_in.origin())
        db.session.commit()
        form.refuse()
        return _link_page(form, waits), 422
    doors.password_was_right(spent, email_canon=waits.email.canon, now=now)
    linking.belongs_to(account.id, waits)
    try:
        return signing_in.go_on(_progress(account.id, waits), now=now)
    except signing_in.Refused as fault:
        return _link_page(form, waits, str(fault)), 403


@bp.get("/register")
def register() -> ResponseReturnValue:
    """Show the form of a new account to somebody whom the provider knows and this site does not."""
    waits = linking.waiting(clock.now())
    if waits is None:
        return _failed(Why.STALE)
    return _register_page(_register_form(waits))


@bp.post("/register")
def create() -> ResponseReturnValue:
    """Register, and sign in at once; the account is linked with the provider."""
    now = clock.now()
    waits = linking.waiting(now)
    if waits is None:
        return _failed(Why.STALE)
    form = _register_form(waits)
    if not form.validate():
        return _register_page(form), 422
    try:
        throttle.spend(doors.register_buckets(), now=now)
    except throttle.TooManyTries as fault:
        return _register_page(form, str(fault.description)), 429, {"Retry-After": str(fault.wait)}
    password_hash = passwords.of_this_app().hash(form.password.data or "")
    try:
        account_id = services.create_account(
            form.person(),
            password_hash=password_hash,
            zone=_settings().timezone,
            consents=signing_in.documents(),
            now=now,
            confirmed=True,
        )
    except services.AddressTaken:
        db.session.rollback()
        return redirect("/auth/single-sign-on/link", 303)
    linking.belongs_to(account_id, waits)
    return signing_in.let_in(_progress(account_id, waits), now=now, new_account=True)


@bp.get("")
@learner_required
def account(learner: Learner) -> ResponseReturnValue:
    """Show whether the account is linked with the provider."""
    return _account_page(learner)


@bp.post("/unlink")
@proof_required
def unlink(learner: Learner) -> ResponseReturnValue:
    """Part the account from the provider: its password is left."""
    settings = _settings()
    links.unlink(
        learner.id,
        settings.sign_on_issuer,
        session_id=learner.session_id,
        provider=settings.sign_on_name,
        now=clock.now(),
    )
    db.session.commit()
    return redirect("/auth/single-sign-on", 303)


class _NotNow(Exception):
    """Somebody cannot be signed in."""

    def __init__(self, why: Why, account_id: int | None = None) -> None:
        super().__init__(why)
        self.why = why
        self.account_id = account_id


def _address_at_provider(wanted: str, *, kept: str) -> str:
    """Where the provider asks who somebody is; commits. Raises _NotNow."""
    now = clock.now()
    try:
        throttle.spend(doors.sign_on_buckets(), now=now)
    except throttle.TooManyTries:
        raise _NotNow(Why.BUSY) from None
    site = provider.of_this_app()
    try:
        with others_first():
            site.description(now)
        question = asking.ask(wanted=wanted, kept=kept, now=now)
        address = site.authorization_url(question, now=now)
    except ProviderFault as fault:
        raise _faulty(fault) from None
    db.session.commit()
    return address


def _identity(question: Question, now: datetime) -> Identity:
    """Who came back from the provider. Raises _NotNow."""
    site, given = provider.of_this_app(), request.args
    try:
        site.check_answer(given.get("iss"), now=now)
        if "error" in given:
            if given["error"] == "access_denied":
                raise _NotNow(Why.CANCELLED)
            raise ProviderFault("it answers a visitor with an error")
        code = given.get("code", "")
        if not 1 <= len(code) <= LONGEST_CODE:
            raise ProviderFault("it answers a visitor without a code")
        with others_first():
            return site.identity(code, question, now=now)
    except ProviderFault as fault:
        raise _faulty(fault) from None


def _faulty(fault: ProviderFault) -> _NotNow:
    log.warning("single sign-on failed: %s", fault)
    return _NotNow(Why.PROVIDER)


def _let_on(identity: Identity, question: Question, now: datetime) -> ResponseReturnValue:
    """Sign in whoever is linked; else find out whose the identity is. Raises _NotNow."""
    account_id = queries.find_account(identity.issuer, identity.subject)
    if account_id is not None:
        return _sign_in(account_id, identity, question, now)
    if identity.email is None:
        raise _NotNow(Why.UNVERIFIED)
    linking.wait(identity, identity.email, wanted=question.wanted, kept=question.kept, now=now)
    db.session.commit()
    known = accounts.find_account(identity.email.canon) is not None
    return redirect(f"/auth/single-sign-on/{'link' if known else 'register'}", 303)


def _sign_in(account_id: int, identity: Identity, question: Question, now: datetime) -> ResponseReturnValue:
    links.note_use(identity.issuer, identity.subject, now=now)
    progress = Progress(account_id, (Proof.SIGN_ON,), wanted=question.wanted, kept=question.kept)
    try:
        answer = signing_in.go_on(progress, now=now)
    except signing_in.Refused:
        db.session.rollback()
        raise _NotNow(Why.DISABLED, account_id) from None
    if not isinstance(answer, str):
        return answer
    _keep(question.kept, account_id=account_id, now=now)  # its page must not stand at the address with the code
    return redirect("/auth/single-sign-on/kept", 303)


def _keep(kept: str, *, account_id: int | None, now: datetime) -> None:
    """Let a form wait in this browser, for an account or for whoever signs in; commits."""
    lifetime = signing_in.LASTS
    token = tokens.issue(KEPT, account_id=account_id, detail={"kept": kept}, now=now, lifetime=lifetime)
    db.session.commit()
    cookies.put(asking.COOKIE, token, max_age=int(lifetime.total_seconds()))


def _kept(*, account_id: int | None) -> str:
    """The form that waits in this browser for the account, or for whoever signs in."""
    row = tokens.find(KEPT, cookies.value_of(asking.COOKIE), now=clock.now())
    return str(row.detail["kept"]) if row is not None and row.account_id == account_id else ""


def _progress(account_id: int, waits: Waiting) -> Progress:
    """Where somebody stands whom the provider knows and who has shown the account's password."""
    return Progress(account_id, (Proof.SIGN_ON, Proof.PASSWORD), wanted=waits.wanted, kept=waits.kept)


def _failed(why: Why, wanted: str = "") -> ResponseReturnValue:
    query = f"?why={why}&next={quote(wanted, safe='/')}" if wanted else f"?why={why}"
    return redirect(f"/auth/single-sign-on/failed{query}", 303)


def _sign_in_page(why: Why, wanted: str, kept: str) -> str:
    """The page for signing in with a password, which carries the form that waits."""
    refusal = f"{WORDS[why].title}. {WORDS[why].text}".format(*[_settings().sign_on_name] * 2)
    return access.sign_in_page(SignInForm(formdata=None), refusal, wanted=wanted, kept=kept)


def _link_page(form: ProofForm, waits: Waiting, refusal: str = "") -> str:
    return render_template("sign_on/link.html", form=form, refusal=refusal, email=waits.email.typed)


def _register_form(waits: Waiting) -> RegisterFromProviderForm:
    return RegisterFromProviderForm(
        request.form if request.method == "POST" else None,
        waits=waits,
        provider=_settings().sign_on_name,
        site_name=_settings().site_name,
        versions=signing_in.documents(),
    )


def _register_page(form: RegisterFromProviderForm, refusal: str = "") -> str:
    return render_template("sign_on/register.html", form=form, refusal=refusal)


def _account_page(learner: Learner) -> str:
    link = queries.link_of(learner.id, _settings().sign_on_issuer)
    return render_template("sign_on/account.html", link=link, zone=ZoneInfo(learner.zone))


def _settings() -> Settings:
    settings: Settings = current_app.config["SETTINGS"]
    return settings
