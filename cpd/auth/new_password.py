"""A new password: what is asked of one, wherever it is chosen."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from wtforms import PasswordField
from wtforms.validators import InputRequired

from cpd.auth.guessable import why_guessable
from cpd.auth.passwords import LONGEST, SHORTEST, SHORTEST_BESIDE_A_FACTOR, normal
from cpd.forms import text_of


def shortest(*, beside_a_factor: bool) -> int:
    """The fewest characters of a password, of an account that has a second factor or has none."""
    return SHORTEST_BESIDE_A_FACTOR if beside_a_factor else SHORTEST


def why_refused(typed: str, *, own: Iterable[str | None], beside_a_factor: bool = False) -> str | None:
    """Why a password may not be chosen, in words, or None if it may.

    own: what others know of the learner, and the site's name.
    """
    password, least = normal(typed), shortest(beside_a_factor=beside_a_factor)
    if len(password) < least:
        return f"Use at least {least} characters"
    if len(password) > LONGEST:
        return f"Use at most {LONGEST} characters"
    if any("\ud800" <= character <= "\udfff" for character in password):
        return "Use characters that can be typed"
    return why_guessable(password, own=[text_of(text) for text in own], beside_a_factor=beside_a_factor)


class NewPasswordField(PasswordField):
    """The field in which a password is chosen. What it takes is judged by `why_refused`."""

    def __init__(self, label: str, **keywords: Any) -> None:
        super().__init__(label, [InputRequired("Choose a password")], **keywords)
        self.ask_for(shortest(beside_a_factor=False))

    def ask_for(self, characters: int) -> None:
        """Say how many characters it must have."""
        self.description = f"At least {characters} characters. Four or more random words are easy to remember."
        self.render_kw = {"autocomplete": "new-password", "data-shortest": characters}
