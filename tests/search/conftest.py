"""What tests of search need."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from cpd import create_app
from cpd.content.publish import publish
from cpd.db import db
from cpd.search.node import Node, node_of
from tests.conftest import settings_for
from tests.factories import module_text, monograph_text, write_site
from tests.pages import words_of

RESULT = re.compile(r'<h3 class="mod__title mt-2"><a href="([^"]+)">')
OPTION = re.compile(r'<a[^>]*role="option"[^>]*href="([^"]+)">(.*?)</a>', re.DOTALL)


def addresses_in(page: str) -> list[str]:
    """Where the results of a page lead, in their order."""
    return RESULT.findall(page)


def options_in(piece: str) -> list[tuple[str, str]]:
    """What is offered, as (address, words), without the line that leads to all results."""
    return [(address, words_of(line)) for address, line in OPTION.findall(piece) if not address.startswith("/search?")]


@pytest.fixture(scope="module")
def published_once(
    empty_database: Callable[[str], str], tmp_path_factory: pytest.TempPathFactory, worker_id: str
) -> Iterator[Callable[..., Flask]]:
    """Publishes drugs and modules, by their slugs, for all tests of a file, which only read."""
    made = []

    def publish_once(*, monographs: dict[str, Any], modules: dict[str, Any]) -> Flask:
        folder = tmp_path_factory.mktemp("searched")
        app = create_app(settings_for(empty_database(f"searched_{worker_id}_{folder.name}"), folder))
        content = folder / "content"
        write_site(content)
        (content / "modules" / "red-flags").mkdir()
        for slug, facts in monographs.items():
            (content / "monographs" / f"{slug}.md").write_text(monograph_text(slug, **facts), encoding="utf-8")
        for slug, facts in modules.items():
            (content / "modules" / "red-flags" / f"{slug}.md").write_text(module_text(slug, **facts), encoding="utf-8")
        with app.app_context():
            publish(content, now=datetime.now(UTC))
            node_of(app).catch_up()
        made.append(app)
        return app

    yield publish_once
    for app in made:
        node_of(app).wait()
        with app.app_context():
            db.session.remove()
            db.engine.dispose()


@pytest.fixture
def ask(client: FlaskClient) -> Callable[..., str]:
    """Asks a question; gives the page."""

    def ask(q: str, **others: object) -> str:
        answer = client.get("/search", query_string={"q": q, **others})
        assert answer.status_code == 200
        return answer.text

    return ask


@pytest.fixture
def find(ask: Callable[..., str]) -> Callable[..., list[str]]:
    """Asks a question; gives the addresses of what was found."""
    return lambda q, **others: addresses_in(ask(q, **others))


@pytest.fixture
def offered(client: FlaskClient) -> Callable[[str], list[tuple[str, str]]]:
    """Types something; gives what is offered."""
    return lambda q: options_in(client.get("/search/complete", query_string={"q": q}).text)


@pytest.fixture(autouse=True)
def _patient(monkeypatch):
    """On a busy machine a search waits for longer."""
    monkeypatch.setattr(Node, "patience", 20.0)
    monkeypatch.setattr(Node, "short_patience", 20.0)
