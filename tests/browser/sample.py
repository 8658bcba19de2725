"""The content that ships, served with learners who have and have not passed some of it, and a list of its pages."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import Enum
from pathlib import Path
from typing import Any

from flask import Flask, abort
from playwright.sync_api import Browser, BrowserContext, Page, expect

from cpd import create_app
from cpd.content.publish import publish
from cpd.db import db
from cpd.serving import migrate
from cpd.settings import Settings
from tests.browser.hands import Pointer
from tests.browser.journey import Learner
from tests.browser.looking import WIDE
from tests.browser.serving import serving

CONTENT = Path(__file__).resolve().parents[2] / "content"
PROFESSIONAL = {"name": "cpd_professional", "value": "1"}

PASSED, REVISED, FAILED, OPEN = "headache", "cardiomyopathy", "groin-swelling", "parkinsons-disease"
MONOGRAPH = "baclofen-intrathecal"  # has a boxed warning


class Who(Enum):
    """Who looks at a page."""

    STRANGER = "has not said that they are a healthcare professional"
    VISITOR = "is signed out"
    NEWCOMER = "is signed in, with an empty record"
    LEARNER = "has passed two modules and failed one"


@dataclass(frozen=True)
class Place:
    """A page in a certain state: its address, who asks for it, what they do there, and the status of what comes."""

    name: str
    path: str
    who: Who = Who.VISITOR
    does: Callable[[Page], None] = lambda _: None
    status: int = 200


@dataclass(frozen=True)
class Sample:
    """A running site with the sample content."""

    url: str
    cookies: dict[Who, Any]

    def enter(self, context: BrowserContext, who: Who) -> None:
        """Make a browser that of somebody."""
        context.clear_cookies()
        context.add_cookies(self.cookies[who])

    def go(self, page: Page, place: Place) -> None:
        """Bring a page to a place."""
        self.enter(page.context, place.who)
        page.goto(self.url + place.path)
        place.does(page)


@contextmanager
def serve_sample(folder: Path, browser: Browser) -> Iterator[Sample]:
    """Publish a copy of the sample content and serve it; two learners have been there."""
    content = shutil.copytree(CONTENT, folder / "content")
    app = create_app(settings_in(folder))
    app.config["PROPAGATE_EXCEPTIONS"] = False
    add_faulty_addresses(app)
    with app.app_context():
        migrate()
        publish(content, now=datetime.now(UTC))
    with serving(app) as url:
        professional = [PROFESSIONAL | {"url": url}]
        cookies = {Who.STRANGER: [], Who.VISITOR: professional}
        cookies[Who.NEWCOMER] = cookies_after(browser, url, lambda _: None, name="Noor Haddad", email="noor@example.org")
        cookies[Who.LEARNER] = cookies_after(browser, url, sit_assessments)
        revise(content, REVISED)
        with app.app_context():
            publish(content, now=datetime.now(UTC))
        yield Sample(url, cookies)
    with app.app_context():
        db.session.remove()
        db.engine.dispose()


def settings_in(folder: Path) -> Settings:
    return Settings(
        instance_folder=folder,
        content_folder=folder / "content",
        database_url=f"sqlite:///{folder / 'sample.sqlite'}",
        secret_key="a-secret-key-for-tests-and-nothing-else",
        hash_memory=8,
        hash_time=1,
    )


def add_faulty_addresses(app: Flask) -> None:
    """Addresses that show the pages of mistakes."""
    app.add_url_rule("/forbidden", view_func=lambda: abort(403), endpoint="forbidden")
    app.add_url_rule("/broken", view_func=lambda: 1 / 0, endpoint="broken")


def cookies_after(browser: Browser, url: str, does: Callable[[Learner], None], **account: str) -> Any:
    """The cookies of somebody who registered and did something."""
    context = browser.new_context(viewport=WIDE)
    page = context.new_page()
    learner = Learner(page, Pointer(page))
    page.goto(url)
    learner.register(**account)
    does(learner)
    cookies = context.cookies()
    context.close()
    return cookies


def sit_assessments(learner: Learner) -> None:
    for slug in (PASSED, REVISED):
        leave_blank(learner, slug)
        answers = right_answers(learner.page)
        learner.follow("Try again", to=str(learner.page.get_by_role("heading", level=1).text_content()))
        


def leave_blank(learner: Learner, slug: str) -> None:
    """Fail an assessment by answering nothing."""
    origin = learner.page.url
