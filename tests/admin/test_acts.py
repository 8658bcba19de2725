"""What each act of those who run the site writes down, word for word, and whom it mails what."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import pytest
from flask import Flask
from sqlalchemy import select
from sqlalchemy.dialects import postgresql

from cpd.auth import administrators, sessions
from cpd.auth.administrators import LastAdministrator, leaves_no_administrator
from cpd.auth.emails import read_email
from cpd.auth.managing import services
from cpd.auth.models import Role
from cpd.auth.services import Person
from cpd.db import Base, db
from tests.admin.asking import add_account

NOW = datetime(2026, 11, 26, 9, 30, tzinfo=UTC)
BY = "command line"


@pytest.fixture
def ann(app) -> int:
    add_account(app, "agnes", Role.ADMINISTRATOR, now=NOW)
    return add_account(app, "ann", now=NOW)


@pytest.fixture
def at_work(app: Flask, ann: int):
    """What those who act run in; gives the number of Ann's account."""
    with app.app_context():
        yield ann
        db.session.remove()


def rows_in(table: str, **having) -> list[dict]:
    chosen = Base.metadata.tables[table]
    conditions = [chosen.c[name] == value for name, value in having.items()]
    rows = db.session.execute(select(chosen).where(*conditions).order_by(chosen.c.id))
    return [dict(row) for row in rows.mappings()]


def newest_line(account_id: int) -> tuple:
    line = rows_in("event", account_id=account_id)[-1]
    return line["kind"], line["at"], line["detail"]


def told() -> list[dict]:
    return [row["payload"] for row in rows_in("outbox")]


def notice(account_id: int, name: str, **values) -> dict:
    return {"account_id": account_id, "notice": name, "at": NOW.isoformat(), "to": None, "values": values}


def sign_in(account_id: int) -> str:
    return sessions.start_session(account_id, user_agent="x", network="", second_factor=False, now=NOW)


def test_a_change_of_role_is_written_down_and_told_with_both_roles(at_work):
    assert services.change_role(at_work, Role.EDITOR, by=BY, now=NOW) is True
    assert newest_line(at_work) == ("role_changed", NOW, {"before": "learner", "role": "editor", "by": BY})
    assert told() == [notice(at_work, "role_changed", before="learner", role="editor")]
    assert [row["role"] for row in rows_in("account")] == ["administrator", "editor"]


def test_the_role_that_an_account_has_is_no_change(at_work):
    assert services.change_role(at_work, Role.LEARNER, by=BY, now=NOW) is False
    assert newest_line(at_work)[0] == "registered"
    assert told() == []


def test_disabling_is_written_down_with_how_many_sessions_it_ended_and_told(at_work):
    for account_id in (at_work, at_work, 1):
        sign_in(account_id)
    assert services.disable(at_work, by=BY, now=NOW) is True
    assert newest_line(at_work) == ("disabled", NOW, {"by": BY, "sessions": 2})
    assert told() == [notice(at_work, "disabled")]
    assert [row["disabled_at"] for row in rows_in("account")] == [None, NOW]
    assert [row["account_id"] for row in rows_in("session")] == [1]


def test_enabling_is_written_down_and_told(at_work):
    services.disable(at_work, by=BY, now=NOW - timedelta(days=1))
    assert services.enable(at_work, by="administrator 1", now=NOW) is True
    assert newest_line(at_work) == ("enabled", NOW, {"by": "administrator 1"})
    assert told()[1:] == [notice(at_work, "enabled")]
    assert [row["disabled_at"] for row in rows_in("account")] == [None, None]


def test_disabling_what_is_disabled_and_enabling_what_is_not_change_nothing(at_work):
    assert services.enable(at_work, by=BY, now=NOW) is False
    services.disable(at_work, by=BY, now=NOW)
    assert services.disable(at_work, by=BY, now=NOW + timedelta(days=1)) is False
    assert rows_in("account", id=at_work)[0]["disabled_at"] == NOW
    assert len(rows_in("event", account_id=at_work)) == 2
    assert len(told()) == 1


def test_ending_all_sessions_gives_their_number_and_writes_it_down(at_work):
    for account_id in (at_work, at_work, 1):
        sign_in(account_id)
    assert services.end_all_sessions(at_work, by=BY, now=NOW) == 2
    assert newest_line(at_work) == ("sessions_ended", NOW, {"by": BY, "sessions": 2})
    assert [row["account_id"] for row in rows_in("session")] == [1]
    assert told() == []  # it can be no news to whoever asked for it


@pytest.mark.parametrize("act", [services.disable, lambda *who, **how: services.change_role(*who, Role.EDITOR, **how)])
def test_the_last_administrator_goes_only_where_that_is_meant(at_work, act):
    assert at_work != 1
    with pytest.raises(LastAdministrator) as refusal:
        act(1, by=BY, now=NOW)
    assert refusal.value.description == "This is the last administrator. Make another one first."
    assert act(1, by=BY, now=NOW, may_be_last=True) is True


