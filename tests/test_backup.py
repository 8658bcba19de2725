"""Backup and restore: what comes back, what is refused, and what a kill leaves."""

from __future__ import annotations

import hashlib
import json
import os
import random
import resource
import sqlite3
import stat
import subprocess
import sys
import zipfile
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from click.testing import CliRunner
from sqlalchemy import inspect, text

from cpd import create_app, paths
from cpd.auth.emails import read_email
from cpd.backups import on_postgresql
from cpd.backups.archive import MARK, SUM_LENGTH, Archive, Manifest
from cpd.backups.faults import BackupFault
from cpd.backups.making import back_up
from cpd.backups.occupied import serving
from cpd.backups.restoring import restore
from cpd.cli import cli
from cpd.db import db, reading_engine
from tests.browser.serving import environment
from tests.conftest import PASSWORD, settings_for
from tests.factories import monograph_text, write_site
from tests.pages import token_in

PROJECT = Path(__file__).resolve().parent.parent
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


@pytest.fixture
def file(tmp_path) -> Path:
    return tmp_path / "copies" / "cpd.zip"


@pytest.fixture
def filled(settings, file, publish, write_module, sign_in, submit):
    """An installation with a picture, a monograph and a learner who has passed; gives its settings."""
    file.parent.mkdir()
    pictured = write_module("pictured", body="## See\n\n![A dot](dot.png)\n")
    (pictured.parent / "dot.png").write_bytes(PNG)
    (settings.content_folder / "monographs" / "zanidine.md").write_text(monograph_text("zanidine"), encoding="utf-8")
    publish("sepsis")
    sign_in(email=EMAIL)
    submit("/modules/sepsis/assessment", q1="a")
    return settings


@pytest.fixture
def elsewhere(empty_database, tmp_path, worker_id):
    """Settings of another installation, whose database is migrated and empty."""
    folder = tmp_path / "elsewhere"
    folder.mkdir()
    return settings_for(empty_database(f"other_{worker_id}_{next(_numbers)}"), folder)


_numbers = iter(range(1, 1_000_000))


@pytest.fixture
def made(elsewhere, file, request) -> Path:
    """The file of a backup of what `filled` is, made once: filling takes longer than most tests."""
    if elsewhere.on_sqlite not in _made:
        make(file, request.getfixturevalue("filled"))
        _made[elsewhere.on_sqlite] = file.read_bytes()
    else:
        file.parent.mkdir()
        file.write_bytes(_made[elsewhere.on_sqlite])
    return file


_made: dict[bool, bytes] = {}


@pytest.fixture
def rows() -> Iterator[Callable]:
    """Reads all rows of all tables of an installation."""

    def rows(settings) -> dict[str, list]:
        app = create_app(settings)
        with app.app_context():
            try:
                with db.engine.connect() as connection:
                    tables = inspect(connection).get_table_names()
                    return {
                        name: sorted(map(repr, connection.execute(text(f'SELECT * FROM "{name}"'))))  # noqa: S608
                        for name in tables
                    }
            finally:
                db.engine.dispose()

    return rows


@pytest.fixture
def client_of() -> Iterator[Callable]:
    """A client of an installation."""
    made = []

    def client_of(settings):
        app = create_app(settings)
        made.append(app)
        return app.test_client()

    yield client_of
    for app in made:
        with app.app_context():
            db.session.remove()
            db.engine.dispose()


def names_in(folder: Path) -> list[str]:
    return sorted(entry.name for entry in folder.iterdir())


# What comes back


def test_every_row_comes_back(filled, file, elsewhere, rows):
    made = make(file, filled)
    restored = bring_back(file, elsewhere)

    assert made == restored
    assert (made.accounts, made.entries, made.made_at) == (1, 1, "2026-11-23T09:30:00+00:00")
    there = rows(elsewhere)
    assert there == rows(filled)
    assert there["entry"]
    assert there["picture"]


