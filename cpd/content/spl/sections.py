"""Which sections of a label become which section of a monograph: by code, by place in the tree, then by title."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from cpd.content.markup import words
from cpd.content.spl.label import PRODUCT_DATA, Label, Section
from cpd.content.spl.narrative import Block, Heading, Narrative, Run, plain, plain_texts
from cpd.monographs.sections import BOXED_WARNING, SECTIONS

DEEPEST_HEADING = 6
LONGEST_NAME = 80  # characters of a section without a title in the report

THERAPEUTIC_USE, DOSAGE, CONTRAINDICATIONS, WARNINGS, INTERACTIONS, ADVERSE = SECTIONS[1:7]
POPULATIONS, ABUSE, OVERDOSAGE, SUPPLIED, DESCRIPTION, PHARMACOLOGY = SECTIONS[7:13]
TOXICOLOGY, STUDIES, REFERENCES, COUNSELLING = SECTIONS[13:17]

BOXED = "34066-1"
CODES = {
    BOXED: BOXED_WARNING,
    "34067-9": THERAPEUTIC_USE,
    "55105-1": THERAPEUTIC_USE,  # purpose, over the counter
    "34068-7": DOSAGE,
    "34070-3": CONTRAINDICATIONS,
    "43685-7": WARNINGS,
    "34071-1": WARNINGS,
    "42232-9": WARNINGS,
    "34072-9": WARNINGS,
    "54433-8": WARNINGS,
    "34073-7": INTERACTIONS,
    "34074-5": INTERACTIONS,
    "34084-4": ADVERSE,
    "90374-0": ADVERSE,
    "90375-7": ADVERSE,
    "43684-0": POPULATIONS,
    "42228-7": POPULATIONS,
    "34077-8": POPULATIONS,
    "34078-6": POPULATIONS,
    "34079-4": POPULATIONS,
    "34080-2": POPULATIONS,
    "34081-0": POPULATIONS,
    "34082-8": POPULATIONS,
    "77290-5": POPULATIONS,
    "77291-3": POPULATIONS,
    "88828-9": POPULATIONS,
    "88829-7": POPULATIONS,
    "42227-9": ABUSE,
    "34085-1": ABUSE,
    "34086-9": ABUSE,
    "34087-7": ABUSE,
    "34088-5": OVERDOSAGE,
    "34069-5": SUPPLIED,
    "44425-7": SUPPLIED,
    "43678-2": SUPPLIED,  # dosage forms and strengths
    "60561-8": SUPPLIED,  # other information, over the counter: how to store it
    "34089-3": DESCRIPTION,
    "55106-9": DESCRIPTION,  # active ingredient, over the counter
    "51727-6": DESCRIPTION,  # inactive ingredient
    "34090-1": PHARMACOLOGY,
    "43679-0": PHARMACOLOGY,
    "43681-6": PHARMACOLOGY,
    "43682-4": PHARMACOLOGY,
    "49489-8": PHARMACOLOGY,
    "66106-6": PHARMACOLOGY,
    "43680-8": TOXICOLOGY,
    "34083-6": TOXICOLOGY,
    "34091-9": TOXICOLOGY,
    "34092-7": STUDIES,
    "34093-5": REFERENCES,
    "34076-0": COUNSELLING,
}
# What stands in these sections stays there whatever its code: a contraindication in pregnancy is one.
STAYING = {BOXED, "34068-7", "34070-3", "43685-7"}
# Sections that no heading fits. They and what is in them stay out, and the report names them.
LEFT_OUT = {
    "51945-4": "package label",
    "42231-1": "medication guide",
    "42230-3": "patient leaflet",
    "68498-5": "patient leaflet",
    "59845-8": "instructions for use",
    "38056-8": "supplementary material for patients",
    "43683-2": "recent changes of the label",
    "53413-1": "questions and comments",
    "71744-7": "letter to healthcare professionals",
}
# What labels call a section that the heading of the monograph names already.
TITLES = {
    BOXED_WARNING: ("boxed warning", "warning", "warnings"),
    THERAPEUTIC_USE: ("indications and usage", "indications", "indication", "use", "uses", "therapeutic use"),
    DOSAGE: ("dosage and administration", "directions", "dosage"),
    CONTRAINDICATIONS: ("contraindications", "contraindication"),
    WARNINGS: ("warnings and precautions", "warnings", "warning", "precautions", "warnings and precautions section"),
    INTERACTIONS: ("drug interactions", "interactions", "drug interaction"),
    ADVERSE: ("adverse reactions", "adverse reaction"),
    POPULATIONS: ("use in specific populations",),
    ABUSE: ("drug abuse and dependence", "abuse and dependence"),
    OVERDOSAGE: ("overdosage", "overdose"),
    SUPPLIED: ("how supplied", "how supplied/storage and handling"),
    DESCRIPTION: ("description",),
    PHARMACOLOGY: ("clinical pharmacology",),
    TOXICOLOGY: ("nonclinical toxicology",),
    STUDIES: ("clinical studies",),
    REFERENCES: ("references",),
    COUNSELLING: ("patient counseling information", "patient counselling information", "patient counselling"),
}
_BY_TITLE = {title: heading for heading, titles in TITLES.items() for title in titles if heading != BOXED_WARNING}
_ALL_TITLES = frozenset(title for titles in TITLES.values() for title in titles)
_NUMBER = re.compile(r"([0-9]{1,2}(?:\.[0-9]{1,3}){0,3})\.?(?![0-9])\s*(?=\S)")
_UNIT_WORDS = words(
    """
    % capsule capsules day days g hour hours iu kg mcg meq mg minute minutes ml mmol month months ng tablet tablets
    unit units week weeks year years
    """
)


@dataclass(frozen=True)
class LeftOut:
    """A section of a label that the monograph has no heading for."""

    title: str
    code: str
    why: str
    words: int


@dataclass
class Body:
    """The sections of a monograph that a label fills, in the order of the page, and what it leaves out."""

    sections: dict[str, list[Block]] = field(default_factory=dict)
    left_out: list[LeftOut] = field(default_factory=list)


@dataclass
class _Placed:
    """A section of the label under its heading, with those below it that belong there too."""

    heading: str
    code: str  # its own, or that of the section it inherits from
    title: list[Run]
    blocks: list[Block]
    below: list[_Placed] = field(default_factory=list)

    def is_empty(self) -> bool:
        """Whether nothing is left of it but a title that says no more than a heading, or not even that."""
        says_no_more = not self.title or _folded(plain(self.title)) in _ALL_TITLES
        return says_no_more and not self.blocks and all(below.is_empty() for below in self.below)


def body_of(label: Label, narrative: Narrative) -> Body:
    """The text of a label under the headings of a monograph."""
    return _Layout(label, narrative).body()


def heading_of(section: Section, inherited: str | None, title: str, *, by_prescription: bool = True) -> str | None:
    """The heading that a section belongs under; None if there is none."""
    if section.code == BOXED and not by_prescription:
        return WARNINGS
    if section.code in CODES:
        return CODES[section.code]
    if section.code in LEFT_OUT:
        return None
    return inherited or _BY_TITLE.get(_folded(title))


class _Layout:
    def __init__(self, label: Label, narrative: Narrative) -> None:
        self.label = label
        self.narrative = narrative
        self.roots: dict[str, list[_Placed]] = {}
        self.result = Body()

    def body(self) -> Body:
        for section in self.label.sections:
            self._place(section, None, "")
        for heading in SECTIONS:
            blocks = list(self._written(heading))
            if blocks:
                self.result.sections[heading] = blocks
        return self.result

    def _place(self, section: Section, parent: _Placed | None, number: str) -> None:
        if section.code == PRODUCT_DATA:
            return
        runs, blocks = self.narrative.text(section.title, section.text)
        found, runs = _without_number(runs, number)
        title = plain(runs)
        inherited = parent.heading if parent else None
        stays = parent is not None and parent.code in STAYING and section.code not in {BOXED, *LEFT_OUT}
        if stays:
            heading = inherited
        else:
            heading = heading_of(section, inherited, title, by_prescription=self.label.by_prescription)
        if heading is None:
            self._leave_out(section, title, blocks)
            for below in section.sections if section.code not in LEFT_OUT else ():
                self._place(below, None, found or number)
            return
        code = parent.code if parent and (stays or section.code not in CODES) else section.code
        placed = _Placed(heading, code, runs, blocks)
        if parent and parent.heading == heading:
            parent.below.append(placed)
        else:
            self.roots.setdefault(heading, []).append(placed)
        for below in section.sections:
            self._place(below, placed, found or number)

    def _leave_out(self, section: Section, title: str, blocks: list[Block]) -> None:
        below = self._texts_below(section) if section.code in LEFT_OUT else ()
        texts = [title, *plain_texts(blocks), *below]
        said = " ".join(texts).split()
        if said:
            name = title or f"“{' '.join(said)[:LONGEST_NAME]}”, without a title"
            why = LEFT_OUT.get(section.code, "no heading of a monograph fits")
            self.result.left_out.append(LeftOut(name, section.code, why, len(said)))

    def _texts_below(self, section: Section) -> Iterator[str]:
        for below in section.sections:
            runs, blocks = self.narrative.text(below.title, below.text)
            yield plain(runs)
            yield from plain_texts(blocks)
            yield from self._texts_below(below)

    def _written(self, heading: str) -> Iterator[Block]:
        """The blocks under a heading. One section that is called like it needs no title of its own."""
        roots = [root for root in self.roots.get(heading, []) if not root.is_empty()]
        for root in roots:
            if len(roots) == 1 and _folded(plain(root.title)) in TITLES[heading]:
                root.title = []
            yield from _blocks(root, 3)


def _blocks(placed: _Placed, level: int) -> Iterator[Block]:
    if placed.title:
        yield Heading(min(level, DEEPEST_HEADING), placed.title)
    yield from placed.blocks
    for below in placed.below:
        yield from _blocks(below, level + 1 if placed.title else level)


def _without_number(runs: list[Run], outer: str) -> tuple[str, list[Run]]:
    """The number of a title and the title without it. It must go on from the number of the section around it.

    "2.5 mg tablets" is no title with the number 2.5.
    """
    text = plain(runs)
    match = _NUMBER.match(text)
    if not match or not _goes_on(match[1], outer):
        return "", runs
    word = re.split(r"[\s,;:]", text[match.end() :], maxsplit=1)[0].lower()
    if word in _UNIT_WORDS or not word[:1].isalpha():
        return "", runs
    return match[1], _cut(runs, match.end())


def _goes_on(number: str, outer: str) -> bool:
    if outer:
        return number.startswith(f"{outer}.")
    return int(number.split(".")[0]) <= 17


def _cut(runs: list[Run], count: int) -> list[Run]:
    """Runs without their first characters."""
    left = []
    for text, marks in runs:
        kept = text[count:]
        count = max(0, count - len(text))
        if kept:
            left.append(Run(kept, marks))
    return left


def _folded(title: str) -> str:
    return " ".join(title.replace("&", " and ").casefold().split()).strip(" .:")
