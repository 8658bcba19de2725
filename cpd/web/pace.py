"""How often a network address may ask for what costs much: counted in the memory of each process.

Nothing can be guessed there, so a count that begins anew with the process, and that each process keeps for itself, is
good enough: it bounds the work that one address can cause. It costs a microsecond, where a count in the database would
cost a write for each letter that somebody types.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from functools import wraps

from flask import current_app, request
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import TooManyRequests

from cpd.web import clock
from cpd.web.networks import is_this_machine, network_of

MOST_KEPT = 20_000  # addresses

View = Callable[[], ResponseReturnValue]


class TooFast(TooManyRequests):
    """An address asks too often. `wait`: seconds until it may ask again."""

    def __init__(self, wait: int) -> None:
        super().__init__("Your network asks very often. Wait a minute, then try again.", None, wait)


class Pace:
    """Counts how often each of many asks in a minute."""

    def __init__(self, a_minute: int) -> None:
        self._a_minute = a_minute
        self._counts: dict[str, tuple[float, int]] = {}
        self._lock = threading.Lock()

    def wait_of(self, whom: str, *, now: float) -> int:
        """Count one more, and give the seconds to wait: 0 for those who may have it. now: seconds since 1970."""
        with self._lock:
            since, count = self._counts.get(whom, (now, 0))
            if not 0 <= now - since < 60:
                since, count = now, 0
            if count >= self._a_minute:
                return max(1, round(since + 60 - now))
            if len(self._counts) >= MOST_KEPT:
                self._forget(now)
            self._counts[whom] = since, count + 1
        return 0

    def _forget(self, now: float) -> None:
        """Forget those whose minute is over; if too many are left, all: who floods must not fill the memory."""
        self._counts = {whom: kept for whom, kept in self._counts.items() if 0 <= now - kept[0] < 60}
        if len(self._counts) >= MOST_KEPT:
            self._counts = {}


def paced(a_minute: int) -> Callable[[View], View]:
    """Let each network address have so many answers a minute of each process. Raises TooFast (429)."""

    def pace(view: View) -> View:
        name = f"pace of {view.__module__}.{view.__name__}"

        @wraps(view)
        def paced_view() -> ResponseReturnValue:
            address = request.remote_addr
            if not is_this_machine(address):
                kept: Pace = current_app.extensions.setdefault(name, Pace(a_minute))
                wait = kept.wait_of(network_of(address), now=clock.now().timestamp())
                if wait:
                    raise TooFast(wait)
            return view()

        return paced_view

    return pace
