"""An identity that no account is linked with yet: it waits in this browser until somebody has shown whose it is.

The link is made in the transaction in which they are signed in, after the second factor and all other steps: a browser
that is half signed in changes nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from flask import current_app
from sqlalchemy import update

from cpd.auth import tokens
from cpd.auth.emails import Email
from cpd.auth.models import Token
from cpd.auth.sign_on import services
from cpd.auth.sign_on.asking import COOKIE
from cpd.auth.sign_on.identity import Identity
from cpd.db import db
from cpd.web import cookies

PURPOSE = "sign-on-identity"
LASTS = timedelta(minutes=15)


@dataclass(frozen=True)
class Waiting:
    """An identity with a verified address, and what the browser wants once it is signed in."""

    token_id: int
    identity: Identity
    email: Email
    wanted: str
    kept: str


def wait(identity: Identity, email: Email, *, wanted: str, kept: str, now: datetime) -> None:
    """Let an identity wait in this browser. The caller commits."""
    detail = {
        "issuer": identity.issuer,
        "subject": identity.subject,
        "name": identity.name,
        "email": email.typed,
        "email_canon": email.canon,
        "wanted": wanted,
        "kept": kept,
    }
    token = tokens.issue(PURPOSE, account_id=None, detail=detail, now=now, lifetime=LASTS)
    cookies.put(COOKIE, token, max_age=int(LASTS.total_seconds()))


def waiting(now: datetime) -> Waiting | None:
    """The identity that waits in this browser."""
    row = tokens.find(PURPOSE, cookies.value_of(COOKIE), now=now)
    if row is None:
        return None
    detail, email = row.detail, Email(row.detail["email"], row.detail["email_canon"])
    identity = Identity(detail["issuer"], detail["subject"], email, detail["name"])
    return Waiting(row.id, identity, email, detail["wanted"], detail["kept"])


def belongs_to(account_id: int, waits: Waiting) -> None:
    """Write down whose an identity is: who signs in to that account now has it linked. The caller commits."""
    db.session.execute(update(Token).where(Token.id == waits.token_id).values(account_id=account_id))


def take_over(account_id: int, now: datetime) -> None:
    """Link the identity that waits in this browser, if it was shown to belong to the account. The caller commits."""
    row = tokens.take(PURPOSE, cookies.value_of(COOKIE), now=now)
    if row is not None and row.account_id == account_id:
        services.link(
            account_id,
            row.detail["issuer"],
            row.detail["subject"],
            email_canon=row.detail["email_canon"],
            provider=current_app.config["SETTINGS"].sign_on_name,
            now=now,
        )
