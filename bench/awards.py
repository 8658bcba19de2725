"""Right answers sent over HTTP by four writers, each a credit kept for good, beside a bare view that reads the form."""

from __future__ import annotations

import sqlite3
import statistics
import time
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from tempfile import TemporaryDirectory
from urllib.parse import urlencode

from flask import Flask
from sqlalchemy import select

from bench import bulk, inprocess, measuring, servers, sites, wrk
from bench.figures import Figure, Table, at_least, at_most
from bench.over_http import MOST_OFF, Compared, Measured
from cpd.db import read
from cpd.modules.marking import Assessment, Question
from cpd.modules.models import Module, ModuleRevision
from cpd.modules.sitting import new_sitting, sign
from cpd.web.csrf import csrf_token

TURNS = 5
SECONDS = 2.0
WRITERS = 4
PREPARED = 60_000
LEAST_RATIO = at_least(0.10)
SLOWEST = at_most(500)  # milliseconds


class AwardLost(Exception):
    """Fewer credits are in the database than were acknowledged."""


@dataclass
class Prepared:
    """Requests in files, one a line, for the product and for the bare view; `used` of them were sent."""

    ours: Path
    bare: Path
    count: int
    used: int = 0


@dataclass
class Found:
    """What one set-up gave, turn by turn."""

    compared: Compared = field(default_factory=Compared)
    control: Compared = field(default_factory=Compared)
    slowest: float = 0  # seconds
    awards: int = 0


def measure(site: sites.Site, *, turns: int = TURNS, seconds: float = SECONDS, prepared: int = PREPARED) -> Table:
    table = Table(
        "Awards over HTTP: right answers posted by four writers",
        ("set-up", "awards/s", "bare/s", "ratio", "control", "slowest ms", "CPU µs", "bad", "awards kept"),
    )
    sites.CACHE.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory(dir=sites.CACHE) as name:
        folder = Path(name)
        written = site.copy_to(folder / "site")
        (folder / "bodies").mkdir()
        requests = prepare(written, folder, prepared)
        limits = [commits_a_second(folder / "bare.sqlite")]
        for workers, on in _set_ups():
            found = Found()
            for turn in range(turns):
                _turn(written, requests, found, turn, workers=workers, on=on, seconds=seconds)
            table.add(*_row(f"{workers} worker{'s' * (workers > 1)}", found))
        limits.append(commits_a_second(folder / "bare.sqlite"))
    table.notes.append(
        f"{turns} turns of {seconds:g} s with fresh servers, SQLite with synchronous=FULL. One row a commit on the same"
        f" disk, before and after: {limits[0]:,.0f} and {limits[1]:,.0f}/s."
        f" Bars: ratio {LEAST_RATIO}, slowest {SLOWEST} ms, nothing lost."
    )
    return table


def _set_ups() -> Iterator[tuple[int, list[int]]]:
    """One worker with a core of its own, and a worker for each core, which they share with wrk."""
    yield 1, servers.cores()[:1]
    if len(servers.cores()) > 1:
        yield len(servers.cores()), servers.cores()


def prepare(site: sites.Site, folder: Path, count: int) -> Prepared:
    """Write requests that each pass a module for a learner who has not passed it."""
    possible = site.size.modules * (site.size.accounts - site.writers)
    requests = Prepared(folder / "ours.txt", folder / "bare.txt", min(count, possible))
    with (
        sites.opened(site) as app,
        requests.ours.open("w", encoding="ascii") as ours,
        requests.bare.open("w", encoding="ascii") as bare,
    ):
        for path, cookies, body in islice(_requests(app, site), requests.count):
            ours.write(f"{path}\t{cookies}\t{body}\n")
            bare.write(f"/post\t{cookies}\t{body}\n")
    return requests


def _requests(app: Flask, site: sites.Site) -> Iterator[tuple[str, str, str]]:
    learners = range(site.writers + 1, site.size.accounts + 1)
    tokens = {learner: _csrf_token(app, sites.cookie(learner)) for learner in learners}
    with app.app_context():
        modules = read(
            select(Module.slug, ModuleRevision.id, ModuleRevision.assessment)
            .join(ModuleRevision, ModuleRevision.id == Module.live_revision_id)
            .where(Module.slug.startswith(bulk.module_slug(0)[:-1]))
            .order_by(Module.id)
        )
    now = datetime.now(UTC)
    for module in modules:
        answers = right_answers(Assessment.from_json(module.assessment))
        for learner in learners:
            sitting = new_sitting(learner_id=learner, revision_id=module.id, creditable=True, now=now)
            body = urlencode([("csrf_token", tokens[learner]), ("attempt", sign(sitting, sites.SECRET_KEY)), *answers])
            yield f"/modules/{module.slug}/assessment", sites.cookie(learner), body


