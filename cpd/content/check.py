"""Reading a folder of content, and all that is wrong in all of its files at once."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

from cpd.content.assessment import read_body
from cpd.content.body import Link, look_through
from cpd.content.facts import Category, ModuleFacts, MonographFacts, PageFacts
from cpd.content.files import FileOfContent, files_in, slugs_in
from cpd.content.front_matter import categories_in, module_facts, monograph_facts, page_facts
from cpd.content.links import Names, claims_of
from cpd.content.render import Job, Rendered, render_sources
from cpd.content.source import MAX_FILE, MAX_MONOGRAPH, Problem, Source, SourceFault, read_source, read_text, read_yaml
from cpd.modules.marking import Assessment

Facts = TypeVar("Facts", ModuleFacts, MonographFacts, PageFacts)

MAX_MODULE_BODY = 256 * 1024  # bytes
CATEGORIES = "categories.yml"


@dataclass(frozen=True)
class CheckedModule:
    """A module whose file has no error; an external one has no assessment."""

    source: Source
    facts: ModuleFacts
    assessment: Assessment | None
    job: Job


@dataclass(frozen=True)
class CheckedMonograph:
    """A monograph whose file has no error."""

    source: Source
    facts: MonographFacts
    job: Job


@dataclass(frozen=True)
class CheckedPage:
    """A page whose file has no error."""

    source: Source
    facts: PageFacts
    job: Job


@dataclass
class Checked:
    """What was read and is right, and everything that is wrong, in the order of the files."""

    modules: list[CheckedModule] = field(default_factory=list)
    monographs: list[CheckedMonograph] = field(default_factory=list)
    pages: list[CheckedPage] = field(default_factory=list)
    categories: list[Category] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    rendered: dict[str, Rendered] = field(default_factory=dict)  # by Job.key, such as "module/sepsis"

    @property
    def errors(self) -> list[Problem]:
        """The problems that stand in the way of publishing."""
        return [problem for problem in self.problems if not problem.warning]

    def jobs(self) -> Iterator[Job]:
        """What there is to render."""
        items: list[CheckedModule | CheckedMonograph | CheckedPage] = [*self.modules, *self.monographs, *self.pages]
        for item in items:
            yield item.job


def check_content(
    folder: Path,
    paths: Sequence[Path] | None = None,
    known_monographs: Collection[str] | None = None,
    known_modules: Collection[str] | None = None,
    *,
    render: bool = False,
) -> Checked:
    """Read the content of a folder, or of the files and folders in it that `paths` names.

    Links may lead to what is read and to the slugs that are known: those live already when publishing, or those on
    disk if nothing is said. With `render` the texts are rendered too, which finds the faults of markup that only
    rendering can find. Nothing that a file contains raises an exception.
    """
    modules, monographs = slugs_in(folder) if paths is not None else ((), ())
    check = _Check(
        folder,
        monographs if known_monographs is None else known_monographs,
        modules if known_modules is None else known_modules,
    )
    check.read(paths)
    check.compare()
    if render:
        check.render()
    return check.result()


@dataclass
class _Read:
    """A file that was read, so far as it could be."""

    path: str
    line_of: dict[str, int]
    status: str
    links: list[Link]
    facts: ModuleFacts | MonographFacts | PageFacts | None  # None where they are wrong


class _Check:
    def __init__(self, folder: Path, known_monographs: Collection[str], known_modules: Collection[str]) -> None:
        self.folder = folder
        self.checked = Checked()
        self.problems: dict[str, list[Problem]] = {}  # by path, in the order of the files
        self.reads: list[_Read] = []
        self.slugs = {"monograph": set(known_monographs), "module": set(known_modules)}

    def report(self, *problems: Problem) -> None:
        for problem in problems:
            self.problems.setdefault(problem.path, []).append(problem)

    def read(self, paths: Sequence[Path] | None) -> None:
        """Read the categories and the chosen files, each by itself."""
        self._categories()
        files, problems = files_in(self.folder, paths)
        self.report(*problems)
        for file in files:
            if file.kind in self.slugs:
                self.slugs[file.kind].add(file.slug)
        for file in files:
            self.problems.setdefault(str(file.path), [])
            try:
                {"module": self._module, "monograph": self._monograph, "page": self._page}[file.kind](file)
            except SourceFault as fault:
                self.report(*fault.problems)

    def _categories(self) -> None:
        path = self.folder / CATEGORIES
        try:
            value, lines = read_yaml(str(path), read_text(path))
            self.checked.categories = categories_in(str(path), value, lines)
        except SourceFault as fault:
            self.report(*fault.problems)

    def _module(self, file: FileOfContent) -> None:
        source = read_source(file.path, MAX_FILE)
        if self.checked.categories and file.category not in {category.slug for category in self.checked.categories}:
            mend = f"add it to {CATEGORIES} or move the file"
            self.report(Problem(source.path, 1, f"the folder “{file.category}” is no category; {mend}"))
        if len(source.body.encode()) > MAX_MODULE_BODY:
            message = f"the text has more than {MAX_MODULE_BODY // 1024} kB; split the module"
            raise SourceFault(Problem(source.path, source.body_line, message))
        body = read_body(source, external=bool(source.keys.get("external")))
        self.report(*body.problems)
        links = self._look(source, file)
        facts = self._facts_of(source, links, lambda: module_facts(source, file.category, file.slug))
        self._keep(source, facts, links, facts.status)
        job = Job("module", f"module/{file.slug}", body.text, body.pieces, source.path, source.body_line)
        self.checked.modules.append(CheckedModule(source, facts, body.assessment, job))

    def _monograph(self, file: FileOfContent) -> None:
        source = read_source(file.path, MAX_MONOGRAPH)
        links = self._look(source, file)
        facts = self._facts_of(source, links, lambda: monograph_facts(source, file.slug))
        self._keep(source, facts, links, facts.status)
        job = Job("monograph", f"monograph/{file.slug}", source.body, path=source.path, line=source.body_line)
        self.checked.monographs.append(CheckedMonograph(source, facts, job))

    def _page(self, file: FileOfContent) -> None:
        source = read_source(file.path, MAX_FILE)
        links = self._look(source, file)
        facts = self._facts_of(source, links, lambda: page_facts(source, file.slug))
        self._keep(source, facts, links, "published")
        job = Job("page", f"page/{file.slug}", source.body, path=source.path, line=source.body_line)
        self.checked.pages.append(CheckedPage(source, facts, job))

    def _look(self, source: Source, file: FileOfContent) -> list[Link]:
        reading = look_through(source, file.path.parent, monograph=file.kind == "monograph")
        self.report(*reading.problems)
        return reading.links

    def _facts_of(self, source: Source, links: list[Link], read: Callable[[], Facts]) -> Facts:
        """The facts of a file. Where they are wrong its links are looked at all the same."""
        try:
            return read()
        except SourceFault:
            self._keep(source, None, links, "published")
            raise

    def _keep(
        self, source: Source, facts: ModuleFacts | MonographFacts | PageFacts | None, links: list[Link], status: str
    ) -> None:
        self.reads.append(_Read(source.path, dict(source.key_lines), status, links, facts))

    def compare(self) -> None:
        """Find what is wrong between the files: links that lead nowhere, names and slugs claimed twice."""
        former = self._former_slugs()
        drafts = {
            (kind, item.facts.slug)
            for kind, items in (("module", self.checked.modules), ("monograph", self.checked.monographs))
            for item in items
            if item.facts.status == "draft"
        }
        for read in self.reads:
            for link in self._all_links(read):
                target = f"{link.kind} “{link.slug}”"
                if link.slug not in self.slugs[link.kind] and link.slug not in former[link.kind]:
                    self._report(read, link.line, f"there is no {target}; mend the link or add the file")
                elif (link.kind, link.slug) in drafts and read.status != "draft":
                    self._report(read, link.line, f"the {target} is a draft; publish it or take the link out")
        self._names()

    def _all_links(self, read: _Read) -> Iterator[Link]:
        if isinstance(read.facts, ModuleFacts):
            for index, slug in enumerate(read.facts.monographs):
                yield Link(read.line_of[f"monographs.{index}"], "monograph", slug)
        yield from read.links

    def _former_slugs(self) -> dict[str, dict[str, str]]:
        """Who had each former slug. It must be nobody's slug now, and only one's then."""
        former: dict[str, dict[str, str]] = {"module": {}, "monograph": {}}
        for read in self.reads:
            if read.facts is None or isinstance(read.facts, PageFacts):
                continue
            kind = "module" if isinstance(read.facts, ModuleFacts) else "monograph"
            for slug in read.facts.former_slugs:
                line = read.line_of["former_slugs"]
                if slug in former[kind]:
                    self._report(read, line, f"“{slug}” is a former slug of “{former[kind][slug]}” too; keep it in one")
                elif slug in self._read_slugs(kind):
                    self._report(read, line, f"“{slug}” is the name of another file; take it out of former_slugs")
                former[kind][slug] = read.facts.slug
        return former

    def _read_slugs(self, kind: str) -> set[str]:
        items: Sequence[CheckedModule | CheckedMonograph]
        items = self.checked.modules if kind == "module" else self.checked.monographs
        return {item.facts.slug for item in items}

    def _names(self) -> None:
        reads = {read.facts.slug: read for read in self.reads if isinstance(read.facts, MonographFacts)}
        claims = [claim for item in self.checked.monographs for claim in claims_of(item.facts)]
        for clash in Names(claims).clashes:
            first, *others = clash.slugs
            for slug in others:
                read = reads[slug]
                key = "link_names" if clash.explicit else "name"
                message = f"“{clash.name}” is in the link_names of “{first}” too; keep it in one"
                if not clash.explicit:
                    message = (
                        f"“{clash.name}” is a name of “{first}” too and not linked; add it to the link_names of one"
                    )
                self.report(Problem(read.path, read.line_of[key], message, warning=not clash.explicit))

    def _report(self, read: _Read, line: int, message: str) -> None:
        self.report(Problem(read.path, line, message))

    def render(self) -> None:
        """Render what has no error so far."""
        self._drop_faulty()
        for outcome in render_sources(self.checked.jobs()):
            if isinstance(outcome, Problem):
                self.report(outcome)
            else:
                self.checked.rendered[outcome.key] = outcome

    def result(self) -> Checked:
        self._drop_faulty()
        self.checked.problems = [problem for problems in self.problems.values() for problem in sorted(set(problems))]
        return self.checked

    def _drop_faulty(self) -> None:
        checked = self.checked
        checked.modules = [item for item in checked.modules if self._is_right(item.source)]
        checked.monographs = [item for item in checked.monographs if self._is_right(item.source)]
        checked.pages = [item for item in checked.pages if self._is_right(item.source)]

    def _is_right(self, source: Source) -> bool:
        return all(problem.warning for problem in self.problems.get(source.path, ()))
