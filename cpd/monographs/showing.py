"""What the pages of monographs are drawn from: plain values, calculated here so that templates need not."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from flask import abort, current_app, request
from markupsafe import Markup

from cpd.auth.access import Learner
from cpd.db import AnyRow
from cpd.monographs import queries
from cpd.monographs.related import NAMED, Drug, Group, group_of, to_compare
from cpd.monographs.sections import NOT_STATED, NOTES, TITLES, section_id
from cpd.monographs.shown import BACK_LINK, NOTE_REFERENCE, Section, Shown, find_kept, in_full, shown
from cpd.monographs.terms import sort_name
from cpd.revisions import PUBLISHED
from cpd.web import clock
from cpd.web.addresses import own_path
from cpd.web.cleaned import cleaned
from cpd.web.drawn import gap
from cpd.web.templating import day

CPD_NAMED = 10  # modules that a page names; the others stand on a page of their own
BEFORE_THE_REST = ("therapeutic-use", "dosage")
VISIT = ("today", "origin", "note", "noted")


def live(standing: AnyRow) -> Shown:
    """The live rendering of a monograph, from the process's memory or the database."""
    kept = find_kept(standing.live_rendering_id)
    if kept is not None:
        return kept
    # A rendering may be replaced between two statements; its revision stays.
    row = queries.find_rendered(standing.live_rendering_id) or queries.find_revision(standing.live_revision_id)
    assert row is not None
    return shown(row)


def page(standing: AnyRow, *, full: bool = False, refused: bool = False) -> dict[str, Any]:
    """The page of a monograph, with gaps for what `visit` says.

    `full` leaves nothing out. `refused` is for a note that could not be saved, with another gap for the reason.
    """
    monograph = live(standing)
    if full:
        monograph = in_full(monograph, queries.rests_of(monograph.rendering_id))
    monograph = leading_to_notes(monograph, standing.slug)
    groups = related(standing, monograph)
    modules = queries.mentions_of(standing.slug, limit=CPD_NAMED + 1)
    return {
        **_head(standing, monograph),
        "full": full,
        "first_sections": [each for each in monograph.sections if each.id in BEFORE_THE_REST],
        "other_sections": [each for each in monograph.sections if each.id not in BEFORE_THE_REST],
        "places": _places(monograph),
        "groups": groups,
        "offered": to_compare(groups),
        "crumb": _crumb(monograph, groups),
        "cpd": modules[:CPD_NAMED],
        "cpd_count": queries.count_of_mentions(standing.slug) if len(modules) > CPD_NAMED else len(modules),
        "list_panel": own_path("/list/panel", ""),
        "note_error": gap("note_error") if refused else "",
        **{name: gap(name) for name in VISIT},
    }


def visit(standing: AnyRow, learner: Learner | None) -> dict[str, str]:
    """What a page says to one visitor: the date, the site's address, and the note with the time it was saved."""
    zone = learner.zone if learner else current_app.config["SETTINGS"].timezone
    return {
        "today": day(clock.today_in(zone)),
        "origin": f"{request.scheme}://{request.host}",
        "note": standing.note or "",
        "noted": saved_at(standing.noted_at, zone) if standing.noted_at else "",
    }


def saved_at(moment: datetime, zone: str) -> str:
    """When a note was saved, as the learner's clock has it: the time if that was today, else the date."""
    local = moment.astimezone(ZoneInfo(zone))
    return f"Saved {local:%H:%M}" if local.date() == clock.today_in(zone) else f"Saved on {day(local)}"


def section_page(standing: AnyRow, name: str, part: int) -> dict[str, Any]:
    """A part of a section on a page of its own: the first has its beginning too. A part that is not there is a 404."""
    monograph = leading_to_notes(live(standing), standing.slug)
    section = monograph.section(name)
    count = section.fold.parts if section.fold else 1
    if part > count or (section.html is None and name == section_id(NOTES)):
        abort(404)
    rest = _rest(standing, monograph, section, part)
    own_notes = name == section_id(NOTES) or monograph.note_parts
    return {
        **_head(standing, monograph),
        "section": section,
        "part": part,
        "parts": count,
        "rest": rest,
        "notes": None if own_notes else _without_back_links(monograph.notes.html or ""),
        **{each: gap(each) for each in VISIT},
    }


