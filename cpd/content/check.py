"""Reading a folder of content, and all that is wrong in all of its files at once."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

from cpd.content.aside import Aside
from cpd.content.assessment import read_body
from cpd.content.body import Link, look_through
from cpd.content.due import DueReviews
from cpd.content.facts import Category, ModuleFacts, MonographFacts, PageFacts
from cpd.content.files import FileOfContent, OnDisk, files_in
from cpd.content.front_matter import categories_in, module_facts, monograph_facts, page_facts
from cpd.content.links import claims_of, clashes_of
from cpd.content.render import Job, render_sources
from cpd.content.source import (
    MAX_FILE,
    MAX_MONOGRAPH,
    Problem,
    Source,
    SourceFault,
    parse_source,
    read_bytes,
    read_text,
    read_yaml,
)
from cpd.content.unchanged import Found, digests_of, hash_bytes, hash_lines, pictures_in
from cpd.modules.marking import Assessment

Facts = TypeVar("Facts", ModuleFacts, MonographFacts, PageFacts)

MAX_MODULE_BODY = 256 * 1024  # bytes
CATEGORIES = "categories.yml"
KEPT_LINES = ("credits", "edition", "former_slugs", "link_names", "name", "reviewed")


@dataclass(frozen=True)
class CheckedModule:
    """A module whose file has no error; an external one has no assessment."""

    source: Source
    facts: ModuleFacts
    assessment: Assessment | None
    job: Job
    found: Found


@dataclass(frozen=True)
class CheckedMonograph:
    """A monograph whose file has no error."""

    source: Source
    facts: MonographFacts
    job: Job
    found: Found


@dataclass(frozen=True)
class CheckedPage:
    """A page whose file has no error."""

    source: Source
    facts: PageFacts
    job: Job
    found: Found


CheckedItem = CheckedModule | CheckedMonograph | CheckedPage


@dataclass
class Checked:
    """What was read and is right, and everything that is wrong, in the order of the files.

    `found` has every file that is right, those among them that are as they were too; these are no items.
    """

    modules: Aside[CheckedModule] = field(default_factory=Aside)
    monographs: Aside[CheckedMonograph] = field(default_factory=Aside)
    pages: Aside[CheckedPage] = field(default_factory=Aside)
    categories: list[Category] = field(default_factory=list)
    found: list[Found] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)

    @property
    def errors(self) -> list[Problem]:
        """The problems that stand in the way of publishing."""
        return [problem for problem in self.problems if not problem.warning]

    def paths(self) -> set[str]:
        """The files of the items."""
        return {*self.pages.paths(), *self.monographs.paths(), *self.modules.paths()}

    def items(self) -> Iterator[CheckedItem]:
        """What was read: pages, monographs, modules."""
        yield from self.pages
        yield from self.monographs
        yield from self.modules


Unchanged = Callable[[Sequence[FileOfContent]], Mapping[Path, Found]]


def check_content(
    folder: Path,
    paths: Sequence[Path] | None = None,
    known_monographs: Collection[str] | None = None,
    known_modules: Collection[str] | None = None,
    *,
    render: bool = False,
    unchanged: Unchanged = lambda _: {},
) -> Checked:
    """Read the content of a folder, or of the files and folders in it that `paths` names.

    Links may lead to what is read and to the slugs that are known: those live already when publishing, or those on
    disk if nothing is said. With `render` the texts are rendered too, which finds the faults of markup that only
    rendering can find. `unchanged` gives what was found in files before, which is taken for those whose bytes are still
    the same. Nothing that a file contains raises an exception.
    """
    on_disk = files_in(folder)
    check = _Check(
        on_disk,
        on_disk.slugs("monograph") if known_monographs is None else known_monographs,
        on_disk.slugs("module") if known_modules is None else known_modules,
    )
    check.read(paths, unchanged)
    check.compare()
    if render:
        check.render()
    return check.result()


class _Check:
    def __init__(self, on_disk: OnDisk, known_monographs: Collection[str], known_modules: Collection[str]) -> None:
        self.folder = on_disk.folder
        self.on_disk = on_disk
        self.checked = Checked()
        self.problems: dict[str, list[Problem]] = {}  # by path, in the order of the files
        self.found: list[Found] = []
        self.known = {"monograph": set(known_monographs), "module": set(known_modules)}
        self.folders: set[str] = set()  # of categories

    def report(self, *problems: Problem) -> None:
        for problem in problems:
            self.problems.setdefault(problem.path, []).append(problem)

    def read(self, paths: Sequence[Path] | None, unchanged: Unchanged) -> None:
        """Read the categories and the chosen files, each by itself."""
        self._categories()
        files, problems = self.on_disk.chosen(paths)
        self.report(*problems)
        for file in files:
            if file.kind in self.known:
                self.known[file.kind].add(file.slug)
        found = unchanged(files)
        for file in files:
            self.problems.setdefault(str(file.path), [])
            try:
                self._take(file, found.get(file.path))
            except SourceFault as fault:
                self.report(*fault.problems)

    def _take(self, file: FileOfContent, found: Found | None) -> None:
        data = read_bytes(file.path, MAX_MONOGRAPH if file.kind == "monograph" else MAX_FILE)
        if found and found.fingerprint == _fingerprint(file, data, found.pictures):
            self._category_of(file)
            self.report(*found.warnings)
            self.found.append(found)
            return
        source = parse_source(str(file.path), data)
        {"module": self._module, "monograph": self._monograph, "page": self._page}[file.kind](file, source, data)

    def _categories(self) -> None:
        path = self.folder / CATEGORIES
        try:
            value, lines = read_yaml(str(path), read_text(path))
            self.checked.categories = categories_in(str(path), value, lines)
            self.folders = {category.slug for category in self.checked.categories}
        except SourceFault as fault:
            self.report(*fault.problems)

    def _category_of(self, file: FileOfContent) -> None:
        if file.kind == "module" and self.folders and file.category not in self.folders:
            mend = f"add it to {CATEGORIES} or move the file"
            self.report(Problem(str(file.path), 1, f"the folder “{file.category}” is no category; {mend}"))

    def _module(self, file: FileOfContent, source: Source, data: bytes) -> None:
        self._category_of(file)
        if len(source.body.encode()) > MAX_MODULE_BODY:
            message = f"the text has more than {MAX_MODULE_BODY // 1024} kB; split the module"
            raise SourceFault(Problem(source.path, source.body_line, message))
        body = read_body(source, external=bool(source.keys.get("external")))
        self.report(*body.problems)
        links = self._look(source, file)
        facts = self._facts_of(source, file, links, lambda: module_facts(source, file.category, file.slug))
        listed = [
            Link(source.key_lines[f"monographs.{index}"], "monograph", slug)
            for index, slug in enumerate(facts.monographs)
        ]
        found = self._keep(file, source, data, [*listed, *links], facts)
        job = Job("module", f"module/{file.slug}", body.text, body.pieces, source.path, source.body_line)
        self.checked.modules.add(source.path, CheckedModule(source, facts, body.assessment, job, found))

    def _monograph(self, file: FileOfContent, source: Source, data: bytes) -> None:
        links = self._look(source, file)
        facts = self._facts_of(source, file, links, lambda: monograph_facts(source, file.slug))
        found = self._keep(file, source, data, links, facts)
        job = Job("monograph", f"monograph/{file.slug}", source.body, path=source.path, line=source.body_line)
        self.checked.monographs.add(source.path, CheckedMonograph(source, facts, job, found))

    def _page(self, file: FileOfContent, source: Source, data: bytes) -> None:
        links = self._look(source, file)
        facts = self._facts_of(source, file, links, lambda: page_facts(source, file.slug))
        found = self._keep(file, source, data, links, facts)
        job = Job("page", f"page/{file.slug}", source.body, path=source.path, line=source.body_line)
        self.checked.pages.add(source.path, CheckedPage(source, facts, job, found))

    def _look(self, source: Source, file: FileOfContent) -> list[Link]:
        reading = look_through(source, file.path.parent, monograph=file.kind == "monograph")
        self.report(*reading.problems)
        return reading.links

    def _facts_of(self, source: Source, file: FileOfContent, links: list[Link], read: Callable[[], Facts]) -> Facts:
        """The facts of a file. Where they are wrong its links are looked at all the same."""
        try:
            return read()
        except SourceFault:
            self.found.append(Found(file.kind, source.path, tuple(links)))
            raise

    def _keep(
        self,
        file: FileOfContent,
        source: Source,
        data: bytes,
        links: list[Link],
        facts: ModuleFacts | MonographFacts | PageFacts,
    ) -> Found:
        pictures = pictures_in(source.body)
        found = Found(
            kind=file.kind,
            path=source.path,
            links=tuple(links),
            slug=file.slug,
            status="published" if isinstance(facts, PageFacts) else facts.status,
            source_hash=hash_lines([file.place, source.sha256, *digests_of(file.path.parent, pictures)]),
            fingerprint=_fingerprint(file, data, pictures),
            pictures=pictures,
            lines={key: source.key_lines[key] for key in KEPT_LINES if key in source.key_lines},
            former_slugs=() if isinstance(facts, PageFacts) else facts.former_slugs,
            claims=tuple(claims_of(facts)) if isinstance(facts, MonographFacts) else (),
            warnings=tuple(problem for problem in self.problems[source.path] if problem.warning),
        )
        self.found.append(found)
        return found

    def compare(self) -> None:
        """Find what is wrong between the files: links that lead nowhere, names and slugs claimed twice."""
        former = self._former_slugs()
        drafts = {(found.kind, found.slug) for found in self.found if found.status == "draft"}
        for found in self.found:
            for link in found.links:
                target = f"{link.kind} “{link.slug}”"
                if link.slug not in self.known[link.kind] and link.slug not in former[link.kind]:
                    self._report(found, link.line, f"there is no {target}; mend the link or add the file")
                elif (link.kind, link.slug) in drafts and found.status != "draft":
                    self._report(found, link.line, f"the {target} is a draft; publish it or take the link out")
        self._names()

    def _former_slugs(self) -> dict[str, dict[str, str]]:
        """Who had each former slug. It must be nobody's slug now, and only one's then."""
        former: dict[str, dict[str, str]] = {"module": {}, "monograph": {}}
        slugs = {(found.kind, found.slug) for found in self.found}
        for found in self.found:
            for slug in found.former_slugs:
                line, others = found.line_of("former_slugs"), former[found.kind]
                if slug in others:
                    self._report(found, line, f"“{slug}” is a former slug of “{others[slug]}” too; keep it in one")
                elif (found.kind, slug) in slugs:
                    self._report(found, line, f"“{slug}” is the name of another file; take it out of former_slugs")
                others[slug] = found.slug
        return former

    def _names(self) -> None:
        monographs = {found.slug: found for found in self.found if found.kind == "monograph"}
        for clash in clashes_of(claim for found in self.found for claim in found.claims):
            first, *others = clash.slugs
            for slug in others:
                found = monographs[slug]
                line = found.line_of("link_names" if clash.explicit else "name")
                message = f"“{clash.name}” is in the link_names of “{first}” too; keep it in one"
                if not clash.explicit:
                    message = (
                        f"“{clash.name}” is a name of “{first}” too and not linked; add it to the link_names of one"
                    )
                self.report(Problem(found.path, line, message, warning=not clash.explicit))

    def _report(self, found: Found, line: int, message: str) -> None:
        self.report(Problem(found.path, line, message))

    def render(self) -> None:
        """Render what has no error so far, and look which modules are due for review."""
        self._drop_faulty()
        reviews = DueReviews(lambda: (claim for found in self.found for claim in found.claims), self._other_monographs)
        for outcome in render_sources(self._jobs(reviews)):
            problem = outcome if isinstance(outcome, Problem) else reviews.find(outcome)
            if problem:
                self.report(problem)

    def _jobs(self, reviews: DueReviews) -> Iterator[Job]:
        """The jobs of all items, monographs before modules. Each is noted on the way."""
        for item in self.checked.items():
            if isinstance(item, CheckedMonograph):
                reviews.note_monograph(item.facts)
            if isinstance(item, CheckedModule):
                reviews.note_module(item.job.key, item.source, item.facts)
            yield item.job

    def _other_monographs(self) -> Iterator[Path]:
        """The files of monographs that were not to be read."""
        read = {found.slug for found in self.found if found.kind == "monograph"}
        return (file.path for file in self.on_disk.files if file.kind == "monograph" and file.slug not in read)

    def result(self) -> Checked:
        self._drop_faulty()
        self.checked.problems = [problem for problems in self.problems.values() for problem in sorted(set(problems))]
        return self.checked

    def _drop_faulty(self) -> None:
        checked = self.checked
        for items in (checked.modules, checked.monographs, checked.pages):
            items.keep(self._is_right)
        checked.found = [found for found in self.found if found.slug and self._is_right(found.path)]

    def _is_right(self, path: str) -> bool:
        return all(problem.warning for problem in self.problems.get(path, ()))


def _fingerprint(file: FileOfContent, data: bytes, pictures: Sequence[str]) -> str:
    return hash_lines([file.place, hash_bytes(data), *digests_of(file.path.parent, pictures)])
