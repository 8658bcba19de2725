"""Where passkeys are made for, and what passes between this site and one."""

from __future__ import annotations

import hashlib
import ipaddress
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from webauthn.helpers.structs import AuthenticationCredential, RegistrationCredential


class NotReadable(Exception):
    """What came is no answer of a browser."""


class NotVerified(Exception):
    """An answer does not prove what it should."""


@dataclass(frozen=True)
class Place:
    """Where passkeys are made for: the domain they belong to, and the origin that a browser must name."""

    domain: str
    origin: str


@dataclass(frozen=True)
class Answer:
    """What a browser sent back, by the challenge and the passkey that it names; nothing of it is verified yet."""

    challenge: str
    credential_id: str
    owner: bytes | None  # the handle of the account that the passkey was made for
    credential: AuthenticationCredential | RegistrationCredential


@dataclass(frozen=True)
class NewPasskey:
    """A passkey that a browser has made."""

    credential_id: str
    public_key: str
    sign_count: int
    transports: list[str]
    backed_up: bool


def place_of(address: str) -> Place | None:
    """The place that passkeys have at an address of this site, or None where browsers give none.

    That is: neither https nor this machine's own name, or a number instead of a name.
    """
    parts = urlsplit(address)
    host = (parts.hostname or "").lower()
    try:
        ipaddress.ip_address(host)
    except ValueError:
        pass
    else:
        return None
    own = host == "localhost" or host.endswith(".localhost")
    if not host or not (parts.scheme == "https" or (parts.scheme == "http" and own)):
        return None
    usual = {"https": 443, "http": 80}[parts.scheme]
    port = "" if parts.port in (None, usual) else f":{parts.port}"
    return Place(host, f"{parts.scheme}://{host}{port}")


def handle_of(account_id: int) -> bytes:
    """What a passkey knows an account by: nothing that says who it is, and the same whatever the secret key is."""
    return hashlib.sha256(f"cpd passkey of account {account_id}".encode()).digest()
