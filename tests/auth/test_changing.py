"""Changing the password and the e-mail address, where mail goes out."""

from __future__ import annotations

import re
import threading
from datetime import UTC, datetime, timedelta
from importlib.metadata import version

import pytest
import time_machine
from sqlalchemy import delete, insert, update

from cpd.auth import tokens
from cpd.auth.changing import services
from cpd.auth.emails import Email
from cpd.auth.kept import KeptForm, kept_form
from cpd.db import Base, db
from cpd.web import clock
from tests.auth.browser import PASSWORD, doors_tried, error_of, hidden_fields
from tests.auth.factors.people import refusal_of
from tests.auth.mails import link_in, sent, text_of
from tests.auth.test_confirming import neutral

NEW = "nine slow otters dive"


@pytest.fixture
def settings(mailing):
    return mailing


@pytest.fixture
def member(app, new_browser):
    """Makes a browser that has registered, confirmed and signed in."""

    def make(email="ann@example.org"):
        browser = new_browser()
        browser.register(email=email)
        [mail] = sent(app)
        browser.press(browser.follow(link_in(mail)))
        return browser

    return make


@pytest.fixture
def ann(member):
    return member()


def later(minutes):
    return time_machine.travel(clock.now() + timedelta(minutes=minutes), tick=False)


# The password


def test_a_password_is_changed_with_the_old_one_and_other_sessions_end(app, ann, new_browser, rows_of):
    other = new_browser()
    other.sign_in()
    sent(app)

    answer = ann.send("/auth/password", old_password=PASSWORD, password=NEW)

    assert (answer.status_code, answer.location) == (303, "/auth/account")
    assert "Your password is changed" in ann.get("/auth/account").text
    assert ann.signed_in
    assert not other.signed_in
    assert new_browser().sign_in().status_code == 422
    assert new_browser().sign_in(password=NEW).status_code == 303
    mails = sent(app)
    assert (mails[0]["To"], mails[0]["Subject"]) == ("ann@example.org", "Your password was changed")
    [event] = [event for event in rows_of("event") if event["kind"] == "password_changed"]
    assert event["detail"] == {"how": "changed", "sessions_ended": 1}


@pytest.mark.parametrize(
    ("fields", "field", "words"),
    [
        ({"old_password": "wrong"}, "old_password", "The password is wrong"),
        ({"old_password": ""}, "old_password", "Enter the password that you have now"),
        ({"old_password": "x" * 257}, "old_password", "The password is wrong"),
        ({"password": ""}, "password", "Choose a password"),
        ({"password": "short"}, "password", "Use at least 15 characters"),
        ({"password": "annexample2024!!"}, "password", "easy to guess"),
    ],
)
def test_what_is_wrong_is_told_beside_its_field_and_changes_nothing(ann, new_browser, fields, field, words):
    answer = ann.send("/auth/password", **{"old_password": PASSWORD, "password": NEW} | fields)
    assert answer.status_code == 422
    assert words in error_of(answer.text, field)
    assert refusal_of(answer.text) == ""
    assert PASSWORD not in answer.text
    assert NEW not in answer.text
    assert new_browser().sign_in().status_code == 303


def test_a_wrong_old_password_is_noted_and_limited(ann, rows_of):
    page = ann.get("/auth/password")
    answers = [ann.press(page, old_password="wrong", password=NEW).status_code for _ in range(11)]
    assert answers == [422] * 10 + [429]
    assert [event["kind"] for event in rows_of("event")].count("proof_failed") == 10


@pytest.mark.parametrize("path", ["/auth/password", "/auth/address"])
def test_who_signed_in_a_while_ago_must_prove_again(ann, path):
    with later(16):
        assert ann.get(path).location == f"/auth/again?next={path}"


def test_no_password_is_kept_in_the_page_that_asks_for_a_proof(app, ann):
    page = ann.get("/auth/password")
    with later(16):
        answer = ann.press(page, old_password=PASSWORD, password=NEW)
        with app.test_request_context():
            assert kept_form(hidden_fields(answer.text)["kept"]) == KeptForm("/auth/password", ())
    assert answer.status_code == 403
    assert "Is it you?" in answer.text
    for secret in (PASSWORD, NEW):
        assert secret not in answer.text


