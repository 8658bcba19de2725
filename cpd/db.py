"""The database: session, base model, column types, reading and inserting once, on SQLite and PostgreSQL alike."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from flask import Flask, g
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
    Table,
    TypeDecorator,
    event,
)
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import DeclarativeBase

from cpd.settings import Settings
from cpd.sqlite import WriteLockedConnection, prepare_connection

NAMES = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}
LARGEST_ID = 2**31 - 1

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
        return None if value is None else Decimal(value).scaleb(-2)


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
        return None if value is None else value.replace(tzinfo=value.tzinfo or UTC).astimezone(UTC)


Json = JSON()  # not JSONB: what is stored comes back in the order in which it was written


def at_most(column: str, characters: int) -> CheckConstraint:
    """Hold a text column to a length on SQLite too, which ignores VARCHAR(n)."""
    return CheckConstraint(f"length({column}) <= {characters}", name=f"{column}_at_most_{characters}")


def is_busy(fault: OperationalError) -> bool:
    """Whether trying again later may help, so that a page says 503 with words and not 500."""
    words = ("locked", "busy", "readonly", "full", "disk I/O", "connection", "unable to open", "timeout")
    return fault.connection_invalidated or any(word in str(fault.orig) for word in words)


def configure(app: Flask, settings: Settings) -> None:
    """Bind the database that the settings name to an application."""
    options: dict[str, Any] = {"hide_parameters": True}
    if settings.on_sqlite:
        options["connect_args"] = {"factory": WriteLockedConnection, "timeout": 5, "check_same_thread": False}
    else:
        options |= {"pool_pre_ping": True, "connect_args": {"connect_timeout": 5}}
    options |= {"pool_size": settings.threads * 2 + 4, "max_overflow": 60}
    app.config |= {"SQLALCHEMY_DATABASE_URI": settings.database_url, "SQLALCHEMY_ENGINE_OPTIONS": options}
    db.init_app(app)
    if settings.on_sqlite:
        with app.app_context():
            event.listen(db.engine, "connect", prepare_connection)
            event.listen(db.engine, "begin", _begin_immediately)
    app.teardown_appcontext(_give_back_reader)


def _begin_immediately(connection: Connection) -> None:
    if not connection.get_execution_options().get("reading"):
        driver = connection.connection.driver_connection
        assert isinstance(driver, WriteLockedConnection)
        try:
            driver.begin_writing()
        except driver.OperationalError as fault:
            raise OperationalError("BEGIN IMMEDIATE", None, fault) from fault


def reader() -> Connection:
    """The one connection of this request for reading, in autocommit: it holds no lock and sees each commit."""
    connection: Connection | None = g.get("reader")
    if connection is None:
        connection = g.reader = reading_engine().connect()
    return connection


def reading_engine() -> Engine:
    if db.engine.dialect.name == "sqlite":
        return db.engine.execution_options(reading=True)
    return db.engine.execution_options(isolation_level="AUTOCOMMIT")


def _give_back_reader(_: BaseException | None = None) -> None:
    connection = g.pop("reader", None)
    if connection is not None:
        connection.close()


def read(statement: AnySelect, values: Mapping[str, Any] | None = None) -> Sequence[AnyRow]:
    """The rows of a select as column tuples."""
    return reader().execute(statement, values or {}).all()


def read_first(statement: AnySelect, values: Mapping[str, Any] | None = None) -> AnyRow | None:
    """The first row of a select, or None."""
    return reader().execute(statement, values or {}).first()


def insert_once(model: type[Base], values: Mapping[str, Any]) -> int | None:
    """Insert a row unless a unique constraint says it is there. Returns its id, or None if it was there before."""
    table = model.__table__
    assert isinstance(table, Table)
    dialect = {"sqlite": sqlite, "postgresql": postgresql}[db.session.get_bind().dialect.name]
    statement = dialect.insert(table).values(**values).on_conflict_do_nothing().returning(table.c.id)
    inserted: int | None = db.session.execute(statement).scalar_one_or_none()
    return inserted
