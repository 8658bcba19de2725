"""Tokens that let whoever brings them do one thing once: rows with a purpose and an age, found by their SHA-256."""

from __future__ import annotations

import hashlib
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Row, delete, insert, select

from cpd.auth.models import Token
from cpd.db import db, read_first
from cpd.web.cookies import new_token

RESET = "reset"  # the purpose of what lets a password be set anew


def token_hash(token: str) -> str:
    return hashlib.sha256(token.encode("utf-8", "replace")).hexdigest()


def issue(
    purpose: str, *, account_id: int | None, now: datetime, lifetime: timedelta, detail: dict[str, Any] | None = None
) -> str:
    """A new token for one purpose: 256 random bits as 43 characters. The caller commits."""
    token = new_token()
    row = {
        "token_hash": token_hash(token),
        "purpose": purpose,
        "account_id": account_id,
        "detail": detail or {},
        "created_at": now,
        "expires_at": now + lifetime,
    }
    db.session.execute(insert(Token), row)
    return token


def find(purpose: str, token: str | None, *, now: datetime) -> Row[Any] | None:
    """What belongs to a token that still holds, as (id, account_id, detail, created_at), without using it up."""
    return find_hashed(purpose, token_hash(token or ""), now=now)


def find_hashed(purpose: str, hashed: str, *, now: datetime) -> Row[Any] | None:
    """The same, by the token's hash, which may be kept where the token must not."""
    columns = select(Token.id, Token.account_id, Token.detail, Token.created_at)
    return read_first(columns.where(*_holds(purpose, hashed, now)))


def take(purpose: str, token: str | None, *, now: datetime) -> Row[Any] | None:
    """What belongs to a token, as `find` gives it, which holds no longer. Of two at once one gets it."""
    return take_hashed(purpose, token_hash(token or ""), now=now)


def take_hashed(purpose: str, hashed: str, *, now: datetime) -> Row[Any] | None:
    """The same, by the token's hash."""
    columns = Token.id, Token.account_id, Token.detail, Token.created_at
    return db.session.execute(delete(Token).where(*_holds(purpose, hashed, now)).returning(*columns)).first()


def withdraw(purpose: str, account_id: int) -> None:
    """Let no token hold that an account has for a purpose. The caller commits."""
    db.session.execute(delete(Token).where(Token.purpose == purpose, Token.account_id == account_id))


def forget_old(*, now: datetime) -> None:
    """Delete tokens that hold no longer. The caller commits."""
    db.session.execute(delete(Token).where(Token.expires_at <= now))


def _holds(purpose: str, hashed: str, now: datetime) -> tuple[Any, ...]:
    return Token.token_hash == hashed, Token.purpose == purpose, Token.expires_at > now