def test_sessions_passwords_pages_and_pictures_work_in_what_was_restored(filled, file, elsewhere, client, client_of):
    make(file, filled)
    bring_back(file, elsewhere)

    restored = client_of(elsewhere)
    for cookie in client._cookies.values():
        restored.set_cookie(cookie.key, cookie.value)
    assert "sepsis" in restored.get("/record/").text
    page = restored.get("/modules/pictured").text
    address = page.partition('src="/pictures/')[2].partition('"')[0]
    assert restored.get(f"/pictures/{address}").data == PNG

    stranger = client_of(elsewhere)
    token = token_in(stranger.get("/auth/sign-in").text)
    answer = stranger.post("/auth/sign-in", data={"csrf_token": token, "email": EMAIL, "password": PASSWORD})
    assert answer.status_code == 303


def test_new_rows_get_new_numbers_in_what_was_restored(made, elsewhere):
    bring_back(made, elsewhere)

    app = create_app(elsewhere)
    with app.app_context():
        values = {"email": "new@example.org", "canon": read_email("new@example.org").canon}
        adding = text(
            "INSERT INTO account (email, email_canon, name, password_hash, profession, registration_body,"
            " registration_number, role, zone, created_at)"
            " SELECT :email, :canon, name, password_hash, profession, registration_body, registration_number, role,"
            " zone, created_at FROM account RETURNING id"
        )
        added = db.session.execute(adding, values).scalar_one()
        db.session.commit()
        db.session.remove()
        db.engine.dispose()
    assert added == 2


@of_sqlite
def test_a_backup_is_for_its_owner_alone_and_leaves_nothing_beside_it(filled, file):
    make(file, filled)
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert names_in(file.parent) == ["cpd.zip"]


def test_a_backup_is_a_zip_whose_parts_have_the_sums_of_its_manifest(filled, file):
    make(file, filled)
    with zipfile.ZipFile(file) as archive:
        manifest = json.loads(archive.read("manifest.json"))
        sums = {
            name: {"bytes": len(archive.read(name)), "sha256": hashlib.sha256(archive.read(name)).hexdigest()}
            for name in archive.namelist()
            if name != "manifest.json"
        }
    assert manifest["members"] == sums
    assert list(sums) == ["database.sqlite" if filled.on_sqlite else "database.dump"]


def test_a_database_without_tables_is_restored_into(filled, file, elsewhere, rows):
    make(file, filled)
    app = create_app(elsewhere)
    with app.app_context():
        if elsewhere.on_sqlite:
            Path(db.engine.url.database).unlink()
        else:
            with db.engine.begin() as connection:
                connection.execute(text("DROP SCHEMA public CASCADE"))
                connection.execute(text("CREATE SCHEMA public"))
        db.engine.dispose()

    bring_back(file, elsewhere)

    assert rows(elsewhere) == rows(filled)


# Keeps writing entries, each with its attempt in one transaction, and prints the number of each that is recorded.
WRITER = """
from itertools import count
from sqlalchemy import text
from cpd import create_app
from cpd.db import db, reading_engine

ATTEMPT = text(
    "INSERT INTO attempt (learner_id, module_id, revision_id, token, edition, creditable, answers, started_at,"
    " submitted_at, score, out_of, pass_mark, passed) SELECT learner_id, module_id, revision_id, :token, edition,"
    " creditable, answers, started_at, submitted_at, score, out_of, pass_mark, passed FROM attempt ORDER BY id LIMIT 1"
    " RETURNING id"
)
ENTRY = text(
    "INSERT INTO entry (learner_id, kind, title, category_slug, category_title, category_style, module_slug,"
    " module_id, revision_id, revision_number, attempt_id, edition, score, out_of, pass_mark, credits,"
    " claimed_credits, learned_on, recorded_at) SELECT learner_id, kind, title, category_slug, category_title,"
    " category_style, module_slug, module_id, revision_id, revision_number, :attempt, :edition, score, out_of,"
    " pass_mark, credits, claimed_credits, learned_on, recorded_at FROM entry ORDER BY id LIMIT 1"
)
with create_app().app_context():
    for number in count(2):
        attempt = db.session.execute(ATTEMPT, {"token": f"token {number}"}).scalar_one()
        db.session.execute(ENTRY, {"attempt": attempt, "edition": number})
        db.session.commit()
        print(number, flush=True)
"""


