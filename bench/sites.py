"""Installations to measure: the sample content and made-up modules published once, the rest filled in by bulk SQL."""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

from flask import Flask
from sqlalchemy import update

from bench import bulk, texts
from cpd import create_app, paths
from cpd.auth.models import Session
from cpd.auth.sessions import LONGEST
from cpd.db import db
from cpd.modules import publishing
from cpd.settings import Settings

SECRET_KEY = "a secret key for measuring and nothing else"  # noqa: S105  # guards made-up people
PUBLISHED_MODULES = 12  # made through the product; the others are copies of their rows
CACHE = paths.CHECKOUT / "instance" / "bench"


@dataclass(frozen=True)
class Size:
    """How much is in a database. Every learner with entries has bulk.ENTRIES_EACH of them."""

    modules: int
    accounts: int
    entries: int
    monographs: int = 100

    @property
    def name(self) -> str:
        return f"{self.modules}-{self.monographs}-{self.accounts}-{self.entries}"


SMALL = Size(modules=100, accounts=2_000, entries=20_000)
LARGE = Size(modules=10_000, accounts=200_000, entries=2_000_000, monographs=10_000)


@dataclass(frozen=True)
class Site:
    """An installation in a folder of its own."""

    folder: Path
    size: Size

    @property
    def database(self) -> Path:
        return self.folder / "cpd.sqlite"

    @property
    def writers(self) -> int:
        """Accounts that have entries: those with the lowest ids."""
        return min(self.size.entries // bulk.ENTRIES_EACH, self.size.accounts)

    def settings(self, **others: Any) -> Settings:
        return Settings(
            instance_folder=self.folder,
            content_folder=self.folder / "content",
            database_url=f"sqlite:///{self.database}",
            secret_key=SECRET_KEY,
            **others,
        )

    def read_through(self) -> None:
        """Bring the database into the memory of the system, where that of a site in use is."""
        with self.database.open("rb", buffering=0) as file:
            while file.read(1 << 24):
                pass

    def copy_to(self, folder: Path) -> Site:
        """The same installation in another folder, to be written to."""
        shutil.copytree(self.folder, folder, dirs_exist_ok=True)
        return Site(folder, self.size)


@contextmanager
def opened(site: Site, **settings: Any) -> Iterator[Flask]:
    """The application of a site, in this process."""
    app = create_app(site.settings(**settings))
    try:
        yield app
    finally:
        with app.app_context():
            db.session.remove()
            db.engine.dispose()


def cookie(account_id: int) -> str:
    """The header that signs in an account of a site."""
    return f"cpd_session={bulk.token_of(account_id)}"


def make_site(size: Size, cache: Path = CACHE) -> Site:
    """A site of a size, with sessions that began just now; made only if the cache has none made by this code."""
    place = cache / _version()
    _forget_others(cache, keep=place)
    folder = place / size.name
    site = Site(folder, size)
    if not (folder / "whole").exists():
        shutil.rmtree(folder, ignore_errors=True)
        _make(site)
        (folder / "whole").touch()
    _freshen_sessions(site)
    return site


def copy_sample(folder: Path) -> None:
    """The sample content in another folder."""
    shutil.copytree(paths.sample_content(), folder)


@cache
def _version() -> str:
    """The hash of all code that a site's rows depend on, as it was when this run began."""
    ours = [Path(module) for module in (texts.__file__, bulk.__file__, __file__)]
    digest = hashlib.sha256()
    for pattern in ("migrations/versions/*.py", "content/render*.py", "content/listing.py", "monographs/terms.py"):
        ours += sorted(paths.PACKAGE.glob(pattern))
    for file in ours:
        digest.update(file.read_bytes())
    return digest.hexdigest()[:12]


def _forget_others(cache: Path, *, keep: Path) -> None:
    for folder in cache.glob("*/"):
        if folder != keep:
            shutil.rmtree(folder)


def _make(site: Site) -> None:
    from cpd.content.publish import publish
    from cpd.content.searchable import make_findable
    from cpd.migrating import migrate

    copy_sample(site.folder / "content")
    drugs = [file.stem for file in (site.folder / "content" / "monographs").glob("*.md") if "-" not in file.stem]
    texts.write_modules(site.folder / "content", PUBLISHED_MODULES, sorted(drugs))
    with opened(site) as app, app.app_context():
        migrate()
        publish(site.folder / "content", now=datetime.now(UTC))
    with closing(bulk.connect(site.database)) as connection:
        bulk.add_monographs(connection, site.size.monographs)
        bulk.add_modules(connection, site.size.modules)
        bulk.add_accounts(connection, site.size.accounts, _password_hash(site))
        bulk.add_entries(connection, site.writers)
    with opened(site) as app, app.app_context():
        publishing.count_facets()
        db.session.commit()
        make_findable(now=datetime.now(UTC), progress=lambda items, _: items)


PASSWORD = "seven quiet herons wade"  # noqa: S105  # of every made-up account


def _password_hash(site: Site) -> str:
    from cpd.auth.passwords import Passwords

    return Passwords(site.settings()).hash(PASSWORD)


def _freshen_sessions(site: Site) -> None:
    now = datetime.now(UTC)
    with opened(site) as app, app.app_context():
        db.session.execute(update(Session).values(created_at=now, last_seen_at=now, expires_at=now + LONGEST))
        db.session.commit()
