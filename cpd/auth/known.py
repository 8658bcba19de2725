"""The known-browser cookie: which accounts have signed in here before. It proves nothing but that."""

from __future__ import annotations

from dataclasses import dataclass

from cpd.web import cookies

COOKIE = "cpd_known_browser"
PURPOSE = "known-browser"
MOST_ACCOUNTS = 8  # a shared computer remembers the last ones


@dataclass(frozen=True)
class KnownBrowser:
    """A browser by its random name, and the ids of accounts that signed in with it, newest first."""

    name: str
    accounts: tuple[int, ...] = ()


def this_browser() -> KnownBrowser | None:
    """The browser of this request, if somebody signed in with it before."""
    match cookies.unsealed(PURPOSE, cookies.value_of(COOKIE)):
        case [str(name), [*accounts]]:
            return KnownBrowser(name, tuple(account for account in accounts if isinstance(account, int)))
        case _:
            return None


def is_known(account_id: int) -> bool:
    """Whether this browser has signed in to an account before."""
    browser = this_browser()
    return browser is not None and account_id in browser.accounts


def remember(account_id: int) -> None:
    """Let this browser be known as one that an account has signed in with."""
    browser = this_browser() or KnownBrowser(cookies.new_token())
    others = [account for account in browser.accounts if account != account_id]
    accounts = [account_id, *others][:MOST_ACCOUNTS]
    cookies.put(COOKIE, cookies.sealed(PURPOSE, [browser.name, accounts]))
