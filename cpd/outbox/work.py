"""What an application can do of that which waits in its outbox, and what it does about once an hour."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from flask import Flask, current_app

from cpd.outbox.mail import Mail


class Handler(Protocol):
    """Does what a row of one kind asks for, and gives back the mails to be delivered.

    It runs in the context of the application, without a request. It changes the database through services and never
    commits: the worker does, before it delivers the mails. If that fails the handler is called again with the same
    payload later, so doing it twice must do no harm. What it raises is a reason to try again.
    """

    def __call__(self, payload: dict[str, Any], *, now: datetime) -> list[Mail]: ...


Upkeep = Callable[..., None]  # called with now=; the worker commits after each


@dataclass(frozen=True)
class Work:
    """The handlers by kind, and what is to be done about once an hour."""

    handlers: Mapping[str, Handler]
    upkeep: Sequence[Upkeep]


def configure(app: Flask, handlers: Mapping[str, Handler], upkeep: Sequence[Upkeep]) -> None:
    app.extensions["outbox"] = Work(handlers, upkeep)


def of_this_app() -> Work:
    work: Work = current_app.extensions["outbox"]
    return work
