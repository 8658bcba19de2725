"""The catalogue: filters, orders, and pages on which each module stands once."""

from __future__ import annotations

import re
from datetime import date
from decimal import Decimal
from html import unescape

import pytest

from cpd.modules.catalogue import MOST_VALUES, UnknownPlace, Wanted, read_wanted
from cpd.modules.queries import PAGE

CATEGORIES = {"red-flags", "clinical-review"}
SPECIALTIES = {"neurology", "dermatology"}


def wanted(**values: str | list[str]) -> Wanted:
    lists = {name: [value] if isinstance(value, str) else value for name, value in values.items()}
    return read_wanted(lists, categories=CATEGORIES, specialties=SPECIALTIES)


def test_filters_that_exist_are_kept_once_in_their_order():
    found = wanted(category=["red-flags", "clinical-review", "red-flags"], specialty="neurology")
    assert found.categories == ("red-flags", "clinical-review")
    assert found.specialties == ("neurology",)


@pytest.mark.parametrize(
    "values",
    [
        {"category": "no-such"},
        {"specialty": "RED-FLAGS"},
        {"sort": "alphabet"},
        {"sort": ""},
        {"category": "\x00"},
        {"q": "anything"},
        {"category": ["no-such"] * MOST_VALUES + ["red-flags"]},
    ],
    ids=["category", "specialty", "sort", "empty", "NUL", "another key", "too many"],
)
def test_what_does_not_exist_is_left_out(values):
    assert wanted(**values) == Wanted()


@pytest.mark.parametrize(
    ("sort", "after", "place"),
    [
        ("newest", "2026-11-02_7", (date(2026, 11, 2), 7)),
        ("newest", "2026-11-02_99999999999", (date(2026, 11, 2), 2**31 - 1)),
        ("shortest", "0.50_7", (Decimal("0.50"), 7)),
        ("credits", "1.5_1", (Decimal("1.50"), 1)),
    ],
)
def test_a_place_is_read_by_the_key_of_its_order(sort, after, place):
    assert wanted(sort=sort, after=after).after == place


NEWEST = ("", "_", "7", "2026-11-02", "2026-11-02_", "2026-13-02_7", "0.50_7", "2026-11-02_x", "2026-11-02_-1")
MOST = ("", "_7", "a_7", "0.50", "0.50_", "-1_7", "NaN_7", "sNaN_7", "Infinity_7", "1e9_7", "1e999999_7", "-0.01_7")
BAD_PLACES = {
    "newest": [*NEWEST, "2026-11-02_-99999999999999999999999", "\x00_7", "x" * 5_000, "2026-11-02_7\x00", "\ud800_7"],
    "credits": [*MOST, "0.50_-9999999999999999999999999", "2026-11-02_7", "\x00_7"],
}


@pytest.mark.parametrize(
    ("sort", "after"), [(sort, after) for sort, places in BAD_PLACES.items() for after in places], ids=ascii
)
def test_a_place_that_cannot_be_is_unknown(sort, after):
    with pytest.raises(UnknownPlace):
        wanted(sort=sort, after=after)


@pytest.mark.parametrize(
    "values",
    [{}, {"category": ["red-flags", "clinical-review"]}, {"specialty": "neurology", "sort": "credits"}],
    ids=["nothing", "categories", "specialty and order"],
)
def test_an_address_says_what_it_was_read_from(values):
    found = wanted(**values)
    query = re.findall(r"[?&](\w+)=([^&]*)", found.url)
    assert wanted(**{name: [value for key, value in query if key == name] for name, _ in query}) == found


def test_another_filter_or_order_begins_at_the_first_page():
    found = wanted(category="red-flags", after="2026-11-02_7")
    assert found.sorted_by("credits").after is None
    assert found.without("red-flags") == Wanted()


def titles_in(page: str) -> list[str]:
    return re.findall(r'<h3 class="mod__title mt-2"><a href="/modules/([^"]+)"', page)


def next_of(page: str) -> str | None:
    found = re.search(r'rel="next" href="([^"]+)"', page)
    return unescape(found[1]) if found else None


def count_in(page: str) -> str:
    return re.search(r'id="results-h">(.*?)</h2>', page)[1]


@pytest.fixture
def shelf(write_module, republish):
    """Five modules that differ in what can be filtered by."""
    write_module("headache", specialties=["Neurology"], credits="0.50", reviewed="2026-11-01")
    write_module("groin", specialties=["Surgery"], credits="0.25", reviewed="2026-11-05")
    write_module("eyes", specialties=["Neurology", "Surgery"], credits="0.50", reviewed="2026-11-02")
    write_module("parkinson", category="clinical-review", specialties=["Neurology"], credits="1.50")
    write_module("skin", category="clinical-review", specialties=["Dermatology"], credits="1.00", status="withdrawn")
    republish()


