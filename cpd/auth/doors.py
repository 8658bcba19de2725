"""The doors at which somebody could guess, and the buckets of tries at each: docs/decisions/0002 has the table.

Strangers cannot lock an owner out: a browser that has signed in to an account before spends from buckets of its own.
The others share those of the account, of their network address and of all.

    spent = throttle.spend(doors.second_factor_buckets(account_id), now=now)  # raises TooManyTries; commits
    …                                                                         # look whether it is right
    throttle.give_back(spent, now=now)                                        # if it was; the caller commits
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from flask import current_app, request

from cpd.auth import known, throttle
from cpd.auth.access import current_learner
from cpd.auth.throttle import Bucket, Limit, bucket
from cpd.web.networks import network_of

MINUTE, HOUR, DAY = 60, 3_600, 86_400  # seconds
YEAR = 365 * DAY

PASSWORD_BY_ACCOUNT = Limit(10, 5 * MINUTE)
PASSWORD_BY_BROWSER = PASSWORD_BY_ACCOUNT
PASSWORD_BY_ADDRESS = Limit(20, 5 * MINUTE)
PASSWORD_IN_A_ROW = Limit(100, YEAR, in_a_row=True)
PASSWORD_AFTER_THAT = Limit(1, HOUR)  # where no mail could reset it
PASSWORD_IN_ALL = Limit(1_000, 5 * MINUTE)
PASSWORD_WHILE_SLOW = Limit(2, 5 * MINUTE)
SECOND_FACTOR = (Limit(5, 5 * MINUTE), Limit(20, HOUR), Limit(50, DAY))
SECOND_FACTOR_BY_ADDRESS = Limit(10, 5 * MINUTE)
CHALLENGES_BY_ADDRESS = Limit(100, 5 * MINUTE)  # each is a row for some minutes
MAIL_BY_ACCOUNT = Limit(3, 6 * HOUR)
MAIL_BY_ADDRESS = Limit(20, HOUR)
ADDRESS_BY_ACCOUNT = Limit(5, 6 * HOUR)
DOWNLOAD_BY_ACCOUNT = Limit(5, 6 * HOUR)
REGISTER_BY_ADDRESS = Limit(20, HOUR)
SIGN_ON_BY_ADDRESS = Limit(300, 5 * MINUTE)

ACCOUNT_DOORS = ("password-account", "password-slow-account", "password-row-slow", "password-row")
BROWSER_DOORS = ("password-browser", "password-row-slow", "password-browser-row")


def password_buckets(email_canon: str, account_id: int | None) -> list[Bucket]:
    """What a try with a password takes from. account_id: None where no account has the address."""
    own = _own_name(account_id)
    if own:
        return [
            bucket(PASSWORD_BY_BROWSER, "password-browser", own),
            bucket(PASSWORD_IN_A_ROW, "password-browser-row", own, beyond=_after_that(own)),
        ]
    address = network_of(request.remote_addr)
    slow = (
        bucket(PASSWORD_WHILE_SLOW, "password-slow-account", email_canon),
        bucket(PASSWORD_WHILE_SLOW, "password-slow-address", address),
    )
    return [
        bucket(PASSWORD_BY_ACCOUNT, "password-account", email_canon),
        bucket(PASSWORD_BY_ADDRESS, "password-address", address),
        bucket(PASSWORD_IN_ALL, "password-all", "", beyond=slow),
        _account_in_a_row(email_canon),
    ]


def password_was_right(spent: Iterable[Bucket], *, email_canon: str, now: datetime) -> None:
    """Give tries with a password back, and end the row of wrong ones of the account. The caller commits."""
    last = _account_in_a_row(email_canon)
    throttle.give_back([each for each in spent if each.key != last.key], now=now)
    throttle.clear([last])


def password_was_reset(email_canon: str, account_id: int) -> None:
    """Let the door of a password be as if nobody had tried, for strangers and for this browser. The caller commits."""
    for whom, doors in ((email_canon, ACCOUNT_DOORS), (_own_name(account_id), BROWSER_DOORS)):
        throttle.clear(bucket(PASSWORD_BY_ACCOUNT, door, whom) for door in doors)


def second_factor_buckets(account_id: int) -> list[Bucket]:
    """What a try with a code of any kind takes from."""
    own = _own_name(account_id)
    if own:
        return [_lasting(limit, "code-browser", own) for limit in SECOND_FACTOR]
    return [
        *(_lasting(limit, "code-account", str(account_id)) for limit in SECOND_FACTOR),
        bucket(SECOND_FACTOR_BY_ADDRESS, "code-address", network_of(request.remote_addr)),
    ]


def passkey_buckets() -> list[Bucket]:
    """What a try with a passkey takes from, before it is known whose it is."""
    return [bucket(SECOND_FACTOR_BY_ADDRESS, "code-address", network_of(request.remote_addr))]


def challenge_buckets() -> list[Bucket]:
    """What asking for a passkey's challenge takes from."""
    return [bucket(CHALLENGES_BY_ADDRESS, "challenge-address", network_of(request.remote_addr))]


