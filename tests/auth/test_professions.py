"""Registration numbers: what each body gives out, and what somebody is told who types another one."""

from __future__ import annotations

import pytest

from cpd.auth.professions import WrongNumber, read_number

EITHER = "A number of the {} has 2 to 20 letters and digits"


@pytest.mark.parametrize(
    ("body", "typed", "number"),
    [
        ("GMC", "1234567", "1234567"),
        ("GMC", " 123 45\t67\n", "1234567"),
        ("NMC", "12a3456b", "12A3456B"),
        ("GPhC", "2012345", "2012345"),
        ("GDC", "1", "1"),
        ("GDC", "123456", "123456"),
        ("HCPC", "ph 1234", "PH1234"),
        ("HCPC", "CHS123456", "CHS123456"),
        ("GOC", "01-23456/a", "01-23456/A"),
        ("PSNI", "a1", "A1"),
        ("Other", "x" * 20, "X" * 20),
        ("", " ", ""),
        ("Nobody", "", ""),
    ],
)
def test_a_number_is_kept_as_its_body_writes_it(body, typed, number):
    assert read_number(typed, body) == number


@pytest.mark.parametrize(
    ("body", "typed", "said"),
    [
        ("GMC", "123456", "A number of the GMC has 7 digits, like 1234567"),
        ("GMC", "12345678", "A number of the GMC has 7 digits, like 1234567"),
        ("GMC", "\u0661234567", "A number of the GMC has 7 digits, like 1234567"),
        (
            "NMC",
            "123456AB",
            "A number of the NMC has 2 digits, a letter, 4 digits and a letter, like 12A3456B",
        ),
        ("GPhC", "A012345", "A number of the GPhC has 7 digits, like 2012345"),
        ("GDC", "1234567", "A number of the GDC has up to 6 digits, like 123456"),
        ("HCPC", "P1234", "A number of the HCPC has 2 or 3 letters and 4 to 6 digits, like PH123456"),
        ("GOC", "-1", EITHER.format("GOC")),
        ("PSNI", "1", EITHER.format("PSNI")),
        ("Other", "x" * 21, "Enter 2 to 20 letters and digits"),
        ("", "1234567", "Choose the body that gave you this number"),
        ("gmc", "1234567", "Choose the body that gave you this number"),
    ],
)
def test_what_is_no_number_of_a_body_is_told_with_what_is_one(body, typed, said):
    with pytest.raises(WrongNumber) as refusal:
        read_number(typed, body)
    assert str(refusal.value) == said
