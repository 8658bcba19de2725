"""Turns: whole bodies first, few requests at work, changes apart from readings."""

from __future__ import annotations

import io
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from urllib.parse import urlencode

import pytest
from flask import Flask
from werkzeug.test import Client, EnvironBuilder, run_wsgi_app

from cpd.web import turns
from cpd.web.limits import LARGEST_REQUEST
from cpd.web.turns import Line, Turns, others_first
from tests.pages import token_in

LONGEST_WAIT = 60  # seconds


def fine(_, start_response):
    start_response("200 OK", [])
    return [b"fine"]


class HeldApp:
    """A WSGI application that stays at work until it is let go, and counts how many it works on."""

    def __init__(self):
        self.let_go = threading.Event()
        self.begun = threading.Semaphore(0)
        self.at_work = self.most = 0
        self.lock = threading.Lock()

    def __call__(self, environ, start_response):
        with self.lock:
            self.at_work += 1
            self.most = max(self.most, self.at_work)
        self.begun.release()
        assert self.let_go.wait(LONGEST_WAIT)
        with self.lock:
            self.at_work -= 1
        return fine(environ, start_response)


class SlowBody(io.RawIOBase):
    """A body that comes when it is told to."""

    def __init__(self):
        self.read_from = threading.Event()
        self.comes = threading.Event()

    def read(self, size=-1):
        self.read_from.set()
        assert self.comes.wait(LONGEST_WAIT)
        return b"x" * size


@pytest.fixture
def pool():
    with ThreadPoolExecutor(16) as pool:
        yield pool


def send(app, method="GET", body=None):
    """The status of one request."""
    environ = EnvironBuilder(method=method).get_environ()
    environ |= {} if body is None else {"wsgi.input": body, "CONTENT_LENGTH": "4"}
    return run_wsgi_app(app, environ, buffered=True)[1]


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_only_as_many_requests_are_worked_on_as_there_are_turns(pool, method):
    held = HeldApp()
    app = Turns(held, 2)
    sent = [pool.submit(send, app, method) for _ in range(8)]
    held.begun.acquire()
    held.begun.acquire()
    held.let_go.set()
    assert [each.result() for each in sent] == ["200 OK"] * 8
    assert held.most == 2


def test_pages_are_answered_while_every_turn_of_changes_is_taken(pool):
    held = HeldApp()
    app = Turns(lambda environ, start: (fine if environ["REQUEST_METHOD"] == "GET" else held)(environ, start), 1)
    change = pool.submit(send, app, "POST")
    held.begun.acquire()
    assert send(app, "GET") == "200 OK"
    held.let_go.set()
    assert change.result() == "200 OK"


def test_a_body_on_its_way_takes_no_turn(pool):
    app, slow = Turns(fine, 1), SlowBody()
    waiting = pool.submit(send, app, "POST", slow)
    assert slow.read_from.wait(LONGEST_WAIT)
    assert send(app, "POST", io.BytesIO(b"here")) == "200 OK"
    slow.comes.set()
    assert waiting.result() == "200 OK"


def test_too_many_bodies_on_their_way_are_refused_and_pages_answered(pool, monkeypatch):
    monkeypatch.setattr(turns, "MOST_SENDERS", 1)
    app, slow = Turns(fine, 1), SlowBody()
    waiting = pool.submit(send, app, "POST", slow)
    assert slow.read_from.wait(LONGEST_WAIT)
    refused = Client(app).post("/", data=b"more")
    assert (refused.status_code, refused.headers["Retry-After"]) == (503, "30")
    assert "What you sent was not recorded" in refused.text
    assert send(app, "GET") == "200 OK"
    slow.comes.set()
    assert waiting.result() == "200 OK"
    assert send(app, "POST", io.BytesIO(b"now!")) == "200 OK"


def test_a_turn_is_given_back_whatever_happens():
    def fail(*_):
        raise LookupError

    app = Turns(fail, 1)
    for _ in range(3):
        with pytest.raises(LookupError):
            send(app)


def waiting_app(waits, others):
    """Turns around an application whose changes wait for something slow, with others first if they say so."""
    app = Flask("waiting")

    @app.post("/")
    def change():
        if not waits.is_set():
            waits.set()
            with others_first():
                assert others.wait(LONGEST_WAIT)
        return "fine"

    return Turns(app.wsgi_app, 1)


def test_who_waits_for_something_slow_lets_others_go_first(pool):
    waits, others = threading.Event(), threading.Event()
    app = waiting_app(waits, others)
    slow = pool.submit(send, app, "POST")
    assert waits.wait(LONGEST_WAIT)
    assert send(app, "POST") == "200 OK"
    others.set()
    assert slow.result() == "200 OK"
    assert send(app, "POST") == "200 OK"


def test_outside_of_a_request_nobody_else_waits():
    with others_first():
        pass


def test_a_turn_comes_back_even_if_what_was_waited_for_fails():
    app = Flask("failing")

    @app.post("/")
    def change():
        with suppress(LookupError), others_first():
            raise LookupError
        return "fine"

    turns_of_it = Turns(app.wsgi_app, 1)
    for _ in range(3):
        assert send(turns_of_it, "POST") == "200 OK"


def test_turns_are_taken_in_the_order_of_asking_but_first_by_those_who_go_on(pool):
    line, went = Line(1), []
    line.take()

    def go(name, *, goes_on):
        line.take(goes_on=goes_on)
        went.append(name)
        line.give_back()

    asked = []
    for name, goes_on in (("first", False), ("second", False), ("goes on", True)):
        asked.append(pool.submit(go, name, goes_on=goes_on))
        while len(line._waiting) < len(asked):
            time.sleep(0.001)
    line.give_back()
    for each in asked:
        each.result(LONGEST_WAIT)
    assert went == ["goes on", "first", "second"]


def sign_in_form(client):
    page = client.get("/auth/sign-in")
    return urlencode(
        {"csrf_token": token_in(page.text), "email": "amara@example.org", "password": "wrong", "next": "/"}
    )


def post(client, body, **environ):
    """Send a body with whatever the WSGI environment says of it."""
    kind = "application/x-www-form-urlencoded"
    return client.post("/auth/sign-in", content_type=kind, environ_overrides={"wsgi.input": io.BytesIO(body)} | environ)


def test_a_form_that_broke_off_on_its_way_is_refused(client):
    form = sign_in_form(client).encode()
    assert post(client, form, CONTENT_LENGTH=str(len(form))).status_code == 422
    assert post(client, form, CONTENT_LENGTH=str(len(form) + 1)).status_code == 400


def test_a_form_that_does_not_say_its_length_counts_as_empty(client):
    form = sign_in_form(client).encode()
    answer = post(client, form, CONTENT_LENGTH="", HTTP_TRANSFER_ENCODING="chunked")
    assert answer.status_code == 400


@pytest.mark.parametrize(
    "length", ["", "-1", "1e3", "٣", "9" * 5_000], ids=["none", "negative", "odd", "not ASCII", "long"]
)
def test_a_length_that_is_no_number_breaks_nothing(client, length):
    assert post(client, b"x", CONTENT_LENGTH=length).status_code in (400, 413)


class NeverRead(io.RawIOBase):
    def read(self, _=-1):
        raise AssertionError("was read")


def test_a_body_that_is_too_long_is_not_even_read(client):
    sign_in_form(client)  # brings the cookie without which the form would not be looked at
    overrides = {"wsgi.input": NeverRead(), "CONTENT_LENGTH": str(LARGEST_REQUEST + 1)}
    assert client.post("/auth/sign-in", environ_overrides=overrides).status_code == 413
