"""How migrations run: on the application's own engine, each in one transaction."""

from alembic import context
from flask import current_app

from cpd.db import Base, db

configuration = current_app.extensions["migrate"].configure_args


def run() -> None:
    with db.engine.connect() as connection:
        context.configure(connection=connection, target_metadata=Base.metadata, transactional_ddl=True, **configuration)
        with context.begin_transaction():
            context.run_migrations()


run()
