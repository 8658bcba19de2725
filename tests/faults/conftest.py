"""Servers that can be hurt."""

from __future__ import annotations

import os
import random
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from cpd.settings import Settings
from tests import databases, did_not_run
from tests.browser.serving import HOST, environment
from tests.conftest import settings_for

SEED = "FAULTS_SEED"


@pytest.fixture
def seed() -> Iterator[int]:
    """What chance begins with: another one in each run, or the one in the environment. Shown if the test fails."""
    chosen = int(os.environ.get(SEED) or random.SystemRandom().randrange(10**6))
    print(f"{SEED}={chosen}")  # noqa: T201  # pytest shows it beside a failure
    return chosen


class Killer:
    """The master of the forked workers, as seen from a test."""

    def __init__(self, process: subprocess.Popen[str], port: int) -> None:
        self.process, self.port = process, port
        self._wait_for("ready")

    def wait_until_killed(self) -> None:
        self._wait_for("killed")

    def _wait_for(self, word: str) -> None:
        assert self.process.stdout is not None
        said = self.process.stdout.readline().strip()
        assert said == word, f"the master of the workers said {said!r} and not {word!r}"


@pytest.fixture
def killed_workers(settings: Settings, seed: int) -> Callable[[int], object]:
    """Serves from forked workers, of which a random one is killed every few milliseconds."""

    @contextmanager
    def serve(kills: int) -> Iterator[Killer]:
        with socket.socket() as listening:
            listening.bind((HOST, 0))
            listening.listen(128)
            command = [sys.executable, "-m", "tests.faults.workers", str(listening.fileno()), str(seed), str(kills)]
            with subprocess.Popen(
                command,
                env=environment(settings),
                pass_fds=[listening.fileno()],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                text=True,
            ) as process:
                assert process.stdin is not None
                try:
                    yield Killer(process, listening.getsockname()[1])
                finally:
                    process.stdin.close()
            assert process.returncode == 0

    return serve


@pytest.fixture(params=["sqlite", "postgresql"])
def empty_folder_settings(request: pytest.FixtureRequest, tmp_path: Path, worker_id: str) -> Settings:
    """Settings of an installation with a database that has no tables yet."""
    if request.param == "sqlite":
        return settings_for(f"sqlite:///{tmp_path / 'cpd.sqlite'}", tmp_path)
    if not databases.postgres_available():
        did_not_run.skip_without(did_not_run.POSTGRESQL)
    return settings_for(databases.start_cluster().create(f"cpd_empty_{worker_id}"), tmp_path)
