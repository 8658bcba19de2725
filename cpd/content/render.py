"""Rendering many files in child processes that are killed when a file takes too long or too much."""

from __future__ import annotations

import contextlib
import json
import os
import select
import subprocess
import sys
import tempfile
import time
from collections import deque
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any, Literal

from cpd.content.source import Problem
from cpd.content.versions import version_of
from cpd.monographs.sections import SECTIONS

JobKind = Literal["module", "monograph", "page"]

SECONDS = 10.0  # a file may take; a big one has more
CHARACTERS_A_SECOND = 25_000  # far below what ordinary text needs
STARTING = 60.0  # seconds
LEFT_AT_LEAST = 1.0  # second to wait for an answer that nobody has looked at before
SIDE_BY_SIDE = min(2, os.cpu_count() or 1)  # children, one for a core
FOR_ONE = 10  # files that are not worth a second child
_ROOT = Path(__file__).parents[2]
_CHILD = "import sys; sys.path.append(sys.argv[1]); from cpd.content.render_child import main; main()"


@dataclass(frozen=True)
class Job:
    """One file to render. `pieces` are the texts of the assessment by name ("q1.lead"), in the order of the file."""

    kind: JobKind
    key: str
    body: str
    pieces: Mapping[str, str] = field(default_factory=dict)
    path: str = ""  # for problems, as is the line of the body
    line: int = 1
    media: str = ""  # what comes before the name of an image


@dataclass(frozen=True)
class Rendered:
    """Safe HTML of one file, in which no drug is linked yet but those the author linked."""

    key: str
    html: str
    contents: list[dict[str, str]]  # id and title of the ## headings
    pieces: dict[str, str]  # leads and options are inline HTML, the rest blocks
    sections: dict[str, str]  # of a monograph: heading to HTML, in the order of the page
    footnotes: str  # an <ol>, or nothing
    words: int  # of the text without the assessment
    images: list[str]  # names of the files beside the text


class _Died(Exception):
    """The child ended, or had to be ended, over a file."""


def render_sources(jobs: Iterable[Job], seconds: float = SECONDS) -> Iterator[Rendered | Problem]:
    """Render each job, in order: a Rendered, or a Problem for each thing that is wrong with it.

    `seconds` is the time one file may take; one second more for every 25,000 characters. What takes longer, or more
    memory than the child may have, is a Problem, and the other jobs are rendered all the same.
    """
    idle: list[_Child] = []
    working: deque[tuple[Job, _Child]] = deque()

    def finish_first() -> Iterator[Rendered | Problem]:
        job, child = working[0]
        try:
            answer = child.answer()
        except _Died as reason:
            child.stop()
            working.popleft()
            yield Problem(job.path or job.key, job.line, str(reason))
            return
        idle.append(child)
        working.popleft()
        yield from _outcome(job, answer)

    try:
        for number, job in enumerate(jobs):
            if len(working) >= (SIDE_BY_SIDE if number >= FOR_ONE else 1):
                yield from finish_first()
            child = idle.pop() if idle else _Child()
            working.append((job, child))
            child.ask(job, seconds + _length(job) / CHARACTERS_A_SECOND)
        while working:
            yield from finish_first()
    finally:
        for child in [*idle, *(child for _, child in working)]:
            child.stop()


@cache
def renderer() -> str:
    """The version of the renderer and of what lists show: another one means that every rendering is made anew."""
    files = ("cutting.py", "folding.py", "inline.py", "listing.py", "markup.py", "render.py", "render_child.py")
    return version_of([*(f"content/{name}" for name in files), "monographs/terms.py"], ("markdown", "nh3"))


def _length(job: Job) -> int:
    return len(job.body) + sum(map(len, job.pieces.values()))


def _outcome(job: Job, answer: Mapping[str, Any]) -> Iterator[Rendered | Problem]:
    if "faults" in answer:
        for fault in answer["faults"]:
            yield Problem(job.path or job.key, job.line, fault)
        return
    sections = answer["sections"]
    ordered = {title: sections[title] for title in SECTIONS if title in sections}
    yield Rendered(**{**answer, "key": job.key, "sections": ordered})


class _Child:
    """A running render_child. Raises RuntimeError if it can't start, which is no fault of the content."""

    def __init__(self) -> None:
        self.errors = tempfile.TemporaryFile()  # noqa: SIM115  # closed by stop()
        self.process = subprocess.Popen(
            [sys.executable, "-P", "-c", _CHILD, str(_ROOT)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self.errors,
        )
        try:
            self._line(time.monotonic() + STARTING, STARTING)
        except _Died:
            self.errors.seek(0)
            said = self.errors.read().decode(errors="replace")
            self.stop()
            raise RuntimeError(f"the renderer can't start: {said[-2000:]}") from None

    def ask(self, job: Job, seconds: float) -> None:
        """Begin a job, for whose answer the child has some seconds."""
        request = {"kind": job.kind, "body": job.body, "pieces": dict(job.pieces), "media": job.media}
        data = json.dumps({**request, "seconds": seconds}).encode() + b"\n"
        self.seconds, self.asked_at = seconds, time.monotonic()
        assert self.process.stdin
        with contextlib.suppress(OSError):  # it died; the answer says so
            self.process.stdin.write(data)
            self.process.stdin.flush()

    def answer(self) -> dict[str, Any]:
        """The answer to what was asked. Raises _Died if it takes longer, or the child ends."""
        until = max(self.asked_at + self.seconds, time.monotonic() + LEFT_AT_LEAST)
        answer: dict[str, Any] = json.loads(self._line(until, self.seconds))
        return answer

    def _line(self, until: float, seconds: float) -> bytes:
        assert self.process.stdout
        pipe = self.process.stdout.fileno()
        chunks = []
        while True:
            left = until - time.monotonic()
            if left <= 0 or not select.select([pipe], [], [], left)[0]:
                raise _Died(f"takes more than {seconds:.0f} s to render; look for long runs of brackets or HTML tags")
            chunk = os.read(pipe, 1 << 20)
            if not chunk:
                raise _Died("takes too much memory or time to render; split or simplify it")
            chunks.append(chunk)
            # The child never writes ahead of a job, so a line ends at the end of a chunk.
            if chunk.endswith(b"\n"):
                return b"".join(chunks)

    def stop(self) -> None:
        self.process.kill()
        self.process.wait()
        for pipe in (self.process.stdin, self.process.stdout, self.errors):
            if pipe:
                with contextlib.suppress(OSError):  # what was written last and not read
                    pipe.close()
