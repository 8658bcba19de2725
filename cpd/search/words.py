"""What somebody typed as words: folded as the index folds them, so that case, accents and hyphens make no difference.

Whatever is typed is text. Nothing in it is an operator, and nothing in it is refused.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache

from tantivy import Filter, TextAnalyzer, TextAnalyzerBuilder, Tokenizer


def _set_of(text: str) -> frozenset[str]:
    return frozenset(text.split())


LONGEST = 200  # characters of a question that are read
MOST_WORDS = 8
LONGEST_WORD = 60  # bytes; the index keeps no longer one
LONGEST_START = 15  # letters of a word that completion looks up at once
# Words that say nothing about what is wanted, where others do.
SMALL_WORDS = _set_of(
    """
    a about an and are as at be by can do does for from has have how i in is it its not of on or s should t than that
    the their then there these this to was what when which who why will with you your
    """
)
_HYPHEN = re.compile(r"(?<=\w)[-\u2010\u2011\u2013\u00ad](?=\w)")


def _analyzer(*filters: Filter, tokenizer: Tokenizer | None = None) -> TextAnalyzer:
    builder = TextAnalyzerBuilder(tokenizer or Tokenizer.simple()).filter(Filter.remove_long(LONGEST_WORD))
    for each in (Filter.lowercase(), Filter.ascii_fold(), *filters):
        builder = builder.filter(each)
    return builder.build()


PLAIN = _analyzer()
STEMMED = _analyzer(Filter.stemmer("english"))
STARTS = TextAnalyzerBuilder(Tokenizer.ngram(1, LONGEST_START, prefix_only=True)).build()


@dataclass(frozen=True)
class Question:
    """What somebody looks for. `typed` is fit to be shown; `cut` says that only its first words are looked for."""

    typed: str
    words: tuple[str, ...]
    cut: bool = False

    @property
    def whole(self) -> str:
        return " ".join(self.words)


def read_question(typed: str) -> Question:
    """The words of what was typed, without the small ones if there are others, each once."""
    shown = " ".join("".join(letter if letter.isprintable() else " " for letter in typed[: 2 * LONGEST]).split())
    found = folded_words(shown[:LONGEST])
    words = tuple(dict.fromkeys([word for word in found if word not in SMALL_WORDS] or found))
    return Question(shown[:LONGEST], words[:MOST_WORDS], cut=len(shown) > LONGEST or len(words) > MOST_WORDS)


def folded_words(text: str) -> list[str]:
    """The words of a text in small letters, without accents."""
    return PLAIN.analyze(unicodedata.normalize("NFC", text).encode(errors="replace").decode())


def folded(text: str) -> str:
    """A name as it is compared with others."""
    return " ".join(folded_words(text))


@lru_cache(maxsize=10_000)
def stem_of(word: str) -> str:
    """What a word has in common with its plural and other forms; the word itself if that is not known."""
    return next(iter(STEMMED.analyze(word)), word)


def without_hyphens(name: str) -> str:
    """A name written together: co-codamol becomes cocodamol."""
    return _HYPHEN.sub("", name)


def most_mistakes(word: str) -> int:
    """How many letters of a word may be mistyped; a number is never taken for another one."""
    if len(word) < 4 or any(letter.isdigit() for letter in word):
        return 0
    return 1 if len(word) < 8 else 2


def nearest(word: str, others: Iterable[str], *, starts: bool = False) -> list[str]:
    """Those of the others that may be meant by a mistyped word, or begin with it, the nearest first."""
    most = most_mistakes(word)
    near = {other: distance(word, other, most, starts=starts) for other in dict.fromkeys(others) if other != word}
    return sorted((other for other, far in near.items() if far <= most), key=lambda other: (near[other], other))


def distance(one: str, other: str, most: int, *, starts: bool = False) -> int:
    """How many letters are missing, added, changed or swapped with their neighbour; `most` + 1 if there are more.

    With `starts`, the other's beginning that is nearest counts, however it goes on.
    """
    too_far = most + 1
    if len(set(one) - set(other)) > most or len(one) - len(other) > most:
        return too_far
    if not starts and len(other) - len(one) > most:
        return too_far
    before: list[int] = []
    last = list(range(len(other) + 1))
    for row, letter in enumerate(one, 1):
        this = [row]
        for column, theirs in enumerate(other, 1):
            best = min(last[column] + 1, this[-1] + 1, last[column - 1] + (letter != theirs))
            if row > 1 and column > 1 and letter == other[column - 2] and one[row - 2] == theirs:
                best = min(best, before[column - 2] + 1)
            this.append(best)
        if min(this) > most:
            return too_far
        before, last = last, this
    return min(min(last) if starts else last[-1], too_far)
