"""What tests of administration need."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask

from cpd.auth.models import Role
from tests.admin.asking import Asker, add_account
from tests.hostile.conftest import GIF


@pytest.fixture
def site(app: Flask, write_module: Any, write_monograph: Any, republish: Any) -> Flask:
    """A module with a picture and a monograph, each called sepsis, and two more monographs."""
    for slug in ("sepsis", "fever", "rash"):
        write_monograph(slug)
    file = write_module("sepsis", body="## Why\n\nText.\n\n![A dot](dot.gif)\n")
    (file.parent / "dot.gif").write_bytes(GIF)
    republish()
    return app


@pytest.fixture
def make(app: Flask) -> Callable[..., Asker]:
    """Adds an account and gives somebody who asks with it."""

    def make(name: str, role: Role = Role.LEARNER, **proved: Any) -> Asker:
        return Asker(app, add_account(app, name, role), role, **proved)

    return make


@pytest.fixture
def administrator(make: Callable[..., Asker]) -> Asker:
    return make("agnes", Role.ADMINISTRATOR)
