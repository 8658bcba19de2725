"""What the pages of single sign-on say, where they lead, and with which statuses they answer."""

from __future__ import annotations

import html
import re

import pytest
from sqlalchemy import update

from cpd.auth import doors, passwords
from cpd.auth.models import Account, SignOn
from cpd.auth.sign_on.views import Why
from cpd.auth.throttle import Limit
from cpd.db import db
from cpd.web import clock
from tests.auth.browser import ANN, PASSWORD, error_of, hidden_fields
from tests.auth.factors.people import heading_of, refusal_of, title_of
from tests.auth.sign_on.fake import CALLBACK, NAME, Raw
from tests.pages import words_of

LINK, REGISTER = "/auth/single-sign-on/link", "/auth/single-sign-on/register"
WHERE = "/record/?from=2026&to=2027"
QUOTED = "/record/%3Ffrom%3D2026%26to%3D2027"
TOO_MANY = "There were too many tries. Wait 5 minutes, then try again."


@pytest.fixture
def only_one(monkeypatch):
    """Lets one try through at a door, then none for five minutes."""

    def only_one(limit):
        monkeypatch.setattr(doors, limit, Limit(1, 300))

    return only_one


@pytest.fixture
def late(browser):
    """The fields of a form that waits, and the token with which a form may be sent."""
    csrf = hidden_fields(browser.get("/auth/sign-in").text)["csrf_token"]
    page = browser.client.post("/auth/again", data={"csrf_token": csrf, "typed": "x"})
    return {"csrf_token": csrf, "kept": hidden_fields(page.text)["kept"], "next": "/auth/again"}


def main_of(page):
    return words_of(page[page.index("<main") : page.index("</main>")])


FAILED = {
    Why.CANCELLED: ("You are not signed in", f"Signing in with {NAME} was cancelled.", True),
    Why.STALE: (
        "You are not signed in",
        f"Signing in with {NAME} took longer than ten minutes, or was finished already.",
        True,
    ),
    Why.PROVIDER: (
        f"Signing in with {NAME} does not work just now",
        "The fault is not yours. Try again in a minute.",
        True,
    ),
    Why.UNVERIFIED: (
        f"{NAME} does not confirm your e-mail address",
        "Without a confirmed address we cannot tell which account is yours. Ask the people there who look after yours.",
        False,
    ),
    Why.DISABLED: ("This account is disabled", "Ask whoever runs this site.", False),
    Why.BUSY: ("Many people are signing in just now", "Wait a minute, then try again.", True),
}


@pytest.mark.parametrize(("why", "said"), FAILED.items(), ids=FAILED)
def test_a_page_says_why_somebody_is_not_signed_in_and_what_to_do(browser, why, said):
    title, text, again = said
    page = browser.get(f"/auth/single-sign-on/failed?why={why}&next={QUOTED}").text
    assert title_of(page) == title
    assert main_of(page) == " ".join(
        [title, text, "Sign in with your password", *([f"Try again with {NAME}"] if again else [])]
    )
    assert f'href="/auth/sign-in?next={QUOTED}"' in page
    assert (f'href="/auth/single-sign-on/start?next={QUOTED}"' in page) == again


@pytest.mark.parametrize("why", ["provider", "cancelled"])
def test_whoever_comes_back_in_vain_is_still_led_to_where_they_wanted_to_go(linked, visit, why):
    visit.fake.raw["/token"] = Raw(status=500)
    address = visit.fake.authorize(visit.begin(QUOTED))
    if why == "cancelled":
        address = address.replace("code=", "error=access_denied&none=")
    answer = linked.get(address)
    assert (answer.status_code, answer.location) == (303, f"/auth/single-sign-on/failed?why={why}&next={QUOTED}")


def test_an_answer_that_nobody_asked_for_is_stale(browser):
    answer = browser.get(f"{CALLBACK}?state=x&code=y")
    assert (answer.status_code, answer.location) == (303, "/auth/single-sign-on/failed?why=stale")


