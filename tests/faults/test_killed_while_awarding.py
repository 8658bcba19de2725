"""kill -9 while credits are awarded: what was acknowledged is there once, and nothing that nobody sent."""

from __future__ import annotations

import pytest

from tests.faults.awarding import Browser, Crowd, furnish
from tests.faults.check import Ledger, check

CLIENTS = 6


def award_while_killing(settings, seed, killed_workers, *, kills, modules, learners):
    made = furnish(settings, modules=modules, learners=learners)
    ledger = Ledger()
    with killed_workers(kills) as killer:
        crowd = Crowd(killer.port, settings.secret_key, made, modules, seed, ledger)
        with crowd.at_work(CLIENTS):
            killer.wait_until_killed()
        totals = [Browser(killer.port, learner.token).get("/record/").status for learner in made[:3]]
    assert totals == [200, 200, 200]
    assert ledger.acknowledged
    return check(settings, ledger)


def test_forty_kills_while_awarding_lose_and_double_nothing(settings, seed, killed_workers):
    award_while_killing(settings, seed, killed_workers, kills=40, modules=5, learners=100)


@pytest.mark.slow
def test_a_thousand_kills_while_awarding_lose_and_double_nothing(
    settings, seed, killed_workers, record_property, capsys
):
    kills = 1_000
    count = award_while_killing(settings, seed, killed_workers, kills=kills, modules=20, learners=1_500)
    kind = "SQLite" if settings.on_sqlite else "PostgreSQL"
    with capsys.disabled():
        print(f"\n{kind}: {kills} kills, {count}, seed {seed}")  # noqa: T201  # the figures of this run
    record_property("kills", kills)
    record_property("awards", str(count))
