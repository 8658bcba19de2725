"""How pages grow with the database: a small and a large one in one process, asked the same things in turns."""

from __future__ import annotations

import dataclasses
import random
import statistics
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import timedelta

from flask import Flask
from sqlalchemy import select, text

from bench import bulk, inprocess, measuring, sites
from bench.figures import Bar, Figure, Table, at_most
from cpd.db import LARGEST_ID, read_first

CALLS = 3_000
WARM_UP = 300
MOST_GROWTH = at_most(1.1)
MOST_OFF = 0.02
ALIKE = 90  # modules and monographs that both databases are asked for: few enough to stay in memory


@dataclass(frozen=True)
class Question:
    """Something to ask of a database: `addresses` gives (path, cookies) for each call, drawn by the same seed."""

    name: str
    addresses: Callable[[Asked, random.Random], list[tuple[str, str]]]
    barred: bool = True


@dataclass(frozen=True)
class Asked:
    """One of the two databases."""

    app: Flask
    site: sites.Site
    calls: int

    def writer(self, drawn: random.Random) -> int:
        """A learner who has entries."""
        return 1 + int(drawn.random() * self.site.writers)

    def anybody(self, drawn: random.Random) -> str:
        """The cookies of any account."""
        return sites.cookie(1 + int(drawn.random() * self.site.size.accounts))


def _catalogue(asked: Asked, drawn: random.Random) -> list[tuple[str, str]]:
    return [("/modules/", asked.anybody(drawn)) for _ in range(asked.calls)]


def _catalogue_further_on(asked: Asked, drawn: random.Random) -> list[tuple[str, str]]:
    """From places that hardly any two calls share, so that neither database has the page in memory."""
    addresses = []
    for _ in range(asked.calls):
        day = bulk.NEWEST - timedelta(days=drawn.randrange(bulk.DAYS_OF_REVIEWS // 2))
        addresses.append((f"/modules/?after={day}_{drawn.randint(1, LARGEST_ID)}", asked.anybody(drawn)))
    return addresses


def _module(asked: Asked, drawn: random.Random) -> list[tuple[str, str]]:
    return [
        (f"/modules/{bulk.module_slug(1 + int(drawn.random() * ALIKE))}", asked.anybody(drawn))
        for _ in range(asked.calls)
    ]


def _any_module(asked: Asked, drawn: random.Random) -> list[tuple[str, str]]:
    return [
        (f"/modules/{bulk.module_slug(1 + int(drawn.random() * asked.site.size.modules))}", asked.anybody(drawn))
        for _ in range(asked.calls)
    ]


def _module_with_progress(asked: Asked, drawn: random.Random) -> list[tuple[str, str]]:
    """For learners who have attempted many modules, be it this one or not."""
    return [
        (f"/modules/{bulk.module_slug(1 + int(drawn.random() * ALIKE))}", sites.cookie(asked.writer(drawn)))
        for _ in range(asked.calls)
    ]


def _record(asked: Asked, drawn: random.Random) -> list[tuple[str, str]]:
    return [("/record/", sites.cookie(asked.writer(drawn))) for _ in range(asked.calls)]


def _monograph(asked: Asked, drawn: random.Random) -> list[tuple[str, str]]:
    return [
        (f"/monographs/{bulk.drug_slug(1 + int(drawn.random() * ALIKE))}", asked.anybody(drawn))
        for _ in range(asked.calls)
    ]


def _popular_monograph(asked: Asked, drawn: random.Random) -> list[tuple[str, str]]:
    return [(f"/monographs/{bulk.NAMED_EVERYWHERE}", asked.anybody(drawn)) for _ in range(asked.calls)]


def _home(asked: Asked, drawn: random.Random) -> list[tuple[str, str]]:
    return [("/", sites.cookie(asked.writer(drawn))) for _ in range(asked.calls)]


QUESTIONS = (
    Question("home", _home),
    Question("catalogue, first page", _catalogue),
    Question("catalogue, page further on", _catalogue_further_on),
    Question("module", _module),
    Question("module, learner with progress", _module_with_progress),
    Question("module, any of all: mostly not in memory", _any_module, barred=False),
    Question("monograph", _monograph),
    Question("monograph named in every module", _popular_monograph),
    Question("record", _record),
)


@dataclass(frozen=True)
class Measured:
    """What is asked of two databases, how far it may grow, and what the table and its figures are called."""

    title: str
    name: str
    questions: Sequence[Question]
    bar: Bar
    control: Question


EVERYTHING = Measured(
    "Growth: the same pages on a small and a large database", "growth", QUESTIONS, MOST_GROWTH, QUESTIONS[3]
)


def measure(small: sites.Site, large: sites.Site, *, calls: int = CALLS, measured: Measured = EVERYTHING) -> Table:
    table = Table(measured.title, ("page", "small p50 µs", "large p50 µs", "growth", "small p99", "large p99"))
    for site in (small, large):
        site.read_through()
    with ExitStack() as stack:
        pair = [Asked(stack.enter_context(sites.opened(site)), site, calls) for site in (small, large)]
        inprocess.settle()
        noise = _no_op(pair)
        control = _compare([pair[0], pair[0]], measured.control)
        growth = statistics.median(control[1]) / statistics.median(control[0])
        quiet = measuring.is_quiet(growth, MOST_OFF)
        for question in measured.questions:
            table.add(*_row(question, _compare(pair, question), quiet, measured))
    grown = zip(*(dataclasses.asdict(site.size).items() for site in (small, large)), strict=True)
    sizes = ", ".join(f"{name} {least:,} to {most:,}" for (name, least), (_, most) in grown)
    no_op = ", ".join(f"p{rank} {_micros(noise[0], rank)} and {_micros(noise[1], rank)}" for rank in (50, 99))
    table.notes = [
        f"In one process, by the clock, {calls:,} calls of each in turns; accounts drawn from all with one seed.",
        f"From small to large: {sizes}.",
        f"Control (small beside itself) {growth:.3f}. SELECT 1: {no_op} µs. Bar: growth of p50 {measured.bar}.",
    ]
    return table


def _compare(pair: Sequence[Asked], question: Question) -> tuple[list[float], list[float]]:
    sides = []
    for asked in pair:
        addresses = question.addresses(asked, random.Random(question.name))
        sides.append([inprocess.caller(asked.app, *address) for address in addresses])
    measuring.latencies(*(side[:WARM_UP] for side in sides))
    return measuring.latencies(*sides)


def _no_op(pair: Sequence[Asked]) -> tuple[list[float], list[float]]:
    """A query that reads nothing, to see what the machine itself does."""
    nothing = select(text("1"))

    def caller(app: Flask) -> Callable[[], object]:
        def call() -> object:
            with app.app_context():
                return read_first(nothing)

        return call

    return measuring.latencies(*([caller(asked.app)] * asked.calls for asked in pair))


def _micros(seconds: Sequence[float], per_cent: float) -> str:
    return f"{measuring.percentile(seconds, per_cent) * 1e6:,.0f}"


def _row(
    question: Question, found: tuple[list[float], list[float]], quiet: bool, measured: Measured
) -> tuple[list[str], list[Figure]]:
    small, large = found
    growth = statistics.median(large) / statistics.median(small)
    cells = [
        question.name,
        _micros(small, 50),
        _micros(large, 50),
        f"{growth:.2f}",
        _micros(small, 99),
        _micros(large, 99),
    ]
    name = f"{measured.name}: {question.name}"
    return cells, [
        Figure(name, growth, "growth", measured.bar if question.barred else None, quiet),
        Figure(f"{name}: p99 of the large one", measuring.percentile(large, 99) * 1e6, "µs"),
    ]
