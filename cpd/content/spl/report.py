"""What came of an import, for the screen and as JSON."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from cpd.content.spl.documents import Refusal
from cpd.content.spl.sections import LeftOut


@dataclass(frozen=True)
class Change:
    """How a section, or the front matter, of a newer label differs from the file."""

    section: str
    words_added: int
    words_removed: int


@dataclass(frozen=True)
class Outcome:
    """What became of one label."""

    where: str
    file: str
    name: str
    set_id: str
    version: int
    left_out: list[LeftOut] = field(default_factory=list)
    changes: list[Change] = field(default_factory=list)
    why: str = ""


@dataclass
class Report:
    """What became of every document of an import."""

    imported: list[Outcome] = field(default_factory=list)
    updated: list[Outcome] = field(default_factory=list)
    unchanged: list[Outcome] = field(default_factory=list)
    kept: list[Outcome] = field(default_factory=list)  # edited since, or newer than the label
    passed_over: list[Refusal] = field(default_factory=list)  # older versions beside newer ones
    refused: list[Refusal] = field(default_factory=list)
    class_indexes: int = 0
    substances: int = 0  # whose classes are known

    @property
    def ok(self) -> bool:
        return not self.refused

    def summary(self) -> str:
        """The last line on the screen."""
        counts: dict[str, Sequence[object]] = {
            "imported": self.imported,
            "updated": self.updated,
            "unchanged": self.unchanged,
            "kept": self.kept,
            "passed over": self.passed_over,
            "refused": self.refused,
        }
        done = ", ".join(f"{len(found)} {what}" for what, found in counts.items() if found)
        if not done and self.class_indexes:
            return f"The classes of {self.substances} substances were read, but no label: name the labels too."
        return f"Labels: {done}." if done else "There is no label in what was named."

    def lines(self) -> Iterator[str]:
        """A line for each label that was written or kept."""
        for what, outcomes in (("imported", self.imported), ("updated", self.updated), ("kept", self.kept)):
            for outcome in outcomes:
                yield f"{outcome.file}: {what}, version {outcome.version} of {outcome.where}{_details(outcome)}"
        for each in self.passed_over:
            yield str(each)

    def to_json(self) -> dict[str, Any]:
        """The report as plain data."""
        return {**asdict(self), "ok": self.ok}


def changes_between(old: str, new: str) -> list[Change]:
    """What differs between two files, section by section."""
    before, after = _sections(old), _sections(new)
    found = []
    for section in dict.fromkeys([*before, *after]):
        was, now = (Counter(texts.get(section, "").split()) for texts in (before, after))
        if was != now:
            found.append(Change(section, sum((now - was).values()), sum((was - now).values())))
        elif before.get(section, "") != after.get(section, ""):
            found.append(Change(section, 0, 0))
    return found


def _sections(text: str) -> dict[str, str]:
    """The parts of a file by the headings over them; what comes first is the front matter."""
    first, *rest = re.split(r"^## (.*)$", text, flags=re.MULTILINE)
    return {"Front matter": first, **dict(zip(rest[::2], rest[1::2], strict=True))}


def _details(outcome: Outcome) -> str:
    parts = [outcome.why] if outcome.why else []
    if outcome.changes:
        changes = (f"{each.section} (+{each.words_added} −{each.words_removed} words)" for each in outcome.changes)
        parts.append(f"differs in {', '.join(changes)}")
    if outcome.left_out:
        counts = Counter(f"{each.title} ({each.why})" for each in outcome.left_out)
        parts.append("left out " + ", ".join(f"{name} × {n}" if n > 1 else name for name, n in counts.items()))
    return "".join(f"; {part}" for part in parts)
