"""`cpd user`: what it does, what it says, and how it ends."""

from __future__ import annotations

import json
import re

import pytest
from click.testing import CliRunner
from sqlalchemy import text

from cpd.cli import cli
from cpd.db import db
from tests.admin.asking import Asker
from tests.pages import token_in

PASSWORD = "violin-gravel-otter-tundra"


@pytest.fixture
def run(app, settings, monkeypatch):  # noqa: ARG001  # whose database it is
    """Runs the command on the database of the application."""
    monkeypatch.setenv("CPD_INSTANCE_FOLDER", str(settings.instance_folder))
    monkeypatch.setenv("CPD_DATABASE_URL", settings.database_url)
    monkeypatch.setenv("CPD_SECRET_KEY", settings.secret_key)
    monkeypatch.setenv("CPD_HASH_MEMORY", "8")
    monkeypatch.setenv("CPD_HASH_TIME", "1")
    monkeypatch.setattr("cpd.migrating.migrate", lambda: None)  # the database is migrated, and looking takes a second
    return lambda *words, typed="": CliRunner().invoke(cli, ["user", *words], input=typed)


@pytest.fixture
def create(run):
    def create(name: str, *words: str):
        full = f"{name.capitalize()} Example"
        return run("create", f"{name}@example.org", "--name", full, "--profession", "doctor", *words)

    return create


@pytest.fixture
def events_of(app):
    """The events of an account as (kind, detail)."""

    def events_of(email: str) -> list[tuple[str, str]]:
        chosen = "SELECT kind, detail FROM event JOIN account ON account.id = account_id WHERE email = :email"
        with app.app_context():
            rows = db.session.execute(text(f"{chosen} ORDER BY number"), {"email": email})
            return [(row.kind, str(row.detail)) for row in rows]

    return events_of


def refusal(done) -> str:
    """What was said of why nothing was done: one line."""
    assert (done.exit_code, done.stdout) == (1, "")
    assert re.fullmatch(r"Error: [^\n]+\n", done.stderr), done.stderr
    return done.stderr[len("Error: ") : -1]


# Creating


@pytest.mark.usefixtures("site")
def test_a_new_account_has_a_link_by_which_its_owner_chooses_a_password(create, client, events_of):
    done = create("agnes", "--role", "administrator")

    assert (done.exit_code, done.stderr) == (0, "")
    assert done.stdout.startswith("agnes@example.org has an account, and is an administrator.\n")
    link = done.stdout.splitlines()[-1]
    page = client.get(link.removeprefix("http://127.0.0.1:8000"), follow_redirects=True)
    data = {"csrf_token": token_in(page.text), "password": PASSWORD}
    answer = client.post("/auth/reset/new", data=data)
    assert (answer.status_code, answer.location) == (303, "/auth/agree")  # nobody agreed for them
    kind, detail = events_of("agnes@example.org")[0]
    assert kind == "created"
    assert "command line" in detail


def test_what_is_not_given_is_asked_for(run):
    done = run("create", typed="ann@example.org\nAnn Example\nNURSE\n")
    assert done.exit_code == 0, done.output
    assert "ann@example.org has an account, and is a learner." in done.stdout
    assert json.loads(run("list", "ann@", "--json").stdout)[0]["name"] == "Ann Example"


def test_where_mail_reaches_people_the_link_goes_by_mail(create, monkeypatch, app):
    monkeypatch.setenv("CPD_MAIL_SERVER", "smtp://mail.example.org")
    monkeypatch.setenv("CPD_MAIL_FROM", "daybook@example.org")
    monkeypatch.setenv("CPD_SITE_URL", "https://daybook.example.org")
    done = create("ann")
    assert "A mail goes there" in done.stdout
    assert "http" not in done.stdout
    with app.app_context():
        assert [row.kind for row in db.session.execute(text("SELECT kind FROM outbox"))] == ["reset"]


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        (["nobody", "--name", "A", "--profession", "Doctor"], "Enter an e-mail address"),
        (["a@example.org", "--name", " ", "--profession", "Doctor"], "give a name of at most 120 characters"),
        (["a@example.org", "--name", "x" * 121, "--profession", "Doctor"], "give a name of at most 120 characters"),
        (["a@example.org", "--name", "A", "--profession", "Wizard"], "choose one of these professions: Anaesthesia"),
    ],
    ids=["address", "no name", "long name", "profession"],
)
def test_what_cannot_be_is_refused_in_a_line(run, words, reason):
    assert refusal(run("create", *words)).startswith(reason)


def test_an_address_that_has_an_account_is_refused(create):
    create("ann")
    assert refusal(create("ann")) == "there is an account with the e-mail address ann@example.org"


# Roles


