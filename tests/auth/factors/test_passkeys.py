"""Passkeys through the pages: adding, signing in, proving again, naming, removing, and what is refused."""

from __future__ import annotations

import json
import re
import threading
from dataclasses import replace
from datetime import timedelta

import pytest

from cpd.auth.passkeys import services, views
from tests.auth.browser import error_of, hidden_fields
from tests.auth.factors.authenticator import PRESENT, bytes_of
from tests.auth.factors.people import codes_of, csrf_of, heading_of, message_of, refusal_of, title_of


def kinds(rows_of):
    return [row["kind"] for row in rows_of("event")]


def test_a_passkey_is_added_and_shown_with_its_name(ann, rows_of):
    answer = ann.add_passkey(name="Work phone")
    assert heading_of(answer.text) == "Your passkey is set up"
    assert len(codes_of(answer.text)) == 10
    [row] = rows_of("passkey")
    assert (row["name"], row["transports"], row["used_at"]) == ("Work phone", ["nfc", "usb"], None)
    assert kinds(rows_of)[-2:] == ["passkey_added", "recovery_codes_made"]
    page = ann.get("/auth/factors").text
    assert "Work phone" in page
    assert "Not used yet" in page


def test_the_options_ask_for_a_passkey_of_this_account_that_is_new(ann):
    ann.add_passkey()
    options = ann.options("add", page="/auth/passkeys/add")
    assert options["user"]["name"] == "ann@example.org"
    assert options["user"]["displayName"] == "Ann Example"
    assert options["rp"] == {"id": "localhost", "name": "Daybook"}
    assert [bytes_of(each["id"]) for each in options["excludeCredentials"]] == [ann.device.keys[0].id]


def test_a_passkey_alone_signs_in_and_counts_for_both_factors(with_passkey, rows_of):
    answer = with_passkey.use_passkey("sign-in")
    assert answer.location == "/"
    assert with_passkey.signed_in
    assert rows_of("session")[-1]["second_factor"]
    assert rows_of("event")[-1]["detail"]["proofs"] == ["passkey"]
    assert "Last used 26 November 2026" in with_passkey.get("/auth/factors").text


def test_signing_in_with_a_passkey_asks_for_no_address(with_passkey):
    options = with_passkey.options("sign-in")
    assert options["allowCredentials"] == []
    assert "ann" not in json.dumps(options)


def test_the_options_of_signing_in_are_alike_whoever_asks(new_person):
    stranger = new_person()
    options = stranger.options("sign-in")
    assert set(options) == {"challenge", "timeout", "rpId", "allowCredentials", "userVerification"}


def test_signing_in_with_a_passkey_leads_to_where_one_wanted_to_go(with_passkey):
    answer = with_passkey.use_passkey("sign-in", page="/auth/sign-in?next=/record/")
    assert answer.location == "/record/"


def test_a_passkey_is_the_second_step_after_a_password(with_passkey, rows_of):
    with_passkey.sign_in(path="/auth/sign-in?next=/record/")
    options = with_passkey.options("two-factor", page="/auth/two-factor")
    assert [bytes_of(each["id"]) for each in options["allowCredentials"]] == [with_passkey.device.keys[0].id]
    answer = with_passkey.post_credential("two-factor", with_passkey.device.use(options), page="/auth/two-factor")
    assert answer.location == "/record/"
    assert rows_of("event")[-1]["detail"]["proofs"] == ["password", "passkey"]


def test_as_the_second_step_a_key_need_not_name_its_owner(with_passkey):
    with_passkey.sign_in()
    assert with_passkey.use_passkey("two-factor", page="/auth/two-factor", owner=None).status_code == 303


def test_alone_it_must(with_passkey):
    answer = with_passkey.use_passkey("sign-in", owner=None)
    assert answer.status_code == 422
    assert refusal_of(answer.text) == services.UNKNOWN


def test_a_passkey_proves_again_who_one_is(ann, clock, rows_of):
    ann.add_passkey()
    clock.shift(timedelta(minutes=20))
    page = "/auth/again?next=/auth/passkeys/add"
    options = ann.options("again", page=page)
    assert [bytes_of(each["id"]) for each in options["allowCredentials"]] == [ann.device.keys[0].id]
    answer = ann.post_credential("again", ann.device.use(options), page=page)
    assert answer.location == "/auth/passkeys/add"
    assert ann.get("/auth/passkeys/add").status_code == 200
    assert rows_of("event")[-1]["detail"] == {"proof": "passkey"}


