"""That somebody stays who can run the site by its pages."""

from __future__ import annotations

from sqlalchemy import select
from werkzeug.exceptions import Forbidden

from cpd.auth.models import Account, Role
from cpd.db import db


class LastAdministrator(Forbidden):
    """Without this account nobody could run the site by its pages."""

    description = "This is the last administrator. Make another one first."


def leaves_no_administrator(account_id: int) -> bool:
    """Whether this is an administrator, and no other one stays who can sign in.

    Until the caller has committed, nobody else can be told otherwise.
    """
    working = (Account.role == Role.ADMINISTRATOR.value, Account.deleted_at.is_(None), Account.disabled_at.is_(None))
    if db.session.execute(select(Account.id).where(Account.id == account_id, *working)).first() is None:
        return False
    administrators = select(Account.id, Account.deletion_due_at).where(*working).order_by(Account.id).with_for_update()
    rows = db.session.execute(administrators).all()
    return all(row.id == account_id or row.deletion_due_at is not None for row in rows)
