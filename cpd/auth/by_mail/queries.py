"""Reading what waits to be confirmed."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select

from cpd.auth.by_mail.services import REGISTRATION
from cpd.auth.models import Token
from cpd.db import read_first


def hash_of_newest_registration(email_canon: str, *, now: datetime) -> str | None:
    """The hash of the token of the newest registration that waits for an address to be confirmed."""
    waiting = Token.purpose == REGISTRATION, Token.expires_at > now
    found = select(Token.token_hash).where(*waiting, Token.detail["email_canon"].as_string() == email_canon)
    row = read_first(found.order_by(Token.id.desc()).limit(1))
    return row.token_hash if row else None
