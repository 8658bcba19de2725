"""The indexes of drugs: from A to Z, and by class, indication and company."""

from __future__ import annotations

import re
from html import unescape

import pytest
from sqlalchemy import insert, select

from cpd.db import db
from cpd.monographs.indexes.queries import PAGE, PAGE_OF_TERMS
from cpd.monographs.models import Monograph, MonographTerm, Term
from tests.pages import words_of


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
    for query in (
        "letter=q",
        "letter=%C3%89",
        "letter=%00",
        "letter=ab",
        "letter=",
        "class=",
        "class=%00",
        "by=",
        "by=colour",
    ):
        assert names_in(professional.get(f"/monographs/?{query}").text) == ["amoxil", "Baclofen"], query


def test_a_letter_that_no_drug_begins_with_is_named(professional, shelf):
    shelf("amoxil")
    assert "No drug begins with Q." in professional.get("/monographs/?letter=q").text
    assert "begins with" not in professional.get("/monographs/?letter=a").text
    assert "begins with" not in professional.get("/monographs/?letter=%C3%89").text


def test_what_begins_with_no_letter_is_found_under_other(professional, shelf):
    shelf("amoxil", "5-acid")
    page = professional.get("/monographs/").text
    assert '<a href="/monographs/?letter=%23">Other</a>' in page
    assert names_in(professional.get("/monographs/?letter=%23").text) == ["5-acid"]


def test_other_is_not_offered_where_all_begin_with_letters(professional, shelf):
    shelf("amoxil")
    assert "Other" not in professional.get("/monographs/").text


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


def test_beyond_the_last_drug_a_link_leads_back(professional, shelf):
    shelf("amoxil")
    page = professional.get("/monographs/?after=zz~1").text
    assert '<a class="btn btn--line" href="/monographs/">Back to the beginning' in page
    assert "No monographs yet" not in page


# By class, indication and company


def terms_in(page: str) -> list[tuple[str, str]]:
    """The terms of a list as (title, count)."""
    found = re.findall(r'<li><a href="/monographs/\?[^"]+"><span>(.*?)</span> <small[^>]*>(.*?)</small>', page)
    return [(unescape(title), count) for title, count in found]


def tabs_in(page: str) -> dict[str, str]:
    """The tabs, each with what aria-current says of it."""
    nav = page.split('aria-label="Indexes"')[1].split("</nav>")[0]
    found = re.findall(r'<a href="[^"]+"(?: aria-current="(\w+)")?>(.*?)</a>', nav)
    return {title: current for current, title in found}


@pytest.fixture
def relaxants(write_monograph, republish):
    """Three drugs that share classes, indications and companies."""
    write_monograph(
        "zanidine",
        classes=["Muscle relaxant", "Alpha-2 agonist"],
        indications=[{"name": "Spasticity"}],
        company="Example Pharma",
    )
    write_monograph("abafen", classes=["Muscle relaxant"], indications=[{"name": "Spasticity", "use": "Severe."}])
    write_monograph("statilol", classes=["Statin"], indications=[{"name": "Hypertension"}], company="Sample & Sons")
    republish()


@pytest.mark.usefixtures("relaxants")
@pytest.mark.parametrize(
    ("kind", "listed"),
    [
        ("class", [("Alpha-2 agonist", "1 drug"), ("Muscle relaxant", "2 drugs"), ("Statin", "1 drug")]),
        ("indication", [("Hypertension", "1 drug"), ("Spasticity", "2 drugs")]),
        ("company", [("Example Pharma", "1 drug"), ("Sample & Sons", "1 drug")]),
    ],
)
def test_the_terms_of_a_kind_are_listed_with_the_number_of_drugs(professional, kind, listed):
    assert terms_in(professional.get(f"/monographs/?by={kind}").text) == listed


@pytest.mark.usefixtures("relaxants")
@pytest.mark.parametrize(
    ("query", "heading", "names"),
    [
        ("class=muscle-relaxant", "Muscle relaxant", ["Abafen", "Zanidine"]),
        ("class=alpha-2-agonist", "Alpha-2 agonist", ["Zanidine"]),
        ("indication=spasticity", "Spasticity", ["Abafen", "Zanidine"]),
        ("company=sample-sons", "Sample &amp; Sons", ["Statilol"]),
    ],
)
def test_the_drugs_of_a_term_are_listed_by_name(professional, query, heading, names):
    page = professional.get(f"/monographs/?{query}").text
    assert names_in(page) == names
    assert f"{heading}</h1>" in page


@pytest.mark.usefixtures("relaxants")
def test_every_term_of_a_list_leads_to_its_drugs(professional):
    for kind in ("class", "indication", "company"):
        page = professional.get(f"/monographs/?by={kind}").text
        links = re.findall(rf'<li><a href="(/monographs/\?{kind}=[^"]+)"', page)
        assert links
        for link in links:
            answer = professional.get(unescape(link))
            assert answer.status_code == 200, link
            assert names_in(answer.text), link


@pytest.mark.usefixtures("relaxants")
def test_tabs_say_which_index_is_shown(professional):
    def current(query: str) -> list[tuple[str, str]]:
        tabs = tabs_in(professional.get(f"/monographs/{query}").text)
        assert list(tabs) == ["A to Z", "By class", "By indication", "By company"]
        return [(title, current) for title, current in tabs.items() if current]

    assert current("") == [("A to Z", "page")]
    assert current("?letter=A") == [("A to Z", "page")]
    assert current("?by=company") == [("By company", "page")]
    assert current("?class=statin") == [("By class", "true")]


