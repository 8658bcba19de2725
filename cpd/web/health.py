"""Whether the process lives, and whether it can serve."""

from __future__ import annotations

import hmac

from flask import Blueprint, abort, current_app, request
from flask.typing import ResponseReturnValue
from sqlalchemy.exc import SQLAlchemyError

from cpd.db import is_read_only, reader
from cpd.migrated import known_migrations, last_migration
from cpd.settings import Settings

bp = Blueprint("health", __name__)


@bp.get("/healthz")
def alive() -> ResponseReturnValue:
    """The process answers."""
    return "ok\n", 200, {"Content-Type": "text/plain; charset=utf-8"}


@bp.get("/readyz")
def ready() -> ResponseReturnValue:
    """The database is reachable, migrated and can be written. Answers loopback or the probe token only."""
    if not _may_ask(current_app.config["SETTINGS"]):
        abort(404)
    problem = find_problem()
    return f"{problem or 'ready'}\n", 503 if problem else 200, {"Content-Type": "text/plain; charset=utf-8"}


def find_problem() -> str | None:
    """Why this node cannot serve, in words, or None."""
    try:
        revision = last_migration(reader())
    except SQLAlchemyError:
        return "the database cannot be reached"
    wanted = known_migrations()[0]
    if revision != wanted:
        return f"the database is at {revision or 'no migration'}, not at {wanted}"
    return "the database can be read and not be written" if is_read_only() else None


def _may_ask(settings: Settings) -> bool:
    token = request.headers.get("Authorization", "").removeprefix("Bearer ")
    if settings.probe_token and hmac.compare_digest(token.encode(), settings.probe_token.encode()):
        return True
    return request.remote_addr in ("127.0.0.1", "::1") and "X-Forwarded-For" not in request.headers