def test_too_many_who_start_are_asked_to_wait(browser, only_one):
    only_one("SIGN_ON_BY_ADDRESS")
    browser.get("/auth/single-sign-on/start")
    for query, led_to in (("", "/"), (f"?next={QUOTED}", QUOTED), ("?next=//evil.test", "/")):
        answer = browser.get(f"/auth/single-sign-on/start{query}")
        assert (answer.status_code, answer.location) == (303, f"/auth/single-sign-on/failed?why=busy&next={led_to}")


BARRED = {
    "away": f"Signing in with {NAME} does not work just now. The fault is not yours. Try again in a minute.",
    "busy": "Many people are signing in just now. Wait a minute, then try again.",
}


@pytest.mark.parametrize(("fault", "words"), BARRED.items(), ids=BARRED)
def test_where_the_way_is_barred_a_form_that_waits_is_offered_with_the_password(
    browser, late, fake, only_one, fault, words
):
    if fault == "away":
        fake.raw["/.well-known/openid-configuration"] = Raw(status=500)
    else:
        only_one("SIGN_ON_BY_ADDRESS")
        browser.get("/auth/single-sign-on/start")
    page = browser.client.post("/auth/single-sign-on/start", data=late, environ_overrides=browser.place)
    assert page.status_code == 503
    assert (title_of(page.text), refusal_of(page.text)) == ("Error: Sign in", words)
    assert {name: hidden_fields(page.text)[name] for name in ("next", "kept")} == {
        "next": "/auth/again",
        "kept": late["kept"],
    }


def test_a_form_that_waits_and_none_are_told_apart_at_the_start(browser, late, rows_of):
    pages = [
        browser.client.post("/auth/single-sign-on/start", data=fields, environ_overrides=browser.place)
        for fields in (late, late | {"kept": "forged"}, {"csrf_token": late["csrf_token"]})
    ]
    assert [title_of(page.text) for page in pages] == [f"Sign in with {NAME}"] * 3
    assert [(row["detail"]["wanted"], row["detail"]["kept"]) for row in rows_of("token")] == [
        ("/auth/again", late["kept"]),
        ("/auth/again", ""),
        ("/", ""),
    ]


def test_a_form_that_waits_is_shown_as_it_was_and_otherwise_the_first_page(linked, late, visit):
    page = linked.client.post("/auth/single-sign-on/start", data=late, environ_overrides=linked.place).text
    address = html.unescape(re.search(r'<a class="btn" href="(http[^"]*)"', page)[1])
    answer = linked.get(visit.fake.authorize(address))
    assert (answer.status_code, answer.location) == (303, "/auth/single-sign-on/kept")
    page = linked.get(answer.location)
    assert page.status_code == 200
    assert 'action="/auth/again"' in page.text
    linked.client.delete_cookie("cpd_sign_on")
    answer = linked.get("/auth/single-sign-on/kept")
    assert (answer.status_code, answer.location) == (302, "/")


def test_what_fails_afterwards_offers_the_form_with_the_password_in_the_same_words(linked, late, visit):
    page = linked.client.post("/auth/single-sign-on/start", data=late, environ_overrides=linked.place).text
    visit.fake.raw["/token"] = Raw(status=500)
    address = html.unescape(re.search(r'<a class="btn" href="(http[^"]*)"', page)[1])
    page = linked.get(linked.get(visit.fake.authorize(address)).location).text
    assert (title_of(page), refusal_of(page)) == ("Error: Sign in", BARRED["away"])
    assert {name: hidden_fields(page)[name] for name in ("next", "kept")} == {
        "next": "/auth/again",
        "kept": late["kept"],
    }


# Linking


def test_the_page_that_asks_whose_an_identity_is_refuses_nothing_at_first(ann, visit):
    answer = visit.back("/record/")
    assert (answer.status_code, answer.location) == (303, LINK)
    page = ann.get(LINK).text
    assert title_of(page) == heading_of(page) == "Is this your account?"
    assert refusal_of(page) == error_of(page, "password") == ""
    assert re.search(r'id="email" type="email" value="ann@example.org"[^>]* readonly>', page)


