"""Empty databases for tests. Those of PostgreSQL are used again: emptying one takes a fraction of making one."""

from __future__ import annotations

import shutil
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psycopg
from psycopg import sql
from sqlalchemy import make_url

from tests.databases import Cluster

MOST_USES = 50  # of one database: rows that were deleted still take room in it

# Columns, keys, checks and indexes: a test that changes these has its database thrown away.
SHAPE = """
SELECT md5(string_agg(line, ' ' ORDER BY line COLLATE "C")) FROM (
    SELECT concat_ws(' ', c.relname, a.attname, a.atttypid, a.attnotnull) AS line
        FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid
        WHERE c.relnamespace = 'public'::regnamespace AND a.attnum > 0
    UNION ALL SELECT concat_ws(' ', conrelid, conname, contype) FROM pg_constraint
        WHERE connamespace = 'public'::regnamespace
    UNION ALL SELECT version_num FROM alembic_version) AS shape
"""
END_OTHERS = """
SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()
"""
TABLES = "SELECT tablename FROM pg_tables WHERE schemaname = 'public' AND tablename <> 'alembic_version'"
USED_SEQUENCES = "SELECT sequencename FROM pg_sequences WHERE schemaname = 'public' AND last_value IS NOT NULL"


@dataclass(frozen=True)
class Files:
    """Copies a file of SQLite for each test."""

    template: Path
    folder: Path

    def __call__(self, name: str) -> str:
        """The address of a migrated, empty database of this name."""
        shutil.copy(self.template, self.folder / f"{name}.sqlite")
        return f"sqlite:///{self.folder / name}.sqlite"

    def give_back(self, address: str) -> None:
        """Remove a database."""
        for file in self.folder.glob(f"{Path(address).name}*"):
            file.unlink()

    def close(self) -> None:
        """Nothing is open."""


@dataclass
class Databases:
    """Makes databases from a template, or hands out those that were given back."""

    cluster: Cluster
    template: str
    _free: list[str] = field(default_factory=list)
    _uses: dict[str, int] = field(default_factory=dict)
    _shapes: dict[str, str] = field(default_factory=dict)
    _open: dict[str, psycopg.Connection[Any]] = field(default_factory=dict)  # a new connection reads the catalogs first

    def __call__(self, name: str) -> str:
        """The address of a migrated, empty database, which may have another name than this."""
        if self._free:
            return self.cluster.url(self._free.pop())
        address = self.cluster.create(name, self.template)
        with self.cluster.connected(name) as connection:
            self._uses[name], self._shapes[name] = 0, _first(connection, SHAPE)[0]
        return address

    def give_back(self, address: str) -> None:
        """Empty a database for the next test, or remove it."""
        name = str(make_url(address).database)
        self._uses[name] += 1
        if self._uses[name] < MOST_USES and self._is_emptied(name):
            self._free.append(name)
        else:
            self._close(name)
            self.cluster.drop(name)

    def close(self) -> None:
        """Leave all databases."""
        for name in list(self._open):
            self._close(name)

    def _close(self, name: str) -> None:
        if name in self._open:
            self._open.pop(name).close()

    def _is_emptied(self, name: str) -> bool:
        try:
            if name not in self._open:
                self._open[name] = self.cluster.connected(name)
            connection = self._open[name]
            connection.execute(END_OTHERS)
            if _first(connection, SHAPE) != [self._shapes[name]]:
                return False
            _empty(connection)
        except psycopg.Error:
            return False
        return True


def _empty(connection: psycopg.Connection[Any]) -> None:
    """Delete all rows, and let numbers begin at 1 again."""
    tables = [sql.Identifier(name) for name in _first(connection, TABLES)]
    has_rows = sql.SQL(" UNION ALL ").join(
        sql.SQL("SELECT {} WHERE EXISTS (SELECT FROM {})").format(sql.Literal(table.as_string()), table)
        for table in tables
    )
    connection.execute("SET session_replication_role = replica")  # no foreign key is looked at
    for name in _first(connection, has_rows):
        connection.execute(sql.SQL("DELETE FROM {}").format(sql.SQL(name)))
    for name in _first(connection, USED_SEQUENCES):
        connection.execute(sql.SQL("ALTER SEQUENCE {} RESTART").format(sql.Identifier(name)))


def _first(connection: psycopg.Connection[Any], statement: Any) -> list[Any]:
    """The first column of what a statement finds."""
    return [row[0] for row in connection.execute(statement)]
