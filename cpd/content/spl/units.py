"""Quantities of product data as people read them: no trailing zero, no naked decimal, mcg and never ug."""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation

# UCUM as labels write it. What is not listed is printed as it stands: a unit is never guessed.
UNITS = {
    "1": "",
    "": "",
    "ug": "mcg",
    "ng": "nanograms",
    "U": "units",
    "[U]": "units",
    "[iU]": "international units",
    "[IU]": "international units",
    "k[iU]": "thousand international units",
    "[USP'U]": "USP units",
    "meq": "mEq",
    "[BAU]": "bioequivalent allergy units",
    "[AU]": "allergy units",
    "[PNU]": "protein nitrogen units",
    "[pfu]": "plaque-forming units",
    "[PFU]": "plaque-forming units",
    "[FFU]": "focus-forming units",
    "[CFU]": "colony-forming units",
    "[hp_X]": "X (homeopathic)",
    "[hp_C]": "C (homeopathic)",
    "[arb'U]": "arbitrary units",
    "[in_i]": "in",
    "cm2": "cm²",
    "mm2": "mm²",
    "m2": "m²",
    "L": "L",
    "l": "L",
    "ml": "mL",
    "uL": "microlitres",
    "umol": "micromol",
    "min": "minute",
    "h": "hour",
    "d": "day",
    "wk": "week",
}
_COUNTED = frozenset({"minute", "hour", "day", "week"})
_ANNOTATION = re.compile(r"\{[^{}]*\}")
COMMAS_FROM = 10_000
LONGEST = 30  # digits: no product has more


@dataclass(frozen=True)
class Quantity:
    """A number with its UCUM unit, or a range of them."""

    low: Decimal
    unit: str
    high: Decimal | None = None

    def __str__(self) -> str:
        numbers = number(self.low) if self.high is None else f"{number(self.low)} to {number(self.high)}"
        word = unit(self.unit)
        return f"{numbers} {word}{'s' if word in _COUNTED and numbers != '1' else ''}".strip()


def decimal(text: str) -> Decimal | None:
    """A plain number of product data, or None if it is none."""
    try:
        found = Decimal(text)
    except InvalidOperation:
        return None
    if not found.is_finite() or found < 0 or abs(found.adjusted()) > LONGEST or len(found.as_tuple().digits) > LONGEST:
        return None
    return found


def number(amount: Decimal) -> str:
    """0.5 for .50, 5 for 5.0, 10,000 for 1E4."""
    plain = format(amount, ",f" if amount >= COMMAS_FROM else "f")
    return (plain.rstrip("0").rstrip(".") if "." in plain else plain) or "0"


def unit(code: str) -> str:
    """A UCUM unit in words, "ug/mL" as mcg/mL."""
    if code in UNITS:
        return UNITS[code]
    parts = [UNITS.get(part, part) for part in _ANNOTATION.sub("", code).split("/")]
    return "/".join(parts)


def strength(numerator: Quantity | None, denominator: Quantity | None) -> str:
    """How much there is in one dose or volume: 4 mg, 500 mcg/mL, 125 mg per 5 mL. Empty if the label does not say."""
    if numerator is None:
        return ""
    if denominator is None:
        return str(numerator)
    per = unit(denominator.unit)
    if denominator.low == 1 and denominator.high is None:
        return f"{numerator}{f'/{per}' if per and unit(numerator.unit) else f' per {per}' if per else ''}"
    return f"{numerator} per {denominator}"
