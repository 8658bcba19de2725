"""What is still to be done outside the database."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy.orm import Mapped, mapped_column

from cpd.db import Base, Json, UtcDateTime, at_most


class Waiting(Base):
    """One thing to be done, written in the transaction of its cause. The row goes once it is done."""

    __tablename__ = "outbox"
    __table_args__ = (at_most("kind", 40), at_most("fault", 300))

    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str]
    payload: Mapped[dict[str, Any]] = mapped_column(Json)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    due_at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)
    tries: Mapped[int]
    fault: Mapped[str]  # why the last try failed
