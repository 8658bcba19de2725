"""Reading and filling tables within an application, row by row."""

from __future__ import annotations

from typing import Any

from sqlalchemy import insert, select, update

from cpd.db import Base, db

ANN, BOB = 1, 2  # accounts, in the order in which tests add them


def rows_in(table: str, **having: Any) -> list[dict[str, Any]]:
    chosen = Base.metadata.tables[table]
    conditions = [chosen.c[name] == value for name, value in having.items()]
    rows = db.session.execute(select(chosen).where(*conditions).order_by(chosen.c.id))
    return [dict(row) for row in rows.mappings()]


def add(table: str, *, account_id: int = ANN, **values: Any) -> int:
    row = insert(Base.metadata.tables[table]).values(account_id=account_id, **values)
    [number] = db.session.execute(row).inserted_primary_key
    db.session.commit()
    return number


def change(account_id: int, **values: Any) -> None:
    accounts = Base.metadata.tables["account"]
    db.session.execute(update(accounts).where(accounts.c.id == account_id).values(**values))
    db.session.commit()
