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
from collections.abc import Iterator
from typing import Any

LONGEST_WAIT = 5.0  # seconds
SHORT_WAIT = 0.1  # seconds, after somebody waited in vain
LOOK_AGAIN = 0.0002  # seconds; a write takes about one thousandth
BUSY_TIMEOUT = "busy_timeout=5000"  # milliseconds, for readers after a crash
PRAGMAS = (
    BUSY_TIMEOUT,
    "journal_mode=WAL",
    "synchronous=FULL",
    "foreign_keys=ON",
    # What is deleted is overwritten: it would else stand in the file, and in backups of it, until its room is used.
    "secure_delete=ON",
    # Pages: four times SQLite's own, since awards change the same pages again and again; it saves 6 % of their CPU.
    "wal_autocheckpoint=4000",
)


class NoTurn(sqlite3.OperationalError):
    """Others hold the lock of the database."""

    sqlite_errorcode = sqlite3.SQLITE_BUSY


class NoLock(sqlite3.OperationalError):
    """The lock file of the database cannot be used."""

    sqlite_errorcode = sqlite3.SQLITE_CANTOPEN


class _Queue:
    """The threads of this process that want to write to one database.

    Once one has waited as long as anybody may, the others are refused soon, until a write begins again: else all
    threads would be waiting to write, and none be left for pages that only read.
    """

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.in_vain = False


_queues: dict[str, _Queue] = {}


class WriteLockedConnection(sqlite3.Connection):
    """A connection that writes only while it holds the lock of its database file."""

    def __init__(self, database: Any, *arguments: Any, **keywords: Any) -> None:
        _make_private(database)
        super().__init__(database, *arguments, **keywords)
        self._lock_file = f"{database}.lock"
        self._queue = _queues.setdefault(self._lock_file, _Queue())
        self._descriptor: int | None = None

    @contextlib.contextmanager
    def turn_to_write(self, *, hurried: bool = False) -> Iterator[None]:
        """Take the lock for a BEGIN IMMEDIATE in the block; it is given back if that fails, else by commit or rollback.

        Together they wait for little more than LONGEST_WAIT, then sqlite3.OperationalError is raised. A `hurried`
        caller, who can do without, waits for SHORT_WAIT at most.
        """
        until = time.monotonic() + (SHORT_WAIT if hurried or self._queue.in_vain else LONGEST_WAIT)
        begun = shorter = False
        try:
            self._take_lock(until)
            left = until - time.monotonic()
            if shorter := left < LONGEST_WAIT - SHORT_WAIT:
                self.execute(f"PRAGMA busy_timeout={max(1, int(left * 1000))}")
            yield
            begun = True
        finally:
            if shorter:
                with contextlib.suppress(sqlite3.Error):  # it may have been closed
                    self.execute(f"PRAGMA {BUSY_TIMEOUT}")
            if not begun:
                self._give_lock_back()
            if begun or not hurried:
                self._queue.in_vain = not begun

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
        if self._descriptor is None:
            with contextlib.suppress(NoTurn, NoLock):
                self._take_lock(time.monotonic() + LONGEST_WAIT)
        try:
            super().close()
        finally:
            self._give_lock_back()

    def _take_lock(self, until: float) -> None:
        if not self._queue.lock.acquire(timeout=max(0, until - time.monotonic())):
            raise NoTurn("too many threads are writing")
        try:
            self._descriptor = _lock(self._lock_file, until)
        except BaseException:
            self._queue.lock.release()
            raise

    def _give_lock_back(self) -> None:
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None
            self._queue.lock.release()


def _make_private(database: str) -> None:
    """Make the file for its owner alone: the journal files beside it take over its rights."""
    with contextlib.suppress(OSError):  # there already, or opening it will say what is wrong
        os.close(os.open(database, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))


def _lock(file: str, until: float) -> int:
    try:
        descriptor = os.open(file, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as fault:
        raise NoLock(f"{file} cannot be opened: {fault.strerror}") from None
    try:
        _wait_for(descriptor, until)
    except BaseException:
        os.close(descriptor)
        raise
    return descriptor


def _wait_for(descriptor: int, until: float) -> None:
    while True:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() > until:
                raise NoTurn("another process is writing") from None
            time.sleep(LOOK_AGAIN)  # flock cannot wait for a limited time
        except OSError as fault:
            raise NoLock(f"the lock file cannot be locked: {fault.strerror}") from None
        else:
            return


def prepare_connection(connection: sqlite3.Connection, _: object) -> None:
    """Set up a new connection: the driver opens no transaction by itself, the pragmas hold."""
    connection.isolation_level = None
    for pragma in PRAGMAS:
        connection.execute(f"PRAGMA {pragma}")
