"""Which files of a folder are content, and of what kind."""

from __future__ import annotations

import contextlib
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


@dataclass(frozen=True)
class OnDisk:
    """The content of a folder in its order, and what is wrong with the places of its files."""

    folder: Path
    files: list[FileOfContent]
    problems: list[Problem]

    def slugs(self, kind: str) -> set[str]:
        """The slugs of all modules, or of all monographs, by the names of their files."""
        return {file.slug for file in self.files if file.kind == kind}

    def chosen(self, paths: Sequence[Path] | None) -> tuple[list[FileOfContent], list[Problem]]:
        """All of it, or what `paths` names of it, and what is wrong with these."""
        if paths is None or not self.folder.is_dir():
            return self.files, self.problems
        whole = self.folder.resolve()
        problems: list[Problem] = []
        wanted: list[str] = []
        for path in paths:
            place = path.resolve()
            if not place.exists():
                problems.append(Problem(str(path), 1, "is not there; check the name"))
            elif not place.is_relative_to(whole):
                problems.append(Problem(str(path), 1, f"is outside the content folder {self.folder}; move it there"))
            else:
                wanted.append(os.path.join(place, ""))  # noqa: PTH118  # with the slash that ends a folder's name

        def is_wanted(place: str) -> bool:
            return f"{place}{os.sep}".startswith(tuple(wanted))

        files = [file for file in self.files if is_wanted(f"{whole}{os.sep}{file.place}")]
        wrong = [problem for problem in self.problems if is_wanted(str(Path(problem.path).resolve()))]
        return files, [*problems, *wrong]


def files_in(folder: Path) -> OnDisk:
    """What a folder of content holds."""
    if not folder.is_dir():
        words = "is no folder of content; run the command where content/ is"
        return OnDisk(folder, [], [Problem(str(folder), 1, words)])
    finder = _Finder(folder)
    for name in FOLDERS:
        finder.walk(folder / name)
    finder.find_twins()
    return OnDisk(folder, finder.files, finder.problems)


class _Finder:
    """Walks folders. There may be 50,000 files, so what their folder knows is asked of it, and not of each."""

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
            folder = Path(name)
            links = _links_in(name)
            folders[:] = sorted(each for each in folders if not each.startswith("."))
            for each in [each for each in folders if each in links]:
                self.report(folder / each, "is a link to a folder; put the folder itself there")
                folders.remove(each)
            parts, here = folder.relative_to(self.folder).parts, self._place_of(folder.resolve())
            for each in sorted(files):
                if not each.startswith((".", "#")) and not each.endswith(("~", *BACKUPS)):
                    path = folder / each
                    beside = f"{here}/{each}" if here else None
                    self.take(path, parts, self._place_of(path.resolve()) if each in links else beside)

    def _place_of(self, real: Path) -> str | None:
        """Where something is in the content folder, or None if it is outside."""
        return real.relative_to(self.whole).as_posix() if real.is_relative_to(self.whole) else None

    def take(self, path: Path, parts: Sequence[str], place: str | None) -> None:
        """Take a file if it is content. `parts` lead to its folder, `place` is where it, or what it links to, is."""
        top, *between = parts
        slug, _, ending = path.name.rpartition(".")
        if place is None:
            self.report(path, "is a link to a file outside the content folder; put the file itself there")
        elif ending != "md":
            if slug and ending.lower() in ("markdown", "mdown", "txt", "yml", "yaml"):
                self.report(path, "is not read; give the file the ending .md", warning=True)
        elif top == "modules" and len(between) != 1:
            self.report(path, "is not in the folder of a category; move it to modules/<category>/")
        elif top != "modules" and between:
            self.report(path, f"is in a folder too deep; move it to {top}/")
        else:
            self.files.append(FileOfContent(FOLDERS[top], slug, between[0] if between else "", path, place))

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


def _links_in(folder: str) -> set[str]:
    """The names in a folder that are links."""
    with contextlib.suppress(OSError), os.scandir(folder) as entries:
        return {entry.name for entry in entries if entry.is_symlink()}
    return set()
