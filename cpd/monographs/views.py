"""A monograph: its page, its hover card."""

from __future__ import annotations

from collections.abc import Hashable
from typing import Any

from flask import Blueprint, abort, redirect
from flask.typing import ResponseReturnValue

from cpd.auth.access import professional_required
from cpd.db import AnyRow
from cpd.monographs import queries
from cpd.monographs.sections import NOT_STATED
from cpd.monographs.shown import Shown, find_kept, shown
from cpd.revisions import PUBLISHED, current_release
from cpd.web.drawn import answer

bp = Blueprint("monographs", __name__, url_prefix="/monographs")


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
