"""Class-index files: which pharmacological classes a substance belongs to, by its UNII."""

from __future__ import annotations

import re
from collections.abc import Iterable

from cpd.content.spl.characters import line
from cpd.content.spl.products import Product, everything
from cpd.content.spl.reading import Element, child, children, value

NAMESPACES = ("2.16.840.1.113883.3.26.1.5", "2.16.840.1.113883.6.345")
ESTABLISHED = "EPC"  # established pharmacologic class: what clinicians call it
_TAGGED = re.compile(r"(.*\S)\s*\[([A-Za-z/]+)\]")


class Classes:
    """What the class-index files of a run say."""

    def __init__(self) -> None:
        self._of: dict[str, list[str]] = {}

    def __len__(self) -> int:
        return len(self._of)

    def read(self, root: Element) -> int:
        """Take what a class index says. Gives the number of its substances."""
        substances = list(root.iter("{urn:hl7-org:v3}identifiedSubstance"))
        read = 0
        for substance in substances:
            unii = value(child(substance, "code"), "code")
            if unii and child(substance, "asSpecializedKind") is not None:
                self._of.setdefault(unii, [])
                self._of[unii] += [name for name in _established(substance) if name not in self._of[unii]]
                read += 1
        return read

    def of(self, products: Iterable[Product]) -> list[str]:
        """The established classes of what products hold: by the active moiety, else by the substance."""
        found: dict[str, None] = {}
        for product in everything(products):
            for ingredient in product.ingredients:
                names = next((self._of[unii] for unii in ingredient.unii if self._of.get(unii)), [])
                found.update(dict.fromkeys(names))
        return list(found)


def _established(substance: Element) -> list[str]:
    names = []
    for kind in children(substance, "asSpecializedKind", "generalizedMaterialKind"):
        code = child(kind, "code")
        tagged = _TAGGED.fullmatch(line(value(code, "displayName")))
        if tagged and tagged[2].upper() == ESTABLISHED and value(code, "codeSystem") in NAMESPACES:
            names.append(tagged[1])
    return names
