"""What is kept of one's own data, for how long to the second, and what is written down and told of each change."""

from __future__ import annotations

from dataclasses import fields
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import delete, insert, select, update
from sqlalchemy.dialects import postgresql
from werkzeug.datastructures import MultiDict

from cpd.auth.administrators import LastAdministrator
from cpd.auth.models import App, Download, NameWord, Passkey, Role, Session, Token
from cpd.auth.my_data import jobs, owned, queries, services
from cpd.auth.my_data.forms import DetailsForm
from cpd.auth.my_data.owned import forgetting
from cpd.auth.my_data.services import Details
from cpd.auth.my_data.zones import OTHERS, REGIONS, zones_by_region
from cpd.auth.sessions import LONGEST_IDLE
from cpd.db import Base, db
from tests.admin.asking import add_account
from tests.auth.tables import ANN, BOB, add, change, rows_in

NOW = datetime(2026, 11, 26, 9, 30, tzinfo=UTC)
MOMENT, HOUR, DAY, WEEK = timedelta(seconds=1), timedelta(hours=1), timedelta(days=1), timedelta(days=7)
ANNS = Details("Ann Example", "Doctor", "", "", "Europe/London", "en-GB")


@pytest.fixture
def two(app: Flask):
    """Ann and Bob have accounts; what follows runs in the application, and sees what it writes."""
    for name in ("ann", "bob"):
        add_account(app, name, now=NOW - DAY)
    with app.app_context():
        for name in ("outbox", "event"):
            db.session.execute(delete(Base.metadata.tables[name]))
        db.session.commit()
        yield
        db.session.remove()


def account(account_id: int) -> dict[str, Any]:
    return rows_in("account", id=account_id)[0]


def lines() -> list[tuple[Any, ...]]:
    """The audit trail as (account, what, when, detail)."""
    return [(row["account_id"], row["kind"], row["at"], row["detail"]) for row in rows_in("event")]


def told() -> list[tuple[Any, ...]]:
    """The notices that wait, as (account, which, to whom else, values), and that they are of now."""
    payloads = [row["payload"] for row in rows_in("outbox", kind="notice")]
    assert {payload["at"] for payload in payloads} <= {NOW.isoformat()}
    return [(each["account_id"], each["notice"], each["to"], each["values"]) for each in payloads]


# Details


@pytest.mark.usefixtures("two")
def test_a_change_is_of_ones_own_account_alone_and_finds_it_by_its_new_name():
    after = Details("Ann Sample", "Nurse", "NMC", "12A3456B", "UTC", "en-GB")
    services.change_details(ANN, ANNS, after, now=NOW)
    assert {each.name: account(ANN)["zone" if each.name == "time_zone" else each.name] for each in fields(after)} == {
        "name": "Ann Sample",
        "profession": "Nurse",
        "registration_body": "NMC",
        "registration_number": "12A3456B",
        "time_zone": "UTC",
        "language": "en-GB",
    }
    assert (account(BOB)["name"], account(BOB)["zone"]) == ("Bob Example", "Europe/London")
    changed = ["name", "profession", "registration_body", "registration_number", "time_zone"]
    assert lines() == [(ANN, "details_changed", NOW, {"changed": changed})]
    words = Base.metadata.tables["name_word"]
    assert {(row.account_id, row.word) for row in db.session.execute(select(words))} == {
        *((ANN, "ann"), (ANN, "sample"), (BOB, "bob"), (BOB, "example"))
    }


@pytest.mark.usefixtures("two")
def test_the_same_details_again_are_no_change():
    services.change_details(ANN, ANNS, ANNS, now=NOW)
    assert lines() == []


@pytest.mark.usefixtures("two")
def test_what_is_stated_is_read_as_the_form_has_it():
    change(ANN, registration_body="GMC", registration_number="1234567", language="en-GB", zone="UTC")
    row = queries.details_of(ANN)
    assert Details(**row._mapping) == Details("Ann Example", "Doctor", "GMC", "1234567", "UTC", "en-GB")


@pytest.fixture
def sent_form(app: Flask):
    """The form of somebody's details as it was sent."""

    def sent_form(details: Details = ANNS, **typed: str) -> DetailsForm:
        return DetailsForm(MultiDict(typed), details=details)

    with app.test_request_context():
        yield sent_form


