"""Selects made into SQL once: they give what SQLAlchemy itself gives, on both databases."""

from datetime import UTC, datetime
from decimal import Decimal

import pytest
from sqlalchemy import Column, Integer, MetaData, String, Table, bindparam, cast, func, insert, select
from sqlalchemy.exc import DBAPIError

from cpd.compiled import compiled
from cpd.db import Credits, Json, UtcDateTime, db, read, reader
from cpd.prepared import Prepared

SHELF = Table(
    "shelf",
    MetaData(),
    Column("id", Integer, primary_key=True),
    Column("title", String),
    Column("worth", Credits),
    Column("at", UtcDateTime),
    Column("facts", Json),
)
NOON = datetime(2026, 11, 2, 12, tzinfo=UTC)
ROWS = [
    {"id": 1, "title": "Größe 100 %", "worth": Decimal("0.50"), "at": NOON, "facts": {"b": [1, None], "a": "ä"}},
    {"id": 2, "title": None, "worth": None, "at": None, "facts": None},
    {"id": 3, "title": "it's :quoted ? %s", "worth": Decimal("1.05"), "at": NOON, "facts": []},
]
OF_WORTH = select(SHELF).where(SHELF.c.worth == bindparam("worth")).order_by(SHELF.c.id)


@pytest.fixture(autouse=True)
def shelf(app):
    with app.app_context():
        SHELF.create(db.engine)
        db.session.execute(insert(SHELF), ROWS)
        db.session.commit()
        yield


@pytest.mark.parametrize(
    ("statement", "values"),
    [
        (select(SHELF).order_by(SHELF.c.id), {}),
        (OF_WORTH, {"worth": Decimal("0.50")}),
        (select(SHELF.c.title.label("named")).where(SHELF.c.at == bindparam("at")), {"at": NOON}),
        (select(func.sum(SHELF.c.worth, type_=Credits).label("sum"), func.count().label("rows")), {}),
        (select(SHELF.c.id).where(SHELF.c.title == "it's :quoted ? %s"), {}),
        (select(SHELF.c.id).where(SHELF.c.title.in_([bindparam("one"), bindparam("two")])), {"one": "x", "two": "y"}),
        (select(SHELF.c.id).order_by(SHELF.c.id).limit(bindparam("limit")), {"limit": 2}),
    ],
    ids=["every type", "by a typed value", "by a moment", "sums", "marks in a text", "nothing", "a limit"],
)
def test_rows_are_those_of_sqlalchemy(statement, values):
    ours, theirs = Prepared(statement).all(values), read(statement, values)
    assert [tuple(row) for row in ours] == [tuple(row) for row in theirs]
    assert [type(value) for row in ours for value in row] == [type(value) for row in theirs for value in row]


def test_what_is_inserted_by_a_statement_made_once_is_what_sqlalchemy_inserts():
    connection = db.session.connection()
    ours = compiled(
        insert(SHELF).values({column.name: bindparam(column.name) for column in SHELF.c}), connection.dialect
    )
    for row in ROWS:
        connection.exec_driver_sql(ours.sql, ours.parameters(row | {"id": row["id"] + len(ROWS)}))
    db.session.commit()
    kept = read(select(SHELF.c.title, SHELF.c.worth, SHELF.c.at, SHELF.c.facts).order_by(SHELF.c.id))
    assert kept[3:] == kept[:3]
    raw = read(select(cast(SHELF.c.facts, String), cast(SHELF.c.at, String)).order_by(SHELF.c.id))
    assert raw[3:] == raw[:3]


def test_an_insert_whose_columns_are_filled_in_meanwhile_is_not_made_once():
    dated = Table("dated", MetaData(), Column("id", Integer, primary_key=True), Column("kind", String, default="x"))
    with pytest.raises(AssertionError):
        compiled(insert(dated).values(id=bindparam("id")), db.engine.dialect)


def test_columns_have_their_names():
    row = Prepared(OF_WORTH).first({"worth": Decimal("1.05")})
    assert (row.id, row.worth, row.at) == (3, Decimal("1.05"), NOON)


def test_no_row_is_none():
    assert Prepared(OF_WORTH).first({"worth": Decimal("9.95")}) is None


def test_a_change_that_was_committed_is_seen_at_once():
    counted = Prepared(select(func.count().label("rows")).select_from(SHELF))
    before = counted.first({}).rows
    db.session.execute(insert(SHELF).values(id=4))
    db.session.commit()
    assert (before, counted.first({}).rows) == (3, 4)


def test_reading_opens_no_transaction():
    Prepared(OF_WORTH).all({"worth": Decimal("0.50")})
    assert not reader().in_transaction()


def test_a_fault_is_that_of_sqlalchemy():
    nowhere = Table("nowhere", MetaData(), Column("id", Integer))
    with pytest.raises(DBAPIError):
        Prepared(select(nowhere)).all({})


def test_what_the_quick_way_cannot_read_the_ordinary_way_does():
    statement = Prepared(OF_WORTH)
    statement.all({"worth": Decimal("0.50")})
    for form in statement._forms.values():
        object.__setattr__(form, "sql", "SELECT no such thing")
    assert [row.id for row in statement.all({"worth": Decimal("0.50")})] == [1]


def test_a_value_that_is_missing_is_our_mistake():
    with pytest.raises(KeyError):
        Prepared(OF_WORTH).all({})
