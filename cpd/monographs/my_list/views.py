"""My list: pairs of a monograph and an indication, in an order of one's own, signed in or out."""

from __future__ import annotations

from collections.abc import Mapping

from flask import Blueprint, redirect, render_template, request
from flask.typing import ResponseReturnValue

from cpd.auth.access import current_learner, professional_required
from cpd.db import AnyRow
from cpd.monographs import queries as monographs
from cpd.monographs.briefs import Brief, briefs_of
from cpd.monographs.my_list import ordering
from cpd.monographs.my_list.forms import IndicationForm
from cpd.monographs.my_list.listed import Item, MyList, item_of
from cpd.monographs.my_list.ordering import ListFull, Pairs
from cpd.monographs.pairs import MOST_COMPARED, Pair, pair_of, read_pair
from cpd.revisions import PUBLISHED
from cpd.web import clock, messages
from cpd.web.addresses import own_path
from cpd.web.messages import Message

bp = Blueprint("my_list", __name__, url_prefix="/list")

LIST = "/list"
SHOWN_IN_PANEL = 6
STEPS = {"up": -1, "down": 1}
UNKNOWN = "We know no drug of that name. It may have been mistyped, or the link may be an old one."
NOT_THERE = "That drug is not on your list. It may have been removed in another window."
FULL = f"Your list holds {ordering.MOST} drugs. Remove one first."
BROWSER_FULL = "This browser cannot hold a longer list. Remove a drug first, or sign in: an account holds a longer one."


class Refused(Exception):
    """What was asked for cannot be done, and why."""


@bp.errorhandler(Refused)
def explain(refusal: Refused) -> ResponseReturnValue:
    return render_template("my_list/refused.html", text=str(refusal)), 422


@bp.get("")
@professional_required
def my_list() -> ResponseReturnValue:
    """Show the list: choose up to four to compare, order, remove."""
    return render_template("my_list/my_list.html", items=MyList(current_learner()).items(), most=MOST_COMPARED)


@bp.get("/panel")
@professional_required
def panel() -> ResponseReturnValue:
    """Show the beginning of the list as a part of another page."""
    items = MyList(current_learner()).items()
    return render_template("my_list/panel.html", items=items[:SHOWN_IN_PANEL], total=len(items))


@bp.post("")
@professional_required
def add() -> ResponseReturnValue:
    """Add a monograph with an indication; where several are stated and none is chosen, ask for it."""
    row = _live_monograph()
    brief = briefs_of([row.live_revision_id])[row.live_revision_id]
    wanted = request.form.get("indication", "")
    chosen = brief.find(wanted) if wanted else brief.only
    if wanted and not brief.indications:
        raise Refused(f"{row.name} states no indications. Add it without one.")
    if chosen is None and brief.indications:
        return _ask(row, brief)
    pair = Pair(row.slug, chosen.slug if chosen else "")
    title = item_of(pair, row, brief).title
    held = MyList(current_learner())
    if pair in held.pairs:
        return _done(Message(f"{title} is on your list already.", LIST, "My list"))
    try:
        pairs = ordering.added(held.pairs, pair)
    except ListFull:
        raise Refused(FULL) from None
    _become(held, pairs, {row.slug: row.id})
    return _done(Message(f"{title} is now on your list.", LIST, "My list"))


@bp.post("/remove")
@professional_required
def remove() -> ResponseReturnValue:
    """Take a pair off the list; the message that follows can undo it."""
    held, item = _item_of_list()
    place = held.pairs.index(item.pair)
    _become(held, ordering.removed(held.pairs, item.pair))
    fields = {"item": str(item.pair), "place": str(place)}
    return _done(Message(f"{item.title} was removed from your list.", undo=f"{LIST}/restore", undo_fields=fields))


@bp.post("/restore")
@professional_required
def restore() -> ResponseReturnValue:
    """Put a pair back to the place that it had."""
    sent = _pair_sent()
    row = monographs.named([sent.slug]).get(sent.slug)
    if row is None:
        raise Refused(UNKNOWN)
    pair = Pair(row.slug, sent.indication)
    held = MyList(current_learner())
    typed = request.form.get("place", "")
    place = int(typed) if typed.isascii() and typed.isdigit() and len(typed) < 4 else len(held.pairs)
    try:
        pairs = ordering.restored(held.pairs, pair, place)
    except ListFull:
        raise Refused(FULL) from None
    _become(held, pairs, {row.slug: row.id})
    item = item_of(pair, row, briefs_of([row.live_revision_id])[row.live_revision_id])
    return _done(Message(f"{item.title} is back on your list.", LIST, "My list"))


@bp.post("/move")
@professional_required
def move() -> ResponseReturnValue:
    """Move a pair up or down by one place, and go back to where it then stands."""
    held, item = _item_of_list()
    pairs = ordering.moved(held.pairs, item.pair, STEPS.get(request.form.get("direction", ""), 0))
    _become(held, pairs)
    place = pairs.index(item.pair) + 1
    messages.leave(Message(f"{item.title} is now number {place} of {len(pairs)}."))
    return redirect(f"{LIST}#place-{place}", 303)


def _ask(row: AnyRow, brief: Brief) -> ResponseReturnValue:
    """Ask for the indication. `asked` says that the form comes from the page that this makes."""
    answered = "asked" in request.form or bool(request.form.get("indication"))
    form = IndicationForm(brief, request.form if answered else None)
    if answered:
        form.validate()
    wanted = own_path(request.form.get("next", ""), LIST)
    page = render_template("my_list/indication.html", form=form, monograph=row, drafted=brief.drafted, next=wanted)
    return page, 422 if form.errors else 200


def _live_monograph() -> AnyRow:
    """The monograph that the form names. Raises Refused if there is none that may be added."""
    pair = pair_of(request.form.get("monograph", ""))
    row = monographs.named([pair.slug]).get(pair.slug) if pair else None
    if row is None:
        raise Refused(UNKNOWN)
    if row.status != PUBLISHED:
        raise Refused(f"{row.name} has been withdrawn, so it can no longer be added to a list.")
    return row


def _pair_sent() -> Pair:
    pair = read_pair(request.form.get("item", ""))
    if pair is None:
        raise Refused(NOT_THERE)
    return pair


def _item_of_list() -> tuple[MyList, Item]:
    """The list, and the line of it that the form names, be it by a former name. Raises Refused if there is none."""
    pair = _pair_sent()
    held = MyList(current_learner())
    if pair not in held.pairs:
        row = monographs.named([pair.slug]).get(pair.slug)
        pair = Pair(row.slug, pair.indication) if row else pair
    item = next((item for item in held.items() if item.pair == pair), None)
    if item is None:
        raise Refused(NOT_THERE)
    return held, item


def _become(held: MyList, pairs: Pairs, monograph_ids: Mapping[str, int] | None = None) -> None:
    try:
        held.become(pairs, monograph_ids or {}, now=clock.now())
    except ListFull:
        raise Refused(BROWSER_FULL) from None


def _done(message: Message) -> ResponseReturnValue:
    messages.leave(message)
    return redirect(own_path(request.form.get("next", ""), LIST), 303)