def test_a_link_to_reset_no_longer_works_after_a_change(app, ann, new_browser):
    new_browser().send("/auth/reset", email="ann@example.org")
    [mail] = sent(app)
    ann.send("/auth/password", old_password=PASSWORD, password=NEW)
    assert new_browser().follow(link_in(mail)).status_code == 410


NOW = datetime(2026, 11, 26, 9, 0, tzinfo=UTC)


@pytest.fixture
def lines_after(app, rows_of):
    """Calls one of the services at NOW, commits, and gives the lines that it added to the trail."""

    def run(service, *arguments, **keywords):
        before = len(rows_of("event"))
        with app.app_context():
            service(*arguments, **keywords, now=NOW)
            db.session.commit()
        return [(line["kind"], line["account_id"], line["at"], line["detail"]) for line in rows_of("event")[before:]]

    return run


@pytest.mark.usefixtures("ann")
@pytest.mark.parametrize(
    ("password", "is_short"),
    [("x" * 14, True), ("x" * 15, False), ("e\u0301" * 14, True), ("e\u0301" * 15, False)],
    ids=["14", "15", "14 with accents", "15 with accents"],
)
def test_a_password_is_short_below_fifteen_characters(lines_after, rows_of, password, is_short):
    lines = lines_after(services.change_password, 1, password, password_hash="made", but=1, how="changed")
    [account] = rows_of("account")
    assert (account["password_hash"], account["short_password"]) == ("made", is_short)
    assert lines == [("password_changed", 1, NOW, {"how": "changed", "sessions_ended": 0})]
    told = rows_of("outbox")[-1]["payload"]
    assert (told["account_id"], told["notice"], told["to"], told["values"]) == (1, "password_changed", None, {})


@pytest.mark.usefixtures("ann")
def test_a_new_password_ends_what_was_begun_with_the_old_one_and_nothing_of_others(app, member, lines_after, rows_of):
    member("bo@example.org")
    with app.app_context():
        for account_id in (1, 2):
            for purpose in ("reset", "sign-in", "address"):
                tokens.issue(purpose, account_id=account_id, now=clock.now(), lifetime=timedelta(hours=1))
        db.session.commit()
    lines = lines_after(services.change_password, 1, NEW, password_hash="made", how="reset")
    assert lines == [("password_changed", 1, NOW, {"how": "reset", "sessions_ended": 1})]
    left = [(row["account_id"], row["purpose"]) for row in rows_of("token")]
    assert left == [(1, "address"), (2, "reset"), (2, "sign-in"), (2, "address")]
    assert [row["account_id"] for row in rows_of("session")] == [2]
    assert [row["password_hash"] == "made" for row in rows_of("account")] == [True, False]


# The address


@pytest.mark.usefixtures("ann")
@pytest.mark.parametrize("confirmed", [True, False])
def test_an_address_that_takes_the_place_of_another_is_written_down(app, lines_after, rows_of, confirmed):
    with app.app_context():
        for purpose in ("reset", "sign-in", "address"):
            tokens.issue(purpose, account_id=1, now=clock.now(), lifetime=timedelta(hours=1))
        db.session.commit()
    email = Email("New@example.org", "new@example.org")
    lines = lines_after(services.change_address, 1, email, before="ann@example.org", confirmed=confirmed)
    assert lines == [("address_changed", 1, NOW, {"confirmed": confirmed})]
    [account] = rows_of("account")
    assert (account["email"], account["email_canon"]) == ("New@example.org", "new@example.org")
    assert account["confirmed_at"] == (NOW if confirmed else None)
    assert [row["purpose"] for row in rows_of("token")] == ["sign-in"]
    told = rows_of("outbox")[-1]["payload"]
    assert (told["account_id"], told["notice"], told["to"]) == (1, "address_changed", "ann@example.org")


