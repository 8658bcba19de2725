"""Comparing two callables on a machine that others use too: blocks in turns, and the median of the paired ratios.

And the memory that a process has by itself.
"""

from __future__ import annotations

import re
import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

Call = Callable[[], object]

ROUNDS = 25
REPEATS = 3
MOST_OFF = 0.02  # by which a control run may miss 1
BLOCK = 0.02  # seconds a block of calls should take
FEWEST, MOST = 10, 100  # calls in a block


@dataclass(frozen=True)
class Paired:
    """What rounds of two blocks gave: seconds per call of each side, round by round."""

    ours: Sequence[float]
    bare: Sequence[float]

    @property
    def ratios(self) -> list[float]:
        return [mine / other for mine, other in zip(self.ours, self.bare, strict=True)]

    @property
    def ratio(self) -> float:
        return statistics.median(self.ratios)

    @property
    def quartiles(self) -> tuple[float, float]:
        low, _, high = statistics.quantiles(self.ratios, n=4)
        return low, high

    @property
    def our_seconds(self) -> float:
        return statistics.median(self.ours)

    @property
    def bare_seconds(self) -> float:
        return statistics.median(self.bare)


def is_quiet(control: float, most_off: float = MOST_OFF) -> bool:
    """Whether a control run, which compares a thing with itself, came close enough to 1."""
    return abs(control - 1) <= most_off


def middle(runs: Sequence[Paired]) -> Paired:
    """The run whose ratio stands in the middle."""
    return sorted(runs, key=lambda run: run.ratio)[len(runs) // 2]


def percentile(values: Sequence[float], per_cent: float) -> float:
    """The smallest of the values that so many per cent do not exceed."""
    ordered = sorted(values)
    place = -(-len(ordered) * per_cent // 100)  # rounded up
    return ordered[max(int(place), 1) - 1]


def compare(ours: Call, bare: Call, *, rounds: int = ROUNDS, repeats: int = REPEATS) -> Paired:
    """CPU time of two callables in alternating blocks, A B then B A; the middle one of the repeats."""
    sizes = calls_in_a_block(ours), calls_in_a_block(bare)
    return middle([_rounds(ours, bare, sizes, rounds) for _ in range(repeats)])


def _rounds(ours: Call, bare: Call, sizes: tuple[int, int], rounds: int) -> Paired:
    mine, other = [], []
    for number in range(rounds):
        if number % 2:
            other.append(block(bare, sizes[1]))
            mine.append(block(ours, sizes[0]))
        else:
            mine.append(block(ours, sizes[0]))
            other.append(block(bare, sizes[1]))
    return Paired(mine, other)


def calls_in_a_block(call: Call) -> int:
    """So many that a block takes BLOCK seconds, within the limits. Warms up on the way."""
    block(call, FEWEST)
    return min(max(int(BLOCK / block(call, FEWEST)), FEWEST), MOST)


def block(call: Call, times: int) -> float:
    """Seconds of CPU that one call takes in this thread."""
    start = time.thread_time()
    for _ in range(times):
        call()
    return (time.thread_time() - start) / times


def latencies(first: Sequence[Call], second: Sequence[Call]) -> tuple[list[float], list[float]]:
    """Seconds by the clock of each call of two lists of the same length, in turns."""
    took: tuple[list[float], list[float]] = ([], [])
    for number, pair in enumerate(zip(first, second, strict=True)):
        for side in (0, 1) if number % 2 else (1, 0):
            start = time.perf_counter()
            pair[side]()
            took[side].append(time.perf_counter() - start)
    return took


def memory(name: str) -> int:
    """What the kernel says of this process's memory, in bytes: VmHWM is the most that it has held, on Linux.

    Not ru_maxrss for that: a program takes it over from the one that started it.
    """
    status = Path("/proc/self/status").read_text(encoding="ascii", errors="replace")
    [kilobytes] = re.findall(rf"^{name}:\s+(\d+) kB$", status, re.MULTILINE)
    return int(kilobytes) * 1024
