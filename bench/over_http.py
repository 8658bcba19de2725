"""Pages over HTTP: `cpd serve` beside bare Flask under the same server, in turns, each on the same one core."""

from __future__ import annotations

import statistics
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory

from bench import inprocess, measuring, servers, sites, wrk
from bench.figures import Figure, Table, at_least, at_most
from bench.pages import Page, pages_of

TURNS = 5
SECONDS = 2.0
CONNECTIONS = 8
MOST_OFF = 0.05  # by which the control run may miss 1; the bars want no exact figure
LEAST_RATIO = at_least(0.15)
HELD_TO_THE_BAR = ("module, failed before", "module, passed", "catalogue", "monograph", "record")
WARM_UP = 20  # requests


@dataclass
class Measured:
    """One side of a page, turn by turn."""

    rates: list[float] = field(default_factory=list)
    cpu: list[float] = field(default_factory=list)  # seconds per request
    p99: list[float] = field(default_factory=list)
    bad: int = 0

    def note(self, load: wrk.Load, cpu: float) -> None:
        self.rates.append(load.rate)
        self.cpu.append(cpu / load.requests)
        self.p99.append(load.p99)
        self.bad += load.bad


@dataclass
class Compared:
    """A page and its bare counterpart."""

    ours: Measured = field(default_factory=Measured)
    bare: Measured = field(default_factory=Measured)

    @property
    def ratios(self) -> list[float]:
        """The ratio of the requests per second in each turn."""
        return [mine / other for mine, other in zip(self.ours.rates, self.bare.rates, strict=True)]

    @property
    def ratio(self) -> float:
        return statistics.median(self.ratios)


def measure(site: sites.Site, *, turns: int = TURNS, seconds: float = SECONDS) -> Table:
    pages = pages_of(site)
    found = {page.name: Compared() for page in pages}
    control = Compared()
    with TemporaryDirectory() as folder:
        bodies = Path(folder) / "bodies"
        bodies.mkdir()
        for turn in range(turns):
            with running(site, bodies, pages) as (ours, bare, same):
                middle = f"/{len(pages) // 2}"
                for number, page in enumerate(pages):
                    sides = [(found[page.name].ours, ours, page.path), (found[page.name].bare, bare, f"/{number}")]
                    _turn(sides, turn, page.cookies, seconds)
                _turn([(control.ours, same, middle), (control.bare, bare, middle)], turn, "", seconds)
    return _table(pages, found, control, turns, seconds)


@contextmanager
def running(
    site: sites.Site, bodies: Path, pages: list[Page]
) -> Iterator[tuple[servers.Server, servers.Server, servers.Server]]:
    """The product, bare Flask with the bytes of its pages, and bare Flask again for the control; all on one core."""
    core = servers.cores()[:1]
    with servers.cpd_server(site, on=core, workers=1) as ours:
        for number, page in enumerate(pages):
            status, body = warm_up(ours, page)
            if status != 200 or page.says not in body.decode():
                raise inprocess.WrongAnswer(f"{page.path}: {status}, or it does not say “{page.says}”")
            (bodies / f"{number}.html").write_bytes(body)
        with (
            servers.bare_server(bodies, on=core, workers=1) as bare,
            servers.bare_server(bodies, on=core, workers=1) as same,
        ):
            yield ours, bare, same


def warm_up(server: servers.Server, page: Page) -> tuple[int, bytes]:
    for _ in range(WARM_UP):
        answer = server.get(page.path, page.cookies)
    return answer


def _turn(sides: list[tuple[Measured, servers.Server, str]], turn: int, cookies: str, seconds: float) -> None:
    """Load both sides, one after the other; which comes first changes with the turn."""
    for measured, server, path in sides[::-1] if turn % 2 else sides:
        before = server.cpu
        load = wrk.load(
            server.address(path),
            seconds=seconds,
            connections=CONNECTIONS,
            on=servers.cores()[-1:],
            cookies=cookies,
        )
        measured.note(load, server.cpu - before)


def _table(pages: list[Page], found: dict[str, Compared], control: Compared, turns: int, seconds: float) -> Table:
    quiet = measuring.is_quiet(control.ratio, MOST_OFF)
    other = "the other" if len(servers.cores()) > 1 else "the same"
    table = Table(
        "Pages over HTTP, beside bare Flask under the same server",
        ("page", "req/s", "bare req/s", "ratio", "of turns", "CPU µs", "bare µs", "p99 ms", "bad"),
        notes=[
            f"One worker on one core, wrk on {other}, {CONNECTIONS} connections; {turns} turns of {seconds:g} s.",
            f"Control {control.ratio:.3f}, which may miss 1 by {MOST_OFF:g}. Bar: ratio {LEAST_RATIO} (aim 0.25).",
        ],
    )
    for page in pages:
        table.add(*_row(page, found[page.name], quiet))
    return table


def _row(page: Page, found: Compared, quiet: bool) -> tuple[list[str], list[Figure]]:
    middle = statistics.median
    ours, bare, name = found.ours, found.bare, f"http: {page.name}"
    cells = [
        page.name,
        f"{middle(ours.rates):,.0f}",
        f"{middle(bare.rates):,.0f}",
        f"{found.ratio:.3f}",
        f"{min(found.ratios):.3f}-{max(found.ratios):.3f}",
        f"{middle(ours.cpu) * 1e6:,.0f}",
        f"{middle(bare.cpu) * 1e6:,.0f}",
        f"{middle(ours.p99) * 1e3:.1f}",
        str(ours.bad + bare.bad),
    ]
    bar = LEAST_RATIO if page.name in HELD_TO_THE_BAR else None
    return cells, [
        Figure(f"{name}: requests", middle(ours.rates), "req/s"),
        Figure(f"{name}: ratio to bare Flask", found.ratio, "ratio", bar, quiet),
        Figure(f"{name}: server CPU", middle(ours.cpu) * 1e6, "µs"),
        Figure(f"{name}: p99", middle(ours.p99) * 1e3, "ms"),
        Figure(f"{name}: bad answers", ours.bad + bare.bad, "bad", at_most(0), quiet),
    ]
