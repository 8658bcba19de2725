"""Marking: scores, pass marks, and numbers as people type them."""

import json
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cpd.modules.marking import (
    Assessment,
    Mark,
    NotANumber,
    Question,
    UnknownAnswer,
    canonical_unit,
    mark_assessment,
    read_number,
)


def make_question(name="q1", key=("a",), options="abcd"):
    kind = "multiple" if len(key) > 1 else "single"
    return Question(name, kind, options=tuple(options), key=frozenset(key))


def make_number(value="0.6", unit="mL", tolerance="0.02", name="q1"):
    return Question(name, "number", value=Decimal(value), unit=unit, tolerance=Decimal(tolerance))


def score(question, answer):
    return mark_assessment(Assessment((question,)), {question.id: answer}, 70).score


@pytest.mark.parametrize("chosen", [["a"], ["a", "b", "c"], [], ["c"], None, ""], ids=str)
def test_a_question_scores_all_or_nothing(chosen):
    assert score(make_question(key=("a", "b")), chosen) == 0


@pytest.mark.parametrize("chosen", [["a", "b"], ["b", "a"], ["a", "b", "a"], ("b", "a")], ids=str)
def test_the_right_options_score_in_any_order(chosen):
    assert score(make_question(key=("a", "b")), chosen) == 1


def test_a_single_answer_may_come_as_text():
    assert score(make_question(), "a") == 1


def test_a_question_left_out_is_wrong_and_counts():
    assessment = Assessment((make_question("q1"), make_question("q2")))
    assert mark_assessment(assessment, {"q1": ["a"]}, 70) == Mark(score=1, out_of=2, pass_mark=70)


@pytest.mark.parametrize(
    "answers", [{"q2": ["a"]}, {"q1": ["z"]}, {"q1": ["a", "e"]}, {"": ["a"]}, {"q1": "ab"}], ids=str
)
def test_an_answer_that_does_not_belong_is_refused(answers):
    with pytest.raises(UnknownAnswer):
        mark_assessment(Assessment((make_question(),)), answers, 70)


def test_two_numbers_for_one_question_are_refused():
    with pytest.raises(UnknownAnswer):
        score(make_number(), ["0.6", "0.7"])


def test_a_number_that_cannot_be_read_is_not_marked_as_wrong():
    with pytest.raises(NotANumber):
        score(make_number(), "about half")


@pytest.mark.parametrize(
    ("right", "out_of", "pass_mark", "passed"),
    [
        (7, 10, 70, True),
        (6, 10, 70, False),
        (2, 3, 67, False),
        (2, 3, 66, True),
        (3, 3, 100, True),
        (99, 100, 100, False),
        (1, 100, 1, True),
        (0, 100, 1, False),
        (0, 0, 70, False),
    ],
)
def test_passing_needs_the_pass_mark_exactly(right, out_of, pass_mark, passed):
    assert Mark(right, out_of, pass_mark).passed is passed


@given(out_of=st.integers(1, 100), pass_mark=st.integers(1, 100), score=st.integers(0, 100))
def test_one_more_right_answer_never_fails_who_passed(out_of, pass_mark, score):
    assert not Mark(score, out_of, pass_mark).passed or Mark(score + 1, out_of, pass_mark).passed


@pytest.mark.parametrize("typed", ["0.58", "0.6", "0.62", "0,6", ".6", "0.60", " 0.6 mL ", "0.6ml", "+0.6"])
def test_a_number_within_the_tolerance_is_right(typed):
    assert score(make_number(), typed) == 1


@pytest.mark.parametrize("typed", ["0.5799999999", "0.6200001", "6", "-0.6", "0", "60"])
def test_a_number_outside_the_tolerance_is_wrong(typed):
    assert score(make_number(), typed) == 0


def test_without_a_tolerance_a_number_is_exact():
    question = make_number("42", "points", "0")
    assert [score(question, typed) for typed in ("42", "42.0", "42.0001")] == [1, 1, 0]


