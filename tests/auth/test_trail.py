"""The events of an account: what they say, and the page that shows them to the owner."""

import re
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from zoneinfo import ZoneInfo

import pytest
import time_machine
from sqlalchemy import update

from cpd.auth.events import first_break, note
from cpd.auth.models import Event, EventKind
from cpd.auth.trail.queries import lines_of, whole_trail_of
from cpd.auth.trail.sentences import SENTENCES, doer_of, origin_of, sentence_of
from cpd.auth.trail.shown import Line, shown
from cpd.db import LARGEST_ID, db

CHROME = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/130.0 Safari/537.36"


@pytest.mark.parametrize("kind", EventKind)
def test_every_kind_has_a_sentence_of_its_own(kind):
    said = sentence_of(kind.value, {})
    assert said[0].isupper()
    assert not said.endswith(".")
    assert "_" not in said
    assert list(SENTENCES.values()).count(said) == 1


@pytest.mark.parametrize(
    ("kind", "detail", "said"),
    [
        ("signed_in", {"proofs": ["password"]}, "Signed in with the password"),
        ("signed_in", {"proofs": ["password", "app"]}, "Signed in with the password and an authenticator app"),
        (
            "signed_in",
            {"proofs": ["mail", "sign_on", "passkey"]},
            "Signed in with a mail, single sign-on and a passkey",
        ),
        ("signed_in", {"proofs": ["telepathy"]}, "Signed in"),
        ("signed_in", {"proofs": 7}, "Signed in"),
        ("proved_again", {"proof": "passkey"}, "Proved once more who it is, before something sensitive with a passkey"),
        ("role_changed", {"role": "author"}, "The role of the account was changed: author"),
        ("role_changed", {"role": None}, "The role of the account was changed"),
        (
            "details_changed",
            {"changed": ["name", "time_zone"]},
            "Details of the account were changed: name and time zone",
        ),
        ("details_changed", {"changed": []}, "Details of the account were changed"),
        ("session_ended", {"device": "Chrome on Windows"}, "A session was ended: Chrome on Windows"),
        ("tea_made", {"role": "author"}, "Tea made"),
    ],
)
def test_a_sentence_tells_what_is_known(kind, detail, said):
    assert sentence_of(kind, detail) == said


@pytest.mark.parametrize(
    ("detail", "origin"),
    [
        ({}, ""),
        ({"user_agent": CHROME}, "Chrome on Windows"),
        ({"network": "192.0.2.1"}, "192.0.2.1"),
        ({"user_agent": CHROME, "network": "192.0.2.1"}, "Chrome on Windows, 192.0.2.1"),
        ({"user_agent": "<script>", "network": ""}, "Unknown device"),
        ({"user_agent": 7, "network": ["x"]}, ""),
        ({"user_agent": CHROME, "network": 7}, "Chrome on Windows"),
        ({"user_agent": "", "network": "192.0.2.1"}, "192.0.2.1"),
    ],
)
def test_device_and_network_are_told_where_known(detail, origin):
    assert origin_of(detail) == origin


@pytest.mark.parametrize(
    ("detail", "doer"),
    [
        ({}, ""),
        ({"by": None}, ""),
        ({"by": ""}, ""),
        ({"by": "administrator 7"}, "By an administrator"),
        ({"by": "operator"}, "By those who run the site"),
        ({"by": "the administrator"}, "By those who run the site"),
        ({"role": "author"}, ""),
    ],
)
def test_who_did_it_is_told_if_it_was_not_the_owner_and_by_no_name(detail, doer):
    assert doer_of(detail) == doer


@pytest.mark.parametrize(
    ("kind", "detail", "said"),
    [
        ("signed_in", {"proofs": [], "proof": "app"}, "Signed in with an authenticator app"),
        ("signed_in", {"proofs": ["app"], "proof": "mail"}, "Signed in with an authenticator app"),
        ("passkey_added", {"name": "Phone", "proofs": ["passkey"]}, "A passkey was added with a passkey"),
        ("passkey_added", {"name": "Phone"}, "A passkey was added: Phone"),
        ("passkey_added", {"name": ""}, "A passkey was added"),
        ("passkey_added", {"name": ["", 7, "Phone"]}, "A passkey was added: Phone"),
        ("disabled", {"name": "Phone", "role": "author"}, "The account was disabled"),
        ("details_changed", {"changed": ["a", "b", "c"]}, "Details of the account were changed: a, b and c"),
        ("two_cups_of_TEA", {}, "Two cups of tea"),
    ],
)
def test_a_sentence_names_proofs_before_all_else_and_joins_what_it_names(kind, detail, said):
    assert sentence_of(kind, detail) == said


def row(number, kind, **detail):
    return SimpleNamespace(number=number, kind=kind, at=datetime(2026, 7, 1, 23, 30, tzinfo=UTC), detail=detail)


def test_lines_are_shown_in_order_with_the_readers_time_and_from_where_or_by_whom():
    lines = shown(
        [
            row(9, "signed_in", proofs=["app"], network="192.0.2.1", by="operator"),
            row(8, "disabled", by="administrator 7"),
            row(7, "registered"),
        ],
        ZoneInfo("Asia/Tokyo"),
    )
    at = datetime(2026, 7, 2, 8, 30, tzinfo=ZoneInfo("Asia/Tokyo"))
    assert lines == [
        Line(9, at, "Signed in with an authenticator app", "192.0.2.1"),
        Line(8, at, "The account was disabled", "By an administrator"),
        Line(7, at, "The account was registered", ""),
    ]
    assert [str(line.at) for line in lines] == ["2026-07-02 08:30:00+09:00"] * 3


