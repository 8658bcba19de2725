"""Children of the renderer that stay from one publish to the next: starting one takes longer than most tests.

Each of them renders one text after another, as in a publish of many files. `tests/content/test_render.py` has children
of its own, and so has every `cpd` command that a test runs.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from cpd.content import render

Child = render._Child


class KeptChild(Child):
    """A child that is only put aside when nobody needs it any more, unless it still works on something."""

    busy = True

    def __init__(self, idle: list[KeptChild]) -> None:
        self.idle = idle
        super().__init__()
        self.busy = False

    def ask(self, job: render.Job, seconds: float) -> None:
        self.busy = True
        super().ask(job, seconds)

    def answer(self) -> dict[str, Any]:
        answer = super().answer()
        self.busy = False
        return answer

    def stop(self) -> None:
        if self.busy:
            super().stop()
        else:
            self.idle.append(self)


@contextmanager
def children_kept() -> Iterator[None]:
    """All that is rendered in this process meanwhile is rendered by the same few children."""
    idle: list[KeptChild] = []
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(render, "_Child", lambda: idle.pop() if idle else KeptChild(idle))
        yield
    for child in idle:
        Child.stop(child)