def test_a_role_is_granted_and_revoked(create, run, events_of):
    create("ann")
    done = run("grant", "Ann@Example.org", "author")
    assert done.stdout.splitlines()[0] == "ann@example.org is now an author."
    assert "second factor" in done.stdout
    assert run("grant", "ann@example.org", "author").stdout == "ann@example.org is an author already.\n"
    assert run("grant", "ann@example.org", "editor").exit_code == 0
    assert run("revoke", "ann@example.org").stdout == "ann@example.org was an editor and is now a learner.\n"
    assert run("revoke", "ann@example.org").stdout == "ann@example.org has no role to take away.\n"
    changes = [detail for kind, detail in events_of("ann@example.org") if kind == "role_changed"]
    assert len(changes) == 3
    assert all("command line" in detail for detail in changes)


def test_the_last_administrator_stays_unless_one_insists(create, run):
    create("agnes", "--role", "administrator")
    create("ann")
    for act in ("revoke", "disable"):
        assert "is the last administrator" in refusal(run(act, "agnes@example.org"))
    assert "is the last administrator" not in run("disable", "ann@example.org").output
    run("grant", "ann@example.org", "administrator")
    assert "is the last administrator" in refusal(run("revoke", "agnes@example.org"))  # the other one is disabled
    run("enable", "ann@example.org")
    assert run("revoke", "agnes@example.org").exit_code == 0
    assert run("revoke", "ann@example.org", "--yes").exit_code == 0


def test_disabling_ends_sessions_at_once(create, run, app):
    create("ann")
    ann = Asker(app, 1)
    session = ann.begin_session()
    assert run("disable", "ann@example.org").stdout == "ann@example.org is disabled.\n"
    assert ann.ask("GET", "/auth/account", token=session).status_code == 302
    assert run("enable", "ann@example.org").stdout == "ann@example.org can be signed in to.\n"
    assert ann.get("/auth/account").status_code == 200


def test_factors_are_reset_with_how_the_person_was_identified(create, run, events_of):
    create("ann")
    assert run("reset-factors", "ann@example.org", typed="in person\n").exit_code == 0
    kind, detail = events_of("ann@example.org")[-1]
    assert kind == "factors_reset"
    assert "in person" in detail
    assert "command line" in detail
    assert refusal(run("reset-factors", "ann@example.org", "--identified", " ")).startswith("say how the person was")


@pytest.mark.parametrize("words", [["grant", "{}", "author"], ["revoke", "{}"], ["disable", "{}"], ["enable", "{}"]])
def test_who_has_no_account_is_refused_in_a_line(run, words):
    asked = [word.format("nobody@example.org") for word in words]
    assert refusal(run(*asked)) == "there is no account with the e-mail address nobody@example.org"
    assert refusal(run(*[word.format("nobody") for word in words])).startswith("Enter an e-mail address")


def test_a_role_that_there_is_not_ends_with_1(create, run):
    create("ann")
    for role in ("boss", "learner"):
        assert run("grant", "ann@example.org", role).exit_code == 1


# Listing


def test_the_list_is_a_table(create, run):
    create("agnes", "--role", "administrator")
    create("bartholomew")
    run("disable", "bartholomew@example.org")
    lines = run("list").stdout.splitlines()
    assert re.split(r" {2,}", lines[0]) == ["E-mail address", "Name", "Role", "Second factor", "Last sign-in", "State"]
    assert re.split(r" {2,}", lines[1]) == [
        *("bartholomew@example.org", "Bartholomew Example", "learner", "none", "never", "disabled")
    ]
    assert len({line.index(name) for line, name in zip(lines, ("Name", "Barth", "Agnes"), strict=True)}) == 1
    assert len(run("list", "barth").stdout.splitlines()) == 2
    assert run("list", "--role", "administrator").stdout.count("@example.org") == 1


def test_the_list_is_json_for_programs(create, run):
    create("ann")
    found = json.loads(run("list", "--json").stdout)
    assert [each["email"] for each in found] == ["ann@example.org"]
    assert found[0]["second_factors"] == {"has_app": False, "passkeys": 0, "recovery_codes": 0}
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?\+00:00", found[0]["created_at"])
    assert json.loads(run("list", "bob", "--json").stdout) == []


def test_a_list_that_is_longer_says_so(create, run):
    for name in ("ann", "bob", "chidi"):
        create(name)
    done = run("list", "--most", "2")
    assert done.stdout.count("@example.org") == 2
    assert "more than these 2" in done.stderr
    assert run("list", "--most", "3").stderr == ""
    assert run("list", "dora").stderr == "There is no such account.\n"
    assert run("list", "--most", "0").exit_code == 1


def test_an_empty_site_has_an_empty_list(run):
    done = run("list")
    assert (done.exit_code, done.stdout, done.stderr) == (0, "", "There is no account.\n")
