"""What tests of modules need."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select
from werkzeug.test import TestResponse

from cpd.db import Base, db
from tests.pages import hidden_in, token_in


class Sheet:
    """An assessment that somebody has opened, ready to be submitted."""

    def __init__(self, client: FlaskClient, slug: str) -> None:
        self.client, self.url = client, f"/modules/{slug}/assessment"
        self.page = client.get(self.url).text
        self.fields = {"csrf_token": token_in(self.page), "attempt": hidden_in(self.page, "attempt")}

    def submit(self, **answers: Any) -> TestResponse:
        return self.client.post(self.url, data=self.fields | answers)


@pytest.fixture
def sit(client: FlaskClient) -> Callable[[str], Sheet]:
    """Opens the assessment of a module."""
    return lambda slug: Sheet(client, slug)


@pytest.fixture
def rows_of(app: Flask) -> Callable[[type[Base]], Sequence[Any]]:
    """The rows of a table as they stand committed."""

    def read(model: type[Base]) -> Sequence[Any]:
        with app.app_context():
            return db.session.execute(select(model).order_by(model.__table__.c.id)).scalars().all()

    return read


@pytest.fixture
def professional(client: FlaskClient) -> FlaskClient:
    """A visitor who has confirmed the notice."""
    client.set_cookie("cpd_professional", "1")
    return client


@pytest.fixture
def new_client(app: Flask) -> Callable[[], FlaskClient]:
    return app.test_client


def in_london(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo("Europe/London"))
