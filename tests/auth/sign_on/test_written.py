"""What signing in with a provider leaves in the tables, in cookies, in the audit trail and in the owner's mail."""

from __future__ import annotations

import hashlib
import hmac
from base64 import urlsafe_b64encode
from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qs, urlsplit

import pytest
import time_machine
from sqlalchemy import insert, update

from cpd.auth.emails import Email
from cpd.auth.models import Account, SignOn
from cpd.auth.sign_on import door, linking, queries
from cpd.auth.sign_on import services as links
from cpd.auth.sign_on.identity import Identity
from cpd.auth.tokens import token_hash
from cpd.db import db
from cpd.web import clock
from tests.auth.browser import ANN, PASSWORD, Browser, hidden_fields
from tests.auth.mails import told
from tests.auth.sign_on.fake import NAME, Raw, Visit

NOW = datetime(2026, 11, 26, 9, 0, tzinfo=UTC)
LINK, REGISTER = "/auth/single-sign-on/link", "/auth/single-sign-on/register"
ISSUER, SUBJECT = "https://id.example.org", "s1"


@pytest.fixture
def stopped():
    """The clock stands still until it is moved."""
    with time_machine.travel(NOW, tick=False) as stopped:
        yield stopped


def token_of(rows_of, browser):
    """The row of the token that a browser carries, as (purpose, account, detail, how long it lasts)."""
    hashed = token_hash(browser.cookie("cpd_sign_on"))
    [row] = [row for row in rows_of("token") if row["token_hash"] == hashed]
    return row["purpose"], row["account_id"], row["detail"], row["expires_at"] - row["created_at"]


# What ties an answer to a browser


def test_what_was_asked_is_kept_for_ten_minutes_with_no_more_than_the_hash_of_the_browsers_secret(
    browser, visit, rows_of
):
    asked = parse_qs(urlsplit(visit.begin("/record/")).query)
    [row] = rows_of("token")
    assert (row["purpose"], row["account_id"], row["token_hash"]) == ("sign-on", None, token_hash(asked["state"][0]))
    secret = browser.cookie("cpd_sign_on")
    assert row["detail"] == {"browser": token_hash(secret), "wanted": "/record/", "kept": ""}
    assert row["expires_at"] - row["created_at"] == timedelta(minutes=10)


def test_nonce_and_verifier_come_from_what_the_browser_and_the_provider_know_together(browser, visit):
    asked = {name: values[0] for name, values in parse_qs(urlsplit(visit.begin()).query).items()}
    secret = browser.cookie("cpd_sign_on").encode()

    def derived(what):
        return text_of(hmac.digest(secret, f"{what}:{asked['state']}".encode(), "sha256"))

    assert asked["nonce"] == derived("nonce")
    assert asked["code_challenge"] == text_of(hashlib.sha256(derived("verifier").encode()).digest())


def text_of(digest):
    return urlsafe_b64encode(digest).decode().rstrip("=")


def test_an_identity_waits_for_a_quarter_of_an_hour_in_one_browser(ann, visit, rows_of):
    answer = visit.back("/record/")
    assert answer.status_code == 303
    assert "Max-Age=900;" in " ".join(each for each in answer.headers.getlist("Set-Cookie") if "cpd_sign_on=" in each)
    detail = {
        "issuer": visit.fake.issuer,
        "subject": "248289761001",
        "name": "Ann Example",
        "email": "ann@example.org",
        "email_canon": "ann@example.org",
        "wanted": "/record/",
        "kept": "",
    }
    assert token_of(rows_of, ann) == ("sign-on-identity", None, detail, timedelta(minutes=15))

    ann.post(LINK, ann.get(LINK), password="wrong")
    assert token_of(rows_of, ann)[1] is None


def test_what_waits_is_found_again_as_the_provider_said_it(app, ann, visit, rows_of):
    visit.fake.person["email"] = "Ann@EXAMPLE.org"
    visit.back("/record/")
    with app.test_request_context("/", headers={"Cookie": f"cpd_sign_on={ann.cookie('cpd_sign_on')}"}):
        waits = linking.waiting(clock.now())
    email = Email("Ann@example.org", "ann@example.org")
    identity = Identity(visit.fake.issuer, "248289761001", email, "Ann Example")
    assert waits == linking.Waiting(rows_of("token")[-1]["id"], identity, email, "/record/", "")