@pytest.fixture
def writer(filled):
    """Another process that writes awards until the test ends."""
    process = subprocess.Popen(
        [sys.executable, "-c", WRITER], env=environment(filled), cwd=PROJECT, stdout=subprocess.PIPE, text=True
    )
    yield process
    process.kill()
    process.wait()
    process.stdout.close()


def test_a_backup_made_while_another_process_writes_has_all_that_was_recorded_before(
    filled, file, elsewhere, rows, writer
):
    recorded = [int(writer.stdout.readline()) for _ in range(20)][-1]
    manifest = make(file, filled)
    assert writer.poll() is None
    later = int(writer.stdout.readline())

    bring_back(file, elsewhere)

    there = rows(elsewhere)
    assert later > recorded
    assert len(there["entry"]) == len(there["attempt"]) == manifest.entries
    assert manifest.entries >= recorded
    assert len(rows(filled)["entry"]) >= later


# What is refused


@of_sqlite
def test_a_file_that_is_there_is_not_overwritten(filled, file):
    file.write_text("precious")
    with pytest.raises(BackupFault, match="is there already; nothing was written"):
        make(file, filled)
    assert file.read_text() == "precious"


@of_sqlite
def test_a_file_that_appears_meanwhile_is_not_overwritten(filled, file):
    def somebody_else(items, _):
        file.write_text("precious")
        return items

    with pytest.raises(BackupFault, match="is there already"):
        back_up(file, filled, now=NOW, progress=somebody_else)
    assert file.read_text() == "precious"
    assert names_in(file.parent) == ["cpd.zip"]


def test_an_installation_that_holds_anything_is_not_restored_into(filled, file, rows):
    make(file, filled)
    before = rows(filled)
    with pytest.raises(BackupFault, match=r"is not empty \(accounts: 1, entries: 1, release \d\)"):
        bring_back(file, filled)
    assert rows(filled) == before


def test_an_installation_that_is_served_is_not_restored_into(made, elsewhere):
    with serving(elsewhere), pytest.raises(BackupFault, match=r"A server or another restore uses .* Stop it first"):
        bring_back(made, elsewhere)
    bring_back(made, elsewhere)


def test_a_database_that_another_program_has_open_is_not_restored_into(made, elsewhere):
    other = create_app(elsewhere)
    with other.app_context():
        with reading_engine().connect() as connection:
            connection.execute(text("SELECT count(*) FROM account"))
            with pytest.raises(BackupFault, match=r"[Oo]ther program.* Nothing was changed"):
                bring_back(made, elsewhere)
        db.engine.dispose()
    assert bring_back(made, elsewhere).accounts == 1


@pytest.fixture
def refused(elsewhere, rows):
    """Tells with which words a file is refused, and that nothing was changed for it."""

    def refused(file: Path) -> str:
        before = rows(elsewhere), sorted(elsewhere.instance_folder.iterdir())
        with pytest.raises(BackupFault) as fault:
            bring_back(file, elsewhere)
        after = (
            rows(elsewhere),
            [path for path in sorted(elsewhere.instance_folder.iterdir()) if path.name != "serving.lock"],
        )
        assert after == (before[0], [path for path in before[1] if path.name != "serving.lock"])
        return str(fault.value)

    return refused


@of_sqlite
def test_a_changed_byte_anywhere_is_noticed(made, tmp_path, refused):
    whole, damaged = made.read_bytes(), tmp_path / "damaged.zip"
    places = {*range(100), *range(len(whole) - 400, len(whole)), *random.sample(range(len(whole)), 100)}
    unnoticed = []
    for place in sorted(places):
        damaged.write_bytes(whole[:place] + bytes([whole[place] ^ 1 << place % 8]) + whole[place + 1 :])
        try:
            Archive(damaged, quietly).close()
        except BackupFault:
            continue
        unnoticed.append(place)
    assert unnoticed == []
    assert "is damaged or not complete" in refused(damaged)


