"""Reading what the pages of one's own data show, and what of an account goes into a download."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import and_, exists, func, or_, select

from cpd.auth.models import (
    Account,
    App,
    Consent,
    Download,
    Event,
    NameWord,
    Passkey,
    RecoveryCode,
    Session,
    SignOn,
    Token,
)
from cpd.auth.my_data.owned import Facts, facts
from cpd.auth.my_data.times import GIVEN_UP, SWEPT
from cpd.auth.sessions import LONGEST_IDLE
from cpd.db import AnyRow, read, read_first
from cpd.outbox.queries import waiting_for


def details_of(account_id: int) -> AnyRow:
    """What a learner states about themselves, as the fields of Details."""
    stated = select(
        Account.name,
        Account.profession,
        Account.registration_body,
        Account.registration_number,
        Account.zone.label("time_zone"),
        Account.language,
    )
    row = read_first(stated.where(Account.id == account_id))
    assert row is not None
    return row


def state_of(account_id: int, *, now: datetime) -> AnyRow:
    """What the page of an account says of it, beside what the learner states: dates, and how many of everything."""

    def count(model: Any, *conditions: Any) -> Any:
        return select(func.count()).where(model.account_id == Account.id, *conditions).scalar_subquery()

    state = select(
        Account.created_at,
        Account.confirmed_at,
        exists().where(App.account_id == Account.id).label("has_app"),
        count(Passkey).label("passkeys"),
        count(RecoveryCode, RecoveryCode.used_at.is_(None)).label("recovery_codes"),
        count(SignOn).label("sign_ons"),
        count(Session, Session.expires_at > now, Session.last_seen_at > now - LONGEST_IDLE).label("sessions"),
    )
    row = read_first(state.where(Account.id == account_id))
    assert row is not None
    return row


def downloads_of(account_id: int, *, now: datetime) -> Sequence[AnyRow]:
    """A learner's downloads that are ready or waited for, newest first.

    As (id, asked_at, made_at, expires_at, size: bytes), the last three None while it is being made.
    """
    columns = Download.id, Download.asked_at, Download.made_at, Download.expires_at
    ready = Download.expires_at > now
    waited_for = and_(Download.made_at.is_(None), Download.asked_at > now - GIVEN_UP)
    kept = select(*columns, func.length(Download.data).label("size"))
    kept = kept.where(Download.account_id == account_id, or_(ready, waited_for))
    return read(kept.order_by(Download.id.desc()))


def find_download(download_id: int, *, account_id: int, now: datetime) -> AnyRow | None:
    """A learner's download that is ready, as (data, made_at)."""
    ready = select(Download.data, Download.made_at).where(Download.id == download_id, Download.expires_at > now)
    return read_first(ready.where(Download.account_id == account_id))


def is_waited_for(download_id: int) -> bool:
    """Whether a download is still to be made."""
    return read_first(select(Download.id).where(Download.id == download_id, Download.made_at.is_(None))) is not None


def due_accounts(*, now: datetime) -> list[int]:
    """Accounts whose owners have asked for them to be deleted by now, the longest due first."""
    due = select(Account.id).where(Account.deletion_due_at <= now, Account.deleted_at.is_(None))
    return [row.id for row in read(due.order_by(Account.deletion_due_at, Account.id))]


def lately_deleted(*, now: datetime) -> list[int]:
    """Accounts that were deleted so lately that a request may have been under way."""
    return [row.id for row in read(select(Account.id).where(Account.deleted_at > now - SWEPT).order_by(Account.id))]


def names_of(account_id: int) -> dict[str, str | int]:
    """By what the outbox knows an account: its number, and the canonical form of its address."""
    row = read_first(select(Account.email_canon).where(Account.id == account_id))
    return {"account_id": account_id, **({"email_canon": row.email_canon} if row else {})}


# What goes into a download. The names are those of its facts; secrets and their hashes are left out.


def account(account_id: int) -> Iterator[Facts]:
    """What is kept in the row of an account."""
    return facts(
        select(
            Account.id.label("number"),
            Account.name,
            Account.email.label("email_address"),
            Account.confirmed_at.label("email_address_confirmed_at"),
            Account.profession,
            Account.registration_body,
            Account.registration_number,
            Account.role,
            Account.zone.label("time_zone"),
            Account.language,
            Account.created_at.label("registered_at"),
            Account.disabled_at,
            Account.deletion_due_at,
        ).where(Account.id == account_id)
    )


def name_words(account_id: int) -> Iterator[Facts]:
    """By which words administrators find a learner."""
    return facts(select(NameWord.word).where(NameWord.account_id == account_id).order_by(NameWord.word))


def consents(account_id: int) -> Iterator[Facts]:
    """What a learner agreed to."""
    columns = Consent.document, Consent.version, Consent.consented_at
    return facts(select(*columns).where(Consent.account_id == account_id).order_by(Consent.id))


def sessions(account_id: int) -> Iterator[Facts]:
    """Where a learner is signed in."""
    columns = (
        Session.created_at.label("signed_in_at"),
        Session.last_seen_at,
        Session.expires_at.label("ends_at"),
        Session.user_agent.label("browser"),
        Session.network.label("network_address"),
        Session.second_factor.label("with_second_factor"),
    )
    return facts(select(*columns).where(Session.account_id == account_id).order_by(Session.id))


def events(account_id: int) -> Iterator[Facts]:
    """What happened to an account."""
    columns = Event.number, Event.at, Event.kind.label("what"), Event.detail
    return facts(select(*columns).where(Event.account_id == account_id).order_by(Event.number))


def apps(account_id: int) -> Iterator[Facts]:
    """That there is an authenticator app."""
    return facts(select(App.added_at).where(App.account_id == account_id))


def passkeys(account_id: int) -> Iterator[Facts]:
    """Passkeys by their names."""
    columns = Passkey.name, Passkey.added_at, Passkey.used_at.label("last_used_at")
    return facts(select(*columns).where(Passkey.account_id == account_id).order_by(Passkey.id))


def recovery_codes(account_id: int) -> Iterator[Facts]:
    """Which recovery codes were used, by their places."""
    place = func.row_number().over(order_by=RecoveryCode.id).label("code")
    return facts(select(place, RecoveryCode.used_at).where(RecoveryCode.account_id == account_id))


def sign_ons(account_id: int) -> Iterator[Facts]:
    """With what else a learner may sign in."""
    columns = (
        SignOn.issuer.label("provider"),
        SignOn.subject.label("known_there_as"),
        SignOn.linked_at,
        SignOn.used_at.label("last_used_at"),
    )
    return facts(select(*columns).where(SignOn.account_id == account_id).order_by(SignOn.id))


def tokens(account_id: int) -> Iterator[Facts]:
    """Steps that were begun and wait for something to be done once, such as a link in a mail."""
    columns = Token.purpose, Token.created_at, Token.expires_at
    return facts(select(*columns).where(Token.account_id == account_id).order_by(Token.id))


def downloads(account_id: int) -> Iterator[Facts]:
    """Downloads like the one that this goes into."""
    columns = Download.asked_at, Download.made_at, Download.expires_at
    return facts(select(*columns).where(Download.account_id == account_id).order_by(Download.id))


def waiting(account_id: int) -> Iterator[Facts]:
    """Mail and other things that are on their way."""
    rows = waiting_for(names_of(account_id))
    return ({"what": row.kind, "asked_at": row.created_at, "due_at": row.due_at} for row in rows)
