"""Installations to back up and to restore into."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from sqlalchemy import inspect, text

from cpd import create_app
from cpd.backups.faults import BackupFault
from cpd.db import db
from tests.backups.carrying import EMAIL, PNG, bring_back, make
from tests.conftest import settings_for
from tests.factories import monograph_text, write_site


@pytest.fixture
def settings(settings, empty_database):
    """Those of an installation to whose database nobody is connected."""
    empty_database.close()
    return settings


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
    empty_database.close()
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
