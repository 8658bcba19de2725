"""What features keep of a learner: each brings how it is gathered for a download, and how it is forgotten."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from flask import Flask, current_app
from sqlalchemy import Select, delete
from sqlalchemy.orm import InstrumentedAttribute

from cpd.db import db, stream

Facts = Mapping[str, Any]  # in the owner's words: name of a fact → text, number, date, or more of these


@dataclass(frozen=True)
class Owned:
    """One kind of thing that is kept of a learner, and the table that it stands in.

    name: its key in the JSON of a download; title: its heading for people. `gather` is given an account's id and gives
    what is kept, in order and without secrets. `forget` deletes all of it and never commits; doing it twice does no
    harm.
    """

    table: str
    name: str
    title: str
    gather: Callable[[int], Iterator[Facts]]
    forget: Callable[[int], None]


def configure(app: Flask, owned: Sequence[Owned]) -> None:
    """Let a download hold these, in their order. What refers to another one stands after it."""
    app.extensions["owned"] = tuple(owned)


def all_owned() -> tuple[Owned, ...]:
    """All that this site keeps of learners, in the order of a download."""
    kept: tuple[Owned, ...] = current_app.extensions["owned"]
    return kept


def facts(statement: Select[*tuple[Any, ...]]) -> Iterator[Facts]:
    """The rows of a select as facts, named like its columns, however many there are."""
    return (dict(row._mapping) for row in stream(statement))


def forgetting(owner: InstrumentedAttribute[Any]) -> Callable[[int], None]:
    """Deletes the rows of a table of which this column names the account."""

    def forget(account_id: int) -> None:
        db.session.execute(delete(owner.class_).where(owner == account_id))

    return forget
