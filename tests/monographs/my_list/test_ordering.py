"""What a list holds and in which order: never twice, never more than it may, and what is undone is as it was."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cpd.monographs.my_list.ordering import MOST, ListFull, added, merged, moved, removed, restored, without_doubles
from cpd.monographs.pairs import Pair, compare_address, read_pair

A, B, C, D = (Pair(slug) for slug in "abcd")
SPASMS, PAIN = Pair("a", "spasms"), Pair("a", "pain")

slugs = st.text("abc", min_size=1, max_size=2)
pairs = st.builds(Pair, slugs, st.sampled_from(["", "spasms", "pain"]))
lists = st.lists(pairs, max_size=12).map(without_doubles)


def test_what_is_added_stands_last():
    assert added((A, B), C) == (A, B, C)


def test_the_same_drug_for_another_indication_is_another_line():
    assert added((SPASMS,), PAIN) == (SPASMS, PAIN)


def test_what_is_there_already_is_not_added():
    assert added((A, B), A) == (A, B)


def test_a_full_list_takes_nothing_more_but_what_it_has():
    full = tuple(Pair(f"drug-{number}") for number in range(MOST))
    with pytest.raises(ListFull):
        added(full, A)
    with pytest.raises(ListFull):
        restored(full, A, 3)
    assert added(full, full[7]) == full


@pytest.mark.parametrize(
    ("pair", "step", "after"),
    [
        (A, 1, (B, A, C)),
        (B, -1, (B, A, C)),
        (A, -1, (A, B, C)),
        (C, 1, (A, B, C)),
        (B, 0, (A, B, C)),
        (D, 1, (A, B, C)),
    ],
    ids=["down", "up", "up from the top", "down from the end", "nowhere", "not there"],
)
def test_a_line_moves_by_one_as_far_as_the_list_goes(pair, step, after):
    assert moved((A, B, C), pair, step) == after


@given(lists, st.data())
def test_what_is_removed_and_restored_is_as_it_was(before, data):
    if before:
        place = data.draw(st.integers(0, len(before) - 1))
        gone = before[place]
        assert gone not in removed(before, gone)
        assert restored(removed(before, gone), gone, place) == before


@given(lists, pairs, st.integers(-3, 3))
def test_moving_keeps_every_line(before, pair, step):
    assert sorted(moved(before, pair, step)) == sorted(before)


@given(lists, lists)
def test_merging_loses_nothing_doubles_nothing_and_keeps_both_orders(first, second):
    after = merged(first, second)
    assert after[: len(first)] == first
    assert len(set(after)) == len(after)
    assert set(after) == {*first, *second}
    new = [pair for pair in second if pair not in first]
    assert list(after[len(first) :]) == new


def test_merging_may_make_a_list_longer_than_one_may_add_to():
    first = tuple(Pair(f"drug-{number}") for number in range(MOST))
    assert merged(first, (A,)) == (*first, A)


@given(pairs)
def test_a_pair_is_read_as_it_is_written(pair):
    assert read_pair(str(pair)) == pair


@pytest.mark.parametrize(
    "text",
    ["", "~", "~spasms", "A", "a b", "a/b", "../a", "a\x00", "é", "-a", "a" * 101, "a~" + "b" * 101, "a~b c", "a~b\tc"],
)
def test_what_names_no_pair_is_none(text):
    assert read_pair(text) is None


def test_an_indication_without_latin_letters_is_read():
    assert read_pair("a~σπασμοί") == Pair("a", "σπασμοί")


def test_the_address_of_a_comparison_keeps_the_order_and_stands_encoded():
    assert compare_address([Pair("b", "σ"), A], [("full", "1")]) == "/monographs/compare?m=b~%CF%83&m=a&full=1"
    assert compare_address([]) == "/monographs/compare"
