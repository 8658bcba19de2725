"""A pytest plugin for mutation testing: quick tests that need only SQLite, short ones with a narrow aim first.

A mutant ends with the first test that notices it. A test that runs few functions of the accounts is more likely to than
one that walks through half of them.
"""

from __future__ import annotations

import gc
import json
from collections import Counter
from functools import cache
from pathlib import Path

import pytest

CHOSEN = pytest.StashKey[set[str]]()
LEAST = 0.1  # seconds that a test takes beside its own


def pytest_configure(config: pytest.Config) -> None:
    """Choose the tests that are named ourselves: pytest does not find names with signs that it writes as \\x00.

    A process runs a few tests and ends: to look through what it shares with the others would take half its time.
    """
    config.stash[CHOSEN] = {name for name in config.args if "::" in name}
    config.args = list(dict.fromkeys(name.partition("[")[0] for name in config.args))
    gc.freeze()
    gc.set_threshold(100_000, 50, 100)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    chosen, cost_of = config.stash[CHOSEN], costs()
    taken, left_out = [], []
    for item in items:
        is_taken = _is_quick(item) and (item.nodeid in chosen or not chosen)
        (taken if is_taken else left_out).append(item)
    config.hook.pytest_deselected(items=left_out)
    items[:] = sorted(taken, key=lambda item: cost_of.get(item.nodeid, 0))


@cache
def costs() -> dict[str, float]:
    """Of each test the functions that may be spoilt times its seconds, as mutmut noted them; nothing before it did."""
    notes = Path("mutmut-stats.json")
    if not notes.exists():
        return {}
    noted = json.loads(notes.read_text(encoding="utf-8"))
    aims = Counter(test for tests in noted["tests_by_mangled_function_name"].values() for test in tests)
    return {test: aims[test] * (LEAST + seconds) for test, seconds in noted["duration_by_test"].items()}


def _is_quick(item: pytest.Item) -> bool:
    if item.get_closest_marker("slow") or "chromium" in getattr(item, "fixturenames", ()):
        return False
    return "postgresql" not in getattr(getattr(item, "callspec", None), "params", {}).values()
