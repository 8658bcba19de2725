"""What tests of monographs need."""

from __future__ import annotations

import re
from collections.abc import Callable
from html import unescape
from typing import Any

import pytest
from flask.testing import FlaskClient

from tests.pages import token_in, words_of

INDICATIONS = [
    {"name": "Muscle spasms", "use": "Spasms after an injury of the cord."},
    {"name": "Hiccups", "use": "Hiccups that last."},
]


@pytest.fixture
def professional(client):
    """A visitor who has confirmed the notice."""
    client.set_cookie("cpd_professional", "1")
    return client


@pytest.fixture
def send(professional: FlaskClient) -> Callable[..., Any]:
    """Posts a form of the list with a good token; gives the answer without following it."""

    def send(path: str, client: FlaskClient = professional, **fields: str) -> Any:
        token = token_in(client.get("/auth/account", follow_redirects=True).text)
        return client.post(path, data={"csrf_token": token, **fields})

    return send


@pytest.fixture
def add(send: Callable[..., Any]) -> Callable[..., Any]:
    """Adds a monograph to the list."""

    def add(slug: str, indication: str = "", **fields: Any) -> Any:
        return send("/list", monograph=slug, indication=indication, **fields)

    return add


@pytest.fixture
def drugs(write_monograph: Callable[..., object], republish: Callable[..., object]) -> None:
    """Four drugs without indications, one with a single one and one with two."""
    for slug in ("alfadine", "betadine", "gammadine", "deltadine"):
        write_monograph(slug, classes=["Muscle relaxant"])
    write_monograph("monodine", indications=INDICATIONS[:1], classes=["Muscle relaxant"])
    write_monograph("zanidine", indications=INDICATIONS, classes=["Muscle relaxant"])
    republish()


def lines_of(page: str) -> list[tuple[str, str]]:
    """The lines of the list as (name, what stands under it)."""
    found = re.findall(r'<h2 class="mod__title"><a [^>]*>(.*?)</a></h2>\s*<p>(.*?)</p>', page, re.DOTALL)
    return [(unescape(name), words_of(text)) for name, text in found]


def message_in(page: str) -> str:
    """What the message of a page says, or nothing."""
    found = re.search(r'<p role="status">(.*?)</p>', page)
    return unescape(found[1]) if found else ""
