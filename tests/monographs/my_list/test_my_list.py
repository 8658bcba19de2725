"""My list, signed in and signed out alike: adding, the indication, order, removing and undoing."""

from __future__ import annotations

import re

import pytest

from cpd.monographs.my_list import ordering
from tests.monographs.conftest import INDICATIONS, lines_of, message_in
from tests.pages import hidden_in, words_of

pytestmark = pytest.mark.usefixtures("drugs")


@pytest.fixture(params=["signed out", "signed in"])
def visitor(request, professional, sign_in):
    """Somebody at the list: with a cookie alone, or with an account."""
    if request.param == "signed in":
        sign_in()
    return professional


@pytest.fixture
def names(visitor):
    """The names on the list, in order."""
    return lambda: [name for name, _ in lines_of(visitor.get("/list").text)]


def test_an_empty_list_says_what_will_be_there(visitor):
    page = words_of(visitor.get("/list").text)
    assert "No drugs yet" in page
    assert "Add one from any monograph" in page


def test_a_drug_without_indications_is_added_at_once_and_said_so(visitor, add):
    answer = add("alfadine", next="/monographs/alfadine")
    assert (answer.status_code, answer.location) == (303, "/monographs/alfadine")
    assert message_in(visitor.get(answer.location).text) == "Alfadine is now on your list."
    assert message_in(visitor.get(answer.location).text) == ""
    assert lines_of(visitor.get("/list").text) == [("Alfadine", "No indication chosen")]


def test_a_drug_with_one_indication_is_added_with_it(visitor, add):
    assert add("monodine").location == "/list"
    assert lines_of(visitor.get("/list").text) == [("Monodine", "Muscle spasms")]


def test_a_drug_with_several_indications_asks_for_one(visitor, add, send):
    page = add("zanidine", next="/monographs/zanidine")
    assert page.status_code == 200
    assert re.findall(r'<input[^>]*type="radio"[^>]*value="([^"]+)"', page.text) == ["muscle-spasms", "hiccups"]
    assert lines_of(visitor.get("/list").text) == []
    fields = {name: hidden_in(page.text, name) for name in ("monograph", "next", "asked")}

    again = send("/list", **fields)
    assert again.status_code == 422
    assert words_of(again.text).count("Choose the indication") >= 2
    assert send("/list", **fields, indication="hiccups").location == "/monographs/zanidine"
    assert lines_of(visitor.get("/list").text) == [("Zanidine", "Hiccups")]


def test_an_indication_chosen_beforehand_is_not_asked_for_again(visitor, add):
    assert add("zanidine", "hiccups").status_code == 303
    assert message_in(visitor.get("/list").text) == "Zanidine (Hiccups) is now on your list."


def test_indications_of_one_drug_stay_apart(visitor, add):
    add("zanidine", "hiccups")
    add("zanidine", "muscle-spasms")
    assert lines_of(visitor.get("/list").text) == [("Zanidine", "Hiccups"), ("Zanidine", "Muscle spasms")]


def test_what_is_there_already_is_said_and_not_doubled(visitor, add, names):
    for _ in range(2):
        answer = add("alfadine", next="/monographs/betadine")
    assert message_in(visitor.get(answer.location).text) == "Alfadine is on your list already."
    assert names() == ["Alfadine"]


@pytest.mark.usefixtures("visitor")
def test_a_drug_that_there_is_not_is_refused_with_words(add):
    for slug in ("nodine", "", "NO", "../x", "a" * 200, "compare"):
        answer = add(slug)
        assert answer.status_code == 422, slug
        assert "We know no drug of that name" in answer.text


@pytest.mark.usefixtures("visitor")
def test_an_indication_that_the_drug_does_not_state_is_asked_for(add, names):
    answer = add("zanidine", "gout")
    assert answer.status_code == 422
    assert "Choose the indication" in answer.text
    assert add("alfadine", "gout").status_code == 422
    assert names() == []


@pytest.mark.usefixtures("visitor")
def test_after_adding_the_visitor_stays_on_the_site(add):
    for wanted in ("https://evil.example.org/", "//evil.example.org", "/no/such", "/list/move", "x", ""):
        assert add("alfadine", next=wanted).location == "/list", wanted


def test_lines_move_up_and_down(visitor, add, send, names):
    for slug in ("alfadine", "betadine", "gammadine"):
        add(slug)
    answer = send("/list/move", item="gammadine", direction="up")
    assert (answer.status_code, answer.location) == (303, "/list#place-2")
    page = visitor.get("/list").text
    assert [name for name, _ in lines_of(page)] == ["Alfadine", "Gammadine", "Betadine"]
    assert message_in(page) == "Gammadine is now number 2 of 3."
    send("/list/move", item="alfadine", direction="down")
    assert names() == ["Gammadine", "Alfadine", "Betadine"]
    send("/list/move", item="gammadine", direction="up")
    send("/list/move", item="betadine", direction="sideways")
    assert names() == ["Gammadine", "Alfadine", "Betadine"]


def test_what_is_removed_comes_back_at_its_place(visitor, add, send):
    for slug in ("alfadine", "betadine", "gammadine"):
        add(slug)
    send("/list/remove", item="betadine")
    page = visitor.get("/list").text
    assert [name for name, _ in lines_of(page)] == ["Alfadine", "Gammadine"]
    assert message_in(page) == "Betadine was removed from your list."
    undo = page.split('action="/list/restore"')[1]
    send("/list/restore", item=hidden_in(undo, "item"), place=hidden_in(undo, "place"))
    page = visitor.get("/list").text
    assert message_in(page) == "Betadine is back on your list."
    assert [name for name, _ in lines_of(page)] == ["Alfadine", "Betadine", "Gammadine"]


