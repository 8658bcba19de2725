"""What a browser brings back: forged, replayed, mixed up, too late, or an error. None signs anybody in."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from urllib.parse import parse_qs, urlsplit

import pytest
import time_machine

from cpd.auth import doors
from cpd.auth.sign_on import fetching, views
from cpd.auth.throttle import Limit
from cpd.web import clock
from tests.auth.browser import Browser
from tests.auth.sign_on.fake import CALLBACK, NAME, Raw

STALE = "/auth/single-sign-on/failed?why=stale"
PROVIDER = "/auth/single-sign-on/failed?why=provider&next=/record/"


def query_of(address):
    return {name: values[0] for name, values in parse_qs(urlsplit(address).query).items()}


def test_a_page_says_why_and_leads_to_the_password(browser):
    answer = browser.get(PROVIDER)
    assert answer.status_code == 200
    assert f"Signing in with {NAME} does not work just now" in answer.text.replace("&#39;", "'")
    assert 'href="/auth/sign-in?next=/record/"' in answer.text
    assert 'href="/auth/single-sign-on/start?next=/record/"' in answer.text


def test_each_reason_has_its_page(browser):
    pages = [browser.get(f"/auth/single-sign-on/failed?why={why}") for why in views.Why]
    assert all("Sign in with your password" in page.text and "{}" not in page.text for page in pages)
    assert len({page.text.split("<main")[1] for page in pages}) == len(views.Why)


@pytest.mark.parametrize("query", ["", "?why=", "?why=nonsense", "?why=stale&next=//evil.test", "?next=%00&why=<b>"])
def test_an_address_that_is_made_up_says_nothing_of_its_own(browser, query):
    answer = browser.get(f"/auth/single-sign-on/failed{query}")
    assert answer.status_code == 200
    assert 'href="/auth/sign-in?next=/"' in answer.text
    assert "<b>" not in answer.text


@pytest.mark.parametrize(
    "state", [None, "", "x", "A" * 43, "\x00", "é", "\ud800", "x" * 5_000], ids=lambda state: ascii(state)[:20]
)
def test_a_state_that_was_not_given_out_is_refused(linked, visit, state):
    address = visit.fake.authorize(visit.begin())
    given = query_of(address) | {"state": state}
    query = {name: value.encode("utf-8", "surrogatepass") for name, value in given.items() if value is not None}
    answer = linked.get(CALLBACK, query_string=query)

    assert answer.location == STALE
    assert not linked.signed_in
    assert visit.fake.asked["/token"] == 1  # of linking alone


def test_an_answer_for_another_browser_is_refused(linked, visit, new_browser):
    victim = new_browser()
    victim.get("/auth/single-sign-on/start")
    address = visit.fake.authorize(visit.begin())  # an attacker signs in at the provider, and stops before the end

    assert victim.get(address).location == STALE
    assert not victim.signed_in
    assert linked.get(address).location == "/"  # and the right browser may still go on


def test_an_answer_works_once(linked, visit, new_browser):
    address = visit.fake.authorize(visit.begin())
    assert linked.get(address).location == "/"
    assert linked.get(address).location == STALE
    copy = new_browser()
    copy.client.set_cookie("cpd_sign_on", linked.cookie("cpd_sign_on") or "A" * 43)
    assert copy.get(address).location == STALE
    assert not copy.signed_in


def test_of_two_answers_at_once_one_works(linked, visit, app, rows_of):
    address = visit.fake.authorize(visit.begin())
    secret, before = linked.cookie("cpd_sign_on"), len(rows_of("session"))
    together = threading.Barrier(4)

    def come_back(_):
        browser = Browser(app)
        browser.client.set_cookie("cpd_sign_on", secret)
        together.wait()
        return browser.get(address).location

    with ThreadPoolExecutor(4) as pool:
        assert sorted(pool.map(come_back, range(4))) == ["/", STALE, STALE, STALE]
    assert len(rows_of("session")) == before + 1


@pytest.mark.parametrize(("minutes", "signed_in"), [(9, True), (11, False)])
def test_an_answer_is_waited_for_ten_minutes(linked, visit, minutes, signed_in):
    address = visit.fake.authorize(visit.begin())
    with time_machine.travel(clock.now() + timedelta(minutes=minutes), tick=False):
        linked.get(address)
        assert linked.signed_in == signed_in


def test_two_tabs_may_be_on_their_way(linked, visit):
    first, second = visit.begin("/record/"), visit.begin("/list")
    assert linked.get(visit.fake.authorize(first)).location == "/record/"
    linked.sign_out()
    visit.begin()
    assert linked.get(visit.fake.authorize(second)).location == STALE  # the session took the secret with it


@pytest.mark.parametrize("iss", ["https://evil.example.org", "", None], ids=str)
def test_an_answer_of_another_provider_is_refused(linked, visit, iss):
    address = visit.fake.authorize(visit.begin("/record/"))
    given = {name: value for name, value in (query_of(address) | {"iss": iss}).items() if value is not None}

    assert linked.get(CALLBACK, query_string=given).location == PROVIDER
    assert not linked.signed_in
    assert visit.fake.asked["/token"] == 1


@pytest.mark.parametrize(
    ("error", "why"),
    [
        ("access_denied", "cancelled"),
        ("server_error", "provider"),
        ("temporarily_unavailable", "provider"),
        ("<script>", "provider"),
        ("", "provider"),
    ],
)
def test_an_error_of_the_provider_is_a_calm_page(linked, visit, error, why):
    asked = query_of(visit.begin("/record/"))
    given = {"error": error, "error_description": "<b>evil.test</b>", "state": asked["state"], "iss": visit.fake.issuer}
    answer = linked.get(CALLBACK, query_string=given)

    assert answer.location == f"/auth/single-sign-on/failed?why={why}&next=/record/"
    assert "evil" not in linked.get(answer.location).text


@pytest.mark.parametrize("code", [None, "", "x" * 2_001], ids=["none", "empty", "too long"])
def test_an_answer_without_a_code_is_refused(linked, visit, code):
    given = query_of(visit.fake.authorize(visit.begin("/record/")))
    given |= {"code": code} if code is not None else {}
    if code is None:
        del given["code"]
    assert linked.get(CALLBACK, query_string=given).location == PROVIDER
    assert visit.fake.asked["/token"] == 1


def test_a_code_that_the_provider_does_not_know_is_a_calm_page(linked, visit):
    visit.fake.raw["/token"] = Raw(b'{"error":"invalid_grant"}', status=400)
    assert visit.back("/record/").location == PROVIDER
    assert not linked.signed_in


@pytest.mark.parametrize(
    "claims", [{"email_verified": "true"}, {"email_verified": False}, {"email": "nobody"}], ids=str
)
def test_somebody_unknown_without_a_verified_address_is_refused_kindly(browser, visit, claims, count_of):
    visit.fake.claims = claims
    answer = visit.back("/record/")

    assert answer.location == "/auth/single-sign-on/failed?why=unverified&next=/record/"
    page = browser.get(answer.location).text
    assert "does not confirm your e-mail address" in page
    assert "Try again" not in page
    assert count_of("account") == count_of("sign_on") == 0


def test_who_is_linked_needs_no_address_any_more(linked, visit):
    visit.fake.person = {"sub": visit.fake.person["sub"]}
    visit.fake.description = {"userinfo_endpoint": None}
    assert visit.back().location == "/"
    assert linked.signed_in


def test_a_slow_provider_is_a_calm_page(linked, visit, monkeypatch):
    monkeypatch.setattr(fetching, "LONGEST_SILENCE", 0.05)
    slow = visit.fake.raw["/token"] = Raw(wait=threading.Event())
    try:
        assert visit.back("/record/").location == PROVIDER
    finally:
        slow.wait.set()
    assert not linked.signed_in


def test_pages_are_answered_while_the_provider_dawdles(linked, visit, new_browser, settings):
    slow = visit.fake.raw["/token"] = Raw(wait=threading.Event())
    addresses = [visit.fake.authorize(visit.begin()) for _ in range(settings.threads + 2)]
    with ThreadPoolExecutor() as pool:
        try:
            waiting = [pool.submit(Browser.get, linked, address) for address in addresses]
            while visit.fake.asked["/token"] < 1 + len(addresses):
                assert not any(each.done() for each in waiting)
            assert new_browser().get("/auth/sign-in").status_code == 200
        finally:
            slow.wait.set()


def test_a_provider_that_is_away_at_the_start_is_a_calm_page_and_a_line_in_the_log(browser, visit, count_of, caplog):
    visit.fake.raw["/.well-known/openid-configuration"] = Raw(status=500)
    assert browser.get("/auth/single-sign-on/start?next=/record/").location == PROVIDER
    assert count_of("token") == 0
    said = [each for each in caplog.messages if "sign-on" in each]
    assert said == ["single sign-on failed: its description cannot be had: HTTPError status 500"]


@pytest.mark.parametrize(
    "wanted", ["//evil.test", "https://evil.test/", "/\\evil.test", "/no/such/page", "javascript:1"]
)
@pytest.mark.usefixtures("linked")
def test_nobody_is_led_to_another_site_or_to_nowhere(visit, wanted):
    assert visit.back(wanted).location == "/"


@pytest.mark.usefixtures("linked")
def test_the_address_with_the_code_is_never_that_of_a_page(visit):
    answer = visit.back()
    assert answer.status_code == 303
    assert "code" not in answer.location
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.headers["Referrer-Policy"] == "same-origin"


def test_signing_in_gives_a_new_token_and_the_old_one_is_dead(linked, visit, new_browser):
    linked.sign_in()
    old = linked.cookie("cpd_session")
    visit.back()
    thief = new_browser()
    thief.client.set_cookie("cpd_session", old)

    assert linked.cookie("cpd_session") != old
    assert linked.signed_in
    assert not thief.signed_in


def test_a_token_fixed_before_is_not_the_session(linked, visit, new_browser):
    planted = "A" * 43
    linked.client.set_cookie("cpd_session", planted)
    linked.client.set_cookie("cpd_sign_on", planted)
    visit.back()
    thief = new_browser()
    thief.client.set_cookie("cpd_session", planted)
    thief.client.set_cookie("cpd_sign_on", planted)

    assert linked.signed_in
    assert not linked.cookie("cpd_sign_on")
    assert not thief.signed_in
    assert thief.get("/auth/single-sign-on/link").location == STALE


@pytest.mark.parametrize("cookie", ["", "x", "a." + "A" * 43, "é", "A" * 2_000], ids=len)
def test_an_odd_cookie_is_replaced(linked, visit, cookie):
    linked.client.set_cookie("cpd_sign_on", cookie)
    visit.begin()
    assert len(linked.cookie("cpd_sign_on")) == 43
    assert visit.back().location == "/"


def test_the_cookie_lasts_ten_minutes_and_no_script_can_read_it(browser):
    sent = browser.get("/auth/single-sign-on/start").headers["Set-Cookie"]
    assert sent.startswith("cpd_sign_on=")
    assert "Max-Age=600" in sent
    assert "HttpOnly" in sent
    assert "SameSite=Lax" in sent


def test_the_database_holds_nothing_that_opens_the_door(browser, visit, rows_of):
    asked = query_of(visit.begin())
    rows = str(rows_of("token"))
    for secret in (asked["state"], asked["nonce"], asked["code_challenge"], browser.cookie("cpd_sign_on")):
        assert secret not in rows


def test_starting_again_and_again_is_limited(browser, monkeypatch, count_of):
    monkeypatch.setattr(doors, "SIGN_ON_BY_ADDRESS", Limit(2, 300))
    led = ["busy" in browser.get("/auth/single-sign-on/start").location for _ in range(4)]
    assert led == [False, False, True, True]
    assert count_of("token") == 2


def test_what_failed_is_in_the_audit_trail_and_the_log_without_secrets(linked, visit, rows_of, caplog):
    visit.fake.token = {"id_token": "a.b.c"}
    address = visit.fake.authorize(visit.begin())
    linked.get(address)

    line = rows_of("event")[-1]
    assert (line["kind"], line["account_id"]) == ("sign_in_failed", None)
    assert line["detail"].items() >= {"proof": "sign_on", "why": "provider", "network": "192.0.2.1"}.items()
    assert "single sign-on failed: its ID token is refused: DecodeError" in caplog.text
    for secret in query_of(address).values():
        assert secret not in caplog.text or secret == visit.fake.issuer


def test_who_cancels_is_no_failed_sign_in(linked, visit, count_of):
    before, asked = count_of("event"), query_of(visit.begin())
    linked.get(CALLBACK, query_string={"error": "access_denied", "state": asked["state"], "iss": visit.fake.issuer})
    assert count_of("event") == before


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE"])
def test_an_answer_in_a_form_is_not_taken(linked, visit, method):
    address = visit.fake.authorize(visit.begin())
    assert linked.client.open(address, method=method).status_code in (400, 405)
    assert not linked.signed_in
