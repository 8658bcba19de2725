"""`cpd serve` as operators run it, to be killed, limited, and deprived of its rights."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Self

from cpd.settings import Settings
from tests.browser.serving import HOST, cpd, environment, free_port, wait_until_alive

LONGEST_WAIT = 60  # seconds
# Root without these has to keep to the rights of files, as everybody has.
OBEDIENT = ["setpriv", "--bounding-set=-dac_override,-dac_read_search", "--inh-caps=-dac_override,-dac_read_search"]


class Served:
    """`cpd serve` on one port, started and ended as often as wanted. As a context it is up, and ended at the end."""

    def __init__(self, settings: Settings, *, obedient: bool = False) -> None:
        self.settings, self.port = settings, free_port()
        self.before = OBEDIENT if obedient and os.geteuid() == 0 else []
        self.log = settings.instance_folder / "serve.log"
        self.process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.kill()

    def start(self) -> None:
        with self.log.open("a", encoding="utf-8") as output:
            self.process = subprocess.Popen(
                [*self.before, *cpd("serve")],
                env=environment(self.settings, PORT=self.port),
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        wait_until_alive(f"http://{HOST}:{self.port}", self.process, self.log)

    def kill(self) -> None:
        """kill -9 for the server and all its workers."""
        assert self.process is not None
        with suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait(LONGEST_WAIT)
        wait_until(self._is_gone)

    def _is_gone(self) -> bool:
        """Whether nobody listens any more: a killed worker takes a moment to end."""
        with socket.socket() as probe:
            return probe.connect_ex((HOST, self.port)) != 0

    def workers(self) -> list[int]:
        """The processes that answer."""
        assert self.process is not None
        return children_of(self.process.pid)

    def renew_worker(self) -> None:
        """Kill the worker, so that another one opens the database anew, and wait for that one."""
        before = self.workers()
        for worker in before:
            os.kill(worker, signal.SIGKILL)
        wait_until(lambda: bool(self.workers()) and not set(before) & set(self.workers()))
        assert self.process is not None
        wait_until_alive(f"http://{HOST}:{self.port}", self.process, self.log)


def children_of(process: int) -> list[int]:
    """The children of a process that have not ended, and are no helpers of multiprocessing."""
    listed = subprocess.run(
        ["ps", "-o", "pid=,stat=,args=", "--ppid", str(process)], capture_output=True, text=True, check=False
    )
    rows = (line.split(None, 2) for line in listed.stdout.splitlines())
    return [int(pid) for pid, stat, command in rows if not stat.startswith("Z") and "resource_tracker" not in command]


def wait_until(true: Callable[[], bool]) -> None:
    """Wait for a condition. Raises AssertionError if it does not come."""
    latest = time.monotonic() + LONGEST_WAIT
    while not true():
        assert time.monotonic() < latest, "it did not come to pass"
        time.sleep(0.02)
