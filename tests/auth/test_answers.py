"""What the pages that ask for a mail answer: a form that comes back, and that a mail is on its way."""

from __future__ import annotations

import pytest
from flask import Flask

from cpd.auth.by_mail import answers
from cpd.auth.by_mail.answers import Refusal, sent, what_was_sent
from cpd.web import cookies


@pytest.mark.parametrize(
    ("refusal", "expected"),
    [
        (Refusal(422), ("page", 422, {})),
        (Refusal(429, "Wait", 1), ("page", 429, {"Retry-After": "1"})),
        (Refusal(429, "Wait", 300), ("page", 429, {"Retry-After": "300"})),
    ],
)
def test_a_refusal_says_after_how_many_seconds_to_try_again_where_that_helps(refusal, expected):
    assert refusal.answer("page") == expected


@pytest.fixture
def client():
    """A browser of an application with nothing but what asks for a mail, and what then tells of it."""
    app = Flask("tried")
    app.secret_key = "for this test"
    cookies.configure(app, https=False)
    app.add_url_rule("/ask", view_func=lambda: sent("reset", "Ann@example.org"), endpoint="ask")
    app.add_url_rule("/told", view_func=lambda: {"told": what_was_sent()}, endpoint="told")
    return app.test_client()


def told(client):
    return client.get("/told").json["told"]


def test_what_was_asked_for_is_told_to_the_same_browser_for_ten_minutes(client):
    assert told(client) is None
    answer = client.get("/ask")
    assert (answer.status_code, answer.location) == (303, "/auth/sent")
    assert "; Max-Age=600;" in answer.headers["Set-Cookie"]
    assert told(client) == ["reset", "Ann@example.org"]
    assert told(client.application.test_client()) is None


@pytest.mark.parametrize("value", [[], ["reset"], ["reset", 7], [7, "ann@example.org"], ["a", "b", "c"], "ab", None])
def test_a_cookie_of_another_shape_tells_nothing(client, value):
    with client.application.app_context():
        client.set_cookie(answers.SENT, cookies.sealed(answers.PURPOSE, value))
    assert told(client) is None


def test_what_was_sealed_for_something_else_tells_nothing(client):
    with client.application.app_context():
        client.set_cookie(answers.SENT, cookies.sealed("message", ["reset", "ann@example.org"]))
    assert told(client) is None