@pytest.mark.parametrize("where", ["before", "after"])
def test_a_form_waits_for_a_quarter_of_an_hour_in_one_browser(linked, fake, rows_of, where):
    csrf = hidden_fields(linked.get("/auth/sign-in").text)["csrf_token"]
    late = linked.client.post("/auth/again", data={"csrf_token": csrf, "typed": "x"})
    kept = hidden_fields(late.text)["kept"]
    linked.client.post("/auth/single-sign-on/start", data={"csrf_token": csrf, "kept": kept, "next": "/auth/again"})
    way = linked.client.post("/auth/single-sign-on/start", data={"csrf_token": csrf, "kept": kept}).text
    if where == "before":
        fake.raw["/token"] = Raw(status=500)
    address = way.partition('class="btn" href="http')[2].partition('"')[0].replace("&amp;", "&")
    answer = linked.get(fake.authorize(f"http{address}"))
    assert answer.status_code == 303
    assert "Max-Age=900;" in " ".join(each for each in answer.headers.getlist("Set-Cookie") if "cpd_sign_on=" in each)
    account_id = None if where == "before" else 1
    assert token_of(rows_of, linked) == ("sign-on-kept", account_id, {"kept": kept}, timedelta(minutes=15))


# Links


@pytest.mark.usefixtures("stopped")
def test_a_link_is_written_down_as_it_was_shown(ann, visit, rows_of, written):
    page = visit.finish()
    ann.post(LINK, page, password=PASSWORD)

    [row] = rows_of("sign_on")
    del row["id"]
    issuer = visit.fake.issuer
    assert row == {
        "account_id": 1,
        "issuer": issuer,
        "subject": "248289761001",
        "linked_at": NOW,
        "used_at": NOW,
    }
    lines, mails = written()
    assert lines[-2:] == [(1, NOW, "address_confirmed", {}), (1, NOW, "sign_on_linked", {"issuer": issuer})]
    assert mails[-1] == told("sign_on_linked", now=NOW, provider=NAME)
    assert rows_of("account")[0]["confirmed_at"] == NOW


def test_parting_is_written_down_and_told(linked, visit, rows_of, written, stopped):
    linked.sign_in()
    stopped.shift(60)
    before = written()[0]
    answer = linked.post("/auth/single-sign-on/unlink", linked.get("/auth/single-sign-on"))

    assert (answer.status_code, answer.location) == (303, "/auth/single-sign-on")
    now = NOW + timedelta(seconds=60)
    lines, mails = written()
    assert lines[len(before) :] == [(1, now, "sign_on_unlinked", {"issuer": visit.fake.issuer})]
    assert mails[-1] == told("sign_on_unlinked", now=now, provider=NAME)
    assert rows_of("sign_on") == []


@pytest.fixture
def two(app, ann):
    """Gives an application's context with two accounts; Ann's is 1."""
    ann.register(email="ben@example.org")
    with app.app_context():
        db.session.execute(update(Account).values(confirmed_at=None))
        db.session.commit()
        yield app


def link(account_id=1, subject=SUBJECT, *, email="ann@example.org", now=NOW):
    links.link(account_id, ISSUER, subject, email_canon=email, provider=NAME, now=now)
    db.session.commit()


def linked_now(rows_of):
    return [(row["account_id"], row["issuer"], row["subject"]) for row in rows_of("sign_on")]


@pytest.mark.usefixtures("two")
def test_a_new_subject_takes_the_place_of_the_accounts_own_at_that_provider_alone(rows_of):
    elsewhere = {"account_id": 1, "issuer": "https://other.example.org", "subject": SUBJECT}
    db.session.execute(insert(SignOn), {**elsewhere, "linked_at": NOW, "used_at": NOW})
    link()
    link(2, "s2")
    link(1, "s3")
    assert linked_now(rows_of) == [
        (1, "https://other.example.org", SUBJECT),
        (2, ISSUER, "s2"),
        (1, ISSUER, "s3"),
    ]


@pytest.mark.usefixtures("two")
def test_a_subject_that_is_linked_already_stays_where_it_is_and_nobody_is_told(rows_of, count_of):
    link()
    before = count_of("event"), count_of("outbox")
    link(2, email="ben@example.org")
    assert linked_now(rows_of) == [(1, ISSUER, SUBJECT)]
    assert (count_of("event"), count_of("outbox")) == before
    assert rows_of("account")[1]["confirmed_at"] is None


@pytest.mark.usefixtures("two")
def test_only_the_address_that_the_provider_has_verified_counts_as_confirmed(rows_of, count_of):
    before = count_of("event")
    link(email="earlier@example.org")
    assert [row["confirmed_at"] for row in rows_of("account")] == [None, None]
    assert [row["kind"] for row in rows_of("event")[before:]] == ["sign_on_linked"]
    link(1, "s2")
    assert [row["confirmed_at"] for row in rows_of("account")] == [NOW, None]
    link(1, "s3", now=NOW + timedelta(days=1))
    assert [row["confirmed_at"] for row in rows_of("account")] == [NOW, None]
    assert [row["kind"] for row in rows_of("event")[before:]].count("address_confirmed") == 1