@pytest.mark.parametrize(
    ("password", "words"), [("", "Enter your password"), ("wrong", "The password is wrong")], ids=["none", "wrong"]
)
def test_a_password_that_is_none_or_wrong_is_refused_beside_its_field(ann, visit, password, words):
    answer = ann.post(LINK, visit.finish(), password=password)
    assert (answer.status_code, title_of(answer.text)) == (422, "Error: Is this your account?")
    assert (refusal_of(answer.text), error_of(answer.text, "password")) == ("", words)
    assert 'value="ann@example.org"' in answer.text


def test_after_too_many_passwords_the_page_says_how_long_to_wait(ann, visit, only_one):
    visit.browser.client.delete_cookie("cpd_known_browser")
    only_one("PASSWORD_BY_ACCOUNT")
    page = visit.finish()
    ann.post(LINK, page, password="wrong")
    answer = ann.post(LINK, page, password=PASSWORD)
    assert answer.status_code == 429
    assert int(answer.headers["Retry-After"]) in range(290, 301)
    assert (title_of(answer.text), refusal_of(answer.text)) == ("Error: Is this your account?", TOO_MANY)
    assert 'value="ann@example.org"' in answer.text


def test_a_password_that_is_right_gives_its_try_back_here_too(ann, visit, rows_of):
    visit.browser.client.delete_cookie("cpd_known_browser")
    page = visit.finish()
    ann.post(LINK, page, password="wrong")
    assert ann.post(LINK, page, password=PASSWORD).status_code == 303
    marks = {row["key"].partition(":")[0]: row["tries"].count(",") for row in rows_of("throttle")}
    assert {door: marks.get(door, 0) for door in ("password-account", "password-address", "password-row")} == {
        "password-account": 1,
        "password-address": 1,
        "password-row": 0,
    }


def test_only_the_owner_of_a_browser_passes_by_those_who_wait_to_have_a_password_looked_at(ann, visit, monkeypatch):
    asked = []
    monkeypatch.setattr(passwords.Passwords, "fits", lambda *_, own_browser: asked.append(own_browser))
    page = visit.finish()
    assert ann.post(LINK, page, password=PASSWORD).status_code == 422
    ann.client.delete_cookie("cpd_known_browser")
    assert ann.post(LINK, page, password=PASSWORD).status_code == 422
    assert asked == [True, False]


def test_who_is_disabled_is_told_so_beside_the_password(ann, visit, app):
    page = visit.finish()
    with app.app_context():
        db.session.execute(update(Account).values(disabled_at=clock.now()))
        db.session.commit()
    answer = ann.post(LINK, page, password=PASSWORD)
    assert answer.status_code == 403
    assert refusal_of(answer.text) == "This account is disabled. Ask whoever runs this site."


@pytest.mark.parametrize("door", [LINK, REGISTER])
def test_without_an_identity_that_waits_one_begins_again(ann, door):
    csrf = hidden_fields(ann.get("/auth/sign-in").text)["csrf_token"]
    for answer in (ann.get(door), ann.client.post(door, data={"csrf_token": csrf})):
        assert (answer.status_code, answer.location) == (303, "/auth/single-sign-on/failed?why=stale")


def test_linking_leads_to_where_one_wanted_to_go(ann, visit):
    answer = ann.post(LINK, visit.finish(QUOTED), password=PASSWORD)
    assert (answer.status_code, answer.location) == (303, WHERE)


# Registering


def test_the_form_of_a_new_account_is_filled_in_with_what_the_provider_says(browser, visit):
    answer = visit.back("/record/")
    assert (answer.status_code, answer.location) == (303, REGISTER)
    page = browser.get(REGISTER).text
    assert title_of(page) == heading_of(page) == "Create an account"
    assert refusal_of(page) == ""
    assert f"Confirmed by {NAME}." in html.unescape(page)
    assert (
        "At least 15 characters. Four or more random words are easy to remember. "
        f"With it you can sign in without {NAME}, too.<"
    ) in html.unescape(page)
    [email] = re.findall(r'<input[^>]* name="email"[^>]*>', page)
    assert " readonly" in email
    assert 'autocomplete="username"' in email
    assert {"documents", "csrf_token"} <= set(hidden_fields(page))
    assert hidden_fields(page)["documents"] == "privacy:2026-11-23 terms:2026-11-23"


