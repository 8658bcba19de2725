"""A form that is sent after the session has ended is kept through signing in."""

from __future__ import annotations

import pytest

from cpd.auth.kept import LARGEST, PURPOSE, KeptForm, keep_this_form, kept_form
from cpd.web import cookies
from tests.pages import hidden_in, token_in

PASSWORD = "seven quiet herons wade"


@pytest.fixture
def late_answer(client, publish, sign_in):
    """The answer to an assessment that is submitted when the session has ended."""
    publish("sepsis")
    sign_in("amara@example.org")
    page = client.get("/modules/sepsis/assessment").text
    fields = {"attempt": hidden_in(page, "attempt"), "q1": "a"}
    client.post("/auth/sign-out", data={"csrf_token": token_in(page)})
    token = token_in(client.get("/auth/sign-in").text)
    return client.post("/modules/sepsis/assessment", data={"csrf_token": token, **fields})


def sign_in_again(client, page: str, password: str = PASSWORD, **fields: str):
    data = {
        "csrf_token": token_in(page),
        "next": hidden_in(page, "next"),
        "kept": hidden_in(page, "kept"),
        "email": "amara@example.org",
        "password": password,
    }
    return client.post("/auth/sign-in", data=data | fields)


def test_answers_sent_after_the_session_ended_are_recorded_after_signing_in(client, late_answer):
    assert late_answer.status_code == 403
    assert "kept" in late_answer.text

    page = sign_in_again(client, late_answer.text).text
    fields = {name: hidden_in(page, name) for name in ("csrf_token", "attempt", "q1")}
    client.post("/modules/sepsis/assessment", data=fields)

    assert "0.50" in client.get("/record/").text


def test_the_page_that_offers_to_send_it_is_drawn_for_whom_has_just_signed_in(client, late_answer):
    answer = sign_in_again(client, late_answer.text)
    assert answer.status_code == 200
    assert "account menu for Amara Okafor" in answer.text
    assert "amara@example.org" in answer.text


def test_a_mistyped_password_keeps_the_form(client, late_answer):
    page = sign_in_again(client, late_answer.text, password="not the right one at all").text
    assert "Send it now" in sign_in_again(client, page).text


def test_a_form_that_we_did_not_sign_is_not_offered(client, late_answer):
    answer = sign_in_again(client, late_answer.text, kept="WyIvYXV0aC9zaWduLW91dCIsW11d.forged")
    assert answer.status_code == 303


def test_nothing_is_sent_again_without_the_learner(client, late_answer):
    sign_in_again(client, late_answer.text)
    assert "Nothing recorded yet" in client.get("/record/").text


def kept_of(app, fields, path="/record/"):
    with app.test_request_context(path, method="POST", data=fields):
        return kept_form(keep_this_form())


def test_every_field_is_kept_in_its_order_but_for_the_token(app):
    fields = {"q2": ["b", "a"], "csrf_token": "secret", "q1": "", "text": "Zo\u00eb <b>"}
    expected = (("q2", "b"), ("q2", "a"), ("q1", ""), ("text", "Zo\u00eb <b>"))
    assert kept_of(app, fields) == KeptForm("/record/", expected)


@pytest.mark.parametrize("field", ["password", "old_password", "password_again"])
def test_no_password_is_kept(app, field):
    assert kept_of(app, {"name": "Zo\u00eb", field: "violin-gravel"}) == KeptForm("/record/", (("name", "Zo\u00eb"),))


def test_a_form_as_large_as_may_be_is_kept_and_a_larger_one_is_not(app):
    assert kept_of(app, {"ab": "x" * (LARGEST - 2)}).fields == (("ab", "x" * (LARGEST - 2)),)
    for fields in ({"ab": "x" * (LARGEST - 1)}, {"a" * LARGEST: "b"}):
        with app.test_request_context("/record/", method="POST", data=fields):
            assert keep_this_form() == ""


@pytest.mark.parametrize(
    "sealed",
    [
        ["/no/such/page", []],
        ["//evil.test", []],
        ["/", "ab"],
        ["/"],
        ["/", [], []],
        [1, []],
        {"path": "/"},
        "/",
        None,
        7,
    ],
)
def test_what_is_signed_but_no_form_of_a_page_of_ours_is_not_offered(app, sealed):
    with app.test_request_context("/"):
        assert kept_form(cookies.sealed(PURPOSE, sealed)) is None
        assert kept_form(cookies.sealed("another purpose", ["/", []])) is None


@pytest.mark.parametrize("text", ["", None, "WyIvIixbXV0.forged"])
def test_what_is_not_signed_is_no_form(app, text):
    with app.test_request_context("/"):
        assert kept_form(text) is None