def _csrf_token(app: Flask, cookies: str) -> str:
    with app.test_request_context(headers={"Cookie": cookies}):
        return csrf_token()


def right_answers(assessment: Assessment) -> list[tuple[str, str]]:
    """The fields of a form that gets everything right."""
    return [(question.id, answer) for question in assessment.questions for answer in _right(question)]


def _right(question: Question) -> list[str]:
    return [str(question.value)] if question.kind == "number" else sorted(question.key)


def _turn(
    site: sites.Site,
    requests: Prepared,
    found: Found,
    turn: int,
    *,
    workers: int,
    on: list[int],
    seconds: float,
) -> None:
    bodies = requests.ours.parent / "bodies"
    with (
        servers.cpd_server(site, on=on, workers=workers) as ours,
        servers.bare_server(bodies, on=on, workers=workers) as bare,
        servers.bare_server(bodies, on=on, workers=workers) as same,
    ):
        before = entries_of(site)
        sides = [
            (found.compared.ours, ours, requests.ours),
            (found.compared.bare, bare, requests.bare),
            (found.control.ours, same, requests.bare),
        ]
        for measured, server, file in sides[::-1] if turn % 2 else sides:
            load = _load(measured, server, file, requests.used, seconds)
            if server is ours:
                acknowledged = load.requests - load.bad
                requests.used += load.requests + 2 * WRITERS
                found.slowest = max(found.slowest, load.slowest)
        found.control.bare.rates.append(found.compared.bare.rates[-1])
    kept = entries_of(site) - before
    if kept < acknowledged:
        raise AwardLost(f"{acknowledged} were acknowledged, {kept} are kept")
    if requests.used > requests.count:
        raise inprocess.WrongAnswer(f"{requests.used} requests were needed, {requests.count} were prepared")
    found.awards += kept


def _load(measured: Measured, server: servers.Server, file: Path, first: int, seconds: float) -> wrk.Load:
    before = server.cpu
    load = wrk.load(
        server.address("/"),
        seconds=seconds,
        connections=WRITERS,
        on=servers.cores()[-1:],
        told=("post", file, first),
    )
    measured.note(load, server.cpu - before)
    return load


def entries_of(site: sites.Site) -> int:
    with closing(sqlite3.connect(site.database)) as connection:
        counted: int = connection.execute("SELECT count(*) FROM entry").fetchone()[0]
        return counted


def commits_a_second(database: Path, commits: int = 300) -> float:
    """What the disk gives: one row a transaction, with synchronous=FULL."""
    with closing(sqlite3.connect(database, isolation_level=None)) as connection:
        connection.executescript(
            "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; CREATE TABLE IF NOT EXISTS row (text)"
        )
        start = time.perf_counter()
        for _ in range(commits):
            connection.execute("INSERT INTO row VALUES ('one')")
        return commits / (time.perf_counter() - start)


def _row(set_up: str, found: Found) -> tuple[list[str], list[Figure]]:
    ours, bare = found.compared.ours, found.compared.bare
    quiet = measuring.is_quiet(found.control.ratio, MOST_OFF)
    rate, ratio, slowest = statistics.median(ours.rates), found.compared.ratio, found.slowest * 1000
    cells = [
        set_up,
        f"{rate:,.0f}",
        f"{statistics.median(bare.rates):,.0f}",
        f"{ratio:.3f}",
        f"{found.control.ratio:.3f}",
        f"{slowest:.0f}",
        f"{statistics.median(ours.cpu) * 1e6:,.0f}",
        str(ours.bad + bare.bad),
        f"{found.awards:,}",
    ]
    return cells, [
        Figure(f"awards: {set_up}: rate", rate, "awards/s"),
        Figure(f"awards: {set_up}: ratio to a bare POST view", ratio, "ratio", LEAST_RATIO, quiet),
        Figure(f"awards: {set_up}: slowest", slowest, "ms", SLOWEST, quiet),
        Figure(f"awards: {set_up}: bad answers", ours.bad + bare.bad, "bad", at_most(0)),
    ]
