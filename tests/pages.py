"""What tests read from a page."""

from __future__ import annotations

import re
from html import unescape


def hidden_in(html: str, name: str) -> str:
    """The value of a hidden field of a page."""
    for field in re.findall(r"<input[^>]*>", html):
        if f'name="{name}"' in field and (found := re.search(r'value="([^"]*)"', field)):
            return unescape(found[1])
    raise AssertionError(f"the page has no field {name}")


def token_in(html: str) -> str:
    """The CSRF token of a page."""
    return hidden_in(html, "csrf_token")


WITHIN_A_LINE = r"</?(?:a|b|bdi|em|mark|span|strong)\b[^>]*>"


def words_of(html: str) -> str:
    """What a reader sees of a page, without its markup."""
    without = re.sub(r"<(script|style|title)\b.*?</\1>", "", html, flags=re.DOTALL)
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", re.sub(WITHIN_A_LINE, "", without))).split())
