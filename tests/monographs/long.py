"""A label as long as the longest: 1.5 MB of plain text and tables, the same each time."""

from __future__ import annotations

import random
import re

from cpd.monographs.sections import SECTIONS

WORDS = re.findall(
    r"[a-z]+",
    "the drug dose patients treated with daily plasma concentration increase risk of adverse reactions hepatic renal"
    " impairment clinical trials placebo controlled weeks",
)
# kilobytes of each section, about as in the longest labels
SIZES = {
    "Dosage": 90,
    "Warnings and precautions": 250,
    "Interactions": 120,
    "Adverse reactions": 310,
    "Use in specific populations": 80,
    "Clinical pharmacology": 200,
    "Clinical studies": 390,
    "Patient counselling": 60,
}


def long_body(share: float = 1.0) -> str:
    """The sections of a monograph of 1.5 MB, or of a share of it."""
    drawn = random.Random(7)  # noqa: S311  # made-up text
    return "\n".join(_section(title, SIZES.get(title, 3) * share * 1_000, drawn) for title in SECTIONS)


def _section(title: str, size: float, drawn: random.Random) -> str:
    made = [f"## {title}\n"]
    left = size
    while left > 0:
        made += [f"### {len(made)} {_words(drawn, 3)}\n", *(_paragraph(drawn) for _ in range(4)), _table(drawn)]
        left -= sum(map(len, made[-6:]))
    return "\n".join(made)


def _words(drawn: random.Random, count: int) -> str:
    return " ".join(drawn.choices(WORDS, k=count))


def _paragraph(drawn: random.Random) -> str:
    return f"{_words(drawn, 90).capitalize()} at {drawn.randint(1, 900)} mg daily.\n"


def _table(drawn: random.Random) -> str:
    rows = [f"| {_words(drawn, 2)} | {drawn.randint(1, 40)} % | {drawn.randint(0, 30)} % |" for _ in range(40)]
    return "\n".join(["| Reaction | Drug, n = 400 | Placebo, n = 398 |", "|---|---|---|", *rows, ""])