def modules_page(standing: AnyRow, after: tuple[str, int] | None) -> dict[str, Any]:
    """All live modules that name the drug, a page at a time."""
    rows = queries.mentions_of(standing.slug, after=after, limit=queries.PAGE + 1)
    shown_rows = rows[: queries.PAGE]
    return {
        **_head(standing, live(standing)),
        "cpd": shown_rows,
        "cpd_count": queries.count_of_mentions(standing.slug),
        "last": shown_rows[-1] if len(rows) > queries.PAGE else None,
    }


def related(standing: AnyRow, monograph: Shown) -> list[Group]:
    """The other drugs of each indication and class that an editor has confirmed; none of a withdrawn monograph."""
    own_name = sort_name(monograph.name)
    groups = []
    for term in queries.terms_of(standing.id):
        # Two more than are named: the drug itself, and one that says that there are others.
        rows = queries.drugs_of(term.kind, term.slug, limit=NAMED + 2)
        drugs = [Drug(row.slug, row.name, row.sort_name) for row in rows]
        groups.append(group_of(term.kind, term.slug, term.title, drugs, own_name))
    return groups


def _head(standing: AnyRow, monograph: Shown) -> dict[str, Any]:
    """What every page of a monograph shows of it."""
    return {
        "slug": standing.slug,
        "monograph": monograph,
        "withdrawn": standing.status != PUBLISHED,
        "not_stated": NOT_STATED,
    }


def _places(monograph: Shown) -> list[dict[str, str]]:
    """The contents list, in the order of the page."""
    titles = {section.id: section.title for section in monograph.sections}
    first = {name: titles.pop(name) for name in BEFORE_THE_REST}
    found = {"indications": "Indications", "key-facts": "Key facts", **first, "formulations": "Formulations", **titles}
    if monograph.notes.html is not None:
        found[section_id(NOTES)] = NOTES
    found |= {"related": "Related drugs", "cpd": "CPD on this drug", "source": "About this monograph"}
    return [{"id": name, "title": title} for name, title in found.items()]


def _crumb(monograph: Shown, groups: Sequence[Group]) -> Group | None:
    """The first class of the drug that leads to others."""
    classes = {group.title: group for group in groups if group.kind == "class"}
    return next((classes[title] for title in monograph.classes if title in classes), None)


def _rest(standing: AnyRow, monograph: Shown, section: Section, part: int) -> Markup | None:
    """The HTML of a part beyond what the page shows of its section."""
    if section.fold is None:
        return None
    html = queries.find_rest(monograph.rendering_id, section.id, part)
    if html is None:
        abort(404)
    if section.id == section_id(NOTES):
        return _without_back_links(html)
    return _leading(cleaned(html), standing.slug, monograph.note_parts)


def _without_back_links(notes: str) -> Markup:
    """Notes for a page that has not the text which they belong to."""
    return cleaned(BACK_LINK.sub("", notes))


def leading_to_notes(monograph: Shown, slug: str) -> Shown:
    """The monograph with references that lead to the page of its notes, where its own page leaves them out."""
    if not monograph.note_parts:
        return monograph

    def led(section: Section) -> Section:
        return replace(
            section, html=_leading(section.html, slug, monograph.note_parts) if section.html else section.html
        )

    boxed = _leading(monograph.boxed, slug, monograph.note_parts) if monograph.boxed else None
    return replace(monograph, boxed=boxed, sections=[led(section) for section in monograph.sections])


def _leading(html: Markup, slug: str, first_notes: Sequence[int]) -> Markup:
    if not first_notes:
        return html

    def lead(part: int, number: str) -> str:
        return f'href="/monographs/{slug}/sections/{section_id(NOTES)}?part={part}#fn-{number}"'

    return cleaned(
        NOTE_REFERENCE.sub(lambda found: lead(max(1, bisect_right(first_notes, int(found[1]))), found[1]), html)
    )


def is_section(name: str) -> bool:
    """Whether monographs have a section of this id."""
    return name in TITLES
