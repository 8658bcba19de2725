"""The words of an account's name, by which those who run the site find it."""

from __future__ import annotations

import re
import unicodedata

from sqlalchemy import delete, insert

from cpd.auth.models import NameWord
from cpd.db import db

WITHIN_A_WORD = "'\u2019."  # O'Brien is one word, and so is Dr.


def words_of(name: str) -> list[str]:
    """The different words of a name, without capitals, accents and punctuation, in order."""
    plain = unicodedata.normalize("NFKD", name).casefold()
    kept = "".join(letter for letter in plain if not unicodedata.combining(letter) and letter not in WITHIN_A_WORD)
    return sorted(set(re.findall(r"\w+", kept)))


def keep_words(account_id: int, name: str) -> None:
    """Let an account be found by the words of this name and by no others. The caller commits."""
    db.session.execute(delete(NameWord).where(NameWord.account_id == account_id))
    words = [{"account_id": account_id, "word": word} for word in words_of(name)]
    if words:
        db.session.execute(insert(NameWord), words)
