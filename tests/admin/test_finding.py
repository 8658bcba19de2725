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


@pytest.fixture
def add(app):
    """Adds accounts, address → name, and opens the application for asking."""
    with app.app_context():

        def add(named: dict[str, str]) -> None:
            for address, name in named.items():
                person = Person(name=name, email=read_email(address), profession="Doctor")
                create_account(person, password_hash="*", zone="Europe/London", consents={}, now=clock.now())
            db.session.commit()

        yield add
        db.session.remove()


def test_names_stand_in_the_order_of_the_longest_word_that_was_asked_for(add):
    add({"a@example.org": "Zadie Okaforson", "b@example.org": "Zoe Okafor", "c@example.org": "Zoe Okafo"})
    assert found("z okafor") == found("okafor z") == found("okafor") == ["b@example.org", "a@example.org"]
    assert found("z") == ["a@example.org", "b@example.org", "c@example.org"]


def test_who_has_two_words_that_fit_stands_once_by_the_first_of_them(add):
    add({"a@example.org": "Anna Anderson", "b@example.org": "Andrew Zhou", "c@example.org": "Anita Anders"})
    assert found("an") == ["c@example.org", "a@example.org", "b@example.org"]
    first, second, third = queries.accounts("an", limit=50)
    assert [row.id for row in queries.accounts("an", after=first.id, limit=50)] == [second.id, third.id]
    assert [row.id for row in queries.accounts("an", after=second.id, limit=50)] == [third.id]


def test_addresses_stand_in_their_order_and_go_on_after_one_of_them(add):
    add({f"ann@{domain}": "Ann Example" for domain in ("two.example", "three.example", "one.example")})
    assert found("ann@") == ["ann@one.example", "ann@three.example", "ann@two.example"]
    first, second, _ = queries.accounts("ann@", limit=50)
    assert found("ann@", after=first.id) == ["ann@three.example", "ann@two.example"]
    assert found("ann@", after=second.id) == ["ann@two.example"]
    assert found("ANN@T", after=second.id) == ["ann@two.example"]


def test_a_list_is_as_long_as_was_asked_for(add):
    add({f"ann{number}@example.org": "Ann Example" for number in range(3)})
    for wanted in ("", "ann"):
        assert len(queries.accounts(wanted, limit=2)) == 2
    assert found("") == ["ann2@example.org", "ann1@example.org", "ann0@example.org"]


ORDERED = {
    "": "ORDER BY account.id DESC",
    "okafor": "ORDER BY name_word.word, name_word.account_id",
    "amara@": "ORDER BY account.email_canon",
}


@pytest.mark.parametrize("wanted", ORDERED)
def test_the_order_is_asked_of_the_database_and_leaves_nothing_open(wanted, monkeypatch):
    """Rows mostly come in this order by themselves, as an index has them, but nothing promises that they do."""
    monkeypatch.setattr(queries, "read", str)
    assert ORDERED[wanted] in " ".join(queries.accounts(wanted, limit=2).split())


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
        ("\U0001d400mara", ["amara"]),
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
