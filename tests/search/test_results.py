"""The page of results: what stands around them."""

from __future__ import annotations

from datetime import timedelta

import pytest

from cpd.search.asking import MOST_PAGES, PAGE
from tests.factories import TODAY
from tests.pages import words_of


def test_a_learner_is_answered_as_a_stranger_is(find, publish, sign_in):
    publish("sepsis", title="Sepsis")
    before = find("sepsis")
    sign_in()
    assert find("sepsis") == before == ["/modules/sepsis"]


def test_an_expired_module_says_so(publish, ask):
    publish("old", title="Old news", expires=f"{TODAY - timedelta(days=1)}", reviewed=f"{TODAY - timedelta(days=90)}")
    assert "Expired: gives no credit" in ask("news")


def test_an_external_module_says_so(publish, ask):
    publish("elsewhere", title="Elsewhere", external="https://example.org/course", assessment=None)
    assert "External website" in ask("elsewhere")


def test_nothing_published_is_an_empty_answer(ask):
    assert "Nothing found for “sepsis”" in words_of(ask("sepsis"))


@pytest.fixture
def many(write_monograph, republish):
    for number in range(PAGE * 2 + 3):
        write_monograph(f"drug-{number:03}", name=f"Zanidine {number:03}", generic_name="zanidine")
    republish()


@pytest.mark.usefixtures("many")
def test_pages_show_every_result_once(ask, find):
    pages = [find("zanidine", page=number) for number in (1, 2, 3)]
    assert [len(page) for page in pages] == [PAGE, PAGE, 3]
    assert len({address for page in pages for address in page}) == PAGE * 2 + 3
    assert 'rel="next" href="/search?q=zanidine&amp;page=2"' in ask("zanidine")
    assert 'rel="prev" href="/search?q=zanidine"' in ask("zanidine", page=2)
    assert 'rel="next"' not in ask("zanidine", page=3)


@pytest.mark.usefixtures("many")
@pytest.mark.parametrize("page", ["0", "-1", "x", "", "1.5", "99999999999999999999", "٣", "\x00"])
def test_a_page_that_cannot_be_is_answered(page, ask):
    assert "results" in ask("zanidine", page=page)


@pytest.mark.usefixtures("many")
def test_pages_end(ask):
    assert "There are no more results on this page" in ask("zanidine", page=MOST_PAGES)
