"""The page of an account: what is set, and the way to where it is changed."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from sqlalchemy import update

from cpd.db import Base, db
from tests.auth.browser import ANN, Browser
from tests.pages import words_of


def rows_in(page: str) -> dict[str, str]:
    """What the page says, by its labels."""
    found = re.findall(r"<dt>(.*?)</dt>\s*<dd>(.*?)</dd>", page, re.DOTALL)
    return {words_of(label): words_of(value) for label, value in found}


def set_columns(app, table: str, **values) -> None:
    with app.app_context():
        db.session.execute(update(Base.metadata.tables[table]).values(**values))
        db.session.commit()


def test_a_new_account_shows_what_was_typed_and_that_the_rest_is_off(browser):
    browser.register(registration_body="GMC", registration_number="1234567")
    shown = rows_in(browser.get("/auth/account").text)
    assert shown["Name"] == "Ann Example"
    assert shown["Profession"] == "Doctor"
    assert shown["Registration"] == "GMC 1234567"
    assert shown["Time zone"] == "London"
    assert shown["Language"] == "English (United Kingdom)"
    assert shown["E-mail address"] == ANN["email"]
    assert shown["Two-step sign-in"] == "Off"
    assert shown["Signed in"].startswith("1 browser, this one since ")
    assert not {"Role", "Recovery codes"} & shown.keys()
    assert re.match(r"Version .*, on \d+ \w+ \d{4}", shown["Terms of use"])


def test_what_was_not_given_is_said_to_be_so(browser):
    browser.register()
    assert rows_in(browser.get("/auth/account").text)["Registration"] == "Not given"


def test_its_dates_are_those_of_the_learners_zone(browser):
    with time_machine.travel(datetime(2026, 7, 1, 23, 30, tzinfo=UTC), tick=False):
        browser.register()
        shown = rows_in(browser.get("/auth/account").text)
    assert shown["Account since"] == "2 July 2026"
    assert shown["Signed in"] == "1 browser, this one since 2 July 2026"
    assert shown["Terms of use"] == "Version 2026-11-23, on 2 July 2026"
    assert shown["Privacy"] == "Version 2026-11-23, on 2 July 2026"


def test_only_sessions_that_still_hold_are_counted(browser, new_browser):
    start = datetime(2026, 7, 1, 12, tzinfo=UTC)
    with time_machine.travel(start, tick=False):
        browser.register()
    with time_machine.travel(start + timedelta(days=8), tick=False):
        browser.get("/auth/account")
        new_browser().sign_in()
        assert rows_in(browser.get("/auth/account").text)["Signed in"].startswith("2 browsers, ")
    with time_machine.travel(start + timedelta(days=16), tick=False):
        browser.get("/auth/account")
    with time_machine.travel(start + timedelta(days=23), tick=False):
        assert rows_in(browser.get("/auth/account").text)["Signed in"].startswith("1 browser, ")


def test_second_factors_are_named_with_how_many_codes_are_left(ann):
    page = ann.get("/auth/account").text
    shown = rows_in(page)
    assert shown["Two-step sign-in"] == "On: authenticator app, 1 passkey"
    assert shown["Recovery codes"] == "1 left"
    assert 'href="/auth/recovery-codes"' in page


def test_a_role_is_shown_and_when_it_counts(browser, app):
    browser.register()
    set_columns(app, "account", role="editor")
    assert rows_in(browser.get("/auth/account").text)["Role"] == (
        "Editor It counts once you have signed in with a second factor."
    )
    set_columns(app, "session", second_factor=True)
    assert rows_in(browser.get("/auth/account").text)["Role"] == "Editor"


def test_an_address_is_called_unconfirmed_only_where_mail_could_confirm_it(browser, app, client_with):
    browser.register()
    assert "onfirmed" not in browser.get("/auth/account").text

    mailing = client_with(
        mail_server="smtp://mail.example.org", mail_from="cpd@example.org", site_url="https://a.example"
    )
    there = Browser(mailing.application)
    there.client.set_cookie("cpd_session", browser.cookie("cpd_session"))
    page = there.get("/auth/account").text
    assert "Not confirmed" in rows_in(page)["E-mail address"]
    assert 'action="/auth/address/resend"' in page

    set_columns(app, "account", confirmed_at=datetime.now(UTC))
    page = there.get("/auth/account").text
    assert rows_in(page)["E-mail address"] == f"{ANN['email']} Confirmed"
    assert "resend" not in page


def test_single_sign_on_is_shown_where_a_provider_is_set(browser, client_with):
    browser.register()
    assert "single-sign-on" not in browser.get("/auth/account").text
    provider = {
        "sign_on_issuer": "https://id.example.org",
        "sign_on_client_id": "cpd",
        "sign_on_client_secret": "x",
        "sign_on_name": "Trust login",
        "site_url": "https://cpd.example.org",
    }
    there = Browser(client_with(**provider).application)
    there.client.set_cookie("cpd_session", browser.cookie("cpd_session"))
    page = there.get("/auth/account").text
    assert rows_in(page)["Trust login"] == "Not linked"
    assert 'href="/auth/single-sign-on"' in page


def test_the_ways_to_change_it_lead_somewhere_and_are_called_differently(ann, app):
    page = ann.get("/auth/account").text
    main = page[page.index("<main") : page.index("</main>")]
    links = re.findall(r'<a href="(/auth/[^"]+)">(.*?)</a>', main)
    assert len(links) >= 9
    assert len({words_of(name.replace('<span class="vh">', "")) for _, name in links}) == len(links)
    served = {rule.rule for rule in app.url_map.iter_rules() if "GET" in (rule.methods or ())}
    assert {path for path, _ in links} - served == set()


@pytest.mark.parametrize("path", ["/auth/details", "/auth/my-data", "/auth/my-data/delete"])
def test_its_pages_are_for_who_is_signed_in(new_browser, path):
    assert new_browser().get(path).location == f"/auth/sign-in?next={path}"
