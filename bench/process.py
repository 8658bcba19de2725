"""Memory of a worker that has shown every page, and the time from `cpd serve` to the first page."""

from __future__ import annotations

import re
import statistics
from pathlib import Path
from tempfile import TemporaryDirectory

from bench import bulk, pages, servers, sites
from bench.figures import Figure, Table, at_most, simple_table
from bench.sites import Site

STARTS = 3
MOST_MEMORY = at_most(120)  # MB
LARGEST_LISTS = 40  # pages of a list


def measure(site: Site) -> Table:
    sites.CACHE.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory(dir=sites.CACHE) as folder:
        started = [started_in(site) for _ in range(STARTS)]
        first = started_in(Site(empty(Path(folder)), site.size))
        with servers.cpd_server(site, on=servers.cores(), workers=1) as server:
            shown = show_every_page(server, site)
            memory = {pid: memory_of(pid) for pid in server.processes}
    worker = max(memory.values(), key=lambda each: each["Rss"])
    return simple_table(
        "Memory and cold start",
        [
            Figure("memory: worker, resident (RSS)", worker["Rss"], "MB", MOST_MEMORY),
            Figure("memory: worker, its share (PSS)", worker["Pss"], "MB"),
            Figure("memory: all processes, their share (PSS)", sum(each["Pss"] for each in memory.values()), "MB"),
            Figure("cold start: published before", statistics.median(started), "s"),
            Figure("cold start: empty folder, sample content published", first, "s"),
        ],
        notes=[f"One worker after {shown:,} pages, of which none was another's. Start: until home has answered."],
    )


def empty(folder: Path) -> Path:
    """An instance folder with nothing but the sample content."""
    sites.copy_sample(folder / "content")
    return folder


def started_in(site: Site) -> float:
    """Seconds from the command to the first answer of home."""
    with servers.cpd_server(site, on=servers.cores(), awaits="/", workers=1) as server:
        return server.started_in


def show_every_page(server: servers.Server, site: Site) -> int:
    """Ask for every page of the site as a learner, lists to their ends. Gives the number of pages."""
    learner = sites.cookie(pages.LEARNER)
    modules = [f"/modules/{bulk.module_slug(number)}" for number in range(1, site.size.modules + 1)]
    drugs = [f"/monographs/{bulk.drug_slug(number)}" for number in range(1, site.size.monographs + 1)]
    addresses = [*modules, *[f"{module}/assessment" for module in modules], *drugs, *_own_pages(site)]
    for address in addresses:
        _ask(server, address, learner)
    count = len(addresses)
    for start in ("/modules/", "/modules/?sort=shortest", "/monographs/", "/record/"):
        count += _follow(server, start, learner)
    for page in pages.pages_of(site):
        _ask(server, page.path, page.cookies)
        count += 1
    return count


def _own_pages(site: Site) -> list[str]:
    """A learner's marked attempts, the account, and the texts of the site."""
    slugs = [
        bulk.module_slug(bulk.passed_module(pages.LEARNER, site.size.modules, number))
        for number in range(bulk.ENTRIES_EACH)
    ]
    attempts = [
        f"/modules/{slug}/attempts/{bulk.attempt_of(pages.LEARNER, number)}" for number, slug in enumerate(slugs)
    ]
    return [*attempts, "/auth/account", *(f"/pages/{slug}" for slug in ("about", "accessibility", "privacy", "terms"))]


def _follow(server: servers.Server, address: str, cookies: str) -> int:
    """Ask for a list and the pages that follow. Gives their number."""
    for number in range(1, LARGEST_LISTS):
        body = _ask(server, address, cookies).decode()
        found = re.search(r'href="([^"]*[?;&]after=[^"]*)"', body)
        if found is None:
            return number
        address = found[1].replace("&amp;", "&")
    return LARGEST_LISTS


def _ask(server: servers.Server, address: str, cookies: str) -> bytes:
    status, body = server.get(address, cookies)
    if status != 200:
        raise servers.ServerFault(f"{address} answered {status}")
    return body


def memory_of(pid: int) -> dict[str, float]:
    """Resident memory of a process in MB: `Rss` counts shared pages in full, `Pss` its share of them."""
    rollup = Path(f"/proc/{pid}/smaps_rollup").read_text()
    return {name: int(kib) * 1024 / 1e6 for name, kib in re.findall(r"^(Rss|Pss): +(\d+) kB", rollup, re.MULTILINE)}
