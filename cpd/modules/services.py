"""Changing attempts, and through them the record."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, delete, select

from cpd.auth.access import Learner
from cpd.db import db, insert_once, writing
from cpd.modules.marking import Answer, mark_assessment
from cpd.modules.models import Attempt
from cpd.modules.shown import Shown
from cpd.modules.sitting import Sitting
from cpd.record.services import Receipt, award_credits


@dataclass(frozen=True)
class Place:
    """Where a module stands in the catalogue, as its receipt keeps it."""

    slug: str
    category_slug: str
    category_title: str
    category_style: str


def submit_attempt(
    sitting: Sitting, *, learner: Learner, place: Place, revision: Shown, answers: Mapping[str, Answer], now: datetime
) -> int:
    """Mark a sitting against the revision it was started on, and award the credits if it is a pass: all or nothing.

    Gives the attempt's id; by then everything is kept. A second submission of the same sitting changes nothing and
    gives the first one's id. Credit follows only if the module gave any when the sitting started. Raises UnknownAnswer,
    and keeps nothing, if an answer does not belong to the revision.
    """
    assert revision.assessment is not None
    mark = mark_assessment(revision.assessment, answers, revision.pass_mark)
    attempt = {
        "learner_id": learner.id,
        "module_id": revision.module_id,
        "revision_id": revision.revision_id,
        "token": sitting.nonce,
        "edition": revision.edition,
        "creditable": sitting.creditable,
        "answers": dict(answers),
        "started_at": sitting.started_at,
        "submitted_at": now,
        "score": mark.score,
        "out_of": mark.out_of,
        "pass_mark": mark.pass_mark,
        "passed": mark.passed,
    }
    learned_on = now.astimezone(ZoneInfo(learner.zone)).date()
    with writing() as connection:
        attempt_id = insert_once(Attempt, attempt, connection)
        if attempt_id is None:
            return first_result(learner.id, sitting, connection)
        if mark.passed and sitting.creditable:
            award_credits(
                learner_id=learner.id,
                receipt=_receipt(place, revision, attempt_id=attempt_id, score=mark.score, out_of=mark.out_of),
                learned_on=learned_on,
                now=now,
                on=connection,
            )
    return attempt_id


def first_result(learner_id: int, sitting: Sitting, on: Connection) -> int:
    """The attempt that stands for a sitting."""
    found = select(Attempt.id).where(Attempt.learner_id == learner_id, Attempt.token == sitting.nonce)
    return int(on.execute(found).scalar_one())


def forget_attempts(learner_id: int) -> None:
    """Delete a learner's attempts, because the account is deleted; entries that name them are gone. Does not commit."""
    db.session.execute(delete(Attempt).where(Attempt.learner_id == learner_id))


def _receipt(place: Place, revision: Shown, **marks: Any) -> Receipt:
    return Receipt(
        module_id=revision.module_id,
        module_slug=place.slug,
        revision_id=revision.revision_id,
        revision_number=revision.number,
        edition=revision.edition,
        title=revision.title,
        category_slug=place.category_slug,
        category_title=place.category_title,
        category_style=place.category_style,
        credits=revision.credits,
        pass_mark=revision.pass_mark,
        **marks,
    )
