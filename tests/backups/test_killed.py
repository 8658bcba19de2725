"""What a kill leaves."""

from __future__ import annotations

import subprocess
import sys
from collections import Counter

import pytest

from tests.backups.carrying import PROJECT, make
from tests.browser.serving import environment


def killed(what: str, times: int, settings) -> Counter[str]:
    """What was found after each of so many kills."""
    done = subprocess.run(
        [sys.executable, PROJECT / "tests" / "backups" / "killing.py", what, str(times)],
        env=environment(settings) | {"PYTHONPATH": str(PROJECT)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
    found = Counter(done.stdout.splitlines())
    assert found.total() == times
    return found


def kill(times: int, filled, elsewhere) -> tuple[set[str], set[str]]:
    make(filled.instance_folder / "whole.zip", filled)
    (elsewhere.instance_folder / "whole.zip").write_bytes((filled.instance_folder / "whole.zip").read_bytes())
    return set(killed("backup", times, filled)), set(killed("restore", times, elsewhere))


def test_a_kill_leaves_no_backup_or_a_whole_one_and_an_empty_installation_or_a_whole_one(filled, elsewhere):
    for found in kill(3, filled, elsewhere):
        assert found <= {"nothing", "whole"}


@pytest.mark.slow
def test_no_kill_of_many_leaves_anything_by_halves(filled, elsewhere):
    assert kill(200, filled, elsewhere) == ({"nothing", "whole"}, {"nothing", "whole"})
