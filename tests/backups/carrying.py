"""What the tests of backups share: making one, bringing it back, and on which database."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest
from click.testing import CliRunner

from cpd.backups.archive import Manifest
from cpd.backups.making import back_up
from cpd.backups.restoring import restore
from cpd.cli import cli

PROJECT = Path(__file__).resolve().parent.parent.parent
NOW = datetime(2026, 11, 23, 9, 30, tzinfo=UTC)
EMAIL = "amara@example.org"
PNG = bytes.fromhex(
    "89504e470d0a1a0a0000000d4948445200000001000000010806000000"
    "1f15c4890000000d49444154789c6360000002000001e221bc330000000049454e44ae426082"
)


# Of one database alone, or of the file, which is alike on both.
of_sqlite = pytest.mark.parametrize("empty_database", ["sqlite"], indirect=True, scope="session")
of_postgresql = pytest.mark.parametrize("empty_database", ["postgresql"], indirect=True, scope="session")


def quietly(items, _):
    return items


def make(file: Path, settings) -> Manifest:
    return back_up(file, settings, now=NOW, progress=quietly)


def bring_back(file: Path, settings) -> Manifest:
    return restore(file, settings, progress=quietly)


def names_in(folder: Path) -> list[str]:
    return sorted(entry.name for entry in folder.iterdir())


def run(*words: str | Path):
    return CliRunner().invoke(cli, [str(word) for word in words])
