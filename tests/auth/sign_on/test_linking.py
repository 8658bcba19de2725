"""Whose an identity is: shown by the password once, linked when somebody is wholly signed in, and parted again."""

from __future__ import annotations

from datetime import timedelta

import pytest
import time_machine
from sqlalchemy import insert, update

from cpd.auth.models import Account, App, Passkey, SignOn
from cpd.db import Base, db
from cpd.web import clock
from tests.auth.browser import ANN, PASSWORD, Browser, doors_tried, error_of, hidden_fields
from tests.auth.sign_on.conftest import link
from tests.auth.sign_on.fake import NAME, Visit

LINK, REGISTER = "/auth/single-sign-on/link", "/auth/single-sign-on/register"
STALE = "/auth/single-sign-on/failed?why=stale"


@pytest.fixture
def change(app):
    """Changes the database behind the site's back."""

    def change(statement):
        with app.app_context():
            db.session.execute(statement)
            db.session.commit()

    return change


def with_app(account_id=1):
    return insert(App).values(account_id=account_id, secret="x", last_step=0, added_at=clock.now())


def kinds(rows):
    return [row["kind"] for row in rows]


def test_linking_is_told_to_the_owner_and_noted(ann, visit, rows_of):
    before = len(rows_of("event"))
    link(visit)

    assert kinds(rows_of("event")[before:]) == ["signed_in", "address_confirmed", "sign_on_linked"]
    assert rows_of("event")[before]["detail"]["proofs"] == ["sign_on", "password"]
    notices = [row["payload"] for row in rows_of("outbox") if row["payload"].get("notice") == "sign_on_linked"]
    assert [(each["account_id"], each["values"]) for each in notices] == [(1, {"provider": NAME})]
    assert not ann.cookie("cpd_sign_on")


def test_nothing_is_linked_before_the_second_factor_is_shown(ann, visit, change, rows_of):
    change(with_app())
    answer = ann.post(LINK, visit.finish(), password=PASSWORD)

    assert answer.location == "/auth/two-factor"
    assert not ann.signed_in
    assert rows_of("sign_on") == []


def test_what_was_begun_is_linked_once_the_second_factor_is_shown(ann, visit, change, rows_of):
    change(with_app())
    ann.post(LINK, visit.finish(), password=PASSWORD)
    change(App.__table__.delete())  # as if the code had been shown
    ann.sign_in()

    assert [row["account_id"] for row in rows_of("sign_on")] == [1]


@pytest.mark.parametrize("factor", ["app", "passkey"])
def test_who_is_linked_still_shows_a_second_factor(linked, visit, change, factor):
    passkey = insert(Passkey).values(
        account_id=1,
        credential_id="x",
        public_key="x",
        sign_count=0,
        name="x",
        transports=[],
        backed_up=False,
        added_at=clock.now(),
    )
    change(with_app() if factor == "app" else passkey)

    assert visit.back("/record/").location == "/auth/two-factor"
    assert not linked.signed_in


def test_single_sign_on_is_no_second_factor(linked, visit, rows_of):
    visit.back()
    assert linked.signed_in
    assert rows_of("session")[-1]["second_factor"] is False


@pytest.mark.usefixtures("linked")
def test_new_terms_are_asked_for_as_always(visit, change):
    page = Base.metadata.tables["page"]
    change(update(page).where(page.c.slug == "terms").values(version="2027-01-01"))
    assert visit.back().location == "/auth/agree"


def test_another_account_that_signs_in_meanwhile_is_not_linked(ann, visit, rows_of):
    eve = ann
    eve.register(email="eve@example.org")
    eve.sign_out()
    visit.back()  # whoever has Ann's identity
    eve.sign_in(email="eve@example.org")

    assert eve.signed_in
    assert rows_of("sign_on") == []
    assert eve.get(LINK).location == STALE


def test_the_owner_who_signs_in_without_being_asked_is_not_linked(ann, visit, rows_of):
    visit.back()
    ann.sign_in()
    assert rows_of("sign_on") == []


