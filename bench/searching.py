"""Search over 60,000 documents: the index made in full, questions by how common their words are, names completed."""

from __future__ import annotations

import contextlib
import itertools
import json
import random
import sqlite3
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from urllib.parse import quote_plus

from flask import Flask

from bench import bulk, inprocess, measuring, sites, texts
from bench.figures import Bar, Figure, Table, at_most, simple_table
from cpd.search.node import node_of

MODULES, MONOGRAPHS = 10_000, 50_000
CALLS, WARM_UP = 3_000, 100
VOCABULARY, PARAGRAPHS, WORDS_EACH = 40_000, 4_000, 100  # paragraphs of words drawn as a language draws them
PARAGRAPHS_EACH, RARE_EACH = 7, 12  # of a document; the latter are words that hardly any other one has
COMMON, RARE = 100, (1, 10)  # the words that most documents have; in how many a rare one stands
MOST_SECONDS, MOST_MEMORY = at_most(60), at_most(300)  # MB
MOST_P99, MOST_COMPLETION = at_most(10), at_most(2)  # ms
MOST_FRESH = at_most(1)  # s

INDEXING = """
import json, sys, time
from pathlib import Path
from bench.measuring import memory
from bench.sites import SMALL, Site, opened
from cpd.search.node import node_of
with opened(Site(Path(sys.argv[1]), SMALL)) as app, app.app_context():
    began = time.perf_counter()
    node_of(app).catch_up(anew=True)
    took = time.perf_counter() - began
print(json.dumps({"seconds": took, "peak": memory("VmHWM") / 1e6}))
"""

ASKING = """
import json, sys
from pathlib import Path
from bench import inprocess
from bench.measuring import memory
from bench.sites import SMALL, Site, opened
with opened(Site(Path(sys.argv[1]), SMALL), access_log=False) as app:
    for address in json.load(sys.stdin):
        inprocess.caller(app, address)()
print(json.dumps([memory(name) / 1e6 for name in ("RssAnon", "RssFile")]))
"""


@dataclass
class Written:
    """What was written: the names of drugs, and in how many documents each word stands."""

    names: list[str] = field(default_factory=list)
    frequency: Counter[str] = field(default_factory=Counter)
    characters: int = 0

    def common(self) -> list[str]:
        return [word for word, _ in self.frequency.most_common(COMMON)]

    def rare(self) -> list[str]:
        low, high = RARE
        return [word for word, count in self.frequency.items() if low <= count <= high]


def measure(*, modules: int = MODULES, monographs: int = MONOGRAPHS, calls: int = CALLS) -> Table:
    sites.CACHE.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory(dir=sites.CACHE) as folder:
        site = sites.Site(Path(folder), sites.SMALL)
        written = write(site, modules, monographs)
        size_of_all = f"{written.characters / 1e6:,.0f} million characters, {len(written.frequency):,} different words"
        made = json.loads(
            subprocess.run([sys.executable, "-c", INDEXING, folder], capture_output=True, check=True, text=True).stdout
        )
        size = sum(file.stat().st_size for file in (site.folder / "search").rglob("*") if file.is_file()) / 1e6
        figures = [
            Figure("index made in full", made["seconds"], "s", MOST_SECONDS),
            Figure("index made in full: peak memory", made["peak"], "MB", MOST_MEMORY),
            Figure("index on the disk", size, "MB"),
        ]
        site.read_through()
        with sites.opened(site) as app:
            figures += list(_asked(app, written, calls))
            figures.append(_freshness(app, site))
        figures += _memory(site, written)
    notes = [
        f"{modules:,} modules and {monographs:,} monographs, {size_of_all}.",
        f"{calls:,} questions of each sort, in one process, by the clock. Common: the {COMMON} words that most",
        f"documents have. Rare: words of {RARE[0]} to {RARE[1]} documents. Misspelt: one letter is left out, doubled,",
        "changed or swapped. /healthz stands beside it: what that takes is the machine's own.",
    ]
    return simple_table("Search", figures, notes)


