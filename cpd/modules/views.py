"""The catalogue, a module, its assessment and its marked attempts."""

from __future__ import annotations

from flask import Blueprint, Response, abort, current_app, redirect, render_template, request
from flask.typing import ResponseReturnValue

from cpd.auth.access import Learner, current_learner, learner_required, professional_required, stand_in
from cpd.auth.models import Role
from cpd.db import AnyRow
from cpd.modules import catalogue as lists
from cpd.modules import queries, services, showing
from cpd.modules.forms import Answers, marked_cards, read_answers
from cpd.modules.marking import UnknownAnswer
from cpd.modules.shown import Shown, shown
from cpd.modules.sitting import Sitting, SittingRefused, new_sitting, read_sitting, sign
from cpd.record.queries import find_award, passed_on, total_of
from cpd.revisions import PUBLISHED, current_release
from cpd.web import clock
from cpd.web.drawn import answer, gap

bp = Blueprint("modules", __name__, url_prefix="/modules")


@bp.get("/")
def catalogue() -> Response:
    """List live modules by category and specialty, a page at a time."""
    learner, shelves = current_learner(), queries.shelves()
    try:
        wanted = lists.read_wanted(
            request.args.to_dict(flat=False),
            categories=shelves.category_slugs,
            specialties=shelves.specialty_slugs,
        )
    except lists.UnknownPlace:
        abort(404)
    found = queries.catalogue(wanted)
    rows = found[: queries.PAGE]
    passed = passed_on(learner.id, [row.id for row in rows]) if learner else {}
    return answer(
        "modules/catalogue.html",
        (current_release(), wanted),
        lambda: {
            **showing.filters(wanted, shelves),
            "rows": showing.module_rows(rows),
            "total": queries.count_of(wanted),
            "next_url": showing.next_page(wanted, found),
        },
        **showing.done_lines(rows, passed),
    )


@bp.get("/<slug:slug>")
@professional_required
def module(slug: str) -> ResponseReturnValue:
    """Show a module: what a learner must know before the start, its text, and where the learner stands."""
    learner = current_learner()
    standing = queries.find_standing(slug, learner_id=learner.id if learner else None)
    if standing is None or not _readable(standing):
        return _moved_or_missing(slug)
    state = showing.state_of(standing, learner)
    return answer(
        "modules/module.html",
        (showing.identity(standing), state),
        lambda: showing.module_page(standing, showing.live_revision(standing), state),
        **showing.progress(standing, learner),
    )


@bp.get("/<slug:slug>/revisions/<id:number>")
@learner_required
def revision(slug: str, number: int, learner: Learner) -> ResponseReturnValue:
    """Show an older revision to a learner whose record points to it, and to authors."""
    standing = _standing(slug, learner)
    row = queries.find_numbered(standing.id, number)
    if row is None:
        abort(404)
    if row.revision_id == standing.live_revision_id and _readable(standing):
        return redirect(f"/modules/{slug}")
    own = queries.has_attempted(row.revision_id, learner_id=learner.id)
    if not own and (otherwise := stand_in(learner, Role.AUTHOR)):
        return otherwise
    return render_template("modules/revision.html", **showing.revision_page(standing, shown(row), own=own))


@bp.get("/<slug:slug>/assessment")
@learner_required
def assessment(slug: str, learner: Learner) -> ResponseReturnValue:
    """Hand out the assessment of the live revision. Nothing is written."""
    standing = _standing(slug, learner)
    if standing.status != PUBLISHED:
        abort(404)
    live = showing.live_revision(standing)
    if live.assessment is None:
        return redirect(f"/modules/{slug}")
    sitting = _new_sitting(standing, live, learner)
    return answer(
        "modules/assessment.html",
        showing.identity(standing),
        lambda: showing.sheet(standing, live, Answers()) | {"token": gap("token")},
        token=sign(sitting, _secret_key()),
    )