@pytest.mark.usefixtures("two")
def test_use_is_noted_of_this_subject_at_this_provider_alone(rows_of):
    link()
    link(2, "s2")
    other = {"account_id": 2, "issuer": "https://other.example.org", "subject": SUBJECT}
    db.session.execute(insert(SignOn), {**other, "linked_at": NOW, "used_at": NOW})
    later = NOW + timedelta(days=1)
    links.note_use(ISSUER, SUBJECT, now=later)
    db.session.commit()
    assert [row["used_at"] for row in rows_of("sign_on")] == [later, NOW, NOW]


@pytest.mark.usefixtures("two")
def test_an_account_is_found_by_subject_and_provider_together(rows_of):
    link()
    assert queries.find_account(ISSUER, SUBJECT) == 1
    assert queries.find_account(ISSUER, "s2") is None
    assert queries.find_account("https://other.example.org", SUBJECT) is None
    assert tuple(queries.link_of(1, ISSUER)) == (NOW, NOW)
    assert queries.link_of(2, ISSUER) is None
    assert queries.link_of(1, "https://other.example.org") is None
    assert len(rows_of("sign_on")) == 1


@pytest.mark.usefixtures("two")
def test_parting_from_one_provider_leaves_the_links_with_others_and_those_of_others(rows_of, count_of):
    link()
    link(2, "s2")
    other = {"account_id": 1, "issuer": "https://other.example.org", "subject": SUBJECT}
    db.session.execute(insert(SignOn), {**other, "linked_at": NOW, "used_at": NOW})
    links.unlink(1, ISSUER, session_id=0, provider=NAME, now=NOW)
    db.session.commit()
    assert linked_now(rows_of) == [(2, ISSUER, "s2"), (1, "https://other.example.org", SUBJECT)]
    before = count_of("event")
    links.unlink(1, ISSUER, session_id=0, provider=NAME, now=NOW)
    db.session.commit()
    assert count_of("event") == before


# What failed


FAILING = {
    "provider": ({"token": {"id_token": "a.b.c"}}, "provider", None),
    "unverified": ({"claims": {"sub": "new", "email_verified": False}}, "unverified", None),
}


@pytest.mark.parametrize(("wrong", "why", "account_id"), FAILING.values(), ids=FAILING)
def test_why_somebody_is_not_signed_in_is_in_the_audit_trail(linked, visit, written, stopped, wrong, why, account_id):
    for name, value in wrong.items():
        setattr(visit.fake, name, value)
    before = written()[0]
    assert stopped
    visit.back()
    [(whose, at, kind, detail)] = written()[0][len(before) :]
    assert (whose, at, kind) == (account_id, NOW, "sign_in_failed")
    assert detail.pop("user_agent").startswith("Werkzeug/")
    assert detail == {"proof": "sign_on", "why": why, "network": "192.0.2.1"}
    assert not linked.signed_in


def test_a_wrong_password_is_in_the_audit_trail_of_its_account(ann, visit, written, stopped):
    page, before = visit.finish(), written()[0]
    stopped.shift(5)
    ann.post(LINK, page, password="wrong")
    [(whose, at, kind, detail)] = written()[0][len(before) :]
    assert (whose, at, kind) == (1, NOW + timedelta(seconds=5), "sign_in_failed")
    assert set(detail) == {"user_agent", "network"}


def test_whether_all_is_well_is_asked_of_the_provider_once_an_hour(app, fake, stopped):
    with app.app_context():
        for minutes, asked in ((0, 1), (59, 1), (2, 2)):
            stopped.shift(timedelta(minutes=minutes))
            assert door.what_is_wrong() is None
            assert fake.asked["/.well-known/openid-configuration"] == asked


# Registering


def test_an_account_of_somebody_from_the_provider_is_like_any_other(browser, visit, app, rows_of, stopped):
    assert stopped
    answer = browser.post(REGISTER, visit.finish("/record/"), **ANN)
    assert (answer.status_code, answer.location) == (303, "/record/")
    [account] = rows_of("account")
    assert (account["email"], account["confirmed_at"], account["created_at"]) == ("ann@example.org", NOW, NOW)
    assert account["zone"] == app.config["SETTINGS"].timezone
    agreed = {(row["document"], row["version"], row["consented_at"]) for row in rows_of("consent")}
    assert agreed == {("privacy", "2026-11-23", NOW), ("terms", "2026-11-23", NOW)}
    assert [row["payload"]["notice"] for row in rows_of("outbox") if "notice" in row["payload"]] == ["sign_on_linked"]
    detail = next(row["detail"] for row in rows_of("event") if row["kind"] == "signed_in")
    assert detail["proofs"] == ["sign_on", "password"]
    other = Browser(app)
    assert Visit(other, visit.fake).back("/list").location == "/list"
    assert other.signed_in
