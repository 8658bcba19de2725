"""Making a backup."""

from __future__ import annotations

import os
from dataclasses import asdict
from datetime import datetime
from importlib.metadata import version
from pathlib import Path

from cpd.backups import on_postgresql, on_sqlite
from cpd.backups.archive import DATABASES, SECRET_KEY, Manifest, Progress, write_archive
from cpd.backups.faults import BackupFault, said_in_words
from cpd.backups.files import drafts_beside, sync_folder
from cpd.settings import Settings


def back_up(file: Path, settings: Settings, *, now: datetime, progress: Progress) -> Manifest:
    """Write a backup of the installation to a new file, while it serves. Raises BackupFault.

    The file gets its name when it is whole, on the disk and checked; a kill leaves at most a folder beside it whose
    name begins with a dot and ends with `.unfinished`.
    """
    if os.path.lexists(file):
        raise _is_there(file)
    kind = "sqlite" if settings.on_sqlite else "postgresql"
    with said_in_words(file), drafts_beside(file) as folder:
        copy = folder / DATABASES[kind]
        facts = (on_sqlite if settings.on_sqlite else on_postgresql).copy_out(settings, copy)
        manifest = Manifest(
            cpd=version("cpd"), database=kind, made_at=now.isoformat(timespec="seconds"), **asdict(facts)
        )
        members = {copy.name: copy}
        if keeps_secret(settings):
            members[SECRET_KEY] = secret_file(settings)
        draft = folder / "backup"
        manifest = write_archive(draft, manifest, members, progress)
        copy.unlink()
        _give_name(draft, file)
    return manifest


def secret_file(settings: Settings) -> Path:
    return settings.instance_folder / "secret_key"


def keeps_secret(settings: Settings) -> bool:
    """Whether the secret key is the one of the instance folder, and not set by CPD_SECRET_KEY."""
    file = secret_file(settings)
    return file.is_file() and file.read_text(encoding="ascii", errors="replace").strip() == settings.secret_key


def _give_name(draft: Path, file: Path) -> None:
    """Let the file appear under its name, whole, unless another one did meanwhile."""
    try:
        os.link(draft, file)
    except FileExistsError:
        raise _is_there(file) from None
    except OSError:  # no second names on this file system
        if os.path.lexists(file):
            raise _is_there(file) from None
        draft.rename(file)
    sync_folder(file.parent)


def _is_there(file: Path) -> BackupFault:
    return BackupFault(f"{file} is there already; nothing was written. Choose another name.")
