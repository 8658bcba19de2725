"""How long owners take to sign in, in browsers of their own, while strangers try passwords as fast as they can."""

from __future__ import annotations

import http.client
import multiprocessing
import os
import random
import threading
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from urllib.parse import urlencode

from bench import servers, sites
from bench.figures import Figure, Table, at_most
from cpd.auth import doors, known
from cpd.web import cookies
from cpd.web.csrf import csrf_token

CLIENTS, WORKERS = 64, 4
SIGN_INS = 20  # of owners, while one storm lasts
LONGEST = at_most(1)  # seconds
MOST_WHEN_CALM = 0.25  # seconds; where it takes longer without strangers, others use the machine
OWNER = 7
GATHERED = 2  # seconds until all strangers are there
WRONG = "quite another password"
FORM = {"Content-Type": "application/x-www-form-urlencoded"}


@dataclass(frozen=True)
class Storm:
    """What strangers try: whose password, and from where."""

    name: str
    accounts: Sequence[int]
    from_everywhere: bool
    most: int | None  # passwords that may be checked, whoever tries

    def target(self, chance: random.Random, number: int) -> tuple[int, str]:
        """The account and the address that the stranger of this number tries next."""
        account = chance.choice(self.accounts)
        if not self.from_everywhere:
            return account, "10.0.0.1"
        return account, f"10.{number}.{chance.randrange(256)}.{chance.randrange(256)}"


def storms(accounts: int) -> Iterator[Storm]:
    everybody = range(1, accounts + 1)
    yield Storm("one account, from everywhere", [OWNER], True, doors.PASSWORD_BY_ACCOUNT.tries)
    yield Storm("all accounts, from one address", everybody, False, doors.PASSWORD_BY_ADDRESS.tries)
    yield Storm("all accounts, from everywhere", everybody, True, None)


@dataclass
class Strangers:
    """Who try, each without a pause on a connection that stays open; in a process of their own."""

    port: int
    cookies: str
    token: str
    storm: Storm
    answers: Counter[int] = field(default_factory=Counter)
    seconds: float = 0

    @contextmanager
    def raging(self) -> Iterator[None]:
        with TemporaryDirectory() as folder, multiprocessing.get_context("spawn").Pool(1) as pool:
            going_on = Path(folder, "going on")
            going_on.touch()
            raging = pool.apply_async(self.rage, [going_on])
            time.sleep(GATHERED)
            try:
                yield
            finally:
                going_on.unlink()
                self.answers, self.seconds = raging.get()

    def rage(self, until_gone: Path) -> tuple[Counter[int], float]:
        """Let all of them try until a file is gone. Gives the answers' statuses, and the seconds it took."""
        os.nice(10)  # on other machines they would take nothing from the server
        over, began = threading.Event(), time.perf_counter()
        threads = [threading.Thread(target=self._guess, args=(number, over)) for number in range(CLIENTS)]
        for thread in threads:
            thread.start()
        while until_gone.exists():
            time.sleep(0.05)
        over.set()
        for thread in threads:
            thread.join()
        return self.answers, time.perf_counter() - began

    def _guess(self, number: int, over: threading.Event) -> None:
        chance, connection = random.Random(number), http.client.HTTPConnection(servers.HOST, self.port, timeout=60)
        while not over.is_set():
            account, address = self.storm.target(chance, number)
            headers = {"Cookie": self.cookies, "X-Forwarded-For": address}
            self.answers[posted(connection, account, WRONG, self.token, headers)] += 1
        connection.close()


def posted(
    connection: http.client.HTTPConnection, account: int, password: str, token: str, headers: dict[str, str]
) -> int:
    """The status of one try to sign in."""
    form = {"csrf_token": token, "email": f"learner-{account}@example.org", "password": password, "next": "/"}
    connection.request("POST", "/auth/sign-in", urlencode(form), headers | FORM)
    answer = connection.getresponse()
    answer.read()
    return answer.status


def measure(site: sites.Site, *, sign_ins: int = SIGN_INS) -> Table:
    table = Table(
        "Owners sign in, in browsers of their own, while strangers guess",
        (
            "strangers try",
            "slowest when calm, ms",
            "median, ms",
            "slowest, ms",
            "guesses/s",
            "checked",
            "refused",
            "busy",
        ),
        notes=[
            f"{CLIENTS} strangers without a pause, {WORKERS} workers.",
            f"An owner opens the form and sends it, {sign_ins} times, and half as often before.",
        ],
    )
    sites.CACHE.mkdir(parents=True, exist_ok=True)
    for storm in storms(site.size.accounts):
        with TemporaryDirectory(dir=sites.CACHE) as folder:
            _add(table, site.copy_to(Path(folder) / "site"), storm, sign_ins)
    return table


def _add(table: Table, site: sites.Site, storm: Storm, sign_ins: int) -> None:
    stranger, own = f"cpd_session=a.{'s' * 43}", f"cpd_session=a.{'o' * 43}; {_known_browser(site)}"
    cores = servers.cores()
    tokens = [_token(site, sent) for sent in (stranger, own)]
    with servers.cpd_server(site, on=cores, proxies=1, workers=WORKERS) as server:
        strangers = Strangers(server.port, stranger, tokens[0], storm)
        calm = sorted(_owner_signs_in(server.port, own, tokens[1]) for _ in range(sign_ins // 2))
        with strangers.raging():
            took = [_owner_signs_in(server.port, own, tokens[1]) for _ in range(sign_ins)]
    took.sort()
    answers = strangers.answers
    checked = answers[422]
    cells = [
        storm.name,
        f"{calm[-1] * 1000:.0f}",
        f"{took[len(took) // 2] * 1000:.0f}",
        f"{took[-1] * 1000:.0f}",
        f"{answers.total() / strangers.seconds:,.0f}",
        f"{checked:,}",
        f"{answers[429]:,}",
        f"{answers[503]:,}",
    ]
    figures = [
        Figure(
            f"guessing: {storm.name}: an owner's slowest sign-in", took[-1], "s", LONGEST, calm[-1] <= MOST_WHEN_CALM
        ),
        Figure(
            f"guessing: {storm.name}: passwords checked",
            checked,
            "passwords",
            at_most(storm.most) if storm.most else None,
        ),
    ]
    table.add(cells, figures)


def _owner_signs_in(port: int, cookies_sent: str, token: str) -> float:
    """Seconds that signing in takes, from opening the form to being sent on. Raises AssertionError if it fails."""
    connection = http.client.HTTPConnection(servers.HOST, port, timeout=60)
    headers = {"Cookie": cookies_sent, "X-Forwarded-For": "192.0.2.1"}
    start = time.perf_counter()
    connection.request("GET", "/auth/sign-in", headers=headers)
    connection.getresponse().read()
    status = posted(connection, OWNER, sites.PASSWORD, token, headers)
    took = time.perf_counter() - start
    connection.close()
    assert status == 303, f"the owner got {status}"
    return took


def _known_browser(site: sites.Site) -> str:
    with sites.opened(site) as app, app.app_context():
        return f"{known.COOKIE}={cookies.sealed(known.PURPOSE, ['a browser', [OWNER]])}"


def _token(site: sites.Site, sent: str) -> str:
    with sites.opened(site) as app, app.test_request_context(headers={"Cookie": sent}):
        return csrf_token()
