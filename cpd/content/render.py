"""Rendering many files in a child process that is killed when a file takes too long or too much."""

from __future__ import annotations

import contextlib
import hashlib
import importlib.metadata
import json
import os
import select
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any, Literal

from cpd.content.source import Problem
from cpd.monographs.sections import SECTIONS

JobKind = Literal["module", "monograph", "page"]

SECONDS = 10.0  # a file may take; a big one has more
CHARACTERS_A_SECOND = 25_000  # far below what ordinary text needs
STARTING = 60.0  # seconds
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
    child: _Child | None = None
    try:
        for job in jobs:
            child = child or _Child()
            allowed = seconds + _length(job) / CHARACTERS_A_SECOND
            try:
                answer = child.render(job, allowed)
            except _Died as reason:
                child.stop()
                child = None
                yield Problem(job.path or job.key, job.line, str(reason))
                continue
            yield from _outcome(job, answer)
    finally:
        if child:
            child.stop()


@cache
def renderer() -> str:
    """The version of the renderer: another one means that every rendering is made anew."""
    digest = hashlib.sha256()
    for name in ("markup.py", "render.py", "render_child.py"):
        digest.update((Path(__file__).parent / name).read_bytes())
    for package in ("markdown", "nh3"):
        digest.update(importlib.metadata.version(package).encode())
    return digest.hexdigest()[:12]


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
            self._line(STARTING)
        except _Died:
            self.errors.seek(0)
            said = self.errors.read().decode(errors="replace")
            self.stop()
            raise RuntimeError(f"the renderer can't start: {said[-2000:]}") from None

    def render(self, job: Job, seconds: float) -> dict[str, Any]:
        """The child's answer. Raises _Died if it takes longer, or ends."""
        request = {"kind": job.kind, "body": job.body, "pieces": dict(job.pieces), "media": job.media}
        data = json.dumps({**request, "seconds": seconds}).encode() + b"\n"
        assert self.process.stdin
        try:
            self.process.stdin.write(data)
            self.process.stdin.flush()
        except OSError:
            raise _Died("could not be rendered; simplify its markup") from None
        answer: dict[str, Any] = json.loads(self._line(seconds))
        return answer

    def _line(self, seconds: float) -> bytes:
        assert self.process.stdout
        pipe, deadline = self.process.stdout.fileno(), time.monotonic() + seconds
        chunks = []
        while True:
            left = deadline - time.monotonic()
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
