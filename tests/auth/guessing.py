"""What somebody would try who knows the learner and the site: made by rules of its own, not by those that judge."""

from __future__ import annotations

import itertools
import random
from collections.abc import Iterator

from cpd.auth.professions import PROFESSIONS
from cpd.auth.words import COMMON, FAVOURITES, OF_HEALTH_TEXT

SITE = "Daybook"
LEARNER = ["Annabel Quackenbush", "annabel.quackenbush@example.org", "12A3456B"]
OWN = [SITE, *LEARNER]
TAILS = ("", "1", "!", "12", "123", "1!", "!!", "2024", "2026", "2026!", "99", "#1", "007")
WALKS = ("qwertyuiop", "asdfghjkl", "zxcvbnm", "1234567890", "qazwsxedc", "1q2w3e4r5t", "poiuytrewq", "abcdefghij")


def long_enough(words: Iterator[str]) -> Iterator[str]:
    return (word for word in words if 15 <= len(word) <= 256)


def of_words() -> Iterator[str]:
    """A word again and again, and two words joined, with tails."""
    pick = random.Random(21)  # noqa: S311  # the same every time
    words = sorted(FAVOURITES | COMMON)
    for word, tail in itertools.product(words, TAILS[:8]):
        yield word * (15 // len(word) + 1) + tail
    for tail, joint in itertools.product(TAILS, ("", " ", "-", ".", "_")):
        for _ in range(850):
            pair = joint.join(pick.sample(words, 2))
            yield pick.choice([pair, pair.title(), pair.upper(), pair.capitalize()]) + tail


def of_drugs() -> Iterator[str]:
    """A drug and a word of work, a drug with a year, a drug twice."""
    drugs = sorted(set(OF_HEALTH_TEXT.split()))
    for drug, tail in itertools.product(drugs, TAILS):
        yield f"{drug}{drug}{tail}"
        yield f"{drug.title()}-nurse{tail}"
        yield f"my{drug}password{tail}"


def of_professions() -> Iterator[str]:
    for profession, tail in itertools.product(PROFESSIONS, TAILS):
        joined = "".join(profession.title().split())
        for made in (joined, joined.lower(), f"{SITE}{joined}", f"iama{joined.lower()}", f"{joined}{joined}"):
            yield made + tail


def of_keys_and_counts() -> Iterator[str]:
    for first, second, tail in itertools.product(WALKS, WALKS, TAILS):
        yield first + second + tail
        yield first + second[::-1].upper() + tail
    for start, length in itertools.product(range(10), range(15, 40)):
        yield "".join(str((start + step) % 10) for step in range(length))
    for sign, length in itertools.product("aA1!. x9", range(15, 60)):
        yield sign * length


def of_dates() -> Iterator[str]:
    """Two dates, or a month and a date."""
    for year, month, day in itertools.product(range(1950, 2030, 3), range(1, 13), (1, 7, 15, 28)):
        yield f"{day:02}{month:02}{year}{day:02}{month:02}{year}"
        yield f"{year}-{month:02}-{day:02}{year}-{month:02}-{day:02}"
        yield f"{day:02}/{month:02}/{year} {SITE}"


def of_the_learner() -> Iterator[str]:
    pieces = ["annabel", "quackenbush", "annabelquackenbush", "12a3456b", "lebanna", "daybook", "example"]
    for first, second, tail in itertools.product(pieces, [*pieces, "nhs", "love", "doctor", "2026"], TAILS):
        for joint in ("", ".", "-", " "):
            yield f"{first}{joint}{second}{tail}"
            yield f"{first.title()}{joint}{second.title()}{tail}"


def everything() -> set[str]:
    makers = (of_words, of_drugs, of_professions, of_keys_and_counts, of_dates, of_the_learner)
    return {word for make in makers for word in long_enough(make())}
