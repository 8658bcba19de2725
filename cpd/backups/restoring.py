"""Bringing a backup back into an empty installation."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

from cpd.backups import on_postgresql, on_sqlite
from cpd.backups.archive import SECRET_KEY, Archive, Manifest, Progress
from cpd.backups.facts import Facts
from cpd.backups.faults import BackupFault, said_in_words
from cpd.backups.files import drafts_beside, put_in_place
from cpd.backups.making import keeps_secret, secret_file
from cpd.backups.occupied import restoring
from cpd.migrated import known_migrations
from cpd.settings import Settings


def restore(file: Path, settings: Settings, *, progress: Progress) -> Manifest:
    """Bring a backup into an empty installation. Raises BackupFault, and has then changed nothing.

    A kill leaves the installation as empty as it was, or whole.
    """
    engine = on_sqlite if settings.on_sqlite else on_postgresql
    place = on_sqlite.database_file(settings) if settings.on_sqlite else secret_file(settings)
    with said_in_words(file), restoring(settings):
        engine.require_nothing_there(settings)
        with closing(Archive(file, progress)) as archive, drafts_beside(place) as folder:
            _require_fitting(archive, settings)
            copy = folder / archive.manifest.database_member
            archive.unpack(copy.name, copy, progress)
            _bring_in(copy, archive, settings)
            return archive.manifest


def _bring_in(copy: Path, archive: Archive, settings: Settings) -> None:
    """The key comes first: an empty installation has no use for the one it had, and a full one would miss its own."""
    if settings.on_sqlite:
        _require_same(on_sqlite.make_ready(copy, settings), archive)
        _keep_secret(archive, settings)
        on_sqlite.bring_in(copy, settings)
    else:
        on_postgresql.make_ready(copy, settings)
        _keep_secret(archive, settings)
        _require_same(on_postgresql.bring_in(copy, settings), archive)


def _require_fitting(archive: Archive, settings: Settings) -> None:
    manifest, ours = archive.manifest, "sqlite" if settings.on_sqlite else "postgresql"
    names = {"sqlite": "SQLite", "postgresql": "PostgreSQL"}
    if manifest.database != ours:
        raise BackupFault(
            f"{archive.file} holds a {names[manifest.database]} database and this installation uses {names[ours]}."
            " A backup goes back into the kind of database that it was made of; see CPD_DATABASE_URL."
        )
    if manifest.migration not in known_migrations():
        raise BackupFault(
            f"{archive.file} was made by cpd {manifest.cpd}, whose database (migration {manifest.migration}) this"
            " version does not know. Install that version or a newer one."
        )


def _require_same(facts: Facts, archive: Archive) -> None:
    manifest = archive.manifest
    stated = Facts(manifest.migration, manifest.accounts, manifest.entries, manifest.release)
    if facts != stated:
        raise BackupFault(f"{archive.file} does not hold what it says: {facts} and not {stated}.")


def _keep_secret(archive: Archive, settings: Settings) -> None:
    """Bring the secret key back, unless there was none or CPD_SECRET_KEY sets another one."""
    if SECRET_KEY in archive.manifest.members and keeps_secret(settings):
        kept = secret_file(settings)
        with drafts_beside(kept) as folder:
            archive.unpack(SECRET_KEY, folder / SECRET_KEY, lambda items, _: items)
            put_in_place(folder / SECRET_KEY, kept)
