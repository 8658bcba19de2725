"""Where a visitor may be sent after signing in: a path of our own, and nothing else."""

import pytest

from tests.auth.browser import PASSWORD

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


@pytest.fixture
def ann(browser):
    browser.register()
    return browser


@pytest.mark.parametrize("wanted", OURS)
def test_signing_in_leads_to_a_page_of_ours(ann, wanted):
    ann.sign_out()
    page = ann.get("/auth/sign-in", query_string={"next": wanted})
    answer = ann.post("/auth/sign-in", page, email="ann@example.org", password=PASSWORD)
    assert answer.location == wanted


@pytest.mark.parametrize("wanted", NOT_OURS)
def test_anything_else_leads_home(ann, wanted):
    answer = ann.get("/auth/sign-in", query_string={"next": wanted})
    assert answer.status_code == 302
    assert answer.location == "/"


@pytest.mark.parametrize("wanted", NOT_OURS)
def test_a_hidden_field_that_was_changed_leads_home(ann, wanted):
    page = ann.get("/auth/account")
    answer = ann.client.post("/auth/professional", data={"csrf_token": token_of(page), "next": wanted})
    assert answer.location == "/"


def token_of(page):
    return page.text.split('name="csrf_token" value="')[1].split('"')[0]


def test_a_visitor_comes_back_to_the_address_with_its_query(browser):
    browser.register()
    browser.sign_out()
    asked = browser.get("/record/?after=2026-01-01.3")
    assert asked.location == "/auth/sign-in?next=/record/%3Fafter%3D2026-01-01.3"
    assert browser.sign_in(path=asked.location).location == "/record/?after=2026-01-01.3"


def test_the_link_to_register_keeps_where_the_visitor_wanted_to_go(browser):
    page = browser.get("/auth/sign-in?next=/pages/terms%3Fa%3D1%26b").text
    assert 'href="/auth/register?next=/pages/terms%3Fa%3D1%26b"' in page