@pytest.mark.usefixtures("ann")
def test_an_address_is_confirmed_once_and_for_its_account_alone(app, member, lines_after, rows_of):
    member("bo@example.org")
    with app.app_context():
        db.session.execute(update(Base.metadata.tables["account"]).values(confirmed_at=None))
        db.session.commit()
    assert lines_after(services.confirm_address, 1) == [("address_confirmed", 1, NOW, {})]
    assert lines_after(services.confirm_address, 1) == []
    assert [row["confirmed_at"] for row in rows_of("account")] == [NOW, None]


def ask_for(browser, email):
    return browser.send("/auth/address", email=email)


def test_a_new_address_counts_once_its_link_is_confirmed(app, ann, new_browser, rows_of):
    answer = ask_for(ann, "Ann.New@example.org")
    assert answer.location == "/auth/sent"
    assert "We have sent a mail" in ann.get("/auth/sent").text
    assert rows_of("account")[0]["email"] == "ann@example.org"
    mails = {mail["To"]: mail for mail in sent(app)}
    assert mails["ann@example.org"]["Subject"] == "Another e-mail address was asked for"
    page = ann.follow(link_in(mails["Ann.New@example.org"]))
    assert "Ann.New@example.org" in page.text
    assert rows_of("account")[0]["email"] == "ann@example.org"

    answer = ann.press(page)

    assert answer.location == "/auth/account"
    [account] = rows_of("account")
    assert (account["email"], account["email_canon"]) == ("Ann.New@example.org", "ann.new@example.org")
    [told] = sent(app)
    assert (told["To"], told["Subject"]) == ("ann@example.org", "Your e-mail address was changed")
    assert "Ann.New" not in told.as_string()
    assert ann.signed_in
    assert new_browser().sign_in(email="ann@example.org").status_code == 422
    assert new_browser().sign_in(email="ann.new@example.org").status_code == 303
    kinds = [event["kind"] for event in rows_of("event")]
    assert {"address_change_asked", "address_changed"} < set(kinds)
    assert "new@example.org" not in str(rows_of("event")).lower()


def test_known_and_unknown_addresses_get_the_same_answer_and_the_taken_one_a_mail_that_says_so(app, ann, member):
    member("bo@example.org")
    known, unknown = ask_for(ann, "bo@example.org"), ask_for(ann, "cy@example.org")
    assert neutral(known, "bo@example.org") == neutral(unknown, "cy@example.org")
    mails = {mail["To"]: mail for mail in sent(app)}
    assert "has an account already" in mails["bo@example.org"]["Subject"]
    assert "token" not in text_of(mails["bo@example.org"])
    assert "token" in text_of(mails["cy@example.org"])


def test_the_link_needs_the_account_that_asked_for_it(app, ann, member, new_browser, rows_of):
    ask_for(ann, "new@example.org")
    link = next(link_in(mail) for mail in sent(app) if mail["To"] == "new@example.org")
    bo = member("bo@example.org")
    assert bo.follow(link).status_code == 410
    assert bo.post("/auth/address/confirm", bo.get("/auth/account")).status_code == 410

    phone = new_browser()
    led = phone.get(link)
    assert phone.get(led.location).location == "/auth/sign-in?next=/auth/address/confirm"
    answer = phone.sign_in(path="/auth/sign-in?next=/auth/address/confirm")
    assert answer.location == "/auth/address/confirm"
    phone.press(phone.get(answer.location))

    assert {row["email"] for row in rows_of("account")} == {"bo@example.org", "new@example.org"}


def test_an_address_that_somebody_took_meanwhile_is_not_given_twice(app, ann, member, rows_of):
    ask_for(ann, "new@example.org")
    link = next(link_in(mail) for mail in sent(app) if mail["To"] == "new@example.org")
    member("new@example.org")
    answer = ann.press(ann.follow(link))
    assert answer.status_code == 410
    assert "An account has this address already" in answer.text
    assert sorted(row["email"] for row in rows_of("account")) == ["ann@example.org", "new@example.org"]


