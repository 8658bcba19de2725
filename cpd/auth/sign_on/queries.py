"""Reading which accounts are linked with a provider."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Row, select

from cpd.auth.models import SignOn
from cpd.db import read_first


def find_account(issuer: str, subject: str) -> int | None:
    """The id of the account that signs in as a provider's subject."""
    row = read_first(select(SignOn.account_id).where(SignOn.issuer == issuer, SignOn.subject == subject))
    return row.account_id if row else None


def link_of(account_id: int, issuer: str) -> Row[Any] | None:
    """How an account is linked with a provider, as (linked_at, used_at)."""
    columns = select(SignOn.linked_at, SignOn.used_at)
    return read_first(columns.where(SignOn.account_id == account_id, SignOn.issuer == issuer))
