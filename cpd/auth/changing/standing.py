"""What changing a password depends on."""

from __future__ import annotations

from typing import Any

from flask import current_app
from sqlalchemy import Row

from cpd.auth import queries


def has_second_factor(account_id: int) -> bool:
    """Whether an account is signed in to with a second factor, so that a shorter password is enough."""
    standing = queries.standing_of(account_id)
    return standing is not None and bool(standing.has_app or standing.passkeys)


def own_words_of(owner: Row[Any]) -> list[str]:
    """What others know of a learner, and the site's name: no password may be made of it."""
    return [current_app.config["SETTINGS"].site_name, owner.name, owner.email, owner.registration_number]