def test_a_password_may_be_tried_as_often_as_at_the_other_door(ann, visit, new_browser):
    visit.browser.client.delete_cookie("cpd_known_browser")
    page = visit.finish()
    for _ in range(10):
        page = ann.post(LINK, page, password="wrong")
        assert page.status_code == 422
    answer = ann.post(LINK, page, password=PASSWORD)

    assert answer.status_code == 429
    assert "There were too many tries" in answer.text
    assert int(answer.headers["Retry-After"]) > 0
    assert new_browser(address="198.51.100.7").sign_in().status_code == 429


def test_strangers_who_guess_do_not_keep_the_owner_from_linking(ann, visit, new_browser):
    stranger = new_browser(address="198.51.100.7")
    assert [stranger.sign_in(password=f"wrong {number}").status_code for number in range(11)][-1] == 429
    assert ann.post(LINK, visit.finish(), password=PASSWORD).status_code == 303


def test_a_right_password_ends_the_row_of_wrong_ones(ann, visit, new_browser, rows_of):
    new_browser(address="198.51.100.7").sign_in(password="wrong")
    assert "password-row" in doors_tried(rows_of)
    ann.post(LINK, visit.finish(), password=PASSWORD)
    assert "password-row" not in doors_tried(rows_of)


def test_a_right_password_gives_its_try_back(ann, visit):
    visit.browser.client.delete_cookie("cpd_known_browser")
    for _ in range(12):
        page = visit.finish()
        if page.request.path == LINK:
            assert ann.post(LINK, page, password=PASSWORD).status_code == 303
            ann.post("/auth/single-sign-on/unlink", ann.get("/auth/single-sign-on"))
        ann.client.delete_cookie("cpd_known_browser")


def test_wrong_passwords_are_noted_for_the_account(ann, visit, rows_of):
    ann.post(LINK, visit.finish(), password="wrong-wrong-wrong")
    line = rows_of("event")[-1]
    assert (line["kind"], line["account_id"]) == ("sign_in_failed", 1)
    assert "wrong-wrong" not in str(rows_of("event"))


def test_without_a_password_the_page_says_so(ann, visit):
    answer = ann.post(LINK, visit.finish(), password="")
    assert answer.status_code == 422
    assert error_of(answer.text, "password") == "Enter your password"


@pytest.mark.parametrize("door", [LINK, REGISTER])
def test_without_an_identity_that_waits_there_is_nothing_to_do(ann, door):
    csrf = hidden_fields(ann.get("/auth/sign-in").text)["csrf_token"]
    assert ann.get(door).location == STALE
    assert ann.client.post(door, data={"csrf_token": csrf, "password": PASSWORD}).location == STALE


def test_an_identity_waits_for_fifteen_minutes(ann, visit, count_of):
    page = visit.finish()
    with time_machine.travel(clock.now() + timedelta(minutes=16), tick=False):
        assert ann.post(LINK, page, password=PASSWORD).location == STALE
    assert count_of("sign_on") == 0


def test_an_identity_waits_in_its_own_browser_alone(ann, visit, new_browser):
    page = visit.finish()
    other = new_browser()
    other.client.set_cookie("cpd_session", ann.cookie("cpd_session"))
    assert other.post(LINK, page, password=PASSWORD).location == STALE


def test_an_account_that_is_disabled_is_refused(ann, visit, change):
    page = visit.finish()
    change(update(Account).values(disabled_at=clock.now()))
    answer = ann.post(LINK, page, password=PASSWORD)

    assert answer.status_code == 403
    assert "This account is disabled" in answer.text
    assert not ann.signed_in


def test_a_linked_account_that_is_disabled_is_refused(linked, visit, change, rows_of):
    change(update(Account).values(disabled_at=clock.now()))
    used = rows_of("sign_on")[0]["used_at"]

    assert visit.back("/record/").location == "/auth/single-sign-on/failed?why=disabled&next=/record/"
    assert not linked.signed_in
    assert (rows_of("event")[-1]["account_id"], rows_of("event")[-1]["detail"]["why"]) == (1, "disabled")
    assert rows_of("sign_on")[0]["used_at"] == used


