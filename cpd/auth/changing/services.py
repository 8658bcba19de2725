"""What changes how somebody signs in: the password and the e-mail address. None of these commits."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import update
from sqlalchemy.exc import IntegrityError

from cpd.auth import signing_in, tokens
from cpd.auth.emails import Email
from cpd.auth.events import note
from cpd.auth.models import Account, EventKind
from cpd.auth.notices import Notice, tell
from cpd.auth.passwords import SHORTEST, normal
from cpd.auth.services import AddressTaken
from cpd.auth.sessions import end_sessions
from cpd.auth.tokens import RESET
from cpd.db import db

ADDRESS = "address"  # purpose of a token


def change_password(
    account_id: int, password: str, *, password_hash: str, but: int | None = None, how: str, now: datetime
) -> None:
    """Keep the hash of a new password, end all sessions but one, and tell the owner. The caller commits.

    No link for a reset holds any longer, and nobody goes on signing in who showed the old password. how: a word for
    the audit trail.
    """
    values = {"password_hash": password_hash, "short_password": len(normal(password)) < SHORTEST}
    db.session.execute(update(Account).where(Account.id == account_id).values(**values))
    for purpose in (RESET, signing_in.PURPOSE):
        tokens.withdraw(purpose, account_id)
    ended = end_sessions(account_id, but=but)
    note(EventKind.PASSWORD_CHANGED, account_id=account_id, now=now, how=how, sessions_ended=ended)
    tell(account_id, Notice.PASSWORD_CHANGED, now=now)


def change_address(account_id: int, email: Email, *, before: str, confirmed: bool, now: datetime) -> None:
    """Give an account another e-mail address, and tell the owner at the one before.

    Links that went to the old address hold no longer. Of two accounts that want one address at once the second
    raises AddressTaken; then the caller rolls back, else commits.
    """
    values = {"email": email.typed, "email_canon": email.canon, "confirmed_at": now if confirmed else None}
    try:
        db.session.execute(update(Account).where(Account.id == account_id).values(**values))
    except IntegrityError:
        raise AddressTaken from None
    for purpose in (RESET, ADDRESS):
        tokens.withdraw(purpose, account_id)
    note(EventKind.ADDRESS_CHANGED, account_id=account_id, now=now, confirmed=confirmed)
    tell(account_id, Notice.ADDRESS_CHANGED, to=before, now=now)


def confirm_address(account_id: int, *, now: datetime) -> None:
    """Write down that mail reaches the address of an account. The caller commits."""
    unconfirmed = Account.id == account_id, Account.confirmed_at.is_(None)
    changed = db.session.execute(update(Account).where(*unconfirmed).values(confirmed_at=now).returning(Account.id))
    if changed.first():
        note(EventKind.ADDRESS_CONFIRMED, account_id=account_id, now=now)
