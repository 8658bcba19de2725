"""Limits on tries, kept in the database so that they outlive a restart and count for all processes together.

Each door has a bucket of tries that fills up again evenly. Strangers cannot lock an owner out: a browser that has
signed in to an account before spends from a bucket of its own. The limits are those of docs/decisions/0002.
"""

from __future__ import annotations

import hashlib
import hmac
import ipaddress
import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from flask import current_app
from sqlalchemy import ColumnElement, Float, case, delete, literal, update
from sqlalchemy.dialects import postgresql, sqlite
from werkzeug.exceptions import TooManyRequests

from cpd.auth.models import Throttle
from cpd.db import db

FORGOTTEN_AFTER = timedelta(days=1)  # longer than any bucket takes to fill


@dataclass(frozen=True)
class Limit:
    """So many tries in so many seconds."""

    tries: int
    seconds: int

    @property
    def wait(self) -> int:
        """Seconds until an empty bucket has one more try."""
        return math.ceil(self.seconds / self.tries)


PASSWORD_BY_ACCOUNT = Limit(10, 300)
PASSWORD_BY_BROWSER = Limit(10, 300)
PASSWORD_BY_ADDRESS = Limit(20, 300)
REGISTER_BY_ADDRESS = Limit(20, 3_600)


@dataclass(frozen=True)
class Bucket:
    """Whose tries are counted: `key` says for which door and whom, without naming them."""

    key: str
    limit: Limit


class TooManyTries(TooManyRequests):
    """A bucket is empty."""

    def __init__(self, wait: int) -> None:
        minutes = math.ceil(wait / 60)
        pause = "a minute" if minutes == 1 else f"{minutes} minutes"
        super().__init__(f"There were too many tries. Wait {pause}, then try again.", retry_after=wait)
        self.wait = wait


def bucket(limit: Limit, door: str, whom: str) -> Bucket:
    """The bucket of somebody at a door. E-mail and network addresses are kept as an HMAC only."""
    key = str(current_app.config["SECRET_KEY"]).encode()
    name = hmac.new(key, f"throttle:{door}:{whom}".encode(), hashlib.sha256).hexdigest()
    return Bucket(f"{door}:{name[:40]}", limit)


def network_of(address: str | None) -> str:
    """What counts as one address: all of IPv4, the first 64 bits of IPv6, which one household or ward shares."""
    try:
        ip = ipaddress.ip_address(address or "")
    except ValueError:
        return "unknown"
    if isinstance(ip, ipaddress.IPv6Address):
        if ip.ipv4_mapped:
            return str(ip.ipv4_mapped)
        return str(ipaddress.ip_network((ip, 64), strict=False))
    return str(ip)


def spend(buckets: Sequence[Bucket], *, now: datetime) -> None:
    """Take a try from each bucket and commit. Raises TooManyTries at the first that is empty; the tries before stay."""
    at = now.timestamp()
    with db.engine.begin() as connection:
        taken = (connection.execute(_spending(each, at)).scalar_one_or_none() for each in buckets)
        empty = next((each for each, left in zip(buckets, taken, strict=True) if left is None), None)
    if empty is not None:
        raise TooManyTries(empty.limit.wait)


def give_back(buckets: Iterable[Bucket]) -> None:
    """Return the try that turned out right, so that a whole ward may sign in from one address. The caller commits."""
    for each in buckets:
        more = case((Throttle.tokens > each.limit.tries - 1, float(each.limit.tries)), else_=Throttle.tokens + 1)
        db.session.execute(update(Throttle).where(Throttle.key == each.key).values(tokens=more))


def forget_old(*, now: datetime) -> None:
    """Delete buckets that have long been full again. The caller commits."""
    limit = (now - FORGOTTEN_AFTER).timestamp()
    db.session.execute(delete(Throttle).where(Throttle.updated_at < limit))


def _spending(bucket: Bucket, at: float) -> Any:
    """One statement for both databases: it takes a try and returns what is left, or no row if there was none."""
    dialect = {"sqlite": sqlite, "postgresql": postgresql}[db.engine.dialect.name]
    first = dialect.insert(Throttle).values(key=bucket.key, tokens=bucket.limit.tries - 1.0, updated_at=at)
    there = _tokens_at(bucket.limit, at)
    return first.on_conflict_do_update(
        index_elements=[Throttle.key], set_={"tokens": there - 1.0, "updated_at": at}, where=there >= 1.0
    ).returning(Throttle.tokens)


def _tokens_at(limit: Limit, at: float) -> ColumnElement[float]:
    """What a bucket holds by now. A clock that was set back adds nothing and takes nothing."""
    passed = literal(at, Float) - Throttle.updated_at
    filled = Throttle.tokens + passed * (limit.tries / limit.seconds)
    return case((passed < 0, Throttle.tokens), (filled > limit.tries, float(limit.tries)), else_=filled)
