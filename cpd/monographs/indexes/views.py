"""The indexes of monographs: A to Z, by class, by indication, by company."""

from __future__ import annotations

from dataclasses import replace

from flask import Blueprint, Response, request

from cpd.auth.access import professional_required
from cpd.monographs.indexes import queries, showing
from cpd.monographs.indexes.wanted import Wanted, read_wanted
from cpd.revisions import current_release
from cpd.search.words import Question, read_question
from cpd.web.drawn import answer, gap, rendered

bp = Blueprint("indexes", __name__, url_prefix="/monographs")
PAGE = "monographs/index.html"


@bp.get("/")
@professional_required
def index() -> Response:
    """List live monographs from A to Z or of one term, or the terms of one kind."""
    if request.args.get("q", "").strip():
        return _named(read_question(request.args["q"]))
    wanted = read_wanted(request.args)
    if wanted.kind:
        return _of_term(wanted)
    there = queries.letters_of_terms(wanted.by) if wanted.by else queries.letters()
    missing = showing.missing_letter(wanted.letter, there)
    if wanted.letter not in there:
        wanted = replace(wanted, letter="")
    show = showing.of_terms if wanted.by else showing.of_all
    return answer(PAGE, (current_release(), wanted, missing), lambda: show(wanted, missing))


def _of_term(wanted: Wanted) -> Response:
    term = queries.find_term(wanted.kind, wanted.slug)
    if term is not None:
        return answer(PAGE, (current_release(), wanted), lambda: showing.of_term(wanted, term))
    page = answer(PAGE, ("unknown", wanted.kind), lambda: showing.of_unknown_term(wanted.kind))
    page.status_code = 404
    return page


def _named(question: Question) -> Response:
    """List the monographs whose names have what was typed."""
    found = rendered("monographs/named.html", showing.of_names(question))
    return answer(
        PAGE,
        (current_release(), "q"),
        lambda: showing.of_all(Wanted(), "") | {"rows": [], "found": gap("found"), "q": gap("q")},
        found=found,
        q=question.typed,
    )
