"""The product being served: as operators do it, by `cpd serve`, and within the process of a test."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from flask import Flask
from werkzeug.serving import WSGIRequestHandler, make_server

from cpd.settings import Settings

HOST = "127.0.0.1"
LONGEST_START = 60  # seconds


@contextmanager
def cpd_serve(settings: Settings, *options: str) -> Iterator[str]:
    """Run `cpd serve` until it is no longer needed; gives its address."""
    port = free_port()
    log = settings.instance_folder / "serve.log"
    with log.open("w", encoding="utf-8") as output:
        server = subprocess.Popen(
            [*cpd("serve"), *options],
            env=environment(settings, PORT=port),
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        try:
            wait_until_alive(f"http://{HOST}:{port}", server, log)
            yield f"http://{HOST}:{port}"
        finally:
            os.killpg(server.pid, signal.SIGTERM)  # the reloader's child too
            server.wait(timeout=LONGEST_START)


def cpd_publish(settings: Settings) -> str:
    """Run `cpd publish`; gives what it said."""
    done = subprocess.run(cpd("publish"), env=environment(settings), capture_output=True, text=True, check=False)
    (settings.instance_folder / "publish.log").write_text(done.stdout + done.stderr, encoding="utf-8")
    assert done.returncode == 0, done.stderr
    return done.stdout


def cpd(command: str) -> list[str]:
    return [sys.executable, "-m", "cpd.cli", command]


def environment(settings: Settings, **others: int) -> dict[str, str]:
    """The variables that give a command these settings, and no others of this machine."""
    given = {
        "INSTANCE_FOLDER": settings.instance_folder,
        "CONTENT_FOLDER": settings.content_folder,
        "DATABASE_URL": settings.database_url,
        "SECRET_KEY": settings.secret_key,
        "HASH_MEMORY": settings.hash_memory,
        "HASH_TIME": settings.hash_time,
        "TRUSTED_HOSTS": ",".join(settings.trusted_hosts),
        **others,
    }
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("CPD_")}
    return inherited | {f"CPD_{name}": str(value) for name, value in given.items()}


def free_port() -> int:
    with socket.socket() as taken:
        taken.bind((HOST, 0))
        port: int = taken.getsockname()[1]
        return port


def wait_until_alive(url: str, server: subprocess.Popen[bytes], log: Path) -> None:
    latest = time.monotonic() + LONGEST_START
    while server.poll() is None and time.monotonic() < latest:
        try:
            with urllib.request.urlopen(f"{url}/healthz"):  # noqa: S310  # our own server
                return
        except urllib.error.URLError:
            time.sleep(0.05)
    raise AssertionError(f"cpd serve did not start:\n{log.read_text(encoding='utf-8')}")


class QuietHandler(WSGIRequestHandler):
    """Serves without a line on the terminal for each request."""

    def log(self, *_: object) -> None:
        return None


@contextmanager
def serving(app: Flask, port: int = 0) -> Iterator[str]:
    """Serve an application from a thread; gives its address."""
    server = make_server(HOST, port, app, threaded=True, request_handler=QuietHandler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://{HOST}:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
