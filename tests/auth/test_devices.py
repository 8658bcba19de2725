"""The page of sessions: devices in words, and ending them."""

import re
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from hypothesis import given
from hypothesis import strategies as st

from cpd.auth.devices.naming import BROWSERS, SYSTEMS, device_of
from tests.auth.browser import PASSWORD

START = datetime(2026, 7, 1, 9, 0, tzinfo=UTC)
WINDOWS = "Mozilla/5.0 (Windows NT 10.0; Win64; x64)"
WEBKIT = "AppleWebKit/537.36 (KHTML, like Gecko)"
CHROME = f"{WINDOWS} {WEBKIT} Chrome/130.0.0.0 Safari/537.36"
IPHONE = (
    "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) "
    "Version/18.0 Mobile/15E148 Safari/604.1"
)
MAC = "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko)"
ANDROID = "Mozilla/5.0 (Linux; Android 10; K)"


@pytest.mark.parametrize(
    ("user_agent", "device"),
    [
        (CHROME, "Chrome on Windows"),
        (IPHONE, "Safari on iPhone"),
        (f"{CHROME} Edg/130.0.0.0", "Edge on Windows"),
        (f"{CHROME} OPR/116.0.0.0", "Opera on Windows"),
        (f"{CHROME} Vivaldi/7.0", "Vivaldi on Windows"),
        (f"{MAC} Version/18.0 Safari/605.1.15", "Safari on Mac"),
        (f"{MAC} Version/18.0 Safari/605.1.15 Ddg/18.0", "DuckDuckGo on Mac"),
        ("Mozilla/5.0 (X11; Linux x86_64; rv:133.0) Gecko/20100101 Firefox/133.0", "Firefox on Linux"),
        (f"{WINDOWS[:-1]}; rv:133.0) Gecko/20100101 Firefox/133.0", "Firefox on Windows"),
        (f"{ANDROID} {WEBKIT} Chrome/130.0.0.0 Mobile Safari/537.36", "Chrome on Android"),
        (
            f"{ANDROID} {WEBKIT} SamsungBrowser/27.0 Chrome/125.0.0.0 Mobile Safari/537.36",
            "Samsung Internet on Android",
        ),
        (IPHONE.replace("Version/18.0", "CriOS/130.0.6723.90"), "Chrome on iPhone"),
        (IPHONE.replace("Version/18.0", "FxiOS/133.0"), "Firefox on iPhone"),
        (IPHONE.replace("Version/18.0", "EdgiOS/130.0"), "Edge on iPhone"),
        (IPHONE.replace("iPhone; CPU iPhone", "iPad; CPU"), "Safari on iPad"),
        (f"Mozilla/5.0 (X11; CrOS x86_64 14541.0.0) {WEBKIT} Chrome/130.0.0.0 Safari/537.36", "Chrome on ChromeOS"),
        (f"Mozilla/5.0 (X11; Linux x86_64) {WEBKIT} HeadlessChrome/130.0.0.0 Safari/537.36", "Chrome on Linux"),
        ("Mozilla/5.0 (Windows NT 6.1; Trident/7.0; rv:11.0) like Gecko", "Internet Explorer on Windows"),
        ("curl/8.11.0", "Unknown device"),
        ("Werkzeug/3.1", "Unknown device"),
        ("", "Unknown device"),
        ("Mozilla/5.0 (Windows NT 10.0)", "Unknown browser on Windows"),
        ("Firefox/133.0", "Firefox on an unknown device"),
        ("<script>alert(1)</script>", "Unknown device"),
        ("<script>Firefox/1 Windows</script>", "Firefox on Windows"),
        ("' OR 1=1; --\x00\ud800\u202e", "Unknown device"),
    ],
)
def test_a_device_is_told_in_words(user_agent, device):
    assert device_of(user_agent) == device


OWN_WORDS = {word for _, name in (*BROWSERS, *SYSTEMS) for word in name.split()}


@given(st.text() | st.lists(st.sampled_from([mark for mark, _ in (*BROWSERS, *SYSTEMS)])).map(" ".join))
def test_only_words_of_our_own_come_out(user_agent):
    assert set(device_of(user_agent).split()) <= OWN_WORDS | {"on", "an", "unknown", "Unknown", "browser", "device"}


@pytest.fixture
def ann(browser):
    with time_machine.travel(START, tick=False):
        browser.register()
    return browser


@pytest.fixture
def at():
    """Stops the clock so many minutes after Ann has registered."""
    return lambda minutes: time_machine.travel(START + timedelta(minutes=minutes), tick=False)


def also(new_browser, address="203.0.113.9", agent=CHROME, email="ann@example.org"):
    """A second browser of an account."""
    other = new_browser(address=address)
    other.client.environ_base["HTTP_USER_AGENT"] = agent
    assert other.sign_in(email=email).status_code == 303
    return other


def listed(page):
    """The devices that the page names, in order."""
    return [re.sub(r"<.*", "", name).strip() for name in re.findall(r"<h3>(.*?)</h3>", page.text)]


def ids_of(page):
    return re.findall(r'name="session" value="(\d+)"', page.text)


def test_the_page_shows_each_session_with_device_network_and_times(ann, new_browser, at):
    with at(30):
        also(new_browser)
    with at(40):
        page = ann.get("/auth/sessions")
    assert listed(page) == ["Unknown device", "Chrome on Windows"]
    assert page.text.count("This one") == 1
    assert page.text.index("This one") < page.text.index("Chrome on Windows")
    for told in ("203.0.113.9", "192.0.2.1", "1 July 2026, 10:30", "1 July 2026, 10:00", "<dd>Now</dd>"):
        assert told in page.text, told  # in London it is an hour later


