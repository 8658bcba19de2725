"""What most tests need: an application on a fresh database, on SQLite and PostgreSQL alike, and somebody signed in."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import hypothesis
import pytest
from flask import Flask
from flask.testing import FlaskClient
from jinja2 import FileSystemBytecodeCache

from cpd import create_app
from cpd.content.publish import Report
from cpd.content.publish import publish as publish_content
from cpd.db import db
from cpd.migrating import migrate
from cpd.pages.queries import versions
from cpd.search.node import node_of
from cpd.settings import Settings
from tests import databases, did_not_run
from tests.compiled import compiled_once
from tests.emptying import Databases, Files
from tests.factories import module_text, monograph_text, write_site
from tests.pages import hidden_in, token_in
from tests.rendering import children_kept

# A loaded machine is no fault of the code.
hypothesis.settings.register_profile("patient", deadline=None)
hypothesis.settings.load_profile("patient")

SECRET_KEY = "a-secret-key-for-tests-and-nothing-else"
PASSWORD = "seven quiet herons wade"


@pytest.fixture(scope="session", autouse=True)
def _what_tests_share() -> Iterator[None]:
    """What takes longer to make than most tests take, and is the same for all."""
    with children_kept(), compiled_once():
        yield


@pytest.fixture(scope="session", params=["sqlite", "postgresql"])
def empty_database(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Files | Databases]:
    """Makes a migrated, empty database of the given name and gives its address; takes it back afterwards."""
    if request.param == "sqlite":
        template, folder = kept_folder(tmp_path_factory, "template"), tmp_path_factory.mktemp("databases")
        if not (template / "template.sqlite").exists():
            _migrate(f"sqlite:///{template / 'template.sqlite'}", template)
        yield Files(template / "template.sqlite", folder)
        return
    if not databases.postgres_available():
        did_not_run.skip_without(did_not_run.POSTGRESQL)
    cluster = databases.start_cluster()
    folder = tmp_path_factory.mktemp("instance")
    template = cluster.template("cpd_template", lambda url: _migrate(url, folder))
    with closing(Databases(cluster, template)) as made:
        yield made


def kept_folder(factory: pytest.TempPathFactory, name: str) -> Path:
    """A folder of this run, or one that many runs share where TESTS_KEEP names a place."""
    if place := os.environ.get("TESTS_KEEP"):
        folder = Path(place, name)
        folder.mkdir(exist_ok=True)
        return folder
    return factory.mktemp(name)


def _migrate(url: str, folder: Path) -> None:
    app = create_app(settings_for(url, folder))
    with app.app_context():
        migrate()
        db.session.remove()
        db.engine.dispose()


def settings_for(url: str, folder: Path) -> Settings:
    """Settings of an installation in a folder, with cheap password hashes."""
    return Settings(
        instance_folder=folder,
        content_folder=folder / "content",
        database_url=url,
        secret_key=SECRET_KEY,
        hash_memory=8,
        hash_time=1,
    )


@pytest.fixture
def settings(empty_database: Files | Databases, tmp_path: Path, worker_id: str) -> Iterator[Settings]:
    address = empty_database(f"cpd_{worker_id}_{next(_numbers)}")
    yield settings_for(address, tmp_path)
    empty_database.give_back(address)


_numbers = iter(range(1, 1_000_000))


@pytest.fixture(scope="session")
def compiled_templates(tmp_path_factory: pytest.TempPathFactory) -> FileSystemBytecodeCache:
    """Templates compiled once for all tests: compiling them for each takes longer than most tests."""
    return FileSystemBytecodeCache(str(kept_folder(tmp_path_factory, "templates")))


@pytest.fixture
def app(settings: Settings, compiled_templates: FileSystemBytecodeCache) -> Iterator[Flask]:
    write_site(settings.content_folder)
    app = create_app(settings)
    app.jinja_env.bytecode_cache = compiled_templates
    app.testing = True
    app.config["PROPAGATE_EXCEPTIONS"] = False
    yield app
    node_of(app).wait()
    with app.app_context():
        db.session.remove()
        db.engine.dispose()


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    return app.test_client()


@pytest.fixture
def republish(app: Flask, settings: Settings) -> Callable[..., Report]:
    """Publishes the content folder as it is."""

    def republish(*paths: Path, now: datetime | None = None) -> Report:
        with app.app_context():
            return publish_content(settings.content_folder, now=now or datetime.now(UTC), paths=list(paths) or None)

    return republish


@pytest.fixture
def write_module(settings: Settings) -> Callable[..., Path]:
    """Writes a module's file: facts by keyword, `body` for its text, `assessment` for its questions."""

    def write(slug: str, *, category: str = "red-flags", **facts: Any) -> Path:
        file = settings.content_folder / "modules" / category / f"{slug}.md"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(module_text(slug, **facts), encoding="utf-8")
        return file

    return write


