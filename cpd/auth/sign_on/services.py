"""What links accounts with a provider and parts them again. None of these commits."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import delete, update

from cpd.auth import sessions
from cpd.auth.events import note
from cpd.auth.models import Account, EventKind, SignOn
from cpd.auth.notices import Notice, tell
from cpd.db import db, insert_once


def link(account_id: int, issuer: str, subject: str, *, email_canon: str, provider: str, now: datetime) -> None:
    """Let a provider's subject sign in to an account, in the place of any other subject of that provider.

    The provider has verified the address: if it is the account's, it counts as confirmed. A subject that has been
    linked meanwhile stays where it is. `provider` is its name for people. The caller commits.
    """
    row = {"account_id": account_id, "issuer": issuer, "subject": subject, "linked_at": now, "used_at": now}
    link_id = insert_once(SignOn, row)
    if link_id is None:
        return
    former = SignOn.account_id == account_id, SignOn.issuer == issuer, SignOn.id != link_id
    db.session.execute(delete(SignOn).where(*former))
    unconfirmed = Account.id == account_id, Account.email_canon == email_canon, Account.confirmed_at.is_(None)
    confirmed = update(Account).where(*unconfirmed).values(confirmed_at=now).returning(Account.id)
    if db.session.execute(confirmed).first():
        note(EventKind.ADDRESS_CONFIRMED, account_id=account_id, now=now)
    note(EventKind.SIGN_ON_LINKED, account_id=account_id, now=now, issuer=issuer)
    tell(account_id, Notice.SIGN_ON_LINKED, now=now, provider=provider)


def note_use(issuer: str, subject: str, *, now: datetime) -> None:
    """Write down that a provider's subject has signed in. The caller commits."""
    used = update(SignOn).where(SignOn.issuer == issuer, SignOn.subject == subject)
    db.session.execute(used.values(used_at=now))


def unlink(account_id: int, issuer: str, *, session_id: int, provider: str, now: datetime) -> None:
    """Let nobody of a provider sign in to an account any more, and end its other sessions. The caller commits."""
    unlinked = delete(SignOn).where(SignOn.account_id == account_id, SignOn.issuer == issuer)
    if db.session.execute(unlinked.returning(SignOn.id)).first() is None:
        return
    sessions.end_sessions(account_id, but=session_id)
    note(EventKind.SIGN_ON_UNLINKED, account_id=account_id, now=now, issuer=issuer)
    tell(account_id, Notice.SIGN_ON_UNLINKED, now=now, provider=provider)
