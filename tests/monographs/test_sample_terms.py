"""The names by which the sample monographs are listed: alike where they mean the same, so that lists bring together."""

from __future__ import annotations

from collections import defaultdict
from pathlib import Path

import pytest

from cpd.content.check import check_content
from cpd.content.listing import terms_of

CONTENT = Path(__file__).resolve().parents[2] / "content"
RELAXANTS = {"baclofen", "baclofen-intrathecal", "dantrolene", "diazepam", "tizanidine"}


@pytest.fixture(scope="module")
def terms() -> dict[tuple[str, str], dict[str, set[str]]]:
    """By kind and slug, the spellings of each term with the monographs that use it."""
    found: dict[tuple[str, str], dict[str, set[str]]] = defaultdict(lambda: defaultdict(set))
    for item in check_content(CONTENT).monographs:
        for term in terms_of(item.facts):
            found[term.kind, term.slug][term.title].add(item.facts.slug)
    return found


def test_every_term_of_the_sample_has_one_spelling(terms):
    assert {key: dict(spellings) for key, spellings in terms.items() if len(spellings) > 1} == {}


@pytest.mark.parametrize(
    ("kind", "slug", "drugs"),
    [
        ("indication", "spasticity", RELAXANTS),
        ("indication", "muscle-spasms", {"baclofen", "baclofen-intrathecal", "diazepam"}),
        ("indication", "systolic-heart-failure", {"bisoprolol", "lisinopril"}),
        ("indication", "atrial-fibrillation", {"apixaban", "warfarin"}),
        ("class", "skeletal-muscle-relaxant", RELAXANTS),
        ("class", "oral-anticoagulant", {"apixaban", "warfarin"}),
    ],
)
def test_drugs_that_compare_share_a_name(terms, kind, slug, drugs):
    [listed] = terms[kind, slug].values()
    assert listed == drugs


def test_companies_are_named_without_their_products(terms):
    assert [slug for kind, slug in terms if kind == "company"]
    assert not any("(" in title for (kind, _), titles in terms.items() if kind == "company" for title in titles)
