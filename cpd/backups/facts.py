"""What a database holds, so that a backup can say it and a restore can compare."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import Any

from cpd.backups.faults import BackupFault
from cpd.db import Base
from cpd.migrated import VERSION_TABLE

COUNTED = {"account", "entry", "release"}

# Gives the first column of the first row that a statement finds.
Ask = Callable[[str], Any]


@dataclass(frozen=True)
class Facts:
    """What is counted of a database."""

    migration: str
    accounts: int
    entries: int
    release: int  # 0 where nothing was ever published


def facts_of(tables: Collection[str], ask: Ask) -> Facts | None:
    """What a database with these tables holds, or None if none is of cpd. Raises BackupFault if only some are."""
    if not our_tables() & set(tables):
        return None
    migration = ask(f"SELECT version_num FROM {VERSION_TABLE}") if VERSION_TABLE in tables else None  # noqa: S608
    if not migration and our_tables() & set(tables) == {VERSION_TABLE}:
        return None  # migrated down to nothing
    if not migration or not set(tables) >= COUNTED:
        raise BackupFault("The database is not one that cpd made, or its first migration was cut short.")
    return Facts(
        migration=str(migration),
        accounts=ask("SELECT count(*) FROM account"),
        entries=ask("SELECT count(*) FROM entry"),
        release=ask("SELECT coalesce(max(number), 0) FROM release"),
    )


def require_empty(facts: Facts | None, place: str) -> None:
    """Raise BackupFault if a database holds anything that a restore would destroy."""
    if facts and (facts.accounts or facts.entries or facts.release):
        raise BackupFault(
            f"{place} is not empty (accounts: {facts.accounts}, entries: {facts.entries}, release {facts.release})."
            " A backup is restored into an empty installation only. Nothing was changed."
        )


def our_tables() -> set[str]:
    """All tables of cpd, once the application is made; until then those that say what is there."""
    return {*Base.metadata.tables, *COUNTED, VERSION_TABLE}