@pytest.fixture
def events(app, rows_of):
    """Adds so many lines to Ann's trail."""

    def add(count, at=None):
        account_id = rows_of("account")[0]["id"]
        with app.app_context():
            for number in range(count):
                note(EventKind.DISABLED, account_id=account_id, now=at or datetime.now(UTC), number=number)
            db.session.commit()
        return account_id

    return add


def test_the_page_shows_what_happened_newest_first_with_device_and_network(browser):
    browser.register()
    browser.sign_out()
    browser.sign_in(password="wrong")
    browser.sign_in()
    page = browser.get("/auth/events").text

    said = ["Signed in with", "did not succeed", "Signed out", "Signed in with", "The account was registered"]
    places = [page.index(said[0])]
    for words in said[1:]:
        places.append(page.index(words, places[-1] + 1))
    assert page.count("Unknown device, 192.0.2.1") == 3


def test_times_are_those_of_the_learners_zone(browser):
    with time_machine.travel(datetime(2026, 7, 1, 23, 30, tzinfo=UTC), tick=False):
        browser.register()
        page = browser.get("/auth/events").text
    assert "2 July 2026, 00:30" in page
    assert "Times of Europe/London" in page


def test_only_the_owner_sees_the_events(browser, new_browser, events):
    browser.register()
    events(1)
    other = new_browser()
    other.register(email="bob@example.org")
    assert "The account was disabled" not in other.get("/auth/events").text
    assert "The account was disabled" in browser.get("/auth/events").text


def test_a_long_trail_comes_page_by_page_and_whole(browser, events, app):
    browser.register()  # two lines
    account_id = events(118)
    url, numbers, pages = "/auth/events", [], 0
    with app.app_context():
        newest = lines_of(account_id, limit=1)[0].number
    while url:
        page = browser.get(url).text
        pages += 1
        numbers.append(page.count('class="trail__at'))
        url = (
            f"/auth/events?before={page.split('/auth/events?before=')[1].split(chr(34))[0]}"
            if 'rel="next"' in page
            else ""
        )
    assert newest == 120
    assert numbers == [50, 50, 20]


@pytest.mark.parametrize(("count", "older"), [(50, ""), (51, "/auth/events?before=2")])
def test_there_is_a_way_to_older_lines_where_there_are_some(browser, events, count, older):
    browser.register()  # two lines
    events(count - 2)
    page = browser.get("/auth/events").text
    assert page.count('class="trail__at') == 50
    assert re.findall(r'href="(/auth/events[^"]*)"', page) == [older] * bool(older)


def test_lines_are_read_by_number_newest_first(browser, new_browser, events, app):
    browser.register()  # two lines
    account_id = events(4)
    new_browser().register(email="bob@example.org")
    with app.app_context():
        assert [line.number for line in lines_of(account_id)] == [6, 5, 4, 3, 2, 1]
        assert [line.number for line in lines_of(account_id, limit=2)] == [6, 5]
        assert [line.number for line in lines_of(account_id, before=3)] == [2, 1]
        assert [line.number for line in lines_of(account_id, before=0)] == []
        newest = lines_of(account_id, limit=1)[0]
    assert set(newest._fields) == {"account_id", "number", "kind", "at", "detail", "hash"}
    assert (newest.account_id, newest.kind, newest.detail) == (account_id, "disabled", {"number": 3})


@pytest.mark.parametrize("at_once", [1, 2, 6, 7])
def test_a_long_trail_is_read_whole_and_in_order_however_many_lines_come_at_once(
    browser, new_browser, events, app, monkeypatch, at_once
):
    browser.register()  # two lines
    account_id = events(4)
    new_browser().register(email="bob@example.org")
    monkeypatch.setattr("cpd.auth.trail.queries.AT_ONCE", at_once)
    with app.app_context():
        lines = [(line.account_id, line.number) for line in whole_trail_of(account_id)]
    assert lines == [(account_id, number) for number in range(1, 7)]


@pytest.mark.parametrize("before", ["0", "-1", "x", "9" * 10, "00000000001", "9" * 5_000, "٣", "1.5", ""])
def test_an_odd_number_in_the_address_shows_the_newest(browser, before):
    browser.register()
    answer = browser.get(f"/auth/events?before={before}")
    assert answer.status_code == 200
    assert "The account was registered" in answer.text


def test_the_largest_number_in_the_address_is_none_too_many(browser, app):
    browser.register()  # two lines
    with app.app_context():
        db.session.execute(update(Event).values(number=Event.number + (LARGEST_ID - 2)))
        db.session.commit()
    page = browser.get(f"/auth/events?before={LARGEST_ID}").text
    assert page.count('class="trail__at') == 1


def test_before_the_first_there_is_nothing(browser):
    browser.register()
    page = browser.get("/auth/events?before=1").text
    assert "There is nothing older." in page


def test_the_whole_trail_can_be_verified(browser, events, app):
    browser.register()
    account_id = events(5, at=datetime.now(UTC) - timedelta(days=1))
    with app.app_context():
        lines = list(whole_trail_of(account_id))
    assert [line.number for line in lines] == list(range(1, 8))
    assert first_break(lines) is None
    assert first_break(lines[1:]) == 1


def test_what_a_browser_says_is_shown_as_harmless_words(browser):
    browser.register()
    browser.sign_out()
    for said in ("<script>alert(1)</script>", "Chrome/1 Windows <b>", "x" * 5_000):
        page = browser.get("/auth/sign-in")
        fields = {
            "email": "ann@example.org",
            "password": "wrong",
            "csrf_token": page.text.split('csrf_token" value="')[1].split('"')[0],
        }
        answer = browser.client.post("/auth/sign-in", data=fields, headers={"User-Agent": said})
        assert answer.status_code == 422
    browser.sign_in()
    page = browser.get("/auth/events").text
    assert "alert(1)" not in page
    assert "Chrome on Windows" in page