@pytest.mark.usefixtures("shelf")
def test_filters_of_one_kind_add_up_and_of_two_kinds_narrow_down(client):
    shown = {
        query: set(titles_in(client.get(f"/modules/?{query}").text))
        for query in (
            "",
            "category=red-flags",
            "category=red-flags&category=clinical-review",
            "specialty=neurology",
            "specialty=neurology&specialty=surgery",
            "category=red-flags&specialty=neurology",
            "category=clinical-review&specialty=surgery",
            "category=no-such&specialty=neurology",
        )
    }
    every = {"headache", "groin", "eyes", "parkinson"}
    assert shown == {
        "": every,
        "category=red-flags": {"headache", "groin", "eyes"},
        "category=red-flags&category=clinical-review": every,
        "specialty=neurology": {"headache", "eyes", "parkinson"},
        "specialty=neurology&specialty=surgery": every,
        "category=red-flags&specialty=neurology": {"headache", "eyes"},
        "category=clinical-review&specialty=surgery": set(),
        "category=no-such&specialty=neurology": {"headache", "eyes", "parkinson"},
    }


@pytest.mark.usefixtures("shelf")
def test_counts_are_those_of_live_modules(client):
    page = client.get("/modules/").text
    assert count_in(page) == "4 modules"
    assert count_in(client.get("/modules/?specialty=surgery&category=clinical-review").text) == "0 modules"
    assert count_in(client.get("/modules/?category=clinical-review").text) == "1 module"
    assert re.findall(r'name="(\w+)" value="([\w-]+)">.*?count">(\d+)<', page) == [
        ("category", "red-flags", "3"),
        ("category", "clinical-review", "1"),
        ("specialty", "neurology", "3"),
        ("specialty", "surgery", "2"),
    ]


@pytest.mark.usefixtures("shelf")
def test_an_empty_list_offers_to_clear_the_filters(client):
    page = client.get("/modules/?specialty=surgery&category=clinical-review&sort=credits").text
    assert "Nothing matches the filters that are on" in page
    assert 'href="/modules/?sort=credits">Clear filters' in page


@pytest.mark.usefixtures("shelf")
def test_each_filter_that_is_on_can_be_taken_away(client):
    page = unescape(client.get("/modules/?category=red-flags&specialty=neurology").text)
    assert 'class="chip chip--on" href="/modules/?specialty=neurology"' in page
    assert 'class="chip chip--on" href="/modules/?category=red-flags"' in page


@pytest.mark.usefixtures("shelf")
def test_the_orders_are_newest_shortest_and_most_credits(client):
    shown = {sort: titles_in(client.get(f"/modules/?sort={sort}").text) for sort in ("newest", "shortest", "credits")}
    assert shown["newest"][0] == "groin"
    assert shown["newest"][-1] == "headache"
    assert shown["shortest"][0] == "groin"
    assert shown["shortest"][-1] == "parkinson"
    assert shown["credits"] == shown["shortest"][::-1]


def test_a_learner_sees_what_is_passed(client, publish, sign_in, submit):
    publish("sepsis")
    assert "Completed" not in client.get("/modules/").text
    sign_in()
    submit("/modules/sepsis/assessment", q1="a")
    assert "Completed" in client.get("/modules/").text


def test_an_external_module_is_marked(client, publish):
    publish("elsewhere", external="https://example.org/course", assessment=None)
    assert "External website" in client.get("/modules/").text


def test_without_modules_the_catalogue_says_so(client):
    page = client.get("/modules/")
    assert page.status_code == 200
    assert "No modules here" in page.text


def test_pages_show_every_module_exactly_once_in_each_order(client, write_module, republish):
    for number in range(60):
        write_module(
            f"m{number:02}",
            category=("red-flags", "clinical-review")[number % 2],
            credits=("0.25", "0.50", "1.50")[number % 3],
            reviewed=f"2026-10-{number % 4 + 1:02}",
            specialties=["Neurology"] if number < 30 else ["Surgery"],
            assessment=None,
            external="https://example.org/course",
        )
    republish()

    for query, count in {
        "": 60,
        "sort=shortest": 60,
        "sort=credits": 60,
        "specialty=neurology&sort=credits": 30,
    }.items():
        seen, url = [], f"/modules/?{query}"
        while url:
            page = client.get(url).text
            assert count_in(page) == f"{count} modules", url
            shown, url = titles_in(page), next_of(page)
            assert len(shown) == PAGE or url is None
            seen += shown
        assert len(seen) == count, query
        assert len(set(seen)) == count, query


@pytest.mark.usefixtures("shelf")
@pytest.mark.parametrize("sort", BAD_PLACES)
def test_a_bad_place_is_a_page_that_does_not_exist(client, sort):
    for after in BAD_PLACES[sort]:
        answer = client.get("/modules/", query_string={"sort": sort, "after": after.encode("utf-8", "surrogatepass")})
        assert answer.status_code == 404, ascii(after)
