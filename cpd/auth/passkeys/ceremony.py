"""What passes between this site and a passkey: what is asked of a browser, and how its answers are judged.

The challenge is a single-use token of ours: a passkey signs its 32 bytes, and its answer names it again. All that
comes from a browser is a stranger's bytes until it is verified.

It is loaded when someone uses a passkey: its library holds 8 MB, which few workers would ever need.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from typing import Any

from cryptography.exceptions import UnsupportedAlgorithm
from webauthn import (
    generate_authentication_options,
    generate_registration_options,
    verify_authentication_response,
    verify_registration_response,
)
from webauthn.helpers import (
    base64url_to_bytes,
    bytes_to_base64url,
    options_to_json_dict,
    parse_authentication_credential_json,
    parse_client_data_json,
    parse_registration_credential_json,
)
from webauthn.helpers.cose import COSEAlgorithmIdentifier
from webauthn.helpers.exceptions import WebAuthnException
from webauthn.helpers.structs import (
    AuthenticationCredential,
    AuthenticatorSelectionCriteria,
    AuthenticatorTransport,
    PublicKeyCredentialDescriptor,
    RegistrationCredential,
    ResidentKeyRequirement,
    UserVerificationRequirement,
)

from cpd.auth.passkeys.places import Answer, NewPasskey, NotReadable, NotVerified, Place, handle_of

PATIENCE = 5 * 60_000  # ms that a browser lets its user take
LARGEST_ANSWER = 30_000  # characters
LONGEST_ID = 1_023  # bytes, by the standard
LARGEST_KEY = 2_000  # bytes
ALGORITHMS = [
    COSEAlgorithmIdentifier.EDDSA,
    COSEAlgorithmIdentifier.ECDSA_SHA_256,
    COSEAlgorithmIdentifier.RSASSA_PKCS1_v1_5_SHA_256,
]
# What the libraries raise at bytes that are not what they should be.
FAULTS = (WebAuthnException, UnsupportedAlgorithm, ValueError, TypeError, LookupError, AttributeError, RecursionError)


def asking_for_a_new_one(
    place: Place, *, challenge: str, site_name: str, account_id: int, email: str, name: str, existing: Iterable[Any]
) -> dict[str, Any]:
    """What a browser is asked so that it makes a passkey, as JSON. existing: (credential_id, transports)."""
    options = generate_registration_options(
        rp_id=place.domain,
        rp_name=site_name,
        user_id=handle_of(account_id),
        user_name=email,
        user_display_name=name,
        challenge=base64url_to_bytes(challenge),
        timeout=PATIENCE,
        authenticator_selection=AuthenticatorSelectionCriteria(
            resident_key=ResidentKeyRequirement.REQUIRED,
            user_verification=UserVerificationRequirement.REQUIRED,
        ),
        exclude_credentials=_descriptors(existing),
        supported_pub_key_algs=ALGORITHMS,
    )
    return options_to_json_dict(options)


def asking_for_one(place: Place, *, challenge: str, existing: Iterable[Any] = ()) -> dict[str, Any]:
    """What a browser is asked so that it uses a passkey: one of these, or without them any that it has for us."""
    options = generate_authentication_options(
        rp_id=place.domain,
        challenge=base64url_to_bytes(challenge),
        timeout=PATIENCE,
        allow_credentials=_descriptors(existing),
        user_verification=UserVerificationRequirement.REQUIRED,
    )
    return options_to_json_dict(options)


def read_new(text: str) -> Answer:
    """The answer of a browser that was asked to make a passkey. Raises NotReadable."""
    return _read(text, parse_registration_credential_json)


def read_used(text: str) -> Answer:
    """The answer of a browser that was asked to use a passkey. Raises NotReadable."""
    return _read(text, parse_authentication_credential_json)


def verify_new(answer: Answer, place: Place) -> NewPasskey:
    """The passkey that an answer brings. The caller has made sure of its challenge. Raises NotVerified."""
    assert isinstance(answer.credential, RegistrationCredential)
    try:
        verified = verify_registration_response(
            credential=answer.credential,
            expected_challenge=base64url_to_bytes(answer.challenge),
            expected_rp_id=place.domain,
            expected_origin=place.origin,
            require_user_verification=True,
            supported_pub_key_algs=ALGORITHMS,
        )
    except FAULTS as fault:
        raise NotVerified from fault
    if len(verified.credential_id) > LONGEST_ID or len(verified.credential_public_key) > LARGEST_KEY:
        raise NotVerified
    return NewPasskey(
        credential_id=bytes_to_base64url(verified.credential_id),
        public_key=bytes_to_base64url(verified.credential_public_key),
        sign_count=verified.sign_count,
        transports=sorted({each.value for each in answer.credential.response.transports or ()}),
        backed_up=verified.credential_backed_up,
    )


def verify_used(answer: Answer, place: Place, *, public_key: str) -> tuple[int, bool]:
    """How often the passkey says it was used, and whether it is backed up. Raises NotVerified.

    The caller has made sure of the challenge, and makes sure that the count has gone up.
    """
    assert isinstance(answer.credential, AuthenticationCredential)
    try:
        verified = verify_authentication_response(
            credential=answer.credential,
            expected_challenge=base64url_to_bytes(answer.challenge),
            expected_rp_id=place.domain,
            expected_origin=place.origin,
            credential_public_key=base64url_to_bytes(public_key),
            credential_current_sign_count=0,
            require_user_verification=True,
        )
    except FAULTS as fault:
        raise NotVerified from fault
    return verified.new_sign_count, verified.credential_backed_up


def _read(text: str, parse: Any) -> Answer:
    try:
        if len(text) > LARGEST_ANSWER:
            raise NotReadable
        credential = parse(json.loads(text))
        client_data = parse_client_data_json(credential.response.client_data_json)
    except FAULTS as fault:
        raise NotReadable from fault
    if client_data.cross_origin:
        raise NotReadable
    challenge, own_id = bytes_to_base64url(client_data.challenge), bytes_to_base64url(credential.raw_id)
    return Answer(challenge, own_id, getattr(credential.response, "user_handle", None), credential)


def _descriptors(existing: Iterable[Any]) -> list[PublicKeyCredentialDescriptor]:
    return [
        PublicKeyCredentialDescriptor(base64url_to_bytes(each.credential_id), transports=_known(each.transports))
        for each in existing
    ]


def _known(transports: Sequence[str]) -> list[AuthenticatorTransport]:
    return [AuthenticatorTransport(each) for each in transports]