def test_what_was_left_out_is_kept_as_an_empty_text(sent_form):
    details = sent_form(Details("", "Nurse", "", "", "UTC", "en-GB"), profession="Doctor").details()
    assert details == Details("", "Doctor", "", "", "UTC", "en-GB")


def test_zones_are_offered_by_region_and_the_one_that_is_kept_once(sent_form):
    for kept, others in (("Europe/London", ["UTC"]), ("UTC", ["UTC"]), ("Etc/GMT+3", ["Etc/GMT+3", "UTC"])):
        form = sent_form(Details("A", "Doctor", "", "", kept, "en-GB"))
        offered = [(each.optgroup, each.value) for each in form.time_zone.choices]
        assert [value for group, value in offered if group == OTHERS] == others
        assert list(dict.fromkeys(group for group, _ in offered)) == [*REGIONS, OTHERS]
        assert ("Asia", "Asia/Tokyo") in offered
        assert len(set(offered)) == len(offered)


def test_the_zones_of_a_region_stand_in_order_and_are_of_places_alone():
    zones = zones_by_region()
    assert list(zones) == [*REGIONS, OTHERS]
    assert all(named == sorted(named) and named for named in zones.values())
    assert zones["Arctic"] == [("Arctic/Longyearbyen", "Longyearbyen")]
    assert zones[OTHERS] == [("UTC", "UTC")]
    assert not any("/" in label or "_" in label for named in zones.values() for _, label in named)


# The page of an account


@pytest.mark.usefixtures("two")
def test_the_page_of_an_account_counts_what_is_its_own_and_still_counts():
    session = {"created_at": NOW, "last_seen_at": NOW, "user_agent": "x", "proved_at": None}
    passkey = {"public_key": "x", "sign_count": 0, "name": "x", "transports": [], "backed_up": False, "added_at": NOW}
    for of, count in ((ANN, 2), (BOB, 3)):
        for number in range(count):
            add("session", account_id=of, token_hash=f"{of} {number}", expires_at=NOW + MOMENT, **session)
            add("passkey", account_id=of, credential_id=f"{of} {number}", **passkey)
            add("recovery_code", account_id=of, code_hash="x")
            add("sign_on", account_id=of, issuer="x", subject=f"{of} {number}", linked_at=NOW)
    add("session", token_hash="over", expires_at=NOW, **session)
    unused = session | {"last_seen_at": NOW - LONGEST_IDLE}
    add("session", token_hash="unused", expires_at=NOW + DAY, **unused)
    add("session", token_hash="used", expires_at=NOW + DAY, **unused | {"last_seen_at": NOW - LONGEST_IDLE + MOMENT})
    add("recovery_code", code_hash="x", used_at=NOW)
    add("app", account_id=BOB, secret="x", last_step=0, added_at=NOW)
    change(ANN, confirmed_at=NOW)

    state = queries.state_of(ANN, now=NOW)
    assert state._asdict() == {
        "created_at": NOW - DAY,
        "confirmed_at": NOW,
        "has_app": False,
        "passkeys": 2,
        "recovery_codes": 2,
        "sign_ons": 2,
        "sessions": 3,
    }
    assert queries.state_of(BOB, now=NOW).has_app


# Copies


@pytest.mark.usefixtures("two")
def test_copies_that_are_ready_or_waited_for_are_shown_newest_first():
    ready = add("download", asked_at=NOW - DAY * 9, made_at=NOW - WEEK, expires_at=NOW + MOMENT, data=b"12345")
    add("download", asked_at=NOW - DAY * 9, made_at=NOW - WEEK, expires_at=NOW, data=b"over")
    add("download", asked_at=NOW - HOUR, made_at=NOW - HOUR, expires_at=NOW, data=b"over")
    add("download", asked_at=NOW - DAY)  # given up
    add("download", account_id=BOB, asked_at=NOW)
    waited_for = add("download", asked_at=NOW - DAY + MOMENT)

    assert [row._asdict() for row in queries.downloads_of(ANN, now=NOW)] == [
        {"id": waited_for, "asked_at": NOW - DAY + MOMENT, "made_at": None, "expires_at": None, "size": None},
        {"id": ready, "asked_at": NOW - DAY * 9, "made_at": NOW - WEEK, "expires_at": NOW + MOMENT, "size": 5},
    ]


