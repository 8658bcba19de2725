"""A message for the next page: said once, by the browser that it was left for, and only just afterwards."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
import time_machine

from cpd.web import cookies, messages
from cpd.web.messages import Message
from tests.pages import hidden_in, words_of


@pytest.fixture
def left(app, client):
    """Leaves a message for the client."""

    def left(message: Message) -> None:
        with app.test_request_context("/"):
            messages.leave(message)
            client.set_cookie(messages.COOKIE, cookies.g.cookies[messages.COOKIE].value)

    return left


def said_on(client, path="/") -> bool:
    return 'role="status"' in client.get(path).text


def test_a_message_is_said_once(client, left):
    left(Message("That was done.", link="/list", link_text="My list"))
    page = client.get("/").text
    assert '<p role="status">That was done.</p>' in page
    assert '<a href="/list">My list</a>' in page
    assert not said_on(client)


@pytest.mark.parametrize("path", ["/", "/pages/no-such", "/auth/register"])
def test_every_page_can_say_it_drawn_before_or_not(client, left, path):
    client.get(path)
    left(Message("That was done."))
    assert said_on(client, path)
    assert not said_on(client, path)


def test_undo_is_a_form_with_a_token(client, left):
    left(Message("Gone.", undo="/list/restore", undo_fields={"item": "a~b", "place": "3"}))
    page = client.get("/").text
    form = page.split('action="/list/restore"')[1]
    assert (hidden_in(form, "item"), hidden_in(form, "place")) == ("a~b", "3")
    assert hidden_in(form, "csrf_token")


def test_a_message_is_text(client, left):
    left(Message("<script>x</script> & more"))
    assert "&lt;script&gt;x&lt;/script&gt; &amp; more" in client.get("/").text


def test_a_message_that_is_too_old_is_not_said(client, left):
    left(Message("That was done."))
    with time_machine.travel(datetime.now(UTC) + timedelta(minutes=2)):
        assert not said_on(client)


@pytest.mark.parametrize("value", ["", "x", "WzFd.AAAA"])
def test_a_message_of_somebody_else_is_not_said(client, value):
    client.set_cookie(messages.COOKIE, value)
    assert not said_on(client)


def test_another_shape_that_we_signed_is_not_said(app, client):
    with app.app_context():
        client.set_cookie(messages.COOKIE, cookies.sealed(messages.PURPOSE, [1, "x"]))
    assert not said_on(client)


def test_a_message_as_long_as_names_may_be_fits_into_a_cookie(app):
    with app.test_request_context("/"):
        long = Message("é" * 5_000, "/list", "My list", "/list/restore", {"item": "a" * 201, "place": "100"})
        messages.leave(long)
        assert len(cookies.g.cookies[messages.COOKIE].value) < 4_000


def test_no_message_leaves_no_trace(client):
    assert "toast" not in words_of(client.get("/").text)
    assert "data-message" not in client.get("/").text
