"""Load by wrk, which must be on PATH."""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from bench.servers import pinned

SCRIPT = Path(__file__).with_suffix(".lua")
HOW_TO_GET = "wrk is not on PATH, so nothing was measured over HTTP. On Debian and Ubuntu: sudo apt-get install wrk"


@dataclass(frozen=True)
class Load:
    """What wrk saw."""

    requests: int
    seconds: float
    size: int  # bytes read
    bad: int  # failed, or answered with another status than was wanted
    p99: float  # seconds
    slowest: float

    @property
    def rate(self) -> float:
        return self.requests / self.seconds


def is_there() -> bool:
    return shutil.which("wrk") is not None


def load(
    address: str,
    *,
    seconds: float,
    connections: int,
    on: Iterable[int],
    cookies: str = "",
    told: Sequence[object] = (),
) -> Load:
    """Ask for an address as fast as it answers, or do as wrk.lua is `told`."""
    command = ["wrk", "-t1", f"-c{connections}", f"-d{seconds:g}s", "--timeout", "10s", "-s", str(SCRIPT)]
    if cookies:
        command += ["-H", f"Cookie: {cookies}"]
    command += [address, "--", *map(str, told)]
    with pinned(on):
        done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode or "RESULT" not in done.stdout:
        raise RuntimeError(f"wrk failed: {done.stderr or done.stdout}")
    return read_result(done.stdout)


def read_result(said: str) -> Load:
    """The line that wrk.lua writes; it counts in microseconds."""
    found = re.search(r"RESULT (\d+) (\d+) (\d+) (-?\d+) (\d+) (\d+)", said)
    assert found, said
    requests, duration, size, bad, p99, slowest = map(int, found.groups())
    return Load(requests, duration / 1e6, size, bad, p99 / 1e6, slowest / 1e6)
