"""Setting up and removing second factors, and what follows."""

from __future__ import annotations

import re
from datetime import timedelta
from html import unescape

import pytest
from sqlalchemy import update

from cpd.auth.factors import apps, recovery
from cpd.auth.models import RecoveryCode
from cpd.db import db
from cpd.web import clock as site_clock
from tests.auth.browser import PASSWORD, error_of, hidden_fields
from tests.auth.factors.people import codes_of, heading_of, message_of, refusal_of, secret_of, title_of


def kinds(rows_of):
    return [row["kind"] for row in rows_of("event")]


def notices(rows_of):
    return [(row["payload"]["notice"], row["payload"]["values"]) for row in rows_of("outbox")]


def test_the_overview_offers_both_kinds_to_who_has_none(ann):
    page = ann.get("/auth/factors").text
    assert 'href="/auth/factors/app"' in page
    assert 'href="/auth/passkeys/add"' in page
    assert "Recovery codes" not in page
    assert "You may do without" in page


def test_an_app_is_set_up_with_a_code_that_it_shows(ann, rows_of):
    answer = ann.add_app()

    assert answer.status_code == 200
    assert heading_of(answer.text) == "Your authenticator app is set up"
    assert len(set(codes_of(answer.text))) == 10
    assert "Set up on 26 November 2026" in ann.get("/auth/factors").text
    assert kinds(rows_of)[-2:] == ["app_added", "recovery_codes_made"]
    assert notices(rows_of)[-1] == ("factor_added", {"factor": "authenticator app", "name": ""})


def test_the_page_refuses_nothing_before_anything_was_sent_and_leads_to_the_overview(ann):
    page = ann.get("/auth/factors/app").text
    assert title_of(page) == heading_of(page) == "Set up an authenticator app"
    assert refusal_of(page) == error_of(page, "code") == ""
    assert hidden_fields(page)["next"] == "/auth/factors"


def test_where_one_wanted_to_go_stays_in_a_page_that_comes_back(ann):
    page = ann.get("/auth/factors/app?next=/record/")
    for fields in ({"code": "x"}, {"code": "000000"}, {"code": "000000", "secret": "x"}):
        answer = ann.post("/auth/factors/app", page, **fields)
        assert title_of(answer.text) == "Error: Set up an authenticator app"
        assert hidden_fields(answer.text)["next"] == "/record/"


def test_a_secret_of_half_an_hour_ago_is_still_taken(ann, clock, change):
    page = ann.get("/auth/factors/app")
    ann.secret = secret_of(page.text)
    clock.shift(timedelta(minutes=30))
    change("session", proved_at=site_clock.now())
    assert ann.post("/auth/factors/app", page, code=ann.code()).status_code == 200


def test_the_page_shows_the_secret_as_text_and_as_a_code_to_scan(ann):
    page = ann.get("/auth/factors/app").text
    secret = secret_of(page)
    assert f"secret={secret}" in page
    assert "<svg viewBox" in page
    assert 'autocomplete="one-time-code"' in page


def test_the_secret_is_shown_in_groups_of_four_letters(ann):
    assert re.search(r'class="factor-secret">([A-Z2-7]{4} ){7}[A-Z2-7]{4}<', ann.get("/auth/factors/app").text)


def test_the_page_leads_to_the_app_of_this_very_device(ann):
    page = ann.get("/auth/factors/app").text
    address = f"otpauth://totp/Daybook:ann%40example.org?secret={secret_of(page)}&amp;issuer=Daybook"
    assert f'<a href="{address}">' in page
    assert str(apps.qr_code(unescape(address))) in page


def test_each_time_the_page_has_another_secret(ann):
    assert secret_of(ann.get("/auth/factors/app").text) != secret_of(ann.get("/auth/factors/app").text)


@pytest.mark.parametrize("typed", ["", "12345", "abcdef"])
def test_what_is_no_code_is_refused_and_the_secret_stays(ann, typed):
    page = ann.get("/auth/factors/app")
    answer = ann.post("/auth/factors/app", page, code=typed)
    assert answer.status_code == 422
    assert error_of(answer.text, "code") == "Enter the six digits that the app shows"
    assert secret_of(answer.text) == secret_of(page.text)


