"""Forms are tied to the browser they were given to; cookies."""

import pytest

from cpd.web import csrf
from tests.auth.browser import ANN, PASSWORD, Browser, hidden_fields

WORDS = "This page was open for too long. Go back, reload it and try again."


@pytest.mark.parametrize("path", ["/auth/register", "/auth/sign-in", "/auth/sign-out", "/auth/professional"])
@pytest.mark.parametrize("token", [None, "", "x" * 64, "\U0001f600", "0" * 64])
def test_a_post_without_the_right_token_is_refused_with_words(client, path, token):
    client.get("/auth/sign-in")
    answer = client.post(path, data={} if token is None else {"csrf_token": token})
    assert answer.status_code == 400
    assert WORDS in answer.text


@pytest.mark.parametrize("method", ["post", "put", "patch", "delete"])
def test_every_address_of_ours_refuses_a_change_without_token(app, client, method):
    for rule in app.url_map.iter_rules():
        if method.upper() in (rule.methods or ()) and not rule.arguments:
            assert getattr(client, method)(rule.rule).status_code == 400, rule


def test_a_token_without_its_cookie_is_refused(browser):
    page = browser.get("/auth/sign-in")
    browser.client.delete_cookie("cpd_session")
    assert browser.post("/auth/sign-in", page, email="a@example.org", password="x").status_code == 400


def test_a_token_of_another_browser_is_refused(browser, new_browser):
    page = browser.get("/auth/sign-in")
    other = new_browser()
    other.get("/auth/sign-in")
    assert other.post("/auth/sign-in", page, email="a@example.org", password="x").status_code == 400


@pytest.mark.parametrize("cookie", ["", "a.", "a." + "x" * 42, "x" * 44, "a." + "é" * 43, '"', "x" * 4000])
def test_a_session_cookie_that_is_not_of_our_making_counts_for_nothing(client, cookie):
    client.set_cookie("cpd_session", cookie)
    assert client.get("/auth/account").status_code == 302
    page = client.get("/auth/sign-in")
    assert page.status_code == 200
    assert "cpd_session=a." in page.headers["Set-Cookie"]


def test_a_token_from_before_signing_in_is_refused_afterwards(browser):
    page = browser.get("/auth/sign-in")
    browser.register()
    assert browser.post("/auth/sign-out", page).status_code == 400
    assert browser.signed_in


def test_the_token_may_come_in_a_header(browser):
    token = hidden_fields(browser.get("/auth/sign-in").text)["csrf_token"]
    assert browser.client.post("/auth/professional", headers={csrf.HEADER: token}).status_code == 303


def test_a_form_is_valid_with_the_token_in_a_header(browser):
    fields = hidden_fields(browser.get("/auth/register").text) | ANN
    token = fields.pop("csrf_token")
    assert browser.client.post("/auth/register", data=fields, headers={csrf.HEADER: token}).status_code == 303


def test_an_unknown_address_is_not_found_rather_than_refused(client):
    assert client.post("/no/such/page").status_code == 404


def test_the_token_stays_the_same_for_two_tabs(browser):
    first, second = browser.get("/auth/sign-in"), browser.get("/auth/register")
    assert hidden_fields(first.text)["csrf_token"] == hidden_fields(second.text)["csrf_token"]


def test_a_visitor_gets_one_anonymous_cookie_until_the_browser_closes(client):
    header = client.get("/auth/sign-in").headers.getlist("Set-Cookie")
    assert len(header) == 1
    assert header[0].startswith("cpd_session=a.")
    assert "Max-Age" not in header[0]
    assert "Expires" not in header[0]
    assert client.get("/auth/sign-in").headers.getlist("Set-Cookie") == []


def test_no_query_is_spent_on_a_visitor(browser, monkeypatch):
    browser.get("/auth/sign-in")
    monkeypatch.setattr("cpd.auth.queries.find_session", pytest.fail)
    assert browser.get("/auth/sign-in").status_code == 200


def cookies_of(answer):
    return {header.split("=")[0]: header for header in answer.headers.getlist("Set-Cookie")}


def test_every_cookie_is_held_back_from_scripts_and_other_sites(browser):
    sent = cookies_of(browser.register())
    assert set(sent) == {"cpd_session", "cpd_known_browser", "cpd_professional"}
    for header in sent.values():
        assert "HttpOnly" in header
        assert "SameSite=Lax" in header
        assert "Path=/" in header
        assert "Domain" not in header
        assert "Secure" not in header


def test_cookies_are_secure_and_bound_to_the_host_under_https(client_with):
    browser = Browser(client_with(https=True).application)
    browser.place["wsgi.url_scheme"] = "https"
    browser.client.set_cookie("__Host-cpd_session", "a." + "x" * 43, secure=True)

    sent = cookies_of(browser.register())

    assert set(sent) == {"__Host-cpd_session", "__Host-cpd_known_browser", "__Host-cpd_professional"}
    assert all("Secure" in header for header in sent.values())
    assert browser.signed_in


def test_flasks_own_session_cookie_is_neither_read_nor_sent(browser):
    browser.client.set_cookie("session", "eyJfdXNlcl9pZCI6IjEifQ.aaaa.bbbb")
    browser.client.set_cookie("remember_token", "1|" + "0" * 128)
    assert "session=" not in str(cookies_of(browser.register()).keys() - {"cpd_session"})
    assert browser.signed_in


def test_signing_out_takes_the_session_cookie_away(browser):
    browser.register()
    header = cookies_of(browser.sign_out())["cpd_session"]
    assert "Max-Age=0" in header


def test_pages_about_accounts_are_not_kept_by_caches(browser):
    browser.register(password=PASSWORD)
    assert browser.get("/auth/account").headers["Cache-Control"] == "no-store"
