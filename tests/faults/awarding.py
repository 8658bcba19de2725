"""Learners who sit assessments over HTTP and do not give up: whatever happens, the same form is sent again."""

from __future__ import annotations

import http.client
import random
import re
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from urllib.parse import urlencode

from itsdangerous import URLSafeSerializer

from cpd import create_app
from cpd.auth.emails import read_email
from cpd.auth.services import Person, create_account, sign_in
from cpd.content.publish import publish
from cpd.db import db
from cpd.migrating import migrate
from cpd.settings import Settings
from tests.factories import module_text, write_site
from tests.faults.check import Ledger
from tests.pages import hidden_in, token_in

HOST = "127.0.0.1"
LONGEST_ANSWER = 30  # seconds
LONGEST_SITTING = 120  # seconds, retries and all
MARKED = re.compile(r"/modules/([a-z0-9-]+)/attempts/(\d+)")


@dataclass(frozen=True)
class Learner:
    """Somebody with a session."""

    id: int
    token: str


@dataclass(frozen=True)
class Answer:
    """What came back; a `status` of 0 says that nothing did."""

    status: int
    text: str = ""
    location: str = ""
    retry_after: str | None = None


class Browser:
    """One learner's browser, or a visitor's: no redirect is followed, a broken connection is an answer too."""

    def __init__(self, port: int, token: str = "", *, patience: float = LONGEST_ANSWER) -> None:
        self.port, self.patience = port, patience
        self.cookies = f"cpd_session={token}; cpd_professional=1" if token else "cpd_professional=1"

    def get(self, path: str) -> Answer:
        return self._ask("GET", path, None)

    def post(self, path: str, fields: dict[str, str]) -> Answer:
        return self._ask("POST", path, urlencode(fields))

    def _ask(self, method: str, path: str, body: str | None) -> Answer:
        headers = {"Cookie": self.cookies}
        if body is not None:
            headers["Content-Type"] = "application/x-www-form-urlencoded"
        connection = http.client.HTTPConnection(HOST, self.port, timeout=self.patience)
        try:
            connection.request(method, path, body, headers)
            answer = connection.getresponse()
            text = answer.read().decode()
        except (OSError, http.client.HTTPException):
            return Answer(0)
        finally:
            connection.close()
        location, retry_after = answer.getheader("Location", ""), answer.getheader("Retry-After")
        return Answer(answer.status, text, location, retry_after)


class Sitting:
    """An opened assessment: a form that may be sent as often as it takes."""

    def __init__(self, browser: Browser, learner: Learner, slug: str, ledger: Ledger, secret_key: str) -> None:
        self.browser, self.ledger, self.path = browser, ledger, f"/modules/{slug}/assessment"
        page = persist(lambda: browser.get(self.path), until=lambda answer: answer.status == 200)
        attempt = hidden_in(page.text, "attempt")
        self.fields = {"csrf_token": token_in(page.text), "attempt": attempt, "q1": "a"}
        self.nonce = nonce_in(attempt, secret_key)
        ledger.send(self.nonce, learner.id, slug)

    def submit(self) -> Answer:
        """Send the answers once. What the site says it recorded goes into the ledger."""
        answer = self.browser.post(self.path, self.fields)
        if answer.status == 0:
            self.ledger.miss_answer()
        if answer.status == 303 and (marked := MARKED.search(answer.location)):
            self.ledger.acknowledge(self.nonce, int(marked[2]))
        return answer

    def insist(self) -> None:
        """Send the answers until they are recorded."""
        persist(self.submit, until=lambda answer: answer.status == 303)


def nonce_in(attempt: str, secret_key: str) -> str:
    """What makes a sitting one of its kind, from the signed field of its form."""
    return str(URLSafeSerializer(secret_key, salt="sitting").loads(attempt)[3])


def persist(ask: Callable[[], Answer], *, until: Callable[[Answer], bool]) -> Answer:
    """Ask again until the answer is the right one. A broken connection and 503 are endured, and nothing else."""
    latest = time.monotonic() + LONGEST_SITTING
    while True:
        answer = ask()
        if until(answer):
            return answer
        assert answer.status in (0, 503), f"answered {answer.status}: {answer.text[:2000]}"
        assert time.monotonic() < latest, f"still answered {answer.status} after {LONGEST_SITTING} s"
        time.sleep(0.005)  # the pause of somebody who tries again


def furnish(settings: Settings, *, modules: int, learners: int) -> list[Learner]:
    """Publish modules m0, m1 … , and make learners with sessions."""
    write_site(settings.content_folder)
    folder = settings.content_folder / "modules" / "red-flags"
    folder.mkdir(parents=True)
    for number in range(modules):
        (folder / f"m{number}.md").write_text(module_text(f"m{number}"), encoding="utf-8")
    app = create_app(settings)
    with app.app_context():
        migrate()
        publish(settings.content_folder, now=datetime.now(UTC))
        made = [enrol(number) for number in range(learners)]
        db.session.commit()
        db.session.remove()
        db.engine.dispose()
    return made


def enrol(number: int) -> Learner:
    """Make a learner with a session. The caller commits."""
    now = datetime.now(UTC)
    person = Person("Amara Okafor", read_email(f"learner{number}@example.org"), "Doctor")
    learner = create_account(person, password_hash="none", zone="Europe/London", consents={}, now=now)
    return Learner(learner, sign_in(learner, user_agent="", network="", now=now, replaces=None))


@dataclass
class Crowd:
    """Clients that sit one assessment after the other, each on a thread of its own."""

    port: int
    secret_key: str
    learners: Sequence[Learner]
    modules: int
    seed: int
    ledger: Ledger

    def __post_init__(self) -> None:
        self.enough = threading.Event()
        self.pairs = [(learner, number) for learner in self.learners for number in range(self.modules)]
        random.Random(self.seed).shuffle(self.pairs)  # noqa: S311  # no secret
        self.lock = threading.Lock()

    @contextmanager
    def at_work(self, clients: int) -> Iterator[None]:
        """Let clients award themselves credits during the block; each ends its last sitting after it."""
        with ThreadPoolExecutor(clients) as pool:
            busy = [pool.submit(self._work, self.seed + number) for number in range(clients)]
            try:
                yield
            finally:
                self.enough.set()
            _raise_first(busy)

    def _work(self, seed: int) -> None:
        chance = random.Random(seed)  # noqa: S311  # no secret
        while not self.enough.is_set() and (pair := self._next()):
            learner, number = pair
            sitting = Sitting(Browser(self.port, learner.token), learner, f"m{number}", self.ledger, self.secret_key)
            sitting.insist()
            if chance.random() < 0.2:  # somebody goes back and presses Submit again
                sitting.insist()

    def _next(self) -> tuple[Learner, int] | None:
        with self.lock:
            return self.pairs.pop() if self.pairs else None


def _raise_first(done: Sequence[Future[None]]) -> None:
    for each in done:
        each.result()
