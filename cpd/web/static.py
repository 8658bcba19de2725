"""Static files: an address that changes with the content may be kept for a year."""

from __future__ import annotations

import hashlib
from functools import cache

from flask import Flask, request

from cpd import paths

YEAR, HOUR = 31_536_000, 3_600  # seconds


@cache
def fingerprint(name: str) -> str:
    file = paths.STATIC / name
    return hashlib.sha256(file.read_bytes()).hexdigest()[:12] if file.is_file() else "missing"


@cache
def static_url(name: str) -> str:
    """The address of a static file, which changes whenever the file does."""
    return f"/static/{name}?v={fingerprint(name)}"


def configure(app: Flask) -> None:
    """Let browsers keep fingerprinted files for a year, others for an hour."""

    def longest_age(_: str | None) -> int:
        return YEAR if "v" in request.args else HOUR

    app.get_send_file_max_age = longest_age  # type: ignore[assignment, method-assign]  # Flask's hook for this
