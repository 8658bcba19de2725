"""The names of classes, indications and companies in addresses, and the order of lists."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cpd.monographs.terms import LONGEST_SLUG, LONGEST_SORT_NAME, OTHER, letter_of, sort_name, term_address, term_slug

LONG = "Treatment of adults with moderately to severely active disease that has not responded to one or more of"


@pytest.mark.parametrize(
    ("title", "slug"),
    [
        ("Muscle relaxant", "muscle-relaxant"),
        ("Statin (HMG-CoA reductase inhibitor)", "statin-hmg-coa-reductase-inhibitor"),
        ("β-blocker", "beta-blocker"),
        ("Parkinson’s disease", "parkinson-s-disease"),
        ("Ménière’s disease", "meniere-s-disease"),
        ("Bowen  disease ", "bowen-disease"),
        ("Straße", "strasse"),
        ("Гипотензивное средство", "гипотензивное-средство"),
        ("高血压", "高血压"),
        ("—", "—"),
    ],
)
def test_a_slug_is_the_title_in_small_letters_and_hyphens(title, slug):
    assert term_slug(title) == slug


@pytest.mark.parametrize(
    ("one", "other"),
    [("Beta-blocker", "beta blocker"), ("β-blocker", "Beta-blocker"), ("Ménière", "Meniere"), ("A  b", "A b")],
)
def test_two_spellings_of_one_title_are_one_term(one, other):
    assert term_slug(one) == term_slug(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("α-blocker", "β-blocker"),
        ("α2-agonist", "β2-agonist"),
        ("Гепарин 5", "Инсулин 5"),
        (f"{LONG} methotrexate", f"{LONG} ciclosporin"),
        ("x" * 300 + "a", "x" * 300 + "b"),
    ],
    ids=["Greek letter", "Greek letter before a digit", "other letters", "long", "very long"],
)
def test_titles_that_differ_in_what_counts_are_two_terms(one, other):
    assert term_slug(one) != term_slug(other)


def test_a_title_that_is_too_long_for_an_address_is_cut_and_marked():
    slug = term_slug(f"{LONG} methotrexate")
    assert len(slug) <= LONGEST_SLUG
    assert slug.startswith("treatment-of-adults-with-moderately")
    assert slug == term_slug(f"{LONG}   METHOTREXATE")


@given(st.text(min_size=1, max_size=400))
def test_every_title_has_a_slug_of_bounded_length_that_is_one_word(title):
    slug = term_slug(title)
    assert slug
    assert len(slug) <= LONGEST_SLUG
    assert " " not in slug


@given(st.text(min_size=1, max_size=400))
def test_every_name_has_a_place_in_the_order_and_a_letter(name):
    place = sort_name(name)
    assert 0 < len(place) <= LONGEST_SORT_NAME
    assert letter_of(place) in "ABCDEFGHIJKLMNOPQRSTUVWXYZ" + OTHER


@pytest.mark.parametrize(
    ("name", "letter"), [("Émilac", "E"), ("α-tocopherol", "A"), ("5-acid", OTHER), ("Занидин", OTHER), ("—", OTHER)]
)
def test_a_name_stands_under_its_first_letter(name, letter):
    assert letter_of(sort_name(name)) == letter


def test_the_address_of_a_term_is_quoted():
    assert term_address("class", "muscle-relaxant") == "/monographs/?class=muscle-relaxant"
    assert term_address("class", "高&=") == "/monographs/?class=%E9%AB%98%26%3D"
