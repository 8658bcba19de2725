"""Reading the second factors of an account."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Row, func, select

from cpd.auth.models import Account, App, Passkey, RecoveryCode
from cpd.db import db, read, read_first


def app_added_at(account_id: int) -> datetime | None:
    """When the authenticator app of an account was set up, or None if there is none."""
    row = read_first(select(App.added_at).where(App.account_id == account_id))
    return row.added_at if row else None


def has_factor(account_id: int) -> bool:
    """Whether an account has an app or a passkey."""
    return app_added_at(account_id) is not None or bool(passkeys_of(account_id))


def app_of(account_id: int) -> Row[Any] | None:
    """The authenticator app of an account as (secret, last_step)."""
    return read_first(select(App.secret, App.last_step).where(App.account_id == account_id))


def passkeys_of(account_id: int) -> Sequence[Row[Any]]:
    """The passkeys of an account, oldest first.

    Each as (id, name, credential_id, transports, backed_up, added_at, used_at).
    """
    columns = select(
        Passkey.id,
        Passkey.name,
        Passkey.credential_id,
        Passkey.transports,
        Passkey.backed_up,
        Passkey.added_at,
        Passkey.used_at,
    )
    return read(columns.where(Passkey.account_id == account_id).order_by(Passkey.id))


def find_passkey(credential_id: str) -> Row[Any] | None:
    """A passkey by the id that it has for the world, as (id, account_id, name, public_key)."""
    columns = select(Passkey.id, Passkey.account_id, Passkey.name, Passkey.public_key)
    return read_first(columns.where(Passkey.credential_id == credential_id))


def recovery_codes_of(account_id: int) -> Sequence[Row[Any]]:
    """All recovery codes of an account, used or not, as (id, code_hash)."""
    return read(select(RecoveryCode.id, RecoveryCode.code_hash).where(RecoveryCode.account_id == account_id))


def codes_left(account_id: int) -> int:
    """How many recovery codes of an account have not been used."""
    unused = select(func.count()).where(RecoveryCode.account_id == account_id, RecoveryCode.used_at.is_(None))
    row = read_first(unused)
    return row[0] if row else 0


# What follows reads within a change, so that of two at once the second sees what the first has done.


def hold_account(account_id: int) -> Row[str, bool]:
    """An account as (role, short_password): nobody else changes its factors until this transaction ends."""
    held = select(Account.role, Account.short_password).where(Account.id == account_id).with_for_update()
    return db.session.execute(held).one()


def count_factors(account_id: int) -> int:
    """How many second factors an account has: its app and its passkeys."""
    counts = (select(func.count()).where(model.account_id == account_id) for model in (App, Passkey))
    return sum(db.session.scalar(count) or 0 for count in counts)


def count_passkeys(account_id: int) -> int:
    """How many passkeys an account has."""
    return db.session.scalar(select(func.count()).where(Passkey.account_id == account_id)) or 0


def count_codes(account_id: int, *, unused: bool = False) -> int:
    """How many recovery codes an account has."""
    count = select(func.count()).where(RecoveryCode.account_id == account_id)
    return db.session.scalar(count.where(RecoveryCode.used_at.is_(None)) if unused else count) or 0