@pytest.mark.usefixtures("two")
def test_a_copy_is_handed_out_to_its_owner_until_the_moment_it_expires():
    number = add("download", asked_at=NOW, made_at=NOW, expires_at=NOW + WEEK, data=b"mine")
    add("download", asked_at=NOW, made_at=NOW, expires_at=NOW + WEEK, data=b"another")
    found = queries.find_download(number, account_id=ANN, now=NOW + WEEK - MOMENT)
    assert found._asdict() == {"data": b"mine", "made_at": NOW}
    assert queries.find_download(number, account_id=ANN, now=NOW + WEEK) is None
    assert queries.find_download(number, account_id=BOB, now=NOW) is None
    assert queries.find_download(number + 5, account_id=ANN, now=NOW) is None


@pytest.mark.usefixtures("two")
def test_a_copy_is_waited_for_until_it_is_made():
    made = add("download", asked_at=NOW, made_at=NOW)
    assert not queries.is_waited_for(made)
    waited_for = add("download", asked_at=NOW)
    assert queries.is_waited_for(waited_for)
    assert not queries.is_waited_for(made)
    assert not queries.is_waited_for(waited_for + 1)


@pytest.mark.usefixtures("two")
def test_asking_for_a_copy_asks_the_worker_once_until_it_is_made_or_given_up():
    add("download", account_id=BOB, asked_at=NOW)
    services.ask_for_download(ANN, now=NOW)
    services.ask_for_download(ANN, now=NOW + DAY - MOMENT)
    [row] = rows_in("download", account_id=ANN)
    assert (row["asked_at"], row["made_at"], row["expires_at"], row["data"]) == (NOW, None, None, None)
    [asked] = rows_in("outbox")
    assert (asked["kind"], asked["created_at"]) == ("download", NOW)
    assert asked["payload"] == {"account_id": ANN, "download_id": row["id"]}
    assert lines() == [(ANN, "download_asked", NOW, {})]

    services.ask_for_download(ANN, now=NOW + DAY)
    assert len(rows_in("download", account_id=ANN)) == 2
    db.session.execute(update(Download).values(made_at=NOW))
    services.ask_for_download(ANN, now=NOW + DAY)
    assert len(rows_in("download", account_id=ANN)) == 3


def test_who_asks_twice_at_once_waits_for_their_own_account_alone(monkeypatch):
    """Where more than one can write; SQLite has one writer anyway."""
    asked = []

    def execute(statement: Any) -> Any:
        asked.append(statement.compile(dialect=postgresql.dialect()))
        return SimpleNamespace(first=lambda: (1,))  # one is under way

    monkeypatch.setattr(services, "db", SimpleNamespace(session=SimpleNamespace(execute=execute)))
    services.ask_for_download(ANN, now=NOW)
    said = " ".join(str(asked[0]).split())
    assert said.startswith("SELECT account.id FROM account WHERE account.id = %(id_1)s")
    assert said.endswith(" FOR UPDATE")
    assert asked[0].params == {"id_1": ANN}


@pytest.mark.usefixtures("two")
def test_a_copy_that_is_made_takes_the_place_of_earlier_ones_of_its_owner():
    add("download", asked_at=NOW - DAY, made_at=NOW - DAY, expires_at=NOW + DAY, data=b"before")
    of_bob = add("download", account_id=BOB, asked_at=NOW)
    number = add("download", asked_at=NOW - HOUR)
    later = add("download", asked_at=NOW)
    services.keep_download(number, ANN, b"now", now=NOW)

    made = {row["id"]: (row["made_at"], row["expires_at"], row["data"]) for row in rows_in("download")}
    assert made == {of_bob: (None, None, None), number: (NOW, NOW + WEEK, b"now"), later: (None, None, None)}
    assert told() == [(ANN, "download_ready", None, {})]


@pytest.mark.usefixtures("two")
def test_copies_are_forgotten_at_the_moment_they_expire_or_are_given_up():
    kept = [
        add("download", asked_at=NOW - WEEK, made_at=NOW - WEEK, expires_at=NOW + MOMENT, data=b"x"),
        add("download", asked_at=NOW - DAY + MOMENT),
    ]
    add("download", asked_at=NOW - WEEK, made_at=NOW - WEEK, expires_at=NOW, data=b"x")
    add("download", asked_at=NOW - DAY)
    services.forget_old_downloads(now=NOW)
    assert [row["id"] for row in rows_in("download")] == kept


