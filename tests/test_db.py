"""The database: exact columns, rows that are inserted once, and SQLite as a careful ledger."""

from __future__ import annotations

import contextlib
import fcntl
import sqlite3
import stat
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from pathlib import Path

import psycopg
import pytest
from sqlalchemy import Column, Integer, MetaData, Table, func, insert, select, text
from sqlalchemy.exc import DBAPIError, IntegrityError, OperationalError, StatementError

import cpd.sqlite
from cpd.db import Credits, UtcDateTime, db, hurried_engine, insert_once, is_busy, read, read_first
from cpd.modules.models import Specialty
from cpd.pictures import StoredPicture

LEDGER = Table(
    "ledger", MetaData(), Column("id", Integer, primary_key=True), Column("worth", Credits), Column("at", UtcDateTime)
)
NOON = datetime(2026, 11, 2, 12, tzinfo=UTC)


@pytest.fixture
def ledger(app):
    with app.app_context():
        LEDGER.create(db.engine)
        yield LEDGER


@pytest.fixture
def on_sqlite(settings):
    if not settings.on_sqlite:
        pytest.skip("SQLite alone")


def sqlite_fault(code):
    fault = sqlite3.OperationalError("words")
    fault.sqlite_errorcode = code
    return fault


def keep(**values):
    db.session.execute(insert(LEDGER).values(**values))
    db.session.commit()


@pytest.mark.parametrize("worth", ["0.05", "0", "1.50", "999.95", "0.1", "1E+1"])
def test_credits_come_back_exactly_with_two_places(ledger, worth):
    keep(worth=Decimal(worth))
    found = read_first(select(ledger.c.worth)).worth
    assert found == Decimal(worth)
    assert str(found) == f"{Decimal(worth):.2f}"


@pytest.mark.usefixtures("ledger")
def test_credits_are_whole_hundredths_in_the_database():
    keep(worth=Decimal("1.05"))
    assert read_first(text("SELECT worth FROM ledger")).worth == 105


def test_credits_are_compared_and_summed_exactly(ledger):
    db.session.execute(insert(ledger), [{"worth": Decimal(each)} for each in ("0.05", "0.05", "0.10")])
    db.session.commit()
    assert len(read(select(ledger).where(ledger.c.worth == Decimal("0.05")))) == 2
    assert read_first(select(func.sum(ledger.c.worth, type_=Credits).label("sum"))).sum == Decimal("0.20")


@pytest.mark.usefixtures("ledger")
@pytest.mark.parametrize("worth", ["0.001", "0.055"])
def test_credits_with_more_than_two_places_are_refused(worth):
    with pytest.raises(StatementError, match="more than two places"):
        keep(worth=Decimal(worth))


def test_no_credits_stay_none(ledger):
    keep(worth=None, at=None)
    assert tuple(read_first(select(ledger.c.worth, ledger.c.at))) == (None, None)


@pytest.mark.parametrize("hours", [0, 13, -11])
def test_a_moment_comes_back_in_utc_whatever_its_zone(ledger, hours):
    keep(at=NOON.astimezone(timezone(timedelta(hours=hours))))
    found = read_first(select(ledger.c.at)).at
    assert (found, found.utcoffset()) == (NOON, timedelta(0))


def test_a_moment_keeps_its_microseconds(ledger):
    moment = NOON.replace(microsecond=123456)
    keep(at=moment)
    assert read_first(select(ledger.c.at)).at == moment


@pytest.mark.usefixtures("ledger")
def test_a_moment_without_a_zone_is_refused():
    with pytest.raises(StatementError, match="needs its time zone"):
        keep(at=datetime(2026, 11, 2, 12))  # noqa: DTZ001  # that is the point


def test_a_row_is_inserted_once(app):
    with app.app_context():
        first = insert_once(StoredPicture, {"digest": "d", "data": b"first"})
        again = insert_once(StoredPicture, {"digest": "d", "data": b"second"})
        db.session.commit()
        assert (first, again) == (1, None)
        assert [row.data for row in read(select(StoredPicture.data))] == [b"first"]


def test_a_row_that_breaks_another_rule_is_no_row_that_was_there(app):
    with app.app_context(), pytest.raises(IntegrityError):
        insert_once(StoredPicture, {"digest": "d", "data": None})


def test_all_that_a_request_reads_is_of_one_moment(app):
    def add(slug: str) -> None:
        with app.app_context():
            db.session.execute(insert(Specialty).values(slug=slug, title=slug, count=1))
            db.session.commit()

    with app.app_context(), ThreadPoolExecutor(1) as another:
        add("a")
        assert [row.slug for row in read(select(Specialty.slug))] == ["a"]
        another.submit(add, "b").result()
        assert [row.slug for row in read(select(Specialty.slug))] == ["a"]
    with app.app_context():
        assert len(read(select(Specialty.slug))) == 2


