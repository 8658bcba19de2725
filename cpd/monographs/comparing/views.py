"""Two to four monographs side by side, and the page on which they are chosen."""

from __future__ import annotations

from dataclasses import dataclass

from flask import Blueprint, render_template, request
from flask.typing import ResponseReturnValue
from markupsafe import Markup

from cpd.auth.access import current_learner, professional_required
from cpd.forms import text_of
from cpd.monographs.comparing.cells import Cells, cells_of, text_cell, whole_cells_of
from cpd.monographs.comparing.choosing import Choice, Chosen, Offer, choose, named_like, related_to
from cpd.monographs.comparing.comparison import CPD, INDICATION, NOTHING, Cell, Column, line_up
from cpd.monographs.comparing.queries import modules_naming
from cpd.monographs.my_list.listed import MyList
from cpd.monographs.pairs import MOST_COMPARED, compare_address
from cpd.monographs.sections import NOT_STATED

bp = Blueprint("comparing", __name__, url_prefix="/monographs")

LONGEST_NAME = 100  # characters that somebody looks for


@dataclass(frozen=True)
class Head:
    """The head of a column. `off` ones are not among the two that a narrow screen shows."""

    number: int
    chosen: Chosen
    label: str  # among the others
    off: bool
    without: str  # the address of the comparison without it


@bp.get("/compare")
@professional_required
def compare() -> ResponseReturnValue:
    """Show two to four monographs side by side; for any other number, the page that chooses."""
    choice = choose(request.args.getlist("m"))
    if "find" in request.args or not choice.comparable:
        return _choosing_page(choice)
    whole = request.args.get("full") == "1"
    columns = [_column(each, whole=whole) for each in choice.chosen]
    groups = line_up(columns)
    return render_template(
        "comparing/compare.html",
        choice=choice,
        heads=_heads(choice),
        groups=groups,
        identical=sum(row.identical for group in groups for row in group.rows),
        hidden=request.args.get("identical") == "hide",
        whole=whole,
        for_indication=_shared_indication(choice),
        addresses=_addresses(choice),
        most=MOST_COMPARED,
        not_stated=NOT_STATED,
    )


def _choosing_page(choice: Choice) -> ResponseReturnValue:
    typed = text_of(request.args.get("q"))[:LONGEST_NAME]
    offers = _offers(choice, typed) if not choice.too_many else []
    page = render_template(
        "comparing/choose.html",
        choice=choice,
        without=[_without(choice, each) for each in choice.chosen],
        offers=offers,
        typed=typed,
        most=MOST_COMPARED,
    )
    return page, 400 if choice.too_many else 200


def _offers(choice: Choice, typed: str) -> list[tuple[str, list[Offer]]]:
    """What could be compared too, under titles: what was looked for, related drugs, the list."""
    found = []
    if typed:
        offers, nearly = named_like(typed, choice.pairs)
        found.append((f"Names {'spelt nearly like' if nearly else 'with'} “{typed}”", offers))
    if choice.chosen:
        first = choice.chosen[0]
        found.append((f"Related to {first.name}", related_to(first, choice.pairs)))
    items = (item for item in MyList(current_learner()).items() if item.pair not in choice.pairs)
    found.append(("On my list", [Offer(item.pair, item.name, item.indication) for item in items]))
    return found


def _heads(choice: Choice) -> list[Head]:
    shown = _shown(len(choice.chosen))
    names = [each.name for each in choice.chosen]
    return [
        Head(
            number=number,
            chosen=each,
            label=each.name if names.count(each.name) == 1 else each.title,
            off=number not in shown,
            without=_without(choice, each),
        )
        for number, each in enumerate(choice.chosen, 1)
    ]


def _shown(count: int) -> list[int]:
    """The numbers of the two columns that a narrow screen shows, from `show=1,3` or `show=1&show=3`."""
    asked = ",".join(request.args.getlist("show"))[:50].split(",")
    numbers = [int(each) for each in asked if each.isascii() and each.isdigit() and 0 < int(each) <= count]
    return list(dict.fromkeys([*numbers, 1, 2]))[:2]


def _without(choice: Choice, gone: Chosen) -> str:
    return compare_address(pair for pair in choice.pairs if pair != gone.pair)


def _addresses(choice: Choice) -> dict[str, str]:
    """Other ways to look at the same comparison."""
    pairs = choice.pairs
    return {
        "plain": compare_address(pairs),
        "full": compare_address(pairs, [("full", "1")]),
        "another": compare_address(pairs, [("find", "1")]),
    }


def _shared_indication(choice: Choice) -> str:
    """The name of the indication that all are compared for, if it is one."""
    names = {each.indication.name if each.indication else "" for each in choice.chosen}
    return names.pop() if len(names) == 1 else ""


def _column(chosen: Chosen, *, whole: bool) -> Column:
    make = whole_cells_of if whole else cells_of
    cells: Cells = make(chosen.row.live_rendering_id, chosen.row.live_revision_id, chosen.row.slug)
    return {**cells.column, INDICATION: _indication(chosen), CPD: _modules(chosen.row.slug)}


def _indication(chosen: Chosen) -> Cell:
    """The indication with its use, or the names of all that are stated."""
    drafted = chosen.brief.drafted
    if chosen.indication is None:
        names = "; ".join(each.name for each in chosen.brief.indications)
        return text_cell(names, drafted=drafted) if names else NOTHING
    name = text_cell(chosen.indication.name, drafted=drafted)
    if not chosen.indication.use:
        return name
    use = text_cell(chosen.indication.use)
    return Cell(Markup("<strong>{}</strong><br>{}").format(name.html, use.html), (name.key, use.key), drafted=drafted)


def _modules(slug: str) -> Cell:
    count = modules_naming(slug)
    if count == 0:
        return text_cell("No module names it yet")
    words = "1 module" if count == 1 else f"{count} modules"
    return Cell(Markup('<a href="/monographs/{}#cpd">{}</a>').format(slug, words), count)
