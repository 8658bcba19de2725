"""What adding, using and removing second factors leaves in the tables, in the audit trail and in the owner's mail."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import text

from cpd.auth import sealing, tokens
from cpd.auth.factors import apps, queries, services
from cpd.auth.passkeys import ceremony
from cpd.auth.passkeys import services as passkeys
from cpd.auth.passkeys.places import Answer, NewPasskey, NotVerified, Place
from cpd.db import db, reader
from cpd.web import clock as site_clock
from tests.auth.factors.authenticator import text_of
from tests.auth.mails import told

BACKED_UP = 8 | 16  # flags of a passkey that may be copied, and of one that is
PLACE = Place("localhost", "http://localhost")


@pytest.fixture
def elsewhere(ann, clock):
    """Another browser of Ann's, so that this one is not the first session; and a minute goes by."""
    other = ann.twin()
    other.sign_in()
    ann.sign_out()
    ann.sign_in()
    clock.shift(60)
    return other


@pytest.mark.usefixtures("elsewhere")
def test_an_app_is_written_down_as_it_was_set_up(ann, rows_of, written, app):
    now = site_clock.now()
    before, _ = written()
    ann.add_app()

    [row] = rows_of("app")
    assert (row["account_id"], row["last_step"], row["added_at"]) == (1, apps.step_at(now), now)
    with app.app_context():
        assert sealing.opened("authenticator app", 1, row["secret"]) == ann.secret
    lines, mails = written()
    assert lines[len(before) :] == [
        (1, now, "app_added", {}),
        (1, now, "recovery_codes_made", {}),
        (1, now, "sessions_ended", {"sessions": 1}),
    ]
    assert mails[-1] == told("factor_added", now=now, factor="authenticator app", name="")
    [session] = rows_of("session")
    assert (session["second_factor"], session["proved_at"]) == (True, now)
    assert [(row["account_id"], row["used_at"]) for row in rows_of("recovery_code")] == [(1, None)] * 10


@pytest.mark.usefixtures("elsewhere")
def test_a_passkey_is_written_down_as_it_was_made(ann, rows_of, written):
    now = site_clock.now()
    before, _ = written()
    ann.device.flags |= BACKED_UP
    ann.add_passkey(name="Work phone")

    [row] = rows_of("passkey")
    key = row.pop("public_key")
    assert row == {
        "id": row["id"],
        "account_id": 1,
        "credential_id": text_of(ann.device.keys[0].id),
        "sign_count": 0,
        "name": "Work phone",
        "transports": ["nfc", "usb"],
        "backed_up": True,
        "added_at": now,
        "used_at": None,
    }
    assert len(key) > 100
    lines, mails = written()
    assert lines[len(before) :] == [
        (1, now, "passkey_added", {"name": "Work phone"}),
        (1, now, "recovery_codes_made", {}),
        (1, now, "sessions_ended", {"sessions": 1}),
    ]
    assert mails[-1] == told("factor_added", now=now, factor="passkey", name="Work phone")
    [session] = rows_of("session")
    assert (session["second_factor"], session["proved_at"]) == (True, now)


@pytest.mark.parametrize("kind", ["app", "passkey"])
def test_what_is_removed_is_noted_and_told(ann, elsewhere, rows_of, written, clock, kind):
    getattr(ann, f"add_{kind}")()
    elsewhere.sign_in()
    answer = elsewhere.show_recovery_code(ann.codes[0])
    assert answer.status_code == 303
    clock.shift(60)
    before, now = written()[0], site_clock.now()
    ann.send("/auth/factors/app/remove" if kind == "app" else f"/auth/passkeys/{rows_of('passkey')[0]['id']}/remove")

    lines, mails = written()
    detail, factor = {"app": ({}, "authenticator app"), "passkey": ({"name": "Phone"}, "passkey")}[kind]
    assert lines[len(before) :] == [(1, now, f"{kind}_removed", detail), (1, now, "sessions_ended", {"sessions": 1})]
    assert mails[-1] == told("factor_removed", now=now, factor=factor, name=detail.get("name", ""))
    assert rows_of(kind) == rows_of("recovery_code") == []
    assert [row["second_factor"] for row in rows_of("session")] == [False]


def test_a_recovery_code_that_was_used_is_the_only_one_that_is_used_up(with_app, rows_of, written):
    with_app.sign_in()
    before, now = written()[0], site_clock.now()
    with_app.show_recovery_code(with_app.codes[3])

    assert [row["used_at"] for row in rows_of("recovery_code")] == [None] * 3 + [now] + [None] * 6
    lines, mails = written()
    assert lines[len(before)] == (1, now, "recovery_code_used", {"left": 9})
    assert told("recovery_code_used", now=now, left=9) in mails