def test_a_request_sees_what_it_has_committed_itself_and_holds_no_lock(app):
    with app.app_context():
        assert read(select(Specialty.slug)) == []
        db.session.execute(insert(Specialty).values(slug="a", title="A", count=1))
        assert read(select(Specialty.slug)) == []
        db.session.commit()
        assert [row.slug for row in read(select(Specialty.slug))] == ["a"]


def test_a_fault_of_the_database_does_not_tell_what_was_stored(app):
    with app.app_context():
        with pytest.raises(IntegrityError) as fault:
            db.session.execute(insert(Specialty), [{"slug": "secret", "title": "A", "count": 1}] * 2)
        assert "secret" not in str(fault.value).split("DETAIL")[0]


@pytest.mark.parametrize(
    ("code", "busy"),
    [
        (sqlite3.SQLITE_BUSY, True),
        (sqlite3.SQLITE_BUSY_SNAPSHOT, True),
        (sqlite3.SQLITE_LOCKED, True),
        (sqlite3.SQLITE_FULL, True),
        (sqlite3.SQLITE_IOERR_WRITE, True),
        (sqlite3.SQLITE_READONLY, True),
        (sqlite3.SQLITE_CANTOPEN, True),
        (sqlite3.SQLITE_ERROR, False),
        (sqlite3.SQLITE_CORRUPT, False),
        (sqlite3.SQLITE_CONSTRAINT_UNIQUE, False),
    ],
)
def test_only_what_may_pass_by_itself_is_busy(code, busy):
    assert is_busy(OperationalError("x", None, sqlite_fault(code))) is busy


def test_the_words_of_a_fault_make_nobody_busy():
    assert not is_busy(OperationalError("x", None, sqlite3.OperationalError("no such column: full_connection")))


@pytest.mark.parametrize(
    ("fault", "busy"),
    [
        (psycopg.errors.AdminShutdown, True),
        (psycopg.errors.CannotConnectNow, True),
        (psycopg.errors.DeadlockDetected, True),
        (psycopg.errors.DiskFull, True),
        (psycopg.errors.LockNotAvailable, True),
        (psycopg.errors.ReadOnlySqlTransaction, True),
        (psycopg.errors.SerializationFailure, True),
        (psycopg.errors.TooManyConnections, True),
        (psycopg.OperationalError, True),
        (psycopg.errors.UndefinedColumn, False),
        (psycopg.errors.NotNullViolation, False),
        (psycopg.ProgrammingError, False),
    ],
)
def test_only_what_may_pass_by_itself_is_busy_on_postgresql(fault, busy):
    assert is_busy(DBAPIError.instance("x", None, fault("words"), psycopg.Error)) is busy


def test_a_postgresql_that_cannot_be_reached_is_busy(tmp_path):
    with pytest.raises(psycopg.OperationalError) as fault:
        psycopg.connect(host=str(tmp_path), dbname="cpd", connect_timeout=1)
    assert is_busy(OperationalError("connect", None, fault.value))


@pytest.mark.usefixtures("on_sqlite")
def test_sqlite_is_set_up_as_a_ledger(app):
    with app.app_context(), db.engine.connect() as connection:
        pragmas = {
            name: connection.exec_driver_sql(f"PRAGMA {name}").scalar()
            for name in ("journal_mode", "synchronous", "foreign_keys", "busy_timeout", "mmap_size")
        }
    assert pragmas | {"mmap_size": pragmas["mmap_size"] or 0} == {
        "journal_mode": "wal",
        "synchronous": 2,
        "foreign_keys": 1,
        "busy_timeout": 5000,
        "mmap_size": 0,
    }


@pytest.mark.usefixtures("on_sqlite")
def test_a_new_database_is_for_its_owner_alone(tmp_path):
    connection = sqlite3.connect(tmp_path / "new.sqlite", factory=cpd.sqlite.WriteLockedConnection)
    connection.close()
    assert stat.S_IMODE((tmp_path / "new.sqlite").stat().st_mode) == 0o600


def test_threads_that_read_then_write_never_fail_and_lose_nothing(app, ledger):
    keep(id=1, worth=Decimal("0.00"))
    together = threading.Barrier(8)
    row = select(ledger.c.worth).where(ledger.c.id == 1).with_for_update()

    def add(_: int) -> None:
        together.wait()
        with app.app_context():
            for _ in range(25):
                worth = db.session.execute(row).scalar_one()
                db.session.execute(ledger.update().where(ledger.c.id == 1).values(worth=worth + Decimal("0.05")))
                db.session.commit()

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(add, range(8)))

    assert read_first(select(ledger.c.worth)).worth == Decimal("10.00")


HOLD_LOCK = """
import fcntl, sys
with open(sys.argv[1] + ".lock", "w") as file:
    fcntl.flock(file, fcntl.LOCK_EX)
    print("held", flush=True)
    sys.stdin.read()
"""
HOLD_TRANSACTION = """
import sqlite3, sys
connection = sqlite3.connect(sys.argv[1], isolation_level=None)
connection.execute("BEGIN IMMEDIATE")
print("held", flush=True)
sys.stdin.read()
"""


