"""Reading accounts for those who run the site. None of this is what learners wrote or did: only who may sign in."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import ColumnElement, Row, Select, and_, exists, func, select, tuple_

from cpd.auth.models import Account, App, Event, EventKind, NameWord, Passkey, RecoveryCode, Role, Session, SignOn
from cpd.auth.names import words_of
from cpd.db import read, read_first

PAGE = 50
LAST_LETTER = "\U0010ffff"  # nothing of what begins with a text stands behind the text and this

SIGNED_IN_AT = (
    select(Event.at)
    .where(Event.account_id == Account.id, Event.kind == EventKind.SIGNED_IN.value)
    .order_by(Event.number.desc())
    .limit(1)
    .scalar_subquery()
)
LISTED = select(
    Account.id,
    Account.name,
    Account.email,
    Account.role,
    Account.created_at,
    Account.confirmed_at,
    Account.disabled_at,
    Account.deletion_due_at,
    exists().where(App.account_id == Account.id).label("has_app"),
    select(func.count()).where(Passkey.account_id == Account.id).scalar_subquery().label("passkeys"),
    select(func.count())
    .where(RecoveryCode.account_id == Account.id, RecoveryCode.used_at.is_(None))
    .scalar_subquery()
    .label("recovery_codes"),
    SIGNED_IN_AT.label("signed_in_at"),
).where(Account.deleted_at.is_(None))
SHOWN = LISTED.add_columns(
    Account.profession,
    Account.registration_body,
    Account.registration_number,
    select(func.count()).where(Session.account_id == Account.id).scalar_subquery().label("sessions"),
    exists().where(SignOn.account_id == Account.id).label("signs_on"),
)


def find_account(account_id: int) -> Row[Any] | None:
    """An account that was not deleted, with what it signs in with, as the columns of SHOWN."""
    return read_first(SHOWN.where(Account.id == account_id))


def find_by_email(email_canon: str) -> Row[Any] | None:
    """The same of the account with a canonical address."""
    return read_first(SHOWN.where(Account.email_canon == email_canon))


def accounts(wanted: str = "", *, role: Role | None = None, after: int | None = None, limit: int) -> Sequence[Row[Any]]:
    """Accounts that were not deleted, as the columns of LISTED, going on after one of them, given by its id.

    wanted: the beginning of an e-mail address if there is an @ in it, else beginnings of words of the name, all of
    which must be there. Without it the newest come first.
    """
    chosen = LISTED.limit(limit)
    if role:
        chosen = chosen.where(Account.role == role.value)
    if "@" in wanted:
        chosen = _by_email(chosen, wanted.casefold(), after)
    elif wanted:
        chosen = _by_name(chosen, words_of(wanted), after)
    else:
        chosen = chosen.order_by(Account.id.desc())
        if after:
            chosen = chosen.where(Account.id < after)
    return read(chosen)


def _by_email(chosen: Select[*tuple[Any, ...]], beginning: str, after: int | None) -> Select[*tuple[Any, ...]]:
    chosen = chosen.where(_begins_with(Account.email_canon, beginning)).order_by(Account.email_canon)
    if after:
        chosen = chosen.where(Account.email_canon > _column_of(Account.email_canon, after))
    return chosen


def _by_name(chosen: Select[*tuple[Any, ...]], words: Sequence[str], after: int | None) -> Select[*tuple[Any, ...]]:
    """In the order of the longest word, which the fewest names have; each account once, by the first that fits."""
    longest = max(words, key=len, default="")
    if not longest:  # punctuation alone
        return chosen.where(Account.id < 0)
    other = NameWord.__table__.alias()
    fits = _begins_with(NameWord.word, longest)
    earlier = exists().where(
        other.c.account_id == NameWord.account_id, _begins_with(other.c.word, longest), other.c.word < NameWord.word
    )
    chosen = chosen.join(NameWord, NameWord.account_id == Account.id).where(fits, ~earlier)
    for word in words:
        if word != longest:
            chosen = chosen.where(
                exists().where(other.c.account_id == NameWord.account_id, _begins_with(other.c.word, word))
            )
    if after:
        place = select(func.min(other.c.word)).where(other.c.account_id == after, _begins_with(other.c.word, longest))
        chosen = chosen.where(tuple_(NameWord.word, NameWord.account_id) > tuple_(place.scalar_subquery(), after))
    return chosen.order_by(NameWord.word, NameWord.account_id)


def _begins_with(column: Any, text: str) -> ColumnElement[bool]:
    """As a range, which an index finds."""
    return and_(column >= text, column < text + LAST_LETTER)


def _column_of(column: Any, account_id: int) -> Any:
    return select(column).where(Account.id == account_id).correlate(None).scalar_subquery()
