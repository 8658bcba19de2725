"""What every command does in a terminal: it reads the settings, says faults in words, and shows how far it is."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any

import click

from cpd.settings import Settings, WrongSetting


def read_settings() -> Settings:
    """The settings of the environment; a wrong one ends the command with its sentence."""
    try:
        return Settings.from_environment()
    except WrongSetting as wrong:
        raise click.ClickException(str(wrong)) from None


@contextmanager
def faults_in_words() -> Iterator[None]:
    """Say in a sentence that the database or the disk cannot be used. Whatever was not live yet stays so."""
    from sqlalchemy.exc import DBAPIError

    try:
        yield
    except DBAPIError as fault:
        reason = " ".join(str(fault.orig).split())
        raise click.ClickException(f"the database cannot be used: {reason}. Nothing was changed online.") from None
    except OSError as fault:
        where = fault.filename or "the disk"
        raise click.ClickException(f"{where} cannot be used: {fault.strerror}. Nothing was changed online.") from None


def with_progress(items: Iterable[Any], count: int, label: str = "Publishing") -> Iterable[Any]:
    """The items, with a bar in a terminal when there are many."""
    if count < 20 or not sys.stderr.isatty():
        yield from items
        return
    with click.progressbar(items, length=count, label=label, file=sys.stderr) as bar:
        yield from bar
