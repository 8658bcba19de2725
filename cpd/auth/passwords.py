"""Password hashes: Argon2id, so few at a time on a machine that a rush of sign-ins cannot starve the pages."""

from __future__ import annotations

import contextlib
import fcntl
import os
import secrets
import sys
import threading
import time
import unicodedata
from base64 import b64encode
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TypeVar

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from flask import Flask, current_app
from werkzeug.exceptions import ServiceUnavailable

from cpd.settings import Settings, usable_cores
from cpd.web.turns import others_first

SHORTEST, LONGEST = 15, 256  # characters
SHORTEST_BESIDE_A_FACTOR = 8
LONGEST_WAIT = 3.0  # seconds in the queue for the hash
MOST_WAITING = 8
RETRY_AFTER = 5  # seconds
LOOK_AGAIN = 0.001  # seconds
LESS_URGENT = 10  # as `nice` counts
CODE_HASHER = PasswordHasher(time_cost=1, memory_cost=2_048, parallelism=1)  # for 50 random bits; ten cost one password

Result = TypeVar("Result")


class ServerBusy(ServiceUnavailable):
    """Too many passwords are being checked at this moment."""

    description = "Many people are signing in just now. Wait a few seconds and try again."

    def __init__(self) -> None:
        super().__init__(retry_after=RETRY_AFTER)


class Turn:
    """One at a time in a process, and on a machine as many as there are `places`: files that are locked meanwhile.

    A few may wait a little, the others are turned away with ServerBusy. A place that cannot be opened is nobody's, so
    a full or read-only disk keeps nobody out.
    """

    def __init__(
        self, places: Sequence[Path] = (), *, longest_wait: float = LONGEST_WAIT, most_waiting: int = MOST_WAITING
    ) -> None:
        self._places = places
        self._longest_wait = longest_wait
        self._queue = threading.BoundedSemaphore(most_waiting + 1)
        self._turn = threading.Lock()
        self._place: int | None = None

    def __enter__(self) -> None:
        until = time.monotonic() + self._longest_wait
        if not self._queue.acquire(blocking=False):
            raise ServerBusy
        if not self._turn.acquire(timeout=self._longest_wait):
            self._queue.release()
            raise ServerBusy
        try:
            self._place = self._wait_for_a_place(until)
        except BaseException:
            self._leave()
            raise

    def __exit__(self, *_: object) -> None:
        if self._place is not None:
            os.close(self._place)
            self._place = None
        self._leave()

    def _leave(self) -> None:
        self._turn.release()
        self._queue.release()

    def _wait_for_a_place(self, until: float) -> int | None:
        """The open file of a place that is ours now, or None where none is counted. Raises ServerBusy."""
        with contextlib.suppress(OSError):
            while self._places:
                if (place := self._take_a_place()) is not None:
                    return place
                if time.monotonic() > until:
                    raise ServerBusy
                time.sleep(LOOK_AGAIN)  # flock cannot wait for one of several, nor for a limited time
        return None

    def _take_a_place(self) -> int | None:
        for file in self._places:
            place = os.open(file, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
            try:
                fcntl.flock(place, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError as fault:
                os.close(place)
                if not isinstance(fault, BlockingIOError):
                    raise
            else:
                return place
        return None


def places_in(folder: Path, cores: int) -> list[Path]:
    """One place for every two cores, and at least one: the others are left to the pages."""
    return [folder / f"hashing-{number}.lock" for number in range(max(1, cores // 2))]


def _give_way() -> None:
    """Let the pages' threads go first. Elsewhere than on Linux a thread has no priority of its own."""
    if sys.platform == "linux":
        with contextlib.suppress(OSError):
            os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), LESS_URGENT)


class Hashing:
    """Where hashes are made: one at a time, in a thread of its own.

    A thread that has given way can't take its old priority back, so it is none that answers requests. Where owners are
    waiting none gives way: beside strangers who keep all cores busy a hash would take a second.
    """

    def __init__(self, places: Sequence[Path], *, gives_way: bool) -> None:
        self._worker = ThreadPoolExecutor(1, "hashing", _give_way if gives_way else None)
        self._turn = Turn(places)

    def run(self, work: Callable[..., Result], *arguments: str) -> Result:
        """What the work gives. Raises ServerBusy, and what the work raises."""
        with others_first(), self._turn:
            return self._worker.submit(work, *arguments).result()


class Passwords:
    """Makes and checks hashes with the cost that the settings ask for."""

    def __init__(self, settings: Settings) -> None:
        self._hasher = PasswordHasher(time_cost=settings.hash_time, memory_cost=settings.hash_memory, parallelism=1)
        self._nobody = _hash_of_nobody(settings)
        folder = settings.instance_folder
        self._for_all = Hashing(places_in(folder, usable_cores()), gives_way=True)
        self._for_owners = Hashing([folder / "hashing-owners.lock"], gives_way=False)

    def hash(self, password: str) -> str:
        """The hash to keep. Raises ServerBusy."""
        return self._for_all.run(self._hasher.hash, normal(password))

    def fits(self, password: str, kept: str | None, *, own_browser: bool = False) -> bool:
        """Whether a password belongs to a kept hash; without one it takes the same time. Raises ServerBusy.

        own_browser: one that the account has signed in with before does not queue behind strangers.
        """
        hashing = self._for_owners if own_browser else self._for_all
        try:
            return hashing.run(self._hasher.verify, kept or self._nobody, normal(password))
        except (VerificationError, InvalidHashError):
            return False

    def hash_codes(self, codes: Sequence[str]) -> list[str]:
        """The hashes of recovery codes, as cheap as their many random bits allow. Raises ServerBusy."""
        return self._for_all.run(_hashes_of, *codes)

    def which_fits(self, typed: str, kept: Sequence[str], *, own_browser: bool = False) -> int | None:
        """Which of some hashes something belongs to; all are checked, whichever it is. Raises ServerBusy.

        own_browser: as for `fits`.
        """
        hashing = self._for_owners if own_browser else self._for_all
        fitting = hashing.run(_which_fit, typed, *kept)
        return fitting[0] if fitting else None

    def is_outdated(self, kept: str) -> bool:
        """Whether a hash was made with another cost than today's."""
        return self._hasher.check_needs_rehash(kept)


def _hashes_of(*codes: str) -> list[str]:
    return [CODE_HASHER.hash(code) for code in codes]


def _which_fit(typed: str, *kept: str) -> list[int]:
    return [place for place, each in enumerate(kept) if _fits(typed, each)]


def _fits(typed: str, kept: str) -> bool:
    try:
        return CODE_HASHER.verify(kept, typed)
    except VerificationError:
        return False


def configure(app: Flask) -> None:
    app.extensions["passwords"] = Passwords(app.config["SETTINGS"])


def of_this_app() -> Passwords:
    passwords: Passwords = current_app.extensions["passwords"]
    return passwords


def normal(password: str) -> str:
    """NFKC, so that a password fits however a keyboard composes its accents."""
    return unicodedata.normalize("NFKC", password)


def _hash_of_nobody(settings: Settings) -> str:
    """A well-formed hash that no password has: checking against it costs what a real one costs."""
    salt, digest = (b64encode(secrets.token_bytes(length)).decode().rstrip("=") for length in (16, 32))
    return f"$argon2id$v=19$m={settings.hash_memory},t={settings.hash_time},p=1${salt}${digest}"
