"""What the whole site shows: the categories in the footer."""

from __future__ import annotations

import time
from typing import Any

from flask import current_app
from sqlalchemy.exc import SQLAlchemyError

from cpd.modules.queries import categories

KEPT_SECONDS = 10


def footer_categories() -> list[Any]:
    """Categories with live modules; asked for every few seconds, since they hardly ever change."""
    kept_at: float
    kept: list[Any] | None
    kept_at, kept = current_app.extensions.get("footer_categories", (0.0, None))
    if kept is None or time.monotonic() - kept_at > KEPT_SECONDS:
        try:
            kept = list(categories())
        except SQLAlchemyError:
            return []
        current_app.extensions["footer_categories"] = (time.monotonic(), kept)
    return kept
