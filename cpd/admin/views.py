"""The pages of those who run the site: accounts, what was done to them, and who may do what.

No page here shows what a learner wrote, read or passed.
"""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from flask import Blueprint, abort, redirect, render_template, request
from flask.typing import ResponseReturnValue
from sqlalchemy import Row
from werkzeug.exceptions import Forbidden

from cpd.admin.forms import FactorsForm, PlainForm, RoleForm
from cpd.admin.rights import rights
from cpd.auth.access import Learner, proof_required, role_required
from cpd.auth.events import first_break
from cpd.auth.factors.services import reset_factors
from cpd.auth.managing import queries, services
from cpd.auth.models import Role
from cpd.auth.trail import queries as trail
from cpd.auth.trail.shown import shown
from cpd.db import LARGEST_ID, db
from cpd.forms import Form, text_of
from cpd.outbox.queries import given_up, waiting
from cpd.web import clock, messages
from cpd.web.messages import Message

bp = Blueprint("admin", __name__, url_prefix="/admin")

LONGEST_SEARCH = 254  # characters
STAFF = {role.value: f"{role.value.capitalize()}s" for role in list(Role)[1:]}


class OwnAccount(Forbidden):
    """An administrator cannot lock themselves out."""

    description = "You cannot do this to your own account. Ask another administrator."


administrator_required = role_required(Role.ADMINISTRATOR)


@bp.get("/")
@administrator_required
def accounts(learner: Learner) -> ResponseReturnValue:
    """Find accounts by name, e-mail address or role; without a search the newest come first."""
    wanted, role = text_of(request.args.get("q"))[:LONGEST_SEARCH], request.args.get("role", "")
    if role not in ("", *STAFF):
        abort(404)
    found = queries.accounts(wanted, role=Role(role) if role else None, after=_number("after"), limit=queries.PAGE + 1)
    more = len(found) > queries.PAGE
    going_on = {"q": wanted, "role": role, "after": found[queries.PAGE - 1].id} if more else {}
    return render_template(
        "admin/accounts.html",
        accounts=found[: queries.PAGE],
        wanted=wanted,
        role=role,
        staff=STAFF,
        next_url=f"/admin/?{urlencode({name: value for name, value in going_on.items() if value})}" if more else None,
        zone=learner.tz,
    )


@bp.get("/accounts/<id:account_id>")
@administrator_required
def account(account_id: int, learner: Learner) -> ResponseReturnValue:
    """Show who an account belongs to and what it signs in with."""
    return render_template(
        "admin/account.html", account=_account(account_id), own=account_id == learner.id, zone=learner.tz
    )


@bp.get("/accounts/<id:account_id>/events")
@administrator_required
def events(account_id: int, learner: Learner) -> ResponseReturnValue:
    """Show what happened to an account, newest first, and whether all of it is still there."""
    rows = trail.lines_of(account_id, before=_number("before"), limit=queries.PAGE + 1)
    more = len(rows) > queries.PAGE
    rows = rows[: queries.PAGE]
    return render_template(
        "admin/events.html",
        account=_account(account_id),
        lines=list(zip(shown(rows, learner.tz), (row.detail for row in rows), strict=True)),
        broken=first_break(trail.whole_trail_of(account_id)),
        next_url=f"{request.path}?before={rows[-1].number}" if more else None,
    )


@bp.get("/accounts/<id:account_id>/role")
@administrator_required
@proof_required
def role(account_id: int, learner: Learner) -> ResponseReturnValue:
    """Show the form of a role."""
    chosen = _others_account(account_id, learner)
    return _form_page("role", chosen, RoleForm(role=chosen.role))


@bp.post("/accounts/<id:account_id>/role")
@administrator_required
@proof_required
def change_role(account_id: int, learner: Learner) -> ResponseReturnValue:
    """Give an account another role."""
    chosen, form = _others_account(account_id, learner), RoleForm(request.form)
    if not form.validate():
        return _form_page("role", chosen, form), 422
    new = Role(form.role.data)
    services.change_role(account_id, new, by=_by(learner), now=clock.now())
    return _done(account_id, f"Role of {chosen.name}: {new.value}.")


