"""Whether known e-mail addresses can be told from unknown ones by time, at the five forms where somebody could try.

Each form is sent with addresses of both kinds in pairs, in an order drawn for each pair. A threshold is fitted on the
times of one half of the pairs and guesses those of the other half: 50 % right is what a coin achieves. Password hashes
are cheap here: all else that a form does is a larger share of its time, and so easier to tell.
"""

from __future__ import annotations

import random
import statistics
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from tempfile import TemporaryDirectory
from urllib.parse import urlencode

from flask import Flask
from sqlalchemy import insert
from werkzeug.test import EnvironBuilder

from bench.figures import Figure, Table, at_most
from bench.inprocess import WrongAnswer, settle
from cpd import create_app
from cpd.auth import services, sessions
from cpd.auth.emails import read_email
from cpd.auth.services import Person
from cpd.db import Base, db
from cpd.migrating import migrate
from cpd.settings import Settings
from cpd.web import clock, cookies
from cpd.web.csrf import csrf_token

PAIRS = 2_000
MOST_RIGHT = at_most(55)  # per cent
WARM_UP = 60  # pairs that are not counted
VERSION = "2026-11-26"
PASSWORD = "violin gravel otter tundra"  # noqa: S105  # of nobody


@dataclass(frozen=True)
class Door:
    """A form: its address, what is sent beside the e-mail address, the answer, and whether one must be signed in."""

    name: str
    path: str
    fields: dict[str, str]
    status: int
    signed_in: bool = False


REGISTERING = {
    "name": "Ann Example",
    "password": PASSWORD,
    "profession": "Doctor",
    "professional": "y",
    "consent": "y",
    "documents": f"privacy:{VERSION} terms:{VERSION}",
}
DOORS = (
    Door("sign in", "/auth/sign-in", {"password": PASSWORD}, 422),
    Door("register", "/auth/register", REGISTERING, 303),
    Door("set a new password", "/auth/reset", {}, 303),
    Door("send the confirmation again", "/auth/resend", {}, 303),
    Door("change the address", "/auth/address", {}, 303, signed_in=True),
)


def measure(pairs: int = PAIRS) -> Table:
    heads = ("form", "known µs", "unknown µs", "right %", "control %")
    table = Table("Known and unknown e-mail addresses", heads)
    table.notes.append(
        f"{pairs:,} pairs for each form, in one process on SQLite, with cheap password hashes. Guesses of a "
        "threshold fitted on one half about the other half; the control tells unknown addresses from others. "
        f"Bar: {MOST_RIGHT} %."
    )
    for door in DOORS:
        with site_with(pairs + WARM_UP) as visit:
            settle()
            times = time_pairs(door, visit, pairs)
        right, control = (share_right(kind, times["unknown"]) for kind in (times["known"], times["others"]))
        known, unknown = (statistics.median(times[kind]) * 1e6 for kind in ("known", "unknown"))
        figure = Figure(
            f"telling, {door.name}: guesses right", right, "%", MOST_RIGHT, quiet=MOST_RIGHT.is_met(control)
        )
        table.add((door.name, f"{known:,.0f}", f"{unknown:,.0f}", f"{right:.1f}", f"{control:.1f}"), [figure])
    return table


def share_right(some: Sequence[float], others: Sequence[float]) -> float:
    """How many of the times of the second half are told apart by a threshold fitted on the first half, in per cent."""
    half = len(some) // 2
    threshold, above = fitted(some[:half], others[:half])
    right = sum((each > threshold) == above for each in some[half:])
    right += sum((each > threshold) != above for each in others[half:])
    return 100 * right / (len(some[half:]) + len(others[half:]))


def fitted(some: Sequence[float], others: Sequence[float]) -> tuple[float, bool]:
    """The threshold that tells most of these apart, and whether `some` are those above it."""
    marked = sorted([(each, 1) for each in some] + [(each, -1) for each in others])
    best, at, lead, above = 0, marked[0][0], 0, True
    for value, mark in marked:
        lead += mark
        if abs(lead) > best:
            best, at, above = abs(lead), value, lead < 0
    return at, above


