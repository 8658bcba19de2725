"""Drafts out of a label's Highlights: what is there word for word, short, and says one thing. An editor confirms it.

Nothing is guessed: where no statement fits, or more than one does, the fact stays absent.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from cpd.content.facts import Indication
from cpd.content.spl.label import Label, Section
from cpd.content.spl.narrative import Block, ListBlock, Narrative, Paragraph, Run, plain

LONGEST_NAME = 300  # characters of an indication's name
LONGEST_FACT = 400
BOXED, INDICATIONS, DOSING, CONTRAINDICATIONS = "34066-1", "34067-9", "34068-7", "34070-3"
INTERACTIONS, POPULATIONS = "34073-7", "43684-0"

_CHAPTER = re.compile(r"\d+(?:\.\d+)?")
_REFERENCE = re.compile(
    r"\s*[(\[]\s*(?:see\s+)?\d{1,2}(?:\.\d{1,2})?(?:\s*[,)(;]+\s*\d{1,2}(?:\.\d{1,2})?)*\s*[)\]]\s*(?=[.;]?\s*$)"
)
_LIMITATIONS = re.compile(r"limitations?\s+of\s+use", re.IGNORECASE)
_NOT_FOR = re.compile(
    r"\bnot\s+(?:\w+\s+)?(?:indicated|recommended|established|studied|evaluated|shown|approved|for\b)"
    r"|limitations? of use|should not|contraindicated|\bunknown\b",
    re.IGNORECASE,
)
_INDICATED = re.compile(
    r"\bindicated\s*(?::|(?:as|in|for|to)\b)(?:\s*(?:for\s+)?(?:the\s+)?(?:treatment|management|relief)\s+of(?:\s*:)?)?",
    re.IGNORECASE,
)
_LEAD = re.compile(r"^(?:(?:for|in|as|to|the)\s+)*", re.IGNORECASE)
_TREATMENT = re.compile(
    r"^(?:treatment|management|relief)\s+of\s+(?:the\s+)?(?!.*\band\s+(?:for|to|(?:the\s+)?reduc\w+)\b)", re.IGNORECASE
)
_CHILDREN = r"pa?ediatric|child|adolescent|infant|neonat|newborn|younger|\bbirth\b|years of age"
_SPECIAL = rf"{_CHILDREN}|renal|hepatic|impairment|elderly|geriatric|inhibitor|inducer|concomitant|co-?administ"
# What a statement of the Highlights on dosing must and must not say to be the answer; the third is what other answers
# would look like: where there is one, the first may hold for one use of several.
_FACTS = {
    "adult_start": (
        r"\b(?:starting|initial)\s+(?:[a-z]+\s+){0,2}(?:dose|dosage)\b.*\d|\bstart(?:ing)?\s+(?:at|with)\b.*\d",
        _SPECIAL,
        r"\bstart|\binitia",
    ),
    "usual_maximum": (r"\bmaxim(?:um|al)\b.*\d", _SPECIAL, r"\bmaxim"),
    "renal_impairment": (r"\brenal\b|creatinine clearance|\begfr\b", _CHILDREN, r"\brenal|\bcreatinine|\begfr"),
    "stopping": (r"\bdiscontinu(?:e|ing|ation)\b.*\b(?:gradual|slow|taper|decrease)|\btaper", _CHILDREN, r"\btaper"),
}
_RAISED = str.maketrans("0123456789+-−", "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁻")
_LOWERED = str.maketrans("0123456789", "₀₁₂₃₄₅₆₇₈₉")


def indications(label: Label, narrative: Narrative) -> list[Indication]:
    """Named uses from the Highlights on indications. What the drug is not for never becomes one.

    All of them or none: a list that leaves one out would read as if it were whole.
    """
    found: dict[str, Indication] = {}
    for name, use in _uses(_highlights(label, narrative, INDICATIONS)):
        short = _name(name)
        if not use or not short or len(short) > LONGEST_NAME:
            return []
        says_more = use.strip(" .").casefold() != short.casefold()
        found.setdefault(short.casefold(), Indication(short, _capital(use) if says_more else ""))
    return list(found.values())


def key_facts(label: Label, narrative: Narrative) -> dict[str, str]:
    """Key facts from the Highlights, each a line."""
    found = {"key_warning": _warning(label, narrative)}
    dosing = list(_statements(_highlights(label, narrative, DOSING)))
    populations = list(_statements(_highlights(label, narrative, POPULATIONS)))
    for key, (must, must_not, others) in _FACTS.items():
        texts = [*dosing, *(populations if key == "renal_impairment" else [])]
        general = [text for text in texts if not _says(must_not, text) and _says(others, text)]
        found[key] = general[0] if len(general) == 1 and _says(must, general[0]) else ""
    found["avoid_in"] = _together(_statements(_highlights(label, narrative, CONTRAINDICATIONS)))
    found["interacts_with"] = _together(_statements(_highlights(label, narrative, INTERACTIONS)))
    return {key: text for key, text in found.items() if text and len(text) <= LONGEST_FACT}


def _warning(label: Label, narrative: Narrative) -> str:
    """What the boxed warning warns of, as its own title says it."""
    boxed = [section for section in _all(label.sections) if section.code == BOXED]
    if not label.by_prescription or len(boxed) != 1 or not boxed[0].highlights:
        return ""
    title = _line(narrative.text(boxed[0].title, None)[0])
    return title if re.match(r"warnings?\s*:\s*\S", title, re.IGNORECASE) else ""


def _uses(blocks: list[Block]) -> Iterator[tuple[str, str]]:
    """Name and statement of each use: items after "indicated for:", or what follows "indicated for"."""
    leading = False
    for block in blocks:
        if isinstance(block, Paragraph):
            text = _said(block.runs)
            if _LIMITATIONS.match(text):
                return
            match = _INDICATED.search(text)
            leading = match is not None and not _NOT_FOR.search(text)
            rest = text[match.end() :].strip(" :.") if match else ""
            if leading and rest and not text.endswith(":"):
                yield rest, text
                leading = False
        elif isinstance(block, ListBlock) and leading:
            for item in block.items:
                text = _item(item.blocks)
                if _LIMITATIONS.match(text):
                    return
                if not _NOT_FOR.search(text):
                    yield text, text


def _item(blocks: list[Block]) -> str:
    """An item that is one line, or nothing."""
    return _said(blocks[0].runs) if len(blocks) == 1 and isinstance(blocks[0], Paragraph) else ""


def _name(text: str) -> str:
    """A use without the words that lead to it."""
    return _capital(_TREATMENT.sub("", _LEAD.sub("", text, count=1), count=1).strip(" :.;"))


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def _statements(blocks: Iterable[Block]) -> Iterator[str]:
    """Each paragraph and item as a statement. What stands under another line is said of that line, and joins it."""
    for block in blocks:
        if isinstance(block, Paragraph):
            if text := _said(block.runs):
                yield text
        elif isinstance(block, ListBlock):
            for item in block.items:
                if inner := " ".join(_statements(item.blocks)):
                    yield inner


def _together(statements: Iterable[str]) -> str:
    texts = [text.rstrip(".;") for text in statements]
    if any(re.fullmatch(r"none(?: known)?", text, re.IGNORECASE) for text in texts):
        return ""
    return "; ".join(texts)


def _says(pattern: str, text: str) -> bool:
    return re.search(pattern, text, re.IGNORECASE) is not None


def _said(runs: list[Run]) -> str:
    """A statement without the numbers of the sections that it refers to at its end."""
    text = _line(runs)
    match = _REFERENCE.search(text)
    if match and all(float(number) < 18 for number in _CHAPTER.findall(match[0])):
        text = f"{text[: match.start()]}{text[match.end() :]}"
    return text.strip()


def _line(runs: list[Run]) -> str:
    """Runs as plain text. 10 to the sixth must not become 106: what is raised or lowered stays so."""
    texts = []
    for text, marks in runs:
        if "sup" in marks or "sub" in marks:
            texts.append(text.translate(_RAISED if "sup" in marks else _LOWERED))
        else:
            texts.append(text)
    return re.sub(r"(?<=\bm) (?=[²³])", "", " ".join(plain([Run("".join(texts))]).split()))


def _highlights(label: Label, narrative: Narrative, code: str) -> list[Block]:
    """The blocks of the Highlights on a subject."""
    sections = [section for section in _all(label.sections) if section.code == code]
    return [block for section in sections for text in section.highlights for block in narrative.text(None, text)[1]]


def _all(sections: Iterable[Section]) -> Iterator[Section]:
    for section in sections:
        yield section
        yield from _all(section.sections)