def test_a_phone_that_does_not_count_signs_in_again_and_again(ann, rows_of):
    ann.device.counts = False
    ann.add_passkey()
    ann.leave()
    for _ in range(3):
        assert ann.use_passkey("sign-in").status_code == 303
        ann.leave()
    assert rows_of("passkey")[0]["sign_count"] == 0


@pytest.mark.parametrize("count", [0, 1, 4, 5], ids=["none", "less", "one less", "the same"])
def test_a_count_that_does_not_go_up_is_refused_and_noted(with_passkey, change, rows_of, count):
    change("passkey", sign_count=5)
    answer = with_passkey.use_passkey("sign-in", count=count)
    assert answer.status_code == 422
    assert refusal_of(answer.text) == services.COPIED
    assert not with_passkey.signed_in
    last = rows_of("event")[-1]
    assert (last["kind"], last["account_id"]) == ("sign_in_failed", rows_of("account")[0]["id"])
    assert last["detail"]["reason"] == "its count went back: Phone"
    assert with_passkey.use_passkey("sign-in", count=6).status_code == 303
    assert rows_of("passkey")[0]["sign_count"] == 6


REFUSED = {
    "from another site's page": {"origin": "https://evil.example.org"},
    "for another domain": {"domain": "evil.example.org"},
    "for a challenge nobody gave": {"challenge": "A" * 43},
    "naming another owner": {"owner": b"somebody else"},
}


@pytest.mark.parametrize("odd", REFUSED.values(), ids=REFUSED)
@pytest.mark.parametrize("door", ["sign-in", "two-factor"])
def test_a_signature_is_refused(with_passkey, rows_of, door, odd):
    page = ""
    if door == "two-factor":
        with_passkey.sign_in()
        page = "/auth/two-factor"
    answer = with_passkey.use_passkey(door, page=page, **odd)
    assert answer.status_code == 422
    assert refusal_of(answer.text)
    assert not with_passkey.signed_in
    assert kinds(rows_of)[-1] == "sign_in_failed"


def test_a_passkey_that_was_not_unlocked_is_refused(with_passkey):
    with_passkey.device.flags = PRESENT
    assert refusal_of(with_passkey.use_passkey("sign-in").text) == services.NOT_VERIFIED


def test_an_answer_is_taken_once(with_passkey):
    options = with_passkey.options("sign-in")
    with_passkey.device.counts = False  # so that the count alone would not stop it
    answer = with_passkey.device.use(options)
    assert with_passkey.post_credential("sign-in", answer).status_code == 303
    with_passkey.leave()
    again = with_passkey.post_credential("sign-in", answer)
    assert refusal_of(again.text) == services.TOO_LATE
    assert not with_passkey.signed_in


def test_a_refused_answer_uses_its_challenge_up(with_passkey):
    options = with_passkey.options("sign-in")
    with_passkey.post_credential("sign-in", with_passkey.device.use(options, origin="https://evil.example.org"))
    again = with_passkey.post_credential("sign-in", with_passkey.device.use(options))
    assert refusal_of(again.text) == services.TOO_LATE


def test_a_challenge_holds_for_ten_minutes(with_passkey, clock):
    options = with_passkey.options("sign-in")
    clock.shift(timedelta(minutes=10, seconds=1))
    answer = with_passkey.post_credential("sign-in", with_passkey.device.use(options))
    assert refusal_of(answer.text) == services.TOO_LATE


def test_a_challenge_is_for_one_browser_and_one_door(with_passkey):
    options = with_passkey.options("sign-in")
    thief = with_passkey.twin()
    assert refusal_of(thief.post_credential("sign-in", thief.device.use(options)).text) == services.TOO_LATE
    thief.sign_in()
    options = with_passkey.options("sign-in")
    answer = with_passkey.device.use(options)
    assert refusal_of(thief.post_credential("two-factor", answer, page="/auth/two-factor").text) == services.TOO_LATE
    assert not thief.signed_in


