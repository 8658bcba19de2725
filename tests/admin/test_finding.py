"""Accounts are found by the words of their names and the beginning of their addresses."""

from __future__ import annotations

import pytest
from sqlalchemy import event, text

from cpd.auth.emails import read_email
from cpd.auth.managing import queries
from cpd.auth.names import keep_words, words_of
from cpd.auth.services import Person, create_account
from cpd.db import db
from cpd.web import clock

PEOPLE = {
    "amara@example.org": "Dr Amara Okafor",
    "amara.okafor@example.com": "Amara O'Kafor-Ökonom",
    "zoe@example.org": "Zoë Müller",
    "mueller@example.org": "Anna Ann Mueller",
    "li@example.org": "李 小龙",
    "sean@example.org": "Séan Ó Briain",
}


@pytest.fixture
def people(app):
    with app.app_context():
        for address, name in PEOPLE.items():
            person = Person(name=name, email=read_email(address), profession="Doctor")
            create_account(person, password_hash="*", zone="Europe/London", consents={}, now=clock.now())
        db.session.commit()
        yield
        db.session.remove()


def found(wanted: str, **how) -> list[str]:
    return [row.email for row in queries.accounts(wanted, limit=50, **how)]


BOTH_AMARAS = ["amara.okafor@example.com", "amara@example.org"]
FOUND = {
    "okafor": BOTH_AMARAS,
    "OKAF amar": BOTH_AMARAS,
    "dr okafor": ["amara@example.org"],
    "o'kafor": BOTH_AMARAS,
    "okonom": ["amara.okafor@example.com"],
    "zoe muller": ["zoe@example.org"],
    "ZOË": ["zoe@example.org"],
    "ann": ["mueller@example.org"],
    "ann ann": ["mueller@example.org"],
    "李": ["li@example.org"],
    "小": ["li@example.org"],
    "o briain": ["sean@example.org"],
    "amara.": BOTH_AMARAS,
    "amara@": ["amara@example.org"],
    "Amara@Example.ORG": ["amara@example.org"],
    **{nothing: [] for nothing in ("afor", "zoe okafor", "@", "%", "_", "'", "\U0010ffff")},
}


@pytest.mark.usefixtures("people")
def test_who_is_found():
    assert {wanted: sorted(found(wanted)) for wanted in FOUND} == FOUND


@pytest.mark.usefixtures("people")
def test_going_on_after_each_one_gives_all_of_them_once():
    for wanted in ("", "a", "o", "am", "example", "m"):
        everybody = [row.id for row in queries.accounts(wanted, limit=50)]
        one_by_one, after = [], None
        while row := next(iter(queries.accounts(wanted, after=after, limit=1)), None):
            after = row.id
            one_by_one.append(row.id)
        assert one_by_one == everybody, wanted


@pytest.mark.usefixtures("people")
def test_going_on_by_address_gives_all_of_them_once():
    assert found("a@") == []
    first = queries.accounts("amara@", limit=1)[0]
    assert queries.accounts("amara@", after=first.id, limit=1) == []


@pytest.mark.usefixtures("people")
def test_a_name_that_was_changed_is_found_by_its_new_words_alone():
    account = queries.find_by_email("amara@example.org")
    keep_words(account.id, "Amara Eze")
    db.session.commit()
    assert found("okafor dr") == []
    assert found("eze") == ["amara@example.org"]
    keep_words(account.id, "")
    db.session.commit()
    assert found("eze") == []


@pytest.mark.usefixtures("people")
def test_the_words_go_with_the_account():
    db.session.execute(text("DELETE FROM account"))
    assert db.session.execute(text("SELECT count(*) FROM name_word")).scalar_one() == 0


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("Dr Amara Okafor", ["amara", "dr", "okafor"]),
        ("O'Brien-Smith, J. R.", ["j", "obrien", "r", "smith"]),
        ("O\u2019Brien", ["obrien"]),
        ("STRASSE straße", ["strasse"]),
        ("Anna Anna", ["anna"]),
        ("ﬁona", ["fiona"]),
        ("", []),
        ("- .", []),
    ],
)
def test_the_words_of_a_name(name, words):
    assert words_of(name) == words


@pytest.mark.usefixtures("people")
def test_no_search_reads_all_accounts(settings):
    """On SQLite, whose plans say so plainly; PostgreSQL has the same indexes."""
    if not settings.on_sqlite:
        pytest.skip("the plans of PostgreSQL depend on how much there is")
    asked = []
    event.listen(db.engine, "before_cursor_execute", lambda *given: asked.append((given[2], given[3])))
    for wanted in ("", "okafor", "okafor amara", "amara@"):
        for after in (None, 3):
            queries.accounts(wanted, after=after, limit=50)
            statement, values = asked[-1]
            with db.engine.connect() as connection:
                plan = [row[-1] for row in connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", values)]
                connection.rollback()
            assert [line for line in plan if line.startswith("SCAN account") and wanted] == [], (wanted, after)
            assert [line for line in plan if "TEMP B-TREE FOR ORDER" in line] == [], (wanted, after)
