"""What a check found in a file: kept by publishing, so that the file is not taken apart again until it changes.

Found holds all that other files ask about a file. The rules between files are therefore the same whether a file was
read just now or is as it was.
"""

from __future__ import annotations

import contextlib
import hashlib
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from cpd.content.body import Link
from cpd.content.files import FileOfContent
from cpd.content.links import Claim
from cpd.content.markup import IMAGE_NAME
from cpd.content.source import Problem
from cpd.content.versions import version_of

CHECKED_BY = (
    "content/assessment.py",
    "content/body.py",
    "content/check.py",
    "content/facts.py",
    "content/front_matter.py",
    "content/links.py",
    "content/markup.py",
    "content/source.py",
    "content/unchanged.py",
    "modules/marking.py",
    "monographs/sections.py",
    "monographs/terms.py",
)


_PICTURE = re.compile(r"\.(?:png|jpe?g|webp|gif|avif)")


@dataclass(frozen=True)
class Found:
    """A file as other files and later publishes see it.

    `source_hash` is that of its text, place and pictures: it names a revision. `fingerprint` is that of its bytes
    instead of its text. `lines` are those of the keys that problems between files point to. A file whose front matter
    is wrong has links and nothing else.
    """

    kind: str
    path: str
    links: tuple[Link, ...]
    slug: str = ""
    status: str = "published"
    source_hash: str = ""
    fingerprint: str = ""
    pictures: tuple[str, ...] = ()
    lines: Mapping[str, int] | None = None
    former_slugs: tuple[str, ...] = ()
    claims: tuple[Claim, ...] = ()
    warnings: tuple[Problem, ...] = ()

    def line_of(self, key: str) -> int:
        return (self.lines or {}).get(key, 1)

    def to_json(self) -> dict[str, Any]:
        """What is kept of a file that is right. Its place and hashes stand beside it."""
        return {
            "status": self.status,
            "pictures": list(self.pictures),
            "lines": dict(self.lines or {}),
            "links": [[link.line, link.kind, link.slug] for link in self.links],
            "former_slugs": list(self.former_slugs),
            "claims": [[claim.name, claim.explicit] for claim in self.claims],
            "warnings": [[warning.line, warning.message] for warning in self.warnings],
        }

    @classmethod
    def from_json(cls, file: FileOfContent, source_hash: str, fingerprint: str, data: Mapping[str, Any]) -> Found:
        """What to_json wrote about the file that is here now."""
        path = str(file.path)
        return cls(
            kind=file.kind,
            path=path,
            links=tuple(Link(*link) for link in data["links"]),
            slug=file.slug,
            status=data["status"],
            source_hash=source_hash,
            fingerprint=fingerprint,
            pictures=tuple(data["pictures"]),
            lines=data["lines"],
            former_slugs=tuple(data["former_slugs"]),
            claims=tuple(Claim(name, file.slug, explicit) for name, explicit in data["claims"]),
            warnings=tuple(Problem(path, line, message, warning=True) for line, message in data["warnings"]),
        )


@cache
def checker() -> str:
    """The version of the rules: under others every file is read and checked anew."""
    return version_of(CHECKED_BY, ("pyyaml",))


def hash_lines(lines: Iterable[str]) -> str:
    return hash_bytes("\n".join(lines).encode())


def hash_bytes(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def pictures_in(body: str) -> tuple[str, ...]:
    """Names in a text that may be pictures."""
    return tuple(dict.fromkeys(IMAGE_NAME.findall(body))) if _PICTURE.search(body) else ()


def digests_of(folder: Path, pictures: Iterable[str]) -> list[str]:
    """The hashes of those pictures that are there: another picture is another revision."""
    digests = []
    for name in pictures:
        with contextlib.suppress(OSError):
            if (folder / name).is_file():
                with (folder / name).open("rb") as file:
                    digests.append(hashlib.file_digest(file, "sha256").hexdigest())
    return digests
