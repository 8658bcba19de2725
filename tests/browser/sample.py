"""The content that ships, served with one who has passed some of it, one who has just come, an administrator."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from flask import Flask, abort
from playwright.sync_api import Browser, Page, expect
from sqlalchemy import select, update

from cpd import create_app
from cpd.auth.models import Account, Role, Session
from cpd.content.publish import publish
from cpd.db import db
from cpd.migrating import migrate
from cpd.modules import queries, showing
from cpd.modules.marking import Assessment
from cpd.settings import Settings
from tests.browser.hands import Pointer
from tests.browser.journey import Learner
from tests.browser.looking import WIDE
from tests.browser.places import FAILED, PASSED, REVISED, Place, Who
from tests.browser.serving import serving

CONTENT = Path(__file__).resolve().parents[2] / "content"


@dataclass(frozen=True)
class Sample:
    """A running site with the sample content, and the cookies of those who go there."""

    url: str
    cookies: dict[Who, Any]

    def go(self, page: Page, place: Place) -> None:
        """Bring a page to a place."""
        page.context.clear_cookies()
        page.context.add_cookies(self.cookies[place.who])
        page.goto(self.url + place.path)
        place.does(page)


@contextmanager
def serve_sample(folder: Path, browser: Browser) -> Iterator[Sample]:
    """Publish a copy of the sample content and serve it. A module is revised after a learner has passed it."""
    shutil.copytree(CONTENT, folder / "content")
    app = sample_app(folder)
    publish_sample(app)
    keys = {slug: assessment_of(app, slug) for slug in (PASSED, REVISED)}
    with serving(app) as url:
        newcomer = Visit(browser, url, name="Noor Haddad", email="noor@example.org")
        learner = Visit(browser, url, name="Amara Okafor", email="amara@example.org")
        administrator = Visit(browser, url, name="Ines Duarte", email="ines@example.org")
        let_administer(app, "ines@example.org")
        for slug, assessment in keys.items():
            pass_module(learner.page, f"{url}/modules/{slug}", assessment)
        fail_module(learner.page, f"{url}/modules/{FAILED}")
        revise(folder / "content", REVISED)
        publish_sample(app)
        professional = {"name": "cpd_professional", "value": "1", "url": url}
        yield Sample(
            url,
            {
                Who.STRANGER: [],
                Who.VISITOR: [professional],
                Who.NEWCOMER: newcomer.leave(),
                Who.LEARNER: learner.leave(),
                Who.ADMINISTRATOR: administrator.leave(),
            },
        )
    with app.app_context():
        db.session.remove()
        db.engine.dispose()


def sample_app(folder: Path) -> Flask:
    """An application on an empty database in a folder, with addresses that show the pages of mistakes."""
    app = create_app(
        Settings(
            instance_folder=folder,
            content_folder=folder / "content",
            database_url=f"sqlite:///{folder / 'sample.sqlite'}",
            secret_key="a-secret-key-for-tests-and-nothing-else",
            hash_memory=8,
            hash_time=1,
        )
    )
    app.config["PROPAGATE_EXCEPTIONS"] = False
    app.add_url_rule("/forbidden", view_func=lambda: abort(403), endpoint="forbidden")
    app.add_url_rule("/broken", view_func=lambda: 1 / 0, endpoint="broken")
    with app.app_context():
        migrate()
    return app


def let_administer(app: Flask, email: str) -> None:
    """Make an account an administrator's, as if it were signed in to with a second factor."""
    with app.app_context():
        account = select(Account.id).where(Account.email == email).scalar_subquery()
        db.session.execute(update(Account).where(Account.email == email).values(role=Role.ADMINISTRATOR.value))
        db.session.execute(update(Session).where(Session.account_id == account).values(second_factor=True))
        db.session.commit()


def publish_sample(app: Flask) -> None:
    with app.app_context():
        publish(app.config["SETTINGS"].content_folder, now=datetime.now(UTC))


def revise(content: Path, slug: str) -> None:
    """Change a word in a module, as its author may."""
    [file] = content.glob(f"modules/*/{slug}.md")
    file.write_text(file.read_text(encoding="utf-8").replace("\n## ", "\n## First: ", 1), encoding="utf-8")


def assessment_of(app: Flask, slug: str) -> Assessment:
    """The questions of a module with their keys."""
    with app.app_context():
        assessment = showing.live_revision(queries.find_standing(slug, learner_id=None)).assessment
    assert assessment is not None
    return assessment


class Visit:
    """Somebody who registers and stays signed in."""

    def __init__(self, browser: Browser, url: str, **account: str) -> None:
        self.context = browser.new_context(viewport=WIDE)
        self.page = self.context.new_page()
        self.page.goto(url)
        Learner(self.page, Pointer(self.page)).register(**account)

    def leave(self) -> Any:
        """Close the browser; gives the cookies it had."""
        cookies = self.context.cookies()
        self.context.close()
        return cookies


def pass_module(page: Page, url: str, assessment: Assessment) -> None:
    """Answer every question of an assessment rightly."""
    page.goto(f"{url}/assessment")
    for question in assessment.questions:
        if question.kind == "number":
            page.locator(f"[name={question.id}]").fill(str(question.value))
        for option in question.key:
            page.locator(f"[name={question.id}][value={option}]").check()
    page.get_by_role("button", name="Submit answers").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Passed")


def fail_module(page: Page, url: str) -> None:
    """Submit an assessment with nothing answered."""
    page.goto(f"{url}/assessment")
    page.get_by_role("button", name="Submit answers").click()
    page.get_by_role("button", name="Submit anyway").first.click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Not passed yet")
