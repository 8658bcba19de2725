"""Which migrations there are, and which a database has seen: by the files' names and one row, without Alembic.

Alembic holds 12 MB, which each worker would carry for good.
"""

from __future__ import annotations

from sqlalchemy import Connection, inspect, text

from cpd import paths

VERSION_TABLE = "alembic_version"


def known_migrations() -> list[str]:
    """All migrations of this release, the newest first."""
    files = (paths.MIGRATIONS / "versions").glob("[0-9]*.py")
    return sorted((file.name.partition("_")[0] for file in files), reverse=True)


def last_migration(connection: Connection) -> str | None:
    """The newest migration that a database has seen; None where there is none."""
    if not inspect(connection).has_table(VERSION_TABLE):
        return None
    version: str | None = connection.execute(text(f"SELECT version_num FROM {VERSION_TABLE}")).scalar()  # noqa: S608
    return version
