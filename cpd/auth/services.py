"""What changes accounts: registering, signing in and out, granting a role. None of these commits."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import delete, update

from cpd.auth import sessions, throttle, tokens
from cpd.auth.emails import Email
from cpd.auth.events import note
from cpd.auth.models import Account, Consent, EventKind, Role, Session
from cpd.auth.names import keep_words
from cpd.auth.notices import Notice, tell
from cpd.db import db, insert_once


class AddressTaken(Exception):
    """An account with this e-mail address exists."""


@dataclass(frozen=True)
class Person:
    """What somebody states about themselves."""

    name: str
    email: Email
    profession: str
    registration_body: str = ""
    registration_number: str = ""


def create_account(
    person: Person,
    *,
    password_hash: str,
    zone: str,
    consents: Mapping[str, str],
    now: datetime,
    role: Role = Role.LEARNER,
    confirmed: bool = False,
    by: str | None = None,
) -> int:
    """Add an account with its consents (document → version) and return its id. `by` says who adds it for somebody else.

    confirmed: whether mail has reached the address. Of two at once with one address the second raises AddressTaken,
    whatever its spelling. The caller commits.
    """
    values = {
        "email": person.email.typed,
        "email_canon": person.email.canon,
        "name": person.name,
        "password_hash": password_hash,
        "profession": person.profession,
        "registration_body": person.registration_body,
        "registration_number": person.registration_number,
        "role": role.value,
        "zone": zone,
        "created_at": now,
        "confirmed_at": now if confirmed else None,
    }
    account_id = insert_once(Account, values)
    if account_id is None:
        raise AddressTaken
    keep_words(account_id, person.name)
    keep_consents(account_id, consents, now=now)
    if by:
        note(EventKind.CREATED, account_id=account_id, now=now, by=by, role=role.value)
    else:
        note(EventKind.REGISTERED, account_id=account_id, now=now, consents=dict(consents))
    if confirmed:
        note(EventKind.ADDRESS_CONFIRMED, account_id=account_id, now=now)
    return account_id


def keep_consents(account_id: int, consents: Mapping[str, str], *, now: datetime) -> None:
    """Write down what an account agrees to, document → version. The caller commits."""
    for document, version in consents.items():
        consent = {"account_id": account_id, "document": document, "version": version, "consented_at": now}
        insert_once(Consent, consent)


def keep_hash(account_id: int, password_hash: str) -> None:
    """Keep the hash of the same password, made with another cost. The caller commits."""
    db.session.execute(update(Account).where(Account.id == account_id).values(password_hash=password_hash))


def sign_in(
    account_id: int,
    *,
    user_agent: str,
    network: str,
    now: datetime,
    replaces: str | None,
    second_factor: bool = False,
    new_device: bool = False,
    proofs: Sequence[str] = (),
) -> str:
    """Begin a session and return its token. `replaces` is the token the browser came with: it ends.

    The owner is told of a device that has not signed in before. The caller commits.
    """
    sessions.end_session(replaces)
    token = sessions.start_session(
        account_id, user_agent=user_agent, network=network, second_factor=second_factor, now=now
    )
    origin = {"user_agent": user_agent, "network": network}
    note(EventKind.SIGNED_IN, account_id=account_id, now=now, proofs=list(proofs), **origin)
    if new_device:
        tell(account_id, Notice.NEW_DEVICE, now=now, **origin)
    forget_old(now=now)
    return token


def prove_again(account_id: int, session_id: int, *, proof: str, second_factor: bool = False, now: datetime) -> None:
    """Write down that the learner of a session proved once more who they are. The caller commits."""
    sessions.note_proof(session_id, second_factor=second_factor, now=now)
    note(EventKind.PROVED_AGAIN, account_id=account_id, now=now, proof=proof)


def sign_out(account_id: int, *, token: str | None, now: datetime) -> None:
    """End the session of a token. The caller commits."""
    sessions.end_session(token)
    note(EventKind.SIGNED_OUT, account_id=account_id, now=now)


def forget_old(*, now: datetime) -> None:
    """Delete sessions and tokens that are over and buckets of tries that are full again. The caller commits."""
    db.session.execute(delete(Session).where(Session.expires_at < now))
    tokens.forget_old(now=now)
    throttle.forget_old(now=now)
