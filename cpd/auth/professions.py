"""Health professions, the bodies that register them, and what their numbers look like."""

from __future__ import annotations

import re
from dataclasses import dataclass

PROFESSIONS = (
    "Anaesthesia associate",
    "Art therapist",
    "Biomedical scientist",
    "Chiropractor",
    "Clinical scientist",
    "Dental care professional",
    "Dentist",
    "Dietitian",
    "Doctor",
    "Health visitor",
    "Hearing aid dispenser",
    "Midwife",
    "Nurse",
    "Nursing associate",
    "Occupational therapist",
    "Operating department practitioner",
    "Optometrist or dispensing optician",
    "Orthoptist",
    "Osteopath",
    "Paramedic",
    "Pharmacist",
    "Pharmacy technician",
    "Physician associate",
    "Physiotherapist",
    "Podiatrist",
    "Practitioner psychologist",
    "Prosthetist or orthotist",
    "Radiographer",
    "Social worker",
    "Speech and language therapist",
    "Student of a health profession",
    "Other",
)


@dataclass(frozen=True)
class Body:
    """A body that registers professionals: its name, the shape of its numbers, and that shape in words."""

    name: str
    shape: re.Pattern[str]
    expected: str


ANY_SHAPE, ANY_EXPECTED = re.compile(r"[A-Z0-9][A-Z0-9/-]{1,19}"), "2 to 20 letters and digits"
BODIES = {
    "GMC": Body("General Medical Council (GMC)", re.compile(r"[0-9]{7}"), "7 digits, like 1234567"),
    "NMC": Body(
        "Nursing and Midwifery Council (NMC)",
        re.compile(r"[0-9]{2}[A-Z][0-9]{4}[A-Z]"),
        "2 digits, a letter, 4 digits and a letter, like 12A3456B",
    ),
    "GPhC": Body("General Pharmaceutical Council (GPhC)", re.compile(r"[0-9]{7}"), "7 digits, like 2012345"),
    "GDC": Body("General Dental Council (GDC)", re.compile(r"[0-9]{1,6}"), "up to 6 digits, like 123456"),
    "HCPC": Body(
        "Health and Care Professions Council (HCPC)",
        re.compile(r"[A-Z]{2,3}[0-9]{4,6}"),
        "2 or 3 letters and 4 to 6 digits, like PH123456",
    ),
    "GOC": Body("General Optical Council (GOC)", ANY_SHAPE, ANY_EXPECTED),
    "PSNI": Body("Pharmaceutical Society of Northern Ireland (PSNI)", ANY_SHAPE, ANY_EXPECTED),
    "Other": Body("Another body", ANY_SHAPE, ANY_EXPECTED),
}


class WrongNumber(ValueError):
    """Not a number that the body gives out; its text says what is expected."""


def read_number(typed: str, body: str) -> str:
    """A registration number as its body writes it: capitals, no spaces; "" stays "". Raises WrongNumber."""
    number = "".join(typed.split()).upper()
    if not number:
        return ""
    if body not in BODIES:
        raise WrongNumber("Choose the body that gave you this number")
    if not BODIES[body].shape.fullmatch(number):
        raise WrongNumber(
            f"A number of the {body} has {BODIES[body].expected}" if body != "Other" else f"Enter {ANY_EXPECTED}"
        )
    return number
