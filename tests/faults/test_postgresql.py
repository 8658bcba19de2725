"""PostgreSQL stopped in the middle of awards, and started again: 503 with words meanwhile, and nothing lost."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests import databases, did_not_run
from tests.conftest import settings_for
from tests.databases import Cluster
from tests.faults.awarding import Crowd, furnish
from tests.faults.check import Ledger, check
from tests.faults.hurting import Patient, assert_refused
from tests.faults.served import Served, wait_until

CLIENTS, MODULES, LEARNERS = 3, 5, 60
BETWEEN = 5  # awards at least between two faults
NOT_READABLE = "This page cannot be shown just now"


@pytest.fixture
def cluster(monkeypatch: pytest.MonkeyPatch) -> Iterator[Cluster]:
    """A cluster of our own, which keeps what it acknowledged when it is stopped at once."""
    binaries = databases.find_binaries()
    if binaries is None:
        did_not_run.skip_without(did_not_run.POSTGRESQL)
    settings = databases.SETTINGS | {"synchronous_commit": "on"}
    monkeypatch.setattr(databases, "SETTINGS", settings)
    monkeypatch.setitem(os.environ, databases.RUN_PROCESS, str(os.getpid()))
    cluster = Cluster(Path(tempfile.mkdtemp(prefix="cpd-postgresql-")))  # a short path, as sockets need
    databases.make_cluster(binaries, cluster.folder)
    yield cluster
    cluster.stop()


def control(cluster: Cluster, *words: str) -> None:
    binaries = databases.find_binaries()
    assert binaries
    databases.run_as_server(
        binaries / "pg_ctl", "-D", cluster.folder / "data", "-l", cluster.folder / "log", "-w", *words
    )


def test_postgresql_may_be_stopped_and_started_while_awards_are_made(cluster, tmp_path, seed):
    settings = settings_for(cluster.create("cpd"), tmp_path)
    learners = furnish(settings, modules=MODULES, learners=LEARNERS)
    ledger = Ledger()
    with Served(settings) as server:
        patient = Patient(server, learners.pop(), ledger)
        sitting = patient.open(0)
        crowd = Crowd(server.port, settings.secret_key, learners, MODULES, seed, ledger)
        with crowd.at_work(CLIENTS):
            for mode in ("immediate", "fast"):
                enough = len(ledger.acknowledged) + BETWEEN
                wait_until(lambda enough=enough: len(ledger.acknowledged) >= enough)
                control(cluster, "stop", "-m", mode)

                assert_refused(sitting.submit())
                page = patient.browser.get("/record/")
                assert (page.status, NOT_READABLE in page.text) == (503, True)
                assert patient.browser.get("/healthz").status == 200
                assert patient.ready() == 503

                control(cluster, "start")
                wait_until(lambda: patient.ready() == 200)
        sitting.insist()
    check(settings, ledger)