@pytest.fixture
def write_monograph(settings: Settings) -> Callable[..., Path]:
    """Writes a monograph's file: facts by keyword, `body` for its sections."""

    def write(slug: str, **facts: Any) -> Path:
        file = settings.content_folder / "monographs" / f"{slug}.md"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(monograph_text(slug, **facts), encoding="utf-8")
        return file

    return write


@pytest.fixture
def publish(write_module: Callable[..., Path], republish: Callable[..., Report]) -> Callable[..., Report]:
    """Writes a module and publishes the folder."""

    def publish(slug: str, **facts: Any) -> Report:
        write_module(slug, **facts)
        return republish()

    return publish


@pytest.fixture
def sign_in(client: FlaskClient, register: Callable[..., None]) -> Callable[..., None]:
    """Registers a learner, who is then signed in with `client`."""

    def sign_in(email: str = "amara@example.org", **facts: str) -> None:
        register(client, email=email, **facts)

    return sign_in


@pytest.fixture
def register(app: Flask, republish: Callable[..., Report]) -> Callable[..., None]:
    """Registers a learner through the pages, with whatever client; publishes first if nobody has."""

    def register(client: FlaskClient, *, email: str, name: str = "Amara Okafor") -> None:
        with app.app_context():
            ready = bool(versions())
        if not ready:
            republish()
        page = client.get("/auth/register")
        answer = client.post(
            "/auth/register",
            data={
                "csrf_token": token_in(page.text),
                "documents": hidden_in(page.text, "documents"),
                "name": name,
                "email": email,
                "password": PASSWORD,
                "profession": "Doctor",
                "professional": "y",
                "consent": "y",
            },
        )
        assert answer.status_code in (302, 303), answer.text

    return register


@pytest.fixture
def submit(client: FlaskClient) -> Callable[..., Any]:
    """Opens an assessment and submits answers; gives the last answer after redirects."""

    def submit(url: str, **answers: Any) -> Any:
        page = client.get(url)
        data = {"csrf_token": token_in(page.text), "attempt": hidden_in(page.text, "attempt"), **answers}
        return client.post(url, data=data, follow_redirects=True)

    return submit


@pytest.fixture(scope="session")
def chromium() -> Iterator[Any]:
    """The browser of the run."""
    from playwright.sync_api import expect

    from tests import did_not_run
    from tests.browser.chromium import PATIENCE, started
    from tests.browser_tools import find_chromium

    program = find_chromium()
    if program is None:
        did_not_run.skip_without(did_not_run.CHROMIUM)
    expect.set_options(timeout=PATIENCE)
    with started(program) as browser:
        yield browser


@pytest.fixture
def client_with(settings: Settings) -> Iterator[Callable[..., FlaskClient]]:
    """Gives a client of an application with some settings changed."""
    made = []

    def make(**changes: Any) -> FlaskClient:
        made.append(create_app(replace(settings, **changes)))
        return made[-1].test_client()

    yield make
    for app in made:
        node_of(app).wait()
        with app.app_context():
            db.engine.dispose()
