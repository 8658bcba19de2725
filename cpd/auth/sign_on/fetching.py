"""Asking a provider: within limits of time and size, without following it elsewhere, and for JSON alone."""

from __future__ import annotations

import io
import json
import time
from typing import Any

import requests
from requests.adapters import HTTPAdapter
from urllib3.exceptions import HTTPError

LONGEST_CONNECTING = 3.0  # seconds
LONGEST_SILENCE = 5.0
LONGEST_ANSWER = 8.0
LARGEST_ANSWER = 256 * 1024  # bytes
AT_ONCE = 16 * 1024
JSON_TYPES = ("application/json", "application/jwk-set+json")
USER_AGENT = "cpd"


class WrongAnswer(requests.RequestException):
    """An answer that is too large, too slow, or no JSON object."""


class CarefulAdapter(HTTPAdapter):
    """Takes in each answer whole, and refuses what no provider should send."""

    def send(self, *arguments: Any, **options: Any) -> requests.Response:
        until = time.monotonic() + LONGEST_ANSWER
        options |= {"stream": True, "timeout": (LONGEST_CONNECTING, LONGEST_SILENCE)}
        answer = super().send(*arguments, **options)
        try:
            content = _taken_in(answer.raw, until)
        except HTTPError as fault:
            raise WrongAnswer(f"the answer broke off: {type(fault).__name__}") from None
        finally:
            answer.raw.close()
        answer.raw = io.BytesIO(content)
        if not answer.is_redirect:  # the session refuses that
            _look_at(answer, content)
        return answer


def careful(session: requests.Session) -> None:
    """Let a session ask like this only."""
    session.mount("https://", CarefulAdapter())
    session.mount("http://", CarefulAdapter())
    session.max_redirects = 0
    session.headers.update({"Accept": "application/json", "Accept-Encoding": "identity", "User-Agent": USER_AGENT})


def _taken_in(raw: Any, until: float) -> bytes:
    content = bytearray()
    while piece := raw.read1(AT_ONCE, decode_content=False):
        content += piece
        if len(content) > LARGEST_ANSWER:
            raise WrongAnswer("the answer is too large")
        if time.monotonic() > until:
            raise WrongAnswer("the answer took too long")
    return bytes(content)


def _look_at(answer: requests.Response, content: bytes) -> None:
    kind = answer.headers.get("Content-Type", "").partition(";")[0].strip().lower()
    if kind not in JSON_TYPES:
        raise WrongAnswer(f"the answer, with status {answer.status_code}, is no JSON")
    try:
        whole = isinstance(json.loads(content), dict)
    except (ValueError, RecursionError):
        whole = False
    if not whole:
        raise WrongAnswer(f"the answer, with status {answer.status_code}, is no JSON object")
