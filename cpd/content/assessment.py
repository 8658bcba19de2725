"""The body of a module: learning text, and the assessment as data with its pieces of text."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from cpd.content.source import Problem, Source
from cpd.modules.marking import Assessment, Kind, Question, canonical_unit

MOST_QUESTIONS = 100
MOST_OPTIONS = 8
LETTERS = "abcdefgh"
LONGEST_NUMBER = 200  # characters of its line
EXAMPLE = "= 0.6 mL ± 0.02"

Line = tuple[int, str]  # its number in the file, and its text

_HEADING = re.compile(r" {0,3}(#{1,6})(?!#)(.*)")
_DEFINITION = re.compile(r" {0,3}(?:\[\^[^\]]+\]:|\*\[[^\]]+\] ?:|\[[^\]^][^\]]*\]: +\S)")
_FOOTNOTE = re.compile(r" {0,3}\[\^[^\]]+\]:")
_OPTION = re.compile(r" {0,3}[-*+] +\[([ xX])\](?: +(.*))?")
_MISWRITTEN_OPTION = re.compile(r" {0,3}[-*+] *\[ *[^\]^]? *\](?![(:\[])")
_FEEDBACK = re.compile(r" *> ?(.*)")
_NUMBER = re.compile(r" {0,3}=(?!=)\s*(.*)")
_AMOUNT = r"[-+]?[0-9]+(?:\.[0-9]+)?"
_VALUE = re.compile(rf"({_AMOUNT})(?:\s*((?![eE][-+0-9])(?:[^\W\d_]|[%°]).*?))?(?:\s*(?:±|\+/?-)\s*([^\s].*?))?\s*")


@dataclass
class Body:
    """A module's body taken apart. `pieces` are in the order of the file, by name: "q1.lead", "q1.a", "q1.a.why"."""

    text: str  # learning text, with all footnote definitions and abbreviations
    assessment: Assessment | None = None
    pieces: dict[str, str] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)


@dataclass
class _Option:
    line: int
    right: bool
    text: list[str]
    feedback: list[str] = field(default_factory=list)


@dataclass
class _Draft:
    """A question while it is read."""

    line: int
    lead: str
    vignette: list[str] = field(default_factory=list)
    options: list[_Option] = field(default_factory=list)
    numbers: list[Line] = field(default_factory=list)
    why: list[str] = field(default_factory=list)


def read_body(source: Source, *, external: bool = False) -> Body:
    """Take a module's body apart, with everything that is wrong with its assessment.

    The assessment is what follows the heading “## Assessment”. A module needs one, an external module has none.
    """
    lines = list(source.body_lines())
    starts = [index for index, (_, line) in enumerate(lines) if _is_assessment(line)]
    if not starts:
        body = Body(text=source.body)
        if not external:
            body.problems.append(
                Problem(source.path, lines[-1][0], "has no assessment; end the text with “## Assessment” and questions")
            )
        return body

    learning, rest = lines[: starts[-1]], lines[starts[-1] :]
    lifted, rest = _lift_definitions(rest)
    body = Body(text="\n".join(line for _, line in [*learning, (0, ""), *lifted]).strip("\n"))
    reader = _AssessmentReader(source.path)
    for index in starts[:-1]:
        reader.report(lines[index][0], "is a second assessment; keep one, as the last ## heading")
    if external:
        reader.report(rest[0][0], "an external module has no assessment; take it out, or take out “external”")
    body.assessment = reader.read(rest)
    body.pieces = reader.pieces
    body.problems = reader.problems
    return body


def heading(line: str) -> tuple[int, str] | None:
    """The level and text of a line that is a heading."""
    match = _HEADING.fullmatch(line)
    return (len(match[1]), match[2].strip().rstrip("#").rstrip()) if match else None


def _is_assessment(line: str) -> bool:
    found = heading(line)
    return found is not None and found[0] == 2 and found[1].lower() == "assessment"


