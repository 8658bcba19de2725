"""Links of mails in a browser: the token leaves the address bar, waits in a cookie, and goes once it is used."""

from __future__ import annotations

import pytest
from flask import Flask

from cpd.auth.by_mail import links
from cpd.web import cookies

TOKEN = "A-_9" * 10 + "xyz"


@pytest.fixture
def client():
    """A browser of an application with nothing but these links."""
    app = Flask("tried")
    app.secret_key = "for this test"
    cookies.configure(app, https=False)
    app.add_url_rule("/led/<name>", "led", lambda **_: links.out_of_address() or {"brought": links.brought()})
    app.add_url_rule("/used", "used", lambda: links.forget() or "")
    return app.test_client()


def brought(client):
    return client.get("/led/here").json["brought"]


def test_a_token_leaves_the_address_and_waits_for_half_an_hour(client):
    answer = client.get(f"/led/here?token={TOKEN}&more=x")
    assert (answer.status_code, answer.location) == (303, "/led/here")
    [cookie] = answer.headers.getlist("Set-Cookie")
    assert cookie.startswith(f"cpd_link={TOKEN}; ")
    assert "; Max-Age=1800; " in cookie
    assert brought(client) == TOKEN


@pytest.mark.parametrize(
    "token", ["", "x", TOKEN[:-1], f"{TOKEN}x", f"{TOKEN}%0A", TOKEN.replace("9", "."), f"b.{TOKEN}"]
)
def test_what_is_no_token_leaves_the_address_too_and_takes_away_the_one_before(client, token):
    client.set_cookie(links.COOKIE, TOKEN)
    answer = client.get(f"/led/here?token={token}")
    assert (answer.status_code, answer.location) == (303, "/led/here")
    assert brought(client) is None


def test_without_a_token_the_page_is_shown_and_nothing_is_brought(client):
    assert brought(client) is None
    assert client.get("/led/here?TOKEN=x&other=y").status_code == 200


def test_a_token_that_is_used_is_taken_away(client):
    client.get(f"/led/here?token={TOKEN}")
    client.get("/used")
    assert brought(client) is None
    assert client.get_cookie(links.COOKIE) is None
