"""No text of an author runs a script or fetches anything from elsewhere: not with the cleaner alone, not with the
policy alone. Without both many do, which shows that this would be seen."""

from __future__ import annotations

import random
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from playwright.sync_api import Browser, Page
from playwright.sync_api import Error as PlaywrightError

from cpd.content.publish import ContentFaults, publish
from cpd.content.source import Problem
from cpd.db import db
from tests.browser.sample import sample_app
from tests.browser.serving import serving
from tests.content.writing import write
from tests.factories import write_site
from tests.hostile.asking import Visitor
from tests.hostile.conftest import GIF, form_at
from tests.hostile.placing import Author, marked_module, marked_monograph, unmarked
from tests.hostile.scripts import leaves_by_itself, texts
from tests.hostile.watching import STIR, Bare, Watch, watched

TEXTS = texts()
TURNS = 17  # after which each text has stood in each place; a file holds as many, and has some places only once
SOME = sorted(random.Random(2026).sample(range(len(TEXTS)), 150))  # noqa: S311  # for the fast suite
# Ends whatever a raw text left open, so that the next one on the page is read as it is meant.
END = (
    "-->'\">`</style></script></title></textarea></noscript></template></select></svg></math></xmp></iframe></noembed>"
)


def test_there_are_enough_of_them():
    assert len(set(TEXTS)) == len(TEXTS) > 600


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Flask]:
    """An application with an empty database, and a folder of content without modules."""
    folder = tmp_path / "content"
    write_site(folder)
    (folder / "modules" / "red-flags").mkdir()
    for place in ("modules/red-flags", "monographs"):
        (folder / place / "dot.gif").write_bytes(GIF)
    app = sample_app(tmp_path)
    yield app
    with app.app_context():
        db.session.remove()
        db.engine.dispose()


def newcomer(site: Flask) -> Visitor:
    """Somebody who has just registered."""
    visitor = Visitor(site)
    form = form_at(visitor, "/auth/register")
    assert visitor.post(form.path, form.fields).status == 303
    return visitor


@contextmanager
def opened(browser: Browser, app: Any, learner: Visitor) -> Iterator[tuple[Watch, Page]]:
    """The site being served, and the learner's browser under watch."""
    with serving(app) as url:
        cookies = [{"name": name, "value": value, "url": url} for name, value in learner.cookies.items()]
        watch, page = watched(browser, url, cookies)
        try:
            yield watch, page
        finally:
            page.context.close()


def look(watch: Watch, page: Page, path: str) -> None:
    """Open a page and use all that is on it."""
    page.goto(watch.site + path)
    page.evaluate(STIR)


@dataclass
class Written:
    """Texts in files; what the checker refuses of their Markdown is left out and noted."""

    folder: Path
    author: Author
    shares: dict[str, list[tuple[int, str]]]
    without: set[int] = field(default_factory=set)

    def publish(self) -> None:
        """Publish, leaving out what is refused; whatever is wrong must be told of a line in which one of them is."""
        for _ in range(9):
            for slug, share in self.shares.items():
                write(
                    self.folder / "modules" / "red-flags" / f"{slug}.md", self.author.module(slug, share, self.without)
                )
                write(self.folder / "monographs" / f"{slug}.md", self.author.monograph(slug, share, self.without))
            try:
                publish(self.folder, now=datetime.now(UTC))
                return
            except ContentFaults as faults:
                errors = [problem for problem in faults.problems if not problem.warning]
                found = set().union(*map(self._texts_at, errors))
                assert found - self.without, [str(problem) for problem in errors][:20]
                self.without |= found
        raise AssertionError("nine rounds were not enough")

    @property
    def refused(self) -> set[int]:
        return self.without.union(*self.author.refused.values())

    def _texts_at(self, problem: Problem) -> set[int]:
        path = Path(problem.path)
        line = " ".join(path.read_text(encoding="utf-8").split("\n")[problem.line - 1].split())
        share = self.shares[path.stem]
        return {number for number, text in share if any(part in line for part in pieces_of(text))}


def pieces_of(text: str) -> list[str]:
    """The lines of a text that say something, and the whole in one line."""
    return [" ".join(part.split()) for part in (text, *text.split("\n")) if len(part.strip()) > 8]


