"""What those who run the site do to accounts. `by` says who it was; each act is a line of the account's audit trail.

None of these commits.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from flask import current_app
from sqlalchemy import select, update

from cpd.auth import passwords, tokens
from cpd.auth.administrators import LastAdministrator, leaves_no_administrator
from cpd.auth.by_mail.letters import link_to
from cpd.auth.by_mail.services import RESET_LASTS_BY_HAND, ask_to_reset
from cpd.auth.events import note
from cpd.auth.models import Account, EventKind, Role
from cpd.auth.notices import Notice, tell
from cpd.auth.services import Person, create_account
from cpd.auth.sessions import end_sessions
from cpd.db import db
from cpd.web.cookies import new_token

COMMAND_LINE = "command line"


def administrator(account_id: int) -> str:
    """`by` for an administrator who acts by the pages."""
    return f"administrator {account_id}"


def add_account(person: Person, *, role: Role, by: str, now: datetime) -> str | None:
    """Add an account for somebody, who then chooses the password by a link: sent by mail where mail reaches people.

    Elsewhere the link is given back, to be handed over. Raises AddressTaken.
    """
    settings = current_app.config["SETTINGS"]
    account_id = create_account(
        person,
        password_hash=passwords.of_this_app().hash(new_token()),  # nobody's
        zone=settings.timezone,
        consents={},
        now=now,
        role=role,
        by=by,
    )
    if settings.confirms_addresses:
        ask_to_reset(person.email, is_due=True, now=now)
        return None
    token = tokens.issue(tokens.RESET, account_id=account_id, now=now, lifetime=RESET_LASTS_BY_HAND)
    return link_to("/auth/reset/new", token)


def change_role(account_id: int, role: Role, *, by: str, now: datetime, may_be_last: bool = False) -> bool:
    """Give an account a role instead of the one it has; gives whether that is another one. It counts at once.

    Raises LastAdministrator, unless that `may_be_last`.
    """
    if role is not Role.ADMINISTRATOR and not may_be_last and leaves_no_administrator(account_id):
        raise LastAdministrator
    before = db.session.execute(select(Account.role).where(Account.id == account_id).with_for_update()).scalar_one()
    if before == role.value:
        return False
    db.session.execute(update(Account).where(Account.id == account_id).values(role=role.value))
    note(EventKind.ROLE_CHANGED, account_id=account_id, now=now, before=before, role=role.value, by=by)
    tell(account_id, Notice.ROLE_CHANGED, now=now, before=before, role=role.value)
    return True


def disable(account_id: int, *, by: str, now: datetime, may_be_last: bool = False) -> bool:
    """Let nobody sign in to an account, and end its sessions; gives whether it was not so before.

    Raises LastAdministrator, unless that `may_be_last`.
    """
    if not may_be_last and leaves_no_administrator(account_id):
        raise LastAdministrator
    if not _change_from(Account.disabled_at.is_(None), account_id, disabled_at=now):
        return False
    ended = end_sessions(account_id)
    note(EventKind.DISABLED, account_id=account_id, now=now, by=by, sessions=ended)
    tell(account_id, Notice.DISABLED, now=now)
    return True


def enable(account_id: int, *, by: str, now: datetime) -> bool:
    """Let an account be signed in to again; gives whether it was disabled before."""
    if not _change_from(Account.disabled_at.is_not(None), account_id, disabled_at=None):
        return False
    note(EventKind.ENABLED, account_id=account_id, now=now, by=by)
    tell(account_id, Notice.ENABLED, now=now)
    return True


def end_all_sessions(account_id: int, *, by: str, now: datetime) -> int:
    """Sign an account out everywhere; gives the number of sessions."""
    ended = end_sessions(account_id)
    note(EventKind.SESSIONS_ENDED, account_id=account_id, now=now, by=by, sessions=ended)
    return ended


def _change_from(state: Any, account_id: int, **values: Any) -> bool:
    changed = update(Account).where(Account.id == account_id, state).values(**values).returning(Account.id)
    return db.session.execute(changed).first() is not None
