"""A disk that is full, a file that may not grow, a database without the right to write: reading goes on.

On SQLite alone, under the real server. Where no disk may be mounted, a limit on files stands for a full one.
"""

from __future__ import annotations

import contextlib
import resource
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from cpd.settings import Settings
from tests.conftest import settings_for
from tests.faults.awarding import furnish
from tests.faults.check import Ledger, check
from tests.faults.hurting import Patient, assert_refused
from tests.faults.served import Served, wait_until

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="limits on another process are Linux's")

DISK = "12m"
MODULES = 40
Fault = Callable[[Served], Callable[[], None]]


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    """A small disk of our own, or a folder where none may be mounted."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", f"size={DISK}", "tmpfs", str(folder)]
    mounted = subprocess.run(mount, capture_output=True, check=False).returncode == 0
    yield folder
    if mounted:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)


@pytest.fixture
def settings(disk: Path) -> Settings:
    return settings_for(f"sqlite:///{disk / 'cpd.sqlite'}", disk)


def fill_disk(server: Served) -> Callable[[], None]:
    """Leave no byte free. Gives what frees it again."""
    folder = server.settings.instance_folder
    if not folder.is_mount():
        return limit_files(server)
    ballast = folder / "ballast"
    with ballast.open("wb", buffering=0) as file, contextlib.suppress(OSError):
        while True:
            file.write(bytes(4096))
    return ballast.unlink


def limit_files(server: Served) -> Callable[[], None]:
    """Let no file of the server grow: the kernel says so by a signal, which ends a process that does not ignore it."""
    workers = server.workers()
    before = [resource.prlimit(worker, resource.RLIMIT_FSIZE) for worker in workers]
    for worker, (_, hard) in zip(workers, before, strict=True):
        resource.prlimit(worker, resource.RLIMIT_FSIZE, (1, hard))

    def lift() -> None:
        for worker, limits in zip(workers, before, strict=True):
            resource.prlimit(worker, resource.RLIMIT_FSIZE, limits)

    return lift


def forbid_database(server: Served) -> Callable[[], None]:
    """Take away the right to write the database, from a worker that has not opened it yet."""
    return _forbid(server, [server.settings.instance_folder / "cpd.sqlite"])


def forbid_folder(server: Served) -> Callable[[], None]:
    """Take away the right to write everything beside the database too.

    SQLite shares what it knows of the log among the connections of a process, so a process that began like this keeps
    to reading: it is started again.
    """
    folder = server.settings.instance_folder
    allow = _forbid(server, [*folder.glob("cpd.sqlite*"), folder])

    def allow_and_restart() -> None:
        allow()
        server.kill()
        server.start()

    return allow_and_restart


def _forbid(server: Served, places: list[Path]) -> Callable[[], None]:
    rights = {place: place.stat().st_mode for place in places}
    for place, mode in rights.items():
        place.chmod(mode & 0o555)
    server.renew_worker()

    def allow() -> None:
        for place, mode in rights.items():
            place.chmod(mode)

    return allow


def hurt_and_mend(settings: Settings, fault: Fault, *, rounds: int = 1, ready: int = 200) -> None:
    (learner,) = furnish(settings, modules=MODULES, learners=1)
    ledger = Ledger()
    with Served(settings, obedient=True) as server:
        patient = Patient(server, learner, ledger)
        numbers = iter(range(MODULES))
        patient.open(next(numbers)).insist()
        for _ in range(rounds):
            sitting = patient.open(next(numbers))
            mend = fault(server)
            workers = server.workers()

            assert_refused(sitting.submit())
            assert_refused(patient.sign_in())
            patient.assert_reading_goes_on()
            assert patient.ready() == ready
            assert server.workers() == workers

            mend()
            sitting.insist()
            wait_until(lambda: patient.ready() == 200)  # an idle connection of that time is thrown away first
        check(settings, ledger)


@pytest.mark.parametrize("fault", [fill_disk, limit_files], ids=["full disk", "limited files"])
def test_what_cannot_grow_is_read_on_and_written_again_once_there_is_room(settings, fault):
    hurt_and_mend(settings, fault, rounds=2)


@pytest.mark.slow
@pytest.mark.parametrize("fault", [fill_disk, limit_files], ids=["full disk", "limited files"])
def test_twenty_times_without_room_lose_nothing(settings, fault):
    hurt_and_mend(settings, fault, rounds=20)


@pytest.mark.parametrize("fault", [forbid_database, forbid_folder], ids=["file", "folder"])
def test_a_database_without_the_right_to_write_is_read_on_and_says_so_to_probes(settings, fault):
    hurt_and_mend(settings, fault, ready=503)
