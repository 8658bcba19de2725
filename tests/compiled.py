"""What is compiled once for all applications of a run: each test has its own, whose statements and routes are alike.

Without this a third of a test's time goes into compiling them. `cpd` compiles each once in a process.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from sqlalchemy.engine import Engine
from sqlalchemy.engine.default import DefaultDialect
from sqlalchemy.util import LRUCache
from werkzeug.routing import Rule

STATEMENTS = 5_000  # kept


@contextmanager
def compiled_once() -> Iterator[None]:
    """Whatever application compiles a statement or a route meanwhile, the next one has it."""
    with pytest.MonkeyPatch.context() as patch:
        _share_statements(patch)
        _share_routes(patch)
        yield


def _share_statements(patch: pytest.MonkeyPatch) -> None:
    """One cache for all engines, whose keys have the dialect in them: those of one kind are then the same."""
    cache: LRUCache[Any, Any] = LRUCache(STATEMENTS)
    patch.setattr(Engine, "_compiled_cache", property(lambda _: cache, lambda *_: None), raising=False)
    patch.setattr(DefaultDialect, "__eq__", lambda self, other: type(self) is type(other))
    patch.setattr(DefaultDialect, "__hash__", lambda self: hash(type(self)))


def _share_routes(patch: pytest.MonkeyPatch) -> None:
    kept: dict[object, Callable[..., tuple[str, str]]] = {}
    compile_builder = Rule._compile_builder

    def compile_once(rule: Rule, append_unknown: bool = True) -> Callable[..., tuple[str, str]]:
        key = rule.rule, tuple(rule._trace), repr(rule.defaults), append_unknown
        if key not in kept:
            kept[key] = compile_builder(rule, append_unknown)
        return kept[key]

    patch.setattr(Rule, "_compile_builder", compile_once)
