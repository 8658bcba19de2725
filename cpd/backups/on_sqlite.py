"""Copying a SQLite database out while it is used, and bringing a copy in."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from pathlib import Path

from sqlalchemy import make_url

from cpd import create_app
from cpd.backups.facts import Facts, facts_of, require_empty
from cpd.backups.faults import BackupFault
from cpd.backups.files import put_in_place
from cpd.db import db
from cpd.migrated import VERSION_TABLE, known_migrations
from cpd.migrating import migrate
from cpd.settings import Settings
from cpd.sqlite import WriteLockedConnection


def database_file(settings: Settings) -> Path:
    return Path(str(make_url(settings.database_url).database))


def copy_out(settings: Settings, into: Path) -> Facts:
    """Copy the database to a new file that is whole by itself, at one moment, while others write to it.

    All pages go at once: in steps the copying would begin anew at each write, and under a busy site never end.
    """
    file = database_file(settings)
    if not file.is_file():
        raise BackupFault(f"There is no database at {file}, so there is nothing to back up.")
    with (
        _in_words(file),
        closing(sqlite3.connect(file, factory=WriteLockedConnection)) as source,
        closing(sqlite3.connect(into, isolation_level=None)) as copy,
    ):
        source.backup(copy)
        return _facts_of_whole(copy, file)


def require_nothing_there(settings: Settings) -> None:
    """Raise BackupFault if the database holds anything."""
    file = database_file(settings)
    if file.exists():
        with _in_words(file), closing(sqlite3.connect(file, factory=WriteLockedConnection)) as connection:
            require_empty(_facts(connection), str(file))


def make_ready(copy: Path, settings: Settings) -> Facts:
    """Check an unpacked copy and bring it to the newest migration; gives what it held when it was made."""
    with _in_words(copy), closing(sqlite3.connect(copy, isolation_level=None)) as connection:
        facts = _facts_of_whole(connection, copy)
    if facts.migration != known_migrations()[0]:
        app = create_app(replace(settings, database_url=f"sqlite:///{copy}"))
        with app.app_context():
            migrate()
            db.session.remove()
            db.engine.dispose()
        with _in_words(copy), closing(sqlite3.connect(copy, isolation_level=None)) as connection:
            _facts_of_whole(connection, copy)
    with copy.open("rb") as opened:
        os.fsync(opened.fileno())
    return facts


def bring_in(copy: Path, settings: Settings) -> None:
    """Put a copy that is ready in the place of the empty database, in one step."""
    file = database_file(settings)
    if file.exists():
        _close_for_good(file)
    # SQLite would play the journal of a database that is gone into the one that takes its place.
    for suffix in ("-wal", "-shm", "-journal"):
        Path(f"{file}{suffix}").unlink(missing_ok=True)
    put_in_place(copy, file)


def _close_for_good(file: Path) -> None:
    """Bring the write-ahead log of the empty database into its file. Raises BackupFault if somebody has it open."""
    with _in_words(file), closing(sqlite3.connect(file, factory=WriteLockedConnection, timeout=0)) as connection:
        require_empty(_facts(connection), str(file))
        try:
            connection.execute("PRAGMA journal_mode=DELETE")
        except sqlite3.OperationalError as fault:
            if "locked" not in str(fault):
                raise
            raise BackupFault(f"Another program has {file} open. Stop it first. Nothing was changed.") from None


def _facts_of_whole(copy: sqlite3.Connection, file: Path) -> Facts:
    """Check a copy that only we use, leave it without a write-ahead log, and count what it holds."""
    copy.execute("PRAGMA journal_mode=DELETE")
    problem = copy.execute("PRAGMA integrity_check(1)").fetchone()[0]
    if problem != "ok":
        raise BackupFault(f"{file} is damaged: {problem}")
    facts = _facts(copy)
    if facts is None:
        raise BackupFault(f"{file} holds no tables of cpd.")
    return facts


def _facts(connection: sqlite3.Connection) -> Facts | None:
    tables = [name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]

    def ask(statement: str) -> object:
        row = connection.execute(statement).fetchone()
        return row[0] if row else None

    facts = facts_of(tables, ask)
    if facts is None and set(tables) - {VERSION_TABLE}:
        raise BackupFault("The database is one of another program. Nothing was changed.")
    return facts


@contextmanager
def _in_words(file: Path) -> Iterator[None]:
    try:
        yield
    except sqlite3.Error as fault:
        raise BackupFault(f"{file}: {fault}.") from None