def write(site: sites.Site, modules: int, monographs: int) -> Written:
    """Search documents of one release in a new database, by SQL alone."""
    from cpd.migrating import migrate

    written, drawn = Written(), random.Random("search")
    site.folder.joinpath("content").mkdir()
    with sites.opened(site) as app, app.app_context():
        migrate()
    with contextlib.closing(bulk.connect(site.database)) as connection:
        connection.execute("INSERT INTO release VALUES (1, ?)", [datetime.now(UTC).isoformat(" ").split("+")[0]])
        connection.executemany(
            "INSERT INTO search_document (kind, slug, release, gone, title, names, text, facets)"
            " VALUES (?, ?, 1, 0, ?, ?, ?, ?)",
            documents(written, drawn, modules, monographs),
        )
        connection.commit()
    return written


def documents(written: Written, drawn: random.Random, modules: int, monographs: int) -> Iterator[Sequence[str]]:
    words = vocabulary(drawn, VOCABULARY)
    weights = list(itertools.accumulate(1 / (place + 2) for place in range(len(words))))
    paragraphs = [drawn.choices(words, cum_weights=weights, k=WORDS_EACH) for _ in range(PARAGRAPHS)]
    names = iter(texts.drug_names(monographs * 3))
    classes = [f"{texts.sentence(drawn, words=6)[:-1]}" for _ in range(300)]
    for number in range(modules + monographs):
        chosen = drawn.choices(paragraphs, k=PARAGRAPHS_EACH)
        rare = [f"{drawn.choice(words)}{drawn.choice(words)}" for _ in range(RARE_EACH)]
        text = ".\n".join(" ".join(paragraph).capitalize() for paragraph in [*chosen, rare])
        written.frequency.update({word for paragraph in [*chosen, rare] for word in paragraph})
        written.characters += len(text)
        if number < modules:
            title = " ".join(drawn.choices(words[20:3000], k=5)).capitalize()
            yield ("module", f"module-{number}", title, "[]", text, json.dumps(_module_facets(drawn)))
            continue
        own, brand, other = (next(names) for _ in range(3))
        written.names += [own, brand]
        stated = [[own.capitalize(), "name"], [brand.capitalize(), "brand"], [other.capitalize(), "brand"]]
        yield (
            "monograph",
            own,
            own.capitalize(),
            json.dumps(stated),
            text,
            json.dumps(_drug_facets(drawn, own, classes)),
        )


def _module_facets(drawn: random.Random) -> dict[str, object]:
    return {
        "category": {"slug": "red-flags", "title": "Red flags", "style": "flag"},
        "credits": "0.50",
        "summary": texts.sentence(drawn),
        "authors": "Dr Nia Prosser",
        "specialties": drawn.sample(texts.SPECIALTIES, 2),
        "reviewed": "2026-10-01",
        "expires": "2028-10-01",
        "external": False,
    }


def _drug_facets(drawn: random.Random, name: str, classes: Sequence[str]) -> dict[str, object]:
    chosen = drawn.choice(classes)
    return {
        "generic": name,
        "classes": [{"slug": chosen.lower().replace(" ", "-"), "title": chosen}],
        "indications": [],
        "company": "",
        "boxed": drawn.random() < 0.2,
    }


def vocabulary(drawn: random.Random, count: int) -> list[str]:
    """So many made-up words, the short ones first, as in a language."""
    parts = texts.split("ba co di fu ge ho ji ka le mo nu pa qi ro su ti vo wa xe yo za bra cle dri flo gra pre sto")
    found = dict.fromkeys(texts.WORDS)
    while len(found) < count:
        found["".join(drawn.choices(parts, k=drawn.choice((2, 3, 3, 4, 4, 5))))] = None
    return sorted(found, key=lambda word: (len(word) > 8, drawn.random()))


