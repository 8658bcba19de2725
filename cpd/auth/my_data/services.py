"""Changing what is kept of a learner: their details, downloads, and deleting the account. None of these commits."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import delete, insert, or_, select, update

from cpd.auth.administrators import LastAdministrator, leaves_no_administrator
from cpd.auth.events import note
from cpd.auth.models import Account, Download, EventKind, Role, Token
from cpd.auth.my_data import queries
from cpd.auth.my_data.owned import all_owned
from cpd.auth.my_data.times import GIVEN_UP, KEPT, PAUSE
from cpd.auth.names import keep_words
from cpd.auth.notices import Notice, tell
from cpd.db import db
from cpd.outbox.services import ask_for, withdraw

DOWNLOAD = "download"  # the kind of what the worker is asked for


@dataclass(frozen=True)
class Details:
    """What a learner states about themselves and may change by themselves."""

    name: str
    profession: str
    registration_body: str
    registration_number: str
    time_zone: str
    language: str


def change_details(account_id: int, before: Details, after: Details, *, now: datetime) -> None:
    """Keep other details, and note which were changed but not what they are. The caller commits."""
    changed = [name for name, value in vars(after).items() if value != getattr(before, name)]
    if not changed:
        return
    values = vars(after) | {"zone": after.time_zone}
    del values["time_zone"]
    db.session.execute(update(Account).where(Account.id == account_id).values(**values))
    keep_words(account_id, after.name)
    note(EventKind.DETAILS_CHANGED, account_id=account_id, now=now, changed=changed)


def ask_for_download(account_id: int, *, now: datetime) -> None:
    """Have all that is kept of a learner put together, unless that is under way. The caller commits."""
    _alone(account_id)
    waiting = select(Download.id).where(
        Download.account_id == account_id, Download.made_at.is_(None), Download.asked_at > now - GIVEN_UP
    )
    if db.session.execute(waiting).first():
        return
    row = insert(Download).values(account_id=account_id, asked_at=now).returning(Download.id)
    download_id = db.session.execute(row).scalar_one()
    ask_for(DOWNLOAD, {"account_id": account_id, "download_id": download_id}, now=now)
    note(EventKind.DOWNLOAD_ASKED, account_id=account_id, now=now)


def keep_download(download_id: int, account_id: int, data: bytes, *, now: datetime) -> None:
    """Keep a download for a week in the place of earlier ones, and tell its owner. The caller commits.

    Nothing happens if it is no longer waited for, or was kept before.
    """
    kept = (
        update(Download)
        .where(Download.id == download_id, Download.made_at.is_(None))
        .values(data=data, made_at=now, expires_at=now + KEPT)
        .returning(Download.id)
    )
    if db.session.execute(kept).first() is None:
        return
    db.session.execute(delete(Download).where(Download.account_id == account_id, Download.id < download_id))
    tell(account_id, Notice.DOWNLOAD_READY, now=now)


def forget_old_downloads(*, now: datetime) -> None:
    """Delete downloads whose time is over, and those that nobody waits for any more. The caller commits."""
    db.session.execute(delete(Download).where(Download.expires_at <= now))
    given_up = delete(Download).where(Download.made_at.is_(None), Download.asked_at <= now - GIVEN_UP)
    db.session.execute(given_up)


def ask_for_deletion(account_id: int, *, now: datetime) -> None:
    """Have an account deleted after the pause. Asking again changes nothing. The caller commits.

    Raises LastAdministrator.
    """
    if leaves_no_administrator(account_id):
        raise LastAdministrator
    asked = (
        update(Account)
        .where(Account.id == account_id, Account.deletion_due_at.is_(None), Account.deleted_at.is_(None))
        .values(deletion_due_at=now + PAUSE)
        .returning(Account.id)
    )
    if db.session.execute(asked).first() is not None:
        note(EventKind.DELETION_ASKED, account_id=account_id, now=now)
        tell(account_id, Notice.DELETION_ASKED, now=now, due_at=(now + PAUSE).isoformat())


def keep_account(account_id: int, *, now: datetime) -> bool:
    """Let an account not be deleted; says whether it would have been. The caller commits."""
    kept = (
        update(Account)
        .where(Account.id == account_id, Account.deletion_due_at.is_not(None), Account.deleted_at.is_(None))
        .values(deletion_due_at=None)
        .returning(Account.id)
    )
    if db.session.execute(kept).first() is None:
        return False
    note(EventKind.DELETION_WITHDRAWN, account_id=account_id, now=now)
    tell(account_id, Notice.DELETION_WITHDRAWN, now=now)
    return True


def delete_account(account_id: int, *, now: datetime) -> None:
    """Delete an account that is due: all that is kept of its owner. The caller commits, or nothing has happened.

    What stays is the number of the account, that it was deleted and when, since other lines may name the number. The
    last mail, which says so, is the only thing that still knows the address, until it is sent. Nothing is deleted if
    the owner keeps the account meanwhile, nor while it is the last administrator's.
    """
    if leaves_no_administrator(account_id):
        return
    due = (
        update(Account)
        .where(Account.id == account_id, Account.deletion_due_at <= now, Account.deleted_at.is_(None))
        .values(deleted_at=now)
        .returning(Account.email)
    )
    email = db.session.execute(due).scalar_one_or_none()
    if email is None:
        return
    forget_all(account_id)
    note(EventKind.DELETED, account_id=account_id, now=now)
    tell(account_id, Notice.DELETED, now=now, to=email)


def forget_all(account_id: int) -> None:
    """Delete all that features keep of a learner, what refers to other things first. The caller commits."""
    for owned in reversed(all_owned()):
        owned.forget(account_id)


def forget_identity(account_id: int) -> None:
    """Empty the row of a deleted account; its address may be registered anew. The caller commits."""
    nobody = {
        "email": f"deleted-{account_id}",  # what no address can be
        "email_canon": f"deleted-{account_id}",
        "name": "",
        "password_hash": "",
        "profession": "",
        "registration_body": "",
        "registration_number": "",
        "role": Role.LEARNER.value,
        "zone": "UTC",
        "language": "en-GB",
        "created_at": Account.deleted_at,
        "confirmed_at": None,
        "disabled_at": None,
        "deletion_due_at": None,
        "short_password": False,
    }
    emptied = update(Account).where(Account.id == account_id, Account.deleted_at.is_not(None))
    db.session.execute(emptied.values(**nobody))


def forget_waiting(account_id: int) -> None:
    """Withdraw what waits for an account in the outbox, but the mail that says it is deleted. The caller commits."""
    withdraw(queries.names_of(account_id), but={"notice": Notice.DELETED.value})


def forget_tokens(account_id: int) -> None:
    """Delete the steps that an account has begun, and registering once more with its address. The caller commits."""
    address = select(Account.email_canon).where(Account.id == account_id).scalar_subquery()
    with_address = Token.detail["email_canon"].as_string() == address
    db.session.execute(delete(Token).where(or_(Token.account_id == account_id, with_address)))


def _alone(account_id: int) -> None:
    """Let others wait who want to change this account, until the caller commits. SQLite has one writer anyway."""
    db.session.execute(select(Account.id).where(Account.id == account_id).with_for_update())
