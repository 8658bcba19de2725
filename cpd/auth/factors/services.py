"""What changes the second factors of an account, and what uses them up. None of these commits.

Whoever adds or removes one keeps this session and ends all others, and the owner is told by mail.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import delete, insert, update

from cpd.auth import passwords, sessions
from cpd.auth.events import note
from cpd.auth.factors import apps, queries
from cpd.auth.models import App, EventKind, Passkey, RecoveryCode, Role
from cpd.auth.notices import Notice, tell
from cpd.auth.sealing import NotOurs, opened, sealed
from cpd.db import db, insert_once

PURPOSE = "authenticator app"
APP = "authenticator app"  # as people are told
PASSKEY = "passkey"
NEEDS_ONE = "Your role needs a second factor. Add another one before you remove this."
SHORT_PASSWORD = (
    "Your password is short because you have a second factor. Choose a longer password before you remove it."  # noqa: S105
)


class AppThere(Exception):
    """The account has an authenticator app."""


class LastFactor(Exception):
    """The account cannot be without a second factor; the text says why and what to do."""


class NothingThere(Exception):
    """The account has no such factor."""


def add_app(
    account_id: int, session_id: int, *, secret: str, step: int, code_hashes: Sequence[str], now: datetime
) -> bool:
    """Set up an authenticator app whose code of `step` was shown; gives whether the recovery codes were taken.

    They are if the account had none. Raises AppThere. The caller commits.
    """
    queries.hold_account(account_id)
    app = {
        "account_id": account_id,
        "secret": sealed(PURPOSE, account_id, secret),
        "last_step": step,
        "added_at": now,
    }
    if insert_once(App, app) is None:
        raise AppThere
    note(EventKind.APP_ADDED, account_id=account_id, now=now)
    return after_adding(account_id, session_id, factor=APP, code_hashes=code_hashes, now=now)


def remove_app(account_id: int, session_id: int, *, now: datetime) -> None:
    """Take the authenticator app away. Raises NothingThere and LastFactor. The caller commits."""
    before_removing(account_id, session_id)
    removed = delete(App).where(App.account_id == account_id).returning(App.id)
    if db.session.execute(removed).first() is None:
        raise NothingThere
    note(EventKind.APP_REMOVED, account_id=account_id, now=now)
    after_removing(account_id, session_id, factor=APP, now=now)


def use_app_code(account_id: int, code: str, *, now: datetime) -> bool:
    """Whether this is a code of the account's app that was not used before; of two at once one is told so.

    The caller commits, and only then is the code used.
    """
    app = queries.app_of(account_id)
    if app is None:
        return False
    try:
        secret = opened(PURPOSE, account_id, app.secret)
    except NotOurs:  # the secret key has changed since
        return False
    step = apps.fitting_step(secret, code, now=now, after=app.last_step)
    if step is None:
        return False
    newer = update(App).where(App.account_id == account_id, App.last_step < step).values(last_step=step)
    return db.session.execute(newer.returning(App.id)).first() is not None


def use_recovery_code(account_id: int, code: str, *, own_browser: bool = False, now: datetime) -> bool:
    """Whether this is a recovery code of the account that was not used before; of two at once one is told so.

    All of its codes are tried, whichever it is. The owner is told. The caller commits.
    own_browser: one that the account has signed in with before does not queue behind strangers.
    """
    codes = queries.recovery_codes_of(account_id)
    place = passwords.of_this_app().which_fits(code, [each.code_hash for each in codes], own_browser=own_browser)
    if place is None:
        return False
    unused = RecoveryCode.id == codes[place].id, RecoveryCode.used_at.is_(None)
    used = update(RecoveryCode).where(*unused).values(used_at=now).returning(RecoveryCode.id)
    if db.session.execute(used).first() is None:
        return False
    left = queries.count_codes(account_id, unused=True)
    note(EventKind.RECOVERY_CODE_USED, account_id=account_id, now=now, left=left)
    tell(account_id, Notice.RECOVERY_CODE_USED, now=now, left=left)
    return True


def make_recovery_codes(account_id: int, code_hashes: Sequence[str], *, now: datetime) -> None:
    """Let these recovery codes count and none from before. Raises NothingThere without a factor. The caller commits."""
    queries.hold_account(account_id)
    if not queries.count_factors(account_id):
        raise NothingThere
    _keep_codes(account_id, code_hashes, now=now)
    tell(account_id, Notice.RECOVERY_CODES_MADE, now=now)


def reset_factors(account_id: int, *, by: str, identified: str, now: datetime) -> None:
    """Take the authenticator app, all passkeys and all recovery codes from an account, and end its sessions.

    by: who does it; identified: how the person was identified who asked for it. Both are kept with the event, and the
    owner is told. The caller commits.
    """
    queries.hold_account(account_id)
    gone = {
        name: len(db.session.execute(delete(model).where(model.account_id == account_id).returning(model.id)).all())
        for name, model in (("apps", App), ("passkeys", Passkey), ("recovery_codes", RecoveryCode))
    }
    sessions.end_sessions(account_id)
    note(EventKind.FACTORS_RESET, account_id=account_id, now=now, by=by, identified=identified, **gone)
    tell(account_id, Notice.FACTORS_RESET, now=now)


def after_adding(
    account_id: int, session_id: int, *, factor: str, code_hashes: Sequence[str], now: datetime, name: str = ""
) -> bool:
    """What follows when a factor was added: recovery codes with the first, and other sessions end."""
    first = not queries.count_codes(account_id)
    if first:
        _keep_codes(account_id, code_hashes, now=now)
    sessions.note_proof(session_id, second_factor=True, now=now)
    _end_others(account_id, session_id, now=now)
    tell(account_id, Notice.FACTOR_ADDED, now=now, factor=factor, name=name)
    return first


def before_removing(account_id: int, session_id: int) -> None:
    """Hold the account, and make sure that it can spare a factor. Raises LastFactor."""
    account = queries.hold_account(account_id)
    if queries.count_factors(account_id) > 1:
        return
    if account.role != Role.LEARNER:
        raise LastFactor(NEEDS_ONE)
    if account.short_password:
        raise LastFactor(SHORT_PASSWORD)
    sessions.forget_second_factor(session_id)


def after_removing(account_id: int, session_id: int, *, factor: str, now: datetime, name: str = "") -> None:
    """What follows when a factor was removed: with the last one go the recovery codes, and other sessions end."""
    if not queries.count_factors(account_id):
        db.session.execute(delete(RecoveryCode).where(RecoveryCode.account_id == account_id))
    _end_others(account_id, session_id, now=now)
    tell(account_id, Notice.FACTOR_REMOVED, now=now, factor=factor, name=name)


def _keep_codes(account_id: int, code_hashes: Sequence[str], *, now: datetime) -> None:
    db.session.execute(delete(RecoveryCode).where(RecoveryCode.account_id == account_id))
    rows = [{"account_id": account_id, "code_hash": each, "used_at": None} for each in code_hashes]
    db.session.execute(insert(RecoveryCode), rows)
    note(EventKind.RECOVERY_CODES_MADE, account_id=account_id, now=now)


def _end_others(account_id: int, session_id: int, *, now: datetime) -> None:
    if ended := sessions.end_sessions(account_id, but=session_id):
        note(EventKind.SESSIONS_ENDED, account_id=account_id, now=now, sessions=ended)