def _lift_definitions(lines: Sequence[Line]) -> tuple[list[Line], list[Line]]:
    """Footnotes, abbreviations and link addresses, apart from the other lines."""
    lifted: list[Line] = []
    kept: list[Line] = []
    inside = blank = footnote = False
    for number, line in lines:
        if _DEFINITION.match(line):
            inside, footnote = True, bool(_FOOTNOTE.match(line))
        elif not line.strip():
            blank = True
            (lifted if inside else kept).append((number, line))
            continue
        elif inside and not (footnote and (line.startswith("    ") or not blank)):
            inside = False
        if inside and blank and lifted:
            lifted.append((number, ""))
        blank = False
        (lifted if inside else kept).append((number, line))
    return lifted, kept


class _AssessmentReader:
    def __init__(self, path: str) -> None:
        self.path = path
        self.problems: list[Problem] = []
        self.pieces: dict[str, str] = {}

    def report(self, line: int, message: str, *, warning: bool = False) -> None:
        self.problems.append(Problem(self.path, line, message, warning))

    def read(self, lines: Sequence[Line]) -> Assessment:
        intro, drafts = self._cut(lines[1:])
        self._keep("intro", intro)
        if not drafts:
            self.report(lines[0][0], "the assessment has no questions; begin each with “### ” and what is asked")
        if len(drafts) > MOST_QUESTIONS:
            self.report(drafts[MOST_QUESTIONS].line, f"the assessment has more than {MOST_QUESTIONS} questions")
        return Assessment(tuple(self._question(f"q{n}", draft) for n, draft in enumerate(drafts[:MOST_QUESTIONS], 1)))

    def _cut(self, lines: Sequence[Line]) -> tuple[list[str], list[_Draft]]:
        """What stands before the first question, and the questions."""
        intro: list[str] = []
        drafts: list[_Draft] = []
        part = _QuestionLines(self, _Draft(0, ""))
        for number, line in lines:
            found = heading(line)
            if found and found[0] == 3:
                drafts.append(_Draft(number, found[1]))
                part = _QuestionLines(self, drafts[-1])
            elif found and found[0] < 3:
                self.report(number, f"the heading “{found[1][:60]}” stands after the assessment; move it before it")
            elif drafts:
                part.take(number, line)
            else:
                intro.append(line)
                if _OPTION.fullmatch(line):
                    self.report(
                        number, "is an option without a question; put a line “### ” with the question before it"
                    )
        return intro, drafts

    def _question(self, name: str, draft: _Draft) -> Question:
        if not draft.lead:
            self.report(draft.line, "the question is empty; write what is asked after “### ”")
        self.pieces[f"{name}.lead"] = draft.lead
        self._keep(f"{name}.vignette", draft.vignette)
        question = self._numeric(name, draft) if draft.numbers else self._choice(name, draft)
        self._keep(f"{name}.why", draft.why)
        return question

    def _choice(self, name: str, draft: _Draft) -> Question:
        options = draft.options
        right = [option.right for option in options].count(True)
        if not options:
            self.report(draft.line, f"the question has neither options nor a number; add “- [x] …” or “{EXAMPLE}”")
        elif not 2 <= len(options) <= MOST_OPTIONS:
            self.report(options[0].line, f"the question has {len(options)} options; give it 2 to {MOST_OPTIONS}")
        if options and not right:
            self.report(options[0].line, "no option is marked as right; write “- [x]” before each right one")
        key = set()
        seen: set[str] = set()
        for letter, option in zip(LETTERS, options, strict=False):
            self._option(f"{name}.{letter}", option, seen)
            if option.right:
                key.add(letter)
        kind: Kind = "multiple" if right > 1 else "single"
        return Question(name, kind, options=tuple(LETTERS[: len(options)]), key=frozenset(key), line=draft.line)

    def _option(self, name: str, option: _Option, seen: set[str]) -> None:
        text = " ".join(" ".join(option.text).split())
        if not text:
            self.report(option.line, "the option is empty; write its text after the brackets")
        elif text.lower() in seen:
            self.report(option.line, f"the option “{text[:60]}” is there twice; change one")
        seen.add(text.lower())
        self.pieces[name] = text
        if not self._keep(f"{name}.why", option.feedback):
            self.report(option.line, "the option has no feedback; add a line “  > Why …” under it", warning=True)

    def _numeric(self, name: str, draft: _Draft) -> Question:
        number, text = draft.numbers[0]
        for line, _ in draft.numbers[1:]:
            self.report(line, "the question has several numbers; keep one, or make two questions")
        if draft.options:
            self.report(draft.options[0].line, "the question has options and a number; keep one of the two")
        match = _VALUE.fullmatch(text[:LONGEST_NUMBER].replace("\N{MINUS SIGN}", "-"))
        if not match:
            self.report(number, f"“= {text[:60]}” is no number with its unit; write it like “{EXAMPLE}”")
            return Question(name, "number", value=Decimal(0), line=draft.line)
        value, unit = Decimal(match[1]), match[2] or ""
        if not unit:
            self.report(number, f"the number has no unit; write it like “{EXAMPLE}”, or say what is counted")
        return Question(
            name, "number", value=value, unit=unit, tolerance=self._tolerance(number, match[3], unit), line=draft.line
        )

    def _tolerance(self, line: int, text: str | None, unit: str) -> Decimal:
        if text is None:
            return Decimal(0)
        match = re.fullmatch(rf"({_AMOUNT})\s*(.*)", text)
        if match and (not match[2] or canonical_unit(match[2]) == canonical_unit(unit)) and Decimal(match[1]) >= 0:
            return Decimal(match[1])
        self.report(line, f"the tolerance “{text[:60]}” is no number in {unit or 'the same unit'}; write “{EXAMPLE}”")
        return Decimal(0)

    def _keep(self, name: str, lines: Sequence[str]) -> bool:
        text = "\n".join(lines).strip("\n")
        if text.strip():
            self.pieces[name] = text
        return bool(text.strip())


