"""What registering and signing in write: whole rows, each with its moment, and lines of the trail."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import insert

from cpd.auth import services, tokens
from cpd.auth.emails import Email
from cpd.auth.models import Role
from cpd.auth.services import AddressTaken, Person
from cpd.auth.tokens import token_hash
from cpd.db import Base, db

NOW = datetime(2026, 11, 26, 9, 0, tzinfo=UTC)
CONSENTS = {"terms": "2026-11-23", "privacy": "2026-01-01"}
ANN = Person("Ann Example", Email("Ann@example.org", "ann@example.org"), "Doctor", "GMC", "1234567")
BO = Person("Bo Müller", Email("bo@example.org", "bo@example.org"), "Nurse")
ORIGIN = {"user_agent": "Mozilla/5.0", "network": "192.0.2.1"}


@pytest.fixture
def call(app):
    """Calls a service at a moment, and commits."""

    def call(service, *arguments, now=NOW, **keywords):
        with app.app_context():
            given = service(*arguments, **keywords, now=now)
            db.session.commit()
            return given

    return call


@pytest.fixture
def create(call):
    def create(person=ANN, **keywords):
        values = {"password_hash": "made", "zone": "Europe/Paris", "consents": CONSENTS} | keywords
        return call(services.create_account, person, **values)

    return create


@pytest.fixture
def lines(rows_of):
    """The lines of the trail: what happened, to which account, and what is told beside it."""

    def lines():
        events = rows_of("event")
        assert {event["at"] for event in events} <= {NOW}
        return [(event["kind"], event["account_id"], event["detail"]) for event in events]

    return lines


def told(rows_of):
    return [(row["kind"], row["payload"]) for row in rows_of("outbox")]


def test_an_account_is_kept_as_it_was_stated(create, rows_of, lines):
    account_id = create()
    [account] = rows_of("account")
    assert account == {
        "id": account_id,
        "email": "Ann@example.org",
        "email_canon": "ann@example.org",
        "name": "Ann Example",
        "password_hash": "made",
        "profession": "Doctor",
        "registration_body": "GMC",
        "registration_number": "1234567",
        "role": "learner",
        "zone": "Europe/Paris",
        "language": "en-GB",
        "created_at": NOW,
        "confirmed_at": None,
        "disabled_at": None,
        "deletion_due_at": None,
        "deleted_at": None,
        "short_password": False,
    }
    assert lines() == [("registered", account_id, {"consents": CONSENTS})]
    kept = [(row["account_id"], row["document"], row["version"], row["consented_at"]) for row in rows_of("consent")]
    assert kept == [(account_id, document, version, NOW) for document, version in CONSENTS.items()]


def test_its_owner_is_found_by_the_words_of_the_name(app, create):
    create(BO)
    word = Base.metadata.tables["name_word"]
    with app.app_context():
        kept = set(db.session.execute(word.select()).all())
    assert kept == {(1, "bo"), (1, "muller")}


def test_where_mail_has_reached_the_address_that_is_written_down(create, rows_of, lines):
    create(confirmed=True)
    assert rows_of("account")[0]["confirmed_at"] == NOW
    assert lines() == [("registered", 1, {"consents": CONSENTS}), ("address_confirmed", 1, {})]


def test_an_account_that_somebody_else_adds_says_who_and_with_which_role(create, rows_of, lines):
    create(by="administrator 7", role=Role.EDITOR, consents={})
    assert rows_of("account")[0]["role"] == "editor"
    assert lines() == [("created", 1, {"by": "administrator 7", "role": "editor"})]
    assert rows_of("consent") == []


def test_what_a_person_leaves_out_is_kept_as_nothing(create, rows_of):
    create(BO)
    [account] = rows_of("account")
    assert (account["registration_body"], account["registration_number"]) == ("", "")


def test_a_second_account_with_the_same_address_leaves_nothing_behind(create, rows_of, lines):
    create()
    with pytest.raises(AddressTaken):
        create(Person("Other", Email("ANN@example.org", "ann@example.org"), "Nurse"))
    assert len(rows_of("account")) == len(lines()) == 1
    assert len(rows_of("consent")) == 2


def test_agreeing_twice_keeps_the_first_moment(create, call, rows_of):
    create()
    call(services.keep_consents, 1, {"terms": "2026-11-23", "privacy": "2027-01-01"}, now=NOW + timedelta(days=1))
    kept = [(row["document"], row["version"], row["consented_at"] - NOW) for row in rows_of("consent")]
    assert kept == [
        ("terms", "2026-11-23", timedelta()),
        ("privacy", "2026-01-01", timedelta()),
        ("privacy", "2027-01-01", timedelta(days=1)),
    ]


def test_a_session_begins_with_the_moment_and_the_place_of_signing_in(create, call, rows_of, lines):
    create()
    token = call(services.sign_in, 1, **ORIGIN, replaces=None, proofs=("password", "app"), second_factor=True)
    [session] = rows_of("session")
    del session["id"]
    assert session == {
        "token_hash": token_hash(token),
        "account_id": 1,
        "created_at": NOW,
        "last_seen_at": NOW,
        "expires_at": NOW + timedelta(days=90),
        "proved_at": NOW,
        "second_factor": True,
        **ORIGIN,
    }
    assert lines()[1:] == [("signed_in", 1, {"proofs": ["password", "app"], **ORIGIN})]
    assert told(rows_of) == []


def test_a_session_counts_for_no_second_factor_and_no_new_device_unless_that_is_said(create, call, rows_of, lines):
    create()
    call(services.sign_in, 1, **ORIGIN, replaces=None)
    assert [row["second_factor"] for row in rows_of("session")] == [False]
    assert lines()[1:] == [("signed_in", 1, {"proofs": [], **ORIGIN})]
    assert told(rows_of) == []


def test_the_owner_is_told_of_a_new_device(create, call, rows_of):
    create()
    call(services.sign_in, 1, **ORIGIN, replaces=None, new_device=True)
    notice = {"account_id": 1, "notice": "new_device", "at": NOW.isoformat(), "to": None, "values": ORIGIN}
    assert told(rows_of) == [("notice", notice)]


def test_the_session_that_a_browser_came_with_ends_and_no_other(create, call, rows_of):
    create()
    first, second = (call(services.sign_in, 1, **ORIGIN, replaces=None) for _ in range(2))
    third = call(services.sign_in, 1, **ORIGIN, replaces=first)
    assert [row["token_hash"] for row in rows_of("session")] == [token_hash(second), token_hash(third)]


def test_signing_in_deletes_what_is_over_and_nothing_else(app, create, call, rows_of):
    create()
    tried = Base.metadata.tables["throttle"]
    for days in (91, 90, 89):
        call(services.sign_in, 1, **ORIGIN, replaces=None, now=NOW - timedelta(days=days))
    with app.app_context():
        for lifetime in (timedelta(minutes=-1), timedelta(), timedelta(minutes=1)):
            tokens.issue("reset", account_id=1, now=NOW, lifetime=lifetime)
        for key, full in (("a", -1), ("b", 1)):
            values = {"key": key, "tries": "", "full_at": NOW + timedelta(minutes=full)}
            db.session.execute(insert(tried).values(**values))
        db.session.commit()
    call(services.forget_old)
    assert [NOW - row["created_at"] for row in rows_of("session")] == [timedelta(days=90), timedelta(days=89)]
    assert [row["expires_at"] - NOW for row in rows_of("token")] == [timedelta(minutes=1)]
    assert [row["key"] for row in rows_of("throttle")] == ["b"]


def test_signing_in_forgets_what_is_over(create, call, rows_of):
    create()
    call(services.sign_in, 1, **ORIGIN, replaces=None, now=NOW - timedelta(days=91))
    call(services.sign_in, 1, **ORIGIN, replaces=None)
    assert [row["created_at"] for row in rows_of("session")] == [NOW]


def test_signing_out_ends_the_session_of_the_browser_and_writes_a_line(create, call, rows_of, lines):
    create()
    first, second = (call(services.sign_in, 1, **ORIGIN, replaces=None) for _ in range(2))
    call(services.sign_out, 1, token=first)
    assert [row["token_hash"] for row in rows_of("session")] == [token_hash(second)]
    assert lines()[-1] == ("signed_out", 1, {})


@pytest.mark.parametrize("second_factor", [True, False])
def test_proving_again_counts_for_one_session(create, call, rows_of, second_factor):
    create()
    for _ in range(2):
        call(services.sign_in, 1, **ORIGIN, replaces=None, now=NOW)
    later = NOW + timedelta(hours=1)
    session_id = rows_of("session")[1]["id"]
    call(services.prove_again, 1, session_id, proof="app", second_factor=second_factor, now=later)
    proved = [(row["proved_at"], row["second_factor"]) for row in rows_of("session")]
    assert proved == [(NOW, False), (later, second_factor)]
    line = rows_of("event")[-1]
    assert (line["kind"], line["account_id"], line["at"]) == ("proved_again", 1, later)
    assert line["detail"] == {"proof": "app"}


def test_the_hash_of_one_account_is_kept_anew(app, create, rows_of):
    create()
    create(BO)
    with app.app_context():
        services.keep_hash(2, "dearer")
        db.session.commit()
    assert [row["password_hash"] for row in rows_of("account")] == ["made", "dearer"]
