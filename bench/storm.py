"""How long a page takes while many people sign in at once, beside the same page when nobody does."""

from __future__ import annotations

import http.client
import os
import random
import statistics
import threading
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from urllib.parse import urlencode

from bench import measuring, pages, servers, sites, wrk
from bench.figures import Figure, Table, at_most
from bench.over_http import warm_up
from cpd.web.csrf import csrf_token

TURNS = 3
SECONDS = 10.0
READERS, PAUSE = 4, (10, 30)  # connections, and the milliseconds they wait between two pages
CLIENTS = 8  # who sign in without a pause
MOST_GROWTH = at_most(2)
MOST_OFF = 0.25  # of two times without a storm


@dataclass(frozen=True)
class SetUp:
    """Which cores serve and which ask, and the settings of the server."""

    name: str
    serving: Sequence[int]
    asking: Sequence[int]
    settings: Mapping[str, Any]
    judged: bool


@dataclass
class Found:
    """p99 in seconds, turn by turn: before, during and after a storm."""

    calm: list[float] = field(default_factory=list)
    stormy: list[float] = field(default_factory=list)
    again: list[float] = field(default_factory=list)
    answers: Counter[int] = field(default_factory=Counter)


class Storm:
    """People who sign in, each from another address, every second time with a wrong password."""

    def __init__(self, server: servers.Server, cookies: str, token: str, accounts: int) -> None:
        self.answers: Counter[int] = Counter()
        self._server, self._cookies, self._token, self._accounts = server, cookies, token, accounts
        self._over = threading.Event()

    @contextmanager
    def raging(self) -> Iterator[None]:
        threads = [threading.Thread(target=self._sign_in_again_and_again, args=(number,)) for number in range(CLIENTS)]
        self._over.clear()
        for thread in threads:
            thread.start()
        try:
            yield
        finally:
            self._over.set()
            for thread in threads:
                thread.join()

    def _sign_in_again_and_again(self, number: int) -> None:
        os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), 10)  # wrk keeps the time beside this thread
        random_ = random.Random(number)
        while not self._over.is_set():
            account = random_.randint(1, self._accounts)
            password = sites.PASSWORD if random_.random() < 0.5 else "quite another password"
            address = f"10.{number}.{random_.randrange(256)}.{account % 256}"
            self.answers[self._sign_in(account, password, address)] += 1

    def _sign_in(self, account: int, password: str, address: str) -> int:
        connection = http.client.HTTPConnection(servers.HOST, self._server.port, timeout=30)
        form = {"csrf_token": self._token, "email": f"learner-{account}@example.org", "password": password, "next": "/"}
        try:
            connection.request(
                "POST",
                "/auth/sign-in",
                urlencode(form),
                {
                    "Cookie": self._cookies,
                    "Content-Type": "application/x-www-form-urlencoded",
                    "X-Forwarded-For": address,
                },
            )
            return connection.getresponse().status
        finally:
            connection.close()


def measure(site: sites.Site, *, turns: int = TURNS, seconds: float = SECONDS) -> Table:
    table = Table(
        "A signed-in module page during a storm of sign-ins",
        ("set-up", "page p99 calm, ms", "in the storm, ms", "growth", "control", "sign-ins/s"),
    )
    sites.CACHE.mkdir(parents=True, exist_ok=True)
    answers: Counter[int] = Counter()
    with TemporaryDirectory(dir=sites.CACHE) as folder:
        written = site.copy_to(Path(folder) / "site")
        for set_up in _set_ups():
            found = Found()
            for _ in range(turns):
                _turn(written, found, set_up, seconds)
            answers += found.answers
            table.add(*_row(set_up, found, turns * seconds))
    said = ", ".join(f"{count} answered {status}" for status, count in sorted(answers.items()))
    table.notes = [
        f"{READERS} readers who pause {PAUSE[0]} to {PAUSE[1]} ms between pages.",
        f"{CLIENTS} people sign in without a pause, half of them with a wrong password: {said}.",
    ]
    return table


def _set_ups() -> Iterator[SetUp]:
    """One worker with a core of its own, and `cpd serve` as it comes, on cores that it shares with those who ask."""
    cores = servers.cores()
    if len(cores) > 1:
        yield SetUp("1 worker, a core of its own", cores[:1], cores[1:], {"workers": 1}, judged=True)
    yield SetUp("as it comes, shared cores", cores, cores, {}, judged=False)


def _turn(site: sites.Site, found: Found, set_up: SetUp, seconds: float) -> None:
    stranger = f"cpd_session=a.{'s' * 43}"
    with sites.opened(site) as app, app.test_request_context(headers={"Cookie": stranger}):
        token = csrf_token()
    page = next(each for each in pages.pages_of(site) if each.name.startswith("module"))
    with (
        servers.cpd_server(site, on=set_up.serving, proxies=1, **set_up.settings) as server,
        servers.pinned(set_up.asking),
    ):
        warm_up(server, page)
        storm = Storm(server, stranger, token, site.size.accounts)
        found.calm.append(_p99(server, page, seconds, set_up.asking))
        with storm.raging():
            found.stormy.append(_p99(server, page, seconds, set_up.asking))
        found.again.append(_p99(server, page, seconds, set_up.asking))
        found.answers += storm.answers


def _p99(server: servers.Server, page: pages.Page, seconds: float, asking: Sequence[int]) -> float:
    load = wrk.load(
        server.address(page.path),
        seconds=seconds,
        connections=READERS,
        on=asking,
        cookies=page.cookies,
        told=("pace", *PAUSE),
    )
    return load.p99


def _row(set_up: SetUp, found: Found, seconds: float) -> tuple[list[str], list[Figure]]:
    growth = statistics.median(during / before for during, before in zip(found.stormy, found.calm, strict=True))
    control = statistics.median(after / before for after, before in zip(found.again, found.calm, strict=True))
    calm, stormy = statistics.median(found.calm) * 1000, statistics.median(found.stormy) * 1000
    checked = sum(count for status, count in found.answers.items() if status in (303, 422)) / seconds
    cells = [set_up.name, f"{calm:.1f}", f"{stormy:.1f}", f"{growth:.2f}", f"{control:.2f}", f"{checked:.0f}"]
    quiet = measuring.is_quiet(control, MOST_OFF)
    bar = MOST_GROWTH if set_up.judged else None
    return cells, [
        Figure(f"storm: {set_up.name}: page p99 when calm", calm, "ms"),
        Figure(f"storm: {set_up.name}: growth of page p99", growth, "growth", bar, quiet),
        Figure(f"storm: {set_up.name}: passwords checked", checked, "sign-ins/s"),
    ]
