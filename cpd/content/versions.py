"""Versions of parts of this package: what they made or found before holds as long as they are the same."""

from __future__ import annotations

import hashlib
import importlib.metadata
from collections.abc import Iterable
from pathlib import Path

_PACKAGE = Path(__file__).parents[1]


def version_of(files: Iterable[str], packages: Iterable[str] = ()) -> str:
    """A short name for what these files of cpd and these packages do."""
    digest = hashlib.sha256()
    for name in files:
        digest.update((_PACKAGE / name).read_bytes())
    for package in packages:
        digest.update(importlib.metadata.version(package).encode())
    return digest.hexdigest()[:12]
