"""What ties the answer of a provider to the browser that was sent there, once and for ten minutes.

`state` names a row; the browser's cookie holds a secret of which the row has the hash. From the two together come the
nonce and the verifier of PKCE, so that neither is stored and no other browser has them.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from base64 import urlsafe_b64encode
from dataclasses import dataclass
from datetime import datetime, timedelta

from cpd.auth import tokens
from cpd.auth.tokens import token_hash
from cpd.web import cookies
from cpd.web.addresses import own_path

COOKIE = "cpd_sign_on"
PURPOSE = "sign-on"
LASTS = timedelta(minutes=10)
SECRET = re.compile(r"[A-Za-z0-9_-]{43}")


@dataclass(frozen=True)
class Question:
    """What a browser is sent to the provider with, and what it wants afterwards: a page, perhaps a form that waits."""

    state: str
    nonce: str
    verifier: str  # of PKCE
    wanted: str
    kept: str


def ask(*, wanted: str, kept: str, now: datetime) -> Question:
    """A new question for this browser, which may have asked others in other tabs. The caller commits."""
    sent = cookies.value_of(COOKIE) or ""
    secret = sent if SECRET.fullmatch(sent) else cookies.new_token()
    detail = {"browser": token_hash(secret), "wanted": own_path(wanted), "kept": kept}
    state = tokens.issue(PURPOSE, account_id=None, detail=detail, now=now, lifetime=LASTS)
    cookies.put(COOKIE, secret, max_age=int(LASTS.total_seconds()))
    return _question(state, secret, detail["wanted"], kept)


def take(state: str | None, *, now: datetime) -> Question | None:
    """The question that this browser asked, which holds no longer; None if it did not ask it. The caller commits."""
    secret = cookies.value_of(COOKIE) or ""
    row = tokens.find(PURPOSE, state, now=now)
    if state is None or row is None or not hmac.compare_digest(row.detail["browser"], token_hash(secret)):
        return None
    if tokens.take(PURPOSE, state, now=now) is None:
        return None
    return _question(state, secret, row.detail["wanted"], row.detail["kept"])


def _question(state: str, secret: str, wanted: str, kept: str) -> Question:
    return Question(state, _derived("nonce", state, secret), _derived("verifier", state, secret), wanted, kept)


def _derived(what: str, state: str, secret: str) -> str:
    """43 characters that only who has the secret can make."""
    digest = hmac.digest(secret.encode(), f"{what}:{state}".encode(), hashlib.sha256)
    return urlsafe_b64encode(digest).decode().rstrip("=")