def test_of_many_who_send_the_same_answer_at_once_one_gets_in(with_passkey, rows_of):
    options = with_passkey.options("sign-in")
    answer, page = with_passkey.device.use(options), with_passkey.get("/auth/sign-in")
    barrier, answers = threading.Barrier(4), []
    copies = [with_passkey.twin(address=with_passkey.place["REMOTE_ADDR"]) for _ in range(4)]
    for copy in copies:
        copy.client.set_cookie("cpd_session", with_passkey.cookie("cpd_session"))

    def run(copy):
        barrier.wait()
        answers.append(copy.post("/auth/passkeys/sign-in", page, credential=answer).status_code)

    threads = [threading.Thread(target=run, args=(copy,)) for copy in copies]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(answers) == [303, 422, 422, 422]
    assert len(rows_of("session")) == 1


def test_of_two_with_the_same_count_at_once_one_gets_in(with_passkey, rows_of):
    """A key and its copy, each with a challenge of its own."""
    people = [with_passkey.twin(address=f"198.51.100.{number}") for number in range(4)]
    sent = [
        (person, person.device.use(person.options("sign-in"), count=9), person.get("/auth/sign-in"))
        for person in people
    ]
    barrier, answers = threading.Barrier(4), []

    def run(person, answer, page):
        barrier.wait()
        answers.append(person.post("/auth/passkeys/sign-in", page, credential=answer).status_code)

    threads = [threading.Thread(target=run, args=each) for each in sent]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(answers) == [303, 422, 422, 422]
    assert len(rows_of("session")) == 1


def test_a_removed_passkey_no_longer_works(ann, rows_of):
    ann.add_app()
    ann.add_passkey()
    ann.send(f"/auth/passkeys/{rows_of('passkey')[0]['id']}/remove")
    ann.leave()
    answer = ann.use_passkey("sign-in")
    assert answer.status_code == 422
    assert refusal_of(answer.text) == services.UNKNOWN
    assert not ann.signed_in


def test_somebody_elses_passkey_is_no_second_step(with_passkey, new_person):
    ben = new_person(address="192.0.2.9")
    ben.register(email="ben@example.org")
    ben.add_passkey()
    with_passkey.sign_in()
    options = with_passkey.options("two-factor", page="/auth/two-factor")
    answer = with_passkey.post_credential("two-factor", ben.device.use(options), page="/auth/two-factor")
    assert refusal_of(answer.text) == services.UNKNOWN
    assert not with_passkey.signed_in


@pytest.mark.parametrize("door", ["sign-in", "two-factor", "again", "add"])
@pytest.mark.parametrize("credential", ["", "null", "{}", "[" * 5_000, "é", '{"id": 5}', "x" * 40_000])
def test_what_is_no_answer_of_a_browser_is_refused_with_words(ann, clock, rows_of, door, credential):
    ann.add_passkey()
    page = {"sign-in": "/auth/sign-in", "again": "/auth/again", "add": "/auth/passkeys/add"}.get(
        door, "/auth/two-factor"
    )
    if door in ("sign-in", "two-factor"):
        ann.leave()
    if door == "two-factor":
        ann.sign_in()
    if door == "again":
        clock.shift(timedelta(minutes=20))
    shown = ann.get(page)
    fields = {"name": "x"} if door == "add" else {}
    answer = ann.post(f"/auth/passkeys/{door}", shown, credential=credential, **fields)
    assert answer.status_code == 422
    assert refusal_of(answer.text) == services.NOT_VERIFIED
    assert len(rows_of("passkey")) == 1


@pytest.mark.parametrize(("door", "most"), [("sign-in", 10), ("two-factor", 5), ("again", 5)])
def test_tries_with_passkeys_are_limited(ann, clock, door, most):
    ann.add_passkey()
    if door == "again":
        clock.shift(timedelta(minutes=20))
    else:
        ann.leave()
        clock.shift(60)
    if door == "two-factor":
        ann.sign_in()
    page = ann.get(f"/auth/{door}")
    answers = [ann.post(f"/auth/passkeys/{door}", page, credential="{}") for _ in range(most + 1)]
    assert [answer.status_code for answer in answers] == [422] * most + [429]
    assert answers[-1].headers["Retry-After"] == "300"
    assert refusal_of(answers[-1].text) == "There were too many tries. Wait 5 minutes, then try again."


