"""Changing what one states about oneself."""

from __future__ import annotations

import re
from datetime import UTC, datetime

import pytest
import time_machine

from cpd.auth.my_data.zones import label, zones_by_region
from tests.auth.browser import ANN, Browser, error_of
from tests.pages import token_in

DETAILS = {
    "name": "Ann Example",
    "profession": "Doctor",
    "registration_body": "",
    "registration_number": "",
    "time_zone": "Europe/London",
    "language": "en-GB",
}
OTHERS = {
    "name": "Ann Sample",
    "profession": "Pharmacist",
    "registration_body": "GPhC",
    "registration_number": "2012345",
    "time_zone": "Pacific/Auckland",
    "language": "en-GB",
}


def test_the_form_shows_what_is_kept(browser):
    browser.register(registration_body="GMC", registration_number="1234567")
    page = browser.get("/auth/details").text
    assert 'value="Ann Example"' in page
    assert 'value="1234567"' in page
    for chosen in ("Doctor", "GMC", "Europe/London", "en-GB"):
        assert re.search(rf'<option selected value="{chosen}">', page), chosen


def test_all_of_it_can_be_changed_at_once(browser, rows_of):
    browser.register()
    assert browser.send("/auth/details", **OTHERS).location == "/auth/account"

    [row] = rows_of("account")
    assert {name: row["zone" if name == "time_zone" else name] for name in OTHERS} == OTHERS
    assert row["email"] == ANN["email"]
    page = browser.get("/auth/account").text
    assert "Your details are saved." in page
    for shown in ("Ann Sample", "Pharmacist", "GPhC 2012345", "Auckland"):
        assert shown in page


def test_the_events_name_what_was_changed_and_say_nothing_of_it(browser, rows_of):
    browser.register()
    browser.send("/auth/details", **DETAILS | {"name": "Ann Sample", "time_zone": "UTC"})

    [line] = [row for row in rows_of("event") if row["kind"] == "details_changed"]
    assert line["detail"] == {"changed": ["name", "time_zone"]}
    assert "Details of the account were changed: name and time zone" in browser.get("/auth/events").text


def test_saving_what_was_there_notes_nothing(browser, rows_of):
    browser.register()
    before = rows_of("account")
    assert browser.send("/auth/details", **DETAILS).status_code == 303
    assert rows_of("account") == before
    assert "details_changed" not in {row["kind"] for row in rows_of("event")}


@pytest.mark.parametrize(
    ("field", "typed", "words"),
    [
        ("name", "", "Enter your name"),
        ("name", " \u202e ", "Enter your name"),
        ("name", "x" * 121, "Use at most 120 characters"),
        ("profession", "", "Choose your profession"),
        ("registration_number", "123", "A number of the GMC has 7 digits, like 1234567"),
        ("time_zone", "", "Choose your time zone"),
        ("language", "", "Choose a language"),
    ],
)
def test_the_rules_are_those_of_registering(browser, rows_of, field, typed, words):
    browser.register()
    before = rows_of("account")
    answer = browser.send("/auth/details", **DETAILS | {"registration_body": "GMC"} | {field: typed})
    assert answer.status_code == 422
    assert error_of(answer.text, field) == words
    assert rows_of("account") == before


@pytest.mark.parametrize("zone", ["Mars/Olympus", "../etc/passwd", "Europe/London\0", "posix/Europe/London", "London"])
def test_only_a_zone_of_the_list_is_taken(browser, zone):
    browser.register()
    answer = browser.send("/auth/details", **DETAILS | {"time_zone": zone})
    assert answer.status_code == 422
    assert error_of(answer.text, "time_zone") == "Not a valid choice."


def test_nothing_else_can_be_changed_by_a_field_of_its_name(browser, rows_of):
    browser.register()
    before = rows_of("account")
    answer = browser.send(
        "/auth/details", **DETAILS, role="administrator", email="other@example.org", zone="UTC", id="7"
    )
    assert answer.status_code == 303
    assert rows_of("account") == before


def test_a_new_zone_counts_at_once_and_dates_that_are_there_stay(client, publish, sign_in, submit):
    publish("sepsis")
    publish("fever")
    with time_machine.travel(datetime(2026, 11, 25, 20, tzinfo=UTC), tick=True):
        sign_in()
        submit("/modules/sepsis/assessment", q1="a")
        data = {"csrf_token": token_in(client.get("/auth/details").text), **DETAILS, "time_zone": "Pacific/Auckland"}
        assert client.post("/auth/details", data=data).status_code == 303
        submit("/modules/fever/assessment", q1="a")
        record = client.get("/record/").text
    assert re.findall(r"<b>(\d+)</b>", record) == ["26", "25"]


def test_a_zone_that_the_site_was_set_to_stays_possible(client_with, republish):
    client = client_with(timezone="Etc/GMT+3")
    republish()
    browser = Browser(client.application)
    browser.register()
    assert '<option selected value="Etc/GMT+3">GMT+3</option>' in browser.get("/auth/details").text
    assert browser.send("/auth/details", **DETAILS | {"time_zone": "Etc/GMT+3"}).status_code == 303


def test_zones_stand_under_their_regions_by_the_names_of_their_places():
    zones = zones_by_region()
    assert ("Europe/London", "London") in zones["Europe"]
    assert ("America/Argentina/Buenos_Aires", "Argentina – Buenos Aires") in zones["America"]
    assert next(iter(zones)) == "Europe"
    assert list(zones)[-1] == "Other"
    assert sum(map(len, zones.values())) > 400
    assert all(len(name) <= 64 for names in zones.values() for name, _ in names)
    assert label("UTC") == "UTC"
