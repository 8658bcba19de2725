"""An authenticator in software: it makes passkeys and signs with them, rightly unless it is told otherwise."""

from __future__ import annotations

import hashlib
import json
import secrets
from base64 import urlsafe_b64decode, urlsafe_b64encode
from dataclasses import dataclass, field
from typing import Any

import cbor2
from cryptography.hazmat.primitives.asymmetric.ec import ECDSA, SECP256R1, EllipticCurvePrivateKey, generate_private_key
from cryptography.hazmat.primitives.hashes import SHA256

ORIGIN = "http://localhost"
PRESENT, VERIFIED, ATTESTED = 1, 4, 64


def text_of(data: bytes) -> str:
    return urlsafe_b64encode(data).decode().rstrip("=")


def bytes_of(text: str) -> bytes:
    return urlsafe_b64decode(text + "=" * (-len(text) % 4))


@dataclass
class Key:
    """A passkey within the authenticator."""

    id: bytes
    private: EllipticCurvePrivateKey
    domain: str
    owner: bytes
    count: int


@dataclass
class Authenticator:
    """Holds passkeys. `counts`: whether it counts their use, as security keys do and phones do not."""

    counts: bool = True
    flags: int = PRESENT | VERIFIED
    keys: list[Key] = field(default_factory=list)

    def make(self, options: dict[str, Any], *, origin: str = ORIGIN, **odd: Any) -> str:
        """Make a passkey as the options ask; gives the answer as JSON."""
        key = Key(
            id=secrets.token_bytes(odd.get("id_length", 32)),
            private=generate_private_key(SECP256R1()),
            domain=options["rp"]["id"],
            owner=bytes_of(options["user"]["id"]),
            count=0,
        )
        numbers = key.private.public_key().public_numbers()
        cose = {1: 2, 3: odd.get("algorithm", -7), -1: 1, -2: _coordinate(numbers.x), -3: _coordinate(numbers.y)}
        public = odd.get("public_key") or cbor2.dumps(cose)
        attested = bytes(16) + len(key.id).to_bytes(2, "big") + key.id + public
        data = self._data(odd.get("domain", key.domain), 0, self.flags | ATTESTED) + attested
        self.keys.append(key)
        attestation = {"fmt": "none", "attStmt": {}, "authData": data}
        response = {
            "clientDataJSON": _client_data("webauthn.create", odd.get("challenge", options["challenge"]), origin, odd),
            "attestationObject": text_of(cbor2.dumps(attestation)),
            "transports": odd.get("transports", ["usb", "nfc", "no-such"]),
        }
        return _answer(key.id, response)

    def use(self, options: dict[str, Any], *, key: Key | None = None, origin: str = ORIGIN, **odd: Any) -> str:
        """Sign with a passkey: the last one, unless another is named; gives the answer as JSON."""
        key = key or self.keys[-1]
        key.count += self.counts
        data = self._data(odd.get("domain", key.domain), odd.get("count", key.count), self.flags)
        client_data = _client_data("webauthn.get", odd.get("challenge", options["challenge"]), origin, odd)
        signed = data + hashlib.sha256(bytes_of(client_data)).digest()
        signature = (odd.get("private") or key.private).sign(signed, ECDSA(SHA256()))
        owner = odd.get("owner", key.owner)
        response = {
            "clientDataJSON": client_data,
            "authenticatorData": text_of(data),
            "signature": text_of(signature),
            "userHandle": None if owner is None else text_of(owner),
        }
        return _answer(key.id, response)

    def _data(self, domain: str, count: int, flags: int) -> bytes:
        return hashlib.sha256(domain.encode()).digest() + bytes([flags]) + count.to_bytes(4, "big")


def _coordinate(number: int) -> bytes:
    return number.to_bytes(32, "big")


def _client_data(kind: str, challenge: str, origin: str, odd: dict[str, Any]) -> str:
    said = {"type": odd.get("kind", kind), "challenge": challenge, "origin": origin, "crossOrigin": False}
    return text_of(json.dumps(said | odd.get("client_data", {})).encode())


def _answer(key_id: bytes, response: dict[str, Any]) -> str:
    own = text_of(key_id)
    return json.dumps({"id": own, "rawId": own, "type": "public-key", "response": response})