@pytest.mark.usefixtures("two")
def test_the_worker_makes_a_copy_with_the_name_of_the_site_and_the_zone_of_the_owner(monkeypatch):
    change(ANN, zone="Asia/Tokyo")
    number = add("download", asked_at=NOW)
    made_with = []

    def write(file: Any, kinds: Any, heading: Any) -> None:
        made_with.append((kinds, heading))
        file.write(b"the copy")

    monkeypatch.setattr(jobs, "write_archive", write)
    for _ in range(2):
        assert jobs.make_download({"account_id": ANN, "download_id": number}, now=NOW) == []
        db.session.commit()
    [(kinds, heading)] = made_with
    assert kinds == owned.all_owned()
    assert vars(heading) == {"site_name": "Daybook", "account_id": ANN, "made_at": NOW, "zone": "Asia/Tokyo"}
    assert [(row["data"], row["made_at"]) for row in rows_in("download")] == [(b"the copy", NOW)]


def test_a_large_copy_is_put_on_the_disk_while_it_is_made(monkeypatch):
    class FullDisk(OSError):
        """The disk has no room for the file."""

    def open_file(in_memory: int) -> None:
        assert in_memory == 8 * 1024 * 1024  # bytes
        raise FullDisk

    monkeypatch.setattr(jobs.tempfile, "SpooledTemporaryFile", open_file)
    monkeypatch.setattr(jobs.queries, "is_waited_for", lambda _: True)
    monkeypatch.setattr(jobs.queries, "details_of", lambda _: SimpleNamespace(time_zone="UTC"))
    monkeypatch.setattr(jobs, "current_app", SimpleNamespace(config={"SETTINGS": SimpleNamespace(site_name="x")}))
    with pytest.raises(FullDisk):
        jobs.make_download({"account_id": ANN, "download_id": 1}, now=NOW)


# What goes into a copy: the facts of each kind by their names, and the order of the things.

FACTS = {
    queries.account: [
        *("number", "name", "email_address", "email_address_confirmed_at", "profession", "registration_body"),
        *("registration_number", "role", "time_zone", "language", "registered_at", "disabled_at", "deletion_due_at"),
    ],
    queries.name_words: ["word"],
    queries.consents: ["document", "version", "consented_at"],
    queries.sessions: [
        *("signed_in_at", "last_seen_at", "ends_at", "browser", "network_address", "with_second_factor")
    ],
    queries.events: ["number", "at", "what", "detail"],
    queries.apps: ["added_at"],
    queries.passkeys: ["name", "added_at", "last_used_at"],
    queries.recovery_codes: ["code", "used_at"],
    queries.sign_ons: ["provider", "known_there_as", "linked_at", "last_used_at"],
    queries.tokens: ["purpose", "created_at", "expires_at"],
    queries.downloads: ["asked_at", "made_at", "expires_at"],
}
ORDERS = {
    queries.name_words: "name_word.word",
    queries.consents: "consent.id",
    queries.sessions: "session.id",
    queries.events: "event.number",
    queries.passkeys: "passkey.id",
    queries.recovery_codes: "recovery_code.id",
    queries.sign_ons: "sign_on.id",
    queries.tokens: "token.id",
    queries.downloads: "download.id",
}


@pytest.mark.parametrize("gather", FACTS, ids=lambda gather: gather.__name__)
def test_each_kind_of_thing_has_its_facts_in_the_owners_words_and_its_order(gather, monkeypatch):
    monkeypatch.setattr(queries, "facts", lambda statement: statement)
    statement = gather(ANN)
    assert [column.name for column in statement.selected_columns] == FACTS[gather]
    if gather in ORDERS:
        assert f"ORDER BY {ORDERS[gather]}" in str(statement)