def test_wrong_passkeys_of_one_cost_others_no_tries(with_passkey, new_person, clock):
    bo = new_person(address="198.51.100.7")
    bo.register(email="bo@example.org")
    bo.add_passkey()
    bo.leave()
    clock.shift(60)
    with_passkey.sign_in()
    bo.sign_in(email="bo@example.org")
    for person, statuses in ((with_passkey, [422] * 5 + [429]), (bo, [422])):
        page = person.get("/auth/two-factor")
        answers = [person.post("/auth/passkeys/two-factor", page, credential="{}") for _ in statuses]
        assert [answer.status_code for answer in answers] == statuses


def test_a_right_passkey_gives_its_try_back(with_passkey, rows_of):
    with_passkey.use_passkey("sign-in", origin="https://evil.example.org")
    with_passkey.use_passkey("sign-in")
    [row] = [row for row in rows_of("throttle") if row["key"].startswith("code-address:")]
    assert row["tries"].count(",") == 1


@pytest.mark.parametrize("door", ["sign-in", "two-factor", "again"])
def test_the_page_that_refuses_a_passkey_carries_on_what_it_was_given(ann, clock, door):
    ann.add_passkey()
    if door == "again":
        clock.shift(timedelta(minutes=20))
    else:
        ann.leave()
    page = ann.get(f"/auth/{door}?next=/record/")
    if door == "two-factor":
        ann.sign_in(path="/auth/sign-in?next=/record/")
        page = ann.get("/auth/two-factor")
    answer = ann.post(f"/auth/passkeys/{door}", page, credential="{}")
    titles = {"sign-in": "Sign in", "two-factor": "Two-step sign-in", "again": "Is it you?"}
    assert title_of(answer.text) == f"Error: {titles[door]}"
    assert hidden_fields(answer.text)["next"] == "/record/"
    assert "kept" not in hidden_fields(answer.text)
    if door != "two-factor":
        answer = ann.post(f"/auth/passkeys/{door}", page, credential="{}", kept="what waits")
        assert hidden_fields(answer.text)["kept"] == "what waits"


def test_where_passkeys_have_no_place_none_is_taken_and_it_is_noted(with_passkey, settings, app, rows_of):
    answer = with_passkey.device.use(with_passkey.options("sign-in"))
    app.config["SETTINGS"] = replace(settings, site_url="https://learn.example.org")
    refused = with_passkey.post_credential("sign-in", answer)
    assert (refused.status_code, refusal_of(refused.text)) == (422, views.NO_PLACE)
    last = rows_of("event")[-1]
    assert (last["kind"], last["account_id"], last["detail"]["reason"]) == (
        "sign_in_failed",
        None,
        "no place for passkeys",
    )


@pytest.mark.usefixtures("clock")
def test_challenges_are_limited_and_it_is_said_as_json(new_person):
    stranger = new_person()
    token = csrf_of(stranger.get("/auth/sign-in").text)
    answers = [
        stranger.client.post("/auth/passkeys/sign-in/options", headers={"X-CSRF-Token": token}) for _ in range(101)
    ]
    assert {answer.status_code for answer in answers[:100]} == {200}
    assert answers[100].status_code == 429
    assert answers[100].json["words"].startswith("There were too many tries")


@pytest.mark.parametrize("door", ["add", "again"])
def test_options_of_an_account_are_for_who_is_signed_in(with_passkey, door):
    assert with_passkey.ask(door).status_code == 403


def test_options_of_the_second_step_are_for_who_began(with_passkey):
    answer = with_passkey.ask("two-factor")
    assert answer.status_code == 403
    assert answer.json == {"words": services.TOO_LATE}


def test_no_options_are_given_without_a_token(new_person):
    stranger = new_person()
    stranger.get("/auth/sign-in")
    assert stranger.client.post("/auth/passkeys/sign-in/options").status_code == 400


@pytest.mark.parametrize("host", ["127.0.0.1:8000", "learn.example.org"])
def test_at_an_address_without_passkeys_it_is_said(ann, host):
    token = csrf_of(ann.get("/auth/passkeys/add").text)
    ann.client.set_cookie("cpd_session", ann.cookie("cpd_session"), domain=host.split(":", maxsplit=1)[0])
    ann.place["HTTP_HOST"] = host
    assert "They do not work at this one" in ann.get("/auth/passkeys/add").text
    answer = ann.client.post("/auth/passkeys/add/options", headers={"X-CSRF-Token": token}, environ_overrides=ann.place)
    assert answer.status_code == 409
    assert "They do not work at this one" in answer.json["words"]