@pytest.mark.usefixtures("visitor")
def test_what_is_restored_to_a_place_that_cannot_be_stands_last(add, send, names):
    add("alfadine")
    for place in ("", "-1", "99", "x", "9" * 40, "²"):
        send("/list/restore", item="betadine", place=place)
        assert names() == ["Alfadine", "Betadine"], place
        send("/list/remove", item="betadine")


@pytest.mark.usefixtures("visitor")
def test_what_is_not_on_the_list_is_said(send):
    for path in ("/list/remove", "/list/move", "/list/restore"):
        for item in ("nodine", "", "a b", "nodine~gout"):
            answer = send(path, item=item)
            assert answer.status_code == 422, (path, item)
            assert "Your list was not changed" in answer.text


@pytest.mark.usefixtures("visitor")
def test_a_list_has_a_bound_that_is_said(add, send, monkeypatch, names):
    monkeypatch.setattr(ordering, "MOST", 2)
    for slug in ("alfadine", "betadine"):
        add(slug)
    for answer in (add("gammadine"), send("/list/restore", item="gammadine", place="0")):
        assert answer.status_code == 422
        assert "Remove one first." in answer.text
    assert names() == ["Alfadine", "Betadine"]


def test_a_withdrawn_drug_stays_with_words_and_cannot_be_added(visitor, add, names, write_monograph, republish):
    add("alfadine")
    write_monograph("alfadine", status="withdrawn", classes=["Muscle relaxant"])
    write_monograph("betadine", status="withdrawn")
    republish()
    page = visitor.get("/list").text
    assert "Withdrawn: do not rely on it" in words_of(page)
    assert words_of(visitor.get("/list/panel").text) == "Alfadine withdrawn My list"
    answer = add("betadine")
    assert answer.status_code == 422
    assert "Betadine has been withdrawn" in answer.text
    assert names() == ["Alfadine"]


def test_a_renamed_drug_follows_its_name(visitor, settings, add, send, names, write_monograph, republish):
    add("alfadine")
    (settings.content_folder / "monographs" / "alfadine.md").unlink()
    write_monograph("omegadine", former_slugs=["alfadine"])
    republish()
    assert 'href="/monographs/omegadine"' in visitor.get("/list").text
    assert add("alfadine").status_code == 303
    assert names() == ["Omegadine"]
    send("/list/move", item="alfadine", direction="up")
    send("/list/remove", item="alfadine")
    assert names() == []


def test_an_indication_that_is_no_longer_stated_is_kept_with_words(visitor, add, write_monograph, republish):
    add("zanidine", "hiccups")
    write_monograph("zanidine", indications=INDICATIONS[:1])
    republish()
    assert lines_of(visitor.get("/list").text) == [
        ("Zanidine", "Hiccups (the monograph no longer states this indication)")
    ]


def test_a_drafted_indication_is_marked(visitor, add, write_monograph, republish):
    write_monograph("zanidine", indications=INDICATIONS, draft=["indications"])
    republish()
    assert "drafted by import" in words_of(add("zanidine").text)
    add("zanidine", "hiccups")
    assert lines_of(visitor.get("/list").text) == [("Zanidine", "Hiccups (drafted by import, not confirmed)")]


def test_the_panel_is_a_part_of_a_page_with_the_beginning_of_the_list(visitor, add):
    assert "No drugs yet." in visitor.get("/list/panel").text
    for slug in ("alfadine", "zanidine"):
        add(slug, "hiccups" if slug == "zanidine" else "")
    panel = visitor.get("/list/panel").text
    assert "<html" not in panel
    assert words_of(panel) == "Alfadine Zanidine Hiccups My list"
    assert 'href="/list"' in panel


def test_choosing_lines_makes_the_link_that_compares_them(visitor, add):
    for slug in ("alfadine", "zanidine"):
        add(slug, "hiccups" if slug == "zanidine" else "")
    page = visitor.get("/list").text
    assert re.findall(r'name="m" value="([^"]+)" form="compare"', page) == ["alfadine", "zanidine~hiccups"]
    assert 'id="compare" method="get" action="/monographs/compare"' in page


def test_names_are_text(visitor, add, write_monograph, republish):
    name = "Pain & 'aches' \"{{ 7*7 }}\""
    write_monograph("zanidine", indications=[{"name": name}])
    republish()
    page = visitor.get(add("zanidine").location).text
    assert message_in(page) == f"Zanidine ({name}) is now on your list."
    assert lines_of(page)[0] == ("Zanidine", name)


def test_what_a_form_sends_is_text(visitor, send):
    send("/list/restore", item="alfadine~<script>x</script>")
    page = visitor.get("/list").text
    assert "<script>x" not in page
    assert "&lt;script&gt;x" in page


@pytest.mark.parametrize("path", ["/list", "/list/panel"])
def test_the_list_shows_the_notice_first(app, path):
    assert "intended for healthcare professionals" in app.test_client().get(path).text


def test_every_page_leads_to_the_list(visitor):
    page = visitor.get("/").text
    assert '<a class="btn btn--quiet btn--icon only-wide" href="/list" aria-label="My list"' in page
    assert page.count('href="/list"') >= 3


def test_a_form_without_its_token_changes_nothing(visitor, names):
    for path in ("/list", "/list/remove", "/list/restore", "/list/move"):
        assert visitor.post(path, data={"monograph": "alfadine", "item": "alfadine"}).status_code == 400
    assert names() == []
