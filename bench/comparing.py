"""Comparing the four longest labels, and how my list and comparisons grow with the number of monographs."""

from __future__ import annotations

import random
import sqlite3
import statistics
import tempfile
from collections.abc import Callable, Sequence
from contextlib import ExitStack, closing
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

from flask import Flask

from bench import bulk, inprocess, measuring, sites, texts
from bench.figures import Figure, Table, at_most
from cpd.monographs.pairs import MOST_COMPARED, Pair, compare_address
from cpd.monographs.sections import BOXED_WARNING, SECTIONS

LABEL = 1_000_000  # bytes of each label
MOST_MS = at_most(60)
MOST_BYTES = at_most(400_000)
MOST_STATEMENTS = at_most(3)
MOST_GROWTH = at_most(1.3)
MOST_OFF = 0.02
SMALL = sites.Size(modules=100, accounts=200, entries=2_500, monographs=500)
LARGE = sites.Size(modules=100, accounts=200, entries=2_500, monographs=50_000)
ALIKE = 90  # monographs that both databases are asked for
LISTED = 8  # on the list of every account
CALLS, WARM_UP = 1_500, 150
KEPT_CELLS = "fragments of cells of comparisons"


def longest(*, size: int = LABEL, times: int = 30) -> Table:
    """Compare four labels of `size` bytes: kept in memory, read from the database, and in full."""
    table = Table("Comparison of the four longest labels", ("what", "CPU ms", "clock p50 ms", "p99 ms", "SQL", "bytes"))
    with tempfile.TemporaryDirectory() as folder, ExitStack() as stack:
        site = sites.Site(Path(folder), SMALL)
        slugs = [f"label-{letter}" for letter in "abcd"]
        app = stack.enter_context(sites.opened(site))
        _publish_labels(app, site, slugs, size)
        pairs = [Pair(slug) for slug in slugs]
        warm = inprocess.caller(app, compare_address(pairs), inprocess.PROFESSIONAL)
        whole = inprocess.caller(app, compare_address(pairs, [("full", "1")]), inprocess.PROFESSIONAL)
        inprocess.settle()
        table.add(*_measured("kept in memory", app, warm, times))
        table.add(*_measured("read from the database", app, partial(_forgetful, app, warm), times))
        table.add(*_measured("print view, in full", app, whole, max(times // 6, 1), barred=False))
    table.notes = [
        f"Four labels of {size / 1e6:g} MB, signed out, in one process, {times} calls.",
        f"Bars: CPU {MOST_MS} ms, SQL {MOST_STATEMENTS} when warm, {MOST_BYTES} bytes.",
    ]
    return table


def _forgetful(app: Flask, ask: Callable[[], bytes]) -> bytes:
    """Ask as if nobody had compared these before."""
    app.extensions.pop(KEPT_CELLS, None)
    return ask()


def _measured(
    what: str, app: Flask, ask: Callable[[], bytes], times: int, *, barred: bool = True
) -> tuple[list[str], list[Figure]]:
    size = len(ask())
    took, _ = measuring.latencies([ask] * times, [lambda: None] * times)
    half, most = statistics.median(took) * 1e3, measuring.percentile(took, 99) * 1e3
    cpu = statistics.median(measuring.block(ask, 1) for _ in range(times)) * 1e3
    statements = inprocess.statements_when_warm(app, ask, times=3)
    name = f"comparison of the four longest labels, {what}"
    kept = what == "kept in memory"
    return (
        [what, f"{cpu:.1f}", f"{half:.1f}", f"{most:.1f}", str(statements), f"{size:,}"],
        [
            Figure(f"{name}: CPU", cpu, "ms", MOST_MS if barred else None),
            Figure(f"{name}: SQL statements", statements, "SQL", MOST_STATEMENTS if kept else None),
            Figure(f"{name}: bytes", size, "bytes", MOST_BYTES if barred else None),
        ],
    )


def _publish_labels(app: Flask, site: sites.Site, slugs: Sequence[str], size: int) -> None:
    from cpd.content.publish import publish
    from cpd.migrating import migrate

    content = site.folder / "content"
    sites.copy_sample(content)
    for number, slug in enumerate(slugs):
        text = label_text(slug, number, size)
        (content / "monographs" / f"{slug}.md").write_text(text, encoding="utf-8")
    with app.app_context():
        migrate()
        publish(content, now=datetime.now(UTC))


def label_text(slug: str, number: int, size: int) -> str:
    """A monograph's file of about so many bytes, with every section; half of them is adverse reactions and studies."""
    random_ = random.Random(f"label {number}")
    keys = {
        "name": slug.replace("-", " ").capitalize(),
        "generic_name": slug,
        "formulations": [f"{slug} 10 mg tablet"],
        "classes": ["Made-up class"],
        "indications": [{"name": "Made-up use", "use": texts.sentence(random_)}],
        "key_facts": {"adult_start": "10 mg once daily", "stopping": texts.sentence(random_)},
    }
    parts = [texts.front(keys), f"## {BOXED_WARNING}\n\n{texts.paragraph(random_, ())}\n"]
    long = ("Adverse reactions", "Clinical studies")
    for title in SECTIONS[1:]:
        share = size // 4 if title in long else size // 2 // (len(SECTIONS) - 1 - len(long))
        parts.append(_section(title, random_, share))
    return "\n".join(parts)


def _section(title: str, random_: random.Random, share: int) -> str:
    blocks, length = [f"## {title}"], 0
    while length < share:
        rows = [f"| {texts.sentence(random_, words=6)} | {random_.randrange(100)} mg |" for _ in range(5)]
        table = "\n".join(["| Reaction | Dose |", "|---|---|", *rows])
        blocks += [*(texts.paragraph(random_, ()) for _ in range(4)), table]
        length += sum(map(len, blocks[-5:]))
    return "\n\n".join(blocks) + "\n"


def growth(small: sites.Site, large: sites.Site, *, calls: int = CALLS) -> Table:
    """My list, a comparison and its choosing page on two databases."""
    table = Table(
        "Growth of my list and comparisons with the number of monographs",
        ("page", "small p50 µs", "large p50 µs", "growth", "small p99", "large p99"),
    )
    for site in (small, large):
        with closing(bulk.connect(site.database)) as connection:
            _fill(connection)
        site.read_through()
    with ExitStack() as stack:
        pair = [stack.enter_context(sites.opened(site)) for site in (small, large)]
        inprocess.settle()
        first, second = _asked([pair[0], pair[0]], _comparison, calls)
        control = statistics.median(second) / statistics.median(first)
        quiet = measuring.is_quiet(control, MOST_OFF)
        for name, address in (("my list", _list), ("comparison of four", _comparison), ("choosing", _choosing)):
            table.add(*_row(name, _asked(pair, address, calls), quiet))
    table.notes = [
        f"{small.size.monographs:,} and {large.size.monographs:,} monographs, {calls:,} calls by the clock, signed in.",
        f"Lists of {LISTED}. Control (small beside itself) {control:.3f}. Bar: growth of p50 {MOST_GROWTH}.",
    ]
    return table


def _fill(connection: sqlite3.Connection) -> None:
    """Give copied monographs the terms of what they are copied from, and each account a list; once is enough."""
    connection.execute(
        "INSERT OR IGNORE INTO monograph_term (monograph_id, kind, slug, sort_name)"
        " SELECT copy.id, own.kind, own.slug, copy.sort_name FROM monograph copy"
        " JOIN monograph_revision revision ON revision.id = copy.live_revision_id"
        " JOIN monograph_revision model ON model.source_hash = revision.source_hash AND model.document_id != copy.id"
        " JOIN monograph_term own ON own.monograph_id = model.document_id"
        " WHERE copy.slug LIKE 'drug-%'"
        " AND model.document_id IN (SELECT id FROM monograph WHERE slug NOT LIKE 'drug-%')"
    )
    drugs = {bulk.drug_slug(number) for number in range(1, ALIKE + 1)}
    ids = [row[0] for row in connection.execute("SELECT id, slug FROM monograph ORDER BY id") if row[1] in drugs]
    accounts = [row[0] for row in connection.execute("SELECT id FROM account")]
    connection.executemany(
        "INSERT OR IGNORE INTO list_item (learner_id, monograph_id, indication, place, added_at)"
        " VALUES (?, ?, '', ?, ?)",
        (
            (account, ids[(account * 7 + place) % len(ids)], place, bulk.NOW)
            for account in accounts
            for place in range(LISTED)
        ),
    )
    connection.commit()


def _list(_: random.Random) -> str:
    return "/list"


def _comparison(drawn: random.Random) -> str:
    return compare_address(Pair(bulk.drug_slug(number)) for number in drawn.sample(range(1, ALIKE + 1), MOST_COMPARED))


def _choosing(drawn: random.Random) -> str:
    return compare_address([Pair(bulk.drug_slug(drawn.randint(1, ALIKE)))])


def _asked(
    pair: Sequence[Flask], address: Callable[[random.Random], str], calls: int
) -> tuple[list[float], list[float]]:
    sides = []
    for app in pair:
        drawn = random.Random(address.__name__)
        sides.append(
            [
                inprocess.caller(app, address(drawn), sites.cookie(drawn.randint(1, SMALL.accounts)))
                for _ in range(calls)
            ]
        )
    measuring.latencies(*(side[:WARM_UP] for side in sides))
    return measuring.latencies(*sides)


def _row(name: str, found: tuple[list[float], list[float]], quiet: bool) -> tuple[list[str], list[Figure]]:
    small, large = found
    grown = statistics.median(large) / statistics.median(small)
    micros = [f"{measuring.percentile(side, rank) * 1e6:,.0f}" for rank in (50, 99) for side in found]
    cells = [name, *micros[:2], f"{grown:.2f}", *micros[2:]]
    return cells, [Figure(f"growth with monographs: {name}", grown, "growth", MOST_GROWTH, quiet)]
