"""Who is asking, and whether they may: the learner of a request and the decorators of views."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from functools import wraps
from typing import Any
from urllib.parse import quote

from flask import Flask, abort, g, redirect, render_template, request
from flask.typing import ResponseReturnValue
from flask_login import LoginManager  # type: ignore[import-untyped]  # ships no types

from cpd.auth import passwords, queries, sessions
from cpd.auth.models import Role
from cpd.web import clock, cookies

PROFESSIONAL = "cpd_professional"
CONFIRMED = "1"

View = Callable[..., ResponseReturnValue]
login_manager = LoginManager()


@dataclass(frozen=True, slots=True)
class Learner:
    """An account seen as one who learns."""

    id: int
    name: str
    email: str
    profession: str
    role: str
    zone: str
    signed_in_at: datetime

    is_authenticated = is_active = True  # Flask-Login asks for these
    is_anonymous = False

    def get_id(self) -> str:
        return str(self.id)

    @property
    def initials(self) -> str:
        """The first letters of the first and the last name."""
        names = self.name.split()
        return "".join(name[0] for name in names[:1] + names[1:][-1:]).upper()


def configure(app: Flask) -> None:
    """Set up Flask-Login on our own sessions, and the hashing of passwords."""
    login_manager.session_protection = None
    login_manager.request_loader(lambda _: current_learner())
    login_manager.unauthorized_handler(ask_to_sign_in)
    login_manager.init_app(app, add_context_processor=False)
    passwords.configure(app)


def current_learner() -> Learner | None:
    """Who is signed in, or None. One query a request, and none for a visitor without a session."""
    if "learner" not in g:
        g.learner = None  # if the database is away, the page that says so is drawn as for a visitor
        g.learner = _learner_of(cookies.sent_token())
    learner: Learner | None = g.learner
    return learner


def _learner_of(token: str | None) -> Learner | None:
    if token is None or token.startswith(cookies.ANONYMOUS):
        return None
    row = queries.find_session(token)
    now = clock.now()
    if row is None or not sessions.is_live(last_seen_at=row.last_seen_at, expires_at=row.expires_at, now=now):
        return None
    if now - row.last_seen_at >= sessions.SEEN_EVERY:
        sessions.note_seen(row.session_id, now=now)
    return Learner(row.id, row.name, row.email, row.profession, row.role, row.zone, row.signed_in_at)


def learner_required(view: View) -> View:
    """Pass `learner=` to the view; who is signed out is sent to sign in, and comes back to this address."""

    @wraps(view)
    def guarded(*arguments: Any, **keywords: Any) -> ResponseReturnValue:
        learner = current_learner()
        if learner is None:
            return login_manager.unauthorized()  # type: ignore[no-any-return]
        return view(*arguments, learner=learner, **keywords)

    return guarded


def role_required(*roles: Role) -> Callable[[View], View]:
    """Pass `learner=` to the view if they have one of the roles, else 403; who is signed out is sent to sign in."""

    def decorate(view: View) -> View:
        @wraps(view)
        def guarded(*arguments: Any, learner: Learner, **keywords: Any) -> ResponseReturnValue:
            if learner.role not in roles:
                abort(403)
            return view(*arguments, learner=learner, **keywords)

        return learner_required(guarded)

    return decorate


def professional_required(view: View) -> View:
    """Show the healthcare-professional notice instead of the view until it is confirmed, at the same address."""

    @wraps(view)
    def guarded(*arguments: Any, **keywords: Any) -> ResponseReturnValue:
        if cookies.value_of(PROFESSIONAL) == CONFIRMED or current_learner():
            return view(*arguments, **keywords)
        return render_template("auth/professional.html", next=asked_for())

    return guarded


def confirm_professional() -> None:
    """Remember in this browser that a healthcare professional uses it."""
    cookies.put(PROFESSIONAL, CONFIRMED)


def ask_to_sign_in() -> ResponseReturnValue:
    """Send a visitor to sign in. After a POST they come back to the page of the same address, if there is one."""
    return redirect(f"/auth/sign-in?next={quote(asked_for(), safe='/')}", 303 if request.method == "POST" else 302)


def asked_for() -> str:
    """The path and query of this request, encoded as in an address."""
    path = quote(request.path, safe="/:@!$&'()*+,;=~")
    query = request.query_string.decode("ascii", "replace")
    return f"{path}?{query}" if query else path
