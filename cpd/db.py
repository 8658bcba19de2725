"""The database: session, base model, column types, reading and inserting once, on SQLite and PostgreSQL alike."""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from functools import cache, lru_cache
from typing import Any

from flask import Flask, current_app, g
from flask_sqlalchemy import SQLAlchemy
from sqlalchemy import (
    JSON,
    CheckConstraint,
    CompoundSelect,
    Connection,
    DateTime,
    Dialect,
    Engine,
    Integer,
    MetaData,
    Row,
    Select,
    String,
    Table,
    TypeDecorator,
    bindparam,
    event,
    text,
)
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine.interfaces import DBAPIConnection, ExceptionContext
from sqlalchemy.exc import DBAPIError, OperationalError
from sqlalchemy.orm import DeclarativeBase

from cpd.compiled import Compiled, compiled
from cpd.settings import Settings
from cpd.sqlite import LONGEST_WAIT, WriteLockedConnection, prepare_connection

NAMES = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}
LARGEST_ID = 2**31 - 1
TOGETHER = 500  # rows of a stream that are in memory at a time

AnySelect = Select[*tuple[Any, ...]] | CompoundSelect[*tuple[Any, ...]]
AnyRow = Row[*tuple[Any, ...]]


class Base(DeclarativeBase):
    metadata = MetaData(naming_convention=NAMES)


db = SQLAlchemy(model_class=Base, session_options={"expire_on_commit": False})


class Credits(TypeDecorator[Decimal]):
    """Decimal with two places in Python, whole hundredths in the database."""

    impl = Integer
    cache_ok = True

    def process_bind_param(self, value: Decimal | None, _: Dialect) -> int | None:
        if value is None:
            return None
        hundredths = value * 100
        if hundredths != int(hundredths):
            raise ValueError(f"{value} credits have more than two places")
        return int(hundredths)

    def process_result_value(self, value: int | None, _: Dialect) -> Decimal | None:
        return None if value is None else _from_hundredths(value)


@lru_cache(maxsize=10_000)
def _from_hundredths(value: int) -> Decimal:
    return Decimal(value).scaleb(-2)