@pytest.mark.usefixtures("relaxants")
def test_the_terms_of_a_letter_stand_alone(professional):
    page = professional.get("/monographs/?by=class&letter=m").text
    assert terms_in(page) == [("Muscle relaxant", "2 drugs")]
    assert '<a href="/monographs/?by=class&amp;letter=M" aria-current="page">M</a>' in page
    assert '<a href="/monographs/?by=class&amp;letter=S">S</a>' in page
    assert '<span aria-hidden="true">B</span>' in page


@pytest.mark.usefixtures("relaxants")
def test_a_letter_that_no_term_begins_with_is_named_and_shows_all(professional):
    page = professional.get("/monographs/?by=class&letter=Q").text
    assert "No class begins with Q." in page
    assert len(terms_in(page)) == 3


@pytest.mark.usefixtures("relaxants")
@pytest.mark.parametrize("kind", ["class", "indication", "company"])
@pytest.mark.parametrize("slug", ["no-such", "%ED%A0%80", "Muscle+relaxant", "'; --", "x" * 5000, "~"])
def test_a_term_that_no_monograph_states_is_answered_with_the_way_on(professional, kind, slug):
    answer = professional.get(f"/monographs/?{kind}={slug}")
    assert answer.status_code == 404
    assert "No monograph states it now" in answer.text
    assert f'href="/monographs/?by={kind}">All ' in answer.text
    assert list(tabs_in(answer.text)) == ["A to Z", "By class", "By indication", "By company"]


def test_a_kind_of_which_there_is_nothing_says_so(professional, write_monograph, republish):
    write_monograph("zanidine")
    republish()
    assert "No companies yet" in professional.get("/monographs/?by=company").text
    assert "No classes yet" in professional.get("/monographs/?by=class").text


@pytest.fixture
def shelf_of_terms(app, shelf):
    """Lists drugs under a class, and gives a class and a company to many others."""

    def add(drugs: int, terms: int) -> None:
        shelf(*(f"zan{number % 7}" for number in range(drugs)))
        rows = [
            {"kind": "class", "slug": f"{'bcd'[number % 3]}-{number:04d}", "title": f"Term {number}", "count": 1}
            for number in range(terms)
        ]
        with app.app_context():
            db.session.execute(insert(Term), [*rows, {"kind": "class", "slug": "all", "title": "All", "count": drugs}])
            found = db.session.execute(select(Monograph.id, Monograph.sort_name)).all()
            listed = {"kind": "class", "slug": "all", "title": "All"}
            db.session.execute(
                insert(MonographTerm),
                [{"monograph_id": row.id, "sort_name": row.sort_name, **listed} for row in found],
            )
            db.session.commit()

    return add


def links_of_pages(client, url: str, pattern: str) -> list[str]:
    """What the pages of a list link to, from the first to the last."""
    seen: list[str] = []
    while url:
        page = client.get(url).text
        seen += re.findall(pattern, page)
        url = next_of(page)
    return seen


def test_pages_of_a_term_show_every_drug_exactly_once(professional, shelf_of_terms):
    shelf_of_terms(drugs=PAGE * 2 + 5, terms=0)
    seen = links_of_pages(professional, "/monographs/?class=all", r'href="/monographs/(drug-\d+)"')
    assert len(seen) == len(set(seen)) == PAGE * 2 + 5


@pytest.mark.parametrize(("letter", "count"), [("", PAGE_OF_TERMS * 3 + 1), ("B", PAGE_OF_TERMS), ("D", PAGE_OF_TERMS)])
def test_pages_of_terms_show_every_term_exactly_once(professional, shelf_of_terms, letter, count):
    shelf_of_terms(drugs=1, terms=PAGE_OF_TERMS * 3)
    url = f"/monographs/?by=class&letter={letter}"
    seen = links_of_pages(professional, url, r'<li><a href="/monographs/\?class=([^"]+)"')
    assert len(seen) == len(set(seen)) == count


def test_places_in_lists_of_terms_that_cannot_be_are_answered_with_a_page(professional, shelf_of_terms):
    shelf_of_terms(drugs=1, terms=1)
    for query in ("class=all&", "by=class&", "by=company&"):
        answers = {after: professional.get(f"/monographs/?{query}after={after}").status_code for after in BAD_PLACES}
        assert answers == dict.fromkeys(BAD_PLACES, 200), query


def test_names_of_other_scripts_are_listed_and_led_to(professional, write_monograph, republish):
    write_monograph("zanidine", name="Занидин", classes=["Гипотензивное средство", "β-blocker"])
    republish()
    assert names_in(professional.get("/monographs/?letter=%23").text) == ["Занидин"]
    page = professional.get("/monographs/?by=class").text
    assert terms_in(page) == [("β-blocker", "1 drug"), ("Гипотензивное средство", "1 drug")]
    links = re.findall(r'<li><a href="(/monographs/\?class=[^"]+)"', page)
    assert [names_in(professional.get(unescape(link)).text) for link in links] == [["Занидин"], ["Занидин"]]


@pytest.mark.usefixtures("relaxants")
def test_the_indexes_show_the_notice_first(client):
    for query in ("by=class", "class=statin", "company=no-such"):
        answer = client.get(f"/monographs/?{query}")
        assert answer.status_code == 200
        assert "intended for healthcare professionals" in words_of(answer.text)
        assert "Statilol" not in answer.text
