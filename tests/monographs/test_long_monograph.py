"""Long labels stay quick: the page opens at the top, and the rest of its sections is loaded when it is asked for."""

from __future__ import annotations

import re
from types import SimpleNamespace

import pytest
from sqlalchemy import func, select

from cpd.content import folding
from cpd.db import db
from cpd.monographs.models import MonographRendering, MonographRest
from cpd.monographs.queries import RENDERED
from cpd.monographs.sections import SECTIONS, section_id
from cpd.monographs.shown import KEPT, shown
from tests.monographs.long import long_body
from tests.pages import words_of

LONGEST_PAGE = 400_000  # bytes
LINES = "\n\n"
BY_SCRIPT = {"X-Requested-With": "fetch"}


def shorten(monkeypatch):
    """Let pages have a quarter of what they may have: making long monographs takes time."""
    for limit in ("SHOWN", "PART", "HEAD"):
        monkeypatch.setattr(folding, limit, getattr(folding, limit) // 4)


@pytest.fixture
def short_pages(monkeypatch):
    shorten(monkeypatch)


@pytest.fixture
def long(monkeypatch, write_monograph, republish, professional):
    """A visitor of a site with a monograph that is too long for its page."""
    shorten(monkeypatch)
    write_monograph("longdine", body=long_body(0.05))
    republish()
    return professional


def text_of_section(page: str, title: str) -> list[str]:
    found = re.search(rf'<section class="mono-sec" id="{section_id(title)}".*?</h2>(.*?)</section>', page, re.DOTALL)
    assert found is not None
    return words_of(found[1]).split()


def folds_in(page: str) -> list[str]:
    return re.findall(r'data-fold="([^"]+)"', page)


def test_no_page_of_the_longest_label_is_too_long(write_monograph, republish, professional):
    body = long_body()
    assert 1_450_000 < len(body) < 1_600_000
    write_monograph("longdine", body=body)
    republish()

    page = professional.get("/monographs/longdine")
    assert len(page.data) <= LONGEST_PAGE
    waiting, seen = folds_in(page.text), set()
    assert len(waiting) >= 6
    while waiting:
        address = waiting.pop()
        seen.add(address)
        part = professional.get(address, headers=BY_SCRIPT)
        alone = professional.get(address)
        assert (part.status_code, alone.status_code) == (200, 200)
        assert max(len(part.data), len(alone.data)) <= LONGEST_PAGE
        waiting += folds_in(part.text)
    assert any("?part=2" in address for address in seen), "the longest sections have several parts"


def test_a_comparison_in_full_has_what_the_page_leaves_out(long, write_monograph, republish):
    write_monograph("short")
    republish()
    whole = text_of_section(long.get("/monographs/longdine?full=1").text, "Clinical studies")
    beside = "/monographs/compare?m=longdine&m=short"
    compared = " ".join(words_of(long.get(f"{beside}&full=1").text).split())
    assert " ".join(whole) in compared
    address = "/monographs/longdine/sections/clinical-studies?whole=1"
    assert f'href="{address}" data-rest' in long.get(beside).text
    part = words_of(long.get(address, headers=BY_SCRIPT).text).split()
    assert part[:200] == whole[:200]


def test_the_page_and_what_is_loaded_into_it_are_the_whole_text(long):
    page, full = long.get("/monographs/longdine").text, long.get("/monographs/longdine?full=1").text
    assert folds_in(page)
    assert folds_in(full) == []
    for title in SECTIONS[1:]:
        whole = text_of_section(full, title)
        waiting = [address for address in folds_in(page) if address.endswith(f"/{section_id(title)}")]
        if not waiting:
            assert text_of_section(page, title) == whole, title
            continue
        pieces = [re.split(r"<details", page.split(f'id="{section_id(title)}-h"')[1])[0].split("</h2>")[1]]
        while waiting:
            part = long.get(waiting.pop(), headers=BY_SCRIPT).text
            pieces.append(part.split("<details")[0])
            waiting += folds_in(part)
        assert [word for piece in pieces for word in words_of(piece).split()] == whole, title


def test_a_section_on_its_own_pages_is_whole(long):
    whole = text_of_section(long.get("/monographs/longdine?full=1").text, "Clinical studies")
    page = long.get("/monographs/longdine/sections/clinical-studies").text
    text = page.split('<section class="mono-sec"')[1].split("</section>")[0].split("</h2>", 1)[1]
    assert words_of(text).split() == whole
    assert '<a href="/monographs/longdine">Longdine</a>' in page
    assert '<a href="/monographs/longdine#clinical-studies">Clinical studies</a>' in page


@pytest.mark.usefixtures("short_pages")
def test_parts_lead_to_each_other(write_monograph, republish, professional):
    write_monograph("longdine", body=f"## Clinical studies\n\n{('word ' * 180 + LINES) * 175}")
    republish()
    address = "/monographs/longdine/sections/clinical-studies"
    pages = [professional.get(address).text, professional.get(f"{address}?part=2").text]
    assert "Part 1 of 3" in pages[0]
    assert f'rel="next" href="{address}?part=2"' in pages[0]
    assert 'rel="prev"' not in pages[0]
    assert f'rel="prev" href="{address}"' in pages[1]
    assert f'rel="next" href="{address}?part=3"' in pages[1]
    assert professional.get(f"{address}?part=4").status_code == 404


def test_sub_headings_of_a_fold_lead_to_where_they_stand(long):
    page = long.get("/monographs/longdine").text
    named = re.findall(r'<a href="(/monographs/longdine/sections/[^"#]+)#([^"]+)">', page)
    assert len(named) > 10
    for address, name in named:
        assert f'<h3 id="{name}">' in long.get(address).text, (address, name)


@pytest.mark.usefixtures("short_pages")
def test_a_boxed_warning_and_a_short_dosage_are_whole(write_monograph, republish, professional):
    body = long_body(0.05).replace("## Boxed warning\n", "## Boxed warning\n\nIt can kill.\n")
    write_monograph("longdine", body=body)
    republish()
    page = professional.get("/monographs/longdine").text
    folded = {address.rsplit("/", 1)[1] for address in folds_in(page)}
    assert folded
    assert not folded & {"boxed-warning", "dosage", "contraindications", "therapeutic-use"}
    assert page.index("It can kill.") < page.index("<details")


def test_a_page_that_leaves_something_out_says_so_where_it_does_and_in_print(long):
    page = long.get("/monographs/longdine").text
    assert "Read the rest of Clinical studies" in page
    assert 'href="/monographs/longdine?full=1"' in page
    assert "Not all of this monograph is printed here." in page
    full = long.get("/monographs/longdine?full=1").text
    for words in ("Read the rest", "Print all", "Not all of this monograph"):
        assert words not in full


def test_a_short_monograph_leaves_nothing_out(write_monograph, republish, professional):
    write_monograph("zanidine")
    republish()
    page = professional.get("/monographs/zanidine").text
    assert folds_in(page) == []
    for words in ("Print all", "Not all of this monograph"):
        assert words not in page


def test_a_section_that_is_short_or_not_stated_has_a_page_too(write_monograph, republish, professional):
    write_monograph("zanidine", body="## Boxed warning\n\nIt can kill.\n\n## Dosage\n\nTake 2 mg.\n")
    republish()
    pages = {
        name: professional.get(f"/monographs/zanidine/sections/{name}").text
        for name in ("boxed-warning", "dosage", "overdosage")
    }
    assert "It can kill." in pages["boxed-warning"]
    assert "Take <bdi" in pages["dosage"]
    assert "read it first" in pages["dosage"]
    assert "Not stated in this monograph" in pages["overdosage"]


@pytest.mark.parametrize(
    "rest",
    [
        "no-such",
        "notes",
        "dosage?part=2",
        "dosage?part=0",
        "dosage?part=x",
        "dosage?part=99999999999",
        "dosage?part=%D9%A1",
    ],
)
def test_a_section_or_part_that_is_not_there_is_not_found(write_monograph, republish, professional, rest):
    write_monograph("zanidine", body="## Dosage\n\nTake 2 mg.\n")
    republish()
    assert professional.get(f"/monographs/zanidine/sections/{rest}").status_code == 404


def test_sections_show_the_notice_first_and_follow_a_former_name(client, write_monograph, republish):
    old = write_monograph("zanidine", body="## Dosage\n\nTake 2 mg.\n")
    republish()
    asked = client.get("/monographs/zanidine/sections/dosage", headers=BY_SCRIPT).text
    assert "intended for healthcare professionals" in asked
    assert "data-part" not in asked
    client.set_cookie("cpd_professional", "1")
    old.unlink()
    write_monograph("newdine", former_slugs=["zanidine"])
    republish()
    answer = client.get("/monographs/zanidine/sections/dosage")
    assert (answer.status_code, answer.location) == (301, "/monographs/newdine/sections/dosage")


# Notes of a long text


def with_notes(count: int, words: int) -> str:
    text = "\n\n".join(f"Statement {number}.[^{number}]" for number in range(1, count + 1))
    listed = "\n\n".join(f"[^{number}]: {'word ' * words}{number}." for number in range(1, count + 1))
    return f"## Dosage\n\n{text}\n\n{listed}\n"


@pytest.mark.usefixtures("short_pages")
def test_every_reference_leads_to_its_note(write_monograph, republish, professional):
    write_monograph("zanidine", body=with_notes(40, 10))
    write_monograph("longdine", body=with_notes(150, 110))
    republish()
    page = professional.get("/monographs/zanidine").text
    assert {*re.findall(r'href="#(fn-\d+)"', page)} == {*re.findall(r'<li id="(fn-\d+)"', page)}

    page = professional.get("/monographs/longdine").text
    leads = re.findall(r'href="(/monographs/longdine/sections/notes\?part=\d+)#(fn-\d+)"', page)
    assert 'href="#fn-' not in page
    assert leads
    parts = {address: professional.get(address).text for address, _ in leads}
    assert len(parts) > 1
    for address, name in leads:
        assert f'<li id="{name}"' in parts[address]
    for part in parts.values():
        assert len(part) <= LONGEST_PAGE
        assert 'href="#fnref' not in part


def test_a_section_on_its_own_page_has_its_notes_without_ways_back(write_monograph, republish, professional):
    write_monograph("zanidine", body=with_notes(3, 2))
    republish()
    page = professional.get("/monographs/zanidine/sections/dosage").text
    assert {*re.findall(r'href="#(fn-\d+)"', page)} == {*re.findall(r'<li id="(fn-\d+)"', page)}
    assert "backref" not in page


# What is kept


@pytest.mark.usefixtures("short_pages")
def test_publishing_anew_leaves_no_rests_of_what_it_replaced(app, write_monograph, republish):
    for number in range(3):
        write_monograph("longdine", body=f"{long_body(0.05)}\n\nChanged {number}.\n")
        republish()
    write_monograph("other")
    republish()
    with app.app_context():
        renderings = set(db.session.scalars(select(MonographRendering.id)))
        rests = db.session.execute(
            select(MonographRest.rendering_id, func.count()).group_by(MonographRest.rendering_id)
        )
        assert {row[0] for row in rests} <= renderings


@pytest.mark.usefixtures("long")
def test_a_process_keeps_renderings_by_what_they_weigh(app):
    with app.app_context():
        row = db.session.execute(RENDERED).one()
        for number in range(1, 1_001):
            shown(SimpleNamespace(rendering_id=number, facts=row.facts, parts=row.parts))
    kept = app.extensions["fragments of monographs"]
    weights = [monograph.weight for monograph in kept._values.values()]
    assert 0 < len(weights) < 1_000
    assert KEPT - max(weights) <= sum(weights) <= KEPT