class UtcDateTime(TypeDecorator[datetime]):
    """A moment with its zone in Python, UTC in the database (SQLite drops zones)."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, _: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a moment needs its time zone")
        return value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, _: Dialect) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


Json = JSON()  # not JSONB: what is stored comes back in the order in which it was written


# Text in the order of its bytes on PostgreSQL too, whatever its locale: what begins alike stands together.
Bytewise = String().with_variant(String(collation="C"), "postgresql")


def at_most(column: str, characters: int) -> CheckConstraint:
    """Hold a text column to a length on SQLite too, which ignores VARCHAR(n)."""
    return CheckConstraint(f"length({column}) <= {characters}", name=f"{column}_at_most_{characters}")


# What may pass by itself: a lock, memory, a disk that is full or broken or read-only, a file that cannot be opened.
PASSING_ON_SQLITE = {
    sqlite3.SQLITE_BUSY,
    sqlite3.SQLITE_LOCKED,
    sqlite3.SQLITE_NOMEM,
    sqlite3.SQLITE_READONLY,
    sqlite3.SQLITE_IOERR,
    sqlite3.SQLITE_FULL,
    sqlite3.SQLITE_CANTOPEN,
    sqlite3.SQLITE_PROTOCOL,
}
# SQLSTATE: connection, read-only, rolled back in favour of another, resources, lock, stopped, disk.
PASSING_ON_POSTGRESQL = ("08", "25006", "40", "53", "55P03", "57", "58")


def is_busy(fault: DBAPIError) -> bool:
    """Whether trying again later may help, so that a page says 503 with words and not 500."""
    cause = fault.orig
    if fault.connection_invalidated:
        return True
    if isinstance(cause, sqlite3.Error):
        return getattr(cause, "sqlite_errorcode", 0) & 0xFF in PASSING_ON_SQLITE
    state: str | None = getattr(cause, "sqlstate", None)
    if state is None:  # PostgreSQL gave no answer at all
        return isinstance(fault, OperationalError)
    return state.startswith(PASSING_ON_POSTGRESQL)


def configure(app: Flask, settings: Settings) -> None:
    """Bind the database that the settings name to an application."""
    options: dict[str, Any] = {"hide_parameters": True}
    if settings.on_sqlite:
        options["connect_args"] = {"factory": WriteLockedConnection, "timeout": 5, "check_same_thread": False}
    else:
        options |= {"pool_pre_ping": True, "connect_args": {"connect_timeout": 5, "tcp_user_timeout": 10_000}}
    # The connection that was used last has the pages at hand which are needed next.
    options |= {"pool_size": settings.threads * 2 + 4, "max_overflow": 60, "pool_use_lifo": True}
    app.config |= {"SQLALCHEMY_DATABASE_URI": settings.database_url, "SQLALCHEMY_ENGINE_OPTIONS": options}
    db.init_app(app)
    with app.app_context():
        if settings.on_sqlite:
            event.listen(db.engine, "connect", prepare_connection)
            event.listen(db.engine, "begin", _begin_immediately)
            event.listen(db.engine, "handle_error", _open_anew)
        else:
            event.listen(db.engine, "connect", _wait_shortly)
    app.teardown_appcontext(_give_back_reader)


def _wait_shortly(connection: DBAPIConnection, _: object) -> None:
    """PostgreSQL would wait for a lock without end. Set by a statement, since pgbouncer takes no start options."""
    cursor = connection.cursor()
    cursor.execute(f"SET lock_timeout = {int(LONGEST_WAIT * 1000)}")
    cursor.close()
    connection.commit()


def _open_anew(fault: ExceptionContext) -> None:
    """A connection opened without the right to write never gets it: none is kept once that was noticed."""
    code = getattr(fault.original_exception, "sqlite_errorcode", 0)
    if code & 0xFF == sqlite3.SQLITE_READONLY:
        fault.is_disconnect = True


def _begin_immediately(connection: Connection) -> None:
    options = connection.get_execution_options()
    if not options.get("reading"):
        driver = connection.connection.driver_connection
        assert isinstance(driver, WriteLockedConnection)
        try:
            with driver.turn_to_write(hurried=bool(options.get("hurried"))):
                connection.exec_driver_sql("BEGIN IMMEDIATE")
        except driver.OperationalError as fault:
            raise OperationalError("BEGIN IMMEDIATE", None, fault) from fault


def reader() -> Connection:
    """The one connection of this request for reading, in one snapshot: all that a page shows is of one moment.

    It holds no lock. What is committed through `db.session` ends the snapshot, so a request sees its own changes.
    """
    connection: Connection | None = g.get("reader")
    if connection is None:
        connection = g.reader = _snapshot_engine().connect()
        if connection.dialect.name == "sqlite":
            connection.connection.execute("BEGIN")
    return connection


def _snapshot_engine() -> Engine:
    kept: Engine | None = current_app.extensions.get("snapshot_engine")
    if kept is None:
        on_sqlite = db.engine.dialect.name == "sqlite"
        options: dict[str, Any] = {"reading": True} if on_sqlite else {"isolation_level": "REPEATABLE READ"}
        kept = current_app.extensions["snapshot_engine"] = db.engine.execution_options(**options)
    return kept


def reading_engine() -> Engine:
    """For reading in autocommit: each statement sees what is committed by then."""
    if db.engine.dialect.name == "sqlite":
        return db.engine.execution_options(reading=True)
    return db.engine.execution_options(isolation_level="AUTOCOMMIT")


def hurried_engine() -> Engine:
    """For writing what a page can do without: it does not wait while others write."""
    return db.engine.execution_options(hurried=True)


def is_read_only() -> bool:
    """Whether nothing can be written, whoever waits: a file or disk without the right to, a standby of PostgreSQL."""
    try:
        with hurried_engine().begin() as connection:
            connection.execute(text("DELETE FROM alembic_version WHERE version_num = ''"))  # there is none
    except DBAPIError as fault:
        return getattr(fault.orig, "sqlite_errorcode", 0) & 0xFF != sqlite3.SQLITE_BUSY
    return False


@event.listens_for(db.session, "after_commit")
def _see_changes(_: object) -> None:
    _give_back_reader()


def _give_back_reader(_: BaseException | None = None) -> None:
    connection: Connection | None = g.pop("reader", None)
    if connection is not None:
        with contextlib.suppress(DBAPIError):  # it was lost after it was read from: no reason to break the answer
            connection.close()


def give_up() -> None:
    """Undo what this request has written, even if its connection is lost."""
    try:
        db.session.rollback()
    except DBAPIError:
        db.session().invalidate()


def read(statement: AnySelect, values: Mapping[str, Any] | None = None) -> Sequence[AnyRow]:
    """The rows of a select as column tuples."""
    return reader().execute(statement, values or {}).all()


def read_first(statement: AnySelect, values: Mapping[str, Any] | None = None) -> AnyRow | None:
    """The first row of a select, or None."""
    return reader().execute(statement, values or {}).first()


def stream(statement: AnySelect, values: Mapping[str, Any] | None = None) -> Iterator[AnyRow]:
    """The rows of a select one by one, where there may be more than memory should hold."""
    yield from reader().execute(statement.execution_options(yield_per=TOGETHER), values or {})


@contextlib.contextmanager
def writing() -> Iterator[Connection]:
    """One transaction beside `db.session`, kept at the end of the block and undone if it raises.

    For what is written most: around the same statements a session takes twice the time, and others wait meanwhile. It
    ends the snapshot of this request, so that it writes on the connection that has just read what it writes beside.
    Nothing may be begun in `db.session` meanwhile: SQLite has one writer, and the two would wait for each other.
    """
    _give_back_reader()
    with db.engine.begin() as connection:
        yield connection


def insert_once(model: type[Base], values: Mapping[str, Any], on: Connection | None = None) -> int | None:
    """Insert a row unless a unique constraint says it is there. Returns its id, or None if it was there before.

    It is written through `db.session`, or `on` a connection that is writing.
    """
    connection = on or db.session.connection()
    statement = _inserting_once(model, connection.dialect, tuple(values))
    inserted: int | None = connection.exec_driver_sql(statement.sql, statement.parameters(values)).scalar_one_or_none()
    return inserted


def write_over(model: type[Base], key: Mapping[str, Any], values: Mapping[str, Any]) -> None:
    """Insert a row, or change the one that has this primary key: of two that write at once the last one counts."""
    connection = db.session.connection()
    statement = _writing_over(model, connection.dialect.name, tuple(key), tuple(values))
    connection.execute(statement, {**key, **values})


# Statements are built once: SQLAlchemy takes longer to build one than to execute it.
@lru_cache(maxsize=100)
def _inserting_once(model: type[Base], dialect: Dialect, names: tuple[str, ...]) -> Compiled:
    once = _inserting(model, dialect.name, names).on_conflict_do_nothing()
    return compiled(once.returning(_table_of(model).c.id), dialect)


@cache
def _writing_over(model: type[Base], dialect: str, key: tuple[str, ...], names: tuple[str, ...]) -> Any:
    written = _inserting(model, dialect, (*key, *names))
    return written.on_conflict_do_update(index_elements=key, set_={name: written.excluded[name] for name in names})


def _inserting(model: type[Base], dialect: str, names: tuple[str, ...]) -> Any:
    """An insert of this database's own kind, which may say what to do on a conflict."""
    given = {"sqlite": sqlite, "postgresql": postgresql}[dialect].insert(_table_of(model))
    return given.values({name: bindparam(name) for name in names})


def _table_of(model: type[Base]) -> Table:
    table = model.__table__
    assert isinstance(table, Table)
    return table
