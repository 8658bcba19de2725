"""Sitting an assessment: the signed token that opening it hands out. Nothing is written until answers come back."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache

from itsdangerous import BadData, Serializer, URLSafeSerializer, base64_encode

LONGEST_DAYS = 7


class SittingRefused(Exception):
    """The token is not ours, is another learner's, or is too old; its text is a sentence for the learner."""


@dataclass(frozen=True)
class Sitting:
    """An assessment opened by a learner: which revision, when, and whether credit could be had at that moment."""

    learner_id: int
    revision_id: int
    started_at: datetime
    nonce: str
    creditable: bool


def new_sitting(*, learner_id: int, revision_id: int, creditable: bool, now: datetime) -> Sitting:
    return Sitting(learner_id, revision_id, now.replace(microsecond=0), secrets.token_hex(16), creditable)


def sign(sitting: Sitting, secret_key: str) -> str:
    return str(
        _signer(secret_key).dumps(
            [
                sitting.learner_id,
                sitting.revision_id,
                int(sitting.started_at.timestamp()),
                sitting.nonce,
                sitting.creditable,
            ]
        )
    )


def read_sitting(token: str, *, learner_id: int, secret_key: str, now: datetime) -> Sitting:
    """The sitting of a token. Raises SittingRefused with words for the learner."""
    try:
        learner, revision, started, nonce, creditable = _signer(secret_key).loads(token)
    except (BadData, ValueError, TypeError):
        raise SittingRefused("This form was incomplete. Your answers are kept: submit them again.") from None
    if learner != learner_id:
        raise SittingRefused("This assessment was opened by another account. Submit your answers again.")
    started_at = datetime.fromtimestamp(started, UTC)
    if (now - started_at).days >= LONGEST_DAYS:
        raise SittingRefused(f"This assessment was opened over {LONGEST_DAYS} days ago. Submit your answers again.")
    return Sitting(learner, revision, started_at, nonce, creditable)


class _Signer(URLSafeSerializer):
    """Without trying to compress: that takes longer than the rest, and so short a text only grows."""

    def dump_payload(self, obj: object) -> bytes:
        return base64_encode(Serializer.dump_payload(self, obj))


@cache
def _signer(secret_key: str) -> _Signer:
    return _Signer(secret_key, salt="sitting")