def misspelt(drawn: random.Random, word: str) -> str:
    """The word with one mistake in it."""
    place = drawn.randrange(1, len(word) - 1)
    letter = drawn.choice("aeiourst")
    return drawn.choice(
        (
            word[:place] + word[place + 1 :],
            word[:place] + word[place] + word[place:],
            word[:place] + letter + word[place + 1 :],
            word[:place] + word[place + 1] + word[place] + word[place + 2 :],
        )
    )


def _asked(app: Flask, written: Written, calls: int) -> Iterator[Figure]:
    drawn = random.Random("questions")
    common, rare, names = written.common(), written.rare(), written.names
    long_rare = [word for word in rare if len(word) > 5]
    questions: dict[str, Callable[[], str]] = {
        "a common word": lambda: drawn.choice(common),
        "two common words": lambda: " ".join(drawn.sample(common, 2)),
        "a rare word": lambda: drawn.choice(rare),
        "a rare and a common word": lambda: f"{drawn.choice(rare)} {drawn.choice(common)}",
        "the name of a drug": lambda: drawn.choice(names),
        "a misspelt name": lambda: misspelt(drawn, drawn.choice(names)),
        "a misspelt rare word": lambda: misspelt(drawn, drawn.choice(long_rare)),
    }
    inprocess.settle()
    for name, question in questions.items():
        yield from _timed(
            app, f"search, {name}", [f"/search?q={quote_plus(question())}" for _ in range(calls)], MOST_P99
        )
    started = [name[: 1 + number % 8] for number, name in enumerate(drawn.choices(names, k=calls))]
    mistyped = [misspelt(drawn, name) for name in drawn.choices(names, k=calls)]
    for name, some in (("beginnings of names", started), ("misspelt names", mistyped)):
        addresses = [f"/search/complete?q={quote_plus(each)}" for each in some]
        yield from _timed(app, f"completion, {name}", addresses, MOST_COMPLETION)
    yield from _timed(app, "/healthz", ["/healthz"] * calls, None)


def _memory(site: sites.Site, written: Written) -> list[Figure]:
    """Of a process that has answered some thousand questions."""
    drawn = random.Random("memory")
    words = [*drawn.choices(written.common(), k=1_000), *drawn.choices(written.rare(), k=1_000)]
    addresses = [f"/search?q={quote_plus(word)}" for word in words]
    addresses += [f"/search/complete?q={name[:3]}" for name in drawn.choices(written.names, k=1_000)]
    command = [sys.executable, "-c", ASKING, str(site.folder)]
    done = subprocess.run(command, input=json.dumps(addresses), capture_output=True, check=True, text=True)
    own, of_files = json.loads(done.stdout)
    return [
        Figure("memory of a process that searched: its own", own, "MB"),
        Figure("memory of a process that searched: of files, the index among them", of_files, "MB"),
    ]


def _timed(app: Flask, name: str, addresses: Sequence[str], bar: Bar | None) -> Iterator[Figure]:
    calls = [inprocess.caller(app, address) for address in addresses]
    for call in calls[:WARM_UP]:
        call()
    took = []
    for call in calls:
        began = time.perf_counter()
        call()
        took.append((time.perf_counter() - began) * 1000)
    yield Figure(f"{name}: p50", measuring.percentile(took, 50), "ms")
    yield Figure(f"{name}: p99", measuring.percentile(took, 99), "ms", bar)


def _freshness(app: Flask, site: sites.Site) -> Figure:
    """From the commit of a release to an answer that has it."""
    with contextlib.closing(sqlite3.connect(site.database)) as connection:
        connection.execute("INSERT INTO release VALUES (2, '2026-11-25 12:00:00.000000')")
        connection.execute("UPDATE search_document SET title = 'Zzyzxine', release = 2 WHERE slug = 'module-1'")
        connection.commit()
    began = time.perf_counter()
    found = inprocess.caller(app, "/search?q=zzyzxine")()
    took = time.perf_counter() - began
    if b"/modules/module-1" not in found:
        raise inprocess.WrongAnswer("what was published last is not found")
    node_of(app).wait()
    return Figure("the first search after a publish", took, "s", MOST_FRESH)
