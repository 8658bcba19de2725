"""Answers that several of these pages give."""

from __future__ import annotations

from dataclasses import dataclass

from flask import current_app, render_template
from flask.typing import ResponseReturnValue

REGISTERED_HERE = "cpd_registration"  # the cookie of a browser whose registration waits to be confirmed


@dataclass(frozen=True)
class Refusal:
    """Why a form comes back: its status, words above it, and after how many seconds to try again."""

    status: int
    words: str = ""
    wait: int = 0

    def answer(self, page: str) -> ResponseReturnValue:
        return page, self.status, {"Retry-After": str(self.wait)} if self.wait else {}


def sent_page(what: str, email: str) -> str:
    """Say that a mail is on its way, in the same words whether there is anything to send or not."""
    by_mail = current_app.config["SETTINGS"].confirms_addresses
    return render_template("by_mail/sent.html", what=what, email=email, by_mail=by_mail)
