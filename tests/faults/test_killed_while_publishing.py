"""kill -9 of `cpd publish`: readers see the old release or the new one, never half, and the next publish ends it."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import pytest

from cpd.settings import Settings
from tests.browser.serving import cpd, cpd_publish, environment
from tests.faults.awarding import Browser
from tests.faults.check import check, find_faults
from tests.faults.editions import versions_on, write_version
from tests.faults.served import Served

PAGES = ("/modules/", "/modules/m0", "/monographs/zanidine", "/")
BETWEEN = 0.01  # seconds between two pages of a reader, so that publishing gets on

# `cpd publish` that kills itself before its n-th statement, wherever that is sent from.
KILLS_ITSELF = """
import os, signal, sys
from sqlalchemy import event
from sqlalchemy.engine import Engine
from cpd.cli import cli
left = int(sys.argv.pop())

@event.listens_for(Engine, "before_cursor_execute")
@event.listens_for(Engine, "commit")
def count(*_):
    global left
    left -= 1
    if left == 0:
        os.kill(os.getpid(), signal.SIGKILL)

cli(["publish"])
"""


class Readers:
    """Visitors who read on and note every page that is not whole, or older than one they have seen."""

    def __init__(self, port: int) -> None:
        self.port, self.enough, self.seen, self.wrong = port, threading.Event(), set[int](), list[str]()

    @contextmanager
    def at_work(self) -> Iterator[None]:
        with ThreadPoolExecutor(len(PAGES)) as pool:
            reading = [pool.submit(self._read, path) for path in PAGES]
            try:
                yield
            finally:
                self.enough.set()
            for each in reading:
                each.result()

    def _read(self, path: str) -> None:
        browser, newest = Browser(self.port), 0
        while not self.enough.wait(BETWEEN):
            page = browser.get(path)
            versions = versions_on(page.text)
            if page.status != 200 or len(versions) != 1 or max(versions) < newest:
                self.wrong.append(f"{path}: {page.status}, versions {versions} after {newest}")
            newest = max([newest, *versions])
            self.seen |= versions


def publish_and_kill(settings: Settings, after: float) -> bool:
    """Run `cpd publish` for so many seconds, then kill it and what it started; gives whether it ended before."""
    with subprocess.Popen(
        cpd("publish"), env=environment(settings), start_new_session=True, stdout=subprocess.DEVNULL
    ) as process:
        try:
            process.wait(after)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            return False
        assert process.returncode == 0
        return True


def seconds_of(action: Callable[[], object]) -> float:
    begun = time.monotonic()
    action()
    return time.monotonic() - begun


def kill_publishes(settings: Settings, seed: int, *, modules: int, kills: int) -> int:
    """Publish version after version, killing each at a random moment until so many are. Gives how many ended before."""
    chance = random.Random(seed)  # noqa: S311  # no secret
    folder = settings.content_folder
    write_version(folder, 1, modules=modules)
    cpd_publish(settings)
    start = seconds_of(lambda: cpd_publish(settings))  # nothing has changed: what the command takes to begin
    write_version(folder, 2, modules=modules)
    longest = seconds_of(lambda: cpd_publish(settings))
    killed, ended, version = 0, 0, 2
    with Served(settings) as server:
        readers = Readers(server.port)
        with readers.at_work():
            while killed < kills:
                version += 1
                write_version(folder, version, modules=modules)
                if publish_and_kill(settings, chance.uniform(start * 0.7, longest * 1.1)):
                    ended += 1
                    start, longest = start * 0.8, longest * 0.8  # the machine has less to do than it had
                else:
                    killed += 1
                assert find_faults(settings) == []
            cpd_publish(settings)
            browser = Browser(server.port)
            assert {path: versions_on(browser.get(path).text) for path in PAGES} == {path: {version} for path in PAGES}
        assert readers.wrong == []
        assert len(readers.seen) > 1
    check(settings)
    return ended


def test_a_killed_publish_shows_the_old_or_the_new_and_the_next_one_ends_it(settings, seed):
    kill_publishes(settings, seed, modules=12, kills=3)


@pytest.mark.slow
def test_many_killed_publishes_of_five_hundred_files_leave_nothing_half(settings, seed, capsys):
    kills = 20
    ended = kill_publishes(settings, seed, modules=500, kills=kills)
    with capsys.disabled():
        print(f"\n{kills} publishes of 500 files killed, {ended} ended before, seed {seed}")  # noqa: T201  # the figures of this run


@pytest.mark.slow
def test_a_publish_killed_before_any_of_its_statements_leaves_the_old_or_the_new(settings):
    folder = settings.content_folder
    write_version(folder, 1, modules=2)
    cpd_publish(settings)
    number = 0
    ended = False
    while not ended:
        number += 1
        write_version(folder, number + 1, modules=2)
        done = subprocess.run(
            [sys.executable, "-c", KILLS_ITSELF, str(number)],
            env=environment(settings),
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode in (0, -signal.SIGKILL), done.stderr
        ended = done.returncode == 0
        assert find_faults(settings) == [], f"killed before statement {number}"
    assert number > 20
    cpd_publish(settings)
    check(settings)