@pytest.mark.parametrize(
    ("typed", "value"),
    [
        ("0.6", "0.6"),
        ("0,6", "0.6"),
        ("5.", "5"),
        ("1 000", "1000"),
        ("1\u00a0000", "1000"),
        ("1\u2009000", "1000"),
        ("1\u202f000,5", "1000.5"),
        ("12 345 678", "12345678"),
        ("1,000,000", "1000000"),
        ("1.000.000", "1000000"),
        ("1,000.5", "1000.5"),
        ("1.000,5", "1000.5"),
        ("0,125", "0.125"),
        ("2.125", "2.125"),
        ("1234,567", "1234.567"),
        ("\u22125", "-5"),
        ("- 5", "-5"),
        ("007", "7"),
    ],
)
def test_a_number_is_read_as_people_write_it(typed, value):
    assert read_number(typed, "mL") == Decimal(value)


@pytest.mark.parametrize(
    "typed",
    [
        "",
        " ",
        "1,000",
        "12,500",
        "0 600",
        "1 5",
        "10 00",
        "1 0000",
        "1,00,000",
        "1.2.3",
        "1,2,3",
        "1..2",
        "1e5",
        "1E999999999",
        "NaN",
        "inf",
        "-Infinity",
        "sNaN",
        "0x10",
        "1_000",
        "1/2",
        "½",
        "<5",
        "~0.6",
        "0.6-0.7",
        "0.6 or 0.7",
        "٣",
        "１",
        ".",
        ",",
        "-",
        "--5",
        "0.6 mg",
        "0.6 mL/h",
        "mL",
        "1" * 31,
        "9" * 1_000_000,
        "0.6\x00",
        "\ud800",
    ],
    ids=lambda typed: repr(typed[:12]),
)
def test_what_is_no_certain_number_is_refused_with_words(typed):
    with pytest.raises(NotANumber, match=r"[Tt]ype"):
        read_number(typed, "mL")


def test_an_ambiguous_number_says_both_ways_to_type_it():
    with pytest.raises(NotANumber, match=r"type 1000 or 1\.0"):
        read_number("1,000", "mg")


@pytest.mark.parametrize(
    ("unit", "typed"),
    [
        ("micrograms", ["microgram", "Micrograms", "mcg", "ug", "µg", "μg"]),
        ("mcg", ["micrograms", "µg"]),
        ("mg", ["milligrams", "milligram", "MG", "mg."]),
        ("mL", ["ml", "millilitres", "milliliter", "mls"]),
        ("micrograms/day", ["mcg/day", "micrograms per day", "µg / d", "mcg per 24 hours"]),
        ("micrograms/kg/min", ["mcg/kg/minute"]),
        ("mg/kg", ["milligrams per kg", "mg/kilogram"]),
        ("tablets", ["tablet", "tablets"]),
        ("%", ["per cent", "percent", "%"]),
        ("units", ["IU", "international units", "unit"]),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_every_spelling_of_the_printed_unit_is_understood(unit, typed):
    assert [read_number(f"300 {word}", unit) for word in typed] == [Decimal(300)] * len(typed)


@pytest.mark.parametrize(
    ("unit", "typed"),
    [("micrograms", "mg"), ("mg", "micrograms"), ("mL", "L"), ("mg/kg", "mg"), ("mg", "g"), ("mg", "mmg"), ("", "mg")],
)
def test_another_unit_is_refused(unit, typed):
    with pytest.raises(NotANumber, match="without"):
        read_number(f"300 {typed}", unit)


def test_nanograms_micrograms_and_milligrams_are_three_units():
    assert len({canonical_unit(unit) for unit in ("ng", "mcg", "mg", "g", "kg")}) == 5


@given(st.text())
def test_any_text_is_a_finite_number_or_refused(text):
    try:
        value = read_number(text, "mg")
    except NotANumber:
        return
    assert value.is_finite()


@given(st.decimals(min_value=-10000, max_value=10000, places=4))
def test_a_plain_decimal_is_read_as_itself(value):
    assert read_number(f"{value:f}", "mg") == value


def test_an_assessment_survives_being_stored_as_json():
    assessment = Assessment((make_question(key=("b", "a")), make_number("0.60", name="q2")))
    stored = json.loads(json.dumps(assessment.to_json()))
    assert Assessment.from_json(stored) == assessment
    assert Assessment.from_json(stored).questions[1].value.as_tuple() == Decimal("0.60").as_tuple()
