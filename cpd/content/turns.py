"""One publish at a time, on all nodes: the others wait for their turn."""

from __future__ import annotations

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import text

from cpd.db import db, reading_engine

ADVISORY_LOCK = 0x6370_6431  # any number that only publishing uses


@contextmanager
def publishing_turn() -> Iterator[None]:
    """Hold the turn to publish; wait while another holds it. A killed holder gives it back."""
    if db.engine.dialect.name == "sqlite":
        database = db.engine.url.database
        assert database
        with Path(f"{database}.publish.lock").open("w", encoding="ascii") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            yield
        return
    with reading_engine().connect() as connection:
        connection.detach()  # it waits for as long as it takes, which no other use of it may
        connection.execute(text("SET lock_timeout = 0"))
        connection.execute(text("SELECT pg_advisory_lock(:number)"), {"number": ADVISORY_LOCK})
        try:
            yield
        finally:
            connection.execute(text("SELECT pg_advisory_unlock(:number)"), {"number": ADVISORY_LOCK})