@contextlib.contextmanager
def another_process(program: str, file: Path):
    """Another process that holds the database until the end of the block."""
    command = [sys.executable, "-c", program, str(file)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdout.readline() == b"held\n"
        yield process
        process.stdin.close()


@pytest.fixture
def database_file(settings):
    return Path(settings.database_url.removeprefix("sqlite:///"))


@pytest.mark.usefixtures("on_sqlite")
@pytest.mark.parametrize("program", [HOLD_LOCK, HOLD_TRANSACTION], ids=["one of ours", "another program"])
def test_a_database_that_another_process_holds_is_busy_and_then_free(ledger, monkeypatch, database_file, program):
    monkeypatch.setattr(cpd.sqlite, "LONGEST_WAIT", 0.1)
    db.engine.dispose()
    monkeypatch.setattr(cpd.sqlite, "PRAGMAS", ("busy_timeout=100",))
    with another_process(program, database_file):
        with pytest.raises(OperationalError) as fault:
            keep(worth=Decimal("0.05"))
        assert is_busy(fault.value)
        db.session.rollback()
        assert read(select(ledger.c.worth)) == []
    keep(worth=Decimal("0.05"))
    assert len(read(select(ledger.c.worth))) == 1


ENDLESS = 10_000.0  # seconds; a test that waits for it hangs


@pytest.mark.usefixtures("on_sqlite")
def test_after_one_has_waited_in_vain_the_next_ones_wait_shortly_until_a_write_begins(
    ledger, monkeypatch, database_file
):
    monkeypatch.setattr(cpd.sqlite, "LONGEST_WAIT", 0.05)
    with another_process(HOLD_LOCK, database_file):
        with pytest.raises(OperationalError):
            keep(worth=Decimal("0.05"))
        db.session.rollback()
        monkeypatch.setattr(cpd.sqlite, "LONGEST_WAIT", ENDLESS)
        with pytest.raises(OperationalError):
            keep(worth=Decimal("0.05"))
        db.session.rollback()
    keep(worth=Decimal("0.05"))
    with another_process(HOLD_LOCK, database_file) as holder, ThreadPoolExecutor(1) as pool:
        patient = pool.submit(keep_elsewhere, ledger, db.engine)
        with pytest.raises(TimeoutError):
            patient.result(cpd.sqlite.SHORT_WAIT * 4)
        holder.stdin.close()
        patient.result()
    assert len(read(select(ledger.c.worth))) == 2


def keep_elsewhere(ledger, engine):
    with engine.begin() as connection:
        connection.execute(insert(ledger).values(worth=Decimal("0.05")))


@pytest.mark.usefixtures("on_sqlite")
def test_who_is_in_a_hurry_does_not_wait_for_others_that_write(ledger, monkeypatch, database_file):
    monkeypatch.setattr(cpd.sqlite, "LONGEST_WAIT", ENDLESS)
    with another_process(HOLD_LOCK, database_file), pytest.raises(OperationalError):
        keep_elsewhere(ledger, hurried_engine())


@pytest.mark.usefixtures("on_sqlite")
def test_a_learner_whose_answers_cannot_be_saved_is_told_so(
    monkeypatch, database_file, client, publish, sign_in, submit
):
    publish("sepsis")
    sign_in()
    monkeypatch.setattr(cpd.sqlite, "LONGEST_WAIT", 0.1)
    with another_process(HOLD_LOCK, database_file):
        answer = submit("/modules/sepsis/assessment", q1="a")
        assert (answer.status_code, answer.headers["Retry-After"]) == (503, "30")
        assert client.get("/record/").status_code == 200
    assert submit("/modules/sepsis/assessment", q1="a").status_code == 200


@pytest.mark.usefixtures("on_sqlite")
def test_the_lock_is_free_after_a_rollback_and_after_a_commit(ledger, database_file):
    for end in (db.session.rollback, db.session.commit):
        db.session.execute(insert(ledger).values(worth=Decimal("0.05")))
        assert not lockable(database_file)
        end()
        assert lockable(database_file)


@pytest.mark.usefixtures("on_sqlite")
def test_a_transaction_keeps_other_programs_from_writing_from_its_first_statement_on(ledger, database_file):
    db.session.execute(select(ledger.c.id))
    with contextlib.closing(sqlite3.connect(database_file, timeout=0, isolation_level=None)) as other:
        with pytest.raises(sqlite3.OperationalError, match="locked"):
            other.execute("BEGIN IMMEDIATE")
        db.session.rollback()
        other.execute("BEGIN IMMEDIATE")
        other.rollback()


def lockable(file: Path) -> bool:
    with Path(f"{file}.lock").open("w") as opened:
        try:
            fcntl.flock(opened, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True
