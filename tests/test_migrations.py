"""One history of migrations, up and down, on both databases."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import flask_migrate
import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import CheckConstraint, event, func, insert, inspect, select, text

from cpd import paths
from cpd.auth.events import first_break, note
from cpd.auth.models import Event, EventKind, Session
from cpd.db import Base, db, read, read_first
from cpd.first_start import what_was_made
from cpd.migrated import known_migrations
from cpd.migrating import configure, migrate
from cpd.modules.models import Specialty
from cpd.serving import prepare
from tests.factories import write_site

OLD_ACCOUNT = text(
    "INSERT INTO account (id, email, email_canon, name, password_hash, profession, registration_body,"
    " registration_number, role, zone, created_at)"
    " VALUES (:id, :name, :name, :name, 'x', 'Doctor', '', '', 'learner', 'Europe/London', :at)"
)
OLD_SESSION = text(
    "INSERT INTO session (token_hash, account_id, created_at, last_seen_at, expires_at, user_agent)"
    " VALUES (:name, :id, :at, :at, :at, '')"
)
OLD_EVENT = text("INSERT INTO event (account_id, kind, at, detail) VALUES (:account, 'signed_in', :at, :detail)")
SCRIPTS = ScriptDirectory(str(paths.MIGRATIONS))


@pytest.fixture
def in_app(app):
    configure(app)
    with app.app_context():
        yield
        db.session.remove()


def tables() -> set[str]:
    return set(inspect(db.engine).get_table_names())


def differences() -> list[object]:
    with db.engine.connect() as connection:
        return compare_metadata(MigrationContext.configure(connection), Base.metadata)


def test_the_history_has_one_beginning_and_one_end():
    assert len(SCRIPTS.get_bases()) == len(SCRIPTS.get_heads()) == 1
    assert known_migrations() == [script.revision for script in SCRIPTS.walk_revisions()]


@pytest.mark.usefixtures("in_app")
def test_the_tables_are_those_of_the_models():
    assert tables() == {*Base.metadata.tables, "alembic_version"}
    assert differences() == []


@pytest.mark.usefixtures("in_app")
def test_every_migration_goes_down_and_up_again():
    for _ in SCRIPTS.walk_revisions():
        flask_migrate.downgrade()
    assert tables() == {"alembic_version"}
    for _ in SCRIPTS.walk_revisions():
        flask_migrate.upgrade(revision="+1")
    assert tables() == {*Base.metadata.tables, "alembic_version"}
    assert differences() == []


@pytest.mark.usefixtures("in_app")
def test_the_checks_of_the_models_are_in_the_database(settings):
    def words(text: object) -> str:
        return " ".join(str(text).split()) if settings.on_sqlite else ""  # PostgreSQL keeps them in words of its own

    found = {
        (table, check["name"], words(check["sqltext"]))
        for table in Base.metadata.tables
        for check in inspect(db.engine).get_check_constraints(table)
    }
    wanted = {
        (table.name, str(check.name), words(check.sqltext))
        for table in Base.metadata.tables.values()
        for check in table.constraints
        if isinstance(check, CheckConstraint)
    }
    assert wanted
    assert found == wanted


@pytest.mark.usefixtures("in_app")
def test_migrating_again_changes_nothing():
    db.session.execute(insert(Specialty).values(slug="a", title="A", count=1))
    db.session.commit()
    migrate()
    assert db.session.execute(text("SELECT count(*) FROM specialty")).scalar_one() == 1


@pytest.mark.usefixtures("in_app")
def test_a_migration_that_is_cut_off_halfway_leaves_nothing_behind():
    flask_migrate.downgrade(revision="base")

    class Killed(BaseException):
        pass

    def cut_off(_connection, _cursor, statement, *_):
        if "CREATE TABLE attempt" in statement:
            raise Killed

    event.listen(db.engine, "before_cursor_execute", cut_off)
    with pytest.raises(Killed):
        migrate()
    event.remove(db.engine, "before_cursor_execute", cut_off)
    assert tables() <= {"alembic_version"}

    migrate()

    assert differences() == []


@pytest.mark.usefixtures("in_app")
def test_the_audit_trail_of_an_older_release_is_tied_together():
    flask_migrate.downgrade(revision="0004")
    with db.engine.begin() as connection:
        for account_id in (1, 2):
            values = {"id": account_id, "at": "2026-01-01 10:00:00.123456+00:00", "name": f"a{account_id}"}
            connection.execute(OLD_ACCOUNT, values)
            connection.execute(OLD_SESSION, values)
        for number, account_id in enumerate([1, 2, None, 1, 1, None], 1):
            detail = json.dumps({"user_agent": f"Browser {number}", "b": 1, "a": {"é": None}})
            values = {"account": account_id, "at": f"2026-01-0{number} 10:00:00+00:00", "detail": detail}
            connection.execute(OLD_EVENT, values)

    flask_migrate.upgrade()

    for account_id, count in ((1, 3), (2, 1), (None, 2)):
        lines = read(
            select(Event.__table__).where(Event.account_id.is_not_distinct_from(account_id)).order_by(Event.id)
        )
        assert [line.number for line in lines] == list(range(1, count + 1))
        assert first_break(lines) is None
    assert read_first(select(func.count()).select_from(Session)) == (2,)
    note(EventKind.SIGNED_OUT, account_id=1, now=datetime.now(UTC))
    db.session.commit()
    assert read_first(select(func.max(Event.number)).where(Event.account_id == 1)) == (4,)


def test_getting_ready_migrates_and_publishes_what_is_there(settings, write_module):
    write_site(settings.content_folder)
    write_module("sepsis")
    said: list[str] = []
    for _ in range(2):
        prepare(settings, say=said.append, progress=lambda items, _: items)
    assert said == [*what_was_made(settings), "Published 5 files."]


def test_content_that_is_wrong_does_not_keep_the_server_from_starting(settings, write_module, capsys):
    write_site(settings.content_folder)
    write_module("sepsis", credits="a lot")
    said: list[str] = []
    prepare(settings, say=said.append, progress=lambda items, _: items)
    assert said[-1] == "Nothing was published: mend the content and run `cpd publish`."
    assert "sepsis.md:" in capsys.readouterr().err
