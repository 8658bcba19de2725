"""Attempts in words, for a learner who takes all of them away: what was asked, and what was answered."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Any

from cpd.auth.my_data.owned import Facts
from cpd.modules import queries
from cpd.modules.marking import Answer, Question
from cpd.modules.shown import Shown, shown

KEPT = 20  # revisions, while attempts are read: those of a learner mostly come several at a time


def attempts_in_words(learner_id: int) -> Iterator[Facts]:
    """All of a learner's attempts, in order, each with its questions and answers."""
    revision_of = lru_cache(KEPT)(_revision)
    for row in queries.attempts_of(learner_id):
        yield {
            "number": row.id,
            "module": row.slug,
            "title": row.title,
            "edition": row.edition,
            "revision": row.revision,
            "started_at": row.started_at,
            "submitted_at": row.submitted_at,
            "score": row.score,
            "out_of": row.out_of,
            "pass_mark_in_per_cent": row.pass_mark,
            "passed": row.passed,
            "could_give_credit": row.creditable,
            "answers": answers_in_words(revision_of(row.revision_id), row.answers),
        }


def _revision(revision_id: int) -> Shown:
    row = queries.find_revision(revision_id)
    assert row is not None  # a revision is never deleted, and was rendered before anybody could sit it
    return shown(row)


def answers_in_words(revision: Shown, given: Mapping[str, Answer]) -> list[dict[str, Any]]:
    """Each question of a revision with what was answered, as (question, answer)."""
    assert revision.assessment is not None
    return [
        {
            "question": revision.piece(f"{question.id}.lead").striptags(),
            "answer": _answer(revision, question, given.get(question.id)),
        }
        for question in revision.assessment.questions
    ]


def _answer(revision: Shown, question: Question, answer: Answer) -> str | list[str] | None:
    if isinstance(answer, str) or answer is None:
        return f"{answer} {question.unit}".strip() if answer else None
    return [revision.piece(f"{question.id}.{option}").striptags() for option in answer]
