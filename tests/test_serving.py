"""Serving: for good, for developers, and where somebody else has the port."""

from __future__ import annotations

import ctypes
import json
import os
import re
import resource
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import pytest

from cpd.serving import ARENAS, M_ARENA_MAX, PortTaken, _share_memory_among_threads, allow_open_files, claim_port
from tests.browser.serving import HOST, cpd, cpd_serve, environment, free_port, wait_until_alive
from tests.conftest import settings_for
from tests.deploy.slow import sent_by, slow_clients
from tests.factories import write_site

LONGEST_WAIT = 60  # seconds
LINUX = pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc")


@pytest.mark.parametrize("options", [[], ["--debug"]], ids=["for good", "for developers"])
def test_an_empty_installation_is_made_ready_and_served(settings, options):
    write_site(settings.content_folder)
    with cpd_serve(settings, *options) as address, urllib.request.urlopen(f"{address}/pages/terms") as page:  # noqa: S310
        assert b"Terms" in page.read()


@pytest.fixture
def taken():
    """A port that another program listens on."""
    with socket.socket() as other:
        other.bind((HOST, 0))
        other.listen()
        yield other.getsockname()[1]


def test_a_port_that_another_program_has_is_refused_with_a_sentence(settings, taken):
    done = subprocess.run(
        cpd("serve"), env=environment(settings, PORT=taken), capture_output=True, text=True, check=False
    )
    assert done.returncode == 1
    assert f"{HOST} port {taken} cannot be served" in done.stderr
    assert "Traceback" not in done.stderr


def test_an_address_of_another_machine_is_refused_with_a_sentence(settings):
    with pytest.raises(PortTaken, match="Set CPD_HOST or CPD_PORT"):
        claim_port(replace(settings, host="192.0.2.1"))


