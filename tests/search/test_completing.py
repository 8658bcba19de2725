"""Names while they are typed, and the index of monographs filtered by name."""

from __future__ import annotations

import pytest

from tests.pages import words_of

MONOGRAPHS = {
    "apixaban": {"name": "Apixaban", "brand_names": ["Eliquis"], "classes": ["Oral anticoagulant"]},
    "baclofen": {"name": "Baclofen (oral)", "generic_name": "baclofen", "classes": ["Muscle relaxant"]},
    "baclofen-intrathecal": {"name": "Baclofen (intrathecal)", "generic_name": "baclofen"},
    "bactrazol": {"name": "Bactrazol", "generic_name": "bactrazol", "classes": ["Bactericidal agent"]},
    "tablets": {"name": "Sodium bacitrate", "generic_name": "sodium bacitrate"},
    "cocodamol": {"name": "Co-codamol", "generic_name": "codeine and paracetamol"},
    "acetate": {"name": "Superzanidinestatin acetate", "generic_name": "superzanidinestatin"},
    "maleate": {"name": "Superzanidinestatin maleate", "generic_name": "superzanidinestatin"},
    "signs": {"name": "Zanidine & salt", "brand_names": ['Zan"orel']},
}
MODULES = {
    "stopping": {"title": "Stopping baclofen safely"},
    "back": {"title": "Back pain", "credits": "1.50"},
}


@pytest.fixture(scope="module")
def site(published_once):
    return published_once(monographs=MONOGRAPHS, modules=MODULES)


@pytest.fixture
def client(site):
    return site.test_client()


def test_drugs_come_first_then_classes_then_modules(offered):
    assert offered("bac") == [
        ("/monographs/baclofen-intrathecal", "Baclofen (intrathecal)"),
        ("/monographs/baclofen", "Baclofen (oral) Muscle relaxant"),
        ("/monographs/bactrazol", "Bactrazol Bactericidal agent"),
        ("/monographs/tablets", "Sodium bacitrate"),
        ("/monographs/?class=bactericidal-agent", "Bactericidal agent Class"),
        ("/modules/back", "Back pain 1.50 credits"),
        ("/modules/stopping", "Stopping baclofen safely 0.50 credits"),
    ]


def test_one_letter_is_enough(offered):
    assert [address for address, _ in offered("e")] == ["/monographs/apixaban"]


def test_a_brand_leads_to_the_generic_and_says_so(offered):
    assert offered("eli") == [("/monographs/apixaban", "Eliquis – Apixaban brand name of apixaban")]


def test_a_name_typed_in_full_comes_first(offered):
    assert offered("baclofen (oral)")[0][0] == "/monographs/baclofen"
    assert [address for address, _ in offered("baclofen o")] == ["/monographs/baclofen"]


@pytest.mark.parametrize("typed", ["cocod", "co-cod", "co cod", "Co‑Cod", "CO-CODAMOL"])
def test_hyphens_make_no_difference(typed, offered):
    assert [address for address, _ in offered(typed)] == ["/monographs/cocodamol"]


@pytest.mark.parametrize("typed", ["baclofin", "bacolfen", "baklof"])
def test_a_mistyped_name_is_offered_as_a_similar_one(typed, client, offered):
    assert {address for address, _ in offered(typed)} == {"/monographs/baclofen", "/monographs/baclofen-intrathecal"}
    assert "Drugs with a similar name" in client.get(f"/search/complete?q={typed}").text


def test_a_drug_and_more_words_offer_the_drug(client, offered):
    assert [address for address, _ in offered("apixaban dose")] == ["/monographs/apixaban"]
    assert "similar name" not in client.get("/search/complete?q=apixaban+dose").text


def test_a_class_is_found_by_any_of_its_words(offered):
    assert offered("antico") == [("/monographs/?class=oral-anticoagulant", "Oral anticoagulant Class")]


def test_what_was_typed_is_marked_and_the_last_line_leads_to_all_results(client):
    piece = client.get("/search/complete?q=Bac").text
    assert "<mark>Bac</mark>lofen (oral)" in piece
    assert "Stopping <mark>bac</mark>lofen safely" in piece
    assert 'href="/search?q=Bac">All results for “Bac”</a>' in piece
    assert "<html" not in piece


def test_nothing_is_offered_for_nothing(client):
    for typed in ("", "  ", "?!", "xylophone", "\x00"):
        assert words_of(client.get("/search/complete", query_string={"q": typed}).text) == ""


def test_markup_that_is_typed_stays_text(client):
    piece = client.get("/search/complete", query_string={"q": "bac <img src=x>"}).text
    assert "<img" not in piece


def test_the_answer_is_kept_by_the_browser_alone_and_shortly(client):
    answer = client.get("/search/complete?q=bac")
    assert answer.headers["Cache-Control"] == "private, max-age=10"
    assert "Set-Cookie" not in answer.headers


def test_names_from_the_file_stay_text(client):
    assert "<mark>Zanidine</mark> &amp; salt" in client.get("/search/complete?q=zanidine").text
    assert "<mark>Zan</mark>&#34;<mark>o</mark>rel" in client.get("/search/complete?q=zan%22o").text


def test_long_names_that_begin_alike_are_told_apart(offered):
    assert [address for address, _ in offered("superzanidinestatin m")] == ["/monographs/maleate"]
    assert len(offered("superzanidinestat")) == 2


@pytest.fixture
def listed(client):
    """Looks a name up in the index of monographs; gives its words."""
    client.set_cookie("cpd_professional", "1")
    return lambda q: words_of(client.get("/monographs/", query_string={"q": q}).text.split("<main")[1])


def test_it_is_filtered_by_name(listed):
    page = listed("bac")
    assert "4 drugs for “bac”" in page
    assert "Apixaban" not in page


def test_a_brand_finds_the_generic_and_says_so(listed):
    assert "Apixaban Eliquis: brand name of apixaban" in listed("eliquis")


def test_similar_names_are_said_to_be_similar(listed):
    assert "No name begins so. These have a similar spelling" in listed("apixabn")


def test_no_name_is_said_so(listed):
    assert "No drug is called “xylophone”" in listed("xylophone")


def test_nothing_typed_lists_all(listed):
    assert "9 monographs" in listed("  ")
    assert "Apixaban" in listed("")
