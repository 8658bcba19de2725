"""What a provider says of itself at its well-known address (OpenID Connect Discovery 1.0), as far as it is used."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from cpd.auth.sign_on.fault import ProviderFault

WELL_KNOWN = "/.well-known/openid-configuration"
# By private keys of the provider alone: neither unsigned tokens nor those signed with our own secret.
ALGORITHMS = (
    *("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512"),
    *("EdDSA", "Ed25519"),
)
AUTHENTICATIONS = ("client_secret_basic", "client_secret_post")
LONGEST_ADDRESS = 1_000  # characters
LOOPBACK = ("127.0.0.1", "localhost", "::1")


@dataclass(frozen=True)
class Description:
    """A provider's addresses, and how it wants to be spoken to."""

    issuer: str
    authorization_endpoint: str
    token_endpoint: str
    jwks_uri: str
    userinfo_endpoint: str  # "" where there is none
    algorithms: tuple[str, ...]  # that its ID tokens may be signed with
    authentication: str  # how this site proves to it who it is
    names_itself: bool  # in the answer that the browser brings back (RFC 9207)


def read_description(document: Mapping[str, Any], issuer: str) -> Description:
    """Read what a provider states. Raises ProviderFault where this site could not work with it."""
    stated = document.get("issuer")
    if stated != issuer:
        named = f"; set CPD_SIGN_ON_ISSUER to {stated}" if isinstance(stated, str) and _is_plain(stated) else ""
        raise ProviderFault(f"it states another issuer than {issuer}{named}")
    signing = _listed(document, "id_token_signing_alg_values_supported")
    algorithms = tuple(name for name in ALGORITHMS if name in signing)
    if not algorithms:
        raise ProviderFault("it signs ID tokens with none of the algorithms " + ", ".join(ALGORITHMS))
    if "code" not in _listed(document, "response_types_supported"):
        raise ProviderFault("it does not support the response type code")
    methods = _listed(document, "token_endpoint_auth_methods_supported") or AUTHENTICATIONS[:1]
    authentication = next((method for method in AUTHENTICATIONS if method in methods), None)
    if authentication is None:
        raise ProviderFault(f"it supports neither {' nor '.join(AUTHENTICATIONS)}")
    return Description(
        issuer=issuer,
        authorization_endpoint=_address(document, "authorization_endpoint", issuer),
        token_endpoint=_address(document, "token_endpoint", issuer),
        jwks_uri=_address(document, "jwks_uri", issuer),
        userinfo_endpoint=_address(document, "userinfo_endpoint", issuer) if document.get("userinfo_endpoint") else "",
        algorithms=algorithms,
        authentication=authentication,
        names_itself=document.get("authorization_response_iss_parameter_supported") is True,
    )


def _listed(document: Mapping[str, Any], name: str) -> list[str]:
    values = document.get(name)
    return [value for value in values if isinstance(value, str)] if isinstance(values, list) else []


def _address(document: Mapping[str, Any], name: str, issuer: str) -> str:
    """An address that may be asked: by https, or on this very machine where the issuer itself is there."""
    address = document.get(name)
    if not isinstance(address, str) or not _is_plain(address) or not _is_safe(address, urlsplit(issuer).scheme):
        raise ProviderFault(f"its {name} is no https:// address")
    return address


def _is_safe(address: str, scheme: str) -> bool:
    try:
        parts = urlsplit(address)
        reachable = bool(parts.hostname) and parts.port != 0
    except ValueError:
        return False
    local = parts.scheme == scheme == "http" and parts.hostname in LOOPBACK
    return reachable and (parts.scheme == "https" or local) and not parts.username and not parts.fragment


def _is_plain(text: str) -> bool:
    return text.isascii() and text.isprintable() and " " not in text and len(text) <= LONGEST_ADDRESS
