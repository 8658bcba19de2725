"""SQLite as a careful ledger: WAL, FULL, foreign keys, and one writer at a time.

SQLite before 3.51.3 can damage a database in WAL mode when two connections write and checkpoint at the same moment
(the WAL-reset bug, SQLite news of March 2026). So every write, its commit and every close happen under a lock: a queue
among the threads of a process, a lock file among processes. The queue also makes waiting fair, which SQLite's own
busy timeout is not.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import sqlite3
import threading
import time
from typing import Any

LONGEST_WAIT = 5.0  # seconds
PRAGMAS = ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", "busy_timeout=5000")

_queues: dict[str, threading.Lock] = {}


class WriteLockedConnection(sqlite3.Connection):
    """A connection that writes only while it holds the lock of its database file."""

    def __init__(self, database: Any, *arguments: Any, **keywords: Any) -> None:
        _make_private(database)
        super().__init__(database, *arguments, **keywords)
        self._lock_file = f"{database}.lock"
        self._queue = _queues.setdefault(self._lock_file, threading.Lock())
        self._descriptor: int | None = None

    def begin_writing(self) -> None:
        """Take the lock and BEGIN IMMEDIATE. Raises sqlite3.OperationalError after LONGEST_WAIT."""
        self._take_lock()
        try:
            self.execute("BEGIN IMMEDIATE")
        except BaseException:
            self._give_lock_back()
            raise

    def commit(self) -> None:
        try:
            super().commit()
        except BaseException:
            # A failed COMMIT (disk full) leaves the transaction open: keep the lock until the rollback.
            if not self.in_transaction:
                self._give_lock_back()
            raise
        self._give_lock_back()

    def rollback(self) -> None:
        try:
            super().rollback()
        finally:
            self._give_lock_back()

    def close(self) -> None:
        """Close under the lock, since the last connection to close writes a checkpoint."""
        held = self._descriptor is not None
        if not held:
            try:
                self._take_lock()
            except sqlite3.OperationalError:
                held = True
        try:
            super().close()
        finally:
            self._give_lock_back()

    def _take_lock(self) -> None:
        until = time.monotonic() + LONGEST_WAIT
        if not self._queue.acquire(timeout=LONGEST_WAIT):
            raise sqlite3.OperationalError("database is locked: too many are writing")
        try:
            self._descriptor = _lock(self._lock_file, until)
        except BaseException:
            self._queue.release()
            raise

    def _give_lock_back(self) -> None:
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None
            self._queue.release()


def _make_private(database: str) -> None:
    """Make the file for its owner alone: the journal files beside it take over its rights."""
    with contextlib.suppress(OSError):  # there already, or opening it will say what is wrong
        os.close(os.open(database, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))


def _lock(file: str, until: float) -> int:
    try:
        descriptor = os.open(file, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as fault:
        raise sqlite3.OperationalError(f"unable to open {file}: {fault.strerror}") from None
    while True:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() > until:
                os.close(descriptor)
                raise sqlite3.OperationalError("database is locked: another process is writing") from None
            time.sleep(0.001)  # flock cannot wait for a limited time
        else:
            return descriptor


def prepare_connection(connection: sqlite3.Connection, _: object) -> None:
    """Set up a new connection: the driver opens no transaction by itself, the pragmas hold."""
    connection.isolation_level = None
    for pragma in PRAGMAS:
        connection.execute(f"PRAGMA {pragma}")
