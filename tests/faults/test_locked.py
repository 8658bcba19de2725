"""A database that somebody else holds: pages are read, writing is refused with words after a while, and then works."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import pytest

from cpd.settings import Settings
from tests.faults.awarding import furnish
from tests.faults.check import Ledger, check
from tests.faults.hurting import Patient, assert_refused
from tests.faults.served import Served

WRITERS = 4
LONG = 30  # seconds

# Each says `held`, then holds until its input is closed, or for as long as it is told.
LOCK_FILE = """
import fcntl, sys
file = open(sys.argv[1] + ".lock", "w")
fcntl.flock(file, fcntl.LOCK_EX)
"""
SQLITE = """
import sqlite3, sys
connection = sqlite3.connect(sys.argv[1], isolation_level=None)
connection.execute("BEGIN IMMEDIATE")
"""
POSTGRESQL = """
import psycopg, sys
connection = psycopg.connect(sys.argv[1].replace("+psycopg", ""))
connection.execute("LOCK TABLE attempt, entry, throttle IN EXCLUSIVE MODE")
"""
HOLD = """
import select
print("held", flush=True)
select.select([sys.stdin], [], [], float(sys.argv[2]) or None)
"""


@contextmanager
def held_by_another(settings: Settings, program: str, *, seconds: float = 0) -> Iterator[Callable[[], bool]]:
    """Hold the database in another process; gives what tells whether it still does."""
    place = settings.database_url.removeprefix("sqlite:///")
    command = [sys.executable, "-c", program + HOLD, place, str(seconds)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stdin is not None
        assert process.stdout.readline() == b"held\n"
        try:
            yield lambda: process.poll() is None
        finally:
            process.stdin.close()


def programs_for(settings: Settings) -> list[str]:
    return [LOCK_FILE, SQLITE] if settings.on_sqlite else [POSTGRESQL]


def test_while_another_process_holds_the_database_pages_are_read_and_writing_is_refused(settings):
    (learner,) = furnish(settings, modules=WRITERS, learners=1)
    ledger = Ledger()
    with Served(settings) as server, ThreadPoolExecutor(WRITERS) as pool:
        patient = Patient(server, learner, ledger)
        sittings = [patient.open(number) for number in range(WRITERS)]
        for program in programs_for(settings):
            with held_by_another(settings, program) as is_held:
                refused = [pool.submit(sitting.submit) for sitting in sittings]
                while not all(each.done() for each in refused):
                    patient.assert_reading_goes_on()
                for each in refused:
                    assert_refused(each.result())
                assert_refused(patient.sign_in())
                assert is_held()
        for sitting in sittings:
            sitting.insist()
    check(settings, ledger)


@pytest.mark.slow
def test_a_database_locked_for_half_a_minute_is_written_again_afterwards(settings):
    (learner,) = furnish(settings, modules=WRITERS, learners=1)
    ledger = Ledger()
    with Served(settings) as server, ThreadPoolExecutor(WRITERS) as pool:
        patient = Patient(server, learner, ledger)
        sittings = [patient.open(number) for number in range(WRITERS)]
        with held_by_another(settings, programs_for(settings)[-1], seconds=LONG) as is_held:
            assert_refused(sittings[0].submit())
            assert is_held()
            insisting = [pool.submit(sitting.insist) for sitting in sittings]
            while is_held():
                patient.assert_reading_goes_on()
            for each in insisting:
                each.result()
    check(settings, ledger)
