"""Answers that several of these pages give."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from flask import redirect
from flask.typing import ResponseReturnValue

from cpd.web import cookies

REGISTERED_HERE = "cpd_registration"  # the cookie of a browser whose registration waits to be confirmed
SENT = "cpd_sent"  # the cookie that says what was asked for, and where the mail goes
SAID_FOR = timedelta(minutes=10)
PURPOSE = "sent"


@dataclass(frozen=True)
class Refusal:
    """Why a form comes back: its status, words above it, and after how many seconds to try again."""

    status: int
    words: str = ""
    wait: int = 0

    def answer(self, page: str) -> ResponseReturnValue:
        return page, self.status, {"Retry-After": str(self.wait)} if self.wait else {}


def sent(what: str, email: str) -> ResponseReturnValue:
    """Lead to the page that says that a mail is on its way, in the same words whether there is anything to send."""
    cookies.put(SENT, cookies.sealed(PURPOSE, [what, email]), max_age=int(SAID_FOR.total_seconds()))
    return redirect("/auth/sent", 303)


def what_was_sent() -> tuple[str, str] | None:
    """What this browser asked for just now, and the address that it typed."""
    match cookies.unsealed(PURPOSE, cookies.value_of(SENT)):
        case [str(what), str(email)]:
            return what, email
        case _:
            return None
