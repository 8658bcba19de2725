"""Makes backups or restores them in processes that are killed at random moments; run by tests/backups/test_killed.py.

Prints a line for each: `nothing`, `whole`, or what is wrong. A program of its own, since it forks: words are what to do
(backup, restore) and how often. Settings come from the environment, and whole.zip is in the instance folder.
"""

from __future__ import annotations

import os
import random
import signal
import sys
import time
import traceback
from collections.abc import Callable
from contextlib import closing, suppress
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy import text

from cpd import create_app
from cpd.backups.archive import Archive
from cpd.backups.facts import our_tables
from cpd.backups.faults import BackupFault
from cpd.backups.making import back_up
from cpd.backups.restoring import restore
from cpd.db import db
from cpd.settings import Settings

OTHERS = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
COUNTS = "SELECT (SELECT count(*) FROM account), (SELECT count(*) FROM entry), (SELECT max(number) FROM release)"


def main(what: str, times: int) -> None:
    settings = Settings.from_environment()
    whole = settings.instance_folder / "whole.zip"
    with closing(Archive(whole, quietly)) as archive:
        wanted = archive.manifest.accounts, archive.manifest.entries, archive.manifest.release

    for number in range(-1, times):
        file = settings.instance_folder / f"{number}.zip"
        if what == "restore":
            make_empty(settings)

        def act(file: Path = file) -> None:
            if what == "backup":
                back_up(file, settings, now=datetime.now(UTC), progress=quietly)
            else:
                restore(whole, settings, progress=quietly)

        if number < 0:  # first undisturbed, to see how long it takes
            before = time.monotonic()
            os.waitpid(start(act), 0)
            longest = time.monotonic() - before
            continue
        kill_within(longest, act)
        found = found_as_file(file) if what == "backup" else found_as_installation(settings, whole, wanted)
        print(found, flush=True)  # noqa: T201  # for the test


def quietly(items, _):
    return items


def start(act: Callable[[], None]) -> int:
    """Run `act` in a process, which leads a group of all that it starts; gives its number."""
    child = os.fork()
    if child == 0:
        os.setpgid(0, 0)
        try:
            act()
        except BaseException:  # noqa: BLE001  # said, and nothing of the parent's is run twice
            traceback.print_exc()
        os._exit(0)
    return child


def kill_within(seconds: float, act: Callable[[], None]) -> None:
    """Run `act` in a process that is killed within that time, or a little later, with all that it started."""
    child = start(act)
    time.sleep(random.uniform(0, seconds * 1.3))  # noqa: S311
    with suppress(ProcessLookupError):
        os.killpg(child, signal.SIGKILL)
    with suppress(ProcessLookupError):  # before it had a group of its own
        os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)


def found_as_file(file: Path) -> str:
    if not file.exists():
        return "nothing"
    try:
        with closing(Archive(file, quietly)) as archive:
            archive.check_members(quietly)
    except BackupFault as fault:
        return str(fault)
    return "whole"


def found_as_installation(settings: Settings, whole: Path, wanted: tuple[int, ...]) -> str:
    """What a kill left: an installation that can be restored into, or one with all that was in the backup."""
    wait_until_alone(settings)
    try:
        restore(whole, settings, progress=quietly)
        found = "nothing"
    except BackupFault as fault:
        found = "whole" if "is not empty" in str(fault) else str(fault)
    with create_app(settings).app_context():
        with db.engine.connect() as connection:
            counts = tuple(connection.execute(text(COUNTS)).one())
        db.engine.dispose()
    return found if counts == wanted else f"{counts} and not {wanted}"


def wait_until_alone(settings: Settings) -> None:
    """PostgreSQL takes a moment to see that a killed program has gone."""
    if settings.on_sqlite:
        return
    with create_app(settings).app_context():
        with db.engine.connect() as connection:
            while connection.execute(text(OTHERS)).scalar_one():
                connection.rollback()  # else the statistics stay as they were
                time.sleep(0.01)
        db.engine.dispose()


def make_empty(settings: Settings) -> None:
    if settings.on_sqlite:
        for suffix in ("", "-wal", "-shm"):
            Path(settings.database_url.removeprefix("sqlite:///") + suffix).unlink(missing_ok=True)
        return
    with create_app(settings).app_context():
        with db.engine.begin() as connection:
            for name in our_tables():
                connection.execute(text(f'DROP TABLE IF EXISTS "{name}" CASCADE'))
        db.engine.dispose()


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
