"""The step of signing in that asks to agree to new versions of the terms of use and of the privacy page."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from flask import Blueprint, redirect, render_template, request
from flask.typing import ResponseReturnValue

from cpd.auth import queries, services, signing_in, tokens
from cpd.auth.agreeing.forms import AgreeForm
from cpd.auth.events import note
from cpd.auth.models import EventKind
from cpd.auth.signing_in import CONSENT_TO, Progress
from cpd.db import db
from cpd.web import clock, cookies

bp = Blueprint("agreeing", __name__, url_prefix="/auth/agree")

HERE = "/auth/agree"
View = Callable[..., ResponseReturnValue]


def at_this_step(view: View) -> View:
    """Pass `progress=` and `outdated=` (document → version) to the view of who has come as far as this step."""

    @wraps(view)
    def guarded() -> ResponseReturnValue:
        progress = signing_in.in_progress(clock.now())
        standing = queries.standing_of(progress.account_id) if progress else None
        if progress is None or standing is None:
            return redirect("/auth/sign-in?next=/", 303)
        outdated = signing_in.outdated_documents(progress.account_id)
        step = signing_in.next_step(progress, standing, outdated=outdated)
        if step and step != HERE:
            return redirect(step, 303)
        return view(progress=progress, outdated=outdated)

    return guarded


@bp.get("")
@at_this_step
def ask(progress: Progress, outdated: dict[str, str]) -> ResponseReturnValue:
    """Show what has changed."""
    return _page(progress, outdated, AgreeForm(None, versions=outdated))


@bp.post("")
@at_this_step
def agree(progress: Progress, outdated: dict[str, str]) -> ResponseReturnValue:
    """Keep the consent and go on with signing in."""
    form, now = AgreeForm(request.form, versions=outdated), clock.now()
    if outdated and not form.validate():
        return _page(progress, outdated, form), 422
    if outdated:
        services.keep_consents(progress.account_id, outdated, now=now)
        note(EventKind.CONSENTED, account_id=progress.account_id, now=now, consents=outdated)
        db.session.commit()  # what is left to do is read anew
    try:
        return signing_in.go_on(progress, now=now)
    except signing_in.Refused:
        return redirect("/auth/sign-in?next=/", 303)


@bp.post("/not-now")
def not_now() -> ResponseReturnValue:
    """End this attempt to sign in, and say how to go on without agreeing."""
    now = clock.now()
    if signing_in.in_progress(now):
        tokens.take(signing_in.PURPOSE, cookies.value_of(signing_in.COOKIE), now=now)
        db.session.commit()
    cookies.put(signing_in.COOKIE, "")
    return render_template("agreeing/not_now.html")


def _page(progress: Progress, outdated: dict[str, str], form: AgreeForm) -> str:
    before = {consent.document: consent for consent in queries.consents_of(progress.account_id)}
    documents = [_document(slug, version, before.get(slug)) for slug, version in sorted(outdated.items())]
    return render_template("agreeing/agree.html", form=form, documents=documents)


def _document(slug: str, version: str, before: Any) -> dict[str, str]:
    """A document as the page shows it; `before` is the last consent to it, if there is one."""
    return {
        "slug": slug,
        "title": CONSENT_TO[slug],
        "version": version,
        "before": before.version if before else "",
    }