def test_a_wrong_code_sets_nothing_up(ann, rows_of):
    page = ann.get("/auth/factors/app")
    ann.secret = secret_of(page.text)
    answer = ann.post("/auth/factors/app", page, code=ann.code(steps=5))
    assert answer.status_code == 422
    assert error_of(answer.text, "code") == (
        "That code is wrong. Check that the app has the secret below, and that its clock is right"
    )
    assert secret_of(answer.text) == ann.secret
    assert rows_of("app") == []


@pytest.mark.parametrize("spoil", [lambda _: "", lambda text: text[:-4] + "AAAA", lambda _: "x" * 200])
def test_a_secret_that_the_page_did_not_give_is_not_taken(ann, rows_of, spoil):
    page = ann.get("/auth/factors/app")
    ann.secret = secret_of(page.text)
    sealed = spoil(hidden_fields(page.text)["secret"])
    answer = ann.post("/auth/factors/app", page, code=ann.code(), secret=sealed)
    assert answer.status_code == 422
    assert refusal_of(answer.text) == "This page was open for too long. Use the new code."
    assert secret_of(answer.text) != ann.secret
    assert rows_of("app") == []


def test_a_page_that_was_open_for_too_long_gives_a_new_secret(ann, clock):
    page = ann.get("/auth/factors/app")
    ann.secret = secret_of(page.text)
    clock.shift(timedelta(minutes=31))
    ann.sign_out()
    ann.sign_in()
    page_now = ann.get("/auth/factors/app")
    answer = ann.post("/auth/factors/app", page_now, code=ann.code(), secret=hidden_fields(page.text)["secret"])
    assert refusal_of(answer.text)
    assert secret_of(answer.text) != ann.secret


def test_a_second_app_is_not_set_up_beside_the_first(ann, rows_of):
    page = ann.get("/auth/factors/app")
    ann.add_app()
    assert ann.get("/auth/factors/app").location == "/auth/factors"
    ann.secret = secret_of(page.text)
    answer = ann.post("/auth/factors/app", page, code=ann.code())
    assert (answer.status_code, answer.location) == (303, "/auth/factors")
    assert len(rows_of("app")) == 1


def test_the_secret_is_encrypted_in_the_database(ann, rows_of):
    ann.add_app()
    assert ann.secret not in str(rows_of("app"))


def test_no_page_shows_secret_or_codes_again(ann):
    ann.add_app()
    for path in ("/auth/factors", "/auth/recovery-codes", "/auth/account", "/auth/factors/app/remove"):
        page = ann.get(path).text
        assert ann.secret not in page
        assert not any(code in page for code in ann.codes)


def test_nothing_secret_goes_into_events_notices_or_tokens(ann, rows_of):
    ann.add_app()
    ann.add_passkey()
    kept = str([rows_of(table) for table in ("event", "outbox", "token", "recovery_code", "app", "throttle")])
    for secret in (ann.secret, *ann.codes, *(code.replace("-", "") for code in ann.codes)):
        assert secret not in kept


def test_codes_come_with_the_first_factor_only(ann, rows_of):
    ann.add_app()
    first = rows_of("recovery_code")
    answer = ann.add_passkey()
    assert answer.status_code == 303
    assert rows_of("recovery_code") == first
    assert kinds(rows_of).count("recovery_codes_made") == 1


def test_who_has_used_up_all_codes_is_given_no_others_without_asking(ann, rows_of, change):
    ann.add_app()
    change("recovery_code", used_at=site_clock.now())
    used_up = rows_of("recovery_code")
    assert ann.add_passkey().status_code == 303
    assert rows_of("recovery_code") == used_up


def test_codes_are_kept_as_ten_different_hashes(ann, rows_of):
    ann.add_app()
    hashes = [row["code_hash"] for row in rows_of("recovery_code")]
    assert len(set(hashes)) == 10
    assert all(each.startswith("$argon2id$") for each in hashes)


def test_after_adding_the_session_counts_as_one_with_a_second_factor(ann, rows_of):
    assert not rows_of("session")[-1]["second_factor"]
    ann.add_app()
    assert rows_of("session")[-1]["second_factor"]