def test_of_two_accounts_that_want_one_address_at_once_one_gets_it(app, ann, member, rows_of):
    browsers = [ann, member("bo@example.org")]
    pages = []
    for browser, spelling in zip(browsers, ("new@example.org", "NEW@example.org"), strict=True):
        ask_for(browser, spelling)
        pages.append(browser.follow(next(link_in(mail) for mail in sent(app) if mail["To"] == spelling)))
    start, answers = threading.Barrier(2), []

    def press(browser, page):
        start.wait()
        answers.append(browser.press(page).status_code)

    threads = [threading.Thread(target=press, args=each) for each in zip(browsers, pages, strict=True)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(answers) == [303, 410]
    assert [row["email_canon"] for row in rows_of("account")].count("new@example.org") == 1


def test_links_that_went_to_the_old_address_no_longer_work(app, ann, new_browser):
    new_browser().send("/auth/reset", email="ann@example.org")
    [reset] = sent(app)
    ask_for(ann, "new@example.org")
    link = next(link_in(mail) for mail in sent(app) if mail["To"] == "new@example.org")
    ann.press(ann.follow(link))
    assert new_browser().follow(link_in(reset)).status_code == 410


def test_a_link_for_an_address_works_for_a_day_and_once(app, ann):
    ask_for(ann, "new@example.org")
    link = next(link_in(mail) for mail in sent(app) if mail["To"] == "new@example.org")
    with later(24 * 60 + 1):
        assert ann.follow(link).status_code == 410
    ann.press(ann.follow(link))
    assert ann.follow(link).status_code == 410


def test_asking_for_addresses_is_limited_for_an_account(ann):
    answers = [ask_for(ann, f"new{number}@example.org").status_code for number in range(6)]
    assert answers == [303] * 5 + [429]


def test_an_old_account_may_have_its_address_confirmed(app, ann, rows_of):
    with app.app_context():
        db.session.execute(update(Base.metadata.tables["account"]).values(confirmed_at=None))
        db.session.commit()
    page = ann.get("/auth/address")
    assert "It is not confirmed yet" in page.text
    answer = ann.post("/auth/address/resend", page)
    assert answer.location == "/auth/sent"
    assert "We have sent a mail" in ann.get("/auth/sent").text
    [mail] = sent(app)
    ann.press(ann.follow(link_in(mail)))
    assert rows_of("account")[0]["confirmed_at"] is not None
    assert "It is confirmed" in ann.get("/auth/address").text
    assert ann.post("/auth/address/resend", ann.get("/auth/address")).status_code == 404
    assert sent(app) == []


def test_a_visitor_can_have_the_address_of_an_old_account_confirmed(app, ann, new_browser, rows_of):
    with app.app_context():
        db.session.execute(update(Base.metadata.tables["account"]).values(confirmed_at=None))
        db.session.commit()
    new_browser().send("/auth/resend", email="ann@example.org")
    [mail] = sent(app)
    ann.press(ann.follow(link_in(mail)))
    assert rows_of("account")[0]["confirmed_at"] is not None


def test_an_address_that_is_none_is_told_beside_its_field(ann):
    answer = ask_for(ann, "new@")
    assert answer.status_code == 422
    assert error_of(answer.text, "email") == "Enter an e-mail address, like name@example.org"
    assert refusal_of(answer.text) == ""
    assert 'value="new@"' in answer.text


def test_an_account_that_is_deleted_in_the_meantime_is_not_found(ann, monkeypatch):
    monkeypatch.setattr("cpd.auth.changing.views.queries.owner_of", lambda _: None)
    assert ann.get("/auth/password").status_code == 404


# What the pages say, and what they write down


def led(answer):
    return answer.status_code, answer.location


def message_of(page):
    found = re.search(r'<p role="status">(.*?)</p>', page.text)
    return found[1] if found else ""


def last_line(rows_of):
    line = rows_of("event")[-1]
    return line["kind"], line["account_id"], line["detail"]


ORIGIN = {"user_agent": f"Werkzeug/{version('werkzeug')}", "network": "192.0.2.1"}


def test_a_changed_password_is_told_on_the_account_page(ann):
    ann.send("/auth/password", old_password=PASSWORD, password=NEW)
    assert message_of(ann.get("/auth/account")) == "Your password is changed, and all other sessions were ended."


def test_a_wrong_old_password_is_written_down_with_where_it_came_from(ann, rows_of):
    assert ann.send("/auth/password", old_password="wrong", password=NEW).status_code == 422
    assert last_line(rows_of) == ("proof_failed", 1, ORIGIN)


def test_after_too_many_old_passwords_the_page_says_how_long_to_wait(ann):
    page = ann.get("/auth/password")
    for _ in range(10):
        ann.press(page, old_password="wrong", password=NEW)
    refused = ann.press(page, old_password=PASSWORD, password=NEW)
    assert refused.status_code == 429
    assert 0 < int(refused.headers["Retry-After"]) <= 300
    assert refusal_of(refused.text).startswith("There were too many tries. Wait ")
    assert "<title>Error: Change your password" in refused.text


def test_strangers_who_guess_do_not_keep_the_owner_from_changing_the_password(ann, new_browser):
    stranger = new_browser(address="198.51.100.7")
    assert [stranger.sign_in(password=f"wrong {number}").status_code for number in range(11)][-1] == 429
    assert led(ann.send("/auth/password", old_password=PASSWORD, password=NEW)) == (303, "/auth/account")


def test_the_right_old_password_ends_the_row_of_wrong_ones(ann, new_browser, rows_of):
    new_browser(address="198.51.100.7").sign_in(password="wrong")
    assert "password-row" in doors_tried(rows_of)
    ann.send("/auth/password", old_password=PASSWORD, password=NEW)
    assert "password-row" not in doors_tried(rows_of)


def test_the_right_old_password_gives_its_try_back(ann, rows_of):
    before = rows_of("throttle")
    ann.send("/auth/password", old_password=PASSWORD, password=NEW)
    tried = {row["key"]: row["tries"] for row in rows_of("throttle")}
    assert all(not tries for key, tries in tried.items() if key not in {row["key"] for row in before})
    assert {row["key"]: row["tries"] for row in before}.items() <= tried.items()


def test_an_address_that_is_asked_for_is_written_down_and_told_at_the_old_one(ann, rows_of):
    assert led(ask_for(ann, "New@example.org")) == (303, "/auth/sent")
    assert last_line(rows_of) == ("address_change_asked", 1, {})
    asked, told = [row["payload"] for row in rows_of("outbox")[-2:]]
    assert asked == {
        "account_id": 1,
        "email": {"typed": "New@example.org", "canon": "new@example.org"},
        "is_due": True,
    }
    assert (told["account_id"], told["notice"], told["to"]) == (1, "address_change_asked", "ann@example.org")
    page = ann.get("/auth/sent").text
    assert "It goes to <strong>New@example.org</strong>. Open the link in it, in this browser if you can" in page


def test_who_asks_for_too_many_addresses_is_told_how_long_to_wait(ann, new_browser):
    for _ in range(5):
        ask_for(ann, "ann@example.org")
    refused = ask_for(ann, "new@example.org")
    assert refused.status_code == 429
    assert 21_000 < int(refused.headers["Retry-After"]) <= 21_600
    assert refusal_of(refused.text).startswith("There were too many tries. Wait ")
    assert 'value="new@example.org"' in refused.text
    assert "<title>Error: Change your e-mail address" in refused.text
    assert new_browser().send("/auth/reset", email="ann@example.org").status_code == 303


def test_asking_for_addresses_is_limited_for_each_account_by_itself(member):
    ann, bo = member(), member("bo@example.org")
    assert [ask_for(ann, f"new{number}@example.org").status_code for number in range(6)][-1] == 429
    assert ask_for(bo, "another@example.org").status_code == 303


def test_mails_to_a_new_address_count_among_those_of_that_address(ann, rows_of):
    for _ in range(3):
        ann.send("/auth/reset", email="new@example.org")
    ask_for(ann, "new@example.org")
    assert [row["payload"]["is_due"] for row in rows_of("outbox") if "email" in row["payload"]] == [False]


def test_asking_for_addresses_is_limited_with_the_other_mails_of_its_place(ann, new_browser):
    stranger = new_browser()
    page = stranger.get("/auth/reset")
    for number in range(20):
        stranger.press(page, email=f"{number}@example.org")
    assert ask_for(ann, "new@example.org").status_code == 429


def test_a_confirmed_address_is_told_on_the_account_page_and_its_link_goes(app, ann, rows_of):
    ask_for(ann, "Ann.New@example.org")
    link = next(link_in(mail) for mail in sent(app) if mail["To"] == "Ann.New@example.org")
    page = ann.follow(link)
    assert "Your account will have the address <strong>Ann.New@example.org</strong>." in page.text
    assert led(ann.press(page)) == (303, "/auth/account")
    assert message_of(ann.get("/auth/account")) == (
        "Ann.New@example.org is the address of your account, and is confirmed."
    )
    assert ann.cookie("cpd_link") == ""
    assert last_line(rows_of) == ("address_changed", 1, {"confirmed": True})
    assert rows_of("outbox")[-1]["payload"]["to"] == "ann@example.org"
    assert ann.press(page).status_code == 410


def test_the_link_to_the_own_address_confirms_it_and_changes_nothing_else(app, ann, rows_of):
    with app.app_context():
        db.session.execute(update(Base.metadata.tables["account"]).values(confirmed_at=None))
        db.session.commit()
    page = ann.get("/auth/address")
    assert led(ann.post("/auth/address/resend", page)) == (303, "/auth/sent")
    assert rows_of("outbox")[-1]["payload"] == {
        "account_id": 1,
        "email": {"typed": "ann@example.org", "canon": "ann@example.org"},
        "is_due": True,
    }
    assert "It goes to <strong>ann@example.org</strong>." in ann.get("/auth/sent").text
    [mail] = sent(app)
    ann.press(ann.follow(link_in(mail)))
    assert last_line(rows_of) == ("address_confirmed", 1, {})
    assert sent(app) == []


def test_mails_to_confirm_the_own_address_count_among_those_of_the_address(app, ann, rows_of):
    with app.app_context():
        db.session.execute(update(Base.metadata.tables["account"]).values(confirmed_at=None))
        db.session.commit()
    for _ in range(3):
        ann.send("/auth/reset", email="ann@example.org")
    ann.post("/auth/address/resend", ann.get("/auth/address"))
    assert [row["payload"]["is_due"] for row in rows_of("outbox")[-4:]] == [True, True, True, False]


def test_no_more_than_three_mails_confirm_an_address(app, ann, rows_of):
    with app.app_context():
        db.session.execute(update(Base.metadata.tables["account"]).values(confirmed_at=None))
        db.session.execute(delete(Base.metadata.tables["throttle"]))
        db.session.commit()
    page = ann.get("/auth/address")
    assert [ann.post("/auth/address/resend", page).status_code for _ in range(4)] == [303] * 4
    due = [row["payload"]["is_due"] for row in rows_of("outbox") if "email" in row["payload"]]
    assert due == [True, True, True, False]


ANOTHER = "It was used already, is too old, or belongs to another account than the one that is signed in here."


def test_a_link_that_helps_nobody_says_why(ann):
    page = ann.get("/auth/address/confirm")
    assert (page.status_code, ANOTHER in page.text) == (410, True)
    page = ann.post("/auth/address/confirm", ann.get("/auth/account"))
    assert (page.status_code, ANOTHER in page.text) == (410, True)


@pytest.mark.parametrize(("has_app", "least"), [(False, 15), (True, 8)])
def test_beside_a_second_factor_a_shorter_password_is_asked_for(app, ann, has_app, least):
    if has_app:
        with app.app_context():
            values = {"account_id": 1, "secret": "x", "last_step": 0, "added_at": clock.now()}
            db.session.execute(insert(Base.metadata.tables["app"]).values(**values))
            db.session.commit()
    page = ann.get("/auth/password").text
    assert f"At least {least} characters. Four or more random words are easy to remember." in page
    assert f'data-shortest="{least}"' in page
    answer = ann.send("/auth/password", old_password=PASSWORD, password="hz7-qwux-7"[: least - 1])
    assert error_of(answer.text, "password") == f"Use at least {least} characters"
