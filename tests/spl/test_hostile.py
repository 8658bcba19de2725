"""No text of a label runs a script or fetches anything from elsewhere: not with the cleaner alone, not with the policy
alone. Without both many do, which shows that this would be seen."""

from __future__ import annotations

import random
from collections.abc import Iterable, Iterator
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

import pytest
from flask import Flask
from playwright.sync_api import Browser
from playwright.sync_api import Error as PlaywrightError

from cpd.content.publish import publish
from cpd.db import db
from tests.browser.sample import sample_app
from tests.factories import write_site
from tests.hostile.asking import Visitor
from tests.hostile.placing import mark, unmarked
from tests.hostile.scripts import leaves_by_itself, texts
from tests.hostile.test_scripts import END, look, opened
from tests.hostile.watching import Bare, Watch
from tests.spl.hostile_labels import BLOCKS, hostile_label
from tests.spl.importing import Import, import_labels

TEXTS = texts()
SOME = sorted(random.Random(4).sample(range(len(TEXTS)), 650))  # noqa: S311  # for the fast suite
SIZE = 130  # texts to a label
MARKS = 330


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Flask]:
    write_site(tmp_path / "content")
    app = sample_app(tmp_path)
    yield app
    with app.app_context():
        db.session.remove()
        db.engine.dispose()


def bring(site: Flask, folder: Path, labels: Iterable[list[str]]) -> Import:
    """Labels with their class indexes, imported and published; none may be refused."""
    paths = []
    for number, files in enumerate(labels):
        for kind, text in enumerate(files):
            path = folder / f"label-{number}-{kind}.xml"
            path.write_text(text, encoding="utf-8")
            paths.append(path)
    done = import_labels(folder / "content", *paths)
    assert (done.status, done.lines) == (0, [])
    assert [problem for problem in done.problems if not problem.warning] == []
    with site.app_context():
        publish(folder / "content", now=datetime.now(UTC))
    return done


def visitor(site: Flask) -> Visitor:
    return Visitor(site, cookies={"cpd_professional": "1"})


def pages_of(slug: str) -> list[str]:
    return [f"/monographs/{slug}?full=1", f"/monographs/{slug}/card"]


def with_the_cleaner_alone(chromium: Browser, site: Flask, done: Import) -> None:
    """Open, and stir, every page that shows the labels, without the policy."""
    with opened(chromium, Bare(site, policy=False), visitor(site)) as (watch, page):
        for slug in done.files:
            for path in pages_of(slug):
                look(watch, page, path)
        for path in ("/monographs/", "/search?q=hostile", "/list"):
            look(watch, page, path)
        slugs = list(done.files)[:4]
        look(watch, page, f"/monographs/compare?{'&'.join(f'm={slug}' for slug in slugs)}")
        assert (watch.ran, watch.left) == (set(), set())


def test_there_are_enough_texts_and_each_place_is_used():
    assert len(SOME) >= 625
    assert len(BLOCKS) < SIZE


def test_with_the_cleaner_alone_none_runs_or_leaves(chromium, site, tmp_path):
    shares = [[TEXTS[each] for each in SOME[start : start + SIZE]] for start in range(0, len(SOME), SIZE)]
    done = bring(site, tmp_path, (hostile_label(number, share) for number, share in enumerate(shares)))
    assert len(done.files) == len(shares)
    with_the_cleaner_alone(chromium, site, done)


@pytest.mark.slow
@pytest.mark.parametrize("turn", range(len(BLOCKS)))
def test_with_the_cleaner_alone_none_of_all_runs_or_leaves(chromium, site, tmp_path, turn):
    shares = [TEXTS[start : start + SIZE] for start in range(0, len(TEXTS), SIZE)]
    done = bring(site, tmp_path, (hostile_label(number, share, turn) for number, share in enumerate(shares)))
    with_the_cleaner_alone(chromium, site, done)


@pytest.fixture
def marked(site: Flask, tmp_path: Path) -> tuple[Flask, str]:
    """The site with a label that has a mark in every place, and its slug."""
    done = bring(site, tmp_path, [hostile_label(0, [mark(number) for number in range(MARKS)])])
    return site, done.drug.path.stem


def with_raw_texts(chromium: Browser, marked: tuple[Flask, str], bases: Iterable[int], *, policy: bool = True) -> Watch:
    """Open the label's pages with other raw texts in their marks each time."""
    site, slug = marked
    base = 0

    def raw(number: int) -> str:
        text = TEXTS[(base + number) % len(TEXTS)]
        return "" if leaves_by_itself(text) else text + END

    bare = Bare(site, policy=policy, spoil=lambda page: unmarked(page, raw))
    with opened(chromium, bare, visitor(site)) as (watch, page):
        for base in bases:  # noqa: B007  # read by raw()
            for path in pages_of(slug):
                with suppress(PlaywrightError):  # of a page that a text leaves while it is looked at
                    look(watch, page, path)
    return watch


def test_with_the_policy_alone_none_runs_or_leaves(chromium, marked):
    watch = with_raw_texts(chromium, marked, range(0, len(TEXTS), MARKS))
    assert (watch.ran, watch.left) == (set(), set())


def test_without_either_many_run_and_leave(chromium, marked):
    watch = with_raw_texts(chromium, marked, [0, 120], policy=False)
    assert len(watch.ran) > 100
    assert any("evil.test" in address for address in watch.left)


@pytest.mark.slow
def test_with_the_policy_alone_none_of_all_runs_or_leaves(chromium, marked):
    watch = with_raw_texts(chromium, marked, range(0, len(TEXTS), 20))
    assert (watch.ran, watch.left) == (set(), set())