def test_the_page_states_the_limits(ann, at):
    with at(1):
        page = ann.get("/auth/sessions").text
    assert "after 14 days without use, and 90 days after signing in at the latest" in page
    assert "every 5 minutes" in page


def test_sessions_that_are_over_are_not_shown(ann, new_browser, at):
    with at(1):
        also(new_browser)
    for days in (5, 10, 15):
        with at(days * 24 * 60):
            page = ann.get("/auth/sessions")
    assert listed(page) == ["Unknown device"]


def test_an_ended_session_is_dead_at_once(ann, new_browser, at, rows_of):
    with at(1):
        other = also(new_browser)
        third = also(new_browser, agent=IPHONE)
        page = ann.get("/auth/sessions")
        chosen = ids_of(page)[listed(page)[1:].index("Chrome on Windows")]
        answer = ann.post("/auth/sessions", page, session=chosen)

        assert answer.status_code == 303
        assert answer.location == "/auth/sessions"
        assert not other.signed_in
        assert third.signed_in
        assert "Session ended: Chrome on Windows" in ann.get("/auth/sessions").text
    assert rows_of("event")[-1]["kind"] == "session_ended"
    assert rows_of("event")[-1]["detail"] == {"device": "Chrome on Windows"}


def test_all_others_can_be_ended_at_once(ann, new_browser, at, rows_of):
    with at(1):
        others = [also(new_browser), also(new_browser, agent=IPHONE)]
        bob = new_browser(address="203.0.113.77")
        bob.register(email="bob@example.org")
        ann.post("/auth/sessions", ann.get("/auth/sessions"), session="others")

        assert "2 other sessions ended" in ann.get("/auth/sessions").text
        assert [other.signed_in for other in others] == [False, False]
        assert bob.signed_in
    assert rows_of("event")[-1]["detail"] == {"count": 2}


def test_one_other_session_and_none_are_told_as_such(ann, new_browser, at):
    with at(1):
        also(new_browser)
        page = ann.get("/auth/sessions")
        for said in ("1 other session ended", "There was no other session"):
            ann.post("/auth/sessions", page, session="others")
            assert said in ann.get("/auth/sessions").text


def test_ending_the_session_in_use_signs_out(ann, at, rows_of):
    with at(1):
        answer = ann.post("/auth/sessions", ann.get("/auth/sessions"), session=str(rows_of("session")[0]["id"]))
        assert answer.location == "/"
        assert answer.headers["Clear-Site-Data"] == '"cache", "storage"'
        assert not ann.signed_in


@pytest.mark.parametrize(
    "odd", ["", "0", "-1", "x", "1 OR 1=1", "99999", str(2**31), str(2**63), "9" * 5_000, "٣", "1.0"]
)
def test_a_session_that_there_is_not_is_not_found(ann, at, odd):
    with at(1):
        page = ann.get("/auth/sessions")
        assert ann.client.post("/auth/sessions", data={"csrf_token": token(page), "session": odd}).status_code == 404


def test_another_learners_session_looks_like_one_that_there_is_not(ann, new_browser, at, rows_of):
    with at(1):
        bob = new_browser(address="203.0.113.77")
        bob.register(email="bob@example.org")
        of_bob = str(rows_of("session")[-1]["id"])
        page = ann.get("/auth/sessions")
        answers = [ann.post("/auth/sessions", page, session=each) for each in (of_bob, "99999")]
        assert answers[0].status_code == answers[1].status_code == 404
        assert answers[0].data == answers[1].data
        assert bob.signed_in


def test_ending_asks_for_the_password_when_signing_in_was_long_ago(ann, new_browser, at):
    with at(1):
        other = also(new_browser)
    with at(20):
        page = ann.get("/auth/sessions")
        asked = ann.post("/auth/sessions", page, session="others")
        assert asked.status_code == 403
        assert other.signed_in

        kept = ann.post("/auth/again", asked, password=PASSWORD)
        ann.post("/auth/sessions", kept)
        assert not other.signed_in


def test_a_visitor_is_asked_to_sign_in(browser):
    assert browser.get("/auth/sessions").location == "/auth/sign-in?next=/auth/sessions"


def token(page):
    return page.text.split('name="csrf_token" value="')[1].split('"')[0]


def new_device_mails(rows_of):
    return [row["payload"]["values"] for row in rows_of("outbox") if row["payload"].get("notice") == "new_device"]


@pytest.mark.usefixtures("ann")
def test_the_owner_is_told_of_a_browser_that_never_signed_in_before(new_browser, at, rows_of):
    assert new_device_mails(rows_of) == []  # registering is no news
    with at(1):
        also(new_browser)
    assert new_device_mails(rows_of) == [{"user_agent": CHROME, "network": "203.0.113.9"}]


def test_the_owner_is_not_told_of_a_browser_that_is_known(ann, at, rows_of):
    with at(1):
        ann.sign_out()
        ann.sign_in()
    assert new_device_mails(rows_of) == []


def test_a_browser_of_another_account_is_news(ann, new_browser, at, rows_of):
    with at(1):
        ann.sign_out()
        bob = new_browser(address="203.0.113.77")
        bob.register(email="bob@example.org")
        bob.sign_out()
        bob.sign_in()
    assert [mail["network"] for mail in new_device_mails(rows_of)] == ["203.0.113.77"]


@pytest.mark.usefixtures("ann")
def test_no_mail_for_a_try_that_failed(new_browser, at, rows_of):
    with at(1):
        new_browser(address="198.51.100.1").sign_in(password="wrong")
    assert new_device_mails(rows_of) == []
