"""Copying a PostgreSQL database out while it is used, and bringing a copy in, by the programs of PostgreSQL."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from flask import Flask
from sqlalchemy import Connection, Engine, inspect, make_url, text
from sqlalchemy.exc import DBAPIError, OperationalError

from cpd import create_app
from cpd.backups.facts import Facts, facts_of, our_tables, require_empty
from cpd.backups.faults import BackupFault
from cpd.db import db
from cpd.migrated import known_migrations
from cpd.migrating import migrate
from cpd.settings import Settings

FOLDERS = ("/usr/lib/postgresql/*/bin", "/opt/homebrew/opt/*/bin", "/usr/local/opt/*/bin")
OTHERS = (
    "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
    " AND backend_type = 'client backend'"
)


def copy_out(settings: Settings, into: Path) -> Facts:
    """Dump the tables of cpd as they are at one moment, while others write to them, and read the dump through."""
    with _engine(settings) as engine, engine.connect() as connection:
        connection.execution_options(isolation_level="REPEATABLE READ")
        connection.execute(text("SET idle_in_transaction_session_timeout = 0"))
        facts = _facts(connection)
        if facts is None:
            raise BackupFault("The database holds no tables of cpd, so there is nothing to back up.")
        snapshot = connection.execute(text("SELECT pg_export_snapshot()")).scalar_one()
        major = _major(connection)
        tables = [f'--table="{name}"' for name in sorted(our_tables())]
        options = ["--format=custom", "--no-owner", "--no-acl", f"--snapshot={snapshot}", f"--file={into}", *tables]
        _run(_program("pg_dump", major), *options, settings=settings)
    _run(_program("pg_restore", major), "--file=/dev/null", str(into))
    return facts


def require_nothing_there(settings: Settings) -> None:
    """Raise BackupFault if the database holds anything, or if somebody else is connected to it."""
    with _engine(settings) as engine, engine.connect() as connection:
        _require_empty_and_alone(connection)


def make_ready(copy: Path, settings: Settings) -> None:
    """Read a dump through with the program that will bring it in."""
    with _engine(settings) as engine, engine.connect() as connection:
        major = _major(connection)
    _run(_program("pg_restore", major), "--file=/dev/null", str(copy))


def bring_in(copy: Path, settings: Settings) -> Facts:
    """Put a dump in the place of the empty tables, in one transaction, and migrate it; gives what it held before."""
    with _engine(settings) as engine:
        with engine.begin() as connection:
            _require_empty_and_alone(connection)
            major = _major(connection)
            if tables := sorted(our_tables() & set(inspect(connection).get_table_names())):
                names = ", ".join(f'"{name}"' for name in tables)
                connection.execute(text(f"DROP TABLE {names}"))
        engine.dispose()
        options = ["--no-owner", "--no-acl", "--single-transaction", "--exit-on-error"]
        _run(_program("pg_restore", major), *options, str(copy), settings=settings)
        with engine.connect() as connection:
            facts = _facts(connection)
        if facts is None:
            raise BackupFault("The dump in this backup holds no tables of cpd.")
        if facts.migration != known_migrations()[0]:
            migrate()
            db.session.remove()
        return facts


@contextmanager
def _engine(settings: Settings) -> Iterator[Engine]:
    """The engine of the application, within its context, and the faults of the database in words."""
    app: Flask = create_app(settings)
    with app.app_context():
        try:
            yield db.engine
        except DBAPIError as fault:
            reason = str(fault.orig).strip().partition("\n")[0]
            what = "cannot be reached" if isinstance(fault, OperationalError) else "refuses this"
            raise BackupFault(f"The database {what}: {reason}") from None
        finally:
            db.engine.dispose()


def _facts(connection: Connection) -> Facts | None:
    def ask(statement: str) -> object:
        return connection.execute(text(statement)).scalar()

    return facts_of(inspect(connection).get_table_names(), ask)


def _require_empty_and_alone(connection: Connection) -> None:
    require_empty(_facts(connection), "The database")
    others = connection.execute(text(OTHERS)).scalar_one()
    if others:
        raise BackupFault(
            f"Other programs are connected to the database: {others}. Stop the servers that use it."
            " Nothing was changed."
        )


def _major(connection: Connection) -> int:
    return int(connection.execute(text("SHOW server_version_num")).scalar_one()) // 10_000


def _program(name: str, server: int) -> Path:
    """The oldest installed program of this name that is not older than the server, which newer ones may overtax."""
    found = {version: file for file in _candidates(name) if (version := _version_of(file))}
    fitting = [version for version in found if version >= server]
    if fitting:
        return found[min(fitting)]
    want = f"Install the client programs of PostgreSQL {server} or newer, such as postgresql-client-{server}."
    if found:
        raise BackupFault(f"{name} is of version {max(found)} and the server of version {server}. {want}")
    raise BackupFault(f"There is no {name} on this machine. {want}")


def _candidates(name: str) -> Iterator[Path]:
    for pattern in FOLDERS:
        yield from Path("/").glob(f"{pattern[1:]}/{name}")
    if on_path := shutil.which(name):
        yield Path(on_path)


def _version_of(file: Path) -> int | None:
    try:
        said = subprocess.run([file, "--version"], capture_output=True, text=True, check=False).stdout
    except OSError:
        return None
    found = re.search(r"\(PostgreSQL\) (\d+)", said)
    return int(found[1]) if found else None


def _run(program: Path, *options: str, settings: Settings | None = None) -> None:
    """Run a program of PostgreSQL, on the database of the settings if given. Raises BackupFault with what it said."""
    place, environment = _place(settings) if settings else ([], dict(os.environ))
    command = [str(program), *place, *options]
    quiet: dict[str, Any] = {"stdin": subprocess.DEVNULL, "capture_output": True, "text": True, "errors": "replace"}
    done = subprocess.run(command, env=environment, check=False, **quiet)
    if done.returncode:
        said = next((line for line in done.stderr.splitlines() if "error" in line), done.stderr.strip())
        raise BackupFault(f"{program.name} failed: {said.removeprefix(f'{program.name}: error: ')}")


def _place(settings: Settings) -> tuple[list[str], dict[str, str]]:
    """Where the database is, as options; the password goes by the environment, since everybody may read options."""
    from psycopg.conninfo import make_conninfo

    url = make_url(settings.database_url)
    _, given = url.get_dialect()().create_connect_args(url)
    password = given.pop("password", None)
    secret = {"PGPASSWORD": str(password)} if password else {}
    return ["--no-password", f"--dbname={make_conninfo(**given)}"], {"PGCONNECT_TIMEOUT": "5", **os.environ, **secret}