def test_new_recovery_codes_are_noted_and_told_and_none_from_before_is_left(ann, rows_of, written, clock):
    ann.add_app()
    clock.shift(60)
    before, now = written()[0], site_clock.now()
    old = {row["code_hash"] for row in rows_of("recovery_code")}
    ann.send("/auth/recovery-codes")

    lines, mails = written()
    assert lines[len(before) :] == [(1, now, "recovery_codes_made", {})]
    assert mails[-1] == told("recovery_codes_made", now=now)
    assert [(row["account_id"], row["used_at"]) for row in rows_of("recovery_code")] == [(1, None)] * 10
    assert not old & {row["code_hash"] for row in rows_of("recovery_code")}


def test_resetting_is_noted_and_told_to_its_owner_and_leaves_everybody_else_alone(
    ann, new_person, app, written, rows_of
):
    ann.add_app()
    ben = new_person(address="192.0.2.9")
    ben.register(email="ben@example.org")
    ben.add_app()
    ben.add_passkey()
    assert "10 left." in ann.get("/auth/factors").text
    before, now = written()[0], site_clock.now()
    with app.app_context():
        services.reset_factors(2, by="Cleo", identified="by telephone", now=now)
        db.session.commit()

    assert ann.signed_in
    assert not ben.signed_in
    assert {row["account_id"] for table in ("app", "passkey", "recovery_code") for row in rows_of(table)} == {1}
    lines, mails = written()
    detail = {"by": "Cleo", "identified": "by telephone", "apps": 1, "passkeys": 1, "recovery_codes": 10}
    assert lines[len(before) :] == [(2, now, "factors_reset", detail)]
    assert mails[-1] == told("factors_reset", now=now, account_id=2)


def test_what_one_does_with_factors_leaves_those_of_others_alone(ann, new_person, clock, rows_of):
    ann.add_app()
    ann.add_passkey()
    ben = new_person(address="192.0.2.9")
    ben.register(email="ben@example.org")
    ben.add_app()
    ben.add_passkey()
    clock.shift(60)

    def hers():
        return [[row for row in rows_of(table) if row["account_id"] == 1] for table in TABLES]

    before = hers()
    ben.leave()
    ben.sign_in(email="ben@example.org")
    ben.show_code(ben.code())
    ben.leave()
    ben.use_passkey("sign-in")
    ben.send("/auth/recovery-codes")
    ben.send("/auth/passkeys/2", name="Mine")
    ben.send("/auth/passkeys/2/remove")
    ben.send("/auth/factors/app/remove")

    assert hers() == before
    assert [len(rows_of(table)) for table in TABLES] == [1, 1, 10]


TABLES = ("app", "passkey", "recovery_code")


def test_of_two_who_show_the_same_code_and_look_at_the_app_at_once_one_gets_in(with_app, app, monkeypatch):
    with app.app_context():
        seen = queries.app_of(1)
        monkeypatch.setattr(queries, "app_of", lambda _: seen)
        code, now = with_app.code(), site_clock.now()
        assert [services.use_app_code(1, code, now=now) for _ in range(2)] == [True, False]


def test_only_the_owner_of_a_browser_passes_by_those_who_wait_to_have_a_recovery_code_looked_at(
    with_app, app, monkeypatch
):
    asked = []
    with app.app_context():
        hashing = services.passwords.of_this_app()
        monkeypatch.setattr(hashing, "which_fits", lambda *_, own_browser: asked.append(own_browser))
        for keywords in ({}, {"own_browser": False}, {"own_browser": True}):
            assert services.use_recovery_code(1, with_app.codes[0], **keywords, now=site_clock.now()) is False
    assert asked == [False, False, True]


def test_passkeys_stand_in_the_order_in_which_they_were_added(ann, app):
    for name in ("Phone", "Key", "Laptop"):
        ann.add_passkey(name=name)
    with app.app_context():
        if db.engine.dialect.name == "sqlite":  # rows that are asked for in no order come the other way round then
            reader().execute(text("PRAGMA reverse_unordered_selects = ON"))
        assert [row.name for row in queries.passkeys_of(1)] == ["Phone", "Key", "Laptop"]


# Passkeys


def test_using_a_passkey_changes_its_row_alone(with_passkey, new_person, rows_of, clock):
    ben = new_person(address="192.0.2.9")
    ben.register(email="ben@example.org")
    ben.add_passkey(name="Key")
    [hers, his] = rows_of("passkey")
    clock.shift(60)
    with_passkey.device.flags |= BACKED_UP
    with_passkey.use_passkey("sign-in")

    changed = {"sign_count": 1, "backed_up": True, "used_at": site_clock.now()}
    assert rows_of("passkey") == [hers | changed, his]


