"""A file of content: front matter and text, with line numbers.

Front matter is YAML in which every value is text: `0.50`, `no`, `010` and `2026-01-01` stay what the author wrote,
and facts.py gives them their types. Anchors, aliases and tags are refused.
"""

from __future__ import annotations

import hashlib
import os
import re
import stat
import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import yaml

Value = str | list["Value"] | dict[str, "Value"]

MAX_FILE = 1024 * 1024  # bytes; a bigger monograph may be asked for
MAX_MONOGRAPH = 5 * MAX_FILE
MAX_FRONT_MATTER = 64 * 1024  # characters
USUAL_FRONT_MATTER = 16 * 1024  # bytes
MAX_DEPTH = 20

# Control characters, line separators that editors don't count as lines, and signs that turn text around.
_REFUSED = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ufeff\ufffe\uffff]")
_FRONT_END = re.compile(rb"[\r\n]---[ \t]*(?=[\r\n]|\Z)")
_YAML_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


@dataclass(frozen=True, order=True)
class Problem:
    """What is wrong in a line of a file and how to mend it; a warning stops nothing."""

    path: str
    line: int
    message: str
    warning: bool = False

    def __str__(self) -> str:
        return f"{self.path}:{self.line}: {'warning: ' if self.warning else ''}{self.message}"


class SourceFault(Exception):
    """A file that can't be read as content; `problems` says why."""

    def __init__(self, *problems: Problem) -> None:
        super().__init__(*problems)
        self.problems = list(problems)


@dataclass(frozen=True)
class Source:
    """A file that could be read.

    `key_lines` has the line of every value by its dotted place, such as "title" or "authors.0.role". `sha256` is
    that of the text as read here: a changed line ending is no change.
    """

    path: str
    text: str
    keys: Mapping[str, Value]
    key_lines: Mapping[str, int] = field(repr=False)
    body: str = field(repr=False)
    body_line: int
    sha256: str

    def body_lines(self) -> Iterator[tuple[int, str]]:
        """The lines of the body with their numbers in the file."""
        return enumerate(self.body.split("\n"), self.body_line)


def parse_source(path: str, data: bytes) -> Source:
    """The bytes of a file as its source. Raises SourceFault."""
    text = _decode(path, data)
    front, body, body_line = _split(path, text)
    keys, key_lines = read_yaml(path, front, first_line=2)
    if not isinstance(keys, dict):
        raise SourceFault(Problem(path, 2, "write the front matter as lines like “title: Sepsis”"))
    return Source(
        path=path,
        text=text,
        keys=keys,
        key_lines=key_lines,
        body=body,
        body_line=body_line,
        sha256=hashlib.sha256(text.encode()).hexdigest(),
    )


def read_text(path: Path, limit: int = MAX_FILE) -> str:
    """The text of a file in NFC with LF line endings. Raises SourceFault."""
    return _decode(str(path), read_bytes(path, limit))


def read_bytes(path: Path, limit: int = MAX_FILE) -> bytes:
    """The bytes of a file of at most `limit`. Raises SourceFault."""
    try:
        return _read_bytes(path, limit)
    except OSError as error:
        raise SourceFault(Problem(str(path), 1, f"can't be read: {error.strerror or error}")) from None


def read_front(path: Path) -> bytes:
    """The front matter of a file with its two lines “---”, however long the text after it is. Raises SourceFault."""
    try:
        file = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)  # a pipe must not be waited for
        try:
            if not stat.S_ISREG(os.fstat(file).st_mode):
                raise SourceFault(Problem(str(path), 1, "is not a file; take it out of the content folder"))
            head = os.read(file, USUAL_FRONT_MATTER)
            end = _FRONT_END.search(head)
            if end is None:
                head += os.read(file, 4 * MAX_FRONT_MATTER)
                end = _FRONT_END.search(head)
        finally:
            os.close(file)
    except OSError as error:
        raise SourceFault(Problem(str(path), 1, f"can't be read: {error.strerror or error}")) from None
    return head[: end.end()] if end else head


def _decode(path: str, data: bytes) -> str:
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        number = data.count(b"\n", 0, error.start) + 1
        raise SourceFault(Problem(path, number, "is not UTF-8 here; save the file as UTF-8")) from None

    text = unicodedata.normalize("NFC", text.replace("\r\n", "\n").replace("\r", "\n"))
    refused = _REFUSED.search(text)
    if refused:
        number = text.count("\n", 0, refused.start()) + 1
        sign = f"U+{ord(refused[0]):04X}"
        raise SourceFault(Problem(path, number, f"has an invisible control character ({sign}); take it out"))
    return text


def read_yaml(path: str, text: str, first_line: int = 1) -> tuple[Value, dict[str, int]]:
    """YAML in which every value is text, and the line of each value. Raises SourceFault."""
    for number, text_line in enumerate(text.split("\n"), first_line):
        if text_line.lstrip(" ").startswith("\t"):
            raise SourceFault(Problem(path, number, "has a tab in the indentation; use spaces"))
    if len(text) > MAX_FRONT_MATTER:
        kilobytes = MAX_FRONT_MATTER // 1024
        raise SourceFault(Problem(path, first_line, f"has more than {kilobytes} kB of YAML; shorten it"))
    builder = _Builder(path, first_line)
    try:
        for event in yaml.parse(text, Loader=_YAML_LOADER):
            builder.take(event)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line = min(mark.line, text.rstrip().count("\n")) if mark else 0
        raise SourceFault(Problem(path, first_line + line, _in_words(str(error.problem)))) from None
    # Some faults of YAML come as RecursionError or ValueError.
    except (yaml.YAMLError, RecursionError, ValueError, MemoryError):
        raise SourceFault(Problem(path, first_line, "is not valid YAML; write lines like “title: Sepsis”")) from None
    return builder.value, builder.lines


