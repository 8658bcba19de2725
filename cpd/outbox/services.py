"""Asking for what must happen outside the database."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import insert

from cpd.db import db
from cpd.outbox.models import Waiting


def ask_for(kind: str, payload: dict[str, Any], *, now: datetime, due_at: datetime | None = None) -> None:
    """Let the worker do something of this kind, once this transaction is committed and not before `due_at`.

    payload: JSON, without secrets; the handler of the kind looks up the rest. The caller commits.
    """
    row = {"kind": kind, "payload": payload, "created_at": now, "due_at": due_at or now, "tries": 0, "fault": ""}
    db.session.execute(insert(Waiting), row)
