"""Importing labels as an operator does, and what became of them."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path
from typing import Any

from click.testing import CliRunner

from cpd.cli import cli
from cpd.content.check import check_content
from cpd.content.facts import MonographFacts
from cpd.content.front_matter import monograph_facts
from cpd.content.render_child import Converter
from cpd.content.source import Problem, Source, parse_source
from tests.factories import write_site
from tests.spl.shown import words_of

MARK = re.compile(r"↟\[[^\]]*\]")  # of a footnote
KINDS = ("imported", "updated", "unchanged", "kept", "passed_over", "refused")


@dataclass(frozen=True)
class Drug:
    """A monograph's file, and what the renderer makes of it."""

    path: Path
    text: str

    @cached_property
    def source(self) -> Source:
        return parse_source(str(self.path), self.text.encode())

    @cached_property
    def facts(self) -> MonographFacts:
        return monograph_facts(self.source, self.path.stem)

    @cached_property
    def rendered(self) -> dict[str, Any]:
        job = {"kind": "monograph", "body": self.source.body, "pieces": {}, "media": ""}
        return _converter().convert(job)

    @property
    def sections(self) -> dict[str, str]:
        """Heading to HTML."""
        found: dict[str, str] = self.rendered["sections"]
        return found

    def html(self, heading: str) -> str:
        return self.sections[heading]

    def words(self, heading: str) -> str:
        """The words under a heading, in one line."""
        return " ".join(words_of(self.sections[heading]))

    def without_marks(self, heading: str) -> str:
        """The words under a heading without the marks of footnotes."""
        return " ".join(MARK.sub("", self.words(heading)).split())

    @staticmethod
    def mark_in(found: Sequence[str], after: str) -> str:
        """The mark of a footnote at the end of words that begin with some others; nothing if there is none."""
        told = " ".join(found)
        assert told.startswith(after), told
        return next(iter(MARK.findall(told)), "")

    @property
    def everything(self) -> str:
        """The words of all sections and footnotes, in one line."""
        return " ".join(words_of("".join([*self.sections.values(), self.rendered["footnotes"]])))


@cache
def _converter() -> Converter:
    return Converter()


@dataclass(frozen=True)
class Import:
    """A run of `cpd import-spl`: how it ended, what it said, what it left behind."""

    status: int
    out: str
    errors: str
    folder: Path
    report: Any

    files: dict[str, str]  # the monographs in the folder when it had ended: slug to text

    @cached_property
    def drugs(self) -> list[Drug]:
        return [Drug(self.folder / "monographs" / f"{slug}.md", text) for slug, text in self.files.items()]

    @property
    def drug(self) -> Drug:
        (drug,) = self.drugs
        return drug

    @property
    def outcomes(self) -> dict[str, list[dict[str, Any]]]:
        """What the report lists, by kind."""
        return {kind: self.report[kind] for kind in KINDS}

    @property
    def left_out(self) -> list[str]:
        """The sections that the report names as left out: code and title."""
        found = [
            each for kind in ("imported", "updated") for label in self.outcomes[kind] for each in label["left_out"]
        ]
        return [f"{each['code']} {each['title']}" for each in found]

    @property
    def lines(self) -> list[str]:
        """What it said on stderr."""
        return [line for line in self.errors.splitlines() if line.strip()]

    @property
    def problems(self) -> list[Problem]:
        """What `cpd check` says of the folder, warnings too."""
        return check_content(self.folder).problems


def monographs_in(folder: Path) -> list[Path]:
    return sorted((folder / "monographs").glob("*.md"))


def texts_in(folder: Path) -> dict[str, str]:
    """The monographs in a folder: slug to text."""
    return {path.stem: path.read_bytes().decode(errors="replace") for path in monographs_in(folder)}


def import_labels(folder: Path, *paths: Path | str) -> Import:
    """Run `cpd import-spl` for a content folder, which is made if need be."""
    if not (folder / "categories.yml").exists():
        write_site(folder)
    report = folder.parent / "report.json"
    report.unlink(missing_ok=True)
    with _within(folder.parent, folder):
        result = CliRunner().invoke(cli, ["import-spl", "--report", str(report), *map(str, paths)])
    if result.exception and not isinstance(result.exception, SystemExit):
        raise result.exception
    found = json.loads(report.read_text(encoding="utf-8")) if report.exists() else None
    return Import(result.exit_code, result.stdout, result.stderr, folder, found, texts_in(folder))


@contextmanager
def _within(place: Path, folder: Path) -> Iterator[None]:
    """Work in a place whose content folder and instance folder are its own."""
    here = Path.cwd()
    settings: Mapping[str, str] = {
        "CPD_CONTENT_FOLDER": str(folder),
        "CPD_INSTANCE_FOLDER": str(place / "instance"),
        "CPD_SECRET_KEY": "a-secret-key-for-tests-and-nothing-else",
    }
    before = {name: os.environ.get(name) for name in settings}
    os.chdir(place)
    os.environ.update(settings)
    try:
        yield
    finally:
        os.chdir(here)
        for name, value in before.items():
            os.environ.pop(name) if value is None else os.environ.__setitem__(name, value)
