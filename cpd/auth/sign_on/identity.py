"""Who somebody is at their provider, as far as what it says of them can be believed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from cpd.auth.emails import Email, WrongEmail, read_email
from cpd.auth.sign_on.fault import ProviderFault
from cpd.forms import text_of

LONGEST_SUBJECT = 255  # characters, as OpenID Connect Core has it
LONGEST_NAME = 120


@dataclass(frozen=True)
class Identity:
    """Somebody by the name that never changes, and their address if the provider has verified that it is theirs."""

    issuer: str
    subject: str
    email: Email | None = None
    name: str = ""


def read_identity(claims: Mapping[str, Any], *, issuer: str) -> Identity:
    """Read the claims of an ID token, or of userinfo. Raises ProviderFault without a subject that can be kept.

    An address counts as verified only where `email_verified` is true: not "true", and not where it is left out.
    """
    subject, email, name = claims.get("sub"), claims.get("email"), claims.get("name")
    if not isinstance(subject, str) or not 1 <= len(subject) <= LONGEST_SUBJECT or not _is_plain(subject):
        raise ProviderFault("its ID token names nobody")
    verified = claims.get("email_verified") is True and isinstance(email, str)
    return Identity(
        issuer=issuer,
        subject=subject,
        email=_email(email) if verified else None,
        name=text_of(name)[:LONGEST_NAME].strip() if isinstance(name, str) else "",
    )


def _email(text: Any) -> Email | None:
    try:
        return read_email(text)
    except WrongEmail:
        return None


def _is_plain(text: str) -> bool:
    return text.isascii() and text.isprintable()
