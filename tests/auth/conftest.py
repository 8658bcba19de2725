"""What tests of accounts need."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import func, insert, select

from cpd.db import Base, db
from cpd.settings import Settings
from cpd.web import cookies
from tests.auth.browser import Browser


@pytest.fixture
def documents(app: Flask) -> None:
    """The pages that a learner consents to, as if published."""
    with app.app_context():
        for slug in ("terms", "privacy"):
            page = {"slug": slug, "title": slug.title(), "status": "published", "version": "2026-11-23"}
            db.session.execute(insert(Base.metadata.tables["page"]).values(**page))
        db.session.commit()


@pytest.fixture
def new_browser(app: Flask, request: pytest.FixtureRequest) -> Callable[..., Browser]:
    request.getfixturevalue("documents")

    def make(**keywords: Any) -> Browser:
        return Browser(app, **keywords)

    return make


@pytest.fixture
def browser(new_browser: Callable[..., Browser]) -> Browser:
    return new_browser()


@pytest.fixture
def rows_of(app: Flask) -> Callable[..., list[dict[str, Any]]]:
    """The rows of a table as they stand committed."""

    def read(table: str) -> list[dict[str, Any]]:
        with app.app_context():
            chosen = Base.metadata.tables[table]
            return [dict(row._mapping) for row in db.session.execute(select(chosen).order_by(chosen.c.id))]

    return read


@pytest.fixture
def count_of(app: Flask) -> Callable[[str], int]:
    def count(table: str) -> int:
        with app.app_context():
            return db.session.scalar(select(func.count()).select_from(Base.metadata.tables[table])) or 0

    return count


@pytest.fixture
def mailing(settings: Settings) -> Settings:
    """The settings of an installation whose mail goes out. A module takes them by a fixture `settings` of its own."""
    return replace(
        settings,
        mail_server="smtp://mail.example.org",
        mail_from="cpd@example.org",
        site_url="https://learn.example.org",
    )


@pytest.fixture
def written(
    rows_of: Callable[..., list[dict[str, Any]]], request: pytest.FixtureRequest
) -> Callable[[], tuple[list[Any], list[Any]]]:
    """The lines of the audit trail and the mails since Ann has registered."""
    request.getfixturevalue("ann")
    events, mails = len(rows_of("event")), len(rows_of("outbox"))

    def written() -> tuple[list[Any], list[Any]]:
        lines = [(row["account_id"], row["at"], row["kind"], row["detail"]) for row in rows_of("event")[events:]]
        return lines, [row["payload"] for row in rows_of("outbox")[mails:]]

    return written


@pytest.fixture
def asked() -> Iterator[None]:
    """A request to an application with nothing but what forms need."""
    app = Flask("tried")
    app.secret_key = "for this test"
    cookies.configure(app, https=False)
    with app.test_request_context("/"):
        yield
