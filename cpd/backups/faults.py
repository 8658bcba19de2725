"""What can go wrong with a backup, in words for the operator."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


class BackupFault(Exception):
    """A backup cannot be made or brought back; its text is a sentence for the operator."""


@contextmanager
def said_in_words(place: Path) -> Iterator[None]:
    """Turn what the system says about files (disk full, no permission, no such folder) into a BackupFault."""
    try:
        yield
    except OSError as fault:
        raise BackupFault(f"{fault.filename or place}: {fault.strerror or fault}.") from None