@of_sqlite
def test_a_file_that_was_cut_off_is_refused(made, tmp_path, refused):
    whole, cut = made.read_bytes(), tmp_path / "cut.zip"
    for length in (0, 1, 4, 99, 5000, len(whole) // 2, len(whole) - 1):
        cut.write_bytes(whole[:length])
        with pytest.raises(BackupFault):
            Archive(cut, quietly)
    assert "is damaged or not complete" in refused(cut)


@pytest.mark.parametrize(
    "content", [b"", b"hello", b"SQLite format 3\0", b"\0" * 5000], ids=["empty", "text", "db", "0"]
)
def test_what_is_no_backup_is_refused(tmp_path, refused, content):
    (tmp_path / "other").write_bytes(content)
    assert refused(tmp_path / "other").endswith("is not a backup made by cpd.")


def seal(file: Path) -> None:
    """Give a changed zip a right sum again, as somebody would who wants to deceive."""
    with zipfile.ZipFile(file, "a") as archive:
        archive.comment = MARK + b"0" * SUM_LENGTH
    data = file.read_bytes()[:-SUM_LENGTH]
    file.write_bytes(data + hashlib.sha256(data).hexdigest().encode())


def forge(file: Path, change: Callable[[dict, dict], None], compression: int = zipfile.ZIP_STORED) -> None:
    """Write the file anew, with members and manifest changed."""
    with zipfile.ZipFile(file) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    manifest = json.loads(members.pop("manifest.json"))
    change(manifest, members)
    file.unlink()
    with zipfile.ZipFile(file, "w", compression) as archive:
        archive.writestr("manifest.json", json.dumps(manifest))
        for name, data in members.items():
            archive.writestr(name, data)
    seal(file)


def stated(data: bytes) -> dict[str, object]:
    return {"bytes": len(data), "sha256": hashlib.sha256(data).hexdigest()}


def no_manifest(manifest, _):
    manifest.clear()


def a_list(manifest, _):
    manifest["members"] = [1, 2]


def a_path(manifest, members):
    members["../../evil"] = b"evil"
    manifest["members"]["../../evil"] = stated(b"evil")


def an_unnamed_member(_, members):
    members["evil"] = b"evil"


def no_database(manifest, members):
    members.clear()
    manifest["members"].clear()


def another_format(manifest, _):
    manifest["format"] = 2


def another_kind(manifest, _):
    manifest["database"] = "oracle"


def odd_words(manifest, _):
    manifest["cpd"] = "\x1b[2J"


@of_sqlite
@pytest.mark.parametrize(
    "change",
    [no_manifest, a_list, a_path, an_unnamed_member, no_database, another_format, another_kind, odd_words],
    ids=lambda change: change.__name__,
)
def test_a_forged_file_is_refused(made, refused, change):
    forge(made, change)
    assert refused(made).endswith("is not a backup that this version of cpd can read.")


def test_a_file_that_would_grow_is_refused(made, refused):
    def bomb(manifest, members):
        for name in members:
            members[name] = b"\0" * 50_000_000
            manifest["members"][name] = stated(members[name])

    forge(made, bomb, zipfile.ZIP_DEFLATED)
    assert made.stat().st_size < 100_000
    assert refused(made).endswith("is not a backup that this version of cpd can read.")


def test_a_database_that_is_none_is_refused(made, refused):
    def nonsense(manifest, members):
        for name in members:
            members[name] = b"nonsense" * 1000
            manifest["members"][name] = stated(members[name])

    forge(made, nonsense)
    assert "not a database" in refused(made) or "not appear to be a valid archive" in refused(made)


def test_a_backup_of_the_other_kind_of_database_is_refused(made, refused):
    def the_other(manifest, members):
        ours, other = ("sqlite", "postgresql") if manifest["database"] == "sqlite" else ("postgresql", "sqlite")
        names = {"sqlite": "database.sqlite", "postgresql": "database.dump"}
        manifest["database"] = other
        members[names[other]] = members.pop(names[ours])
        manifest["members"][names[other]] = manifest["members"].pop(names[ours])

    forge(made, the_other)
    assert "A backup goes back into the kind of database that it was made of" in refused(made)


# Versions


def set_migration(settings, name: str) -> None:
    app = create_app(settings)
    with app.app_context():
        db.session.execute(text("UPDATE alembic_version SET version_num = :name"), {"name": name})
        db.session.commit()
        db.session.remove()
        db.engine.dispose()


def test_a_newer_migration_is_refused(filled, file, refused):
    set_migration(filled, "9999")
    make(file, filled)
    assert "whose database (migration 9999) this version does not know" in refused(file)


NEWER = """
import sqlalchemy as sa
from alembic import op

revision, down_revision, branch_labels, depends_on = "9999", {old!r}, None, None


def upgrade():
    op.create_table("newer", sa.Column("id", sa.Integer, primary_key=True))
"""


def test_an_older_migration_is_brought_to_the_newest(filled, file, elsewhere, rows, tmp_path, monkeypatch):
    made = make(file, filled)
    newer = tmp_path / "migrations"
    (newer / "versions").mkdir(parents=True)
    for script in [*paths.MIGRATIONS.glob("*.*"), *paths.MIGRATIONS.glob("versions/*.py")]:
        (newer / script.relative_to(paths.MIGRATIONS)).write_bytes(script.read_bytes())
    (newer / "versions" / "9999_newer.py").write_text(NEWER.format(old=made.migration), encoding="utf-8")
    monkeypatch.setattr(paths, "MIGRATIONS", newer)

    bring_back(file, elsewhere)

    there = rows(elsewhere)
    assert there.pop("newer") == []
    assert there.pop("alembic_version") == ["('9999',)"]
    before = rows(filled)
    del before["alembic_version"]
    assert there == before


# The secret key


@pytest.fixture
def workplace(tmp_path, monkeypatch):
    """Makes a folder to work in, without settings of the environment."""
    for name in [name for name in os.environ if name.startswith("CPD_")]:
        monkeypatch.delenv(name)

    def workplace(name: str) -> Path:
        folder = tmp_path / name
        write_site(folder / "content")
        monkeypatch.chdir(folder)
        return folder

    return workplace


def run(*words: str | Path):
    return CliRunner().invoke(cli, [str(word) for word in words])


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


def test_a_key_that_is_set_stays(workplace, monkeypatch):
    first = workplace("first")
    run("publish")
    run("backup", "cpd.zip")
    second = workplace("second")
    monkeypatch.setenv("CPD_SECRET_KEY", "k" * 40)
    assert run("restore", first / "cpd.zip").exit_code == 0
    assert not (second / "instance" / "secret_key").exists()


def test_a_journal_that_a_lost_database_left_is_not_played_into_the_restored_one(workplace):
    first = workplace("first")
    run("publish")
    run("backup", "cpd.zip")
    second = workplace("second")
    (second / "instance").mkdir()
    lost = second / "instance" / "cpd.sqlite"
    with closing(sqlite3.connect(lost)) as connection:
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("CREATE TABLE lost (id)")
        connection.commit()
        journal = Path(f"{lost}-wal").read_bytes()
    lost.unlink()
    Path(f"{lost}-wal").write_bytes(journal)

    assert run("restore", first / "cpd.zip").exit_code == 0

    with closing(sqlite3.connect(lost)) as connection:
        assert connection.execute("SELECT max(number) FROM release").fetchone() == (1,)
        assert connection.execute("SELECT count(*) FROM sqlite_master WHERE name = 'lost'").fetchone() == (0,)


def test_a_database_of_another_program_is_not_replaced(workplace):
    first = workplace("first")
    run("publish")
    run("backup", "cpd.zip")
    second = workplace("second")
    (second / "instance").mkdir()
    with closing(sqlite3.connect(second / "instance" / "cpd.sqlite")) as connection:
        connection.execute("CREATE TABLE letters (id)")
        connection.commit()
        done = run("restore", first / "cpd.zip")
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


# Kills


def killed(what: str, times: int, settings) -> Counter[str]:
    """What was found after each of so many kills."""
    done = subprocess.run(
        [sys.executable, PROJECT / "tests" / "killing_backups.py", what, str(times)],
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
