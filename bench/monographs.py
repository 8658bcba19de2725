"""How the pages of monographs grow from 500 to 50,000, and what it costs to publish one among so many."""

from __future__ import annotations

import random
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory

from bench import bulk, growth, publishing, sites
from bench.figures import Figure, Table, at_most
from bench.growth import ALIKE, CALLS, Asked, Measured, Question
from cpd.db import LARGEST_ID

FEW = sites.Size(modules=100, accounts=200, entries=2_000, monographs=500)
MANY = sites.Size(modules=100, accounts=200, entries=2_000, monographs=50_000)
MOST_GROWTH = at_most(1.3)
LARGE_CLASS = "skeletal-muscle-relaxant"  # of more than a page of drugs in both databases
CHANGED = "warfarin"
REPEATS = 5

Addresses = list[tuple[str, str]]


def _alike(rest: str = "") -> Question:
    """Monographs that both databases have, and that fit into memory."""

    def addresses(asked: Asked, drawn: random.Random) -> Addresses:
        slugs = [bulk.drug_slug(1 + int(drawn.random() * ALIKE)) for _ in range(asked.calls)]
        return [(f"/monographs/{slug}{rest}", asked.anybody(drawn)) for slug in slugs]

    return Question("monograph" if not rest else "card", addresses)


def _any_monograph(asked: Asked, drawn: random.Random) -> Addresses:
    slugs = [bulk.drug_slug(1 + int(drawn.random() * asked.site.size.monographs)) for _ in range(asked.calls)]
    return [(f"/monographs/{slug}", asked.anybody(drawn)) for slug in slugs]


def _first_page(name: str, query: str) -> Question:
    def addresses(asked: Asked, drawn: random.Random) -> Addresses:
        return [(f"/monographs/{query}", asked.anybody(drawn)) for _ in range(asked.calls)]

    return Question(name, addresses)


def _further_on(name: str, query: str, letters: str, *, of_terms: bool = False) -> Question:
    """From places that hardly two calls share, so that no page is in memory. A whole page follows in both databases."""

    def addresses(asked: Asked, drawn: random.Random) -> Addresses:
        found = []
        for _ in range(asked.calls):
            place = f"{drawn.choice(letters)}{'-' if of_terms else '+'}{drawn.getrandbits(40):x}"
            after = place if of_terms else f"{place}~{drawn.randint(1, LARGEST_ID)}"
            found.append((f"/monographs/?{query}after={after}", asked.anybody(drawn)))
        return found

    return Question(name, addresses)


QUESTIONS = (
    _alike(),
    Question("monograph, any of all: mostly not in memory", _any_monograph, barred=False),
    _alike("/card"),
    _first_page("A to Z, first page", ""),
    _further_on("A to Z, further on", "", "abcdefghijklmnop"),
    _first_page("a class, first page", f"?class={LARGE_CLASS}"),
    _further_on("a class, further on", f"class={LARGE_CLASS}&", "a"),
    _first_page("by class", "?by=class"),
    _first_page("by indication", "?by=indication"),
    _first_page("by company, first page", "?by=company"),
    _further_on("by company, further on", "by=company&", "abcdefgh", of_terms=True),
)
PAGES = Measured("Growth: monographs from 500 to 50,000", "monographs", QUESTIONS, MOST_GROWTH, QUESTIONS[0])


def measure(few: sites.Site, many: sites.Site, *, calls: int = CALLS) -> Table:
    """The growth of pages."""
    return growth.measure(few, many, calls=calls, measured=PAGES)


def measure_publishing(few: sites.Site, many: sites.Site) -> Table:
    """What it takes to publish one monograph, of which the text, a class or the name has changed."""
    table = Table("Publishing one monograph among many", ("what", "monographs", "clock s", "CPU s"))
    for site in (few, many):
        with TemporaryDirectory(dir=sites.CACHE) as folder:
            _publish_changes(site.copy_to(Path(folder)), table)
    table.notes = [f"`cpd publish FILE` within a running process, the middle one of {REPEATS}; the copy is removed."]
    return table


CHANGES = {"its text": "## Dosage", "a class": "  - Oral anticoagulant", "its name": "name: Warfarin"}


def _publish_changes(site: sites.Site, table: Table) -> None:
    file = site.folder / "content" / "monographs" / f"{CHANGED}.md"
    many = site.size.monographs
    with sites.opened(site) as app, app.app_context():
        _publish(site, file)  # the copies were linked with fewer names
        for what, place in CHANGES.items():
            took = []
            for number in range(REPEATS):
                extra = f"\n\nChanged {number}." if what == "its text" else f" {number}"
                text = file.read_text(encoding="utf-8")
                file.write_text(text.replace(place, f"{place}{extra}", 1), encoding="utf-8")
                took.append(publishing.timed(lambda: _publish(site, file)))
            middle = publishing.middle(took)
            cells = (f"{what} has changed", f"{many:,}", f"{middle.clock:.2f}", f"{middle.cpu:.2f}")
            table.add(cells, [Figure(f"publishing one of {many:,} monographs: {what}", middle.clock, "s")])


def _publish(site: sites.Site, file: Path) -> None:
    from cpd.content.publish import publish

    publish(site.folder / "content", now=datetime.now(UTC), paths=[file])
