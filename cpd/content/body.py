"""What is wrong with the Markdown of a body, line by line, and where it links to."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from cpd.content.assessment import heading
from cpd.content.facts import SLUG
from cpd.content.markup import CALLOUTS, DROPPED_WITH_CONTENT, IMAGE_NAME
from cpd.content.source import Problem, Source
from cpd.monographs.sections import SECTIONS

MOST_IMAGE = 2 * 1024 * 1024  # bytes
SIGNATURES = {
    "png": (0, b"\x89PNG"),
    "jpg": (0, b"\xff\xd8\xff"),
    "jpeg": (0, b"\xff\xd8\xff"),
    "gif": (0, b"GIF8"),
    "webp": (8, b"WEBP"),
    "avif": (4, b"ftyp"),
}
REFUSED_TAGS = DROPPED_WITH_CONTENT | {"base", "button", "form", "frame", "frameset", "input", "link", "meta"}

# Each begins at a sign that ends it soon or takes what follows, so that no line costs more than its length.
_CODE = re.compile(r"`[^`]*`")
_TARGET = re.compile(r"\]\(\s*<?([^)\s>]*)|^ {0,3}\[[^\]^][^\]]*\]:\s*<?([^\s>]*)|\bhref\s*=\s*[\"']?([^\s\"'>]*)")
_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.-]{0,30}):(.*)")
_NOTE = re.compile(r"\[\^([^\]\[]{1,80})\]")
_NOTE_TEXT = re.compile(r" {0,3}\[\^([^\]\[]{1,80})\]:")
_CALLOUT = re.compile(r'( *)!!! ?([\w-]+)(?: +"(.*)")? *')
_TAG = re.compile(r"<([A-Za-z][A-Za-z0-9-]{0,20})")


@dataclass(frozen=True)
class Link:
    """A link to a module or monograph, and the line it stands in."""

    line: int
    kind: str
    slug: str


@dataclass
class Reading:
    """What one look at a body found."""

    problems: list[Problem] = field(default_factory=list)
    links: list[Link] = field(default_factory=list)


def look_through(source: Source, folder: Path, *, monograph: bool = False) -> Reading:
    """Everything that is wrong with the lines of a body. `folder` is where its images must be."""
    looking = _Looking(source, folder)
    looking.lines()
    looking.footnotes()
    if monograph:
        looking.sections()
    return looking.reading


class _Looking:
    def __init__(self, source: Source, folder: Path) -> None:
        self.source = source
        self.folder = folder
        self.reading = Reading()
        self.text = [(number, _CODE.sub("", line)) for number, line in source.body_lines()]

    def report(self, line: int, message: str, *, warning: bool = False) -> None:
        self.reading.problems.append(Problem(self.source.path, line, message, warning))

    def lines(self) -> None:
        for index, (number, line) in enumerate(self.text):
            if line.startswith("#") and not line.startswith("##"):
                self.report(number, "has one #; write headings with ##, since the title is the page's")
            if line.lstrip(" ").startswith("!!!"):
                self.callout(index, number, line)
            for target, image, alt in _targets(line):
                if image:
                    self.image(number, target, alt)
                else:
                    self.link(number, target)
            self.tags(number, line)

    def callout(self, index: int, number: int, line: str) -> None:
        match = _CALLOUT.fullmatch(line)
        if not match:
            self.report(number, 'write a callout as !!! red-flag "Title", and indent its text by 4 spaces')
            return
        if match[2] not in CALLOUTS:
            self.report(number, f"“{match[2][:40]}” is no kind of callout; use {', '.join(CALLOUTS)}")
        following = next((text for _, text in self.text[index + 1 :] if text.strip()), "")
        if not following.startswith(match[1] + "    "):
            self.report(number, "the callout has no text; indent its text by 4 spaces")

    def link(self, number: int, target: str) -> None:
        scheme = _SCHEME.fullmatch(target)
        if not target:
            self.report(number, "a link has no address; write [text](https://…) or [text](monograph:slug)")
        elif scheme and scheme[1] in ("monograph", "module"):
            if SLUG.fullmatch(scheme[2]):
                self.reading.links.append(Link(number, scheme[1], scheme[2]))
            else:
                self.report(number, f"“{target[:80]}” names no {scheme[1]}; write {scheme[1]}: and its file's name")
        elif scheme and scheme[1].lower() not in ("http", "https"):
            self.report(number, f"a link may not begin with “{scheme[1]}:”; use https:, monograph: or module:")
        elif not scheme and not target.startswith(("#", "/")):
            self.report(number, f"the link “{target[:80]}” is no address; write https://…, monograph:… or module:…")

    def image(self, number: int, name: str, alt: str) -> None:
        if not IMAGE_NAME.fullmatch(name):
            mend = "put a PNG, JPEG, WebP, AVIF or GIF file beside the text"
            self.report(number, f"the image “{name[:80]}” can't be shown; {mend}, and name it without folders")
            return
        if not alt.strip():
            self.report(number, f"the image {name} has no description; write ![what it shows]({name})")
        fault = image_fault(self.folder / name)
        if fault:
            self.report(number, f"the image {name} {fault}")

    def tags(self, number: int, line: str) -> None:
        for tag in _TAG.findall(line):
            if tag.lower() == "img":
                self.report(number, "write an image as ![what it shows](name.png)")
            elif tag.lower() in REFUSED_TAGS:
                self.report(number, f"<{tag.lower()}> is left out of the page; take it out", warning=True)

    def footnotes(self) -> None:
        defined: dict[str, int] = {}
        used: dict[str, int] = {}
        for number, line in self.text:
            definition = _NOTE_TEXT.match(line)
            if definition and definition[1] in defined:
                self.report(number, f"the footnote [^{definition[1]}] is there twice; give one another name")
            elif definition:
                defined[definition[1]] = number
            for name in _NOTE.findall(line[definition.end() :] if definition else line):
                used.setdefault(name, number)
        for name, number in used.items():
            if name not in defined:
                self.report(number, f"the footnote [^{name}] has no text; add a line “[^{name}]: …” at the end")
        for name, number in defined.items():
            if name not in used:
                self.report(number, f"the footnote [^{name}] is not used; refer to it, or take it out", warning=True)

    def sections(self) -> None:
        seen: set[str] = set()
        for number, line in self.text:
            found = heading(line)
            if found and found[0] == 2:
                self.section(number, found[1], seen)
            elif line.strip() and not seen and not _is_definition(line):
                self.report(number, "stands before the first ## heading; put it under one")
                seen.add("")
        if not seen:
            self.report(self.source.body_line, f"the monograph has no sections; add headings like “## {SECTIONS[1]}”")

    def section(self, number: int, title: str, seen: set[str]) -> None:
        if title not in SECTIONS:
            near = difflib.get_close_matches(title, SECTIONS, 1)
            mend = f"did you mean “## {near[0]}”?" if near else f"the headings are {', '.join(SECTIONS)}"
            self.report(number, f"“{title[:80]}” is no section of a monograph; {mend}")
        elif title in seen:
            self.report(number, f"the section “{title}” is there twice; join the two")
        seen.add(title)


def image_fault(path: Path) -> str | None:
    """What is wrong with an image file: missing, too big, or not what its name says."""
    try:
        if path.is_symlink() or not path.is_file():
            return "is not there; put the file beside the text"
        if path.stat().st_size > MOST_IMAGE:
            return f"is bigger than {MOST_IMAGE // 1024 // 1024} MB; make it smaller"
        with path.open("rb") as file:
            start = file.read(16)
    except OSError as error:
        return f"can't be read: {error.strerror}"
    offset, signature = SIGNATURES[path.suffix[1:]]
    return None if start[offset:].startswith(signature) else "is another kind of file than its name says; save it anew"


def _is_definition(line: str) -> bool:
    return bool(_NOTE_TEXT.match(line)) or line.startswith(("*[", "<!--"))


def _targets(line: str) -> Iterator[tuple[str, bool, str]]:
    """Where the links and images of a line lead, as (target, whether it is an image, its description)."""
    for match in _TARGET.finditer(line):
        if match[1] is None:
            yield match[2] or match[3] or "", False, ""
            continue
        start = line.rfind("[", max(0, match.start() - 500), match.start())
        image = start > 0 and line[start - 1] == "!"
        yield match[1], image, line[start + 1 : match.start()] if image else ""
