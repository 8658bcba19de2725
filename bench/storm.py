"""How long a page takes while many people sign in at once, beside the same page when nobody does."""

from __future__ import annotations

import http.client
import random
import statistics
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
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
    calm: list[float] = []
    again: list[float] = []
    stormy: list[float] = []
    answers: Counter[int] = Counter()
    sites.CACHE.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory(dir=sites.CACHE) as folder:
        written = site.copy_to(Path(folder) / "site")
        stranger = f"cpd_session=a.{'s' * 43}"
        with sites.opened(written) as app, app.test_request_context(headers={"Cookie": stranger}):
            token = csrf_token()
        page = next(each for each in pages.pages_of(site) if each.name.startswith("module"))
        for _ in range(turns):
            with servers.cpd_server(written, on=servers.cores(), proxies=1) as server:
                warm_up(server, page)
                storm = Storm(server, stranger, token, site.size.accounts)
                calm.append(_p99(server, page, seconds))
                with storm.raging():
                    stormy.append(_p99(server, page, seconds))
                again.append(_p99(server, page, seconds))
                answers += storm.answers
    return _table(calm, stormy, again, answers, turns * seconds)


def _p99(server: servers.Server, page: pages.Page, seconds: float) -> float:
    load = wrk.load(
        server.address(page.path),
        seconds=seconds,
        connections=READERS,
        on=servers.cores(),
        cookies=page.cookies,
        told=("pace", *PAUSE),
    )
    return load.p99


def _table(calm: list[float], stormy: list[float], again: list[float], answers: Counter[int], seconds: float) -> Table:
    growth = statistics.median(during / before for during, before in zip(stormy, calm, strict=True))
    control = statistics.median(after / before for after, before in zip(again, calm, strict=True))
    quiet = measuring.is_quiet(control, MOST_OFF)
    said = ", ".join(f"{count} answered {status}" for status, count in sorted(answers.items()))
    table = Table(
        "A signed-in module page during a storm of sign-ins",
        ("page p99 calm, ms", "in the storm, ms", "growth", "control", "sign-ins/s"),
        notes=[
            f"`cpd serve` as it comes; {READERS} readers who pause {PAUSE[0]} to {PAUSE[1]} ms between pages.",
            f"{CLIENTS} people sign in without a pause, half of them with a wrong password: {said}.",
        ],
    )
    checked = sum(count for status, count in answers.items() if status in (303, 422)) / seconds
    table.add(
        (
            f"{statistics.median(calm) * 1000:.1f}",
            f"{statistics.median(stormy) * 1000:.1f}",
            f"{growth:.2f}",
            f"{control:.2f}",
            f"{checked:.0f}",
        ),
        [
            Figure("storm: page p99 when calm", statistics.median(calm) * 1000, "ms"),
            Figure("storm: growth of page p99", growth, "growth", MOST_GROWTH, quiet),
            Figure("storm: passwords checked", checked, "sign-ins/s"),
        ],
    )
    return table
