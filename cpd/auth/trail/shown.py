"""Lines of the audit trail as pages show them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from cpd.auth.trail.sentences import doer_of, origin_of, sentence_of
from cpd.db import AnyRow


@dataclass(frozen=True)
class Line:
    """What happened, when in the zone of the reader, and from where or by whom as far as that is known."""

    number: int
    at: datetime
    sentence: str
    origin: str


def _origin(detail: Mapping[str, Any]) -> str:
    return origin_of(detail) or doer_of(detail)


def shown(rows: Iterable[AnyRow], zone: ZoneInfo) -> list[Line]:
    return [
        Line(row.number, row.at.astimezone(zone), sentence_of(row.kind, row.detail), _origin(row.detail))
        for row in rows
    ]
