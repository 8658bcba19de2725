"""The secret of an app that is being set up: it travels in the page, sealed, until the first code is right."""

from __future__ import annotations

from datetime import datetime, timedelta

from cpd.auth.sealing import NotOurs, opened, sealed

PURPOSE = "app being set up"
LASTS = timedelta(minutes=30)


def sealed_secret(account_id: int, secret: str, *, now: datetime) -> str:
    """A secret for the page of one account."""
    return sealed(PURPOSE, account_id, f"{int(now.timestamp())} {secret}")


def secret_in(account_id: int, text: str, *, now: datetime) -> str | None:
    """The secret in what a page of the same account sent back, unless it is too old or not ours."""
    try:
        sent_at, secret = opened(PURPOSE, account_id, text).split()
    except NotOurs:
        return None
    return secret if 0 <= now.timestamp() - int(sent_at) <= LASTS.total_seconds() else None
