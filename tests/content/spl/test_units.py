"""Quantities of product data in words."""

from decimal import Decimal

import pytest

from cpd.content.spl.units import Quantity, decimal, number, strength, unit


@pytest.mark.parametrize(
    ("text", "printed"),
    [
        (".5", "0.5"),
        ("0.50", "0.5"),
        ("5.0", "5"),
        ("5.", "5"),
        ("100", "100"),
        ("1000", "1000"),
        ("10000", "10,000"),
        ("1E4", "10,000"),
        ("1.0E7", "10,000,000"),
        ("0.0625", "0.0625"),
        ("1e-7", "0.0000001"),
        ("0", "0"),
        ("0.0", "0"),
    ],
)
def test_a_number_has_no_trailing_zero_and_no_naked_decimal(text, printed):
    found = decimal(text)
    assert found is not None
    assert number(found) == printed


@pytest.mark.parametrize("text", ["", "x", "-1", "NaN", "Infinity", "1e400", "1" * 40, "1,5", "0x10"])
def test_what_is_no_plain_amount_is_none(text):
    assert decimal(text) is None


@pytest.mark.parametrize(
    ("code", "printed"),
    [
        ("mg", "mg"),
        ("ug", "mcg"),
        ("ug/mL", "mcg/mL"),
        ("U", "units"),
        ("[USP'U]", "USP units"),
        ("[iU]", "international units"),
        ("meq", "mEq"),
        ("1", ""),
        ("{spray}", ""),
        ("cm2", "cm²"),
        ("[unheard'of]", "[unheard'of]"),
    ],
)
def test_a_unit_is_printed_for_people_and_never_guessed(code, printed):
    assert unit(code) == printed


def quantity(text: str, unit_code: str) -> Quantity:
    return Quantity(Decimal(text), unit_code)


@pytest.mark.parametrize(
    ("numerator", "denominator", "printed"),
    [
        (quantity("4", "mg"), quantity("1", "1"), "4 mg"),
        (quantity("4", "mg"), None, "4 mg"),
        (quantity("500", "ug"), quantity("1", "mL"), "500 mcg/mL"),
        (quantity("125", "mg"), quantity("5", "mL"), "125 mg per 5 mL"),
        (quantity("100", "[USP'U]"), quantity("1", "mL"), "100 USP units/mL"),
        (quantity("25", "ug"), quantity("1", "h"), "25 mcg/hour"),
        (quantity("14", "mg"), quantity("24", "h"), "14 mg per 24 hours"),
        (quantity("3", "1"), quantity("1", "mL"), "3 per mL"),
        (Quantity(Decimal(5), "mg", Decimal(10)), quantity("1", "mL"), "5 to 10 mg/mL"),
        (None, quantity("1", "mL"), ""),
    ],
)
def test_a_strength_says_what_it_is_in(numerator, denominator, printed):
    assert strength(numerator, denominator) == printed
