"""Publishing: modules of 10 kB with eight questions, 50,000 drug names, from nothing and with nothing changed."""

from __future__ import annotations

import resource
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory

from flask import Flask

from bench import servers, sites, texts
from bench.figures import Figure, Table, at_least, at_most
from cpd import paths

FILES = 1_000  # half of them modules, half of them monographs
NAMES = 50_000
LEAST_FILES = at_least(60)  # a second of CPU
MOST_SECONDS = at_most(1)
REPEATS = 3


@dataclass(frozen=True)
class Took:
    """Seconds of CPU, with those of child processes, and by the clock."""

    cpu: float
    clock: float


def timed(work: Callable[[], object]) -> Took:
    before, start = _cpu(), time.perf_counter()
    work()
    return Took(_cpu() - before, time.perf_counter() - start)


def _cpu() -> float:
    """Seconds of this process and of its children that have ended."""
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(each.ru_utime + each.ru_stime for each in used)


def measure(*, files: int = FILES, names: int = NAMES) -> Table:
    table = Table(
        f"Publishing {files // 2} modules of {texts.MODULE_SIZE // 1000} kB with {texts.QUESTIONS} questions,"
        f" {names:,} drug names",
        ("what", "files", "clock s", "CPU s", "files/s of CPU", "files/s"),
        notes=[f"The names are those of {files // 2} monographs. CPU with that of child processes."],
    )
    sites.CACHE.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory(dir=sites.CACHE) as folder:
        site = sites.Site(Path(folder), sites.SMALL)
        drugs, modules = write_content(site.folder / "content", files, names)
        with sites.opened(site) as app:
            _prepare(app)
            monographs = timed(lambda: _publish(app, site, drugs))
            fresh = timed(lambda: _publish(app, site, modules))
            _publish(app, site, None)  # the pages of the site and the categories
            unchanged = middle([timed(lambda: _publish(app, site, None)) for _ in range(REPEATS)])
        command = middle([timed(lambda: _publish_by_command(site)) for _ in range(REPEATS)])
    table.add(_cells("monographs from nothing", len(drugs), monographs), [])
    table.add(
        _cells("modules from nothing", len(modules), fresh),
        [Figure("publishing: modules from nothing", len(modules) / fresh.cpu, "files/s a core", LEAST_FILES)],
    )
    table.add(
        _cells("all files, none changed", len(drugs) + len(modules), unchanged),
        [Figure(f"publishing: {files:,} unchanged files", unchanged.clock, "s", MOST_SECONDS)],
    )
    table.add(
        _cells("the same by `cpd publish`", len(drugs) + len(modules), command),
        [Figure(f"publishing: {files:,} unchanged files by `cpd publish`", command.clock, "s")],
    )
    return table


def middle(took: list[Took]) -> Took:
    """The one whose time by the clock stands in the middle."""
    return sorted(took, key=lambda each: each.clock)[len(took) // 2]


def _cells(what: str, files: int, took: Took) -> tuple[str, ...]:
    return (
        what,
        f"{files:,}",
        f"{took.clock:.2f}",
        f"{took.cpu:.2f}",
        f"{files / took.cpu:,.0f}",
        f"{files / took.clock:,.0f}",
    )


def write_content(folder: Path, files: int, names: int) -> tuple[list[Path], list[Path]]:
    """A content folder with monographs that share the names out, and as many modules. Gives both kinds of files."""
    shutil.copytree(paths.sample_content() / "pages", folder / "pages")
    shutil.copy(paths.sample_content() / "categories.yml", folder)
    (folder / "monographs").mkdir()
    count, all_names = files // 2, texts.drug_names(names)
    each = names // count
    drugs = []
    for number in range(count):
        slug, *brand_names = all_names[number * each : (number + 1) * each]
        file = folder / "monographs" / f"{slug}.md"
        file.write_text(texts.monograph_text(slug, number, brand_names=brand_names), encoding="utf-8")
        drugs.append(file)
    return drugs, texts.write_modules(folder, count, all_names)


def _publish_by_command(site: sites.Site) -> None:
    subprocess.run(
        [sys.executable, "-m", "cpd.cli", "publish"],
        cwd=paths.CHECKOUT,
        env=servers.environment(site),
        stdout=subprocess.DEVNULL,
        check=True,
    )


def _prepare(app: Flask) -> None:
    from cpd.migrating import migrate

    with app.app_context():
        migrate()


def _publish(app: Flask, site: sites.Site, files: list[Path] | None) -> None:
    from cpd.content.publish import publish

    with app.app_context():
        publish(site.folder / "content", now=datetime.now(UTC), paths=files)