class _QuestionLines:
    """Sorts the lines of one question into vignette, options with feedback, number, and explanation."""

    def __init__(self, reader: _AssessmentReader, draft: _Draft) -> None:
        self.reader = reader
        self.draft = draft
        self.blank = False

    def take(self, number: int, line: str) -> None:
        draft = self.draft
        answered = bool(draft.options or draft.numbers)
        option, amount = _OPTION.fullmatch(line), _NUMBER.fullmatch(line)
        if option:
            if draft.why:
                self.reader.report(number, "the option stands after the explanation; move it to the other options")
            draft.options.append(_Option(number, option[1] != " ", [option[2] or ""]))
        elif _MISWRITTEN_OPTION.match(line):
            self.reader.report(number, "write an option as “- [ ] text”, or “- [x] text” if it is right")
        elif amount and not draft.why:
            draft.numbers.append((number, amount[1]))
        elif not line.strip():
            self._blank()
            return
        elif draft.options and not draft.why and self._belongs_to_option(line):
            pass
        else:
            (draft.why if answered else draft.vignette).append(line)
        self.blank = False

    def _blank(self) -> None:
        self.blank = True
        draft = self.draft
        if draft.why:
            draft.why.append("")
        elif not draft.options and not draft.numbers:
            draft.vignette.append("")

    def _belongs_to_option(self, line: str) -> bool:
        """Put a line of feedback, or the next line of a long option, where it belongs."""
        option = self.draft.options[-1]
        indented = line.startswith("  ")
        feedback = _FEEDBACK.fullmatch(line)
        if feedback and (indented or not self.blank):
            option.feedback += ["", feedback[1]] if self.blank and option.feedback else [feedback[1]]
        elif not indented and self.blank:
            return False
        elif option.feedback:
            option.feedback += ["", line.strip()] if self.blank else [line.strip()]
        else:
            option.text.append(line.strip())
        return True
