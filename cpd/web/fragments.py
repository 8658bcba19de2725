"""What was made once, kept in the process: bounded, and keyed by what can never change."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable
from typing import Any, Generic, TypeVar

from flask import current_app

Value = TypeVar("Value")
Weight = Callable[[Any], int]


def one_each(_: object) -> int:
    """The weight of things that are counted."""
    return 1


def fragments_of(name: str, size: int, weight: Weight = one_each) -> Fragments[Any]:
    """The fragments of one kind that this application keeps."""
    key = f"fragments of {name}"
    found: Fragments[Any] | None = current_app.extensions.get(key)
    if found is None:
        found = current_app.extensions.setdefault(key, Fragments(size, weight))
    return found


class Fragments(Generic[Value]):
    """The values used last, at most `size` of them by their `weight`. A value is never changed in place."""

    def __init__(self, size: int, weight: Weight = one_each) -> None:
        self._size = size
        self._weight = weight
        self._held = 0
        self._values: OrderedDict[Hashable, Value] = OrderedDict()
        self._lock = threading.Lock()

    def find(self, key: Hashable) -> Value | None:
        """The value of the key, if it is there."""
        with self._lock:
            found = self._values.get(key)
            if found is not None:
                self._values.move_to_end(key)
            return found

    def get(self, key: Hashable, make: Callable[[], Value]) -> Value:
        """The value of the key, made if it is not there. Two threads may make it at once; either is right."""
        found = self.find(key)
        if found is not None:
            return found
        value = make()
        with self._lock:
            replaced = self._values.pop(key, None)
            self._held += self._weight(value) - (0 if replaced is None else self._weight(replaced))
            self._values[key] = value
            while self._held > self._size:
                self._held -= self._weight(self._values.popitem(last=False)[1])
        return value
