"""Getting ready to serve, and serving."""

from __future__ import annotations

import fcntl
import os
import socket
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import flask_migrate
from sqlalchemy import select

from cpd import create_app
from cpd.content.publish import ContentFaults, Progress, publish
from cpd.db import db, read_first
from cpd.revisions import Release
from cpd.settings import Settings
from cpd.web import clock


def prepare(settings: Settings, *, say: Callable[[str], None], progress: Progress) -> None:
    """Migrate the database, and publish the content folder if nothing was ever published."""
    settings.instance_folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    app = create_app(settings)
    with app.app_context(), _alone(settings):
        migrate()
        if read_first(select(Release.number).limit(1)) is None:
            say(f"Publishing {settings.content_folder} …")
            _publish_first(settings, say, progress)
    with app.app_context():  # the first context has given its connections back: none is carried into a worker
        db.engine.dispose()


def migrate() -> None:
    """Bring the database to the newest migration."""
    flask_migrate.upgrade()


def _publish_first(settings: Settings, say: Callable[[str], None], progress: Progress) -> None:
    try:
        report = publish(settings.content_folder, now=clock.now(), progress=progress)
    except ContentFaults as faults:
        for problem in faults.problems:
            print(problem, file=sys.stderr)  # noqa: T201  # the operator's terminal
        say("Nothing was published: mend the content and run `cpd publish`.")
    else:
        say(f"Published {len(report.added)} files.")


@contextmanager
def _alone(settings: Settings) -> Iterator[None]:
    """Two servers that start at once get ready one after the other."""
    with (settings.instance_folder / "prepare.lock").open("w", encoding="ascii") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


RELOADED = "WERKZEUG_RUN_MAIN"


class PortTaken(Exception):
    """Another program listens where this one is told to; its text is a sentence for the operator."""


def claim_port(settings: Settings) -> None:
    """Raise PortTaken if the address is in use: the server's workers share their port, with strangers too."""
    if os.environ.get(RELOADED):
        return  # Flask's reloader holds the port for us
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((settings.host, settings.port))
        except OSError as fault:
            place = f"{settings.host} port {settings.port}"
            raise PortTaken(f"{place} cannot be served: {fault.strerror}. Set CPD_HOST or CPD_PORT.") from None


def serve_for_good(settings: Settings) -> None:
    """Serve with granian: workers by setting, few threads, slow clients buffered outside Python."""
    from granian import Granian
    from granian.constants import Interfaces
    from granian.log import LogLevels

    print(f"Serving on http://{settings.host}:{settings.port}/ (Ctrl+C stops)", flush=True)  # noqa: T201  # the operator's terminal
    Granian(
        "cpd.wsgi:app",
        address=settings.host,
        port=settings.port,
        interface=Interfaces.WSGI,
        workers=settings.workers,
        blocking_threads=settings.threads,
        respawn_failed_workers=True,
        log_enabled=True,
        log_level=LogLevels.warning,
    ).serve()


def serve_debugging(settings: Settings) -> None:
    """Serve with Flask's own server: reloading, tracebacks in the browser. Never for the open internet."""
    os.environ["FLASK_DEBUG"] = "1"
    create_app(settings).run(host=settings.host, port=settings.port, debug=True)