def test_a_new_name_is_noted(ann, rows_of, written, clock):
    ann.add_passkey()
    ann.add_passkey(name="Key")
    clock.shift(60)
    before = written()[0]
    ann.send(f"/auth/passkeys/{rows_of('passkey')[1]['id']}", name="Security key")
    assert written()[0][len(before) :] == [(1, site_clock.now(), "passkey_renamed", {"name": "Security key"})]
    assert [row["name"] for row in rows_of("passkey")] == ["Phone", "Security key"]


SPOILT = {
    "of another challenge": ({"challenge": "A" * 43}, "no such challenge", {"sign-in": None}),
    "of another page": ({"origin": "https://evil.example.org"}, "not verified", {}),
    "that names another owner": ({"owner": b"somebody else"}, "made for another account", {}),
    "that counts backwards": ({"count": 0}, "its count went back: Phone", {}),
    "of nobody's": (None, "unknown", {"sign-in": None}),
    "that cannot be read": ("{", "not readable", {"sign-in": None, "two-factor": None, "again": None}),
}


@pytest.mark.parametrize("door", ["sign-in", "two-factor", "again"])
@pytest.mark.parametrize(("odd", "reason", "owners"), SPOILT.values(), ids=SPOILT)
def test_why_a_passkey_was_refused_is_in_the_audit_trail(ann, change, written, clock, door, odd, reason, owners):
    ann.add_passkey()
    change("passkey", sign_count=5)
    page = {"sign-in": "", "two-factor": "/auth/two-factor", "again": "/auth/again"}[door]
    if door == "again":
        clock.shift(timedelta(minutes=20))
    else:
        ann.leave()
    if door == "two-factor":
        ann.sign_in()
    before = written()[0]
    if odd is None:
        ann.device.keys[0].id = b"x" * 32
    if odd == "{":
        ann.post_credential(door, odd, page=page)
    else:
        ann.use_passkey(door, page=page, **{"count": 6, **(odd or {})})

    kind = "proof_failed" if door == "again" else "sign_in_failed"
    detail = {"step": "passkey", "reason": reason, "user_agent": "Werkzeug/", "network": "192.0.2.1"}
    [(account_id, at, said, kept)] = written()[0][len(before) :]
    assert (account_id, at, said) == (owners.get(door, 1), site_clock.now(), kind)
    assert kept | {"user_agent": kept["user_agent"][:9]} == detail


@pytest.fixture
def add(ann, app):  # noqa: ARG001  # whose account it is
    """Adds a passkey to Ann's account without a browser; gives whether it came with recovery codes."""

    def add(challenge, *, credential_id="id"):
        asked = {"purpose": "passkey-add", "account_id": 1, "browser": "hers", "now": site_clock.now()}
        given = challenge or passkeys.challenge("passkey-add", account_id=1, browser="hers", now=site_clock.now())
        answer = Answer(given, credential_id, None, None)
        return passkeys.add_passkey(answer, PLACE, **asked, session_id=1, name="Phone", code_hashes=["x"])

    with app.app_context():
        yield add


def new_passkey(answer, _):
    return NewPasskey(answer.credential_id, "key", 0, [], backed_up=False)


def test_why_a_new_passkey_is_refused(add, monkeypatch):
    def refusal(challenge="", **keywords):
        with pytest.raises(passkeys.PasskeyRefused) as refused:
            add(challenge, **keywords)
        return refused.value.reason, refused.value.account_id, str(refused.value)

    def not_verified(*_):
        raise NotVerified

    monkeypatch.setattr(ceremony, "verify_new", not_verified)
    assert refusal() == ("not verified", 1, passkeys.NOT_VERIFIED)
    monkeypatch.setattr(ceremony, "verify_new", new_passkey)
    assert refusal("A" * 43) == ("no such challenge", 1, passkeys.TOO_LATE)
    assert add("") is True
    assert refusal() == ("there already", 1, passkeys.THERE)
    monkeypatch.setattr(passkeys, "MOST", 1)
    assert refusal(credential_id="other") == ("too many", 1, passkeys.TOO_MANY)


def test_as_many_passkeys_as_are_allowed_can_be_added(add, monkeypatch):
    monkeypatch.setattr(ceremony, "verify_new", new_passkey)
    monkeypatch.setattr(passkeys, "MOST", 1)
    assert add("") is True


def test_a_challenge_is_for_one_purpose_account_and_browser_and_for_ten_minutes(app, ann, rows_of):  # noqa: ARG001
    now = site_clock.now()
    with app.app_context():
        challenge = passkeys.challenge("passkey-again", account_id=1, browser="hers", now=now)
        db.session.commit()
    [row] = [row for row in rows_of("token") if row["token_hash"] == tokens.token_hash(challenge)]
    assert (row["purpose"], row["account_id"], row["detail"]) == ("passkey-again", 1, {"browser": "hers"})
    assert (row["created_at"], row["expires_at"]) == (now, now + timedelta(minutes=10))
