"""What tests of second factors need: people who have them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
import time_machine
from flask import Flask
from sqlalchemy import insert, update

from cpd.db import Base, db
from tests.auth.factors.people import Person

START = datetime(2026, 11, 26, 9, 0, 5, tzinfo=UTC)  # five seconds into a step


@pytest.fixture
def clock():
    """A clock that stands still until it is moved."""
    with time_machine.travel(START, tick=False) as stopped:
        yield stopped


@pytest.fixture
def new_person(app: Flask, request: pytest.FixtureRequest) -> Callable[..., Person]:
    request.getfixturevalue("documents")

    def make(**keywords: Any) -> Person:
        return Person(app, **keywords)

    return make


@pytest.fixture
def ann(new_person: Callable[..., Person], clock: time_machine.Traveller) -> Person:
    """Registered and signed in, without a second factor."""
    ann = new_person()
    ann.register()
    clock.shift(30)
    return ann


@pytest.fixture
def with_app(ann: Person, clock: time_machine.Traveller) -> Person:
    """Has an authenticator app, and signed out of a browser that is unknown now."""
    ann.add_app()
    ann.leave()
    clock.shift(60)
    return ann


@pytest.fixture
def with_passkey(ann: Person, clock: time_machine.Traveller) -> Person:
    """Has a passkey, and signed out of a browser that is unknown now."""
    ann.add_passkey()
    ann.leave()
    clock.shift(60)
    return ann


@pytest.fixture
def change(app: Flask) -> Callable[..., None]:
    """Changes all rows of a table."""

    def change(table: str, **values: Any) -> None:
        with app.app_context():
            db.session.execute(update(Base.metadata.tables[table]).values(**values))
            db.session.commit()

    return change


@pytest.fixture
def add_row(app: Flask) -> Callable[..., None]:
    def add(table: str, **values: Any) -> None:
        with app.app_context():
            db.session.execute(insert(Base.metadata.tables[table]).values(**values))
            db.session.commit()

    return add