def test_the_address_of_the_settings_is_the_only_place_for_passkeys(settings, app, ann):
    ann.add_passkey()
    page = ann.get("/auth/passkeys/add")
    app.config["SETTINGS"] = replace(settings, site_url="https://learn.example.org")
    assert ann.ask("add", page="/auth/passkeys/add").status_code == 409
    made = ann.device.make({"rp": {"id": "localhost"}, "user": {"id": "AA"}, "challenge": "A" * 43})
    answer = ann.post("/auth/passkeys/add", page, name="x", credential=made)
    assert (answer.status_code, refusal_of(answer.text)) == (422, views.NO_PLACE)
    app.config["SETTINGS"] = replace(settings, site_url="http://localhost")
    assert ann.ask("add", page="/auth/passkeys/add").status_code == 200


def test_an_id_that_another_account_has_is_refused(ann, new_person, rows_of, monkeypatch):
    ann.add_passkey()
    known = ann.device.keys[0].id
    ben = new_person(address="192.0.2.9")
    ben.register(email="ben@example.org")
    monkeypatch.setattr("tests.auth.factors.authenticator.secrets.token_bytes", lambda _: known)
    answer = ben.add_passkey()
    assert answer.status_code == 422
    assert refusal_of(answer.text) == services.THERE
    assert len(rows_of("passkey")) == 1


@pytest.mark.parametrize("odd", [{"origin": "https://evil.example.org"}, {"domain": "evil.example.org"}])
def test_a_passkey_made_for_another_place_is_not_added(ann, rows_of, odd):
    answer = ann.add_passkey(**odd)
    assert answer.status_code == 422
    assert refusal_of(answer.text) == services.NOT_VERIFIED
    assert rows_of("passkey") == []


def test_an_account_has_at_most_so_many(ann, monkeypatch, rows_of):
    monkeypatch.setattr(services, "MOST", 2)
    ann.add_passkey()
    ann.add_passkey(name="Key")
    answer = ann.add_passkey(name="Third")
    assert refusal_of(answer.text) == services.TOO_MANY
    assert len(rows_of("passkey")) == 2


def test_a_made_passkey_is_taken_once_and_by_its_own_browser(ann):
    options = ann.options("add", page="/auth/passkeys/add")
    made = ann.device.make(options)
    other = ann.twin()
    other.sign_in()
    refused = other.post("/auth/passkeys/add", other.get("/auth/passkeys/add"), name="Phone", credential=made)
    assert refusal_of(refused.text) == services.TOO_LATE


@pytest.mark.parametrize(("name", "words"), [("", "Enter your name"), ("x" * 61, "Use at most 60 characters")])
def test_a_passkey_needs_a_name_that_fits(ann, rows_of, name, words):
    ann.add_passkey()
    number = rows_of("passkey")[0]["id"]
    answer = ann.send(f"/auth/passkeys/{number}", name=name)
    assert answer.status_code == 422
    assert error_of(answer.text, "name") == words
    options = ann.options("add", page="/auth/passkeys/add")
    answer = ann.post(
        "/auth/passkeys/add", ann.get("/auth/passkeys/add"), name=name, credential=ann.device.make(options)
    )
    assert answer.status_code == 422
    assert len(rows_of("passkey")) == 1


@pytest.mark.parametrize("name", ["Büro", "<b>x</b>", "a'b\"c", "x" * 60, "\u202eevil", "👩‍⚕️ phone"])
def test_a_passkey_is_renamed(ann, rows_of, name):
    ann.add_passkey()
    number = rows_of("passkey")[0]["id"]
    answer = ann.send(f"/auth/passkeys/{number}", name=name)
    assert (answer.status_code, answer.location) == (303, "/auth/factors")
    kept = rows_of("passkey")[0]["name"]
    assert kept == name.replace("\u202e", "")
    assert kinds(rows_of)[-1] == "passkey_renamed"
    page = ann.get("/auth/factors").text
    assert "<b>x</b>" not in page
    assert message_of(page) == "The passkey has its new name."