class Server:
    """`cpd serve` with two workers, in a process group of its own."""

    def __init__(self, settings):
        self.port, self.log = free_port(), settings.instance_folder / "serve.log"
        with self.log.open("w", encoding="utf-8") as output:
            self.process = subprocess.Popen(
                cpd("serve"),
                env=environment(settings, PORT=self.port, WORKERS=2),
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        self.wait()

    def wait(self):
        """Wait until a worker answers; the others may still be starting."""
        wait_until_alive(f"http://{HOST}:{self.port}", self.process, self.log)

    def connect(self):
        return socket.create_connection((HOST, self.port), timeout=LONGEST_WAIT)

    def get(self, path):
        with urllib.request.urlopen(f"http://{HOST}:{self.port}{path}", timeout=LONGEST_WAIT) as page:
            return page.status, page.headers, page.read()

    def cookie(self):
        return self.get("/auth/sign-in")[1]["Set-Cookie"].split(";")[0]

    def workers(self):
        children = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text(encoding="ascii")
        return {int(child) for child in children.split()}

    def said(self):
        return self.log.read_text(encoding="utf-8")


def wait_until(true):
    latest = time.monotonic() + LONGEST_WAIT
    while not true():
        assert time.monotonic() < latest, "it did not come about"
        time.sleep(0.02)


def is_running(process):
    try:
        return Path(f"/proc/{process}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def empty_installation(folder):
    """The settings of one on SQLite: these tests are about no database."""
    write_site(folder / "content")
    return settings_for(f"sqlite:///{folder / 'cpd.sqlite'}", folder)


@contextmanager
def serving(folder):
    server = Server(empty_installation(folder))
    try:
        yield server
    finally:
        with suppress(ProcessLookupError):
            os.killpg(server.process.pid, signal.SIGKILL)
        server.process.wait(LONGEST_WAIT)


@pytest.fixture
def server(tmp_path):
    """A server to be stopped and killed."""
    with serving(tmp_path) as server:
        yield server


@pytest.fixture(scope="module")
def steady_server(tmp_path_factory):
    """A server that several tests ask."""
    with serving(tmp_path_factory.mktemp("steady")) as server:
        yield server


SENDING = (
    b"POST /auth/sign-in HTTP/1.1\r\nHost: 127.0.0.1\r\nExpect: 100-continue\r\n"
    b"Content-Type: text/plain\r\nContent-Length: 4\r\n\r\n"
)


@pytest.mark.parametrize("to_all", [False, True], ids=["SIGTERM", "Ctrl+C"])
def test_a_server_that_is_told_to_stop_finishes_what_it_has_in_hand(server, to_all):
    with server.connect() as learner, slow_clients(server.connect, list(sent_by(server.cookie()).values())):
        learner.sendall(SENDING + b"ha")
        assert learner.recv(100) == b"HTTP/1.1 100 Continue\r\n\r\n"
        os.killpg(server.process.pid, signal.SIGINT) if to_all else server.process.terminate()
        learner.sendall(b"lf")
        assert learner.recv(100).startswith(b"HTTP/1.1 400 ")
        assert server.process.wait(LONGEST_WAIT) == 0
    assert server.said().endswith("\nStopped.\n")
    assert "Unexpected exit" not in server.said()


@LINUX
def test_ctrl_c_is_left_to_the_first_process(steady_server):
    workers = steady_server.workers()
    wait_until(lambda: all(withstands_ctrl_c(worker) for worker in workers))
    assert steady_server.workers() == workers


def withstands_ctrl_c(process):
    """Send SIGINT, and say whether it was put aside."""
    os.kill(process, signal.SIGINT)
    waiting = re.search(r"^ShdPnd:\s*(\w+)", Path(f"/proc/{process}/status").read_text(encoding="utf-8"), re.MULTILINE)
    return bool(int(waiting[1], 16) & 1 << signal.SIGINT - 1)


@LINUX
def test_a_worker_that_dies_is_started_again_and_its_end_is_in_the_log(server):
    first = server.workers()
    os.kill(min(first), signal.SIGKILL)
    wait_until(lambda: len(server.workers()) == 2 and server.workers() != first)
    server.wait()
    lines = [json.loads(line) for line in server.said().splitlines() if line.startswith("{")]
    assert [line["message"] for line in lines if line.get("level") == "error"] == ["Unexpected exit from worker-1"]


@LINUX
def test_workers_end_when_the_first_process_has_died(server):
    workers = server.workers()
    server.process.kill()
    server.process.wait(LONGEST_WAIT)
    wait_until(lambda: not any(is_running(worker) for worker in workers))


@LINUX
def test_no_open_database_is_carried_into_a_worker(steady_server):
    opened = {file.resolve().name for file in Path(f"/proc/{steady_server.process.pid}/fd").iterdir()}
    assert "serve.log" in opened
    assert not {name for name in opened if "sqlite" in name}


@pytest.mark.parametrize("manner", ["headers", "bodies", "readers", "idle"])
def test_pages_are_answered_while_three_hundred_clients_are_slow(steady_server, manner):
    sent = sent_by(steady_server.cookie())[manner]
    with slow_clients(steady_server.connect, [sent] * 300) as clients:
        assert len(clients) == 300
        assert [steady_server.get("/pages/terms")[0] for _ in range(5)] == [200] * 5


@pytest.fixture
def limit_of_files():
    limits = resource.getrlimit(resource.RLIMIT_NOFILE)
    yield limits
    resource.setrlimit(resource.RLIMIT_NOFILE, limits)


def test_more_files_may_be_open_than_the_system_gives_but_not_than_it_lets(limit_of_files):
    _, most = limit_of_files
    resource.setrlimit(resource.RLIMIT_NOFILE, (500, most))
    allow_open_files(501)
    assert resource.getrlimit(resource.RLIMIT_NOFILE) == (501, most)
    allow_open_files(300)
    assert resource.getrlimit(resource.RLIMIT_NOFILE) == (501, most)


def test_what_a_server_loads_is_not_looked_through_again_for_garbage(tmp_path):
    asked = "import gc, cpd.wsgi; print(gc.get_freeze_count() > 10_000, gc.get_threshold()[0])"
    command = [sys.executable, "-c", asked]
    done = subprocess.run(
        command, env=environment(empty_installation(tmp_path)), capture_output=True, text=True, check=True
    )
    assert done.stdout.split() == ["True", "50000"]


def test_the_threads_of_a_worker_share_memory_where_the_system_lets_them(monkeypatch):
    asked = []
    for library in (SimpleNamespace(mallopt=lambda *values: asked.append(values)), SimpleNamespace()):
        monkeypatch.setattr(ctypes, "CDLL", lambda _, found=library: found)
        _share_memory_among_threads()
    assert asked == [(M_ARENA_MAX, ARENAS)]
