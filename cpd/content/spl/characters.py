"""Characters of label text: cleaned of what nobody sees, so that words part and join as they do for the eye."""

from __future__ import annotations

import re
import unicodedata

# Spaces of any width are one space. C1 controls are what Windows wrote where it meant quotation marks and dashes.
_SPACES = "\t\r\n\x85\xa0\u1680\u2028\u2029\u202f\u205f\u3000" + "".join(map(chr, range(0x2000, 0x200B)))
_UNSEEN = "\x7f\xad\ufeff" + "".join(map(chr, (*range(0x200B, 0x2010), *range(0x202A, 0x202F), *range(0x2060, 0x2070))))
_WINDOWS = {code: bytes([code]).decode("cp1252", errors="ignore") for code in range(0x80, 0xA0) if code != 0x85}
_TABLE = {
    **_WINDOWS,
    **dict.fromkeys(map(ord, _SPACES), " "),
    **dict.fromkeys(map(ord, _UNSEEN), ""),
    0xFFFE: "",
    0xFFFF: "",
}
# A unit, not the end of a word: 5 ug, µg/mL, and 5ug. SPEC wants mcg, which nobody reads as mg.
MICROGRAM_SIGNS = ("ug", "µg", "μg")
MICROGRAM = re.compile(r"(?<![^\W\d_])[uµμ]g(?![^\W_])")


def clean(text: str) -> str:
    """Text whose unseen characters are gone and whose spaces are plain; what was a line break is a space."""
    if text.isascii():
        return text.replace("\n", " ").replace("\t", " ").replace("\r", " ").replace("\x7f", "")
    return unicodedata.normalize("NFC", text.translate(_TABLE))


def line(text: str | None) -> str:
    """One line of clean text with single spaces and with mcg for micrograms."""
    return MICROGRAM.sub("mcg", " ".join(clean(text or "").split()))