@pytest.mark.parametrize("add", ["add_app", "add_passkey"])
def test_adding_ends_the_other_sessions_and_keeps_this_one(ann, rows_of, add):
    other = ann.twin()
    other.sign_in()
    assert other.signed_in

    getattr(ann, add)()

    assert ann.signed_in
    assert not other.signed_in
    assert "sessions_ended" in kinds(rows_of)


REMOVING = {"app": "your authenticator app", "passkey": "the passkey “Phone”"}


def remove_page(kind, rows_of):
    return "/auth/factors/app/remove" if kind == "app" else f"/auth/passkeys/{rows_of('passkey')[0]['id']}/remove"


@pytest.mark.parametrize("kind", REMOVING)
def test_before_a_factor_is_removed_it_is_asked_which_and_afterwards_it_is_said(ann, rows_of, kind):
    getattr(ann, f"add_{kind}")()
    page = ann.get(remove_page(kind, rows_of)).text
    assert (title_of(page), heading_of(page)) == (f"Remove {REMOVING[kind]}", f"Remove {REMOVING[kind]}?")
    assert refusal_of(page) == ""

    answer = ann.send(remove_page(kind, rows_of))

    assert (answer.status_code, answer.location) == (303, "/auth/factors")
    removed = REMOVING[kind][0].upper() + REMOVING[kind][1:]
    assert message_of(ann.get("/auth/factors").text) == (f"{removed} is removed. You are signed out on other devices.")


@pytest.mark.parametrize("kind", REMOVING)
def test_a_factor_that_is_kept_is_named_in_the_page_that_says_why(ann, rows_of, change, kind):
    getattr(ann, f"add_{kind}")()
    change("account", role="author")
    answer = ann.send(remove_page(kind, rows_of))
    assert (title_of(answer.text), heading_of(answer.text)) == (
        f"Error: Remove {REMOVING[kind]}",
        f"Remove {REMOVING[kind]}?",
    )


@pytest.mark.parametrize(("first", "second"), [("app", "passkey"), ("passkey", "app")])
def test_after_the_second_factor_it_is_said_that_it_is_set_up(ann, first, second):
    getattr(ann, f"add_{first}")()
    answer = getattr(ann, f"add_{second}")()
    assert (answer.status_code, answer.location) == (303, "/auth/factors")
    name = {"app": "authenticator app", "passkey": "passkey"}[second]
    expected = f"Your {name} is set up. You are signed out on other devices."
    assert message_of(ann.get("/auth/factors").text) == expected


@pytest.mark.parametrize("kind", ["app", "passkey"])
def test_the_pages_say_how_many_recovery_codes_are_left(ann, kind):
    getattr(ann, f"add_{kind}")()
    assert "10 left. Each signs you in once" in ann.get("/auth/factors").text
    page = ann.get("/auth/recovery-codes").text
    assert "You have 10 left." in page
    assert "Keep the codes I have" in page


@pytest.mark.parametrize(("left", "words"), [(4, "4 left."), (3, "Few recovery codes are left: 3")])
def test_three_recovery_codes_are_few(ann, rows_of, app, left, words):
    ann.add_app()
    with app.app_context():
        used = [row["id"] for row in rows_of("recovery_code")[left:]]
        db.session.execute(update(RecoveryCode).where(RecoveryCode.id.in_(used)).values(used_at=site_clock.now()))
        db.session.commit()
    assert words in ann.get("/auth/factors").text
    assert f"You have {left} left." in ann.get("/auth/recovery-codes").text


def test_the_pages_tell_days_as_they_are_where_the_learner_is(ann, change, rows_of):
    ann.add_app()
    ann.add_passkey()
    change("passkey", used_at=site_clock.now())
    change("account", zone="Pacific/Pago_Pago")  # where it is still the day before
    page = ann.get("/auth/factors").text
    assert re.findall(r"\d+ November 2026", page) == ["25 November 2026"] * 3
    page = ann.get(f"/auth/passkeys/{rows_of('passkey')[0]['id']}").text
    assert re.findall(r"\d+ November 2026", page) == ["25 November 2026"] * 2


@pytest.mark.parametrize(
    ("role", "words"), [("learner", "You may do without, but we advise it."), ("author", "Your role needs one.")]
)
def test_the_overview_says_whether_one_may_do_without(ann, change, role, words):
    change("account", role=role)
    assert words in ann.get("/auth/factors").text


