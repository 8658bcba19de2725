"""What is typed, as words."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cpd.search.words import (
    LONGEST,
    MOST_WORDS,
    distance,
    folded,
    most_mistakes,
    nearest,
    read_question,
    stem_of,
    without_hyphens,
)

FOLDED = {
    "Baclofen": "baclofen",
    "  BACLOFEN (oral) ": "baclofen oral",
    "Émilac": "emilac",
    "E\u0301milac": "emilac",
    "Sjögren’s syndrome": "sjogren s syndrome",
    "co-codamol": "co codamol",
    "co\u2011codamol": "co codamol",
    "Œdema": "oedema",
    "Straße": "strasse",
    "5-fluorouracil": "5 fluorouracil",
    "β-blocker": "β blocker",
    "текст 日本語": "текст 日本語",
    "💊": "",
    "...": "",
    "": "",
}


@pytest.mark.parametrize(("text", "words"), FOLDED.items())
def test_case_accents_and_hyphens_make_no_difference(text, words):
    assert folded(text) == words


@pytest.mark.parametrize("text", ["\x00", "\ud83d", "\udce9a", "a" * 100_000, "\u202e\u0000\ufeff", "İ" * 50])
def test_nothing_that_can_be_typed_is_a_fault(text):
    assert isinstance(folded(text), str)
    read_question(text)


def test_small_words_are_left_out_where_others_are_there():
    assert read_question("how to treat the headache of a child").words == ("treat", "headache", "child")
    assert read_question("what is it").words == ("what", "is", "it")


def test_each_word_is_looked_for_once():
    assert read_question("Pain pain PAIN relief").words == ("pain", "relief")


def test_syntax_is_text():
    question = read_question('title:"headache" AND (NOT baclofen^2) OR /.*/ ~3 [a TO z] +x -y')
    assert question.words == ("title", "headache", "baclofen", "2", "3", "z", "x", "y")


def test_a_long_question_is_cut_and_says_so():
    question = read_question("word " * 5_000)
    assert (question.words, question.cut) == (("word",), True)
    assert len(question.typed) <= LONGEST
    many = read_question(" ".join(f"word{number}" for number in range(MOST_WORDS + 1)))
    assert (len(many.words), many.cut) == (MOST_WORDS, True)
    assert not read_question("two words").cut


def test_what_is_shown_of_a_question_is_one_printable_line():
    assert read_question(" a\x00b\r\n\tc \u202ed ").typed == "a b c d"


@pytest.mark.parametrize(
    ("word", "mistakes"),
    {"": 0, "ibu": 0, "amox": 1, "aspirin": 1, "baclofen": 2, "interferon": 2, "b12x": 0, "0123456789": 0}.items(),
)
def test_longer_words_may_have_more_mistakes_and_numbers_none(word, mistakes):
    assert most_mistakes(word) == mistakes


DISTANCES = {
    ("baclofen", "baclofen"): 0,
    ("baclofin", "baclofen"): 1,
    ("bacolfen", "baclofen"): 1,
    ("bcalofen", "baclofen"): 1,
    ("bacloffen", "baclofen"): 1,
    ("baclofn", "baclofen"): 1,
    ("baklofin", "baclofen"): 2,
    ("", "ab"): 2,
}


@pytest.mark.parametrize(("words", "far"), DISTANCES.items())
def test_a_letter_missing_added_changed_or_swapped_is_one_mistake(words, far):
    assert distance(*words, 2) == far
    assert distance(*reversed(words), 2) == far


def reference(one: str, other: str) -> int:
    """The same without any shortcut."""
    table = {(-1, -1): 0}
    for i in range(len(one)):
        table[i, -1] = i + 1
    for j in range(len(other)):
        table[-1, j] = j + 1
    for i, mine in enumerate(one):
        for j, theirs in enumerate(other):
            best = [table[i - 1, j] + 1, table[i, j - 1] + 1, table[i - 1, j - 1] + (mine != theirs)]
            if i and j and mine == other[j - 1] and one[i - 1] == theirs:
                best.append(table[i - 2, j - 2] + 1)
            table[i, j] = min(best)
    return table[len(one) - 1, len(other) - 1]


words = st.text("abcd", max_size=9)


@given(words, words, st.integers(0, 3))
def test_distances_are_those_of_a_full_table(one, other, most):
    assert distance(one, other, most) == min(reference(one, other), most + 1)


@given(words, words, st.integers(0, 3))
def test_with_starts_the_nearest_beginning_counts(one, other, most):
    nearest_start = min(reference(one, other[:end]) for end in range(len(other) + 1))
    assert distance(one, other, most, starts=True) == min(nearest_start, most + 1)


def test_the_nearest_words_come_first_and_strangers_not_at_all():
    assert nearest("baclofin", ["warfarin", "baclofens", "baclofen", "baclofin"]) == ["baclofen", "baclofens"]
    assert nearest("lisinpril", ["lisinopril dihydrate", "losartan"], starts=True) == ["lisinopril dihydrate"]


def test_a_word_and_its_plural_have_one_stem():
    assert stem_of("headaches") == stem_of("headache")
    assert stem_of("infection") == stem_of("infections")


def test_names_are_also_written_together():
    assert without_hyphens("co-codamol") == without_hyphens("co\u2011codamol") == "cocodamol"
    assert without_hyphens("- a -") == "- a -"