def with_the_cleaner_alone(chromium: Browser, site: Flask, slugs: Iterable[str]) -> None:
    """Open, hover and submit everything without the policy: nothing runs, nothing leaves."""
    with opened(chromium, Bare(site, policy=False), newcomer(site)) as (watch, page):
        for path in ("/", "/modules/", "/monographs/"):
            look(watch, page, path)
        for slug in slugs:
            look(watch, page, f"/modules/{slug}")
            page.locator("a.drug").first.hover()
            page.locator("#drug-card:popover-open").wait_for()
            page.evaluate(STIR)
            look(watch, page, f"/modules/{slug}/assessment")
            page.locator("main button[type=submit]").first.click()
            page.get_by_role("button", name="Submit anyway").first.click()
            page.get_by_role("heading", level=1).wait_for()
            page.evaluate(STIR)
            look(watch, page, f"/monographs/{slug}")
            look(watch, page, f"/monographs/{slug}/card")
        look(watch, page, "/record/")
        assert (watch.ran, watch.left) == (set(), set())


def publish_marked(folder: Path) -> None:
    write(folder / "modules" / "red-flags" / "hostile-0.md", marked_module("hostile-0"))
    write(folder / "monographs" / "hostile-0.md", marked_monograph("hostile-0"))
    publish(folder, now=datetime.now(UTC))


def with_raw_texts(chromium: Browser, site: Flask, bases: Iterable[int], *, policy: bool = True) -> Watch:
    """Open every page of a module and a monograph with other raw texts in their marks each time."""
    learner = newcomer(site)
    sheet = form_at(learner, "/modules/hostile-0/assessment")
    answer = learner.post(sheet.path, sheet.fields)
    base = 0

    def raw(number: int) -> str:
        text = TEXTS[(base + number) % len(TEXTS)]
        return "" if leaves_by_itself(text) else text + END

    bare = Bare(site, policy=policy, spoil=lambda page: unmarked(page, raw))
    module = "/modules/hostile-0"
    paths = (module, f"{module}/assessment", answer.headers["Location"], "/monographs/hostile-0", "/modules/", "/")
    with opened(chromium, bare, learner) as (watch, page):
        for base in bases:  # noqa: B007  # read by raw()
            for path in paths:
                with suppress(PlaywrightError):  # of a page that a text leaves while it is looked at
                    look(watch, page, path)
    return watch


def shares(numbers: Sequence[int], size: int) -> dict[str, list[tuple[int, str]]]:
    """The texts of these numbers, so many to each file."""
    starts = range(0, len(numbers), size)
    return {f"hostile-{start}": [(each, TEXTS[each]) for each in numbers[start : start + size]] for start in starts}


def publish_hostile(site: Flask, folder: Path, turn: int, numbers: Sequence[int], size: int) -> Written:
    written = Written(folder, Author(turn), shares(numbers, size))
    with site.app_context():
        written.publish()
    assert len(written.refused) < len(numbers) * 3 / 4
    return written


def test_with_the_cleaner_alone_none_runs_or_leaves(chromium, site, tmp_path):
    written = publish_hostile(site, tmp_path / "content", 0, SOME, 50)
    with_the_cleaner_alone(chromium, site, written.shares)


@pytest.mark.slow
@pytest.mark.parametrize("turn", range(TURNS))
def test_with_the_cleaner_alone_none_of_all_runs_or_leaves(chromium, site, tmp_path, turn):
    written = publish_hostile(site, tmp_path / "content", turn, range(len(TEXTS)), TURNS)
    with_the_cleaner_alone(chromium, site, written.shares)


@pytest.fixture
def marked(site: Flask, tmp_path: Path) -> Flask:
    with site.app_context():
        publish_marked(tmp_path / "content")
    return site


def test_with_the_policy_alone_none_runs_or_leaves(chromium, marked):
    watch = with_raw_texts(chromium, marked, range(0, len(TEXTS), 300))
    assert (watch.ran, watch.left) == (set(), set())


def test_without_either_many_run_and_leave(chromium, marked):
    watch = with_raw_texts(chromium, marked, [0, 120], policy=False)
    assert len(watch.ran) > 100
    assert any("evil.test" in address for address in watch.left)


@pytest.mark.slow
def test_with_the_policy_alone_none_of_all_runs_or_leaves(chromium, marked):
    watch = with_raw_texts(chromium, marked, range(0, len(TEXTS), 20))
    assert (watch.ran, watch.left) == (set(), set())
