"""Drafts out of a label's Highlights: what is there word for word, short, and says one thing. An editor confirms it.

Nothing is guessed: where no statement fits, or more than one does, the fact stays absent.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from cpd.content.facts import Indication
from cpd.content.spl.label import Label, Section
from cpd.content.spl.narrative import Block, ListBlock, Narrative, Paragraph, plain

LONGEST_NAME = 160  # characters of an indication's name
LONGEST_FACT = 400
BOXED, INDICATIONS, DOSING, CONTRAINDICATIONS = "34066-1", "34067-9", "34068-7", "34070-3"
INTERACTIONS, POPULATIONS = "34073-7", "43684-0"

_REFERENCE = re.compile(
    r"\s*[(\[]\s*(?:see\s+)?\d{1,2}(?:\.\d{1,2})?(?:\s*[,)(;]+\s*\d{1,2}(?:\.\d{1,2})?)*\s*[)\]]\s*(?=[.;]?\s*$)"
)
_CHAPTER = re.compile(r"\d+(?:\.\d+)?")
_NOT_FOR = re.compile(
    r"\bnot\b|\bno\b|limitations? of use|contraindicat|\bavoid|unknown|insufficient|should be used only",
    re.IGNORECASE,
)
_INDICATED = re.compile(
    r"\bindicated\s*(?::|(?:as|in|for|to)\b)(?:\s*(?:for\s+)?(?:the\s+)?"
    r"(?:treatment|management|relief|prevention|prophylaxis)\s+of(?:\s*:)?)?",
    re.IGNORECASE,
)
_CHILDREN = r"pa?ediatric|child|adolescent|infant|neonat|newborn|younger|birth"
_SPECIAL = (
    rf"{_CHILDREN}|renal|hepatic|impairment|elderly|geriatric|inhibitor|inducer|concomitant|coadminist|co-administ"
)
# What a statement of the Highlights on dosing must and must not contain to be the one that answers.
_FACTS = {
    "adult_start": (r"\b(?:starting|initial|start)\b.*\d", rf"{_SPECIAL}|maintenance|titrat|maximum"),
    "usual_maximum": (r"\bmaxim(?:um|al)\b.*\d", rf"{_SPECIAL}|starting|initial"),
    "renal_impairment": (r"\brenal\b|creatinine clearance|\begfr\b", _CHILDREN),
    "stopping": (r"\bdiscontinu(?:e|ing|ation)\b.*\b(?:gradual|slow|taper|decrease)|\btaper", _CHILDREN),
}


def indications(label: Label, narrative: Narrative) -> list[Indication]:
    """Named uses from the Highlights on indications. What the drug is not for never becomes one."""
    blocks = _highlights(label, narrative, INDICATIONS)
    found: dict[str, Indication] = {}
    for name, use in _uses(blocks):
        name = _name(name)
        if name and len(name) <= LONGEST_NAME:
            found.setdefault(name.casefold(), Indication(name, use if use != name else ""))
    return list(found.values())


def key_facts(label: Label, narrative: Narrative) -> dict[str, str]:
    """Key facts from the Highlights, each a line."""
    found = {"key_warning": _warning(label, narrative)}
    dosing = list(_statements(_highlights(label, narrative, DOSING)))
    for key, (must, must_not) in _FACTS.items():
        texts = [*dosing]
        if key == "renal_impairment":
            texts += _statements(_highlights(label, narrative, POPULATIONS))
        fitting = [
            text
            for text in texts
            if re.search(must, text, re.IGNORECASE) and not re.search(must_not, text, re.IGNORECASE)
        ]
        found[key] = fitting[0] if len(fitting) == 1 else ""
    found["avoid_in"] = _together(_statements(_highlights(label, narrative, CONTRAINDICATIONS)))
    found["interacts_with"] = _together(_statements(_highlights(label, narrative, INTERACTIONS)))
    return {key: text for key, text in found.items() if text and len(text) <= LONGEST_FACT}


def _warning(label: Label, narrative: Narrative) -> str:
    """What the boxed warning warns of, as its own title says it."""
    if not label.by_prescription:
        return ""
    boxed = [section for section in _all(label.sections) if section.code == BOXED]
    if len(boxed) != 1 or not boxed[0].highlights:
        return ""
    title = " ".join(plain(narrative.text(boxed[0].title, None)[0]).split())
    return title if re.match(r"warnings?\s*:\s*\S", title, re.IGNORECASE) else ""


def _uses(blocks: list[Block]) -> Iterator[tuple[str, str]]:
    """Name and statement of each use: items after "indicated for:", or what follows "indicated for"."""
    leading = False
    for block in blocks:
        if isinstance(block, Paragraph):
            text = _said(plain(block.runs))
            if re.match(r"limitations?\s+of\s+use", text, re.IGNORECASE):
                return
            match = _INDICATED.search(text)
            leading = bool(match) and not _NOT_FOR.search(text)
            rest = text[match.end() :].strip(" :.") if match else ""
            if leading and rest and not text.endswith(":"):
                yield rest, text
                leading = False
        elif isinstance(block, ListBlock) and leading:
            yield from _listed(block)


def _listed(block: ListBlock) -> Iterator[tuple[str, str]]:
    for item in block.items:
        first = next((each for each in item.blocks if isinstance(each, Paragraph)), None)
        text = _said(plain(first.runs)) if first else ""
        if re.match(r"limitations?\s+of\s+use", text, re.IGNORECASE):
            return
        if text and len(item.blocks) == 1 and not _NOT_FOR.search(text):
            yield text, text


def _name(text: str) -> str:
    """A use without the words that lead to it."""
    lead = re.compile(
        r"^(?:(?:for|in|as|to|the)\s+)*(?:(?:treatment|management|relief)\s+of\s+)?(?:the\s+)?(?:following\s*:?\s*)?",
        re.IGNORECASE,
    )
    short = lead.sub("", text, count=1).strip(" :.;")
    return short[:1].upper() + short[1:]


def _statements(blocks: Iterable[Block]) -> Iterator[str]:
    """Each paragraph and item as a statement. An item with more below it is read with its own list."""
    for block in blocks:
        if isinstance(block, Paragraph):
            if text := _said(plain(block.runs)):
                yield text
        elif isinstance(block, ListBlock):
            for item in block.items:
                inner = list(_statements(item.blocks))
                # What stands under another line is said of that line alone.
                if len(inner) == 1:
                    yield inner[0]
                elif inner:
                    yield " ".join(inner)


def _together(statements: Iterable[str]) -> str:
    texts = [text.rstrip(".;") for text in statements]
    if any(re.fullmatch(r"none(?: known)?", text, re.IGNORECASE) for text in texts):
        return ""
    return "; ".join(texts)


def _said(text: str) -> str:
    """A statement without the numbers of the sections that it refers to at its end."""
    text = " ".join(text.split())
    match = _REFERENCE.search(text)
    if match and all(float(number) < 18 for number in _CHAPTER.findall(match[0])):
        text = f"{text[: match.start()]}{text[match.end() :]}"
    return text.strip()


def _highlights(label: Label, narrative: Narrative, code: str) -> list[Block]:
    """The blocks of the Highlights on a subject."""
    sections = [section for section in _all(label.sections) if section.code == code]
    return [block for section in sections for text in section.highlights for block in narrative.text(None, text)[1]]


def _all(sections: Iterable[Section]) -> Iterator[Section]:
    for section in sections:
        yield section
        yield from _all(section.sections)
