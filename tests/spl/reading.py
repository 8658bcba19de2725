"""What a label says, read from its XML by other means than the importer's, to hold a monograph against.

Nothing of cpd/content/spl is used here. A text becomes words: blocks and line breaks part words, inline elements do
not. Raised and lowered signs have a mark, `↟2` and `↡2`, so that no exponent can become a plain digit unseen.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from lxml import etree

from cpd.content.markup import words as words_in
from cpd.monographs.sections import SECTIONS

HL7 = "{urn:hl7-org:v3}"
OTC = "34390-5"
PLR = "43685-7"  # the section that only labels in the new layout have
BOXED, USE, DOSAGE, CONTRAINDICATIONS, WARNINGS, INTERACTIONS, ADVERSE, POPULATIONS, ABUSE = SECTIONS[:9]
OVERDOSAGE, SUPPLIED, DESCRIPTION, PHARMACOLOGY, TOXICOLOGY, STUDIES, REFERENCES, COUNSELLING = SECTIONS[9:]

HEADINGS = {
    BOXED: "34066-1",
    USE: "34067-9",
    DOSAGE: "34068-7",
    CONTRAINDICATIONS: "34070-3",
    WARNINGS: "43685-7 34071-1 42232-9 34072-9",
    INTERACTIONS: "34073-7 34074-5",
    ADVERSE: "34084-4 90374-0 90375-7",
    POPULATIONS: "43684-0 42228-7 77290-5 34080-2 77291-3 34081-0 34082-8 88828-9 88829-7 34077-8 34078-6 34079-4",
    ABUSE: "42227-9 34085-1 34086-9 34087-7",
    OVERDOSAGE: "34088-5",
    SUPPLIED: "34069-5 44425-7",
    DESCRIPTION: "34089-3",
    PHARMACOLOGY: "34090-1 43679-0 43681-6 43682-4 49489-8",
    TOXICOLOGY: "43680-8 34083-6 34091-9",
    STUDIES: "34092-7",
    REFERENCES: "34093-5",
    COUNSELLING: "34076-0",
}
HEADING_OF = {code: heading for heading, codes in HEADINGS.items() for code in codes.split()}
# SPEC.md has no heading for these: what the importer does not place it must name as left out.
ANYWHERE = words_in("43678-2 55106-9 55105-1 51727-6 60561-8 53413-1")
NO_CLINICAL_TEXT = words_in("48780-1 51945-4 42231-1 42230-3 68498-5 59845-8 43683-2 48779-3")

BLOCKS = words_in("paragraph list item caption table thead tbody tfoot tr td th text title br renderMultiMedia")
BULLETS = words_in("• o ○ ◦ ● ▪ ■ □ · ∙ ‣ – - —") | {""}
UNSEEN = re.compile("[\u00ad\u200b-\u200f\u2060\ufeff]")
EDGE = "\x1e"  # of a block: a space to all that looks for spaces
RAISED, LOWERED, END = "↟", "↡", "\ue003"  # the last is gone in the end
GOES_ON = re.compile(f"{END}(.)(?:([^\\S{EDGE}]*)\\1)?")  # where the next sup follows on a sup
AFTER_SHIFT = re.compile(f"([{RAISED}{LOWERED}]+)(\\s+)")
MICRO = re.compile("(?:\\bu|[µμ])g\\b")


@dataclass(frozen=True)
class Ingredient:
    """An active ingredient with its strength as the label gives it."""

    kind: str  # ACTIM, ACTIB or ACTIR
    substance: str
    moieties: tuple[str, ...]
    strength: str  # as people write it: "0.25 mg/mL"

    @property
    def named(self) -> str:
        """What the strength is a strength of."""
        return self.moieties[0] if self.kind == "ACTIM" and self.moieties else self.substance


@dataclass(frozen=True)
class Product:
    """A product, or a part of a kit."""

    name: str
    generic: str
    form: str
    ingredients: tuple[Ingredient, ...]
    parts: tuple[Product, ...]
    schedule: str

    def all(self) -> Iterator[Product]:
        """Itself, or its parts if it is a kit."""
        if not self.parts:
            yield self
        for part in self.parts:
            yield from part.all()


@dataclass(frozen=True)
class Text:
    """The words of one text, without its footnotes, and these."""

    words: tuple[str, ...]
    footnotes: tuple[tuple[str, ...], ...] = ()
    marks: int = 0  # places that refer to a footnote
    tables: tuple[tuple[tuple[tuple[str, ...], ...], ...], ...] = ()  # rows of cells of words
    fractions: tuple[tuple[str, ...], ...] = ()  # an underlined numerator, before a break and its denominator


@dataclass(frozen=True)
class Section:
    """A section without its subsections. `heading` is that of SPEC.md, None where it has none."""

    code: str
    title: str
    heading: str | None
    begins: bool  # is not within another section of its heading
    free: bool  # may stand under any heading, or be left out and named
    text: Text
    highlight: tuple[str, ...]  # what Highlights say of it


@dataclass
class Label:
    """A label as its XML has it; `sections` in the order of the document."""

    set_id: str
    version: int
    effective: str  # year-month-day
    company: str
    title: str
    kind: str
    products: list[Product]
    sections: list[Section] = field(default_factory=list)

    def under(self, heading: str) -> list[Section]:
        return [section for section in self.sections if section.heading == heading]

    def headings(self) -> set[str]:
        """The headings for which the label has any text."""
        return {section.heading for section in self.sections if section.heading and section.text.words}


def read_label(source: Path | bytes) -> Label:
    """A label from its file or its bytes."""
    data = source if isinstance(source, bytes) else source.read_bytes()
    root = etree.fromstring(data)
    day = _attribute(root, "effectiveTime", "value")
    kind = _attribute(root, "code", "code")
    top = root.findall(_path("component/structuredBody/component/section"))
    label = Label(
        set_id=_attribute(root, "setId", "root"),
        version=int(_attribute(root, "versionNumber", "value")),
        effective=f"{day[:4]}-{day[4:6]}-{day[6:8]}",
        company=_line(root.find(_path("author/assignedEntity/representedOrganization/name"))),
        title=_line(root.find(HL7 + "title")),
        kind=kind,
        products=[_product(each) for each in root.iterfind(f".//{_path('subject/manufacturedProduct')}")],
    )
    in_new_layout = any(_attribute(section, "code", "code") == PLR for section in root.iter(HL7 + "section"))
    for section in top:
        label.sections += _sections(section, None, kind == OTC, in_new_layout)
    return label


def words(text: str) -> tuple[str, ...]:
    """The words of a text; micrograms are mcg, spaces are spaces, and what nobody sees is not there."""
    seen = UNSEEN.sub("", unicodedata.normalize("NFC", text))
    joined = GOES_ON.sub(r"\2", seen).replace(END, "")
    return tuple(MICRO.sub("mcg", AFTER_SHIFT.sub(r"\2\1", joined)).split())


def shift(name: str, inside: str) -> tuple[str, str]:
    """What stands for the beginning and the end of a sup or sub that has something in it; nothing for all else."""
    start = {"sup": RAISED, "sub": LOWERED}.get(name, "") if UNSEEN.sub("", inside).strip() else ""
    return start, f"{END}{start}" if start else ""


def number_with_unit(found: Sequence[str]) -> list[str]:
    """Every "number unit" of a text, as written."""
    return [match[0] for match in _AMOUNT.finditer(" ".join(found))]


_AMOUNT = re.compile(
    r"(?<![\w.,])[0-9][0-9.,]*(?: ?(?:to|-|–) ?[0-9][0-9.,]*)?[ -]?"
    r"(?:mcg|mg|g|kg|mL|L|mmol|mEq|units?|U|%|hours?|days?|weeks?|months?|years?|minutes?|times?|tablets?)"
    r"(?:/(?:[0-9.]+ ?)?(?:kg|mL|day|hour|min|m↟?2|dose|dL|L|g))*(?!\w)"
)


def strength_of(quantity: etree._Element | None) -> str:
    """A quantity as people write it: ug is mcg, and what is per 1 of itself says no unit twice."""
    if quantity is None:
        return ""
    (amount, unit), (per, of) = (_amount(quantity.find(HL7 + name)) for name in ("numerator", "denominator"))
    below = "" if of in ("", "1") and per == "1" else of if per == "1" else f"{per} {of}"
    return f"{amount} {unit}".strip() + (f"/{below}" if below else "")


def _amount(element: etree._Element | None) -> tuple[str, str]:
    if element is None:
        return "1", ""
    unit = element.get("unit", "")
    return element.get("value", ""), {"ug": "mcg", "[USP'U]": "USP units", "U": "units", "1": ""}.get(unit, unit)


def _product(wrapper: etree._Element) -> Product:
    inner = wrapper.find(HL7 + "manufacturedProduct")
    policy = wrapper.find(_path("subjectOf/policy[@classCode='DEADrugSchedule']/code"))
    schedule = "" if policy is None else policy.get("displayName", "")
    assert inner is not None
    return _made(inner, schedule)


def _made(product: etree._Element, schedule: str = "") -> Product:
    return Product(
        name=_line(product.find(HL7 + "name")),
        generic=_line(product.find(_path("asEntityWithGeneric/genericMedicine/name"))),
        form=_attribute(product, "formCode", "displayName"),
        ingredients=tuple(
            _ingredient(each) for each in product.iterfind(HL7 + "ingredient") if each.get("classCode") in _ACTIVE
        ),
        parts=tuple(_made(part) for part in product.iterfind(_path("part/partProduct"))),
        schedule=schedule,
    )


_ACTIVE = ("ACTIM", "ACTIB", "ACTIR")


def _ingredient(element: etree._Element) -> Ingredient:
    substance = element.find(HL7 + "ingredientSubstance")
    assert substance is not None
    return Ingredient(
        kind=element.get("classCode", ""),
        substance=_line(substance.find(HL7 + "name")),
        moieties=tuple(_line(name) for name in substance.iterfind(_path("activeMoiety/activeMoiety/name"))),
        strength=strength_of(element.find(HL7 + "quantity")),
    )


def _sections(element: etree._Element, parent: str | None, otc: bool, in_new_layout: bool) -> Iterator[Section]:
    """A section and those in it. In the new layout what is nested belongs where it stands, whatever its code."""
    code = _attribute(element, "code", "code")
    heading = HEADING_OF.get(code)
    if heading == BOXED and otc:
        heading = WARNINGS
    if code in NO_CLINICAL_TEXT or code in ANYWHERE:
        heading = None
    elif heading is None or (parent and (in_new_layout or otc or parent in (BOXED, CONTRAINDICATIONS))):
        heading = parent
    title = element.find(HL7 + "title")
    yield Section(
        code=code,
        title=_line(title),
        heading=heading,
        begins=heading != parent,
        free=code in ANYWHERE or (heading is None and code not in NO_CLINICAL_TEXT),
        text=read_text(element.find(HL7 + "text")),
        highlight=tuple(word for text in element.iterfind(_path("excerpt/highlight/text")) for word in _words(text)),
    )
    for child in element.iterfind(_path("component/section")):
        yield from _sections(child, heading, otc, in_new_layout)


def read_text(element: etree._Element | None) -> Text:
    """The words, tables and footnotes of a text."""
    if element is None:
        return Text(())
    notes = list(element.iter(HL7 + "footnote"))
    return Text(
        words=_words(element),
        footnotes=tuple(found for found in map(_words, notes) if found),
        marks=sum(1 for note in notes if _words(note)) + sum(1 for _ in element.iter(HL7 + "footnoteRef")),
        tables=tuple(
            tuple(tuple(_words(cell) for cell in row if _name(cell) in ("td", "th")) for row in table.iter(HL7 + "tr"))
            for table in element.iter(HL7 + "table")
        ),
        fractions=tuple(_fractions(element)),
    )


def _fractions(element: etree._Element) -> Iterator[tuple[str, ...]]:
    """What is underlined above something else: above a break, and words after it."""
    for part in element.iter(HL7 + "content"):
        after = part.getnext()
        if "underline" not in part.get("styleCode", "") or _name(after) != "br" or (part.tail or "").strip():
            continue
        below = [after.tail or "", *("".join(each.itertext()) + (each.tail or "") for each in after.itersiblings())]
        if words("".join(below)):
            yield _words(part)


def _words(element: etree._Element) -> tuple[str, ...]:
    return words("".join(_pieces(element, top=True)))


def _pieces(element: etree._Element, *, top: bool = False) -> Iterator[str]:
    name = _name(element)
    if not top and (name in ("footnote", "footnoteRef", "") or _parts_marks(element) or _is_bullet(element)):
        return
    around = EDGE if name in BLOCKS else ""
    start, end = shift(name, "".join(element.itertext()))
    yield around + start
    yield _numbered(element)
    yield f"[Image: {_description(element)}]" if name == "renderMultiMedia" else element.text or ""
    for child in element:
        yield from _pieces(child)
        yield child.tail or ""
    yield end + around


def _is_bullet(element: etree._Element) -> bool:
    in_item = _name(element) == "caption" and _name(element.getparent()) == "item"
    return in_item and "".join(element.itertext()).strip() in BULLETS


def _parts_marks(element: etree._Element) -> bool:
    """Whether an element is nothing but the comma between the marks of two footnotes."""
    between = {_name(element.getprevious()), _name(element.getnext())} <= {"footnote", "footnoteRef"}
    return _name(element) == "sup" and between and "".join(element.itertext()).strip() == ","


def _numbered(element: etree._Element) -> str:
    """The letter of an item in a list that is lettered by its style, which HTML has no other way to keep."""
    parent = element.getparent()
    if _name(element) == "item" and parent is not None and parent.get("styleCode", "") == "LittleAlpha":
        return f"{chr(ord('a') + parent.index(element))}. "
    return ""


def _description(element: etree._Element) -> str:
    """What a picture shows, as the label says it."""
    wanted = element.get("referencedObject")
    for media in element.getroottree().iter(HL7 + "observationMedia"):
        if media.get("ID") == wanted:
            return _line(media.find(HL7 + "text"))
    return ""


def _name(element: etree._Element | None) -> str:
    """The local name; nothing for a comment or a processing instruction."""
    if element is None or not isinstance(element.tag, str):
        return ""
    return etree.QName(element).localname


def _line(element: etree._Element | None) -> str:
    return "" if element is None else " ".join(_words(element))


def _attribute(element: etree._Element, path: str, name: str) -> str:
    found = element.find(_path(path))
    return "" if found is None else found.get(name, "")


def _path(path: str) -> str:
    return "/".join(HL7 + part for part in path.split("/"))
