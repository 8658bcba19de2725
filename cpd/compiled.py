"""A statement made into SQL once, where it is executed often: SQLAlchemy takes longer to do it than to execute it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ClauseElement, Dialect
from sqlalchemy.sql.compiler import SQLCompiler

Processor = Callable[[Any], Any]


@dataclass(frozen=True)
class Compiled:
    """A statement as one database takes it. `names` are the parameters in order, where they go by their place."""

    sql: str
    constants: Mapping[str, Any]
    names: Sequence[str] | None
    typed: Mapping[str, Processor]

    def parameters(self, values: Mapping[str, Any]) -> Any:
        """What the driver takes, of values by their names as Python has them."""
        given = {**self.constants, **values}
        for name, process in self.typed.items():
            given[name] = process(given[name])
        return given if self.names is None else tuple(given[name] for name in self.names)


def compiled(statement: ClauseElement, dialect: Dialect) -> Compiled:
    """Of a statement without lists among its parameters, and without columns that are filled in on insert."""
    made = statement.compile(dialect=dialect)
    assert isinstance(made, SQLCompiler)
    assert not made.prefetch
    binds = {name: bind.type.dialect_impl(dialect).bind_processor(dialect) for name, bind in made.binds.items()}
    return Compiled(
        sql=made.string,
        constants={name: bind.effective_value for name, bind in made.binds.items() if not bind.required},
        names=made.positiontup if made.positional else None,
        typed={name: process for name, process in binds.items() if process is not None},
    )
