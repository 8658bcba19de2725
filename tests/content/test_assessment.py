"""A module's body taken apart: learning text, questions, and what an author can get wrong in them."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cpd.content.assessment import read_body
from cpd.modules.marking import Question
from tests.content.writing import ASSESSMENT, module, read_source, write

FIRST_LINE = 12  # of the body


def body_of(tmp_path, body, *, external=False):
    return read_body(read_source(write(tmp_path / "x.md", module(body))), external=external)


def question_body(lines):
    return f"## Why\n\nText.\n\n## Assessment\n\n### What?\n\n{lines}\n"


def errors(body):
    return [(problem.line - FIRST_LINE, problem.message) for problem in body.problems if not problem.warning]


def test_a_body_is_learning_text_and_an_assessment(tmp_path):
    body = body_of(tmp_path, f"## Why\n\nText.\n\n{ASSESSMENT}")
    assert (body.text, body.problems) == ("## Why\n\nText.", [])
    assert body.pieces == {
        "q1.lead": "What next?",
        "q1.a": "Wait",
        "q1.a.why": "Waiting costs lives.",
        "q1.b": "Act",
        "q1.b.why": "Right.",
    }


def test_one_right_option_is_a_single_best_answer(tmp_path):
    (question,) = body_of(tmp_path, ASSESSMENT).assessment.questions
    assert question == Question("q1", "single", options=("a", "b"), key=frozenset("b"), line=FIRST_LINE + 2)


def test_several_right_options_are_choose_all_that_apply(tmp_path):
    lines = "- [x] A\n  > y\n- [ ] B\n  > n\n- [X] C\n  > y\n"
    (question,) = body_of(tmp_path, question_body(lines)).assessment.questions
    assert (question.kind, question.key) == ("multiple", frozenset("ac"))


@pytest.mark.parametrize(
    ("line", "value", "unit", "tolerance"),
    [
        ("= 0.6 mL ± 0.02", "0.6", "mL", "0.02"),
        ("= 0.6 mL +- 0.02", "0.6", "mL", "0.02"),
        ("= 0.6 mL +/- 0.02 mL", "0.6", "mL", "0.02"),
        ("= 0.6mL±0.02", "0.6", "mL", "0.02"),
        ("=300 micrograms/day", "300", "micrograms/day", "0"),
        ("= -5 °C ± 1", "-5", "°C", "1"),
        ("= \u22125 °C ± 1", "-5", "°C", "1"),
        ("= 42 mm/h", "42", "mm/h", "0"),
        ("= 3 tablets a day ± 0", "3", "tablets a day", "0"),
        ("= 7 %", "7", "%", "0"),
        ("= 300 micrograms ± 5 mcg", "300", "micrograms", "5"),
    ],
)
def test_a_number_has_its_unit_and_tolerance(tmp_path, line, value, unit, tolerance):
    body = body_of(tmp_path, question_body(f"{line}\n\nThe working."))
    (question,) = body.assessment.questions
    assert (question.kind, question.value, question.unit, question.tolerance, body.pieces["q1.why"], body.problems) == (
        "number",
        Decimal(value),
        unit,
        Decimal(tolerance),
        "The working.",
        [],
    )


def test_text_before_the_options_is_the_vignette_and_after_them_the_explanation(tmp_path):
    lines = "A man of 40.\n\n- he smokes\n- he drinks\n\n- [ ] A\n  > n\n- [x] B\n  > y\n\nBecause.\n\n- of this\n"
    pieces = body_of(tmp_path, question_body(lines)).pieces
    assert pieces["q1.vignette"] == "A man of 40.\n\n- he smokes\n- he drinks"
    assert pieces["q1.why"] == "Because.\n\n- of this"


def test_feedback_may_have_several_lines_and_paragraphs(tmp_path):
    lines = "- [ ] A\n  > one\n  > two\n  >\n  > three\n\n  > four\n- [x] B\n  > y\n"
    assert body_of(tmp_path, question_body(lines)).pieces["q1.a.why"] == "one\ntwo\n\nthree\n\nfour"


def test_an_option_may_go_on_in_the_next_line(tmp_path):
    lines = "- [ ] A long\n  option\n  > n\n\n- [x] B\n\n  > y\n"
    body = body_of(tmp_path, question_body(lines))
    assert (body.pieces["q1.a"], body.pieces["q1.b.why"], body.problems) == ("A long option", "y", [])


def test_text_before_the_first_question_introduces_the_assessment(tmp_path):
    body = body_of(tmp_path, ASSESSMENT.replace("### What", "Take your time.\n\n### What"))
    assert (body.pieces["intro"], next(iter(body.pieces))) == ("Take your time.", "intro")


def test_definitions_after_the_assessment_belong_to_the_text(tmp_path):
    definitions = (
        "[^1]: One.\n    more\n\n    and more\n[^2]: Two.\n\n*[CT]: computed tomography\n[site]: https://example.org\n"
    )
    body = body_of(tmp_path, f"Text.[^1]\n\n{ASSESSMENT}\nExplained.[^2]\n\n{definitions}")
    for line in definitions.split("\n"):
        assert line in body.text.split("\n")
    assert body.pieces["q1.why"] == "Explained.[^2]"


def test_definitions_between_questions_are_lifted_out(tmp_path):
    body = body_of(tmp_path, f"Text.\n\n{ASSESSMENT}\n[^1]: One.\n\n### Second?\n\n= 1 mL\n\nWhy.[^1]\n")
    assert [question.id for question in body.assessment.questions] == ["q1", "q2"]
    assert (body.pieces["q2.lead"], body.problems) == ("Second?", [])


def test_the_assessment_is_found_whatever_its_case(tmp_path):
    assert body_of(tmp_path, ASSESSMENT.replace("## Assessment", "##  ASSESSMENT ##")).assessment is not None


def test_a_heading_about_assessment_begins_none(tmp_path):
    body = body_of(tmp_path, f"## Assessment of risk\n\nText.\n\n{ASSESSMENT}")
    assert (body.text, body.problems) == ("## Assessment of risk\n\nText.", [])


def test_an_external_module_has_no_assessment(tmp_path):
    body = body_of(tmp_path, "Text.\n", external=True)
    assert (body.assessment, body.problems) == (None, [])


def test_an_external_module_with_an_assessment_is_refused(tmp_path):
    assert "external" in errors(body_of(tmp_path, ASSESSMENT, external=True))[0][1]


def test_missing_feedback_is_a_warning(tmp_path):
    body = body_of(tmp_path, question_body("- [ ] A\n- [x] B\n  > y\n"))
    (problem,) = body.problems
    assert (problem.line - FIRST_LINE, problem.warning, "feedback" in problem.message) == (8, True, True)


OPTIONS = "- [ ] A\n  > n\n- [x] B\n  > y\n"


@pytest.mark.parametrize(
    ("body", "line", "words"),
    [
        ("Text.\n", 1, "has no assessment"),
        ("", 0, "has no assessment"),
        (f"{ASSESSMENT}\n{ASSESSMENT}", 0, "second assessment"),
        (f"{ASSESSMENT}\n## After\n\nText.\n", 9, "after the assessment"),
        (f"{ASSESSMENT}\n# After\n", 9, "after the assessment"),
        ("## Assessment\n", 0, "no questions"),
        ("## Assessment\n\nJust text.\n", 0, "no questions"),
        ("## Assessment\n\n- [x] A\n\n### Q\n\n= 1 mL\n", 2, "without a question"),
        (question_body("Only a story."), 6, "neither options nor a number"),
        (question_body("- [ ] A\n  > n\n- [ ] B\n  > n\n"), 8, "no option is marked as right"),
        (question_body("- [x] A\n  > y\n"), 8, "1 options"),
        (question_body("".join(f"- [x] {n}\n  > y\n" for n in range(9))), 8, "9 options"),
        (question_body("- [ ] Same\n  > n\n- [x] same \n  > y\n"), 10, "twice"),
        (question_body("- [ ]\n  > n\n- [x] B\n  > y\n"), 8, "is empty"),
        (question_body(f"{OPTIONS}- [] C\n"), 12, "write an option as"),
        (question_body(f"{OPTIONS}-[x] C\n"), 12, "write an option as"),
        (question_body(f"{OPTIONS}- [y] C\n"), 12, "write an option as"),
        (question_body(f"{OPTIONS}- [*] C\n"), 12, "write an option as"),
        (question_body(f"{OPTIONS}\nWhy.\n\n- [ ] C\n  > n\n"), 15, "after the explanation"),
        (question_body("= 0.6 mL\n= 0.7 mL\n"), 9, "several numbers"),
        (question_body(f"= 0.6 mL\n\n{OPTIONS}"), 10, "options and a number"),
        (question_body("= 0.6"), 8, "no unit"),
        (question_body("= 0,6 mL"), 8, "no number with its unit"),
        (question_body("= mL"), 8, "no number with its unit"),
        (question_body("= 1e3 mL"), 8, "no number with its unit"),
        (question_body("= 1 000 mL"), 8, "no number with its unit"),
        (question_body("= 1/2 mL"), 8, "no number with its unit"),
        (question_body("= 5-6 mL"), 8, "no number with its unit"),
        (question_body("= 6 mL ± 1e2"), 8, "tolerance"),
        (question_body("= NaN mL"), 8, "no number with its unit"),
        (question_body("= 0.6 mL ± a bit"), 8, "tolerance"),
        (question_body("= 0.6 mL ± -1"), 8, "tolerance"),
        (question_body("= 0.6 mL ± 5 mg"), 8, "tolerance"),
        ("## Assessment\n\n###\n\n= 1 mL\n", 2, "question is empty"),
        ("## Assessment\n" + "\n### Q\n\n= 1 mL\n" * 101, 402, "more than 100 questions"),
    ],
    ids=lambda value: value[-30:] if isinstance(value, str) else None,
)
def test_a_fault_of_an_assessment_names_its_line(tmp_path, body, line, words):
    found = errors(body_of(tmp_path, body))
    assert len(found) == 1, found
    assert (found[0][0], words in found[0][1]) == (line, True), found


def test_all_faults_of_an_assessment_come_at_once(tmp_path):
    body = body_of(tmp_path, f"{question_body('- [ ] A')}\n### Second?\n\n= half\n\n## After\n")
    assert len(errors(body)) == 4


def test_a_link_that_looks_like_an_option_is_none(tmp_path):
    lines = f"- [a](https://example.org)\n- [b]: see\n\n{OPTIONS}"
    assert not errors(body_of(tmp_path, question_body(lines)))


@given(text=st.text(alphabet="#- []x>=\n 0.6mL±^:*!AB", max_size=200))
def test_no_assessment_raises_anything(tmp_path_factory, text):
    path = tmp_path_factory.getbasetemp() / "any.md"
    body = body_of(path.parent, f"## Assessment\n{text}")
    names = {question.id for question in body.assessment.questions}
    assert {name.split(".")[0] for name in body.pieces} - {"intro"} == names


@pytest.mark.parametrize("sign", ["#", " ", "[", "=", "- [", ">", "±", "= 1 m ", "### #"])
def test_no_long_line_takes_long(tmp_path, sign):
    line = sign * (100_000 // len(sign))
    assert body_of(tmp_path, f"## Assessment\n{line}x\n### Q\n{line}x\n= {line}x\n").assessment is not None
