"""Getting ready to serve, and serving."""

from __future__ import annotations

import ctypes
import fcntl
import os
import resource
import signal
import socket
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from flask import Flask
from sqlalchemy import select

from cpd import create_app
from cpd.auth.sign_on import door
from cpd.content.publish import ContentFaults, Progress, publish
from cpd.content.searchable import make_findable
from cpd.db import db, read_first
from cpd.first_start import what_was_made
from cpd.migrating import migrate
from cpd.outbox.beside import begin_beside_pages
from cpd.outbox.delivery import delivery_for, what_mail_does
from cpd.outbox.views import bp as mail_for_developers
from cpd.outbox.worker import Worker
from cpd.revisions import Release
from cpd.search.node import node_of
from cpd.settings import Settings
from cpd.web import clock
from cpd.web.log import log_as_json

# Of each worker. Threads mostly wait for slow senders; how many work at a time is CPD_THREADS (cpd/web/turns.py).
SENDING_THREADS = 512
MOST_CONNECTIONS = 4_096  # idle ones too
OTHER_FILES = 1_000
HEADERS_WITHIN = 20  # seconds, and so long may a connection be idle
LARGEST_HEADERS = 64 * 1024  # bytes
MOST_MEMORY = 512  # MB; a worker that stays above is replaced by a fresh one
M_ARENA_MAX, ARENAS = -8, 2  # as malloc.h numbers it
FINISH_WITHIN = 6  # seconds, for the requests in hand; a change waits at most 5 for its turn to write
SERVER_LOG = {
    "handlers": {"lines": {"class": "cpd.web.log.JsonLines"}},
    "loggers": {"_granian": {"handlers": ["lines"], "propagate": False}},
}


def prepare(settings: Settings, *, say: Callable[[str], None], progress: Progress) -> None:
    """Migrate the database, publish the content folder if nothing was ever published, and let search know it all."""
    settings.instance_folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    app = create_app(settings)
    with app.app_context(), _alone(settings):
        migrate()
        if read_first(select(Release.number).limit(1)) is None:
            for line in what_was_made(settings):
                say(line)
            _publish_first(settings, say, progress)
        make_findable(now=clock.now(), progress=progress)
        if wrong := door.what_is_wrong():
            say(wrong)
    with app.app_context():  # the first context has given its connections back: none is carried into a worker
        db.engine.dispose()


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


def serve_for_good(settings: Settings, begin: Callable[[], Flask] | None = None) -> None:
    """Serve until SIGTERM or Ctrl+C, then finish the requests in hand. Raises SystemExit if workers keep dying.

    Each worker does `begin` first, `begin_work` if nothing is said.
    """
    from granian import Granian
    from granian.constants import HTTPModes, Interfaces
    from granian.http import HTTP1Settings
    from granian.log import LogLevels

    allow_open_files(MOST_CONNECTIONS + OTHER_FILES)
    server = Granian(
        "cpd.wsgi:app",
        address=settings.host,
        port=settings.port,
        interface=Interfaces.WSGI,
        http=HTTPModes.http1,
        workers=settings.workers,
        blocking_threads=SENDING_THREADS,
        backpressure=MOST_CONNECTIONS,
        http1_settings=HTTP1Settings(header_read_timeout=HEADERS_WITHIN * 1000, max_buffer_size=LARGEST_HEADERS),
        respawn_failed_workers=True,
        workers_max_rss=MOST_MEMORY,
        rss_samples=3,
        workers_kill_timeout=FINISH_WITHIN,
        log_level=LogLevels.error,
        log_dictconfig=SERVER_LOG,
    )
    say(what_mail_does(settings))
    if not settings.worker:
        say("Nothing is sent from here: CPD_WORKER is no, so let `cpd worker` run somewhere.")
    say(f"Serving on http://{_host(settings)}:{settings.port}/ (Ctrl+C stops)")
    try:
        server.serve(target_loader=begin or begin_work, wrap_loader=False)
    except SystemExit:
        if not server.interrupt_signal:
            raise
    say("Stopped.")


def begin_work() -> Flask:
    """What each worker does first: pages, the index, and what is sent beside them."""
    app = begin_pages()
    node_of(app).begin()  # so that the first who searches need not wait
    _begin_worker(app)
    return app


def begin_pages() -> Flask:
    """The application is made here: nothing of it is carried across a fork."""
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})  # Ctrl+C is for the first process, which tells us
    threading.Thread(target=_end_with, args=(os.getppid(),), daemon=True).start()
    _share_memory_among_threads()
    from cpd.wsgi import app

    return app


def _begin_worker(app: Flask) -> None:
    if app.config["SETTINGS"].worker:
        begin_beside_pages(app)


def _share_memory_among_threads() -> None:
    """Let the many threads of a worker take memory from two stocks and not from one each, which all stay half empty."""
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)  # glibc's; other systems have none
    if mallopt is not None:
        mallopt(M_ARENA_MAX, ARENAS)


def _end_with(parent: int) -> None:
    """End this worker when the process that started it has died: nobody else would."""
    while os.getppid() == parent:
        time.sleep(1)
    os.kill(os.getpid(), signal.SIGTERM)
    time.sleep(FINISH_WITHIN)
    os._exit(1)


def allow_open_files(wanted: int) -> None:
    """Raise the number of files and connections that a process may have open, as far as the system lets us."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    allowed = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
    if soft != resource.RLIM_INFINITY and soft < allowed:
        resource.setrlimit(resource.RLIMIT_NOFILE, (allowed, hard))


def say(sentence: str) -> None:
    print(sentence, flush=True)  # noqa: T201  # the operator's terminal


def _host(settings: Settings) -> str:
    return f"[{settings.host}]" if ":" in settings.host else settings.host


def serve_debugging(settings: Settings) -> None:
    """Serve with Flask's own server: reloading, tracebacks in the browser. Never for the open internet."""
    os.environ["FLASK_DEBUG"] = "1"
    app = create_app(settings)
    if not settings.mail_server:
        app.register_blueprint(mail_for_developers)
    if os.environ.get(RELOADED):
        say(what_mail_does(settings))
        _begin_worker(app)
    app.run(host=settings.host, port=settings.port, debug=True)


def work_for_good(app: Flask, settings: Settings) -> None:
    """Do what waits in the outbox until SIGTERM or Ctrl+C, then finish what is in hand."""
    log_as_json()
    worker = Worker(app, delivery_for(settings))
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, worker.stop)
    say(what_mail_does(settings))
    say("Working (Ctrl+C stops)")
    worker.run()
    say("Stopped.")