@pytest.mark.parametrize("kind", ["app", "passkey"])
def test_removing_ends_the_other_sessions_and_keeps_this_one(ann, rows_of, clock, kind):
    ann.add_app()
    ann.add_passkey()
    clock.shift(60)
    other = ann.twin()
    other.sign_in()
    other.show_code(other.code())
    assert other.signed_in
    answer = ann.send(remove_page(kind, rows_of))

    assert answer.location == "/auth/factors"
    assert ann.signed_in
    assert not other.signed_in
    assert rows_of(kind) == []
    assert len(rows_of("recovery_code")) == 10
    assert kinds(rows_of)[-2:] == [f"{kind}_removed", "sessions_ended"]
    told, values = notices(rows_of)[-1]
    assert told == "factor_removed"
    assert (
        values
        == {"app": {"factor": "authenticator app", "name": ""}, "passkey": {"factor": "passkey", "name": "Phone"}}[kind]
    )


def test_with_the_last_factor_go_the_recovery_codes_and_what_the_session_proved(ann, rows_of):
    ann.add_app()
    ann.send("/auth/factors/app/remove")
    assert rows_of("recovery_code") == []
    assert not rows_of("session")[-1]["second_factor"]
    assert "You may do without" in ann.get("/auth/factors").text
    ann.sign_out()
    assert ann.sign_in().location == "/"


def test_what_is_not_there_cannot_be_removed(ann, rows_of):
    assert ann.get("/auth/factors/app/remove").location == "/auth/factors"
    answer = ann.post("/auth/factors/app/remove", ann.get("/auth/factors/app"))
    assert (answer.status_code, answer.location) == (303, "/auth/factors")
    assert ann.get("/auth/passkeys/1/remove").status_code == 404
    assert "app_removed" not in kinds(rows_of)


@pytest.mark.parametrize("role", ["author", "editor", "administrator"])
@pytest.mark.parametrize("kind", ["app", "passkey"])
def test_who_has_a_role_keeps_a_second_factor(ann, rows_of, change, role, kind):
    getattr(ann, f"add_{kind}")()
    change("account", role=role)
    before = rows_of("event")

    answer = ann.send(remove_page(kind, rows_of))

    assert answer.status_code == 409
    assert refusal_of(answer.text) == "Your role needs a second factor. Add another one before you remove this."
    assert len(rows_of(kind)) == 1
    assert rows_of("session")[-1]["second_factor"]
    assert rows_of("event") == before


def test_who_has_a_role_may_remove_one_of_two(ann, rows_of, change):
    ann.add_app()
    ann.add_passkey()
    change("account", role="editor")
    assert ann.send("/auth/factors/app/remove").status_code == 303
    assert rows_of("session")[-1]["second_factor"]
    assert ann.send(f"/auth/passkeys/{rows_of('passkey')[0]['id']}/remove").status_code == 409


def test_a_short_password_keeps_the_last_factor(ann, rows_of, change):
    ann.add_app()
    change("account", short_password=True)
    answer = ann.send("/auth/factors/app/remove")
    assert answer.status_code == 409
    assert "Choose a longer password" in refusal_of(answer.text)
    assert len(rows_of("app")) == 1


SENSITIVE = [
    "/auth/factors/app",
    "/auth/factors/app/remove",
    "/auth/passkeys/add",
    "/auth/passkeys/1/remove",
    "/auth/recovery-codes",
]


@pytest.mark.parametrize("path", SENSITIVE)
def test_adding_and_removing_asks_for_a_proof_that_is_not_old(ann, clock, path):
    clock.shift(timedelta(minutes=16))
    assert ann.get(path).location == f"/auth/again?next={path}"
    answer = ann.post(path, ann.get("/auth/factors/app", follow_redirects=True))
    assert answer.status_code == 403
    assert heading_of(answer.text) == "Is it you?"


