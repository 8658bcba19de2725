"""Secrets that the database keeps encrypted: AES-GCM with a key of the secret key's own for each purpose."""

from __future__ import annotations

import secrets
from base64 import urlsafe_b64decode, urlsafe_b64encode

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from flask import current_app

KEY_BYTES = 32
NONCE_BYTES = 12


class NotOurs(Exception):
    """A text was not sealed with this secret key, for this purpose and this owner."""


def sealed(purpose: str, owner: int, text: str) -> str:
    """A text encrypted for one purpose and one account."""
    nonce = secrets.token_bytes(NONCE_BYTES)
    return urlsafe_b64encode(nonce + _cipher(purpose).encrypt(nonce, text.encode(), str(owner).encode())).decode()


def opened(purpose: str, owner: int, text: str) -> str:
    """The text that was sealed for the same purpose and account. Raises NotOurs."""
    try:
        kept = urlsafe_b64decode(text.encode())
        return _cipher(purpose).decrypt(kept[:NONCE_BYTES], kept[NONCE_BYTES:], str(owner).encode()).decode()
    except (ValueError, InvalidTag) as fault:
        raise NotOurs from fault


def _cipher(purpose: str) -> AESGCM:
    key = str(current_app.config["SECRET_KEY"]).encode()
    return AESGCM(HKDF(SHA256(), KEY_BYTES, salt=None, info=f"cpd {purpose}".encode()).derive(key))
