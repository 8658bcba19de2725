"""What a label says: its header, its products and its sections. Nothing of it is put into words here."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, datetime

from cpd.content.spl.characters import line
from cpd.content.spl.products import Product, products_of
from cpd.content.spl.reading import Element, LabelFault, child, children, value

PRESCRIPTION = "34391-3"
OVER_THE_COUNTER = "34390-5"
CLASS_INDEX = "60685-5"
# Labels of medicines for people. Those for animals, devices and ingredients are no monographs.
KINDS = {
    PRESCRIPTION: True,  # whether it is by prescription
    "45129-4": True,
    "53404-0": True,
    "53405-7": True,
    "53406-5": True,
    "53407-3": True,
    "58474-8": True,
    "60682-2": True,
    OVER_THE_COUNTER: False,
}
PRODUCT_DATA = "48780-1"
UUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
VERSION = re.compile(r"[0-9]{1,9}")


@dataclass(frozen=True)
class Section:
    """A section of a label with its elements as they are; `code` is empty where it has none."""

    code: str
    title: Element | None
    text: Element | None
    sections: tuple[Section, ...]
    highlights: tuple[Element, ...]


@dataclass(frozen=True)
class Label:
    """One version of one label."""

    set_id: str
    version: int
    kind: str
    title: Element | None
    effective: date | None
    company: str
    products: list[Product]
    sections: list[Section]
    root: Element

    @property
    def by_prescription(self) -> bool:
        return KINDS[self.kind]


def read_label(root: Element) -> Label:
    """The label in a tree. Raises LabelFault for what is no label, or one that can't be told apart from others."""
    if root.tag != "{urn:hl7-org:v3}document":
        raise LabelFault("is no label: its root is not an HL7 v3 document; take it out")
    kind = value(child(root, "code"), "code")
    if kind not in KINDS:
        name = line(value(child(root, "code"), "displayName")) or "without a name"
        raise LabelFault(f"is no label of a human medicine but a document of kind {kind or '?'} ({name}); take it out")
    set_id = value(child(root, "setId"), "root").lower()
    if not UUID.fullmatch(set_id):
        raise LabelFault("has no set id, by which it would be known again; download it again")
    version = value(child(root, "versionNumber"), "value")
    if not VERSION.fullmatch(version):
        raise LabelFault("has no version number; download it again")
    sections = [_section(each) for each in children(root, "component", "structuredBody", "component", "section")]
    return Label(
        set_id=set_id,
        version=int(version),
        kind=kind,
        title=child(root, "title"),
        effective=_day(value(child(root, "effectiveTime"), "value")),
        company=_company(root),
        products=_products(root),
        sections=sections,
        root=root,
    )


def code_of(section: Element) -> str:
    return value(child(section, "code"), "code")


def _products(root: Element) -> list[Product]:
    sections = root.iterfind(".//{urn:hl7-org:v3}section")
    return [product for each in sections if code_of(each) == PRODUCT_DATA for product in products_of(each)]


def _section(element: Element) -> Section:
    return Section(
        code=code_of(element),
        title=child(element, "title"),
        text=child(element, "text"),
        sections=tuple(_section(each) for each in children(element, "component", "section")),
        highlights=tuple(children(element, "excerpt", "highlight", "text")),
    )


def _company(root: Element) -> str:
    name = child(root, "author", "assignedEntity", "representedOrganization", "name")
    return line("".join(map(str, name.itertext()))) if name is not None else ""


def _day(text: str) -> date | None:
    try:
        day = datetime.strptime(text[:8], "%Y%m%d").date()  # noqa: DTZ007  # a date has no zone
    except ValueError:
        return None
    return day if 1900 <= day.year < 2200 else None
