"""Files that appear whole or not at all."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def drafts_beside(file: Path) -> Iterator[Path]:
    """A folder on the same disk as the file, for its owner alone, that goes when it is no longer needed."""
    try:
        folder = Path(tempfile.mkdtemp(dir=file.parent, prefix=f".{file.name[:100]}.", suffix=".unfinished"))
    except OSError as fault:
        raise OSError(fault.errno, fault.strerror, str(file)) from None
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def put_in_place(draft: Path, file: Path) -> None:
    """Let a file that is on the disk take the name of another one, in one step that survives a power cut."""
    draft.replace(file)
    sync_folder(file.parent)


def sync_folder(folder: Path) -> None:
    """Let the names in a folder survive a power cut."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