@pytest.mark.usefixtures("two")
def test_the_facts_are_those_of_one_account():
    later = {"created_at": NOW, "expires_at": NOW + DAY}
    for of, mark in ((ANN, "ann"), (BOB, "bob")):
        add("consent", account_id=of, document=mark, version="1", consented_at=NOW)
        add(
            "session",
            account_id=of,
            token_hash=mark,
            last_seen_at=NOW + HOUR,
            user_agent=f"browser of {mark}",
            network="192.0.2.1",
            second_factor=True,
            **later,
        )
        add("event", account_id=of, number=1, kind=mark, at=NOW, detail={"a": 1}, hash="x")
        add("app", account_id=of, secret="x", last_step=0, added_at=NOW + timedelta(days=of))
        kept = {"public_key": "x", "sign_count": 0, "transports": [], "backed_up": False}
        add("passkey", account_id=of, credential_id=mark, name=mark, added_at=NOW, used_at=NOW + HOUR, **kept)
        add("recovery_code", account_id=of, code_hash="x", used_at=NOW + timedelta(days=of))
        add("recovery_code", account_id=of, code_hash="y")
        add("sign_on", account_id=of, issuer=f"id.{mark}", subject=mark, linked_at=NOW, used_at=NOW + HOUR)
        add("token", account_id=of, token_hash=mark, purpose=mark, detail={}, **later)
        add("download", account_id=of, asked_at=NOW, made_at=NOW + HOUR, expires_at=NOW + timedelta(days=of))

    change(BOB, confirmed_at=NOW, disabled_at=NOW + HOUR, deletion_due_at=NOW + DAY)
    gathered = {gather.__name__: [list(facts.values()) for facts in gather(BOB)] for gather in FACTS}
    assert gathered == {
        "account": [
            [
                *(BOB, "Bob Example", "bob@example.org", NOW, "Doctor", "", "", "learner", "Europe/London", "en-GB"),
                *(NOW - DAY, NOW + HOUR, NOW + DAY),
            ]
        ],
        "name_words": [["bob"], ["example"]],
        "consents": [["bob", "1", NOW]],
        "sessions": [[NOW, NOW + HOUR, NOW + DAY, "browser of bob", "192.0.2.1", True]],
        "events": [[1, NOW, "bob", {"a": 1}]],
        "apps": [[NOW + timedelta(days=BOB)]],
        "passkeys": [["bob", NOW, NOW + HOUR]],
        "recovery_codes": [[1, NOW + timedelta(days=BOB)], [2, None]],
        "sign_ons": [["id.bob", "bob", NOW, NOW + HOUR]],
        "tokens": [["bob", NOW, NOW + DAY]],
        "downloads": [[NOW, NOW + HOUR, NOW + timedelta(days=BOB)]],
    }


@pytest.mark.usefixtures("two")
def test_what_is_on_its_way_is_known_by_the_number_or_the_address_of_an_account():
    outbox = insert(Base.metadata.tables["outbox"])
    for kind, payload in (
        ("by number", {"account_id": ANN}),
        ("by address", {"email_canon": "ann@example.org"}),
        ("of bob", {"account_id": BOB, "email_canon": "bob@example.org"}),
    ):
        row = {"kind": kind, "payload": payload, "created_at": NOW, "due_at": NOW + HOUR, "tries": 0, "fault": ""}
        db.session.execute(outbox.values(**row))
    db.session.commit()
    assert list(queries.waiting(ANN)) == [
        {"what": "by number", "asked_at": NOW, "due_at": NOW + HOUR},
        {"what": "by address", "asked_at": NOW, "due_at": NOW + HOUR},
    ]
    assert queries.names_of(ANN) == {"account_id": ANN, "email_canon": "ann@example.org"}
    assert queries.names_of(99) == {"account_id": 99}


# Deleting


@pytest.mark.usefixtures("two")
def test_asking_for_deletion_sets_the_moment_and_tells_it():
    services.ask_for_deletion(ANN, now=NOW)
    due_at = NOW + timedelta(days=14)
    assert (account(ANN)["deletion_due_at"], account(BOB)["deletion_due_at"]) == (due_at, None)
    assert lines() == [(ANN, "deletion_asked", NOW, {})]
    assert told() == [(ANN, "deletion_asked", None, {"due_at": due_at.isoformat()})]
    services.ask_for_deletion(ANN, now=NOW + DAY)
    assert account(ANN)["deletion_due_at"] == due_at
    assert len(lines()) == len(told()) == 1


@pytest.mark.usefixtures("two")
def test_the_last_administrator_cannot_ask():
    change(ANN, role=Role.ADMINISTRATOR.value)
    with pytest.raises(LastAdministrator):
        services.ask_for_deletion(ANN, now=NOW)
    assert account(ANN)["deletion_due_at"] is None


@pytest.mark.usefixtures("two")
def test_calling_it_off_is_written_down_and_told_once():
    for each in (ANN, BOB):
        change(each, deletion_due_at=NOW + DAY)
    assert services.keep_account(ANN, now=NOW) is True
    assert services.keep_account(ANN, now=NOW) is False
    assert (account(ANN)["deletion_due_at"], account(BOB)["deletion_due_at"]) == (None, NOW + DAY)
    assert lines() == [(ANN, "deletion_withdrawn", NOW, {})]
    assert told() == [(ANN, "deletion_withdrawn", None, {})]


