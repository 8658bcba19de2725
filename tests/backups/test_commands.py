"""The commands, what the system may say to them, and the programs of PostgreSQL."""

from __future__ import annotations

import resource
import sqlite3
import stat
import subprocess
import sys
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from cpd.backups import on_postgresql
from cpd.backups.faults import BackupFault
from tests.backups.carrying import PROJECT, make, names_in, of_postgresql, run
from tests.browser.serving import environment

# The secret key


def test_the_commands_carry_an_installation_and_its_key_from_folder_to_folder(workplace):
    first = workplace("first")
    (first / "content" / "modules" / "red-flags").mkdir()
    assert run("publish").exit_code == 0
    made = run("backup", "cpd.zip")
    second = workplace("second")
    restored = run("restore", first / "cpd.zip")

    assert (made.exit_code, made.stderr) == (0, "")
    assert made.stdout.startswith("cpd.zip is whole: ")
    assert "accounts: 0, entries: 0, release 1" in made.stdout
    assert (restored.exit_code, restored.stderr) == (0, "")
    assert restored.stdout.endswith("accounts: 0, entries: 0, release 1.\n")
    keys = [(folder / "instance" / "secret_key").read_text() for folder in (first, second)]
    assert keys[0] == keys[1]
    assert stat.S_IMODE((second / "instance" / "secret_key").stat().st_mode) == 0o600
    assert run("publish").stdout.startswith("Nothing has changed")


def backed_up(workplace) -> tuple[Path, Path]:
    """The backup of a place with nothing but content, and another place to restore it in."""
    first = workplace("first")
    run("publish")
    run("backup", "cpd.zip")
    return first / "cpd.zip", workplace("second")


def test_a_key_that_is_set_stays(workplace, monkeypatch):
    file, second = backed_up(workplace)
    monkeypatch.setenv("CPD_SECRET_KEY", "k" * 40)
    assert run("restore", file).exit_code == 0
    assert not (second / "instance" / "secret_key").exists()


def test_a_journal_that_a_lost_database_left_is_not_played_into_the_restored_one(workplace):
    file, second = backed_up(workplace)
    (second / "instance").mkdir()
    lost = second / "instance" / "cpd.sqlite"
    with closing(sqlite3.connect(lost)) as connection:
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("CREATE TABLE lost (id)")
        connection.commit()
        journal = Path(f"{lost}-wal").read_bytes()
    lost.unlink()
    Path(f"{lost}-wal").write_bytes(journal)

    assert run("restore", file).exit_code == 0

    with closing(sqlite3.connect(lost)) as connection:
        assert connection.execute("SELECT max(number) FROM release").fetchone() == (1,)
        assert connection.execute("SELECT count(*) FROM sqlite_master WHERE name = 'lost'").fetchone() == (0,)


def test_a_database_of_another_program_is_not_replaced(workplace):
    file, second = backed_up(workplace)
    (second / "instance").mkdir()
    with closing(sqlite3.connect(second / "instance" / "cpd.sqlite")) as connection:
        connection.execute("CREATE TABLE letters (id)")
        connection.commit()
        done = run("restore", file)
        assert connection.execute("SELECT count(*) FROM letters").fetchone() == (0,)
    assert done.exit_code == 1
    assert "is one of another program" in done.stderr


# What the system may say


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["backup", "no-such-folder/cpd.zip"], "No such file or directory"),
        (["backup", "content/categories.yml/cpd.zip"], "Not a directory"),
        (["restore", "no-such-file.zip"], "No such file or directory"),
        (["restore", "content"], "Is a directory"),
    ],
    ids=" ".join,
)
def test_what_the_system_refuses_is_a_sentence(workplace, words, said):
    workplace("first")
    if words[0] == "backup":
        run("publish")
    done = run(*words)
    assert done.exit_code == 1
    assert done.stdout == ""
    assert said in done.stderr
    assert done.stderr.startswith("Error: ")
    assert done.stderr.count("\n") == 1


def test_there_is_nothing_to_back_up_where_there_is_no_database(workplace):
    folder = workplace("first")
    done = run("backup", "cpd.zip")
    assert done.exit_code == 1
    assert "so there is nothing to back up" in done.stderr
    assert sorted(path.name for path in folder.iterdir()) == ["content", "instance"]


def test_a_file_that_is_no_database_is_not_backed_up(workplace):
    folder = workplace("first")
    (folder / "instance").mkdir()
    (folder / "instance" / "cpd.sqlite").write_text("This is no database, but a letter of several lines.\n" * 99)
    done = run("backup", "cpd.zip")
    assert done.exit_code == 1
    assert "file is not a database" in done.stderr


def test_a_full_disk_leaves_no_file_and_a_sentence(filled, file):
    def little_room() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (60_000, 60_000))

    done = subprocess.run(
        [sys.executable, "-m", "cpd.cli", "backup", file],
        env=environment(filled),
        cwd=PROJECT,
        preexec_fn=little_room,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    assert done.stderr.startswith("Error: ")
    assert names_in(file.parent) == []


# PostgreSQL's programs


def program(folder: Path, name: str, text: str) -> None:
    folder.mkdir(exist_ok=True)
    (folder / name).write_text(f"#!/bin/sh\n{text}\n")
    (folder / name).chmod(0o700)


@of_postgresql
@pytest.mark.parametrize(
    ("version", "said"),
    [(None, "There is no pg_dump on this machine"), ("9.6", "pg_dump is of version 9 and the server of version")],
    ids=["missing", "old"],
)
def test_a_missing_or_old_program_is_a_sentence(filled, file, tmp_path, monkeypatch, version, said):
    if version:
        program(tmp_path / "bin", "pg_dump", f"echo 'pg_dump (PostgreSQL) {version}'")
    monkeypatch.setattr(on_postgresql, "FOLDERS", ())
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    with pytest.raises(BackupFault, match=f"{said}.* Install the client programs of PostgreSQL"):
        make(file, filled)
    assert names_in(file.parent) == []


@of_postgresql
def test_no_password_is_in_the_words_of_a_command(filled, file, tmp_path, monkeypatch):
    program(
        tmp_path / "bin",
        "pg_dump",
        '[ "$1" = --version ] && echo "pg_dump (PostgreSQL) 99" && exit\n'
        f'echo "$@" > {tmp_path}/words\necho "$PGPASSWORD" > {tmp_path}/password\n'
        'echo "pg_dump: error: no" >&2\nexit 1',
    )
    monkeypatch.setattr(on_postgresql, "FOLDERS", (f"{tmp_path}/bin",))
    monkeypatch.setenv("PATH", "/usr/bin:/bin")
    monkeypatch.setattr(on_postgresql.shutil, "which", lambda _: None)
    with_password = filled.database_url.replace("postgres@", "postgres:pa%20ss@")
    with pytest.raises(BackupFault, match="pg_dump failed: no"):
        make(file, replace(filled, database_url=with_password))
    assert (tmp_path / "password").read_text() == "pa ss\n"
    assert "pa ss" not in (tmp_path / "words").read_text()
    assert "user=postgres" in (tmp_path / "words").read_text()


@of_postgresql
def test_a_server_that_is_away_is_a_sentence(filled, file, tmp_path):
    away = replace(filled, database_url=f"postgresql+psycopg://postgres@/cpd?host={tmp_path}")
    with pytest.raises(BackupFault, match="The database cannot be reached"):
        make(file, away)
