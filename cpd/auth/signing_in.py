"""The steps of signing in: who has proved enough is let in, others are led to the next step.

A step that is done is kept in a token of the browser, and the session begins after the last one: a half-signed-in
browser has no session at all.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from flask import redirect, render_template, request
from flask.typing import ResponseReturnValue
from sqlalchemy import Row

from cpd.auth import access, known, queries, services, tokens
from cpd.auth.by_mail import links
from cpd.auth.kept import kept_form
from cpd.auth.sessions import LONGEST
from cpd.db import db
from cpd.forms import text_of
from cpd.pages.queries import versions
from cpd.web import cookies, messages
from cpd.web.addresses import own_path
from cpd.web.messages import Message

COOKIE = "cpd_sign_in"
PURPOSE = "sign-in"
LASTS = timedelta(minutes=15)
LONGEST_USER_AGENT = 200  # characters
PASSWORD_TOO_SHORT = "Two-step sign-in is off, so your password is too short now. Choose a longer one."  # noqa: S105
CONSENT_TO = {"terms": "Terms of use", "privacy": "Privacy"}


class Proof(StrEnum):
    """What somebody has shown to be who they are."""

    PASSWORD = "password"  # noqa: S105  # a word, not a secret
    MAIL = "mail"
    SIGN_ON = "sign_on"
    APP = "app"
    PASSKEY = "passkey"  # unlocked by its owner, so that it counts for both factors
    RECOVERY_CODE = "recovery_code"


SECOND = {Proof.APP, Proof.PASSKEY, Proof.RECOVERY_CODE}


@dataclass(frozen=True)
class Progress:
    """How far somebody has come: their account, what they proved, where they want to go, and a form that waits."""

    account_id: int
    proofs: tuple[Proof, ...]
    wanted: str = ""
    kept: str = ""

    def with_proof(self, proof: Proof) -> Progress:
        return replace(self, proofs=(*self.proofs, proof))

    @property
    def second_factor(self) -> bool:
        return bool(SECOND & set(self.proofs))


class Refused(Exception):
    """The account may not be signed in to; the text says why."""


def in_progress(now: datetime) -> Progress | None:
    """How far this browser has come with signing in, if it has begun and not ended."""
    found = tokens.find(PURPOSE, cookies.value_of(COOKIE), now=now)
    return progress_in(found) if found else None


def progress_in(token: Row[Any]) -> Progress | None:
    """How far somebody has come who was given this token, if it keeps that."""
    if token.account_id is None or "proofs" not in token.detail:
        return None
    proofs = tuple(Proof(proof) for proof in token.detail["proofs"])
    return Progress(token.account_id, proofs, token.detail["wanted"], token.detail["kept"])


def go_on(
    progress: Progress, *, now: datetime, new_account: bool = False, new_password: bool = False
) -> ResponseReturnValue:
    """Lead to the next step or, when none is left, let in; commits. Raises Refused for an account that is disabled.

    new_account: it was made just now, so nobody is told of a new device. new_password: it was chosen just now.
    """
    standing = queries.standing_of(progress.account_id)
    if standing is None or standing.disabled_at or standing.deleted_at:
        raise Refused("This account is disabled. Ask whoever runs this site.")
    tokens.take(PURPOSE, cookies.value_of(COOKIE), now=now)
    step = next_step(progress, standing, outdated=outdated_documents(progress.account_id))
    if step is None:
        if standing.short_password and not (new_password or standing.has_app or standing.passkeys):
            return _ask_for_new_password(progress, now=now)
        return let_in(progress, now=now, new_account=new_account)
    token = _token(PURPOSE, progress, now)
    db.session.commit()
    cookies.put(COOKIE, token, max_age=int(LASTS.total_seconds()))
    return redirect(step, 303)


def _ask_for_new_password(progress: Progress, *, now: datetime) -> ResponseReturnValue:
    """Lead to where a password is set anew; nobody is let in before that."""
    token = _token(tokens.RESET, progress, now)
    db.session.commit()
    links.bring(token)
    messages.leave(Message(PASSWORD_TOO_SHORT))
    return redirect("/auth/reset/new", 303)


def _token(purpose: str, progress: Progress, now: datetime) -> str:
    """A token that keeps how far somebody has come. The caller commits."""
    detail = {"proofs": list(progress.proofs), "wanted": progress.wanted, "kept": progress.kept}
    return tokens.issue(purpose, account_id=progress.account_id, detail=detail, now=now, lifetime=LASTS)


def next_step_of(progress: Progress) -> str | None:
    """The address of what is still to be done by somebody who signs in, or None."""
    standing = queries.standing_of(progress.account_id)
    return standing and next_step(progress, standing, outdated=outdated_documents(progress.account_id))


def next_step(progress: Progress, standing: Row[Any], *, outdated: dict[str, str]) -> str | None:
    """The address of what is still to be done, or None.

    standing: the account as (has_app, passkeys, …); outdated: the documents to agree to, slug → version.
    """
    if (standing.has_app or standing.passkeys) and not progress.second_factor:
        return "/auth/two-factor"
    return "/auth/agree" if outdated else None


def outdated_documents(account_id: int) -> dict[str, str]:
    """The documents of which the account has not agreed to today's version, slug → version."""
    agreed = {(consent.document, consent.version) for consent in queries.consents_of(account_id)}
    return {slug: version for slug, version in documents().items() if (slug, version) not in agreed}


def documents() -> dict[str, str]:
    """What a learner consents to, with its version of today."""
    return {slug: version for slug, version in versions().items() if slug in CONSENT_TO}


def let_in(progress: Progress, *, now: datetime, new_account: bool = False) -> ResponseReturnValue:
    """Begin a session with a new token, commit, and go where the visitor wanted to."""
    token = services.sign_in(
        progress.account_id,
        **origin(),
        second_factor=progress.second_factor,
        new_device=not new_account and not known.is_known(progress.account_id),
        now=now,
        replaces=cookies.sent_token(),
        proofs=progress.proofs,
    )
    carried = access.carried()
    for each in carried:
        each.take(progress.account_id, now)
    db.session.commit()
    for each in carried:
        cookies.put(each.cookie, "")
    if cookies.value_of(COOKIE):
        cookies.put(COOKIE, "")
    cookies.put(cookies.SESSION, token, max_age=int(LONGEST.total_seconds()))
    known.remember(progress.account_id)
    access.confirm_professional()
    kept = kept_form(progress.kept)
    if kept:
        access.greet(token)
        return render_template("auth/go_on.html", kept=kept)
    return redirect(own_path(progress.wanted), 303)


def origin() -> dict[str, str]:
    """Where this request comes from: what the browser says it is, and its network address."""
    user_agent = text_of(request.user_agent.string)[:LONGEST_USER_AGENT]
    return {"user_agent": user_agent, "network": request.remote_addr or ""}


def after_proof(*, wanted: str, kept: str) -> ResponseReturnValue:
    """Go on with what was asked for before a learner proved once more who they are."""
    form = kept_form(kept)
    if form:
        return render_template("auth/go_on.html", kept=form)
    return redirect(own_path(wanted, "/auth/account"), 303)
