"""Which files of a folder are content, and of what kind."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from cpd.content.source import Problem

FOLDERS: dict[str, Literal["module", "monograph", "page"]] = {
    "modules": "module",
    "monographs": "monograph",
    "pages": "page",
}
BACKUPS = (".swp", ".swo", ".swx", ".tmp", ".bak", ".orig", ".part")


@dataclass(frozen=True)
class FileOfContent:
    """A module, monograph or page on disk; the category is a module's folder.

    `place` is where the file really is in the content folder, such as modules/red-flags/sepsis.md.
    """

    kind: Literal["module", "monograph", "page"]
    slug: str
    category: str
    path: Path
    place: str


def files_in(folder: Path, paths: Sequence[Path] | None = None) -> tuple[list[FileOfContent], list[Problem]]:
    """The content of a folder in its order, or what `paths` names of it, and what is wrong with the places of files."""
    if not folder.is_dir():
        return [], [Problem(str(folder), 1, "is no folder of content; run the command where content/ is")]
    finder = _Finder(folder)
    for name in FOLDERS:
        finder.walk(folder / name)
    finder.find_twins()
    if paths is None:
        return finder.files, finder.problems
    return _chosen(finder, folder, paths)


def slugs_in(folder: Path) -> tuple[set[str], set[str]]:
    """The slugs of all modules and of all monographs on disk, by the names of their files."""
    files, _ = files_in(folder)
    modules = {file.slug for file in files if file.kind == "module"}
    return modules, {file.slug for file in files if file.kind == "monograph"}


def _chosen(finder: _Finder, folder: Path, paths: Sequence[Path]) -> tuple[list[FileOfContent], list[Problem]]:
    whole = folder.resolve()
    problems: list[Problem] = []
    wanted: list[str] = []
    for path in paths:
        place = path.resolve()
        if not place.exists():
            problems.append(Problem(str(path), 1, "is not there; check the name"))
        elif not place.is_relative_to(whole):
            problems.append(Problem(str(path), 1, f"is outside the content folder {folder}; move it there"))
        else:
            wanted.append(os.path.join(place, ""))  # noqa: PTH118  # with the slash that ends a folder's name

    def is_wanted(place: Path) -> bool:
        return f"{place}{os.sep}".startswith(tuple(wanted))

    files = [file for file in finder.files if is_wanted(whole / file.place)]
    return files, [*problems, *(problem for problem in finder.problems if is_wanted(Path(problem.path).resolve()))]


class _Finder:
    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.whole = folder.resolve()
        self.files: list[FileOfContent] = []
        self.problems: list[Problem] = []

    def report(self, path: Path, message: str, *, warning: bool = False) -> None:
        self.problems.append(Problem(str(path), 1, message, warning))

    def walk(self, top: Path) -> None:
        """Take every file below a folder; what editors leave behind is no content."""
        for name, folders, files in os.walk(top, onerror=self._unreadable):
            place = Path(name)
            real = place.resolve()
            folders[:] = sorted(each for each in folders if not each.startswith("."))
            for each in [each for each in folders if (place / each).is_symlink()]:
                self.report(place / each, "is a link to a folder; put the folder itself there")
                folders.remove(each)
            for each in sorted(files):
                if not each.startswith((".", "#")) and not each.endswith(("~", *BACKUPS)):
                    path = place / each
                    self.take(path, path.resolve() if path.is_symlink() else real / each)

    def take(self, path: Path, real: Path) -> None:
        """Take a file if it is content. `real` is where a link leads to."""
        if not real.is_relative_to(self.whole):
            self.report(path, "is a link to a file outside the content folder; put the file itself there")
            return
        top, *between, name = path.relative_to(self.folder).parts
        if path.suffix != ".md":
            if path.suffix.lower() in (".markdown", ".mdown", ".txt", ".yml", ".yaml"):
                self.report(path, "is not read; give the file the ending .md", warning=True)
        elif top == "modules" and len(between) != 1:
            self.report(path, "is not in the folder of a category; move it to modules/<category>/")
        elif top != "modules" and between:
            self.report(path, f"is in a folder too deep; move it to {top}/")
        else:
            category = between[0] if between else ""
            place = real.relative_to(self.whole).as_posix()
            self.files.append(FileOfContent(FOLDERS[top], name.removesuffix(".md"), category, path, place))

    def find_twins(self) -> None:
        """Two modules of one name in different categories."""
        first: dict[tuple[str, str], Path] = {}
        for file in self.files:
            other = first.setdefault((file.kind, file.slug), file.path)
            if other != file.path:
                self.report(file.path, f"has the name of {other}; rename one of the two files")

    def _unreadable(self, error: OSError) -> None:
        path = Path(error.filename)
        if path.exists():
            self.report(path, f"can't be read: {error.strerror}")
