"""Pages beside a bare Flask view with the same bytes, in one process: CPU, ratio, SQL statements, bytes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from flask import Flask

from bench import bulk, inprocess, measuring, sites
from bench.figures import Figure, Table, at_most, simple_table

MOST_RATIO = at_most(10)
MOST_STATEMENTS = at_most(2)
MOST_FOR_SESSION = at_most(0.15)  # ms
LEARNER = 7  # one who has entries


@dataclass(frozen=True)
class Page:
    """A page to measure; `says` stands in it only if it is the one that is meant."""

    name: str
    path: str
    cookies: str
    says: str


def pages_of(site: sites.Site, learner: int = LEARNER) -> list[Page]:
    """The pages that the bars name, as a learner meets them."""
    signed_in = sites.cookie(learner)
    name = f"Learner {learner}"
    attempts = [f"/attempts/{bulk.attempt_of(learner, number)}" for number in (0, bulk.ENTRIES_EACH)]
    failed = bulk.module_slug(bulk.failed_module(learner, site.size.modules))
    passed = bulk.module_slug(bulk.passed_module(learner, site.size.modules))
    return [
        Page("home, signed out", "/", inprocess.PROFESSIONAL, "/auth/sign-in"),
        Page("home, signed in", "/", signed_in, name),
        Page("catalogue", "/modules/", signed_in, name),
        Page("module, failed before", f"/modules/{failed}", signed_in, attempts[1]),
        Page("module, passed", f"/modules/{passed}", signed_in, attempts[0]),
        Page("monograph", "/monographs/warfarin", signed_in, name),
        Page("assessment", f"/modules/{failed}/assessment", signed_in, 'name="attempt"'),
        Page("record", "/record/", signed_in, attempts[0]),
        Page("sign-in", "/auth/sign-in", "", 'name="password"'),
    ]


def measure(site: sites.Site, *, rounds: int = measuring.ROUNDS, only: Sequence[str] = ()) -> Table:
    """Measure every page, or those whose names contain one of the words."""
    table = Table(
        "Pages in one process, beside a bare Flask view with the same bytes",
        ("page", "µs", "bare µs", "ratio", "quartiles", "control", "SQL", "bytes"),
        notes=["CPU time; alternating blocks, the middle one of three repeats. Bars: ratio <= 10 (aim 6), SQL <= 2."],
    )
    with sites.opened(site) as app:
        inprocess.settle()
        for page in pages_of(site):
            if not only or any(word in page.name for word in only):
                _add(table, app, page, rounds)
    return table


def measure_session(site: sites.Site, *, rounds: int = measuring.ROUNDS) -> Table:
    """What a page costs more for somebody who is signed in: session and account loaded, their name put in."""
    signed_in = Page("signed in", "/search", sites.cookie(LEARNER), f"Learner {LEARNER}")
    public = Page("signed out", "/search", f"cpd_session=a.{'s' * 43}", "/auth/sign-in")
    with sites.opened(site) as app:
        inprocess.settle()
        ours, other, same = (asked(app, page) for page in (signed_in, public, public))
        control = measuring.compare(same, other, rounds=rounds).ratio
        found = measuring.compare(ours, other, rounds=rounds)
    figures = [
        Figure("session: a public page", found.bare_seconds * 1e3, "ms"),
        Figure(
            "session: more for a page that loads session and account",
            (found.our_seconds - found.bare_seconds) * 1e3,
            "ms",
            MOST_FOR_SESSION,
            measuring.is_quiet(control),
        ),
    ]
    return simple_table("A page that is the same for everybody, signed in and out", figures)


def asked(app: Flask, page: Page) -> Callable[[], bytes]:
    """A function that asks for the page. Raises WrongAnswer if it is not the one that is meant."""
    call = inprocess.caller(app, page.path, page.cookies)
    if page.says not in call().decode():
        raise inprocess.WrongAnswer(f"{page.path} does not say “{page.says}”")
    return call


def _add(table: Table, app: Flask, page: Page, rounds: int) -> None:
    ours = asked(app, page)
    body = ours()
    statements = inprocess.statements_when_warm(app, ours)
    bare, same = (inprocess.caller(inprocess.bare_app(body), "/page", page.cookies) for _ in range(2))
    control = measuring.compare(same, bare, rounds=rounds).ratio
    found = measuring.compare(ours, bare, rounds=rounds)
    quiet = measuring.is_quiet(control)
    micros, bare_micros = found.our_seconds * 1e6, found.bare_seconds * 1e6
    low, high = found.quartiles
    table.add(
        (
            page.name,
            f"{micros:,.0f}",
            f"{bare_micros:.1f}",
            f"{found.ratio:.2f}",
            f"{low:.2f}-{high:.2f}",
            f"{control:.3f}",
            str(statements),
            f"{len(body):,}",
        ),
        [
            Figure(f"page: {page.name}: CPU", micros, "µs"),
            Figure(f"page: {page.name}: ratio to bare Flask", found.ratio, "ratio", MOST_RATIO, quiet),
            Figure(f"page: {page.name}: SQL statements", statements, "SQL", MOST_STATEMENTS),
            Figure(f"page: {page.name}: bytes", len(body), "bytes"),
        ],
    )
