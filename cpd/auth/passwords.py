"""Password hashes: Argon2id, one at a time in each process, so that a rush of sign-ins cannot starve the pages."""

from __future__ import annotations

import secrets
import threading
import unicodedata
from base64 import b64encode

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from flask import Flask, current_app
from werkzeug.exceptions import ServiceUnavailable

from cpd.settings import Settings

SHORTEST, LONGEST = 15, 256  # characters
LONGEST_WAIT = 3.0  # seconds in the queue for the hash
MOST_WAITING = 8
RETRY_AFTER = 5  # seconds


class ServerBusy(ServiceUnavailable):
    """Too many passwords are being checked at this moment."""

    description = "Many people are signing in just now. Wait a few seconds and try again."

    def __init__(self) -> None:
        super().__init__(retry_after=RETRY_AFTER)


class Turn:
    """One at a time; a few may wait a little, the others are turned away with ServerBusy."""

    def __init__(self, *, longest_wait: float = LONGEST_WAIT, most_waiting: int = MOST_WAITING) -> None:
        self._longest_wait = longest_wait
        self._places = threading.BoundedSemaphore(most_waiting + 1)
        self._turn = threading.Lock()

    def __enter__(self) -> None:
        if not self._places.acquire(blocking=False):
            raise ServerBusy
        if not self._turn.acquire(timeout=self._longest_wait):
            self._places.release()
            raise ServerBusy

    def __exit__(self, *_: object) -> None:
        self._turn.release()
        self._places.release()


class Passwords:
    """Makes and checks hashes with the cost that the settings ask for."""

    def __init__(self, settings: Settings) -> None:
        self._hasher = PasswordHasher(time_cost=settings.hash_time, memory_cost=settings.hash_memory, parallelism=1)
        self._nobody = _hash_of_nobody(settings)
        self._turn = Turn()

    def hash(self, password: str) -> str:
        """The hash to keep. Raises ServerBusy."""
        with self._turn:
            return self._hasher.hash(normal(password))

    def fits(self, password: str, kept: str | None) -> bool:
        """Whether a password belongs to a kept hash; without one it takes the same time. Raises ServerBusy."""
        with self._turn:
            try:
                return self._hasher.verify(kept or self._nobody, normal(password))
            except (VerificationError, InvalidHashError):
                return False

    def is_outdated(self, kept: str) -> bool:
        """Whether a hash was made with another cost than today's."""
        return self._hasher.check_needs_rehash(kept)


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
