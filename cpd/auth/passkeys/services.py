"""What changes passkeys, and what uses them. None of these commits."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import delete, update

from cpd.auth import tokens
from cpd.auth.events import note
from cpd.auth.factors import queries
from cpd.auth.factors.services import PASSKEY, NothingThere, after_adding, after_removing, before_removing
from cpd.auth.models import EventKind, Passkey
from cpd.auth.passkeys.places import Answer, NotVerified, Place, handle_of
from cpd.db import db, insert_once

LASTS = timedelta(minutes=10)  # a challenge
MOST = 20  # passkeys of one account

TOO_LATE = "It took too long. Try again."
UNKNOWN = "This site does not know that passkey. It may have been removed."
NOT_VERIFIED = "The passkey could not be checked. Try again, or use another way."
COPIED = "That passkey was refused: a copy of it may be in use. Sign in another way, then remove it."
THERE = "That passkey is set up already."
TOO_MANY = f"An account has at most {MOST} passkeys. Remove one first."


class PasskeyRefused(Exception):
    """A passkey does not count. The text is for people; `reason` is for the audit trail, of `account_id` if known."""

    def __init__(self, words: str, *, reason: str, account_id: int | None = None) -> None:
        super().__init__(words)
        self.reason = reason
        self.account_id = account_id


def challenge(purpose: str, *, account_id: int | None, browser: str, now: datetime) -> str:
    """A challenge that one browser may answer once, for one purpose. The caller commits.

    browser: what only this browser has, such as the hash of its session's token.
    """
    return tokens.issue(purpose, account_id=account_id, now=now, lifetime=LASTS, detail={"browser": browser})


def add_passkey(
    answer: Answer,
    place: Place,
    *,
    purpose: str,
    account_id: int,
    session_id: int,
    browser: str,
    name: str,
    code_hashes: Sequence[str],
    now: datetime,
) -> bool:
    """Add the passkey that an answer brings; gives whether the recovery codes were taken: if the account had none.

    Raises PasskeyRefused. The caller commits, also then, so that the challenge is used up.
    """
    from cpd.auth.passkeys import ceremony

    _take_challenge(answer, purpose, account_id=account_id, browser=browser, now=now)
    try:
        made = ceremony.verify_new(answer, place)
    except NotVerified:
        raise PasskeyRefused(NOT_VERIFIED, reason="not verified", account_id=account_id) from None
    queries.hold_account(account_id)
    if queries.count_passkeys(account_id) >= MOST:
        raise PasskeyRefused(TOO_MANY, reason="too many", account_id=account_id)
    row = {
        "account_id": account_id,
        "credential_id": made.credential_id,
        "public_key": made.public_key,
        "sign_count": made.sign_count,
        "name": name,
        "transports": made.transports,
        "backed_up": made.backed_up,
        "added_at": now,
        "used_at": None,
    }
    if insert_once(Passkey, row) is None:
        raise PasskeyRefused(THERE, reason="there already", account_id=account_id)
    note(EventKind.PASSKEY_ADDED, account_id=account_id, now=now, name=name)
    return after_adding(account_id, session_id, factor=PASSKEY, code_hashes=code_hashes, now=now, name=name)


def use_passkey(
    answer: Answer, place: Place, *, purpose: str, account_id: int | None, browser: str, now: datetime
) -> int:
    """The account whose passkey an answer proves to be at hand and unlocked: that of `account_id` where it is given.

    Raises PasskeyRefused. The caller commits, also then, so that the challenge is used up.
    """
    from cpd.auth.passkeys import ceremony

    _take_challenge(answer, purpose, account_id=account_id, browser=browser, now=now)
    passkey = queries.find_passkey(answer.credential_id)
    if passkey is None or (account_id is not None and passkey.account_id != account_id):
        raise PasskeyRefused(UNKNOWN, reason="unknown", account_id=account_id)
    owner: int = passkey.account_id
    # Who signs in with a passkey alone must be named by it.
    if answer.owner != handle_of(owner) and (answer.owner is not None or account_id is None):
        raise PasskeyRefused(UNKNOWN, reason="made for another account", account_id=owner)
    try:
        count, backed_up = ceremony.verify_used(answer, place, public_key=passkey.public_key)
    except NotVerified:
        raise PasskeyRefused(NOT_VERIFIED, reason="not verified", account_id=owner) from None
    if not _count_up(passkey.id, count, backed_up=backed_up, now=now):
        raise PasskeyRefused(COPIED, reason=f"its count went back: {passkey.name}", account_id=owner)
    return owner


def rename_passkey(account_id: int, passkey_id: int, name: str, *, now: datetime) -> None:
    """Give a passkey another name. Raises NothingThere. The caller commits."""
    own = Passkey.id == passkey_id, Passkey.account_id == account_id
    renamed = update(Passkey).where(*own).values(name=name).returning(Passkey.id)
    if db.session.execute(renamed).first() is None:
        raise NothingThere
    note(EventKind.PASSKEY_RENAMED, account_id=account_id, now=now, name=name)


def remove_passkey(account_id: int, session_id: int, passkey_id: int, *, now: datetime) -> None:
    """Take a passkey away. Raises NothingThere and LastFactor. The caller commits."""
    before_removing(account_id, session_id)
    own = Passkey.id == passkey_id, Passkey.account_id == account_id
    removed = db.session.execute(delete(Passkey).where(*own).returning(Passkey.name)).first()
    if removed is None:
        raise NothingThere
    note(EventKind.PASSKEY_REMOVED, account_id=account_id, now=now, name=removed.name)
    after_removing(account_id, session_id, factor=PASSKEY, now=now, name=removed.name)


def _take_challenge(answer: Answer, purpose: str, *, account_id: int | None, browser: str, now: datetime) -> None:
    token = tokens.take(purpose, answer.challenge, now=now)
    if token is None or token.account_id != account_id or token.detail.get("browser") != browser:
        raise PasskeyRefused(TOO_LATE, reason="no such challenge", account_id=account_id)


def _count_up(passkey_id: int, count: int, *, backed_up: bool, now: datetime) -> bool:
    """Whether a passkey's count has gone up, or it does not count at all; one statement, so that one of two wins."""
    higher = Passkey.sign_count < count if count else Passkey.sign_count == 0
    counted = update(Passkey).where(Passkey.id == passkey_id, higher)
    counted = counted.values(sign_count=count, backed_up=backed_up, used_at=now)
    return db.session.execute(counted.returning(Passkey.id)).first() is not None
