"""Servers in processes of their own: `cpd serve` as operators run it, and bare Flask under the same settings."""

from __future__ import annotations

import http.client
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from bench.sites import SECRET_KEY, Site
from cpd import paths

HOST = "127.0.0.1"
LONGEST_START = 60.0  # seconds
TICKS = os.sysconf("SC_CLK_TCK")


class ServerFault(Exception):
    """A server did not start; its text has what it said."""


@dataclass(frozen=True)
class Server:
    """A running server."""

    process: subprocess.Popen[bytes]
    port: int
    started_in: float  # seconds until the first answer

    def address(self, path: str) -> str:
        return f"http://{HOST}:{self.port}{path}"

    @property
    def processes(self) -> list[int]:
        """Its own process and all that it started."""
        found = [self.process.pid]
        for pid in found:
            for task in Path(f"/proc/{pid}/task").glob("*/children"):
                found += map(int, task.read_text().split())
        return found

    @property
    def cpu(self) -> float:
        """Seconds of CPU of all processes and threads so far."""
        return sum(_cpu_of(pid) for pid in self.processes)

    def get(self, path: str, cookies: str = "") -> tuple[int, bytes]:
        """The status and body of one request."""
        connection = http.client.HTTPConnection(HOST, self.port, timeout=30)
        try:
            connection.request("GET", path, headers={"Cookie": cookies} if cookies else {})
            answer = connection.getresponse()
            return answer.status, answer.read()
        finally:
            connection.close()


def _cpu_of(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICKS


def cores() -> list[int]:
    return sorted(os.sched_getaffinity(0))


@contextmanager
def pinned(chosen: Iterable[int]) -> Iterator[None]:
    """Keep this thread, and what it starts meanwhile, on some cores."""
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, chosen)
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


@contextmanager
def cpd_server(site: Site, *, on: Iterable[int], awaits: str = "/healthz", **settings: object) -> Iterator[Server]:
    """`cpd serve` for a site, on some cores, with other settings by name."""
    variables = environment(site, **settings)
    with _running(["-m", "cpd.cli", "serve"], site.folder / "serve.log", on, variables, awaits) as server:
        yield server


@contextmanager
def bare_server(bodies: Path, *, on: Iterable[int], **settings: object) -> Iterator[Server]:
    """Bare Flask with a view for each file of a folder, served by the product's own code for serving."""
    variables = _with_settings(instance_folder=bodies, **settings)
    with _running(["-m", "bench.bare"], bodies.parent / "bare.log", on, variables, "/healthz") as server:
        yield server


def environment(site: Site, **settings: object) -> dict[str, str]:
    """The variables that give a command a site, and nothing of what is set on this machine."""
    return _with_settings(
        instance_folder=site.folder, content_folder=site.folder / "content", secret_key=SECRET_KEY, **settings
    )


def _with_settings(**settings: object) -> dict[str, str]:
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("CPD_")}
    return inherited | {f"CPD_{name.upper()}": str(value) for name, value in settings.items()}


@contextmanager
def _running(
    words: list[str], log: Path, on: Iterable[int], variables: Mapping[str, str], awaits: str
) -> Iterator[Server]:
    port = free_port()
    with log.open("wb") as output, pinned(on):
        start = time.monotonic()
        process = subprocess.Popen(
            [sys.executable, *words],
            cwd=paths.CHECKOUT,
            env={**variables, "CPD_PORT": str(port)},
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    try:
        _await_answer(process, port, awaits, log)
        yield Server(process, port, time.monotonic() - start)
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(timeout=LONGEST_START)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def _await_answer(process: subprocess.Popen[bytes], port: int, path: str, log: Path) -> None:
    latest = time.monotonic() + LONGEST_START
    while process.poll() is None and time.monotonic() < latest:
        connection = http.client.HTTPConnection(HOST, port, timeout=30)
        try:
            connection.request("GET", path)
            if connection.getresponse().status == http.client.OK:
                return
        except OSError:
            time.sleep(0.01)
        finally:
            connection.close()
    raise ServerFault(f"A server did not start:\n{log.read_text(encoding='utf-8', errors='replace')[-2000:]}")


def free_port() -> int:
    with socket.socket() as taken:
        taken.bind((HOST, 0))
        port: int = taken.getsockname()[1]
        return port
