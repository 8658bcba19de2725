"""Who is asking, and whether they may: the learner of a request and the decorators of views."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import wraps
from typing import Any
from urllib.parse import quote
from zoneinfo import ZoneInfo

from flask import Flask, Response, abort, current_app, g, redirect, render_template, request
from flask.typing import ResponseReturnValue
from flask_login import LoginManager  # type: ignore[import-untyped]  # ships no types

from cpd.auth import passwords, queries, sessions
from cpd.auth.forms import CodeForm, ProofForm, RecoveryForm, SignInForm
from cpd.auth.kept import keep_this_form
from cpd.auth.models import Role
from cpd.forms import Form
from cpd.web import clock, cookies
from cpd.web.addresses import own_path
from cpd.web.drawn import answer, gap

PROFESSIONAL = "cpd_professional"
CONFIRMED = "1"
FRESH = timedelta(minutes=15)  # how long a proof of who one is counts for what is sensitive
TITLES = {"dr", "mr", "mrs", "ms", "miss", "mx", "prof", "professor", "sir", "dame"}

View = Callable[..., ResponseReturnValue]
_UNKNOWN: Any = object()


class OurLoginManager(LoginManager):  # type: ignore[misc]  # it has no types
    """Flask-Login without its own cookie for being remembered, which it looks for at every answer."""

    def _update_remember_cookie(self, response: Response) -> Response:
        return response


login_manager = OurLoginManager()


@dataclass(frozen=True, slots=True)
class Learner:
    """An account seen as one who learns.

    `granted` is the role of the account. Beyond learning it counts only in a session with a second factor: `role`.
    """

    id: int
    name: str
    email: str
    profession: str
    granted: Role
    zone: str
    signed_in_at: datetime
    session_id: int
    second_factor: bool
    proved_at: datetime
    deletion_due_at: datetime | None = None  # the learner has asked for the account to be deleted then

    is_authenticated = is_active = True  # Flask-Login asks for these
    is_anonymous = False

    def get_id(self) -> str:
        return str(self.id)

    @property
    def role(self) -> Role:
        return self.granted if self.second_factor else Role.LEARNER

    @property
    def tz(self) -> ZoneInfo:
        """Where the learner is, for the times of their pages."""
        return ZoneInfo(self.zone)

    @property
    def initials(self) -> str:
        """The first letters of the first and the last name, whatever title stands before them."""
        names = [name for name in self.name.split() if name.rstrip(".").lower() not in TITLES] or self.name.split()
        return "".join(name[0] for name in names[:1] + names[1:][-1:]).upper()


@dataclass(frozen=True)
class TakenOver:
    """What a feature keeps in a cookie of those who are signed out, and how an account takes it over.

    `take` is called with the account's id and the time, in the transaction of signing in, and never commits. The
    cookie goes once that is committed.
    """

    cookie: str
    take: Callable[[int, datetime], None]


def configure(app: Flask, taken_over: Sequence[TakenOver]) -> None:
    """Set up Flask-Login on our own sessions, the hashing of passwords, and what is taken over on signing in."""
    app.extensions["taken_over"] = tuple(taken_over)
    login_manager.session_protection = None
    login_manager.request_loader(lambda _: current_learner())
    login_manager.unauthorized_handler(ask_to_sign_in)
    login_manager.init_app(app, add_context_processor=False)
    passwords.configure(app)


def current_learner() -> Learner | None:
    """Who is signed in, or None. One query a request, and none for a visitor without a session."""
    learner: Learner | None = g.get("learner", _UNKNOWN)
    if learner is _UNKNOWN:
        g.learner = None  # if the database is away, the page that says so is drawn as for a visitor
        learner = g.learner = _learner_of(cookies.sent_token())
    return learner


def _learner_of(token: str | None) -> Learner | None:
    if token is None or token.startswith(cookies.ANONYMOUS):
        return None
    row = queries.find_session(token)
    now = clock.now()
    if row is not None:
        g.release = row.release or 0
    if row is None or not sessions.is_live(last_seen_at=row.last_seen_at, expires_at=row.expires_at, now=now):
        return None
    if now - row.last_seen_at >= sessions.SEEN_EVERY:
        sessions.note_seen(row.session_id, now=now)
    return Learner(
        id=row.id,
        name=row.name,
        email=row.email,
        profession=row.profession,
        granted=Role(row.role),
        zone=row.zone,
        signed_in_at=row.signed_in_at,
        session_id=row.session_id,
        second_factor=row.second_factor,
        proved_at=row.proved_at or row.signed_in_at,
        deletion_due_at=row.deletion_due_at,
    )


def carried() -> list[TakenOver]:
    """What this browser carries of that which an account takes over."""
    known: tuple[TakenOver, ...] = current_app.extensions["taken_over"]
    return [each for each in known if cookies.value_of(each.cookie)]


def greet(token: str) -> None:
    """Draw the rest of this answer for the learner whose session has just begun."""
    g.learner = _learner_of(token)


def learner_required(view: View) -> View:
    """Pass `learner=` to the view; who is signed out is sent to sign in, and comes back to this address."""

    @wraps(view)
    def guarded(*arguments: Any, **keywords: Any) -> ResponseReturnValue:
        learner = current_learner()
        if learner is None:
            return login_manager.unauthorized()  # type: ignore[no-any-return]  # Flask-Login has no types
        return view(*arguments, **keywords | {"learner": learner})

    return guarded


def role_required(least: Role) -> Callable[[View], View]:
    """Pass `learner=` to the view if they have this role or a higher one; for others the address leads nowhere.

    Who has the role and has not shown a second factor is led to where that is done.
    """

    def guard(view: View) -> View:
        @wraps(view)
        def guarded(*arguments: Any, learner: Learner, **keywords: Any) -> ResponseReturnValue:
            return stand_in(learner, least) or view(*arguments, learner=learner, **keywords)

        return learner_required(guarded)

    return guard


def stand_in(learner: Learner, least: Role) -> ResponseReturnValue | None:
    """What is answered instead of a page that needs a role; None for whom it is.

    Raises a 404 for those without the role; who has it is led to the second factor without which it does not count.
    """
    if not learner.granted.includes(least):
        abort(404)
    return None if learner.second_factor else redirect(f"/auth/two-factor/needed?next={quote(asked_for(), safe='/')}")


def proof_required(view: View) -> View:
    """Pass `learner=` to the view if they have proved just now who they are; others are asked to, and come back.

    A form that is sent too late is kept meanwhile.
    """

    @wraps(view)
    def guarded(*arguments: Any, learner: Learner, **keywords: Any) -> ResponseReturnValue:
        if clock.now() - learner.proved_at <= FRESH:
            return view(*arguments, learner=learner, **keywords)
        if request.method == "POST":
            return proof_page(ProofForm(formdata=None), wanted=request.path, kept=keep_this_form()), 403
        return redirect(f"/auth/again?next={quote(asked_for(), safe='/')}")

    return learner_required(guarded)


def professional_required(view: View) -> View:
    """Show the healthcare-professional notice instead of the view until it is confirmed, at the same address."""

    @wraps(view)
    def guarded(*arguments: Any, **keywords: Any) -> ResponseReturnValue:
        if current_learner() or cookies.value_of(PROFESSIONAL) == CONFIRMED:
            return view(*arguments, **keywords)
        return render_template("auth/professional.html", next=asked_for())

    return guarded


def confirm_professional() -> None:
    """Remember in this browser that a healthcare professional uses it."""
    cookies.put(PROFESSIONAL, CONFIRMED)


def ask_to_sign_in() -> ResponseReturnValue:
    """Send a visitor to sign in. A form that came too late is kept in the sign-in page, which then answers here."""
    if request.method == "POST":
        return sign_in_page(SignInForm(formdata=None), wanted=request.path, kept=keep_this_form()), 403
    return redirect(f"/auth/sign-in?next={quote(asked_for(), safe='/')}")


def sign_in_page(form: SignInForm, refusal: str = "", *, wanted: str, kept: str) -> str:
    """The page for signing in; `kept` is a form to be sent once that is done."""
    wanted = own_path(wanted)
    return render_template("auth/sign_in.html", form=form, refusal=refusal, kept=kept, **_next(wanted))


def proof_page(form: Form, refusal: str = "", *, wanted: str, kept: str) -> str:
    """The page that asks who is signed in to prove it once more; `kept` is a form to be sent once that is done.

    form: the one that was sent, of those that the page offers: a password, or a second factor of the account.
    """
    learner = current_learner()
    standing = queries.standing_of(learner.id) if learner else None
    forms = [ProofForm(formdata=None), CodeForm(formdata=None), RecoveryForm(formdata=None)]
    password, code, recovery = (form if type(form) is type(empty) else empty for empty in forms)
    return render_template(
        "auth/again.html",
        form=form,
        password_form=password,
        code_form=code,
        recovery_form=recovery,
        standing=standing,
        refusal=refusal,
        kept=kept,
        **_next(own_path(wanted)),
    )


def empty_sign_in_page(*, wanted: str) -> Response:
    """The page for signing in, as it is first shown."""
    values = _next(own_path(wanted))
    return answer(
        "auth/sign_in.html",
        "empty",
        lambda: {"form": SignInForm(), "refusal": "", "kept": "", **{name: gap(name) for name in values}},
        **values,
    )


def _next(wanted: str) -> dict[str, str]:
    return {"next": wanted, "next_query": quote(wanted, safe="/")}


def asked_for() -> str:
    """The path and query of this request, encoded as in an address."""
    path = quote(request.path, safe="/:@!$&'()*+,;=~")
    query = request.query_string.decode("ascii", "replace")
    return f"{path}?{query}" if query else path