@pytest.mark.usefixtures("two")
def test_who_is_deleted_can_neither_ask_nor_call_it_off():
    change(ANN, deleted_at=NOW)
    services.ask_for_deletion(ANN, now=NOW)
    assert account(ANN)["deletion_due_at"] is None
    change(ANN, deletion_due_at=NOW)
    assert services.keep_account(ANN, now=NOW) is False
    assert (lines(), told()) == ([], [])


@pytest.mark.usefixtures("two")
def test_an_account_is_due_from_that_moment_on_the_longest_due_first():
    add_third = {"email": "c@example.org", "email_canon": "c@example.org", "name": "", "password_hash": ""}
    add_third |= {"profession": "", "registration_body": "", "registration_number": "", "role": "learner"}
    db.session.execute(insert(Base.metadata.tables["account"]).values(**add_third, zone="UTC", created_at=NOW))
    change(ANN, deletion_due_at=NOW)
    change(BOB, deletion_due_at=NOW - DAY)
    change(3, deletion_due_at=NOW + MOMENT)
    assert queries.due_accounts(now=NOW) == [BOB, ANN]
    assert queries.due_accounts(now=NOW + MOMENT) == [BOB, ANN, 3]
    change(BOB, deletion_due_at=NOW)
    assert queries.due_accounts(now=NOW) == [ANN, BOB]
    change(ANN, deleted_at=NOW)
    assert queries.due_accounts(now=NOW) == [BOB]


@pytest.mark.usefixtures("two")
def test_for_a_day_what_was_under_way_is_swept_up():
    change(BOB, deleted_at=NOW)
    change(ANN, deleted_at=NOW + MOMENT)
    assert queries.lately_deleted(now=NOW + DAY - MOMENT) == [ANN, BOB]
    assert queries.lately_deleted(now=NOW + DAY) == [ANN]
    assert queries.lately_deleted(now=NOW + DAY + MOMENT) == []


@pytest.mark.parametrize(
    ("accounts", "order"),
    [(queries.due_accounts, "account.deletion_due_at, account.id"), (queries.lately_deleted, "account.id")],
)
def test_the_order_of_deleting_is_asked_of_the_database(monkeypatch, accounts, order):
    monkeypatch.setattr(queries, "read", lambda statement: [SimpleNamespace(id=str(statement))])
    [statement] = accounts(now=NOW)
    assert statement.endswith(f"ORDER BY {order}")


@pytest.mark.usefixtures("two")
def test_nothing_is_deleted_before_it_is_due_and_all_at_that_moment():
    change(ANN, deletion_due_at=NOW)
    services.delete_account(ANN, now=NOW - MOMENT)
    services.delete_account(BOB, now=NOW)
    assert [row["deleted_at"] for row in rows_in("account")] == [None, None]
    assert (lines(), told()) == ([], [])

    services.delete_account(ANN, now=NOW)
    services.delete_account(ANN, now=NOW + DAY)
    assert [row["deleted_at"] for row in rows_in("account")] == [NOW, None]
    assert lines() == [(ANN, "deleted", NOW, {})]
    assert told() == [(ANN, "deleted", "ann@example.org", {})]


@pytest.mark.usefixtures("two")
def test_who_has_become_the_last_administrator_is_not_deleted():
    change(ANN, role=Role.ADMINISTRATOR.value, deletion_due_at=NOW)
    services.delete_account(ANN, now=NOW)
    assert account(ANN)["deleted_at"] is None


@pytest.mark.usefixtures("two")
def test_the_row_of_a_deleted_account_says_nothing_but_its_number_and_when_that_was():
    said = {"registration_body": "GMC", "registration_number": "1234567", "role": "editor", "language": "fr"}
    for each in (ANN, BOB):
        change(each, **said, confirmed_at=NOW, disabled_at=NOW, deletion_due_at=NOW, short_password=True)
    bob = account(BOB)
    services.forget_identity(ANN)
    assert account(ANN)["name"] == "Ann Example"  # it is not deleted
    change(ANN, deleted_at=NOW)
    services.forget_identity(ANN)
    assert account(BOB) == bob
    assert account(ANN) == {
        "id": ANN,
        "email": "deleted-1",
        "email_canon": "deleted-1",
        "name": "",
        "password_hash": "",
        "profession": "",
        "registration_body": "",
        "registration_number": "",
        "role": "learner",
        "zone": "UTC",
        "language": "en-GB",
        "created_at": NOW,
        "confirmed_at": None,
        "disabled_at": None,
        "deletion_due_at": None,
        "deleted_at": NOW,
        "short_password": False,
    }


