"""Things put aside in a temporary file: a publish of thousands of files holds the texts of a few."""

from __future__ import annotations

import pickle
import tempfile
from collections.abc import Callable, Sequence
from typing import Generic, TypeVar, overload

Thing = TypeVar("Thing")

IN_MEMORY = 8 * 1024 * 1024  # bytes, before they go to disk


class Aside(Sequence[Thing], Generic[Thing]):
    """A list of things by the paths of their files. Each look at one gives a fresh copy."""

    def __init__(self) -> None:
        self._file = tempfile.SpooledTemporaryFile(IN_MEMORY)  # noqa: SIM115  # closed with the list
        self._places: list[tuple[str, int]] = []
        self._end = 0

    def add(self, path: str, thing: Thing) -> None:
        data = pickle.dumps(thing, pickle.HIGHEST_PROTOCOL)
        self._file.seek(self._end)
        self._file.write(data)
        self._places.append((path, self._end))
        self._end += len(data)

    def keep(self, wanted: Callable[[str], bool]) -> None:
        """Forget the things of all other paths."""
        self._places = [place for place in self._places if wanted(place[0])]

    def paths(self) -> list[str]:
        return [path for path, _ in self._places]

    def __len__(self) -> int:
        return len(self._places)

    @overload
    def __getitem__(self, index: int) -> Thing: ...

    @overload
    def __getitem__(self, index: slice) -> Sequence[Thing]: ...

    def __getitem__(self, index: int | slice) -> Thing | Sequence[Thing]:
        if isinstance(index, slice):
            return [self[each] for each in range(*index.indices(len(self)))]
        self._file.seek(self._places[index][1])
        thing: Thing = pickle.load(self._file)  # noqa: S301  # what this process wrote
        return thing

    def __del__(self) -> None:
        self._file.close()