@bp.get("/accounts/<id:account_id>/disable", defaults={"act": "disable"})
@bp.get("/accounts/<id:account_id>/enable", defaults={"act": "enable"})
@bp.get("/accounts/<id:account_id>/sessions", defaults={"act": "sessions"})
@administrator_required
@proof_required
def ask(account_id: int, act: str, learner: Learner) -> ResponseReturnValue:
    """Say what disabling or enabling an account, or ending its sessions, means."""
    return _form_page(act, _others_account(account_id, learner), PlainForm())


@bp.post("/accounts/<id:account_id>/disable")
@administrator_required
@proof_required
def disable(account_id: int, learner: Learner) -> ResponseReturnValue:
    """Let nobody sign in to an account."""
    chosen = _others_account(account_id, learner)
    services.disable(account_id, by=_by(learner), now=clock.now())
    return _done(account_id, f"The account of {chosen.name} is disabled.")


@bp.post("/accounts/<id:account_id>/enable")
@administrator_required
@proof_required
def enable(account_id: int, learner: Learner) -> ResponseReturnValue:
    """Let a disabled account be signed in to again."""
    chosen = _others_account(account_id, learner)
    services.enable(account_id, by=_by(learner), now=clock.now())
    return _done(account_id, f"{chosen.name} can sign in again.")


@bp.post("/accounts/<id:account_id>/sessions")
@administrator_required
@proof_required
def end_sessions(account_id: int, learner: Learner) -> ResponseReturnValue:
    """Sign an account out everywhere."""
    chosen = _others_account(account_id, learner)
    services.end_all_sessions(account_id, by=_by(learner), now=clock.now())
    return _done(account_id, f"{chosen.name} is signed out everywhere.")


@bp.get("/accounts/<id:account_id>/factors")
@administrator_required
@proof_required
def factors(account_id: int, learner: Learner) -> ResponseReturnValue:
    """Show the form for taking the second factor away."""
    return _form_page("factors", _others_account(account_id, learner), FactorsForm())


@bp.post("/accounts/<id:account_id>/factors")
@administrator_required
@proof_required
def take_factors_away(account_id: int, learner: Learner) -> ResponseReturnValue:
    """Let an account sign in without a second factor, so that its owner can set up a new one."""
    chosen, form = _others_account(account_id, learner), FactorsForm(request.form)
    if not form.validate():
        return _form_page("factors", chosen, form), 422
    reset_factors(account_id, by=_by(learner), identified=form.identified.data or "", now=clock.now())
    return _done(account_id, f"{chosen.name} can set up a new second factor.")


@bp.get("/outbox")
@administrator_required
def outbox(learner: Learner) -> ResponseReturnValue:
    """Show what waits to be done outside the database, such as mail, and what was given up."""
    return render_template(
        "admin/outbox.html", waiting=waiting(), given_up=given_up(), now=clock.now(), zone=learner.tz
    )


@bp.get("/rights")
@administrator_required
def who_may(learner: Learner) -> ResponseReturnValue:  # noqa: ARG001  # the same for every administrator
    """Show who may do what."""
    return render_template("admin/rights.html", rights=rights())


def _account(account_id: int) -> Row[Any]:
    found = queries.find_account(account_id)
    if found is None:
        abort(404)
    return found


def _others_account(account_id: int, learner: Learner) -> Row[Any]:
    """The account, which must not be the administrator's own."""
    found = _account(account_id)
    if account_id == learner.id:
        raise OwnAccount
    return found


def _form_page(act: str, chosen: Row[Any], form: Form) -> str:
    return render_template(f"admin/{act}.html", account=chosen, form=form)


def _done(account_id: int, text: str) -> ResponseReturnValue:
    db.session.commit()
    messages.leave(Message(text))
    return redirect(f"/admin/accounts/{account_id}", 303)


def _by(learner: Learner) -> str:
    return services.administrator(learner.id)


def _number(name: str) -> int | None:
    """A number of the query, or None. Anything else leads nowhere."""
    text = request.args.get(name)
    if text is None:
        return None
    if not (text.isascii() and text.isdigit()) or not 0 < int(text[:10]) <= LARGEST_ID:
        abort(404)
    return int(text[:10])
