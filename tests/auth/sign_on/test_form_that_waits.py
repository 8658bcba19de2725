"""A form that was sent after its session had ended is kept through signing in with the provider, and failing to."""

from __future__ import annotations

import html
import re

import pytest
from sqlalchemy import insert

from cpd.auth import doors
from cpd.auth.models import App
from cpd.auth.throttle import Limit
from cpd.db import db
from cpd.web import clock
from tests.auth.browser import Browser, hidden_fields
from tests.auth.sign_on.fake import Raw

TYPED = "What I typed"


@pytest.fixture
def late(linked):
    """The answer to a form that Ann sends when she is no longer signed in."""
    csrf = hidden_fields(linked.get("/auth/sign-in").text)["csrf_token"]
    return linked.client.post("/auth/again", data={"csrf_token": csrf, "typed": TYPED})


def forms_in(page):
    """The hidden fields of each form in the main part of a page, by its address."""
    main = page[page.index("<main") : page.index("</main>")]
    forms = re.findall(r'<form[^>]*action="([^"]*)".*?</form>', main, re.DOTALL)
    parts = main.split("<form")[1:]
    found = {}
    for address, part in zip(forms, parts, strict=True):
        inputs = re.findall(r'<input[^>]*type="hidden" name="([^"]*)" value="([^"]*)"', part)
        found[address] = {name: html.unescape(value) for name, value in inputs}
    return found


def go(browser, late):
    """Press the button beside the form that waits; gives the page that shows the way."""
    fields = forms_in(late.text)["/auth/single-sign-on/start"]
    return browser.client.post("/auth/single-sign-on/start", data=fields, environ_overrides=browser.place)


def way_in(page):
    return html.unescape(re.search(r'<a class="btn" href="(http[^"]*)"', page.text)[1])


def test_the_way_to_the_provider_is_a_link(linked, late, fake):
    assert late.status_code == 403
    page = go(linked, late)
    assert page.status_code == 200
    assert way_in(page).startswith(f"{fake.issuer}/authorize?")


def test_the_form_is_offered_once_somebody_is_signed_in(linked, late, fake):
    answer = linked.get(fake.authorize(way_in(go(linked, late))))
    assert answer.location == "/auth/single-sign-on/kept"
    assert linked.signed_in

    page = linked.get(answer.location)
    assert forms_in(page.text)["/auth/again"]["typed"] == TYPED
    assert linked.get(answer.location).text.count(TYPED) == 1  # it may be loaded again


def test_the_form_is_kept_through_a_second_factor(linked, late, fake, app):
    with app.app_context():
        db.session.execute(insert(App).values(account_id=1, secret="x", last_step=0, added_at=clock.now()))
        db.session.commit()
    assert linked.get(fake.authorize(way_in(go(linked, late)))).location == "/auth/two-factor"


def test_the_form_is_kept_through_the_password_of_linking(linked, late, fake):
    fake.person["sub"] = "another"
    answer = linked.get(fake.authorize(way_in(go(linked, late))))
    page = linked.send(answer.location, password="violin-gravel-otter-tundra")
    assert forms_in(page.text)["/auth/again"]["typed"] == TYPED


def test_the_form_is_kept_where_the_provider_fails(linked, late, fake):
    fake.raw["/token"] = Raw(status=500)
    answer = linked.get(fake.authorize(way_in(go(linked, late))))
    page = linked.get(answer.location)

    assert "Signing in with St Example&#39;s does not work just now" in page.text
    fields = forms_in(page.text)["/auth/sign-in"] | {"email": "ann@example.org"}
    page = linked.client.post("/auth/sign-in", data=fields | {"password": "violin-gravel-otter-tundra"})
    assert forms_in(page.text)["/auth/again"]["typed"] == TYPED


@pytest.mark.parametrize("fault", ["away", "busy"])
def test_the_form_is_kept_where_the_way_is_barred(linked, late, fake, monkeypatch, fault, app):
    if fault == "away":
        fake.raw["/.well-known/openid-configuration"] = Raw(status=500)
        app.extensions["sign_on"] = type(app.extensions["sign_on"])(app.config["SETTINGS"])
    else:
        linked.place = {"REMOTE_ADDR": "203.0.113.9"}
        monkeypatch.setattr(doors, "SIGN_ON_BY_ADDRESS", Limit(1, 1_000_000))
        linked.get("/auth/single-sign-on/start")
    page = go(linked, late)

    assert page.status_code == 503
    assert forms_in(page.text)["/auth/sign-in"]["kept"] == forms_in(late.text)["/auth/sign-in"]["kept"]


@pytest.mark.parametrize("who", ["a visitor", "another learner"])
def test_the_form_is_shown_to_its_owner_alone(linked, late, fake, app, who):
    linked.get(fake.authorize(way_in(go(linked, late))))
    other = Browser(app)
    if who == "another learner":
        other.register(email="eve@example.org")
    other.client.set_cookie("cpd_sign_on", linked.cookie("cpd_sign_on"))
    answer = other.get("/auth/single-sign-on/kept")
    assert answer.status_code == 302
    assert TYPED not in answer.text


def test_a_form_that_we_did_not_sign_is_not_kept(linked, late, fake, rows_of):
    fields = forms_in(late.text)["/auth/single-sign-on/start"] | {"kept": "WyIvIixbXV0.forged"}
    page = linked.client.post("/auth/single-sign-on/start", data=fields)
    assert rows_of("token")[-1]["detail"]["kept"] == ""
    assert linked.get(fake.authorize(way_in(page))).location == "/auth/again"
    assert linked.get("/auth/single-sign-on/kept").location == "/"


def test_without_a_form_that_waits_there_is_none(linked, visit):
    visit.back()
    assert linked.get("/auth/single-sign-on/kept").location == "/"
