"""How migrations run: on the application's own engine, each in one transaction."""

from alembic import context
from flask import current_app
from sqlalchemy import Connection, text

from cpd.db import Base, db

ADVISORY_LOCK = 0x6370_6432  # any number that only migrating uses
configuration = current_app.extensions["migrate"].configure_args


def wait_for_turn(connection: Connection) -> None:
    """Two that start at once migrate one after the other. On SQLite the transaction itself waits."""
    if connection.dialect.name == "postgresql":
        connection.execute(text("SET LOCAL lock_timeout = 0"))
        connection.execute(text("SELECT pg_advisory_xact_lock(:number)"), {"number": ADVISORY_LOCK})


def run() -> None:
    with db.engine.connect() as connection:
        context.configure(connection=connection, target_metadata=Base.metadata, transactional_ddl=True, **configuration)
        with context.begin_transaction():
            wait_for_turn(connection)
            context.run_migrations()


run()