def test_a_password_with_the_name_of_the_site_is_refused_here_too(browser, visit):
    answer = browser.post(REGISTER, visit.finish(), **(ANN | {"password": "daybookdaybook12"}))
    assert (answer.status_code, title_of(answer.text)) == (422, "Error: Create an account")
    assert "the name of this site" in error_of(answer.text, "password")
    assert refusal_of(answer.text) == ""


def test_after_too_many_accounts_the_page_says_how_long_to_wait(browser, visit, new_browser, only_one):
    only_one("REGISTER_BY_ADDRESS")
    page = visit.finish()
    new_browser().register(email="bo@example.org")
    answer = browser.post(REGISTER, page, **ANN)
    assert answer.status_code == 429
    assert int(answer.headers["Retry-After"]) in range(290, 301)
    assert (title_of(answer.text), refusal_of(answer.text)) == ("Error: Create an account", TOO_MANY)
    assert 'value="Ann Example"' in answer.text


def test_an_address_that_was_taken_meanwhile_is_asked_for_its_password(browser, visit, new_browser):
    page = visit.finish()
    new_browser().register()
    answer = browser.post(REGISTER, page, **ANN)
    assert (answer.status_code, answer.location) == (303, LINK)


# The account's own page


def test_the_page_of_the_account_tells_days_as_they_are_where_the_learner_is(linked, visit, app):
    visit.back()
    with app.app_context():
        db.session.execute(update(SignOn).values(linked_at=clock.now(), used_at=clock.now()))
        db.session.commit()
    days = []
    for zone in ("Pacific/Pago_Pago", "Pacific/Kiritimati"):  # a day and an hour apart
        with app.app_context():
            db.session.execute(update(Account).values(zone=zone))
            db.session.commit()
        days.append(re.findall(r"<dd>(.*?)</dd>", linked.get("/auth/single-sign-on").text))
    assert [len(set(each)) for each in days] == [1, 1]
    assert days[0] != days[1]


def test_the_page_of_an_account_says_how_it_is_linked_and_else_how_it_can_be(linked, visit):
    visit.back()
    page = linked.get("/auth/single-sign-on").text
    assert title_of(page) == heading_of(page) == "Single sign-on"
    assert f"You can sign in with {NAME}, or with your password." in main_of(page)
    linked.post("/auth/single-sign-on/unlink", linked.get("/auth/single-sign-on"))
    assert f"Your account is not linked with {NAME}." in main_of(linked.get("/auth/single-sign-on").text)


# What the operator reads


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"error": "server_error"}, "it answers a visitor with an error"),
        ({}, "it answers a visitor without a code"),
        ({"code": ""}, "it answers a visitor without a code"),
        ({"code": "x" * 2_001}, "it answers a visitor without a code"),
        ({"code": "x" * 2_000}, "it gives no tokens for a code: OAuthError invalid_grant"),
        ({"code": "x"}, "it gives no tokens for a code: OAuthError invalid_grant"),
    ],
    ids=["error", "none", "empty", "too long", "long", "short"],
)
@pytest.mark.usefixtures("browser")
def test_the_log_says_what_was_wrong_with_an_answer(visit, caplog, given, words):
    state = re.search(r"state=([\w-]+)", visit.begin())[1]
    query = {"state": state, "iss": visit.fake.issuer, **given}
    answer = visit.browser.get(CALLBACK, query_string=query)
    assert answer.location == "/auth/single-sign-on/failed?why=provider&next=/"
    assert [each for each in caplog.messages if "sign-on" in each] == [f"single sign-on failed: {words}"]
