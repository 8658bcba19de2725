"""A pytest plugin for mutation testing: only tests that are quick and need nothing but SQLite."""

from __future__ import annotations

import gc

import pytest


def pytest_configure() -> None:
    """A process runs a few tests and ends: to look through what it shares with the others would take half its time."""
    gc.freeze()
    gc.set_threshold(100_000, 50, 100)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    left_out = [item for item in items if not _is_quick(item)]
    items[:] = [item for item in items if _is_quick(item)]
    config.hook.pytest_deselected(items=left_out)


def _is_quick(item: pytest.Item) -> bool:
    if item.get_closest_marker("slow") or "chromium" in getattr(item, "fixturenames", ()):
        return False
    return "postgresql" not in getattr(getattr(item, "callspec", None), "params", {}).values()
