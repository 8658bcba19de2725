"""Where a visitor may be sent after signing in: a path of our own, and nothing else."""

import pytest
from flask import Flask

from cpd.web.addresses import own_path
from tests.auth.browser import ANN

OURS = [
    "/",
    "/auth/account",
    "/pages/terms",
    "/pages/terms?a=1&b=%20x",
    "/modules/sepsis",
    "/record/?after=2026-01-01.3",
    "/pages/terms#x",
]
NOT_OURS = [
    "",
    " ",
    "//evil.test",
    "///evil.test",
    "////evil.test/pages/terms",
    "/\\evil.test",
    "\\\\evil.test",
    "/\\/evil.test",
    "\\/evil.test",
    "https://evil.test",
    "http:evil.test",
    "https:///evil.test",
    "HTTPS://evil.test/pages/terms",
    "javascript:alert(1)",
    "data:text/html,x",
    "evil.test",
    "pages/terms",
    "@evil.test",
    "/@evil.test",
    "/%2fevil.test",
    "/%5cevil.test",
    "/%09/evil.test",
    "/\t/evil.test",
    "\t//evil.test",
    "/\n/evil.test",
    "/pages/terms\r\nSet-Cookie: a=b",
    "/pages/terms\x00",
    "/ /evil.test",
    "http://[evil",
    "//[::1",
    "/.evil.test",
    "/..//evil.test",
    "/pages/../..//evil.test",
    "/no/such/page",
    "/auth/sign-out",
    "/auth/professional",
    "/pages/terms\u2028",
    "/\u200b/evil.test",
    "/\uff0fevil.test",
    "/" + "a" * 5000,
]


@pytest.fixture(scope="module")
def routes():
    """An application with addresses like ours and nothing behind them."""
    app = Flask("routes")
    for rule in ("/", "/modules/<path:slug>", "/record/", "/auth/account", "/pages/<string(maxlength=20):slug>"):
        app.add_url_rule(rule, rule)
    for rule in ("/auth/sign-out", "/auth/professional"):
        app.add_url_rule(rule, rule, methods=["POST"])
    return app


@pytest.mark.parametrize("wanted", OURS)
def test_a_path_of_ours_is_followed(routes, wanted):
    with routes.app_context():
        assert own_path(wanted) == wanted


@pytest.mark.parametrize("wanted", NOT_OURS)
def test_anything_else_leads_home(routes, wanted):
    with routes.app_context():
        assert own_path(wanted) == "/"


@pytest.mark.parametrize(
    "wanted", ["//evil.test", "https://evil.test/pages/terms", "/\\evil.test", "/auth/sign-out", ""]
)
def test_no_page_sends_a_visitor_elsewhere(browser, wanted):
    page = browser.get("/auth/sign-in", query_string={"next": wanted})
    registered = browser.send("/auth/register", **(ANN | {"next": wanted}))
    confirmed = browser.post("/auth/professional", browser.get("/auth/account"), next=wanted)
    already = browser.get("/auth/sign-in", query_string={"next": wanted})

    assert 'name="next" value="/"' in page.text
    assert [answer.location for answer in (registered, confirmed, already)] == ["/", "/", "/"]


def test_signing_in_leads_to_the_page_that_was_wanted(browser):
    browser.register()
    browser.sign_out()
    assert browser.sign_in(path="/auth/sign-in?next=/pages/terms%3Fa%3D1%26b%3D2").location == "/pages/terms?a=1&b=2"


def test_a_visitor_comes_back_to_the_address_with_its_query(browser):
    browser.register()
    browser.sign_out()
    asked = browser.get("/record/?after=2026-01-01.3")
    assert asked.location == "/auth/sign-in?next=/record/%3Fafter%3D2026-01-01.3"
    assert browser.sign_in(path=asked.location).location == "/record/?after=2026-01-01.3"


def test_the_link_to_register_keeps_where_the_visitor_wanted_to_go(browser):
    page = browser.get("/auth/sign-in?next=/pages/terms%3Fa%3D1%26b").text
    assert 'href="/auth/register?next=/pages/terms%3Fa%3D1%26b"' in page
