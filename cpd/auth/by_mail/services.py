"""What is asked for by mail, and what the button behind a link does. None of these commits.

Asking does the same for every address, known or not: the rows are the same, and nothing is looked up. The worker finds
out later to whom which mail goes (`letters`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Row

from cpd.auth import services, tokens
from cpd.auth.emails import Email
from cpd.auth.services import Person
from cpd.outbox.services import ask_for

# Purposes of tokens. That of a registration is known to the browser that registered, that of its confirmation to
# whoever reads the mail.
REGISTRATION, CONFIRMATION = "registration", "confirmation"
REGISTRATION_LASTS = timedelta(days=3)
RESET_LASTS = timedelta(hours=1)
RESET_LASTS_BY_HAND = timedelta(days=1)  # where an operator hands over the link
ADDRESS_LASTS = timedelta(days=1)

# Kinds of rows in the outbox.
ASKED_TO_REGISTER, ASKED_TO_RESET, ASKED_TO_RESEND, ASKED_FOR_ADDRESS = "registration", "reset", "resend", "address"


@dataclass(frozen=True)
class Registration:
    """What waits for an address to be confirmed."""

    person: Person
    password_hash: str
    zone: str
    consents: Mapping[str, str]
    wanted: str

    def to_json(self) -> dict[str, Any]:
        return {**asdict(self), "email_canon": self.person.email.canon}


def registration_of(row: Row[Any]) -> Registration:
    """The registration that a token's row keeps."""
    kept = {name: value for name, value in row.detail.items() if name != "email_canon"}
    person = {**kept["person"], "email": Email(**kept["person"]["email"])}
    return Registration(**{**kept, "person": Person(**person)})


def ask_to_register(registration: Registration, *, is_due: bool, now: datetime) -> str:
    """Keep a registration until it is confirmed; gives the token by which its browser is known. The caller commits.

    is_due: whether the address may be sent one more mail.
    """
    detail = registration.to_json()
    token = tokens.issue(REGISTRATION, account_id=None, detail=detail, now=now, lifetime=REGISTRATION_LASTS)
    ask_for(ASKED_TO_REGISTER, {"registration": tokens.token_hash(token), "is_due": is_due}, now=now)
    return token


def ask_to_reset(email: Email, *, is_due: bool, now: datetime) -> None:
    """Let whoever owns an address be sent a link to set a new password. The caller commits."""
    ask_for(ASKED_TO_RESET, {"email_canon": email.canon, "is_due": is_due}, now=now)


def ask_to_resend(email: Email, *, is_due: bool, now: datetime) -> None:
    """Let whoever owns an address be sent the link for its confirmation once more. The caller commits."""
    ask_for(ASKED_TO_RESEND, {"email_canon": email.canon, "is_due": is_due}, now=now)


def ask_for_address(account_id: int, email: Email, *, is_due: bool, now: datetime) -> None:
    """Let an address be sent a link by which it becomes that of an account. The caller commits."""
    asked = {"account_id": account_id, "email": asdict(email), "is_due": is_due}
    ask_for(ASKED_FOR_ADDRESS, asked, now=now)


def find_registration(link: Row[Any], *, now: datetime) -> Registration | None:
    """The registration that a confirmation is for, if it still waits."""
    row = tokens.find_hashed(REGISTRATION, link.detail["registration"], now=now)
    return registration_of(row) if row else None


def confirm_registration(token: str | None, *, now: datetime) -> int | None:
    """Make the account that a registration asked for, and give its id; None if the link no longer holds.

    Raises AddressTaken if an account has got the address meanwhile. The caller commits, or rolls back.
    """
    link = tokens.take(CONFIRMATION, token, now=now)
    row = tokens.take_hashed(REGISTRATION, link.detail["registration"], now=now) if link else None
    if row is None:
        return None
    asked = registration_of(row)
    return services.create_account(
        asked.person,
        password_hash=asked.password_hash,
        zone=asked.zone,
        consents=asked.consents,
        now=now,
        confirmed=True,
    )
