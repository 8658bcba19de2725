"""Reading accounts and sessions."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Row, bindparam, exists, func, select

from cpd.auth.models import Account, App, Consent, Passkey, Session
from cpd.auth.tokens import token_hash
from cpd.db import read, read_first
from cpd.prepared import Prepared
from cpd.revisions import LATEST_NUMBER

SIGNED_IN = Prepared(
    select(
        Session.id.label("session_id"),
        Session.created_at.label("signed_in_at"),
        Session.last_seen_at,
        Session.expires_at,
        Session.second_factor,
        Session.proved_at,
        Account.id,
        Account.name,
        Account.email,
        Account.profession,
        Account.role,
        Account.zone,
        Account.deletion_due_at,
        LATEST_NUMBER.scalar_subquery().label("release"),
    )
    .join(Account, Account.id == Session.account_id)
    .where(Session.token_hash == bindparam("token_hash"), Account.disabled_at.is_(None), Account.deleted_at.is_(None))
)
BY_EMAIL = select(Account.id, Account.password_hash).where(Account.email_canon == bindparam("email_canon"))


def find_session(token: str) -> Row[Any] | None:
    """The session of a token together with its account, live or not, and the number of the current release."""
    return SIGNED_IN.first({"token_hash": token_hash(token)})


def find_account(email_canon: str) -> Row[Any] | None:
    """The account of a canonical address as (id, password_hash)."""
    return read_first(BY_EMAIL, {"email_canon": email_canon})


def owner_of(account_id: int) -> Row[Any] | None:
    """Whom mail about an account goes to, unless it is deleted.

    As (email, email_canon, name, zone, registration_number, confirmed_at, disabled_at, short_password).
    """
    columns = select(
        Account.email,
        Account.email_canon,
        Account.name,
        Account.zone,
        Account.registration_number,
        Account.confirmed_at,
        Account.disabled_at,
        Account.short_password,
    )
    return read_first(columns.where(Account.id == account_id, Account.deleted_at.is_(None)))


def hash_of(account_id: int) -> str | None:
    """The kept hash of an account's password."""
    row = read_first(select(Account.password_hash).where(Account.id == account_id))
    return row.password_hash if row else None


def standing_of(account_id: int) -> Row[Any] | None:
    """What signing in to an account asks for, as (role, …, short_password, has_app, passkeys: how many)."""
    passkeys = select(func.count()).where(Passkey.account_id == Account.id).scalar_subquery()
    standing = select(
        Account.role,
        Account.disabled_at,
        Account.deleted_at,
        Account.short_password,
        exists().where(App.account_id == Account.id).label("has_app"),
        passkeys.label("passkeys"),
    )
    return read_first(standing.where(Account.id == account_id))


def consents_of(learner_id: int) -> Sequence[Row[Any]]:
    """What a learner agreed to, in order, as (document, version, consented_at)."""
    consents = select(Consent.document, Consent.version, Consent.consented_at)
    return read(consents.where(Consent.account_id == learner_id).order_by(Consent.id))
