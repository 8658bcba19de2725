"""Selects that run on every page: made into SQL once for each database, not once for each execution.

SQLAlchemy spends more time around such a statement than SQLite within it, and a page has two. The statement, its SQL,
its parameters and its types stay SQLAlchemy's, so both databases read the same. Whatever goes wrong is left to the
ordinary way, which knows what to do about it.
"""

from __future__ import annotations

import contextlib
from collections import namedtuple
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, overload

from sqlalchemy import Dialect

from cpd.compiled import Compiled, Processor, compiled
from cpd.db import AnyRow, AnySelect, read, reader


@dataclass(frozen=True)
class Form:
    """A select as one database takes it, and how its columns become rows."""

    statement: Compiled
    processors: Sequence[tuple[int, Processor]]
    make_row: Callable[[Sequence[Any]], AnyRow]

    def row(self, columns: Sequence[Any]) -> AnyRow:
        if self.processors:
            columns = list(columns)
            for place, process in self.processors:
                columns[place] = process(columns[place])
        return self.make_row(columns)


class Rows(Sequence[AnyRow]):
    """Rows as the database gave them, each made into its types when it is asked for. Equal ones are one key."""

    def __init__(self, columns: tuple[Sequence[Any], ...], form: Form) -> None:
        self._columns = columns
        self._form = form

    def __len__(self) -> int:
        return len(self._columns)

    @overload
    def __getitem__(self, place: int) -> AnyRow: ...
    @overload
    def __getitem__(self, place: slice) -> Rows: ...
    def __getitem__(self, place: int | slice) -> AnyRow | Rows:
        if isinstance(place, slice):
            return Rows(self._columns[place], self._form)
        return self._form.row(self._columns[place])

    def __iter__(self) -> Iterator[AnyRow]:
        return map(self._form.row, self._columns)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Rows) and self._form is other._form and self._columns == other._columns

    def __hash__(self) -> int:
        return hash(self._columns)


class Prepared:
    """A select without lists among its parameters."""

    def __init__(self, statement: AnySelect) -> None:
        self._statement = statement
        self._forms: dict[str, Form] = {}

    def all(self, values: Mapping[str, Any]) -> Sequence[AnyRow]:
        """The rows as column tuples, fit to be a key."""
        connection = reader()
        form = self._forms.get(connection.dialect.name) or self._prepare(connection.dialect)
        driver = connection.dialect.loaded_dbapi
        try:
            cursor = connection.connection.cursor()
            try:
                cursor.execute(form.statement.sql, form.statement.parameters(values))
                found = cursor.fetchall()
            finally:
                cursor.close()
        except driver.Error:
            with contextlib.suppress(driver.Error):
                connection.connection.rollback()  # PostgreSQL reads nothing more in a transaction that failed
            return tuple(read(self._statement, values))
        return Rows(tuple(found), form)

    def first(self, values: Mapping[str, Any]) -> AnyRow | None:
        """The first row, or None."""
        rows = self.all(values)
        return rows[0] if rows else None

    def _prepare(self, dialect: Dialect) -> Form:
        columns = list(self._statement.selected_columns)
        results = [column.type.dialect_impl(dialect).result_processor(dialect, None) for column in columns]
        form = self._forms[dialect.name] = Form(
            statement=compiled(self._statement, dialect),
            processors=[(place, process) for place, process in enumerate(results) if process is not None],
            make_row=_row_type([str(column.key) for column in columns])._make,
        )
        return form


def _row_type(names: Sequence[str]) -> Any:
    return namedtuple("Row", names)  # noqa: PYI024  # names that are known when it runs
