"""All that can be wrong with a folder of content."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from cpd.content.facts import Category, ModuleFacts, MonographFacts, PageFacts
from cpd.content.render import Job, Rendered
from cpd.content.source import Problem, Source
from cpd.modules.marking import Assessment


@dataclass(frozen=True)
class CheckedModule:
    source: Source
    facts: ModuleFacts
    assessment: Assessment | None
    job: Job


@dataclass(frozen=True)
class CheckedMonograph:
    source: Source
    facts: MonographFacts
    job: Job


@dataclass(frozen=True)
class CheckedPage:
    source: Source
    facts: PageFacts
    job: Job


@dataclass(frozen=True)
class Checked:
    """What was read, and what is wrong with it. Only items without an error are listed."""

    modules: list[CheckedModule]
    monographs: list[CheckedMonograph]
    pages: list[CheckedPage]
    categories: list[Category]
    problems: list[Problem]
    rendered: Mapping[str, Rendered] = field(default_factory=dict)  # by job.key, "module/sepsis"; only with render=True

    @property
    def errors(self) -> list[Problem]:
        return [problem for problem in self.problems if not problem.warning]


def check_content(
    folder: Path,
    paths: Sequence[Path] | None = None,
    known_monographs: Collection[str] = (),
    known_modules: Collection[str] = (),
    render: bool = False,
) -> Checked:
    raise NotImplementedError
