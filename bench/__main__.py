"""python -m bench [GROUP…]: measure, print a table for each group, and write bench/latest.json."""

from __future__ import annotations

import fcntl
import os
import platform
import sqlite3
import sys
import tempfile
import traceback
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from bench.figures import Figure, Table, summary, write_json

LATEST = Path(__file__).with_name("latest.json")
LOCK = Path(tempfile.gettempdir()) / "cpd-bench.lock"


def pages() -> Iterable[Table]:
    """Pages beside bare Flask in one process."""
    from bench import pages, sites

    site = sites.make_site(sites.SMALL)
    yield pages.measure(site)
    yield pages.measure_session(site)


def http() -> Iterable[Table]:
    """Pages beside bare Flask over HTTP."""
    from bench import over_http, sites, wrk

    yield over_http.measure(sites.make_site(sites.SMALL)) if wrk.is_there() else without_wrk("Pages over HTTP")


def awards() -> Iterable[Table]:
    """Right answers over HTTP."""
    from bench import awards, sites, wrk

    yield awards.measure(sites.make_site(sites.SMALL)) if wrk.is_there() else without_wrk("Awards over HTTP")


def storm() -> Iterable[Table]:
    """A page while many people sign in."""
    from bench import sites, storm, wrk

    yield storm.measure(sites.make_site(sites.SMALL)) if wrk.is_there() else without_wrk("A storm of sign-ins")


def guessing() -> Iterable[Table]:
    """Owners who sign in while strangers guess."""
    from bench import guessing, sites

    yield guessing.measure(sites.make_site(sites.SMALL))


def growth() -> Iterable[Table]:
    """Pages on a small and a large database."""
    from bench import growth, sites

    yield growth.measure(sites.make_site(sites.SMALL), sites.make_site(sites.LARGE))


def monographs() -> Iterable[Table]:
    """Pages of monographs, of which there are few or very many."""
    from bench import monographs, sites

    few, many = sites.make_site(monographs.FEW), sites.make_site(monographs.MANY)
    yield monographs.measure(few, many)
    yield monographs.measure_publishing(few, many)


def comparing() -> Iterable[Table]:
    """Comparisons of long labels, and among many monographs."""
    from bench import comparing, sites

    yield comparing.longest()
    yield comparing.growth(sites.make_site(comparing.SMALL), sites.make_site(comparing.LARGE))


def publishing() -> Iterable[Table]:
    """Files a second, and files that have not changed."""
    from bench import publishing

    yield publishing.measure()


def importing() -> Iterable[Table]:
    """Labels a second, and memory for thousands of them."""
    from bench import importing

    yield importing.measure()


def searching() -> Iterable[Table]:
    """Search over 60,000 documents, and names completed."""
    from bench import searching

    yield searching.measure()


def process() -> Iterable[Table]:
    """Memory and cold start, and the first view of home."""
    from bench import first_view, process, sites

    site = sites.make_site(sites.SMALL)
    yield process.measure(site)
    yield first_view.measure(site)


def telling() -> Iterable[Table]:
    """Whether known e-mail addresses can be told from unknown ones by time."""
    from bench import telling

    yield telling.measure()


def without_wrk(title: str) -> Table:
    from bench.wrk import HOW_TO_GET

    return Table(title, ("nothing was measured",), notes=[HOW_TO_GET])


GROUPS: dict[str, Callable[[], Iterable[Table]]] = {
    each.__name__: each
    for each in (
        pages,
        http,
        awards,
        storm,
        guessing,
        growth,
        monographs,
        comparing,
        publishing,
        importing,
        searching,
        process,
        telling,
    )
}


def main(names: list[str]) -> int:
    unknown = [name for name in names if name not in GROUPS]
    if unknown:
        print(f"No such group: {' '.join(unknown)}. There are: {' '.join(GROUPS)}.", file=sys.stderr)
        return 2
    print(machine(), end="\n\n")
    figures: list[Figure] = []
    broken: list[str] = []
    with alone():
        for name in names or GROUPS:
            try:
                for table in aside(GROUPS[name]):
                    print(table, flush=True)
                    figures += table.figures
            except Exception:  # noqa: BLE001  # the other groups still have something to say
                traceback.print_exc()
                broken.append(name)
    write_json(figures, LATEST)
    print(summary(figures))
    if broken:
        print(f"Could not run: {', '.join(broken)}.")
    return 1 if broken else 0


def machine() -> str:
    """What the figures were measured on."""
    cores = len(os.sched_getaffinity(0))
    python = f"{platform.python_implementation()} {platform.python_version()}"
    return f"{cores} cores, {python}, SQLite {sqlite3.sqlite_version}, {platform.system()} {platform.machine()}."


def aside(group: Callable[[], Iterable[Table]]) -> Iterator[Table]:
    """The tables of a group. While it measures, what the product writes to standard output goes to a file."""
    tables = iter(group())
    while True:
        with output_aside():
            table = next(tables, None)
        if table is None:
            return
        yield table


@contextmanager
def output_aside() -> Iterator[None]:
    """Send standard output to a file that nobody reads: the log's lines cost what they cost, and spoil no table."""
    sys.stdout.flush()
    kept = os.dup(1)
    with tempfile.TemporaryFile() as file:
        os.dup2(file.fileno(), 1)
        try:
            yield
        finally:
            sys.stdout.flush()
            os.dup2(kept, 1)
            os.close(kept)


@contextmanager
def alone() -> Iterator[None]:
    """Two runs on a machine would measure each other: the second waits."""
    with LOCK.open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            print("Another run is measuring; waiting for its end.", file=sys.stderr)
            fcntl.flock(file, fcntl.LOCK_EX)
        yield


if __name__ == "__main__":
    if os.environ.get("PYTHONHASHSEED") != "0":
        again = [sys.executable, "-m", "bench", *sys.argv[1:]]
        os.execve(sys.executable, again, os.environ | {"PYTHONHASHSEED": "0"})  # noqa: S606  # no shell is wanted
    sys.exit(main(sys.argv[1:]))
