"""What a question finds, and in which order."""

from __future__ import annotations

import pytest

from tests.pages import words_of
from tests.search.conftest import addresses_in

MONOGRAPHS = {
    "apixaban": {
        "name": "Apixaban",
        "brand_names": ["Eliquis"],
        "classes": ["Oral anticoagulant"],
        "body": "## Boxed warning\n\nBleeding.\n\n## Dosage\n\nTake 2.5 mg twice daily for atrial fibrillation.\n",
    },
    "baclofen": {"name": "Baclofen (oral)", "generic_name": "baclofen", "classes": ["Muscle relaxant"]},
    "baclofen-intrathecal": {
        "name": "Baclofen (intrathecal)",
        "generic_name": "baclofen",
        "brand_names": ["Lioresal Intrathecal"],
        "body": "## Dosage\n\nRefill the pump in time.\n",
    },
    "warfarin": {"body": "## Interactions\n\n- Apixaban: bleeding\n- Baclofen: none known\n"},
    "cocodamol": {"name": "Co-codamol", "generic_name": "codeine and paracetamol"},
}
MODULES = {
    "spasticity": {
        "title": "Spasticity after stroke",
        "body": "## Drugs\n\nStart with baclofen. Baclofen is oral.\n",
    },
    "headache": {"title": "Headache: when to worry", "summary": "Find the few that are not harmless."},
    "eyes": {"title": "Dry eyes", "body": "## Cause\n\nThink of Sjögren’s syndrome.\n"},
}


@pytest.fixture(scope="module")
def site(published_once):
    return published_once(monographs=MONOGRAPHS, modules=MODULES)


@pytest.fixture
def client(site):
    return site.test_client()


def test_drugs_come_first_when_the_question_is_a_drug(find):
    assert find("baclofen") == [
        "/monographs/baclofen",
        "/monographs/baclofen-intrathecal",
        "/modules/spasticity",
        "/monographs/warfarin",
    ]


@pytest.mark.parametrize("typed", ["BACLOFEN", " Baclofén ", "(baclofen)", "baclofen?", "the baclofen"])
def test_case_accents_and_signs_make_no_difference(typed, find):
    assert find(typed)[:2] == ["/monographs/baclofen", "/monographs/baclofen-intrathecal"]


def test_the_beginning_of_a_name_finds_drugs_first(find):
    assert find("bac")[:2] == ["/monographs/baclofen", "/monographs/baclofen-intrathecal"]


def test_a_drug_called_exactly_so_comes_before_those_that_have_the_name_within(find):
    assert find("baclofen intrathecal")[0] == "/monographs/baclofen-intrathecal"


def test_a_brand_finds_the_generic_and_says_so(ask):
    page = ask("eliquis")
    assert addresses_in(page) == ["/monographs/apixaban"]
    assert "Eliquis: brand name of apixaban" in words_of(page)
    assert "brand name" not in ask("apixaban")


@pytest.mark.parametrize("typed", ["baclofin", "bacolfen", "baclofn", "bacloffen", "baklofen"])
def test_a_typing_mistake_in_a_name_is_forgiven_and_said(typed, ask):
    page = ask(typed)
    assert addresses_in(page)[:2] == ["/monographs/baclofen", "/monographs/baclofen-intrathecal"]
    assert f"Nothing was found for “{typed}” as it is spelt" in words_of(page)
    assert '<a href="/search?q=baclofen"><strong>baclofen</strong></a>' in page


def test_a_typing_mistake_in_a_title_is_forgiven_and_said(ask):
    page = ask("headahce")
    assert addresses_in(page) == ["/modules/headache"]
    assert '<a href="/search?q=headache">' in page


def test_a_name_that_is_there_is_never_taken_for_a_similar_one(ask):
    page = ask("apixaban")
    assert addresses_in(page) == ["/monographs/apixaban", "/monographs/warfarin"]
    assert "similar spelling" not in page


@pytest.mark.parametrize("typed", ["co-codamol", "cocodamol", "co codamol", "Co‑Codamol", "cocodmol"])
def test_hyphens_make_no_difference(typed, find):
    assert find(typed) == ["/monographs/cocodamol"]


def test_every_word_must_be_there(find):
    assert find("baclofen pump") == ["/monographs/baclofen-intrathecal"]


def test_without_one_that_has_all_words_those_with_some_are_shown_and_said(ask):
    page = ask("headache xylophone")
    assert addresses_in(page) == ["/modules/headache"]
    assert "Nothing has all of these words" in page


def test_words_are_found_in_other_forms(find):
    assert find("headaches") == ["/modules/headache"]
    assert find("strokes") == ["/modules/spasticity"]


def test_names_with_accents_are_found_without(ask):
    page = ask("sjogren syndrome")
    assert addresses_in(page) == ["/modules/eyes"]
    assert "<mark>Sjögren</mark>" in page


def test_modules_are_found_by_author_specialty_and_category(find):
    everything = {"/modules/spasticity", "/modules/headache", "/modules/eyes"}
    for typed in ("prosser", "general practice", "red flags"):
        assert set(find(typed)) == everything, typed


def test_drugs_are_found_by_class(find):
    assert find("anticoagulant") == ["/monographs/apixaban"]


def test_the_assessment_is_not_searched(find):
    assert find("first") == []


def test_words_that_were_found_are_marked(ask):
    page = ask("atrial fibrillation")
    assert "twice daily for <mark>atrial</mark> <mark>fibrillation</mark>." in page


def test_a_boxed_warning_is_shown(ask):
    assert "Boxed warning" in ask("eliquis")
    assert "Boxed warning" not in ask("lioresal")


def test_kinds_are_counted_and_can_be_chosen(ask):
    page = words_of(ask("baclofen"))
    assert "4 results" in page
    assert "All 4 Drugs 3 Modules 1" in page
    assert addresses_in(ask("baclofen", kind="module")) == ["/modules/spasticity"]
    assert len(addresses_in(ask("baclofen", kind="monograph"))) == 3
    assert len(addresses_in(ask("baclofen", kind="nonsense"))) == 4


def test_a_kind_without_results_says_so(ask):
    assert "There are no more results" in ask("headache", kind="monograph")


def test_an_empty_answer_names_the_question_and_leads_on(ask):
    page = ask("xylophone <b>")
    assert "Nothing found for “xylophone &lt;b&gt;”" in words_of(page).replace("<b>", "&lt;b&gt;")
    for address in ("/search", "/modules/", "/monographs/"):
        assert f'href="{address}"' in page.split("<main")[1]


def test_without_a_question_the_page_says_what_can_be_typed(ask):
    for typed in ("", "   "):
        assert "Type a drug, a brand name" in ask(typed)


def test_signs_alone_are_no_question(ask):
    assert "There is nothing in “?!” to search for" in ask("?!")


def test_the_question_stands_in_the_box_and_the_title(ask):
    page = ask('a "quoted" <word>')
    assert 'value="a &#34;quoted&#34; &lt;word&gt;"' in page
    assert "<title>Search: a &#34;quoted&#34; &lt;word&gt; – Daybook CPD</title>" in page


def test_a_long_question_is_searched_by_its_first_words_and_says_so(ask):
    page = ask("baclofen " + "xylophone " * 2_000)
    assert "Your search was long" in page
    assert "/monographs/baclofen" in addresses_in(page)


def test_a_stranger_needs_no_notice(client):
    assert "intended for healthcare professionals" not in client.get("/search?q=baclofen").text


def test_an_address_with_a_slash_is_answered_too(client):
    assert "/monographs/baclofen" in addresses_in(client.get("/search/?q=baclofen").text)