def test_new_codes_end_the_old_ones(ann, rows_of, clock):
    ann.add_app()
    old = ann.codes[0]
    answer = ann.send("/auth/recovery-codes")
    new = codes_of(answer.text)
    assert heading_of(answer.text) == "Your new recovery codes"
    assert 'href="/auth/factors">I have kept them' in answer.text
    assert len(new) == 10
    assert not set(new) & set(ann.codes)
    assert len(rows_of("recovery_code")) == 10
    assert notices(rows_of)[-1] == ("recovery_codes_made", {})
    ann.leave()
    clock.shift(60)
    ann.sign_in()
    assert ann.show_recovery_code(old).status_code == 422
    assert ann.show_recovery_code(new[0]).status_code == 303


def test_there_are_no_recovery_codes_without_a_factor(ann, rows_of):
    assert "You are given them with your first" in ann.get("/auth/recovery-codes").text
    answer = ann.post("/auth/recovery-codes", ann.get("/auth/factors/app"))
    assert (answer.status_code, answer.location) == (303, "/auth/factors")
    assert rows_of("recovery_code") == []


def test_codes_are_saved_as_a_text_file(ann):
    page = ann.add_app()
    fields = [*hidden_fields(page.text).items()]
    token = dict(fields)["csrf_token"]
    answer = ann.client.post("/auth/recovery-codes/text", data={"csrf_token": token, "shown": list(ann.codes)})
    assert answer.content_type == "text/plain; charset=utf-8"
    assert answer.headers["Content-Disposition"] == 'attachment; filename="recovery-codes.txt"'
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.text.splitlines()[:2] == ["Recovery codes for Daybook", "Account: ann@example.org"]
    assert answer.text.split("\r\n")[-11:-1] == list(ann.codes)


@pytest.mark.parametrize("shown", [[], ["<script>"], ["7k3m9-x2p01", "x"], ["=cmd()"]])
def test_nothing_but_codes_comes_back_as_a_file(ann, shown):
    page = ann.add_app()
    token = hidden_fields(page.text)["csrf_token"]
    answer = ann.client.post("/auth/recovery-codes/text", data={"csrf_token": token, "shown": shown})
    assert answer.status_code == 303
    assert answer.location == "/auth/recovery-codes"


def test_no_more_codes_come_back_than_there_are(ann):
    token = hidden_fields(ann.add_app().text)["csrf_token"]
    many = [recovery.in_groups(code) for _ in range(5) for code in recovery.new_codes()]
    answer = ann.client.post("/auth/recovery-codes/text", data={"csrf_token": token, "shown": many})
    assert len(re.findall(r"^\w{5}-\w{5}\r$", answer.text, re.MULTILINE)) == 10


def test_adding_leads_on_to_where_one_wanted_to_go(ann):
    page = ann.add_app("/auth/factors/app?next=/record/")
    assert 'href="/record/">I have kept them' in page.text
    assert ann.add_passkey(wanted="/record/").location == "/record/"


@pytest.mark.parametrize("wanted", ["https://evil.example.org/", "//evil.example.org", "/no/such/page", "javascript:1"])
def test_adding_leads_to_no_strange_address(ann, wanted):
    page = ann.add_app(f"/auth/factors/app?next={wanted}")
    assert 'href="/auth/factors">I have kept them' in page.text
    assert ann.add_passkey(wanted=wanted).location == "/auth/factors"


def test_a_form_that_does_not_say_where_one_wanted_to_go_leads_to_the_overview(ann):
    ann.add_app()
    fields = hidden_fields(ann.get("/auth/passkeys/add").text) | {"name": "Phone"}
    del fields["next"]
    fields["credential"] = ann.device.make(ann.options("add", page="/auth/passkeys/add"))
    answer = ann.client.post("/auth/passkeys/add", data=fields, environ_overrides=ann.place)
    assert (answer.status_code, answer.location) == (303, "/auth/factors")


def test_an_address_with_an_apostrophe_gets_app_and_passkey(new_person, clock):
    person = new_person()
    person.register(email="o'brien@example.org")
    person.add_app()
    assert person.add_passkey().status_code == 303
    page = person.get("/auth/passkeys/add").text
    assert "o'brien" not in page.replace("o&#39;brien", "")
    person.leave()
    clock.shift(60)
    assert person.use_passkey("sign-in").location == "/"
    assert person.signed_in


def test_the_password_is_not_in_any_page_of_factors(ann):
    ann.add_app()
    assert PASSWORD not in ann.get("/auth/factors").text
