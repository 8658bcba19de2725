"""Whose tries at second factors are counted together: taken before a code is looked at, given back if it was right."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from flask import request

from cpd.auth import known, throttle
from cpd.auth.throttle import Bucket, bucket


def spend_try(account_id: int | None, *, now: datetime) -> Sequence[Bucket]:
    """Take a try with a code or passkey and commit; gives what it was taken from. Raises TooManyTries.

    A browser known to the account has buckets of its own; all others share those of the account and their network
    address. account_id: None for a passkey of which it is not known yet whose it is.
    """
    browser = known.this_browser()
    if browser and account_id in browser.accounts:
        buckets = _by_account(f"{account_id} {browser.name}")
    else:
        buckets = [bucket(throttle.SECOND_FACTOR_BY_ADDRESS, "code-address", _network())]
        buckets += _by_account(str(account_id)) if account_id is not None else []
    throttle.spend(buckets, now=now)
    return buckets


def give_back(spent: Sequence[Bucket]) -> None:
    """Return a try that turned out right. The caller commits."""
    throttle.give_back(spent)


def spend_challenge(*, now: datetime) -> None:
    """Take a challenge for a passkey, which is a row for some minutes, and commit. Raises TooManyTries."""
    throttle.spend([bucket(throttle.CHALLENGES_BY_ADDRESS, "challenge-address", _network())], now=now)


def _network() -> str:
    return throttle.network_of(request.remote_addr)


def _by_account(whom: str) -> list[Bucket]:
    return [bucket(limit, f"code-{limit.seconds}", whom) for limit in throttle.SECOND_FACTOR]
