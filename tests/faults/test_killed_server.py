"""kill -9 for all of `cpd serve` while credits are awarded: each start goes on from what was acknowledged."""

from __future__ import annotations

from tests.faults.awarding import Crowd, furnish
from tests.faults.check import Ledger, check
from tests.faults.served import Served, wait_until

KILLS, CLIENTS, MODULES, LEARNERS = 3, 3, 5, 60
BETWEEN = 5  # awards at least between two kills


def test_three_kills_of_the_server_while_awarding_lose_and_double_nothing(settings, seed):
    learners = furnish(settings, modules=MODULES, learners=LEARNERS)
    ledger = Ledger()
    with Served(settings) as server:
        crowd = Crowd(server.port, settings.secret_key, learners, MODULES, seed, ledger)
        with crowd.at_work(CLIENTS):
            for _ in range(KILLS):
                enough = len(ledger.acknowledged) + BETWEEN
                wait_until(lambda enough=enough: len(ledger.acknowledged) >= enough)
                server.kill()
                server.start()
    assert ledger.unanswered
    check(settings, ledger)
