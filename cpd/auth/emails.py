"""E-mail addresses: what may be typed, and the one form that all spellings of an address share."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass

from email_validator import EmailNotValidError, validate_email

LONGEST = 254
HINT = "Enter an e-mail address, like name@example.org"


class WrongEmail(ValueError):
    """Not an address that mail could be sent to."""


@dataclass(frozen=True)
class Email:
    """An address as it was typed, for sending mail, and in the form that identifies an account."""

    typed: str
    canon: str


def read_email(text: str) -> Email:
    """Read a typed address. Raises WrongEmail.

    Full-width letters and the like become plain ones (NFKC), the domain its IDNA form, capitals count for nothing.
    The name before the @ is ASCII. No domain is looked up.
    """
    plain = unicodedata.normalize("NFKC", text).strip()
    try:
        valid = validate_email(plain, allow_smtputf8=False, check_deliverability=False, strict=True)
    except EmailNotValidError:
        raise WrongEmail(HINT) from None
    assert valid.ascii_email is not None  # as the name is ASCII; and it has at most LONGEST characters
    return Email(typed=valid.normalized, canon=valid.ascii_email.casefold())