@pytest.mark.usefixtures("two")
def test_registering_once_more_with_the_address_is_forgotten_too():
    kept = {"purpose": "registration", "created_at": NOW, "expires_at": NOW + DAY}
    add("token", token_hash="a", detail={}, **kept)
    add("token", token_hash="b", detail={"email_canon": "ann@example.org"}, **kept | {"account_id": None})
    add("token", token_hash="c", detail={"email_canon": "bob@example.org"}, **kept | {"account_id": None})
    add("token", token_hash="d", detail={}, **kept | {"account_id": BOB})
    services.forget_tokens(ANN)
    assert [row["token_hash"] for row in rows_in("token")] == ["c", "d"]


@pytest.mark.usefixtures("two")
def test_what_waits_for_an_account_is_withdrawn_but_the_mail_that_says_it_is_deleted():
    for number, payload in enumerate(
        (
            {"account_id": ANN, "notice": "deleted"},
            {"account_id": ANN, "notice": "disabled"},
            {"email_canon": "ann@example.org"},
            {"account_id": BOB},
        )
    ):
        row = {"kind": str(number), "payload": payload, "created_at": NOW, "due_at": NOW, "tries": 0, "fault": ""}
        db.session.execute(insert(Base.metadata.tables["outbox"]).values(**row))
    services.forget_waiting(ANN)
    assert [row["kind"] for row in rows_in("outbox")] == ["0", "3"]


@pytest.mark.usefixtures("two")
def test_what_refers_to_another_thing_is_forgotten_before_it(app, monkeypatch):
    forgotten = []

    def kind(name: str) -> owned.Owned:
        return owned.Owned("", name, "", lambda _: iter(()), lambda account_id: forgotten.append((name, account_id)))

    kinds = [kind(name) for name in ("first", "second", "third")]
    monkeypatch.setitem(app.extensions, "owned", ())
    owned.configure(app, kinds)
    assert owned.all_owned() == tuple(kinds)
    services.forget_all(ANN)
    assert forgotten == [("third", ANN), ("second", ANN), ("first", ANN)]


@pytest.mark.usefixtures("two")
@pytest.mark.parametrize("model", [Session, App, Passkey, NameWord, Download, Token])
def test_what_is_forgotten_of_an_account_is_left_to_others(model):
    now = {"created_at": NOW, "last_seen_at": NOW, "expires_at": NOW, "added_at": NOW, "asked_at": NOW, "detail": {}}
    now |= {"user_agent": "", "secret": "", "last_step": 0, "public_key": "", "sign_count": 0, "name": ""}
    now |= {"transports": [], "backed_up": False, "purpose": "", "word": "x"}
    table = model.__table__
    for of in (ANN, BOB):
        unlike = {"token_hash": str(of), "credential_id": str(of), **now}
        row = {name: value for name, value in unlike.items() if name in table.c}
        db.session.execute(insert(table).values(account_id=of, **row))
    for _ in range(2):
        forgetting(model.account_id)(ANN)
    assert set(db.session.scalars(select(table.c.account_id))) == {BOB}


@pytest.mark.usefixtures("two")
def test_deleting_is_committed_account_by_account_and_then_swept(monkeypatch):
    done = []
    monkeypatch.setattr(jobs.queries, "due_accounts", lambda *, now: done.append(now) or [3, 5])
    monkeypatch.setattr(jobs.queries, "lately_deleted", lambda *, now: done.append(now) or [7])
    monkeypatch.setattr(jobs.services, "delete_account", lambda number, *, now: done.append((number, now)))
    monkeypatch.setattr(jobs.services, "forget_all", done.append)
    monkeypatch.setattr(jobs.db.session, "commit", lambda: done.append("committed"))
    jobs.delete_due_accounts(now=NOW)
    assert done == [NOW, (3, NOW), "committed", (5, NOW), "committed", NOW, 7, "committed"]
