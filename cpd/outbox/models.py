"""What is still to be done outside the database."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Index, text
from sqlalchemy.orm import Mapped, mapped_column

from cpd.db import Base, Json, UtcDateTime, at_most

STILL_TRIED = text("given_up_at IS NULL")


class Waiting(Base):
    """One thing to be done, written in the transaction of its cause. The row goes once it is done.

    `due_at` is when it is tried next; while somebody tries, it is when others may. A row that was tried too often stays
    with the time at which it was given up.
    """

    __tablename__ = "outbox"
    __table_args__ = (
        Index("ix_outbox_due_at", "due_at", sqlite_where=STILL_TRIED, postgresql_where=STILL_TRIED),
        at_most("kind", 40),
        at_most("fault", 300),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str]
    payload: Mapped[dict[str, Any]] = mapped_column(Json)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    due_at: Mapped[datetime] = mapped_column(UtcDateTime)
    tries: Mapped[int]  # that have begun
    fault: Mapped[str]  # why the last try failed
    given_up_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
