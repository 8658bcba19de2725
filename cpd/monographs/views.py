"""Monographs: the index, a page, its sections, its hover card, and the learner's note beside it."""

from __future__ import annotations

from collections.abc import Hashable
from typing import Any
from urllib.parse import quote

from flask import Blueprint, Response, abort, redirect, render_template, request
from flask.typing import ResponseReturnValue

from cpd.auth.access import Learner, current_learner, learner_required, professional_required
from cpd.db import AnyRow, db
from cpd.forms import text_of
from cpd.monographs import queries, showing
from cpd.monographs.indexes.wanted import read_place
from cpd.record.notes import NoteTooLong, save_note
from cpd.revisions import PUBLISHED, current_release
from cpd.web import clock
from cpd.web.drawn import answer

bp = Blueprint("monographs", __name__, url_prefix="/monographs")


@bp.get("/<slug:slug>")
@professional_required
def monograph(slug: str) -> ResponseReturnValue:
    """Show every section of a monograph in order, stated or not, what is related, and the learner's note."""
    learner = current_learner()
    standing = queries.find_standing(slug, learner_id=learner.id if learner else None)
    if standing is None:
        return _moved_or_missing(slug, "")
    visit = showing.visit(standing, learner)
    if request.args.get("full") == "1":  # too long to be kept
        return render_template("monographs/monograph.html", **showing.page(standing, full=True) | visit)
    return answer("monographs/monograph.html", _identity(standing), lambda: showing.page(standing), **visit)


@bp.get("/<slug:slug>/sections/<slug:section>")
@professional_required
def section(slug: str, section: str) -> ResponseReturnValue:
    """Show a part of a section that the page leaves out: to a script what is to be put there, else as a page.

    With `whole=1` a script is given how the section begins too.
    """
    part, whole = _part(), request.args.get("whole") == "1"
    if not showing.is_section(section) or part is None:
        abort(404)
    learner = current_learner()
    standing = queries.find_standing(slug, learner_id=learner.id if learner else None)
    if standing is None:
        return _moved_or_missing(slug, f"/sections/{section}")
    return answer(
        "monographs/part.html" if _by_script() else "monographs/section.html",
        (*_identity(standing), section, part, whole),
        lambda: showing.section_page(standing, section, part) | {"whole": whole},
        **showing.visit(standing, learner),
    )


@bp.get("/<slug:slug>/modules")
@professional_required
def modules(slug: str) -> ResponseReturnValue:
    """List all modules that name the drug, a page at a time."""
    standing = queries.find_standing(slug)
    if standing is None:
        return _moved_or_missing(slug, "/modules")
    after = read_place(request.args.get("after"))
    return answer("monographs/modules.html", (*_identity(standing), after), lambda: _modules(standing, after))


@bp.get("/<slug:slug>/card")
@professional_required
def card(slug: str) -> ResponseReturnValue:
    """Show the hover card of a monograph: name, class, start dose, one warning."""
    standing = queries.find_standing(slug)
    if standing is None:
        return _moved_or_missing(slug, "/card")
    return answer("monographs/card.html", _identity(standing), lambda: _card(standing))


@bp.get("/<slug:slug>/notes")
@learner_required
def notes(slug: str, learner: Learner) -> ResponseReturnValue:  # noqa: ARG001  # whoever is signed in
    """Lead to the note on the page: here comes who signed in again."""
    return redirect(f"/monographs/{slug}#my-notes")


@bp.post("/<slug:slug>/notes")
@learner_required
def keep_note(slug: str, learner: Learner) -> ResponseReturnValue:
    """Save the learner's note beside a monograph. A script is told when; else the page comes again."""
    standing = queries.find_standing(slug, learner_id=learner.id)
    if standing is None and (moved_to := queries.find_new_slug(slug)):
        standing = queries.find_standing(moved_to, learner_id=learner.id)
    if standing is None:
        abort(404)
    text, now = text_of(request.form.get("note"), lines=True), clock.now()
    try:
        save_note(learner_id=learner.id, kind="monograph", document_id=standing.id, text=text, now=now)
    except NoteTooLong as refusal:
        return _refused(standing, learner, text, str(refusal)), 422
    db.session.commit()
    if _by_script():
        return Response(showing.saved_at(now, learner.zone), mimetype="text/plain")
    return redirect(f"/monographs/{standing.slug}#my-notes", 303)


def _refused(standing: AnyRow, learner: Learner, text: str, refusal: str) -> Response:
    """What was typed, with the reason why it was not saved."""
    if _by_script():
        return Response(refusal, mimetype="text/plain")
    visit = showing.visit(standing, learner) | {"note": text, "noted": "", "note_error": refusal}
    return answer(
        "monographs/monograph.html",
        (*_identity(standing), "refused"),
        lambda: showing.page(standing, refused=True),
        **visit,
    )


def _by_script() -> bool:
    """Whether a script of ours asks, which puts the answer into the page that is there."""
    return "X-Requested-With" in request.headers or "HX-Request" in request.headers


def _part() -> int | None:
    """The part of a section that is asked for, the first unless another is named."""
    part = request.args.get("part", "1")
    return int(part) if part.isascii() and part.isdigit() and 0 < len(part) < 5 and int(part) else None


def _identity(standing: AnyRow) -> tuple[Hashable, ...]:
    """All that the pages of a monograph show: its rendering, its status, and the modules of a release that name it."""
    return (current_release(), standing.live_rendering_id, standing.slug, standing.status)


def card_of(slug: str) -> dict[str, Any] | None:
    """What the hover card of a live monograph shows, or None if there is none."""
    standing = queries.find_standing(slug)
    return _card(standing) if standing is not None and standing.status == PUBLISHED else None


def _card(standing: AnyRow) -> dict[str, Any]:
    return {
        "slug": standing.slug,
        "monograph": showing.live(standing),
        "withdrawn": standing.status != PUBLISHED,
        "modules_count": queries.count_of_mentions(standing.slug),
    }


def _modules(standing: AnyRow, after: tuple[str, int] | None) -> dict[str, Any]:
    found = showing.modules_page(standing, after)
    last = found.pop("last")
    after_last = quote(f"{last.title}~{last.module_id}") if last else ""
    return found | {"next_url": f"/monographs/{standing.slug}/modules?after={after_last}" if last else None}


def _moved_or_missing(slug: str, rest: str) -> ResponseReturnValue:
    moved_to = queries.find_new_slug(slug)
    if moved_to is None:
        abort(404)
    return redirect(f"/monographs/{moved_to}{rest}", 301)
