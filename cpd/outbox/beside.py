"""The worker inside `cpd serve`: a thread of one of the processes that serve."""

from __future__ import annotations

import fcntl
import threading
import time
from pathlib import Path
from typing import IO

from flask import Flask

from cpd.outbox.delivery import delivery_for
from cpd.outbox.worker import Worker
from cpd.settings import Settings

LOOK_FOR_PLACE = 5.0  # seconds


def begin_beside_pages(app: Flask) -> None:
    """Let a thread do what waits in the outbox, if no other process of this installation does on this machine.

    It is no daemon, so that what it has in hand is finished when the process is to end.
    """
    threading.Thread(target=_work, args=(app,), name="worker").start()


def _work(app: Flask) -> None:
    """The first process to lock a file works; when it ends, another one takes its place."""
    settings: Settings = app.config["SETTINGS"]
    while (place := _place(settings.instance_folder / "worker.lock")) is None:
        if _is_ending_within(LOOK_FOR_PLACE):
            return
    with place:
        worker = Worker(app, delivery_for(settings), is_ending=_is_ending)
        while not _is_ending_within(worker.pause):
            worker.work_off()


def _place(path: Path) -> IO[str] | None:
    """The file, locked, or None if another process has locked it or it cannot be written."""
    try:
        file = path.open("w", encoding="ascii")
    except OSError:
        return None
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        file.close()
        return None
    return file


def _is_ending_within(seconds: float) -> bool:
    """Wait so long, or until this process is about to end; gives whether it is."""
    until = time.monotonic() + seconds
    while not _is_ending():
        left = until - time.monotonic()
        if left <= 0:
            return False
        time.sleep(min(left, 0.5))
    return True


def _is_ending() -> bool:
    return not threading.main_thread().is_alive()