@pytest.mark.parametrize(
    ("backed_up", "kept"),
    [(False, "On one device or key only"), (True, "By your device, and copied to your others")],
    ids=["a key", "a phone"],
)
def test_a_passkey_has_a_page_that_says_what_is_known_of_it(ann, rows_of, backed_up, kept):
    ann.device.flags |= 24 * backed_up
    ann.add_passkey(name="Büro")
    page = ann.get(f"/auth/passkeys/{rows_of('passkey')[0]['id']}").text
    assert (title_of(page), heading_of(page)) == ("Passkey", "Büro")
    assert re.findall(r"<dd>(.*?)</dd>", page) == ["26 November 2026", "Not used yet", kept]
    assert re.search(r'<input[^>]* name="name"[^>]* value="Büro"', page)
    assert ("Kept on several devices" in ann.get("/auth/factors").text) == backed_up


def test_a_name_that_is_refused_stays_in_its_field_beside_the_old_one(ann, rows_of):
    ann.add_passkey()
    answer = ann.send(f"/auth/passkeys/{rows_of('passkey')[0]['id']}", name="x" * 61)
    assert (title_of(answer.text), heading_of(answer.text)) == ("Error: Passkey", "Phone")
    assert f'value="{"x" * 61}"' in answer.text


def test_the_page_for_adding_refuses_nothing_at_first_and_keeps_what_was_typed(ann):
    page = ann.get("/auth/passkeys/add?next=/record/")
    assert title_of(page.text) == heading_of(page.text) == "Add a passkey"
    assert refusal_of(page.text) == error_of(page.text, "name") == ""
    for fields in ({"name": "x" * 61}, {"name": "My phone"}):
        answer = ann.post("/auth/passkeys/add", page, **fields)
        assert title_of(answer.text) == "Error: Add a passkey"
        assert hidden_fields(answer.text)["next"] == "/record/"
        assert f'value="{fields["name"]}"' in answer.text
    assert hidden_fields(ann.get("/auth/passkeys/add").text)["next"] == "/auth/factors"


def test_a_new_passkey_is_offered_a_name_with_its_number(ann):
    assert 'value="Passkey 1"' in ann.get("/auth/passkeys/add").text
    ann.add_passkey()
    assert 'value="Passkey 2"' in ann.get("/auth/passkeys/add").text


@pytest.mark.parametrize("path", ["", "/remove"])
def test_somebody_elses_passkey_is_as_if_it_were_not_there(ann, new_person, rows_of, path):
    ann.add_passkey()
    number = rows_of("passkey")[0]["id"]
    ben = new_person(address="192.0.2.9")
    ben.register(email="ben@example.org")
    ben.add_app()
    page = ben.get("/auth/factors/app/remove")
    missing = ben.get(f"/auth/passkeys/999{path}")
    answer = ben.get(f"/auth/passkeys/{number}{path}")
    assert (answer.status_code, missing.status_code) == (404, 404)
    assert ben.post(f"/auth/passkeys/{number}{path}", page, name="Mine").status_code == 404
    assert rows_of("passkey")[0]["name"] == "Phone"


def test_a_passkey_that_was_removed_meanwhile_is_not_found(ann, rows_of, monkeypatch):
    ann.add_app()
    ann.add_passkey()
    number = rows_of("passkey")[0]["id"]
    row = type("Row", (), {"id": number, "name": "Phone"})()
    page = ann.get(f"/auth/passkeys/{number}/remove")
    ann.send(f"/auth/passkeys/{number}/remove")
    monkeypatch.setattr(views, "_own", lambda *_: row)
    assert ann.post(f"/auth/passkeys/{number}/remove", page).status_code == 404
    assert ann.post(f"/auth/passkeys/{number}", page, name="x").status_code == 404


def test_a_disabled_account_is_not_signed_in_to_with_a_passkey(with_passkey, change, rows_of):
    change("account", disabled_at=rows_of("account")[0]["created_at"])
    answer = with_passkey.use_passkey("sign-in")
    assert answer.status_code == 403
    assert "disabled" in refusal_of(answer.text)


def test_a_kept_form_is_sent_after_signing_in_with_a_passkey(ann):
    ann.add_passkey()
    ann.leave()
    late = ann.post("/auth/factors/app", ann.get("/auth/sign-in"), code="123456")
    assert late.status_code == 403
    kept = hidden_fields(late.text)["kept"]
    options = ann.options("sign-in")
    answer = ann.post("/auth/passkeys/sign-in", late, credential=ann.device.use(options), kept=kept)
    assert 'action="/auth/factors/app"' in answer.text
