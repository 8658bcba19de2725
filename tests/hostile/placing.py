"""Modules and monographs with hostile texts in every place where an author may write."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Sequence
from typing import Any

from cpd.content.render_child import Converter, Fault
from tests.factories import module_text, monograph_text

# A block of Markdown with a text in one place of it; {n} makes names in it differ. The first keeps its line breaks.
BLOCKS = (
    "{lines}",
    "- {text}",
    "> {text}",
    '!!! caution "{text}"\n    Text.',
    "!!! key-point\n    {text}",
    "| A | B |\n|---|---|\n| {text} | b |",
    "Word.[^f{n}]\n\n[^f{n}]: {text}",
    "ZW{n} is short.\n\n*[ZW{n}]: {text}",
    "Term\n:   {text}",
    "{text}\n:   Meaning",
    "### Part {n} {text}",
    "![{text}](dot.gif)",
    "[{text}](https://example.org/{n})",
    '[link](https://example.org/{n} "{text}")',
    "`{text}`",
    "    {text}",
    "Before **{text}** after.",
)
QUESTION = """\
### {lead} asked {n}?

{vignette}

- [x] Right {right}
  > {because}
- [ ] Wrong {n}
  > No.

{why}
"""
MARK = re.compile(rb"zq([0-9]+)zq")
PIECES = ("lead", "vignette", "right", "because", "why")
LONGEST_TITLE = 200


class Author:
    """Writes texts into places, each into another one in each round, and leaves out what the renderer refuses."""

    def __init__(self, turn: int) -> None:
        self.turn = turn
        self.converter = Converter()
        self.refused: dict[str, set[int]] = {}  # by place
        self.looked_at: set[tuple[str, int]] = set()

    def module(self, slug: str, numbered: Sequence[tuple[int, str]], without: Collection[int] = ()) -> str:
        """A module with each text once in its body, once in its assessment, and in the lists of its front matter."""
        kept = [each for each in numbered if each[0] not in without]
        blocks = [self._block(number, text) for number, text in kept]
        plain = QUESTION.format(n="plain", **dict.fromkeys(PIECES, "x"))  # where every text is refused
        questions = [plain, *(self._question(number, text) for number, text in kept)]
        listed = [text for _, text in numbered if is_printable(text)]
        one = listed[self.turn % len(listed)]
        named = name(one)
        return module_text(
            slug,
            body="\n\n".join(["## First\n\nTake hostilol 5 mg daily.", *filter(None, blocks)]) + "\n",
            assessment="\n\n".join(filter(None, questions)),
            title=one[:LONGEST_TITLE],
            summary=" ".join(listed)[:1_900],
            objectives=listed,
            specialties=[text[:LONGEST_TITLE] for text in listed],
            audience=[text[:LONGEST_TITLE] for text in listed],
            authors=[{"name": name(text), "credentials": text, "role": text} for text in listed],
            reviewers=[{"name": name(text), "credentials": text, "role": text} for text in listed[:5]],
            disclosures=[{"who": text, "company": text, "nature": text} for text in listed],
            funding=one,
            accreditation=f"Accredited {one}",
            frameworks={"gdc": [one[:LONGEST_TITLE], named]},
        )

    def monograph(self, slug: str, numbered: Sequence[tuple[int, str]], without: Collection[int] = ()) -> str:
        """A monograph with each text in its sections, formulations and indications, and some in its single facts."""
        blocks = [self._block(number, text) for number, text in numbered if number not in without]
        listed = [text for _, text in numbered if is_printable(text)]
        one = listed[self.turn % len(listed)]
        facts = ("adult_start", "usual_maximum", "key_warning", "avoid_in", "interacts_with", "monitoring", "stopping")
        return monograph_text(
            slug,
            body="\n\n".join(["## Boxed warning\n\nNo.\n\n## Dosage\n\nOne.", *filter(None, blocks)]) + "\n",
            name=f"{slug} {name(one)}"[:LONGEST_TITLE],
            generic_name=f"Generic {slug} {name(one)}"[:LONGEST_TITLE],
            company=one[:LONGEST_TITLE],
            legal_class=one[:LONGEST_TITLE],
            formulations=listed,
            classes=[text[:LONGEST_TITLE] for text in listed],
            indications=[{"name": f"{number} {name(text)}", "use": text} for number, text in enumerate(listed)],
            key_facts=dict(zip(facts, (listed * 7)[self.turn % len(listed) :], strict=False)),
            brand_names=[name(text)[:LONGEST_TITLE] for text in listed],
            link_names=["hostilol"] if slug == "hostile-0" else [],
            source={"kind": one, "title": one, "set_id": one[:LONGEST_TITLE], "version": one[:LONGEST_TITLE]},
        )

    def _block(self, number: int, text: str) -> str:
        lines = "\n" in text or text.startswith("    ")
        place = BLOCKS[0] if lines else BLOCKS[(number + self.turn) % len(BLOCKS)]
        block = place.format(text=" ".join(text.split()), lines=text, n=number)
        return self._accepted(place, number, block, {})

    def _question(self, number: int, text: str) -> str:
        piece = PIECES[(number + self.turn) % len(PIECES)]
        line = " ".join(text.split())
        question = QUESTION.format(n=number, **{each: line if each == piece else "x" for each in PIECES})
        inline = {"lead": "q1.lead", "right": "q1.a"}.get(piece, "q1.why")
        return self._accepted(piece, number, question, {inline: line})

    def _accepted(self, place: str, number: int, markdown: str, pieces: dict[str, str]) -> str:
        """The Markdown if it can be rendered by itself, else nothing: a file that holds it would not be published."""
        if (place, number) in self.looked_at:
            return "" if number in self.refused.get(place, ()) else markdown
        self.looked_at.add((place, number))
        job: dict[str, Any] = {"kind": "module", "body": "" if pieces else markdown, "pieces": pieces, "media": ""}
        try:
            self.converter.convert(job)
        except Fault:
            self.refused.setdefault(place, set()).add(number)
            return ""
        return markdown


def marked_module(slug: str) -> str:
    """A module with a mark in every place, so that a raw text can be put there past all that would clean it."""
    numbered = [(number, mark(number)) for number in range(100, 160)]
    text = Author(0).module(slug, numbered)
    for place, found in enumerate(("title: ", "summary: ", "funding: ", "accreditation: Accredited ")):
        text = re.sub(f"^{found}.*", f"{found}{mark(place)}", text, flags=re.MULTILINE)
    return text


def marked_monograph(slug: str) -> str:
    """A monograph with a mark in every place."""
    return Author(0).monograph(slug, [(number, mark(number)) for number in range(200, 260)])


def mark(number: int) -> str:
    return f"zq{number}zq"


def unmarked(page: bytes, text_of: Callable[[int], str]) -> bytes:
    """A page with a raw text in the place of each mark."""
    return MARK.sub(lambda found: text_of(int(found[1])).encode(), page)


def name(text: str) -> str:
    """A text as a name, which has no < and no >."""
    return " ".join(text.replace("<", "&lt;").replace(">", "&gt;").split())[:150]


def is_printable(text: str) -> bool:
    """Whether a file may hold it; control characters are refused wherever they stand."""
    return all(character.isprintable() or character in "\n\t\u00a0" for character in text)
