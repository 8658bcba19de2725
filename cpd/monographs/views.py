"""Monographs: the index, a page, its hover card."""

from __future__ import annotations

import string
from collections.abc import Hashable
from typing import Any
from urllib.parse import urlencode

from flask import Blueprint, Response, abort, redirect, request
from flask.typing import ResponseReturnValue

from cpd.auth.access import professional_required
from cpd.db import LARGEST_ID, AnyRow
from cpd.monographs import queries
from cpd.monographs.sections import NOT_STATED
from cpd.monographs.shown import Shown, find_kept, shown
from cpd.revisions import PUBLISHED, current_release
from cpd.search.completing import what_it_is
from cpd.search.naming import named
from cpd.search.words import Question, read_question
from cpd.web.drawn import answer, gap, rendered

bp = Blueprint("monographs", __name__, url_prefix="/monographs")


@bp.get("/")
@professional_required
def index() -> Response:
    """List live monographs from A to Z."""
    if request.args.get("q", "").strip():
        return _named(read_question(request.args["q"]))
    letter = request.args.get("letter", "").upper()
    letter = letter if letter in queries.letters() else ""
    after = _after()
    return answer("monographs/index.html", (current_release(), letter, after), lambda: _index(letter, after))


def _named(question: Question) -> Response:
    """List the monographs whose names have what was typed."""
    hits, nearly, ready = named(current_release(), question, queries.PAGE)
    rows = queries.listed_by_slugs([hit.slug for hit in hits])
    page = rendered(
        "monographs/named.html",
        {
            "rows": [
                (row, f"{hit.alias}: {what_it_is(hit)}" if hit.alias else "")
                for hit in hits
                if (row := rows.get(hit.slug))
            ],
            "nearly": nearly,
            "ready": ready,
            "question": question,
        },
    )
    return answer(
        "monographs/index.html",
        (current_release(), "q"),
        lambda: _index("", None) | {"found": gap("found"), "q": gap("q")},
        found=page,
        q=question.typed,
    )


def _index(letter: str, after: tuple[str, int] | None) -> dict[str, Any]:
    counts = queries.letters()
    found = queries.listed(letter=letter, after=after, limit=queries.PAGE + 1)
    rows = found[: queries.PAGE]
    return {
        "letters": [
            {"letter": each, "current": each == letter, "there": each in counts} for each in string.ascii_uppercase
        ],
        "letter": letter or None,
        "rows": rows,
        "total": sum(counts.values()),
        "next_url": _next_url(letter, rows[-1]) if len(found) > queries.PAGE else None,
        "found": None,
        "q": "",
    }


@bp.get("/<slug:slug>")
@professional_required
def monograph(slug: str) -> ResponseReturnValue:
    """Show every section of a monograph in order, stated or not, and the CPD on the drug."""
    standing = queries.find_standing(slug)
    if standing is None:
        return _moved_or_missing(slug, "")
    return answer(
        "monographs/monograph.html",
        _identity(standing),
        lambda: {
            "monograph": _live(standing),
            "withdrawn": standing.status != PUBLISHED,
            "not_stated": NOT_STATED,
            "cpd": queries.mentions_of(standing.slug),
        },
    )


@bp.get("/<slug:slug>/card")
@professional_required
def card(slug: str) -> ResponseReturnValue:
    """Show the hover card of a monograph: name, class, start dose, one warning."""
    standing = queries.find_standing(slug)
    if standing is None:
        return _moved_or_missing(slug, "/card")
    return answer("monographs/card.html", _identity(standing), lambda: _card(standing))


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
        "monograph": _live(standing),
        "withdrawn": standing.status != PUBLISHED,
        "modules_count": queries.count_of_mentions(standing.slug),
    }


def _live(standing: AnyRow) -> Shown:
    kept = find_kept(standing.live_rendering_id)
    if kept is not None:
        return kept
    # A rendering may be replaced between two statements; its revision stays.
    row = queries.find_rendered(standing.live_rendering_id) or queries.find_revision(standing.live_revision_id)
    assert row is not None
    return shown(row)


def _moved_or_missing(slug: str, rest: str) -> ResponseReturnValue:
    moved_to = queries.find_new_slug(slug)
    if moved_to is None:
        abort(404)
    return redirect(f"/monographs/{moved_to}{rest}", 301)


def _after() -> tuple[str, int] | None:
    """The monograph after which to go on, from `after=baclofen~17`."""
    name, _, number = request.args.get("after", "").rpartition("~")
    if not name or not number.isascii() or not number.isdigit() or "\x00" in name or not name.isprintable():
        return None
    return name[:200], min(int(number[:10]), LARGEST_ID)


def _next_url(letter: str, last: AnyRow) -> str:
    return f"/monographs/?{urlencode({'letter': letter, 'after': f'{last.sort_name}~{last.id}'})}"
