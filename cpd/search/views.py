"""Search: modules and monographs in one answer, and names while they are typed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any
from urllib.parse import urlencode

from flask import Blueprint, Response, current_app, request
from markupsafe import Markup, escape

from cpd.revisions import current_release
from cpd.search import queries
from cpd.search.asking import MOST_PAGES, PAGE, Answer, Hit, find
from cpd.search.completing import Offers, complete, what_it_is
from cpd.search.documents import KINDS, MODULE, MONOGRAPH
from cpd.search.excerpts import excerpt, marked, opening
from cpd.search.index import Unreadable
from cpd.search.node import Ready, this_node
from cpd.search.words import Question, read_question
from cpd.web import clock
from cpd.web.drawn import answer, gap, rendered
from cpd.web.pace import paced

bp = Blueprint("search", __name__, url_prefix="/search")

KEPT_FOR = "private, max-age=10"  # seconds, by the browser of whoever typed it
SEARCHES, COMPLETIONS = 60, 600  # a minute, of one network address: whoever types asks for names at each pause
TITLES = {MONOGRAPH: "Drugs", MODULE: "Modules"}
FOLDERS = {MONOGRAPH: "/monographs/", MODULE: "/modules/"}


@bp.get("", strict_slashes=False)
@paced(SEARCHES)
def results() -> Response:
    """Answer a question with modules and monographs, drugs first when it is the name of one."""
    question = read_question(request.args.get("q", ""))
    kind = request.args.get("kind", "")
    kind = kind if kind in KINDS else ""
    page = _page()
    ready = this_node().ready(current_release())
    found, ready = _find(ready, question, kind, page)
    body = rendered(
        "search/found.html",
        {
            "question": question,
            "ready": ready,
            "found": found,
            "rows": _rows(found),
            "kinds": _kinds(question, kind, found),
            "instead_url": _url(read_question(found.instead), kind, 1),
            "previous_url": _url(question, kind, page - 1) if page > 1 else "",
            "next_url": _next_url(question, kind, page, found),
            "at_the_end": page == MOST_PAGES,
        },
    )
    state = "asked" if question.words else "empty"
    return answer(
        "search/results.html",
        state,
        lambda: {"state": state, "q": gap("q"), "found": gap("found")},
        q=question.typed,
        found=body,
    )


@bp.get("/complete")
@paced(COMPLETIONS)
def completion() -> Response:
    """Offer names that begin as what was typed, as a piece of a page."""
    question = read_question(request.args.get("q", ""))
    offers = Offers()
    if question.words:
        ready = this_node().ready(current_release(), hurried=True)
        if ready.index is not None:
            try:
                offers = complete(ready.index, question)
            except Unreadable:
                this_node().refuse(ready.index)
    body = rendered("search/offers.html", {"offers": offers, "question": question, "all_url": _url(question, "", 1)})
    return Response(body, mimetype="text/html", headers={"Cache-Control": KEPT_FOR})


def _page() -> int:
    given = request.args.get("page", "")
    return max(1, min(int(given), MOST_PAGES)) if given.isascii() and given.isdigit() and len(given) < 6 else 1


def _find(ready: Ready, question: Question, kind: str, page: int) -> tuple[Answer, Ready]:
    """What the index answers; an index that turns out to be damaged is made anew, and the page says so."""
    if ready.index is None:
        return Answer(), ready
    try:
        return find(ready.index, question, kind=kind, page=page), ready
    except Unreadable:
        this_node().refuse(ready.index)
        this_node().begin()
        return Answer(), Ready(None, behind=True)


def _rows(found: Answer) -> list[dict[str, Any]]:
    """What was found as the page draws it, with the piece of its text that has the words."""
    texts = queries.texts_of((hit.kind, hit.slug) for hit in found.hits)
    today = clock.today_in(current_app.config["SETTINGS"].timezone)
    standing = [hit for hit in found.hits if (hit.kind, hit.slug) in texts]  # others were withdrawn this moment
    return [_row(hit, texts[hit.kind, hit.slug], found.needles, today) for hit in standing]


def _row(hit: Hit, text: str, needles: Sequence[str], today: date) -> dict[str, Any]:
    row = {
        "kind": hit.kind,
        "url": FOLDERS[hit.kind] + hit.slug,
        "title": marked(hit.title, needles),
        "alias": marked(hit.alias, needles) if hit.alias else "",
        "facets": hit.facets,
        "text": _piece(hit, text, needles),
    }
    if hit.kind == MODULE:
        return row | {
            "expired": date.fromisoformat(hit.facets["expires"]) < today,
            "reviewed": date.fromisoformat(hit.facets["reviewed"]),
        }
    return row | {"what": what_it_is(hit)}


def _piece(hit: Hit, text: str, needles: Sequence[str]) -> Markup:
    if hit.named:
        return escape(opening(text))
    summary = hit.facets.get("summary", "")
    in_summary = marked(summary, needles)
    if "<mark>" in in_summary:
        return in_summary
    return excerpt(text, needles) or (in_summary if summary else escape(opening(text)))


def _kinds(question: Question, kind: str, found: Answer) -> list[dict[str, Any]]:
    """The links to all results and to those of each kind."""
    counts: Mapping[str, int] = {"": found.total, **found.counts}
    titles = {"": "All", **TITLES}
    return [
        {
            "title": title,
            "count": counts.get(each, 0),
            "url": _url(question, each, 1),
            "current": each == kind,
        }
        for each, title in titles.items()
    ]


def _next_url(question: Question, kind: str, page: int, found: Answer) -> str:
    there = found.counts.get(kind, 0) if kind else found.total
    return _url(question, kind, page + 1) if there > page * PAGE and page < MOST_PAGES else ""


def _url(question: Question, kind: str, page: int) -> str:
    pairs = {"q": question.typed} | ({"kind": kind} if kind else {}) | ({"page": page} if page > 1 else {})
    return f"/search?{urlencode(pairs)}"
