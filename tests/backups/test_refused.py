"""Backups, files and installations that are refused, and versions of the database."""

from __future__ import annotations

import hashlib
import json
import random
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy import text

from cpd import create_app, paths
from cpd.backups.archive import MARK, SUM_LENGTH, Archive
from cpd.backups.faults import BackupFault
from cpd.backups.making import back_up
from cpd.backups.occupied import serving
from cpd.db import db, reading_engine
from tests.backups.carrying import NOW, bring_back, make, names_in, of_sqlite, quietly

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


def all_of(data: bytes) -> Callable[[dict, dict], None]:
    """A change that puts the same in the place of every member, and states it rightly."""

    def change(manifest, members):
        for name in members:
            members[name] = data
            manifest["members"][name] = stated(data)

    return change


def test_a_file_that_would_grow_is_refused(made, refused):
    forge(made, all_of(b"\0" * 50_000_000), zipfile.ZIP_DEFLATED)
    assert made.stat().st_size < 100_000
    assert refused(made).endswith("is not a backup that this version of cpd can read.")


def test_a_database_that_is_none_is_refused(made, refused):
    forge(made, all_of(b"nonsense" * 1000))
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
