"""The monographs that are in a folder already: which labels they come from, and which names they claim."""

from __future__ import annotations

import contextlib
import os
import secrets
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from cpd.content.facts import MonographFacts
from cpd.content.links import claims_of, fold
from cpd.content.source import MAX_MONOGRAPH, SourceFault, parse_source, read_bytes, read_yaml
from cpd.content.spl.monograph import FINGERPRINT, fingerprint
from cpd.content.spl.reading import LabelFault

HEAD = 80 * 1024  # bytes that hold any front matter


@dataclass
class Kept:
    """A monograph that is there; without a version it was written by hand."""

    slug: str
    set_id: str = ""
    version: int | None = None
    claims: list[str] = field(default_factory=list)


class Folder:
    """A folder of monographs. Its files are read once, their front matter only."""

    def __init__(self, place: Path) -> None:
        self.place = place
        self.by_set_id: dict[str, Kept] = {}
        self.taken: dict[str, str] = {}  # slugs and former slugs → set id, empty if none
        self.claimed: dict[str, set[str]] = {}  # folded name → slugs
        if place.is_dir():
            for path in sorted(place.glob("*.md")):
                if not path.name.startswith("."):
                    self._read(path)

    def path(self, slug: str) -> Path:
        return self.place / f"{slug}.md"

    def find(self, set_id: str) -> Kept | None:
        return self.by_set_id.get(set_id)

    def free(self, slug: str, set_id: str) -> bool:
        """Whether a monograph of this label may have the name."""
        return self.taken.get(slug, set_id) == set_id

    def unclaimed(self, names: Collection[str], slug: str) -> list[str]:
        """Those of the names that no other monograph goes by."""
        return [name for name in names if not self.claimed.get(fold(name), set()) - {slug}]

    def text(self, slug: str) -> str:
        """The text of a file. Raises LabelFault if it can't be read."""
        path = self.path(slug)
        if path.is_symlink():
            raise LabelFault(f"belongs to {path}, which is a link; put the file itself there")
        try:
            return parse_source(str(path), read_bytes(path, MAX_MONOGRAPH)).text
        except SourceFault as fault:
            raise LabelFault(f"belongs to a file that can't be read: {fault.problems[0]}") from None

    def write(self, slug: str, text: str) -> None:
        """Write a file whole or not at all. A link in its place is replaced, not followed."""
        path = self.path(slug)
        draft = self.place / f".{slug}.{secrets.token_hex(6)}.tmp"
        try:
            with draft.open("x", encoding="utf-8", newline="\n") as opened:
                opened.write(text)
            draft.replace(path)
        finally:
            with contextlib.suppress(FileNotFoundError):
                draft.unlink()

    def take(self, kept: Kept) -> None:
        """Know a monograph that was read or written."""
        self.taken[kept.slug] = kept.set_id
        if kept.set_id:
            self.by_set_id[kept.set_id] = kept
        for name in kept.claims:
            self.claimed.setdefault(fold(name), set()).add(kept.slug)

    def _read(self, path: Path) -> None:
        slug = path.name.removesuffix(".md")
        keys = _front_matter(path)
        source = keys.get("source")
        source = source if isinstance(source, dict) else {}
        set_id, version = str(source.get("set_id", "")).strip().lower(), str(source.get("version", "")).strip()
        for former in _texts(keys.get("former_slugs")):
            self.taken.setdefault(former, "")
        self.take(
            Kept(
                slug=slug,
                set_id=set_id,
                version=int(version) if version.isascii() and version.isdigit() and len(version) < 10 else None,
                claims=_claims(slug, keys),
            )
        )


def was_edited(text: str) -> bool:
    """Whether a file is other than an import left it, or was never written by one."""
    front = text.split("\n---", 1)[0]
    said = [line for line in front.split("\n") if line.startswith(f"  {FINGERPRINT}: ")]
    return len(said) != 1 or said[0].split(": ", 1)[1].strip().strip('"') != fingerprint(text)


def _front_matter(path: Path) -> Mapping[str, object]:
    """The keys of a file, or none if they can't be read: `cpd check` says what is wrong with it."""
    try:
        with os.fdopen(os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC), "rb") as file:
            text = file.read(HEAD).decode("utf-8-sig", errors="replace").replace("\r\n", "\n")
        front = text.removeprefix("---\n").split("\n---", 1)[0]
        keys, _ = read_yaml(str(path), front)
    except (OSError, SourceFault):
        return {}
    return keys if isinstance(keys, dict) else {}


def _claims(slug: str, keys: Mapping[str, object]) -> list[str]:
    """The names that a file goes by, as links.py reads them."""
    facts = MonographFacts(
        slug=slug,
        name=str(keys.get("name", "")),
        generic_name=str(keys.get("generic_name", "")),
        formulations=(),
        draft=tuple(_texts(keys.get("draft"))),
        brand_names=tuple(_texts(keys.get("brand_names"))),
        link_names=tuple(_texts(keys.get("link_names"))) if "link_names" in keys else None,
    )
    return [claim.name for claim in claims_of(facts)]


def telling(slug: str, names: Collection[str]) -> list[str]:
    """Those of the names that are linked without being asked for: long enough, and no ordinary words."""
    wanted: set[str] = set()
    for name in names:
        facts = MonographFacts(slug=slug, name=name, generic_name=name, formulations=())
        wanted |= {claim.name for claim in claims_of(facts)}
    return [name for name in names if fold(name) in wanted]


def _texts(found: object) -> list[str]:
    return [item for item in found if isinstance(item, str)] if isinstance(found, list) else []
