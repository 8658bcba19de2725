"""The piece of a text that shows why it was found."""

from __future__ import annotations

import re
from html import unescape

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cpd.search.excerpts import LENGTH, excerpt, marked, opening

LONG = "Nothing of interest stands here. " * 40


def plain(html: str) -> str:
    return unescape(re.sub(r"</?mark>", "", html))


def test_words_are_marked_in_every_form():
    assert marked("Headaches: a HEADACHE, headachy", ["headache"]) == (
        "<mark>Headaches</mark>: a <mark>HEADACHE</mark>, headachy"
    )


def test_accents_are_marked_whole():
    assert marked("Sjögren and Ménière", ["sjogren", "meniere"]) == "<mark>Sjögren</mark> and <mark>Ménière</mark>"


def test_the_beginning_of_a_word_is_marked_while_it_is_typed():
    assert (
        marked("Baclofen, oral baclofen", ["bac"], starts=True) == "<mark>Bac</mark>lofen, oral <mark>bac</mark>lofen"
    )
    assert marked("Émilac", ["em"], starts=True) == "<mark>Ém</mark>ilac"


def test_the_middle_of_a_word_is_not_marked():
    assert "<mark>" not in marked("environment", ["iron"])
    assert "<mark>" not in marked("environment", ["iron"], starts=True)


@pytest.mark.parametrize("text", ["2.5 mg", "2,5 mg", "5.2 mg", "1.5.2"])
def test_a_digit_of_a_larger_number_is_not_marked(text):
    assert "<mark>5</mark>" not in marked(text, ["5"])


def test_a_number_is_marked():
    assert marked("5 mg. Or 5.", ["5", "mg"]) == "<mark>5</mark> <mark>mg</mark>. Or <mark>5</mark>."


@pytest.mark.parametrize("text", ["<b>pain</b> & \"pain\" 'pain'", "<script>pain</script>", "pain<mark>", "&lt;pain"])
def test_markup_in_a_text_stays_text(text):
    html = marked(text, ["pain"])
    assert re.findall(r"<(?!/?mark>)", html) == []
    assert html.count("<mark>") == html.count("</mark>") >= 1
    assert plain(html) == text


TEXTS = st.text(st.sampled_from("ab é<>&\"' .\n05"), max_size=60)


@given(TEXTS, st.lists(st.text("abe", min_size=1, max_size=4), max_size=3), st.booleans())
def test_marking_changes_no_letter(text, needles, starts):
    html = marked(text, needles, starts=starts)
    assert plain(html) == text
    assert re.sub(r"</?mark>", "", html).count("<") == 0


@given(TEXTS, st.lists(st.text("abe", min_size=1, max_size=4), max_size=3))
def test_an_excerpt_is_a_piece_of_the_text(text, needles):
    found = excerpt(text, needles)
    if found is not None:
        piece = plain(found).removeprefix("… ").removesuffix(" …")
        assert piece.replace(" · ", "\n").strip() in text.replace(" · ", "\n")


def test_an_excerpt_surrounds_the_word():
    found = excerpt(f"{LONG}Rhabdomyolysis may follow. {LONG}", ["rhabdomyolysis"])
    assert "<mark>Rhabdomyolysis</mark> may follow." in found
    assert found.startswith("… ")
    assert found.endswith(" …")
    assert len(plain(found)) <= LENGTH + 10


def test_an_excerpt_prefers_where_the_words_stand_together():
    text = f"{LONG}Renal failure. {LONG}Dose in renal impairment. {LONG}Impairment."
    assert "<mark>renal</mark> <mark>impairment</mark>" in excerpt(text, ["renal", "impairment"])


def test_an_excerpt_finds_words_with_accents():
    assert "<mark>Sjögren</mark>" in excerpt(f"{LONG}Test for Sjögren syndrome. {LONG}", ["sjogren"])


def test_an_excerpt_begins_no_earlier_than_its_line():
    text = "Dosage\nStart with 5 mg of zanidine.\nOverdosage\nGive zanidine no more."
    assert excerpt(text, ["overdosage"]).startswith("… <mark>Overdosage</mark>")


@pytest.mark.parametrize("shift", range(12))
def test_no_number_stands_at_the_edge_without_its_unit(shift):
    doses = "".join(f"Take {number}.5 mg or {number} micrograms. " for number in range(10, 90))
    text = f"{'x' * shift} {doses}Then zanidine. {doses}"
    piece = plain(excerpt(text, ["zanidine"])).removeprefix("… ").removesuffix(" …")
    assert not piece.split()[-1].rstrip(".").replace(".", "").isdigit()
    assert not piece.startswith(("mg", "micrograms"))


def test_without_the_word_there_is_no_excerpt():
    assert excerpt(LONG, ["zanidine"]) is None
    assert excerpt("", ["zanidine"]) is None
    assert excerpt("zanidines2", ["zanidine"]) is None


def test_the_opening_of_a_text_ends_between_two_words():
    assert opening("Short.") == "Short."
    assert opening(LONG).endswith(" …")
    assert opening("One line\nand another") == "One line · and another"