def test_the_last_administrator_stays_one_when_that_role_is_given_again(at_work):
    assert at_work != 1
    assert services.change_role(1, Role.ADMINISTRATOR, by=BY, now=NOW) is False


@pytest.mark.parametrize(
    ("other", "last"),
    [
        ({}, False),
        ({"role": "editor"}, True),
        ({"disabled_at": NOW}, True),
        ({"deleted_at": NOW}, True),
        ({"deletion_due_at": NOW}, True),
    ],
    ids=["works", "editor", "disabled", "deleted", "leaving"],
)
def test_an_administrator_counts_as_another_one_only_if_they_stay_and_can_sign_in(at_work, other, last):
    accounts = Base.metadata.tables["account"]
    db.session.execute(accounts.update().where(accounts.c.id == at_work).values(**{"role": "administrator"} | other))
    assert leaves_no_administrator(1) is last


@pytest.mark.parametrize("state", [{"role": "editor"}, {"disabled_at": NOW}, {"deleted_at": NOW}])
def test_who_is_no_working_administrator_leaves_no_gap(at_work, state):
    accounts = Base.metadata.tables["account"]
    db.session.execute(accounts.update().where(accounts.c.id == 1).values(**state))
    assert at_work != 1
    assert leaves_no_administrator(1) is False


def test_whoever_is_no_administrator_leaves_no_gap_where_the_last_one_is_leaving(at_work):
    accounts = Base.metadata.tables["account"]
    db.session.execute(accounts.update().where(accounts.c.id == 1).values(deletion_due_at=NOW))
    assert leaves_no_administrator(at_work) is False


def test_an_administrator_who_is_leaving_may_be_deleted_while_another_one_stays(at_work):
    """And who is the last one, and leaves, leaves nobody."""
    accounts = Base.metadata.tables["account"]
    db.session.execute(accounts.update().where(accounts.c.id == 1).values(deletion_due_at=NOW))
    assert leaves_no_administrator(1) is True
    db.session.execute(accounts.update().where(accounts.c.id == at_work).values(role="administrator"))
    assert leaves_no_administrator(1) is False


def test_who_counts_administrators_lets_others_wait_in_the_same_order(monkeypatch):
    """Two who are counted at once in another order would wait for each other, where more than one can write."""
    asked = []

    def execute(statement):
        asked.append(" ".join(str(statement.compile(dialect=postgresql.dialect())).split()))
        return SimpleNamespace(first=lambda: (1,), all=list)

    monkeypatch.setattr(administrators, "db", SimpleNamespace(session=SimpleNamespace(execute=execute)))
    assert leaves_no_administrator(1) is True
    assert [statement.partition(" ORDER BY ")[2] for statement in asked] == ["", "account.id FOR UPDATE"]


BO = Person(
    "Bo Sample",
    read_email("Bo@example.org"),
    profession="Nurse",
    registration_body="NMC",
    registration_number="12A3456B",
)


def test_an_account_that_is_added_has_what_was_stated_and_nobodys_password(app, at_work):
    link = services.add_account(BO, role=Role.AUTHOR, by=BY, now=NOW)

    added = rows_in("account")[-1]
    assert added["id"] > at_work
    stated = {name: added[name] for name in ("name", "email", "profession", "registration_body", "role", "zone")}
    assert stated == {
        "name": "Bo Sample",
        "email": "Bo@example.org",
        "profession": "Nurse",
        "registration_body": "NMC",
        "role": "author",
        "zone": "Europe/London",
    }
    assert (added["created_at"], added["confirmed_at"]) == (NOW, None)
    assert not app.extensions["passwords"].fits("", added["password_hash"])
    assert rows_in("consent", account_id=added["id"]) == []
    assert newest_line(added["id"]) == ("created", NOW, {"by": BY, "role": "author"})
    [token] = rows_in("token", account_id=added["id"])
    assert (token["purpose"], token["expires_at"] - NOW) == ("reset", timedelta(days=1))
    assert link is not None
    assert token["token_hash"] == hashlib.sha256(link.partition("/auth/reset/new?token=")[2].encode()).hexdigest()
    assert told() == []


def test_where_mail_reaches_people_the_link_goes_to_the_owner_and_to_nobody_else(app, at_work):
    app.config["SETTINGS"] = replace(app.config["SETTINGS"], mail_server="smtp://mail.example.org")
    assert at_work
    assert services.add_account(BO, role=Role.LEARNER, by=BY, now=NOW) is None
    assert [(row["kind"], row["payload"], row["created_at"]) for row in rows_in("outbox")] == [
        ("reset", {"email_canon": "bo@example.org", "is_due": True}, NOW)
    ]
    assert rows_in("token") == []


def test_an_administrator_is_named_by_their_number_alone():
    assert services.administrator(7) == "administrator 7"
