"""Bringing the database to the newest migration, and the application that `flask db` works with.

Alembic is loaded only where there is something to migrate (cpd/migrated.py says why).
"""

from __future__ import annotations

from flask import Flask, current_app

import cpd
from cpd import paths
from cpd.db import db, reading_engine
from cpd.migrated import known_migrations, last_migration


def create_app() -> Flask:
    """The application with migrations: `flask --app cpd.migrating db`."""
    app = cpd.create_app()
    configure(app)
    return app


def configure(app: Flask) -> None:
    from flask_migrate import Migrate

    Migrate(app, db, directory=str(paths.MIGRATIONS), compare_type=True, render_as_batch=True)


def migrate() -> None:
    """Bring the database to the newest migration. Raises Alembic's CommandError at one that a newer release made."""
    with reading_engine().connect() as connection:
        if last_migration(connection) == known_migrations()[0]:
            return
    from flask_migrate import upgrade

    configure(current_app)
    upgrade()
