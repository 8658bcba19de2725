"""The assessment as a form: what was chosen and typed, and what is wrong with it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from werkzeug.datastructures import MultiDict

from cpd.forms import text_of
from cpd.modules.marking import Answer, Assessment, NotANumber, Question, read_number
from cpd.modules.shown import Shown

LONGEST_ANSWER = 60


@dataclass
class Answers:
    """What a learner sent for an assessment."""

    given: dict[str, Answer] = field(default_factory=dict)
    typed: dict[str, str] = field(default_factory=dict)
    errors: dict[str, str] = field(default_factory=dict)
    blanks: list[str] = field(default_factory=list)
    sent: bool = False


def read_answers(assessment: Assessment | None, form: MultiDict[str, str]) -> Answers:
    """Read the fields q1, q2 … of a form. An option that the question does not have is an error beside it."""
    answers = Answers(sent=True)
    for question in assessment.questions if assessment else ():
        if question.kind == "number":
            _read_typed(question, form.get(question.id, ""), answers)
        else:
            _read_chosen(question, form.getlist(question.id), answers)
    return answers


def _read_chosen(question: Question, chosen: list[str], answers: Answers) -> None:
    options = sorted(set(chosen) & set(question.options))
    if len(options) < len(set(chosen)):
        answers.errors[question.id] = "Choose again: what was sent is not one of these answers"
    elif question.kind == "single" and len(options) > 1:
        answers.errors[question.id] = "Choose one answer"
    elif not options:
        answers.blanks.append(question.id)
    if options:
        answers.given[question.id] = options


def _read_typed(question: Question, sent: str, answers: Answers) -> None:
    text = text_of(sent)[:LONGEST_ANSWER]
    answers.typed[question.id] = text
    if not text:
        answers.blanks.append(question.id)
        return
    try:
        read_number(text, question.unit)
    except NotANumber as fault:
        answers.errors[question.id] = str(fault)
    else:
        answers.given[question.id] = text


def question_cards(revision: Shown, answers: Answers) -> list[dict[str, Any]]:
    """The questions as the page of the assessment draws them, with what was chosen and typed so far."""
    assert revision.assessment is not None
    return [
        _card(revision, question, number, answers) for number, question in enumerate(revision.assessment.questions, 1)
    ]


def _card(revision: Shown, question: Question, number: int, answers: Answers) -> dict[str, Any]:
    chosen = answers.given.get(question.id) or ()
    return {
        "id": question.id,
        "number": number,
        "kind": question.kind,
        "lead": revision.piece(f"{question.id}.lead"),
        "vignette": revision.piece(f"{question.id}.vignette"),
        "unit": question.unit,
        "typed": answers.typed.get(question.id, ""),
        "error": answers.errors.get(question.id),
        "options": [
            {
                "id": option,
                "html": revision.piece(f"{question.id}.{option}"),
                "checked": option in chosen,
            }
            for option in question.options
        ],
    }


def marked_cards(revision: Shown, given: dict[str, Answer]) -> list[dict[str, Any]]:
    """The questions after marking: what was chosen, what is right, and why."""
    assert revision.assessment is not None
    cards = question_cards(revision, Answers(given=given))
    for card, question in zip(cards, revision.assessment.questions, strict=True):
        answer = given.get(question.id)
        card["right"] = question.is_right(answer)
        card["blank"] = answer is None
        card["why"] = revision.piece(f"{question.id}.why")
        card["value"] = question.value
        card["typed"] = answer if isinstance(answer, str) else ""
        for option in card["options"]:
            option["chosen"] = option["checked"]
            option["right"] = option["id"] in question.key
            option["why"] = revision.piece(f"{question.id}.{option['id']}.why")
    return cards
