"""64 strangers who guess at once, against four workers: no more is tried than the limits state, and owners get in."""

from __future__ import annotations

import http.client
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from urllib.parse import urlencode

import pytest
from sqlalchemy import insert, select

from cpd import create_app
from cpd.auth import doors, known, signing_in, tokens
from cpd.auth.emails import read_email
from cpd.auth.models import App, Event, EventKind
from cpd.auth.passwords import of_this_app
from cpd.auth.services import Person, create_account
from cpd.content.publish import publish
from cpd.db import db
from cpd.settings import Settings
from cpd.web import clock, cookies
from cpd.web.csrf import csrf_token
from tests.factories import write_site
from tests.faults.served import HOST, Served

pytestmark = pytest.mark.slow

CLIENTS, EACH = 64, 20
PASSWORD, WRONG = "violin-gravel-otter-tundra", "quite another password"
Answer = tuple[int, str]
FORM = {"Content-Type": "application/x-www-form-urlencoded"}


@dataclass(frozen=True)
class Door:
    """What strangers send, again and again: `fields` of the number of a stranger and a try, from `address` of both."""

    path: str
    fields: Callable[[int, int], dict[str, str]]
    address: Callable[[int, int], str]
    session: str = f"a.{'s' * 43}"  # the cookie that the token of their forms belongs to
    cookies: str = ""


def own_address(stranger: int, each: int) -> str:
    return f"10.{stranger}.{each}.1"


def password_of(email: Callable[[int, int], str], address: Callable[[int, int], str]) -> Door:
    return Door("/auth/sign-in", lambda one, each: {"email": email(one, each), "password": WRONG}, address)


@pytest.fixture
def served(settings: Settings) -> Iterator[Served]:
    """Four workers that believe what stands in X-Forwarded-For, and three accounts."""
    settings = replace(settings, workers=4, proxies=1)
    write_site(settings.content_folder)
    app = create_app(settings)
    with app.app_context():
        publish(settings.content_folder, now=clock.now())
        for name in ("ann", "bob", "eve"):
            person = Person(name.title(), read_email(f"{name}@example.org"), "Doctor")
            hashed = of_this_app().hash(PASSWORD)
            create_account(person, password_hash=hashed, zone="UTC", consents=signing_in.documents(), now=clock.now())
        db.session.commit()
        db.engine.dispose()
    with Served(settings) as server:
        yield server


def token_of(served: Served, session: str) -> str:
    app = create_app(served.settings)
    with app.test_request_context(headers={"Cookie": f"cpd_session={session}"}):
        return csrf_token()


def storm(served: Served, door: Door) -> Counter[int]:
    """What 64 strangers were answered, each twenty times in a row, all at the same time."""
    token, start = token_of(served, door.session), threading.Barrier(CLIENTS)
    answers: list[Answer] = []

    def guess(stranger: int) -> None:
        connection = http.client.HTTPConnection(HOST, served.port, timeout=120)
        start.wait()
        for each in range(EACH):
            headers = {"Cookie": f"cpd_session={door.session}{door.cookies}"}
            headers["X-Forwarded-For"] = door.address(stranger, each)
            fields = {"csrf_token": token} | door.fields(stranger, each)
            answers.append(posted(connection, door.path, fields, headers))
        connection.close()

    threads = [threading.Thread(target=guess, args=(stranger,)) for stranger in range(CLIENTS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(answers) == CLIENTS * EACH
    return Counter(status for status, _ in answers)


def posted(
    connection: http.client.HTTPConnection, path: str, fields: dict[str, str], headers: dict[str, str]
) -> Answer:
    """Status and address to go on to."""
    connection.request("POST", path, urlencode(fields), headers | FORM)
    answer = connection.getresponse()
    answer.read()
    return answer.status, answer.getheader("Location", "")


def failures_noted(served: Served, kind: EventKind = EventKind.SIGN_IN_FAILED) -> int:
    """How often somebody was found to be wrong, as the audit trail has it."""
    app = create_app(served.settings)
    with app.app_context():
        count = len(db.session.execute(select(Event.id).where(Event.kind == kind.value)).all())
        db.session.remove()
        db.engine.dispose()
    return count


def test_an_account_is_not_tried_more_often_than_stated_from_wherever(served):
    answers = storm(served, password_of(lambda *_: "ann@example.org", own_address))
    assert set(answers) <= {422, 429, 503}
    assert 0 < answers[422] <= doors.PASSWORD_BY_ACCOUNT.tries
    assert failures_noted(served) == answers[422]


def test_an_address_does_not_try_more_often_than_stated_whatever_the_account(served):
    answers = storm(served, password_of(lambda one, each: f"nobody-{one}-{each}@example.org", lambda *_: "10.0.0.1"))
    assert set(answers) <= {422, 429, 503}
    assert 0 < answers[422] <= doors.PASSWORD_BY_ADDRESS.tries
    assert failures_noted(served) == answers[422]


def half_signed_in(served: Served) -> str:
    """The cookie of somebody who knows Ann's password, and not what her authenticator app shows."""
    app = create_app(served.settings)
    with app.app_context():
        now = clock.now()
        db.session.execute(insert(App).values(account_id=1, secret="x", last_step=0, added_at=now))
        detail = {"proofs": ["password"], "wanted": "", "kept": ""}
        token = tokens.issue(signing_in.PURPOSE, account_id=1, now=now, lifetime=signing_in.LASTS, detail=detail)
        db.session.commit()
        db.engine.dispose()
    return f"; {signing_in.COOKIE}={token}"


def test_codes_of_an_account_are_not_tried_more_often_than_stated_from_wherever(served):
    code = Door("/auth/two-factor", lambda *_: {"code": "000000"}, own_address, cookies=half_signed_in(served))
    answers = storm(served, code)
    assert set(answers) <= {422, 429, 503}
    assert 0 < answers[422] <= doors.SECOND_FACTOR[0].tries
    assert failures_noted(served) == answers[422]


def test_the_owner_signs_in_meanwhile_in_a_browser_that_did_before(served):
    app = create_app(served.settings)
    with app.app_context():
        browser = cookies.sealed(known.PURPOSE, ["a browser", [1]])
    own = {"Cookie": f"cpd_session=a.{'o' * 43}; {known.COOKIE}={browser}", "X-Forwarded-For": "192.0.2.1"}
    fields = {"csrf_token": token_of(served, f"a.{'o' * 43}"), "email": "ann@example.org", "password": PASSWORD}
    said: list[Answer] = []
    over = threading.Event()

    def sign_in_again_and_again() -> None:
        while not over.is_set():
            connection = http.client.HTTPConnection(HOST, served.port, timeout=120)
            said.append(posted(connection, "/auth/sign-in", fields, own))
            connection.close()

    owner = threading.Thread(target=sign_in_again_and_again)
    owner.start()
    try:
        storm(served, password_of(lambda one, _: ("ann", "bob", "eve")[one % 3] + "@example.org", own_address))
    finally:
        over.set()
        owner.join()
    assert said
    assert set(said) == {(303, "/")}