def time_pairs(door: Door, visit: Visit, pairs: int) -> dict[str, list[float]]:
    """Seconds of each try, with known addresses, unknown ones, and further unknown ones for the control."""
    chance = random.Random(11)
    times: dict[str, list[float]] = {"known": [], "unknown": [], "others": []}
    for number in range(pairs + WARM_UP):
        kinds = list(times)
        chance.shuffle(kinds)
        for place, kind in enumerate(kinds):
            seconds = visit(door, f"{kind}{number}@example.org", number * 3 + place)
            if number >= WARM_UP:
                times[kind].append(seconds)
    return times


Visit = Callable[[Door, str, int], float]


@contextmanager
def site_with(accounts: int) -> Iterator[Visit]:
    """A site that sends mail, with so many accounts; gives what sends a form with an address and tells its seconds."""
    with TemporaryDirectory() as folder:
        app = create_app(settings_in(Path(folder)))
        with app.app_context():
            migrate()
            signed_in = fill(accounts)
        yield Visitor(app, signed_in)
        with app.app_context():
            db.session.remove()
            db.engine.dispose()


def settings_in(folder: Path) -> Settings:
    return Settings(
        instance_folder=folder,
        content_folder=folder,
        database_url=f"sqlite:///{folder / 'cpd.sqlite'}",
        secret_key="a secret key for measuring and nothing else",  # noqa: S106
        mail_server="smtp://127.0.0.1:9",
        mail_from="cpd@example.org",
        site_url="http://127.0.0.1",
        access_log=False,
        hash_memory=8,
        hash_time=1,
    )


def fill(accounts: int) -> list[str]:
    """Make accounts whose addresses are known, with a session each; gives their tokens."""
    now = clock.now()
    for slug in ("terms", "privacy"):
        page = {"slug": slug, "title": slug, "status": "published", "version": VERSION}
        db.session.execute(insert(Base.metadata.tables["page"]).values(**page))
    tokens = []
    for number in range(accounts):
        person = Person("Ann Example", read_email(f"known{number}@example.org"), "Doctor")
        made = {"password_hash": KEPT_HASH, "zone": "Europe/London", "consents": {}, "now": now, "confirmed": True}
        account = services.create_account(person, **made)
        token = sessions.start_session(account, user_agent="", network="", second_factor=False, now=now)
        tokens.append(token)
    db.session.commit()
    return tokens


KEPT_HASH = "$argon2id$v=19$m=8,t=1,p=1$c29tZXNhbHRzb21lc2FsdA$Zm9yIG5vYm9keSBhdCBhbGwgYW5kIG5vd2hlcmUgIQ"


class Visitor:
    """Sends forms, each from another network address, as anybody or as somebody who is signed in."""

    def __init__(self, app: Flask, signed_in: Sequence[str]) -> None:
        self._app, self._signed_in = app, signed_in
        self._visitor = cookies.ANONYMOUS + cookies.new_token()

    def __call__(self, door: Door, email: str, number: int) -> float:
        session = self._signed_in[number % len(self._signed_in)] if door.signed_in else self._visitor
        cookie = f"{cookies.SESSION}={session}"
        with self._app.test_request_context(headers={"Cookie": cookie}):
            token = csrf_token()
        body = urlencode({**door.fields, "email": email, "csrf_token": token}).encode()
        asked = EnvironBuilder(
            path=door.path,
            method="POST",
            base_url="http://127.0.0.1/",
            headers=[("Cookie", cookie)],
            content_type="application/x-www-form-urlencoded",
            input_stream=BytesIO(body),
            content_length=len(body),
        ).get_environ()
        asked["REMOTE_ADDR"] = f"10.{number >> 16}.{number >> 8 & 255}.{number & 255}"
        status: list[str] = []
        begun = time.perf_counter()
        answer = self._app.wsgi_app(asked, lambda given, _, __=None: status.append(given))  # type: ignore[arg-type]
        b"".join(answer)
        seconds = time.perf_counter() - begun
        if close := getattr(answer, "close", None):
            close()
        if not status[0].startswith(str(door.status)):
            raise WrongAnswer(f"{door.path}: {status[0]}")
        return seconds
