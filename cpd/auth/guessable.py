"""Which passwords are too easy to guess: judged offline, by rules and short lists instead of a copied list.

A password is read as the cheapest row of parts: common words, the learner's own data, keyboard runs, sequences,
dates, repetitions, single characters. Each part costs what it takes to guess, in bits; too few in all is refused.
Three common words with a year and a mark are too few, four words that somebody picked at random are enough.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache

from cpd.auth.words import COMMON, FAVOURITES

ENOUGH = 30.0  # bits
ENOUGH_BESIDE_A_FACTOR = 16.5  # more than two common words
LONGEST_WORD = 34

OWN, REPEATED, KEYBOARD, SEQUENCE, DATE, WORD, OTHER = range(7)
REASONS = {
    OWN: "it is mostly your name, e-mail address, registration number or the name of this site",
    REPEATED: "it repeats itself",
    KEYBOARD: "it follows the keys of the keyboard",
    SEQUENCE: "it counts up or down",
    DATE: "it is mostly a date",
    WORD: "it is made of common words",
    OTHER: "it has too little that is unusual",
}
ADVICE = "Use four or more words that do not belong together."

OWN_COST, FAVOURITE_COST, WORD_COST = 2.0, 6.5, 8.0
RUN_COST, REPEAT_COST, YEAR_COST, DATE_COST = 4.0, 1.0, 4.0, 7.0
LETTER_COST, DIGIT_COST, MARK_COST, SAME_MARK_COST = 2.5, 2.5, 1.0, 0.2

ROWS = (
    "qwertyuiop",
    "asdfghjkl",
    "zxcvbnm",
    "qwertzuiop",
    "azertyuiop",
    "qwertyuiopasdfghjklzxcvbnm",
    "1qaz2wsx3edc4rfv5tgb6yhn7ujm8ik9ol0p",
    "qazwsxedcrfvtgbyhnujmikolp",
    "1q2w3e4r5t6y7u8i9o0p",
    "q1w2e3r4t5y6u7i8o9p0",
    "zaq1xsw2cde3vfr4bgt5nhy6mju7ki8lo9p0",
    '!"£$%^&*()',
    "!@#$%^&*()",
)
COUNTS = (
    "abcdefghijklmnopqrstuvwxyz",
    "01234567890",
    "0011223344556677889900",
    "aabbccddeeffgghhiijjkkllmmnnoopp",
    "24681012",
)
SHORTEST_RUN, SHORTEST_COUNT, SHORTEST_REPEAT = 4, 3, 6

YEAR = re.compile(r"(?:19|20)[0-9]{2}")
DAY = re.compile(
    r"(?:0[1-9]|[12][0-9]|3[01])(?:0[1-9]|1[0-2])(?:(?:19|20)[0-9]{2}|[0-9]{2})"
    r"|(?:0?[1-9]|[12][0-9]|3[01])([-/. ])(?:0?[1-9]|1[0-2])(?:\1(?:(?:19|20)[0-9]{2}|[0-9]{2}))?"
    r"|(?:19|20)[0-9]{2}([-/. ]?)(?:0[1-9]|1[0-2])\2(?:0[1-9]|[12][0-9]|3[01])"
)
# What stands for letters: "P@ssw0rd" is read as "password" too, 1 both as i and as l.
DISGUISES = tuple(str.maketrans("@403$571!|", f"aaoesst{one}{one}{one}") for one in "il")


@dataclass(frozen=True)
class Part:
    """A stretch of a password: how long, what it takes to guess, and what it is."""

    length: int
    cost: float
    kind: int


def why_guessable(password: str, *, own: Iterable[str] = (), beside_a_factor: bool = False) -> str | None:
    """Why a password is too easy to guess, as a sentence with advice, or None if it is not.

    own: the learner's name, e-mail address, registration number, and the site's name.
    beside_a_factor: whether it is good only together with a second factor, so that less is enough.
    """
    private = own_words(own)
    readings = {_plain(password), *(_plain(password).translate(disguise) for disguise in DISGUISES)}
    cost, parts = min((_cheapest(reading, private) for reading in sorted(readings)), key=lambda found: found[0])
    if cost >= (ENOUGH_BESIDE_A_FACTOR if beside_a_factor else ENOUGH):
        return None
    return f"This password is easy to guess: {REASONS[_main_kind(parts)]}. {ADVICE}"


def own_words(own: Iterable[str]) -> frozenset[str]:
    """The words somebody would try who knows the learner: each of 3 letters or more, also joined and backwards."""
    words = set()
    for text in own:
        pieces = [piece for piece in re.split(r"[\W_]+", text.casefold()) if piece]
        whole = "".join(pieces)
        words |= {word for word in (*pieces, whole, text.casefold()) if len(word) >= 3}
    return frozenset(words | {word[::-1] for word in words})


def _plain(password: str) -> str:
    return password.casefold()


def _cheapest(text: str, private: frozenset[str]) -> tuple[float, list[Part]]:
    """The least it takes to guess a text, and the parts it was read as."""
    nothing: list[Part] = []
    best = [(0.0, nothing), *[(math.inf, nothing)] * len(text)]
    for start in range(len(text)):
        so_far, parts = best[start]
        for part in _parts_at(text, start, private):
            end = start + part.length
            if so_far + part.cost < best[end][0]:
                best[end] = (so_far + part.cost, [*parts, part])
    return best[-1]


def _parts_at(text: str, start: int, private: frozenset[str]) -> Iterator[Part]:
    yield _single(text, start)
    yield from _words(text, start, private)
    for pattern, cost in ((YEAR, YEAR_COST), (DAY, DATE_COST)):
        if found := pattern.match(text, start):
            yield Part(found.end() - start, cost, DATE)
    for runs, shortest, kind in ((ROWS, SHORTEST_RUN, KEYBOARD), (COUNTS, SHORTEST_COUNT, SEQUENCE)):
        length = _run_length(text, start, runs)
        if length >= shortest:
            yield Part(length, RUN_COST, kind)
    length = _repeat_length(text, start)
    if length >= SHORTEST_REPEAT:
        yield Part(length, REPEAT_COST, REPEATED)


def _single(text: str, start: int) -> Part:
    character = text[start]
    if character.isalpha():
        return Part(1, LETTER_COST, OTHER)
    if start and text[start - 1] == character:
        return Part(1, SAME_MARK_COST, REPEATED)
    return Part(1, DIGIT_COST if character.isdigit() else MARK_COST, OTHER)


def _words(text: str, start: int, private: frozenset[str]) -> Iterator[Part]:
    for length in range(3, min(LONGEST_WORD, len(text) - start) + 1):
        word = text[start : start + length]
        if word in private:
            yield Part(length, OWN_COST, OWN)
        elif word in FAVOURITES:
            yield Part(length, FAVOURITE_COST, WORD)
        elif word in COMMON:
            yield Part(length, min(WORD_COST, LETTER_COST * length), WORD)


@cache
def _both_ways(runs: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(run for row in runs for run in (row, row[::-1]))


def _run_length(text: str, start: int, runs: tuple[str, ...]) -> int:
    longest = 0
    for run in _both_ways(runs):
        while text[start : start + longest + 1] in run and start + longest < len(text):
            longest += 1
    return longest


def _repeat_length(text: str, start: int) -> int:
    """How much of what comes here has stood before."""
    longest = 0
    while start + longest < len(text) and text.find(text[start : start + longest + 1], 0, start + longest) >= 0:
        longest += 1
    return longest


def _main_kind(parts: list[Part]) -> int:
    """The kind that most of the password is made of."""
    lengths = {kind: sum(part.length for part in parts if part.kind == kind) for kind in REASONS}
    return max(lengths, key=lambda kind: (lengths[kind], -kind))