def test_an_account_that_is_gone_by_then_cannot_be_linked(ann, visit, change, count_of):
    page = visit.finish()
    change(update(Account).values(email_canon="else@example.org", email="else@example.org"))
    assert ann.post(LINK, page, password=PASSWORD).location == STALE
    assert count_of("sign_on") == 0


def test_somebody_else_with_the_same_address_takes_the_place_with_the_password_alone(linked, visit, rows_of):
    visit.fake.person["sub"] = "another"
    assert visit.finish().request.path == LINK
    link(visit)
    linked.sign_out()

    assert [row["subject"] for row in rows_of("sign_on")] == ["another"]
    visit.fake.person["sub"] = "248289761001"
    assert visit.finish().request.path == LINK


def test_an_identity_that_is_linked_meanwhile_stays_where_it_is(ann, visit, change, rows_of):
    ann.register(email="ben@example.org")
    ann.sign_out()
    page = visit.finish()
    change(
        insert(SignOn).values(
            account_id=2, issuer=visit.fake.issuer, subject=visit.fake.person["sub"], linked_at=clock.now()
        )
    )
    assert ann.post(LINK, page, password=PASSWORD).status_code == 303
    assert [row["account_id"] for row in rows_of("sign_on")] == [2]


def test_another_spelling_of_the_address_is_the_same_account(ann, visit):
    visit.fake.person["email"] = "Ann@EXAMPLE.org"
    assert visit.finish().request.path == LINK
    assert ann.signed_in is False


def test_a_new_address_at_the_provider_changes_nothing_for_who_is_linked(linked, visit, rows_of):
    visit.fake.person["email"] = "eve@example.org"
    visit.back()
    assert linked.signed_in
    assert rows_of("account")[0]["email"] == "ann@example.org"


def test_use_is_noted(linked, visit, rows_of):
    later = clock.now() + timedelta(days=3)
    with time_machine.travel(later, tick=False):
        visit.back()
    row = rows_of("sign_on")[0]
    assert row["used_at"] - row["linked_at"] > timedelta(days=2)
    assert rows_of("event")[-1]["detail"]["proofs"] == ["sign_on"]
    assert linked.cookie("cpd_session")


# Registering


def test_the_address_is_the_one_that_was_verified_whatever_is_sent(browser, visit, rows_of):
    page = visit.finish()
    answer = browser.post(REGISTER, page, **(ANN | {"email": "eve@example.org", "name": "Ann E."}))
    assert answer.status_code == 303
    [account] = rows_of("account")
    assert (account["email"], account["name"]) == ("ann@example.org", "Ann E.")
    assert kinds(rows_of("event")) == ["registered", "address_confirmed", "signed_in", "sign_on_linked"]


def test_who_registers_chooses_a_password_that_works_without_the_provider(browser, visit):
    browser.post(REGISTER, visit.finish(), **ANN)
    browser.sign_out()
    visit.fake.raw["/token"] = None
    assert browser.sign_in().status_code == 303
    assert browser.signed_in


def test_a_wrong_form_comes_back_with_what_was_typed(browser, visit, count_of):
    answer = browser.post(REGISTER, visit.finish(), **(ANN | {"password": "short", "name": "Ann of the North"}))
    assert answer.status_code == 422
    assert 'value="Ann of the North"' in answer.text
    assert 'value="ann@example.org"' in answer.text
    assert error_of(answer.text, "password") == "Use at least 15 characters"
    assert count_of("account") == 0


def test_an_address_that_is_taken_meanwhile_leads_to_its_password(browser, visit, new_browser, count_of):
    page = visit.finish()
    new_browser().register()
    answer = browser.post(REGISTER, page, **ANN)

    assert answer.location == LINK
    assert browser.get(LINK).status_code == 200
    assert (count_of("account"), count_of("sign_on")) == (1, 0)