def mail_buckets() -> list[Bucket]:
    """What asking for a mail takes from. Who is refused here may be told."""
    return [bucket(MAIL_BY_ADDRESS, "mail-address", network_of(request.remote_addr))]


def mail_is_due(email_canon: str, *, now: datetime) -> bool:
    """Whether an address, of an account or not, may be sent one more mail that anybody can ask for; commits.

    Who asks is not told: the page is the same.
    """
    return throttle.has_left([bucket(MAIL_BY_ACCOUNT, "mail-account", email_canon)], now=now)


def registration_mail_is_due(email_canon: str, *, now: datetime) -> bool:
    """The same for the mail that confirms a new account, a door of its own; commits."""
    return throttle.has_left([bucket(MAIL_BY_ACCOUNT, "mail-registration", email_canon)], now=now)


def address_buckets(account_id: int) -> list[Bucket]:
    """What an account takes from that asks for another address. Who is refused here may be told."""
    return [bucket(ADDRESS_BY_ACCOUNT, "address-account", str(account_id))]


def download_buckets(account_id: int) -> list[Bucket]:
    """What asking for a copy of one's data takes from, which keeps the worker busy for a while."""
    return [bucket(DOWNLOAD_BY_ACCOUNT, "download-account", str(account_id))]


def register_buckets() -> list[Bucket]:
    """What registering takes from."""
    return [bucket(REGISTER_BY_ADDRESS, "register", network_of(request.remote_addr))]


def sign_on_buckets() -> list[Bucket]:
    """What going to the provider of single sign-on takes from: a whole hospital may come from one address."""
    return [bucket(SIGN_ON_BY_ADDRESS, "sign-on", network_of(request.remote_addr))]


def is_own_browser(account_id: int | None) -> bool:
    """Whether this request comes from a browser that has signed in to an account before."""
    return bool(_own_name(account_id))


def _own_name(account_id: int | None) -> str:
    """What names this browser as one of an account, or nothing if it is a stranger's."""
    browser = known.this_browser()
    if browser and account_id in browser.accounts:
        return f"{account_id} {browser.name}"
    learner = current_learner()
    if learner and learner.id == account_id:
        return f"{account_id} session {learner.session_id}"
    return ""


def _lasting(limit: Limit, door: str, whom: str) -> Bucket:
    """One of several buckets of the same door, which last differently long."""
    return bucket(limit, f"{door}-{limit.seconds}", whom)


def _account_in_a_row(email_canon: str) -> Bucket:
    return bucket(PASSWORD_IN_A_ROW, "password-row", email_canon, beyond=_after_that(email_canon))


def _after_that(whom: str) -> tuple[Bucket, ...]:
    """Without mail nobody could reset a password: the door is slow then, and not shut."""
    if current_app.config["SETTINGS"].confirms_addresses:
        return ()
    return (bucket(PASSWORD_AFTER_THAT, "password-row-slow", whom),)