@bp.post("/<slug:slug>/assessment")
@learner_required
def submit(slug: str, learner: Learner) -> ResponseReturnValue:
    """Mark the answers against the revision that was opened, award credit for a pass, and show the feedback."""
    standing = _standing(slug, learner)
    try:
        sitting, opened = _opened(standing, learner)
        answers = read_answers(opened.assessment, request.form)
    except SittingRefused as refusal:
        return _sheet_again(standing, learner, str(refusal))
    except UnknownAnswer:
        abort(400)
    if answers.errors or (answers.blanks and "anyway" not in request.form):
        return _sheet(standing, opened, sitting, answers), 422 if answers.errors else 200

    attempt_id = services.submit_attempt(
        sitting,
        learner=learner,
        place=showing.place_of(standing),
        revision=opened,
        answers=answers.given,
        now=clock.now(),
    )
    return redirect(f"/modules/{standing.slug}/attempts/{attempt_id}", 303)


@bp.get("/<slug:slug>/attempts/<id:attempt_id>")
@learner_required
def attempt(slug: str, attempt_id: int, learner: Learner) -> ResponseReturnValue:
    """Show a marked attempt with its feedback, and what it added to the record."""
    standing = _standing(slug, learner)
    found = queries.find_attempt(attempt_id, learner_id=learner.id, module_id=standing.id)
    marked = showing.revision_of(standing, found.revision_id) if found else None
    if found is None or marked is None:
        abort(404)
    award = find_award(learner.id, module_id=found.module_id, edition=found.edition)
    return render_template(
        "modules/attempt.html",
        **showing.attempt_page(standing, marked, found, award=award, total=total_of(learner.id)[0]),
        questions=marked_cards(marked, found.answers),
    )


def _standing(slug: str, learner: Learner) -> AnyRow:
    """The module and where the learner stands, by its slug or a former one, or 404."""
    standing = queries.find_standing(slug, learner_id=learner.id)
    if standing is None and (moved_to := queries.find_new_slug(slug)):
        standing = queries.find_standing(moved_to, learner_id=learner.id)
    if standing is None:
        abort(404)
    return standing


def _opened(standing: AnyRow, learner: Learner) -> tuple[Sitting, Shown]:
    """The sitting of the form that was sent, with the revision it was opened on. Raises SittingRefused."""
    token = request.form.get("attempt", "")
    sitting = read_sitting(token, learner_id=learner.id, secret_key=_secret_key(), now=clock.now())
    opened = showing.revision_of(standing, sitting.revision_id)
    if opened is None:
        raise SittingRefused("This form was made for another module. Submit your answers again.")
    return sitting, opened


def _readable(standing: AnyRow) -> bool:
    """A withdrawn module stays readable for those whose record may point to it."""
    return standing.live_rendering_id is not None and (standing.status == PUBLISHED or standing.last_id is not None)


def _moved_or_missing(slug: str) -> ResponseReturnValue:
    moved_to = queries.find_new_slug(slug)
    if moved_to is None:
        abort(404)
    return redirect(f"/modules/{moved_to}", 301)


def _new_sitting(standing: AnyRow, live: Shown, learner: Learner) -> Sitting:
    return new_sitting(
        learner_id=learner.id,
        revision_id=live.revision_id,
        creditable=showing.gives_credit(standing),
        now=clock.now(),
    )


def _sheet(standing: AnyRow, opened: Shown, sitting: Sitting, answers: Answers, refusal: str | None = None) -> str:
    return render_template(
        "modules/assessment.html",
        **showing.sheet(standing, opened, answers, refusal),
        token=sign(sitting, _secret_key()),
    )


def _sheet_again(standing: AnyRow, learner: Learner, refusal: str) -> ResponseReturnValue:
    """The assessment of the live revision with a new sitting, and what was typed where it still fits."""
    if standing.status != PUBLISHED:
        abort(404)
    live = showing.live_revision(standing)
    if live.assessment is None:
        abort(404)
    try:
        answers = read_answers(live.assessment, request.form)
    except UnknownAnswer:
        answers = Answers()
    return _sheet(standing, live, _new_sitting(standing, live, learner), answers, refusal), 422


def _secret_key() -> str:
    return str(current_app.config["SETTINGS"].secret_key)
