"""The list of a browser: signed, bounded, and taken over by the account that signs in with it."""

from __future__ import annotations

import pytest
from sqlalchemy import event, select

from cpd.db import db
from cpd.monographs.models import ListItem
from cpd.monographs.my_list import carried as carrying
from cpd.web import cookies
from tests.conftest import PASSWORD
from tests.monographs.conftest import lines_of
from tests.pages import token_in

pytestmark = pytest.mark.usefixtures("drugs")


def names_of(client) -> list[str]:
    return [name for name, _ in lines_of(client.get("/list").text)]


def enter(client, email="amara@example.org"):
    """Signs in at the form."""
    token = token_in(client.get("/auth/sign-in").text)
    return client.post("/auth/sign-in", data={"csrf_token": token, "email": email, "password": PASSWORD})


def leave(client):
    client.post("/auth/sign-out", data={"csrf_token": token_in(client.get("/auth/account").text)})


@pytest.fixture
def carry(app, professional):
    """Lets the visitor carry pairs, whatever they are."""

    def carry(*pairs: object) -> None:
        with app.app_context():
            professional.set_cookie("cpd_list", cookies.sealed(carrying.PURPOSE, list(pairs)))

    return carry


def test_the_browser_of_a_visitor_keeps_the_list_and_no_row_is_written(app, professional, add):
    add("alfadine")
    cookie = professional.get_cookie("cpd_list")
    assert cookie is not None
    assert cookie.http_only
    assert cookie.same_site == "Lax"
    with app.app_context():
        assert db.session.execute(select(ListItem.id)).all() == []


def test_an_emptied_list_takes_its_cookie_away(professional, add, send):
    add("alfadine")
    send("/list/remove", item="alfadine")
    assert professional.get_cookie("cpd_list") is None


def test_under_https_the_cookie_belongs_to_this_host(client_with):
    client = client_with(https=True)
    with client.application.test_request_context("/"):
        assert cookies.full_name(carrying.COOKIE) == "__Host-cpd_list"


@pytest.mark.parametrize(
    "spoil", [lambda text: text[:-1], lambda text: text + "x", lambda text: "." + text, lambda _: "x"]
)
def test_a_tampered_cookie_counts_as_an_empty_list(professional, add, spoil):
    add("alfadine")
    professional.set_cookie("cpd_list", spoil(professional.get_cookie("cpd_list").value))
    assert names_of(professional) == []
    add("betadine")
    assert names_of(professional) == ["Betadine"]


def test_a_cookie_that_was_signed_for_something_else_is_no_list(app, professional):
    with app.app_context():
        professional.set_cookie("cpd_list", cookies.sealed("known-browser", [["alfadine", ""]]))
    assert names_of(professional) == []


@pytest.mark.parametrize(
    "odd",
    [
        ["alfadine"],
        "alfadine",
        ["alfadine", 1],
        [1, 2],
        ["ALFADINE", ""],
        ["alfadine", "a b"],
        None,
        {"a": 1},
        ["a", "b", "c"],
    ],
    ids=str,
)
def test_what_is_no_pair_in_a_cookie_is_left_out(professional, carry, odd):
    carry(odd, ["betadine", ""], ["nodine", ""], ["betadine", ""])
    assert names_of(professional) == ["Betadine"]


def test_a_browser_that_is_full_says_so_and_keeps_what_it_has(professional, add, monkeypatch):
    add("alfadine")
    monkeypatch.setattr(carrying, "LONGEST", len(professional.get_cookie("cpd_list").value))
    answer = add("betadine")
    assert answer.status_code == 422
    assert "This browser cannot hold a longer list" in answer.text
    assert names_of(professional) == ["Alfadine"]


def test_the_longest_list_fits_into_a_cookie_that_browsers_keep(app):
    with app.test_request_context("/"):
        room = carrying.LONGEST + len("__Host-cpd_list=")
        assert room < 4_096


def test_registering_takes_the_list_over_in_its_order(professional, add, sign_in):
    for slug, indication in (("betadine", ""), ("zanidine", "hiccups"), ("alfadine", "")):
        add(slug, indication)
    sign_in()
    assert lines_of(professional.get("/list").text) == [
        ("Betadine", "No indication chosen"),
        ("Zanidine", "Hiccups"),
        ("Alfadine", "No indication chosen"),
    ]
    assert professional.get_cookie("cpd_list") is None


def test_signing_in_adds_what_is_new_after_what_was_there(professional, add, sign_in):
    sign_in()
    for slug in ("alfadine", "betadine"):
        add(slug)
    leave(professional)
    assert names_of(professional) == []
    for slug in ("gammadine", "betadine", "deltadine"):
        add(slug)
    assert enter(professional).status_code == 303
    assert names_of(professional) == ["Alfadine", "Betadine", "Gammadine", "Deltadine"]
    assert professional.get_cookie("cpd_list") is None


def test_a_wrong_password_leaves_the_list_in_the_browser(professional, add, sign_in):
    sign_in()
    leave(professional)
    add("alfadine")
    token = token_in(professional.get("/auth/sign-in").text)
    fields = {"csrf_token": token, "email": "amara@example.org", "password": "violin-gravel-otter-tundra"}
    assert professional.post("/auth/sign-in", data=fields).status_code == 422
    assert names_of(professional) == ["Alfadine"]


def test_a_list_that_could_not_be_taken_over_stays_in_the_browser(professional, add, sign_in):
    """Nothing of signing in is committed, so nothing of the cookie may go."""
    sign_in()
    leave(professional)
    add("alfadine")

    def fail(*_: object) -> None:
        raise RuntimeError

    event.listen(db.session, "before_commit", fail)
    try:
        assert enter(professional).status_code == 500
    finally:
        event.remove(db.session, "before_commit", fail)
    assert professional.get_cookie("cpd_list") is not None
    assert names_of(professional) == ["Alfadine"]


def test_the_list_of_one_account_is_not_that_of_another(app, add, sign_in, register):
    sign_in()
    add("alfadine")
    other = app.test_client()
    register(other, email="noor@example.org")
    assert names_of(other) == []


def test_former_names_are_taken_over_under_the_present_one(
    professional, carry, settings, write_monograph, republish, sign_in
):
    (settings.content_folder / "monographs" / "alfadine.md").unlink()
    write_monograph("omegadine", former_slugs=["alfadine"])
    republish()
    carry(["alfadine", ""], ["omegadine", ""])
    sign_in()
    assert names_of(professional) == ["Omegadine"]
