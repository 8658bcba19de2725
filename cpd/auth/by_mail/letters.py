"""The mails with links, written by the worker: it looks up whose an address is, where the page must not tell."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from flask import current_app

from cpd.auth import queries, tokens
from cpd.auth.by_mail import services
from cpd.auth.by_mail.links import IN_ADDRESS
from cpd.auth.by_mail.queries import hash_of_newest_registration
from cpd.auth.changing.services import ADDRESS
from cpd.auth.events import note
from cpd.auth.models import EventKind
from cpd.auth.tokens import RESET
from cpd.outbox.mail import Mail, letter


def write_registration(payload: dict[str, Any], *, now: datetime) -> list[Mail]:
    """To a new address the link that makes the account, and to the owner of a known one that there is one."""
    return _of_registration(payload["registration"], now=now) if payload["is_due"] else []


def write_reset(payload: dict[str, Any], *, now: datetime) -> list[Mail]:
    """To the owner of an account the link to a new password; to nobody else anything."""
    account = queries.find_account(payload["email_canon"])
    owner = queries.owner_of(account.id) if account else None
    if account is None or owner is None or owner.disabled_at or not payload["is_due"]:
        return []
    note(EventKind.RESET_ASKED, account_id=account.id, now=now)
    by_mail = current_app.config["SETTINGS"].confirms_addresses
    lifetime = services.RESET_LASTS if by_mail else services.RESET_LASTS_BY_HAND
    token = tokens.issue(RESET, account_id=account.id, now=now, lifetime=lifetime)
    link = link_to("/auth/reset/new", token)
    return [letter("reset", to=owner.email, link=link, hours=_hours(lifetime))]


def write_resend(payload: dict[str, Any], *, now: datetime) -> list[Mail]:
    """The newest link once more, whether it is for a new account or for one that has no confirmed address yet."""
    if not payload["is_due"]:
        return []
    account = queries.find_account(payload["email_canon"])
    owner = queries.owner_of(account.id) if account else None
    if account and owner:
        if owner.confirmed_at:
            return [letter("already_registered", to=owner.email)]
        return _confirmation_of_address(account.id, owner.email, owner.email_canon, now=now)
    registration = hash_of_newest_registration(payload["email_canon"], now=now)
    return _of_registration(registration, now=now) if registration else []


def write_address(payload: dict[str, Any], *, now: datetime) -> list[Mail]:
    """To an address that nobody has the link by which an account gets it; to one that is taken, that it is."""
    owner = queries.owner_of(payload["account_id"])
    if owner is None or not payload["is_due"]:
        return []
    typed, canon = payload["email"]["typed"], payload["email"]["canon"]
    if canon != owner.email_canon and queries.find_account(canon):
        return [letter("address_taken", to=typed)]
    return _confirmation_of_address(payload["account_id"], typed, canon, now=now)


def link_to(path: str, token: str) -> str:
    """The address of a page of this site that takes a token."""
    return f"{current_app.config['SETTINGS'].address}{path}?{IN_ADDRESS}={token}"


def _of_registration(hashed: str, *, now: datetime) -> list[Mail]:
    row = tokens.find_hashed(services.REGISTRATION, hashed, now=now)
    if row is None:
        return []
    email = services.registration_of(row).person.email
    account = queries.find_account(email.canon)
    owner = queries.owner_of(account.id) if account else None
    if owner:
        return [letter("already_registered", to=owner.email)]
    lifetime = row.created_at + services.REGISTRATION_LASTS - now
    detail = {"registration": hashed}
    token = tokens.issue(services.CONFIRMATION, account_id=None, detail=detail, now=now, lifetime=lifetime)
    return [letter("confirm_registration", to=email.typed, link=link_to("/auth/confirm", token))]


def _confirmation_of_address(account_id: int, typed: str, canon: str, *, now: datetime) -> list[Mail]:
    detail, lifetime = {"typed": typed, "canon": canon}, services.ADDRESS_LASTS
    token = tokens.issue(ADDRESS, account_id=account_id, detail=detail, now=now, lifetime=lifetime)
    link = link_to("/auth/address/confirm", token)
    return [letter("confirm_address", to=typed, link=link, hours=_hours(lifetime))]


def _hours(lifetime: timedelta) -> str:
    hours = int(lifetime.total_seconds() // 3_600)
    return "an hour" if hours == 1 else f"{hours} hours"


HANDLERS = {
    services.ASKED_TO_REGISTER: write_registration,
    services.ASKED_TO_RESET: write_reset,
    services.ASKED_TO_RESEND: write_resend,
    services.ASKED_FOR_ADDRESS: write_address,
}
