"""The lines of the audit trail in plain words: for the owner of an account and for administrators alike."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from cpd.auth.devices.naming import device_of
from cpd.auth.models import EventKind

SENTENCES = {
    EventKind.REGISTERED: "The account was registered",
    EventKind.CREATED: "The account was made by those who run the site",
    EventKind.SIGNED_IN: "Signed in",
    EventKind.SIGN_IN_FAILED: "Somebody tried to sign in and did not succeed",
    EventKind.SIGNED_OUT: "Signed out",
    EventKind.PROVED_AGAIN: "Proved once more who it is, before something sensitive",
    EventKind.PROOF_FAILED: "Did not succeed in proving once more who it is",
    EventKind.SESSION_ENDED: "A session was ended",
    EventKind.SESSIONS_ENDED: "Sessions were ended",
    EventKind.CONSENTED: "New terms were agreed to",
    EventKind.RESET_ASKED: "A mail for resetting the password was asked for",
    EventKind.PASSWORD_CHANGED: "The password was changed",
    EventKind.ADDRESS_CONFIRMED: "The e-mail address was confirmed",
    EventKind.ADDRESS_CHANGE_ASKED: "Another e-mail address was asked for",
    EventKind.ADDRESS_CHANGED: "The e-mail address was changed",
    EventKind.DETAILS_CHANGED: "Details of the account were changed",
    EventKind.APP_ADDED: "An authenticator app was added",
    EventKind.APP_REMOVED: "The authenticator app was removed",
    EventKind.PASSKEY_ADDED: "A passkey was added",
    EventKind.PASSKEY_RENAMED: "A passkey was given another name",
    EventKind.PASSKEY_REMOVED: "A passkey was removed",
    EventKind.RECOVERY_CODES_MADE: "Recovery codes were made; older ones no longer work",
    EventKind.RECOVERY_CODE_USED: "A recovery code was used",
    EventKind.FACTORS_RESET: "Two-step sign-in was switched off by those who run the site",
    EventKind.SIGN_ON_LINKED: "Single sign-on was linked to the account",
    EventKind.SIGN_ON_UNLINKED: "Single sign-on was unlinked from the account",
    EventKind.ROLE_CHANGED: "The role of the account was changed",
    EventKind.DISABLED: "The account was disabled",
    EventKind.ENABLED: "The account was enabled again",
    EventKind.DOWNLOAD_ASKED: "A copy of all data was asked for",
    EventKind.DOWNLOADED: "A copy of all data was downloaded",
    EventKind.DELETION_ASKED: "Deleting the account was asked for",
    EventKind.DELETION_WITHDRAWN: "Deleting the account was called off",
    EventKind.DELETED: "The account was deleted",
}
# What of a line's detail is told beside its sentence, where it is there.
TOLD = {
    EventKind.ROLE_CHANGED: "role",
    EventKind.DETAILS_CHANGED: "changed",
    EventKind.PASSKEY_ADDED: "name",
    EventKind.PASSKEY_RENAMED: "name",
    EventKind.PASSKEY_REMOVED: "name",
    EventKind.SESSION_ENDED: "device",
}
PROOFS = {
    "password": "the password",
    "mail": "a mail",
    "sign_on": "single sign-on",
    "app": "an authenticator app",
    "passkey": "a passkey",
    "recovery_code": "a recovery code",
}


def sentence_of(kind: str, detail: Mapping[str, Any]) -> str:
    """What a line says, without a full stop. A kind of another release is told by its own word."""
    try:
        said, told = SENTENCES[EventKind(kind)], _texts(detail.get(TOLD.get(EventKind(kind), "")))
    except ValueError:
        return kind.replace("_", " ").capitalize()
    proofs = [PROOFS[proof] for proof in _texts(detail.get("proofs") or detail.get("proof")) if proof in PROOFS]
    if proofs:
        return f"{said} with {_joined(proofs)}"
    if kind == EventKind.DETAILS_CHANGED:
        told = [name.replace("_", " ") for name in told]
    return f"{said}: {_joined(told)}" if told else said


def origin_of(detail: Mapping[str, Any]) -> str:
    """From which device and network address it was done, as far as that was written down, else nothing."""
    agent, network = detail.get("user_agent"), detail.get("network")
    device = device_of(agent) if isinstance(agent, str) and agent else ""
    return ", ".join(part for part in (device, network if isinstance(network, str) else "") if part)


def doer_of(detail: Mapping[str, Any]) -> str:
    """Who did it, if it was not the owner: one of those who run the site. Which of them is not the owner's to know."""
    by = detail.get("by")
    return "By an administrator" if str(by).startswith("administrator") else "By those who run the site" if by else ""


def _texts(value: object) -> list[str]:
    """The texts in a value of a line's detail, be it one or a list."""
    return [each for each in (value if isinstance(value, list) else [value]) if isinstance(each, str) and each]


def _joined(parts: Sequence[str]) -> str:
    """a, b and c"""
    return " and ".join(part for part in (", ".join(parts[:-1]), parts[-1]) if part)
