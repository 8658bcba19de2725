"""Where a visitor may be sent after signing in: a path of our own, and nothing else."""

import hypothesis
import pytest
from flask import Flask
from hypothesis import strategies

from cpd.web.addresses import own_path
from tests.auth.browser import ANN
from tests.hostile.accounts import NOWHERE, PIECES, place_in_a_browser

OURS = [
    "/",
    "/auth/account",
    "/pages/terms",
    "/pages/terms?a=1&b=%20x",
    "/modules/sepsis",
    "/record/?after=2026-01-01.3",
    "/pages/terms#x",
]


@pytest.fixture(scope="module")
def routes():
    """An application with addresses like ours and nothing behind them."""
    app = Flask("routes")
    for rule in ("/", "/modules/<path:slug>", "/record/", "/auth/account", "/pages/<string(maxlength=20):slug>"):
        app.add_url_rule(rule, rule)
    for rule in ("/auth/sign-out", "/auth/professional"):
        app.add_url_rule(rule, rule, methods=["POST"])
    for rule in app.url_map.iter_rules():
        app.view_functions[rule.endpoint] = lambda **_: "here"
    return app


@pytest.mark.parametrize("wanted", OURS)
def test_a_path_of_ours_is_followed(routes, wanted):
    with routes.app_context():
        assert own_path(wanted) == wanted


@pytest.mark.parametrize("wanted", NOWHERE)
def test_anything_else_leads_home(routes, wanted):
    with routes.app_context():
        assert own_path(wanted) == "/"


MUTATIONS = strategies.one_of(
    strategies.lists(strategies.sampled_from(PIECES), max_size=8).map("".join),
    strategies.tuples(
        strategies.sampled_from([*OURS, *NOWHERE]), strategies.integers(0, 60), strategies.text(max_size=3)
    ).map(lambda drawn: drawn[0][: drawn[1]] + drawn[2] + drawn[0][drawn[1] :]),
    strategies.text(max_size=30).map("/{}".format),
)


def stays_here(routes, wanted):
    with routes.app_context():
        led = own_path(wanted)
    assert led in (wanted, "/")
    assert led.startswith("/")
    assert led.isprintable()
    assert place_in_a_browser(led) == "localhost", (wanted, led)
    assert routes.test_client().get(led).status_code == 200 or led == "/"


@hypothesis.settings(max_examples=300, suppress_health_check=[hypothesis.HealthCheck.function_scoped_fixture])
@hypothesis.given(MUTATIONS)
def test_no_mutation_leads_elsewhere(routes, wanted):
    stays_here(routes, wanted)


@pytest.mark.slow
@hypothesis.settings(max_examples=10_000, suppress_health_check=[hypothesis.HealthCheck.function_scoped_fixture])
@hypothesis.given(MUTATIONS)
def test_not_one_of_ten_thousand_mutations_leads_elsewhere(routes, wanted):
    stays_here(routes, wanted)


@pytest.mark.parametrize(
    ("location", "host"),
    [
        ("/x", "localhost"),
        ("x", "localhost"),
        ("//evil.test/x", "evil.test"),
        ("/\\evil.test", "evil.test"),
        ("\\/evil.test", "evil.test"),
        ("/\t/evil.test", "evil.test"),
        (" //evil.test", "evil.test"),
        ("http:evil.test", "evil.test"),
        ("https:/evil.test", "evil.test"),
        ("javascript:alert(1)", ""),
    ],
)
def test_the_judge_reads_addresses_as_browsers_do(location, host):
    assert place_in_a_browser(location) == host


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
