"""What tests of the outbox need: handlers of their own, and things that wait."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from cpd.db import Base, db
from cpd.outbox.mail import Mail
from cpd.outbox.services import ask_for
from cpd.outbox.work import Work
from cpd.web import clock


class Collecting:
    """A delivery that keeps what it is given. `faults`: what to raise instead, one for each of the next mails."""

    def __init__(self) -> None:
        self.sent: list[str] = []
        self.faults: list[Exception | None] = []
        self.closed = 0

    def deliver(self, mail: Mail, *, name: str, now: object) -> None:  # noqa: ARG002
        fault = self.faults.pop(0) if self.faults else None
        if fault:
            raise fault
        self.sent.append(mail.subject)

    def close(self) -> None:
        self.closed += 1


@pytest.fixture
def delivery() -> Collecting:
    return Collecting()


@pytest.fixture
def handle(app: Flask) -> Callable[..., None]:
    """Lets the worker know these kinds and no others."""

    def handle(*upkeep: Callable[..., None], **handlers: Callable[..., list[Mail]]) -> None:
        app.extensions["outbox"] = Work(handlers, upkeep)

    handle(note=one_mail)
    return handle


def one_mail(payload: dict[str, Any], *, now: object) -> list[Mail]:  # noqa: ARG001
    """A mail with the subject that was asked for."""
    subject = payload.get("subject", "A note")
    return [Mail(to="ann@example.org", subject=subject, text="Text.\n", html="<p>Text.</p>")]


@pytest.fixture
def ask(app: Flask) -> Callable[..., None]:
    """Puts things into the outbox."""

    def ask(*subjects: str, kind: str = "note", **given: Any) -> None:
        with app.app_context():
            for subject in subjects:
                ask_for(kind, {"subject": subject}, now=clock.now(), **given)
            db.session.commit()

    return ask


@pytest.fixture
def waiting(app: Flask) -> Callable[[], list[dict[str, Any]]]:
    """The rows of the outbox as they stand committed."""

    def read() -> list[dict[str, Any]]:
        table = Base.metadata.tables["outbox"]
        with app.app_context():
            return [dict(row._mapping) for row in db.session.execute(select(table).order_by(table.c.id))]

    return read