def test_registering_is_limited_as_everywhere(browser, visit):
    page = visit.finish()
    for number in range(20):
        Browser(browser.client.application).register(email=f"n{number}@example.org")
    answer = browser.post(REGISTER, page, **ANN)
    assert answer.status_code == 429
    assert "There were too many tries" in answer.text
    assert int(answer.headers["Retry-After"]) > 0


def test_a_form_sent_twice_makes_one_account(browser, visit, count_of):
    page = visit.finish()
    browser.post(REGISTER, page, **ANN)
    csrf = hidden_fields(browser.get("/auth/single-sign-on").text)["csrf_token"]
    assert browser.post(REGISTER, page, **ANN, csrf_token=csrf).location == STALE
    assert (count_of("account"), count_of("sign_on")) == (1, 1)


# The account's own page, and parting


def test_the_account_shows_that_it_is_linked(linked, visit):
    visit.back()
    page = linked.get("/auth/single-sign-on").text
    assert "You can sign in with St Example&#39;s, or with your password." in page
    assert "Unlink from" in page


def test_the_account_shows_that_it_is_not_linked(browser):
    browser.register()
    page = browser.get("/auth/single-sign-on").text
    assert "Your account is not linked with St Example&#39;s." in page
    assert "ann@example.org" in page


def test_the_page_is_for_who_is_signed_in(browser):
    assert browser.get("/auth/single-sign-on").location == "/auth/sign-in?next=/auth/single-sign-on"


def test_parting_ends_other_sessions_and_the_way_in(linked, visit, new_browser, rows_of):
    visit.back()
    other = new_browser()
    other.sign_in()
    before = len(rows_of("event"))

    answer = linked.post("/auth/single-sign-on/unlink", linked.get("/auth/single-sign-on"))

    assert answer.location == "/auth/single-sign-on"
    assert (linked.signed_in, other.signed_in) == (True, False)
    assert rows_of("sign_on") == []
    assert kinds(rows_of("event")[before:]) == ["sign_on_unlinked"]
    assert [row["payload"]["notice"] for row in rows_of("outbox")][-1] == "sign_on_unlinked"
    linked.sign_out()
    assert visit.finish().request.path == LINK
    assert linked.sign_in().status_code == 303


def test_parting_twice_does_no_harm(linked, visit, count_of):
    visit.back()
    page = linked.get("/auth/single-sign-on")
    linked.post("/auth/single-sign-on/unlink", page)
    before = count_of("event")
    assert linked.post("/auth/single-sign-on/unlink", page).status_code == 303
    assert count_of("event") == before


def test_parting_asks_for_the_password_again_after_a_while(linked, visit, count_of):
    visit.back()
    page = linked.get("/auth/single-sign-on")
    with time_machine.travel(clock.now() + timedelta(minutes=16), tick=False):
        answer = linked.post("/auth/single-sign-on/unlink", page)
    assert answer.status_code == 403
    assert "Is it you?" in answer.text
    assert count_of("sign_on") == 1


def test_parting_leaves_the_links_of_others(linked, visit, app):
    ben = Browser(app)
    visit.fake.person = {**visit.fake.person, "sub": "ben", "email": "ben@example.org"}
    ben.post(REGISTER, Visit(ben, visit.fake).finish(), **(ANN | {"email": "ben@example.org"}))
    ben.post("/auth/single-sign-on/unlink", ben.get("/auth/single-sign-on"))

    visit.fake.person = {**visit.fake.person, "sub": "248289761001"}
    visit.back()
    assert linked.signed_in


def test_who_is_signed_in_may_link(ann, visit, rows_of):
    ann.sign_in()
    link(visit)
    assert [row["account_id"] for row in rows_of("sign_on")] == [1]


def test_another_provider_s_subject_of_the_same_name_is_somebody_else(linked, visit, change):
    change(update(SignOn).values(issuer="https://another.example.org"))
    assert visit.finish().request.path == LINK
    assert not linked.signed_in
