"""The piece of a text that shows why it was found, with the words marked."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Sequence
from functools import lru_cache

from markupsafe import Markup, escape

from cpd.search.words import folded_words, stem_of

LENGTH = 200  # characters of an excerpt
BEFORE = 70  # of these, before the word that was found
LOOKED_AT = 4  # places of a word in a text
TRIED = 60  # places of its letters: they may stand within other words
ACCENTS_WITHIN = 60_000  # characters in which a word with accents is looked for
_ON, _OFF = "\ue000", "\ue001"  # signs for private use, which become the marks once the text is escaped
BETWEEN_LINES = " · "
WORD = re.compile(r"\w+")
_ACCENTED = {
    plain: "".join(
        chr(code)
        for code in range(0xC0, 0x250)
        if (base := unicodedata.normalize("NFD", chr(code))[0].lower()) == plain and base.isascii()
    )
    for plain in "abcdefghijklmnopqrstuvwxyz"
}


def marked(text: str, needles: Sequence[str], *, starts: bool = False) -> Markup:
    """A text as HTML in which the needles are marked in whatever form they stand, or as beginnings of words."""
    lengths: dict[str, int] = {}  # of what is marked of a word: most words of a text come again

    def mark(found: re.Match[str]) -> str:
        word = found[0]
        length = lengths.get(word)
        if length is None:
            length = lengths[word] = _marked_length(word, needles, starts=starts)
        if not length or _is_part_of_a_number(text, found.start(), found.end()):
            return word
        return f"{_ON}{word[:length]}{_OFF}{word[length:]}"

    if _ON in text or _OFF in text:
        text = text.replace(_ON, "").replace(_OFF, "")
    html = str(escape(_candidates(tuple(needles), text.isascii()).sub(mark, text) if needles else text))
    return Markup(html.replace(_ON, "<mark>").replace(_OFF, "</mark>"))  # noqa: S704  # it was escaped


@lru_cache(maxsize=256)
def _candidates(needles: tuple[str, ...], in_ascii: bool) -> re.Pattern[str]:
    """Words that may be a form of a needle: they begin alike, or have accents."""
    roots = sorted({re.escape(_root(needle)) for needle in needles}, key=len, reverse=True)
    accented = "" if in_ascii else r"|\w*[\u00c0-\u024f\u1e00-\u1eff\ufb00-\ufb06]\w*"
    return re.compile(rf"\b(?:(?:{'|'.join(roots)})\w*{accented})", re.IGNORECASE)


def excerpt(text: str, needles: Sequence[str]) -> Markup | None:
    """The piece of a text round the needles, marked; None if none of them stands in it."""
    places = [place for needle in needles for place in _places(text, needle)]
    if not places:
        return None
    start, end = _window(text, _best(places))
    html = marked(text[start:end], needles).replace("\n", BETWEEN_LINES)
    return Markup(f"{'… ' if start else ''}{html}{' …' if end < len(text) else ''}")  # noqa: S704  # it was escaped


def opening(text: str) -> str:
    """The beginning of a text."""
    start, end = _window(text, 0)
    return text[start:end].replace("\n", BETWEEN_LINES) + (" …" if end < len(text) else "")


def _marked_length(word: str, needles: Sequence[str], *, starts: bool) -> int:
    """How many letters of a word are marked."""
    plain = _plain(word)
    if starts:
        found = max((len(needle) for needle in needles if plain.startswith(needle)), default=0)
        return found if len(plain) == len(word) else (len(word) if found else 0)
    return len(word) if plain in needles or stem_of(plain) in map(stem_of, needles) else 0


def _is_part_of_a_number(text: str, start: int, end: int) -> bool:
    """Whether digits stand beside a decimal point: the 5 of 2.5 mg is no 5 mg."""
    before, after = text[max(0, start - 2) : start], text[end : end + 2]
    return text[start].isdigit() and (_joins(before[::-1]) or _joins(after))


def _joins(neighbours: str) -> bool:
    return neighbours[:1] in (".", ",") and neighbours[1:].isdigit()


def _plain(word: str) -> str:
    """A word of a text as the index folds it."""
    return word.lower() if word.isascii() else next(iter(folded_words(word)), "")


def _places(text: str, needle: str) -> list[int]:
    """Some places where a form of the word stands."""
    stem, root = stem_of(needle), _root(needle)
    places: list[int] = []
    for form in dict.fromkeys((root, root.capitalize(), root.upper())):
        if not places:
            places = list(_find(text, form, stem))
    if not places and not text[:ACCENTS_WITHIN].isascii():
        places = list(_find_accented(text[:ACCENTS_WITHIN], root, stem))
    return places


def _find(text: str, form: str, stem: str) -> Iterator[int]:
    place, found = -1, 0
    for _ in range(TRIED):
        place = text.find(form, place + 1)
        if place < 0 or found == LOOKED_AT:
            return
        if _is_form(text, place, stem):
            found += 1
            yield place


def _find_accented(text: str, root: str, stem: str) -> Iterator[int]:
    if not root.isascii():
        return
    letters = (f"[{letter}{letter.upper()}{_ACCENTED.get(letter, '')}]" for letter in root)
    for count, found in enumerate(re.finditer("".join(letters), text)):
        if count == LOOKED_AT:
            return
        if _is_form(text, found.start(), stem):
            yield found.start()


def _is_form(text: str, place: int, stem: str) -> bool:
    """Whether a word begins here that has this stem."""
    if place and (text[place - 1].isalnum() or text[place - 1] == "_"):
        return False
    found = WORD.match(text, place)
    return found is not None and stem_of(_plain(found[0])) == stem


def _root(needle: str) -> str:
    """What all forms of a word begin with: its stem may end otherwise than the word does."""
    common = 0
    for letter, other in zip(needle, stem_of(needle), strict=False):
        if letter != other:
            break
        common += 1
    return needle[:common] or needle


def _best(places: Sequence[int]) -> int:
    """The place after which most others follow closely."""
    ordered = sorted(places)
    return max(ordered, key=lambda place: (sum(place <= other < place + LENGTH - BEFORE for other in ordered), -place))


def _window(text: str, place: int) -> tuple[int, int]:
    """A piece of the text round a place, between two words. A number never stands at its edge without its unit."""
    start, end = max(0, place - BEFORE), min(len(text), place - min(place, BEFORE) + LENGTH)
    line = text.rfind("\n", start, place) + 1
    if line:
        start = line
    elif start:
        start = _after_a_space(text, start, place)
    if end < len(text) and (cut := max(text.rfind(" ", place + 1, end), text.rfind("\n", place + 1, end))) > place:
        end = cut
        while (space := text.rfind(" ", place + 1, end)) > place and any(sign.isdigit() for sign in text[space:end]):
            end = space
    return start, end


def _after_a_space(text: str, start: int, place: int) -> int:
    """The beginning of the next word; of the one after that if the one before ends with a number."""
    space = text.find(" ", start, place)
    if space < 0:
        return place
    before = text.rfind(" ", 0, space) + 1
    if any(sign.isdigit() for sign in text[before:space]):
        following = text.find(" ", space + 1, place)
        return following + 1 if following > 0 else place
    return space + 1