def _read_bytes(path: Path, limit: int) -> bytes:
    """The bytes of a file that is not too big, and that nobody changes meanwhile."""
    before = path.stat()
    if not stat.S_ISREG(before.st_mode):
        raise SourceFault(Problem(str(path), 1, "is not a file; take it out of the content folder"))
    if before.st_size > limit:
        raise SourceFault(
            Problem(str(path), 1, f"is {_size(before.st_size)}, more than {_size(limit)}; split or shorten it")
        )
    # A pipe put in the file's place meanwhile must not be waited for.
    with os.fdopen(os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC), "rb") as file:
        data = file.read(limit + 1)
    after = path.stat()
    changed = (before.st_mtime_ns, before.st_size, before.st_ino) != (after.st_mtime_ns, after.st_size, after.st_ino)
    if changed or len(data) != before.st_size:
        raise SourceFault(Problem(str(path), 1, "was being written while it was read; try again"))
    return data


def _size(count: int) -> str:
    return f"{count / 1024 / 1024:.3g} MB" if count >= 1024 * 1024 else f"{count / 1024:.3g} kB"


def _split(path: str, text: str) -> tuple[str, str, int]:
    """Front matter, body, and the number of the body's first line."""
    lines = text.split("\n")
    if lines[0].rstrip() != "---":
        raise SourceFault(Problem(path, 1, "has no front matter; begin the file with a line “---”"))
    for index, line in enumerate(lines[1:], 1):
        if line.rstrip() == "---":
            return "\n".join(lines[1:index]), "\n".join(lines[index + 1 :]), index + 2
    raise SourceFault(Problem(path, 1, "the front matter has no end; close it with a second line “---”"))


def _in_words(problem: str) -> str:
    for part, words in _YAML_WORDS.items():
        if part in problem:
            return words
    return f"is not valid YAML ({problem}); check the quotes and the indentation"


_YAML_WORDS = {
    "mapping values are not allowed": "put the text after the key in quotes, because it contains “: ”",
    "could not find expected ':'": "is not a line like “key: text”",
    "did not find expected ','": "a bracket is opened and not closed",
    "found unexpected end of stream": "a quotation mark or bracket is opened and not closed",
    "cannot start any token": "put the text in quotes, because it begins with a special character",
    "did not find expected key": "is indented otherwise than the lines before, lacks “key:”, or its quotes end early",
    "did not find expected '-' indicator": "is indented otherwise than the lines of the list before it",
}


class _Builder:
    """Makes text, lists and dictionaries out of YAML events, without recursion."""

    def __init__(self, path: str, first_line: int) -> None:
        self.path = path
        self.first_line = first_line
        self.value: Value = {}
        self.lines: dict[str, int] = {}
        self.open: list[list[Value] | dict[str, Value]] = []
        self.places: list[str] = []
        self.keys: list[str | None] = []  # of each open mapping, the key whose value comes next
        self.documents = 0

    def take(self, event: yaml.Event) -> None:
        line = self.first_line + (event.start_mark.line if event.start_mark else 0)
        if getattr(event, "anchor", None) is not None:
            self._refuse(line, "uses an anchor or alias (& or *); write the value out, or put the text in quotes")
        if getattr(event, "tag", None) is not None:
            self._refuse(line, "uses a YAML tag (!); put the text in quotes")
        if isinstance(event, yaml.DocumentStartEvent):
            self.documents += 1
            if self.documents > 1:
                self._refuse(line, "begins a second YAML document; keep one")
        elif isinstance(event, yaml.ScalarEvent):
            self._scalar(event.value, line)
        elif isinstance(event, yaml.CollectionStartEvent):
            self._begin([] if isinstance(event, yaml.SequenceStartEvent) else {}, line)
        elif isinstance(event, yaml.CollectionEndEvent):
            self.open.pop()
            self.places.pop()
            self.keys.pop()

    def _scalar(self, text: str, line: int) -> None:
        parent = self.open[-1] if self.open else None
        if isinstance(parent, dict) and self.keys[-1] is None:
            if text in parent:
                self._refuse(line, f"has the key “{text[:80]}” twice; keep one")
            self.keys[-1] = text
            self.lines[self._place()] = line
        else:
            self._put(text, line)

    def _begin(self, collection: list[Value] | dict[str, Value], line: int) -> None:
        if len(self.open) >= MAX_DEPTH:
            self._refuse(line, f"is nested more than {MAX_DEPTH} deep; make it flatter")
        if self.open and isinstance(self.open[-1], dict) and self.keys[-1] is None:
            self._refuse(line, "has a list or mapping as a key; put the text in quotes")
        place = self._put(collection, line)
        self.open.append(collection)
        self.places.append(place)
        self.keys.append(None)

    def _put(self, value: Value, line: int) -> str:
        parent = self.open[-1] if self.open else None
        place = self._place()
        if isinstance(parent, dict):
            parent[self.keys[-1] or ""] = value
            self.keys[-1] = None
        elif isinstance(parent, list):
            parent.append(value)
            self.lines[place] = line
        else:
            self.value = value
        return place

    def _place(self) -> str:
        """Where the next value belongs, such as "authors.0.role"."""
        if not self.open:
            return ""
        parent = self.open[-1]
        last = str(len(parent)) if isinstance(parent, list) else self.keys[-1] or ""
        return f"{self.places[-1]}.{last}".lstrip(".")

    def _refuse(self, line: int, message: str) -> None:
        raise SourceFault(Problem(self.path, line, message))
