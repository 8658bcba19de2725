"""HTML that was made once, kept in the process: bounded, and keyed by what can never change."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable
from typing import Any, Generic, TypeVar

from flask import current_app

Value = TypeVar("Value")


def fragments_of(name: str, size: int) -> Fragments[Any]:
    """The fragments of one kind that this application keeps."""
    found: Fragments[Any] = current_app.extensions.setdefault(f"fragments of {name}", Fragments(size))
    return found


class Fragments(Generic[Value]):
    """The values used last, at most `size` of them. The key names a rendering, which is never changed in place."""

    def __init__(self, size: int) -> None:
        self._size = size
        self._values: OrderedDict[Hashable, Value] = OrderedDict()
        self._lock = threading.Lock()

    def find(self, key: Hashable) -> Value | None:
        """The value of the key, if it is there."""
        with self._lock:
            if key in self._values:
                self._values.move_to_end(key)
            return self._values.get(key)

    def get(self, key: Hashable, make: Callable[[], Value]) -> Value:
        """The value of the key, made if it is not there. Two threads may make it at once; either is right."""
        found = self.find(key)
        if found is not None:
            return found
        value = make()
        with self._lock:
            self._values[key] = value
            while len(self._values) > self._size:
                self._values.popitem(last=False)
        return value
