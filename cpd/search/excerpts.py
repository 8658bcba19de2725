"""The piece of a text that shows why it was found, with the words marked."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Sequence

from markupsafe import Markup, escape

from cpd.search.words import folded_words, stem_of

LENGTH = 200  # characters of an excerpt
BEFORE = 70  # of these, before the word that was found
LOOKED_AT = 12  # places of a word in a long text
ACCENTS_WITHIN = 60_000  # characters in which a word with accents is looked for
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
    stems = {stem_of(needle) for needle in needles}
    pieces: list[str] = []
    last = 0
    for found in WORD.finditer(text):
        length = _marked_length(found[0], needles, stems, starts=starts)
        if length:
            pieces += [str(escape(text[last : found.start()])), f"<mark>{escape(found[0][:length])}</mark>"]
            last = found.start() + length
    pieces.append(str(escape(text[last:])))
    return Markup("".join(pieces))  # noqa: S704  # each piece was escaped


def excerpt(text: str, needles: Sequence[str]) -> Markup | None:
    """The piece of a text round the needles, marked; None if none of them stands in it."""
    places = [place for needle in needles for place in _places(text, needle)]
    if not places:
        return None
    start, end = _window(text, _best(places))
    piece = text[start:end].replace("\n", " – ")
    return Markup("{}{}{}").format("… " if start else "", marked(piece, needles), " …" if end < len(text) else "")


def opening(text: str) -> str:
    """The beginning of a text."""
    start, end = _window(text, 0)
    return text[start:end].replace("\n", " – ") + (" …" if end < len(text) else "")


def _marked_length(word: str, needles: Sequence[str], stems: set[str], *, starts: bool) -> int:
    """How many letters of a word are marked."""
    words = folded_words(word)
    if not words:
        return 0
    plain = words[0]
    if starts:
        found = max((len(needle) for needle in needles if plain.startswith(needle)), default=0)
        return found if len(plain) == len(word) else (len(word) if found else 0)
    if plain in needles or stem_of(plain) in stems:
        return len(word)
    return 0


def _places(text: str, needle: str) -> list[int]:
    """Some places where a form of the word stands."""
    stem = stem_of(needle)
    root = _common_start(needle, stem)
    forms = dict.fromkeys((root, root.capitalize(), root.upper()))
    places = [place for form in forms for place in _find(text, form, stem)]
    if not places and not text[:ACCENTS_WITHIN].isascii():
        places = list(_find_accented(text[:ACCENTS_WITHIN], root, stem))
    return sorted(places)[:LOOKED_AT]


def _find(text: str, form: str, stem: str) -> Iterator[int]:
    place = -1
    for _ in range(LOOKED_AT):
        place = text.find(form, place + 1)
        if place < 0:
            return
        if _is_form(text, place, stem):
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
    found = WORD.match(text, place, place + 80)
    words = folded_words(found[0]) if found else []
    return bool(words) and stem_of(words[0]) == stem


def _common_start(needle: str, stem: str) -> str:
    """What all forms of a word begin with: its stem may end otherwise than the word does."""
    common = 0
    while common < min(len(needle), len(stem)) and needle[common] == stem[common]:
        common += 1
    return needle[: max(common, 1)]


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
