"""A browser for the run, a fresh context for each test, and the sample content being served."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, Page

from tests.browser.chromium import PATIENCE
from tests.browser.looking import WIDE
from tests.browser.sample import Sample, serve_sample
from tests.browser.watching import Journal


@pytest.hookimpl(tryfirst=True)  # before the fixture brings both
def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """What a browser shows does not depend on the database: one is enough, unless a test names its own."""
    named = [mark.args[0] for mark in metafunc.definition.iter_markers("parametrize")]
    if "empty_database" in metafunc.fixturenames and "empty_database" not in named:
        one = pytest.mark.parametrize("empty_database", ["sqlite"], indirect=True, scope="session")
        metafunc.definition.add_marker(one)


@pytest.fixture
def journal() -> Iterator[Journal]:
    """Notes what the browser complains about; a test passes only if it had nothing to complain about."""
    journal = Journal()
    yield journal
    assert journal.complaints == []


@pytest.fixture
def open_browser(chromium: Browser, journal: Journal) -> Iterator[Callable[..., Page]]:
    """Opens a browser with nothing kept from others; keywords are those of Playwright's contexts."""
    contexts = []

    def open_browser(**options: Any) -> Page:
        context = chromium.new_context(**{"viewport": WIDE, "reduced_motion": "reduce", "locale": "en-GB"} | options)
        context.set_default_timeout(PATIENCE)
        journal.watch(context)
        contexts.append(context)
        return context.new_page()

    yield open_browser
    for context in contexts:
        context.close()


@pytest.fixture(scope="session")
def sample(chromium: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sample]:
    """The content that ships, served, with learners who have and have not passed some of it."""
    with serve_sample(tmp_path_factory.mktemp("sample"), chromium) as sample:
        yield sample
