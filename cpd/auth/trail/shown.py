"""Lines of the audit trail as pages show them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from cpd.auth.trail.sentences import origin_of, sentence_of
from cpd.db import AnyRow


@dataclass(frozen=True)
class Line:
    """What happened, when in the zone of the reader, and from where as far as that is known."""

    number: int
    at: datetime
    sentence: str
    origin: str


def shown(rows: Iterable[AnyRow], zone: ZoneInfo) -> list[Line]:
    return [
        Line(row.number, row.at.astimezone(zone), sentence_of(row.kind, row.detail), origin_of(row.detail))
        for row in rows
    ]
