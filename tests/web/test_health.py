"""Whether the process lives, and whether it can serve."""

from __future__ import annotations

from dataclasses import replace

import pytest
from sqlalchemy import text
from sqlalchemy.exc import OperationalError

from cpd.db import db

TOKEN = "a-token-for-probes"
ELSEWHERE = {"REMOTE_ADDR": "192.0.2.7"}


@pytest.fixture
def with_token(app):
    app.config["SETTINGS"] = replace(app.config["SETTINGS"], probe_token=TOKEN)


def test_healthz_answers_everybody_without_the_database(client, monkeypatch):
    monkeypatch.setattr("cpd.web.health.reader", pytest.fail)
    answer = client.get("/healthz", environ_overrides=ELSEWHERE)
    assert (answer.status_code, answer.text) == (200, "ok\n")


@pytest.mark.parametrize("address", ["127.0.0.1", "::1"])
def test_readyz_answers_the_machine_itself(client, address):
    answer = client.get("/readyz", environ_overrides={"REMOTE_ADDR": address})
    assert (answer.status_code, answer.text) == (200, "ready\n")


def test_readyz_is_not_there_for_others(client):
    assert client.get("/readyz", environ_overrides=ELSEWHERE).status_code == 404


def test_readyz_is_not_there_for_others_behind_a_proxy(client):
    assert client.get("/readyz", headers={"X-Forwarded-For": "192.0.2.7"}).status_code == 404


@pytest.mark.usefixtures("with_token")
def test_readyz_answers_whoever_has_the_token(client):
    bearer = {"Authorization": f"Bearer {TOKEN}"}
    assert client.get("/readyz", environ_overrides=ELSEWHERE, headers=bearer).status_code == 200


@pytest.mark.usefixtures("with_token")
@pytest.mark.parametrize(
    "header", ["", "Bearer ", "Bearer x", "Bearer caf\u00e9", f"Basic {TOKEN}", f"Bearer {TOKEN}x"]
)
def test_readyz_refuses_another_token(client, header):
    answer = client.get("/readyz", environ_overrides=ELSEWHERE, headers={"Authorization": header})
    assert answer.status_code == 404


def test_without_a_token_set_an_empty_one_opens_nothing(client):
    answer = client.get("/readyz", environ_overrides=ELSEWHERE, headers={"Authorization": "Bearer "})
    assert answer.status_code == 404


def test_readyz_says_that_a_migration_is_missing(app, client):
    with app.app_context():
        db.session.execute(text("UPDATE alembic_version SET version_num = '0000'"))
        db.session.commit()
    answer = client.get("/readyz")
    assert answer.status_code == 503
    assert answer.text.startswith("the database is at 0000, not at ")


def test_readyz_says_that_the_database_is_away(client, monkeypatch):
    def fail():
        raise OperationalError("SELECT", None, Exception("gone"))

    monkeypatch.setattr("cpd.web.health.reader", fail)
    answer = client.get("/readyz")
    assert (answer.status_code, answer.text) == (503, "the database cannot be reached\n")
