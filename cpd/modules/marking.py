"""Assessments as data, and the rules by which they are marked."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Any, Literal

Kind = Literal["single", "multiple", "number"]
Answer = str | Sequence[str] | None  # what was typed, or the options that were chosen; nothing at all is a blank
LONGEST_NUMBER = 30  # characters


class UnknownAnswer(Exception):
    """An answer names a question, or an option, that the assessment lacks."""


class NotANumber(ValueError):
    """What was typed can't be read as one certain number. Its text says what to type instead."""


@dataclass(frozen=True)
class Question:
    """One question of a revision.

    Its stem and options are text, kept with the rendering. A number question has no options;
    its value is in the printed unit, and right within the tolerance on either side.
    """

    id: str
    kind: Kind
    options: tuple[str, ...] = ()
    key: frozenset[str] = frozenset()
    value: Decimal | None = None
    unit: str = ""
    tolerance: Decimal = Decimal(0)
    line: int = 0

    def is_right(self, answer: Answer) -> bool:
        """Whether the answer scores; a blank never does.

        Raises UnknownAnswer for an option that this question lacks, and NotANumber.
        """
        if self.value is not None:
            return self._is_right_number(answer)
        chosen = set(_as_list(answer))
        unknown = chosen - set(self.options)
        if unknown:
            raise UnknownAnswer(*sorted(f"{self.id}: {option[:20]}" for option in unknown))
        return chosen == self.key

    def _is_right_number(self, answer: Answer) -> bool:
        typed = _as_list(answer)
        if len(typed) > 1:
            raise UnknownAnswer(f"{self.id}: more than one number")
        if not typed or self.value is None:
            return False
        return abs(read_number(typed[0], self.unit) - self.value) <= self.tolerance

    def to_json(self) -> dict[str, Any]:
        """The question as plain data; numbers are text, so that no decimal is lost."""
        return {
            "id": self.id,
            "kind": self.kind,
            "options": list(self.options),
            "key": sorted(self.key),
            "value": None if self.value is None else str(self.value),
            "unit": self.unit,
            "tolerance": str(self.tolerance),
            "line": self.line,
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Question:
        """The question that to_json wrote."""
        return cls(
            id=data["id"],
            kind=data["kind"],
            options=tuple(data["options"]),
            key=frozenset(data["key"]),
            value=None if data["value"] is None else Decimal(data["value"]),
            unit=data["unit"],
            tolerance=Decimal(data["tolerance"]),
            line=data["line"],
        )


@dataclass(frozen=True)
class Assessment:
    """The questions of one revision, in the order of the file."""

    questions: tuple[Question, ...]

    def to_json(self) -> dict[str, Any]:
        """The assessment as plain data."""
        return {"questions": [question.to_json() for question in self.questions]}

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Assessment:
        """The assessment that to_json wrote."""
        return cls(tuple(Question.from_json(question) for question in data["questions"]))


@dataclass(frozen=True)
class Mark:
    """The result of one attempt, with the pass mark it was judged by."""

    score: int
    out_of: int
    pass_mark: int  # per cent, 1-100

    @property
    def passed(self) -> bool:
        # Whole numbers, not fractions: 7 of 10 must always pass at 70 %.
        return self.out_of > 0 and self.score * 100 >= self.pass_mark * self.out_of


def mark_assessment(assessment: Assessment, answers: Mapping[str, Answer], pass_mark: int) -> Mark:
    """Mark one attempt at an assessment.

    answers maps a question's id to the options chosen or the number typed. A question is worth
    one mark, all or nothing: one option too few or too many scores 0. A question left out is
    wrong, and still counts in out_of. pass_mark is per cent.

    Raises UnknownAnswer if an answer names a question or an option that the assessment lacks,
    and NotANumber if a typed number can't be read (a form asks read_number first).
    """
    unknown = answers.keys() - {question.id for question in assessment.questions}
    if unknown:
        raise UnknownAnswer(*sorted(name[:20] for name in unknown))

    score = sum(question.is_right(answers.get(question.id)) for question in assessment.questions)
    return Mark(score=score, out_of=len(assessment.questions), pass_mark=pass_mark)


def read_number(text: str, unit: str) -> Decimal:
    """The number that was typed beside its printed unit.

    "0,6", "1 000" (with any kind of space), "+0.6" and a typed unit that is the printed one are
    understood. What could be read in two ways is refused: "1,000" is a thousand in London and
    one in Paris.

    Raises NotANumber, with words for the learner.
    """
    if len(text) > LONGEST_NUMBER:
        raise NotANumber(f"Type the number in at most {LONGEST_NUMBER} characters")
    match = _TYPED.fullmatch(" ".join(text.translate(_TYPING).split()))
    if not match:
        raise NotANumber("Type a plain number, such as 0.6")

    typed_unit = match["unit"]
    if typed_unit and canonical_unit(typed_unit) != canonical_unit(unit):
        wanted = f"in {unit}, " if unit else ""
        raise NotANumber(f"Type the number {wanted}without “{typed_unit}”")
    return _decimal(match["sign"] + _plain_digits(match["digits"].rstrip()))


def canonical_unit(unit: str) -> str:
    """One spelling for all spellings of a unit: "micrograms per day", "mcg/day" and "µg/day" are the same."""
    words = " ".join(unit.lower().split()).rstrip(".")
    parts = re.split(r" ?/ ?| per (?!cent)", words)
    return "/".join(_UNITS.get(part) or _singular(part) for part in parts)


def _as_list(answer: Answer) -> list[str]:
    given = [answer] if isinstance(answer, str) else list(answer or ())
    return [text for text in given if text.strip()]


def _plain_digits(digits: str) -> str:
    """Digits with at most one decimal point, from digits as they were typed."""
    if " " in digits:
        whole, mark, rest = _split_decimals(digits)
        if not re.fullmatch(r"[1-9]\d{0,2}( \d{3})+", whole) or " " in rest:
            raise NotANumber("Type the number without spaces")
        return whole.replace(" ", "") + (mark and ".") + rest
    if digits.count(",") + digits.count(".") > 1:
        return _without_thousands(digits)
    if re.fullmatch(r"[1-9]\d{0,2},\d{3}", digits):
        whole, decimals = digits.split(",")
        short = decimals.rstrip("0") or "0"
        raise NotANumber(f"“{digits}” can be read in two ways: type {whole}{decimals} or {whole}.{short}")
    return digits.replace(",", ".")


def _split_decimals(digits: str) -> tuple[str, str, str]:
    marks = re.findall(r"[.,]", digits)
    if len(marks) > 1:
        raise NotANumber("Type the number without thousands separators")
    return digits.partition(marks[0]) if marks else (digits, "", "")


def _without_thousands(digits: str) -> str:
    for thousands, decimal in ((",", "."), (".", ",")):
        groups = rf"[1-9]\d{{0,2}}(\{thousands}\d{{3}})+(\{decimal}\d+)?"
        if re.fullmatch(groups, digits):
            return digits.replace(thousands, "").replace(decimal, ".")
    raise NotANumber("Type the number without thousands separators")


def _decimal(digits: str) -> Decimal:
    try:
        return Decimal(digits)
    except InvalidOperation:
        raise NotANumber("Type a plain number, such as 0.6") from None


def _singular(word: str) -> str:
    return word[:-1] if len(word) > 3 and word.endswith("s") and not word.endswith("ss") else word


def _spellings(groups: Iterable[str]) -> dict[str, str]:
    return {word: words.split(",")[0] for words in groups for word in words.split(",")}


# The micro sign and the Greek letter mu look alike and are two characters.
_UNITS = _spellings(
    [
        "microgram,micrograms,mcg,ug,\N{MICRO SIGN}g,\N{GREEK SMALL LETTER MU}g",
        "nanogram,nanograms,ng",
        "mg,milligram,milligrams,milligramme,milligrammes",
        "g,gram,grams,gramme,grammes",
        "kg,kilogram,kilograms,kilogramme,kilogrammes,kilo,kilos",
        "ml,mls,millilitre,millilitres,milliliter,milliliters",
        "l,litre,litres,liter,liters",
        "microlitre,microlitres,microliter,microliters,\N{MICRO SIGN}l,\N{GREEK SMALL LETTER MU}l",
        "mmol,mmols,millimole,millimoles",
        "micromole,micromoles,micromol,\N{MICRO SIGN}mol,\N{GREEK SMALL LETTER MU}mol",
        "unit,units,iu,international unit,international units",
        "%,percent,per cent",
        "second,seconds,sec,secs,s",
        "minute,minutes,min,mins",
        "hour,hours,hr,hrs,h",
        "day,days,d,24 hours,24 h",
        "week,weeks,wk,wks",
        "mm,millimetre,millimetres,millimeter,millimeters",
        "cm,centimetre,centimetres,centimeter,centimeters",
    ]
)
_TYPED = re.compile(r"(?P<sign>[+-]?) ?(?P<digits>[0-9.,][0-9., ]*)(?P<unit>\D.*)?")
_TYPING = {ord("\N{MINUS SIGN}"): "-"}
