"""Drugs from A to Z."""

from __future__ import annotations

import re
from html import unescape

import pytest
from sqlalchemy import insert

from cpd.db import db
from cpd.monographs.models import Monograph
from cpd.monographs.queries import PAGE


def names_in(page: str) -> list[str]:
    return re.findall(r'<h2 class="mod__title"><a href="[^"]+">(.*?)</a>', page)


def next_of(page: str) -> str | None:
    found = re.search(r'rel="next" href="([^"]+)"', page)
    return unescape(found[1]) if found else None


@pytest.fixture
def shelf(app):
    """Puts monographs on the index by their names, without files."""

    def add(*names: str) -> None:
        rows = [
            {
                "slug": f"drug-{number}",
                "name": name,
                "generic_name": name,
                "sort_name": name.lower(),
                "letter": name[0].upper() if name[0].isalpha() else "#",
                "classes": "",
                "boxed": False,
                "status": "published",
            }
            for number, name in enumerate(names)
        ]
        with app.app_context():
            db.session.execute(insert(Monograph), rows)
            db.session.commit()

    return add


def test_drugs_stand_in_the_order_of_their_names(professional, write_monograph, republish):
    for name in ("Zanidine", "amoxil", "Émilac", "baclofen", "5-acid"):
        write_monograph(re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-"), name=name)
    republish()
    assert names_in(professional.get("/monographs/").text) == ["5-acid", "amoxil", "baclofen", "Émilac", "Zanidine"]


def test_a_letter_shows_its_drugs_alone(professional, shelf):
    shelf("amoxil", "Baclofen", "bisoprolol", "5-acid")
    page = professional.get("/monographs/?letter=b").text
    assert names_in(page) == ["Baclofen", "bisoprolol"]
    assert '<a href="/monographs/?letter=B" aria-current="page">B</a>' in page


def test_letters_without_drugs_are_no_links(professional, shelf):
    shelf("amoxil")
    page = professional.get("/monographs/").text
    assert 'href="/monographs/?letter=A"' in page
    assert 'href="/monographs/?letter=B"' not in page
    assert '<span aria-hidden="true">B</span>' in page


def test_a_letter_that_is_not_there_shows_all(professional, shelf):
    shelf("amoxil", "Baclofen")
    for query in ("letter=q", "letter=%C3%89", "letter=%00", "letter=ab", "letter=", "class=x"):
        assert names_in(professional.get(f"/monographs/?{query}").text) == ["amoxil", "Baclofen"], query


def test_the_index_says_how_many_there_are(professional, shelf):
    shelf("amoxil", "Baclofen")
    assert "2 monographs." in professional.get("/monographs/").text


def test_an_empty_index_says_so(professional):
    assert "No monographs yet" in professional.get("/monographs/").text


def test_a_boxed_warning_is_marked_in_the_index(professional, write_monograph, republish):
    write_monograph("plain")
    write_monograph("boxed", body="## Boxed warning\n\nIt can kill.\n")
    republish()
    assert professional.get("/monographs/").text.count("Boxed warning") == 1


@pytest.mark.parametrize("letter", ["", "Z"])
def test_pages_show_every_drug_exactly_once(professional, shelf, letter):
    shelf(*(f"zan{number % 7}" for number in range(PAGE * 2 + 5)), "other")
    seen, url = [], f"/monographs/?letter={letter}"
    while url:
        page = professional.get(url).text
        seen += re.findall(r'href="/monographs/(drug-\d+)"', page)
        url = next_of(page)
    assert len(seen) == len(set(seen)) == PAGE * 2 + (5 if letter else 6)


BAD_PLACES = (
    "",
    "~",
    "x",
    "~5",
    "a~",
    "a~x",
    "a~-1",
    "a~99999999999999999999",
    "%00~1",
    "a%00b~1",
    "%ED%A0%80~1",
    "~~~1",
)


def test_a_place_that_cannot_be_is_answered_with_a_page(professional, shelf):
    shelf("amoxil")
    answers = {after: professional.get(f"/monographs/?after={after}").status_code for after in BAD_PLACES}
    assert answers == dict.fromkeys(BAD_PLACES, 200)
