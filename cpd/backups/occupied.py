"""Whether a server uses an installation: it holds a lock in the instance folder that the kernel gives back for it."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager

from cpd.backups.faults import BackupFault
from cpd.settings import Settings

LOCK = "serving.lock"


@contextmanager
def serving(settings: Settings) -> Iterator[None]:
    """Let no backup be restored meanwhile; waits for one that is being restored."""
    with _held(settings, fcntl.LOCK_SH):
        yield


@contextmanager
def restoring(settings: Settings) -> Iterator[None]:
    """Let no server of this machine start meanwhile. Raises BackupFault if one runs."""
    try:
        with _held(settings, fcntl.LOCK_EX | fcntl.LOCK_NB):
            yield
    except BlockingIOError:
        folder = settings.instance_folder
        raise BackupFault(f"A server or another restore uses {folder}. Stop it first. Nothing was changed.") from None


@contextmanager
def _held(settings: Settings, kind: int) -> Iterator[None]:
    settings.instance_folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    descriptor = os.open(settings.instance_folder / LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(descriptor, kind)
        yield
    finally:
        os.close(descriptor)
