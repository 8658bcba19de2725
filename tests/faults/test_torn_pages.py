"""A publish in the midst of a page: what a page shows belongs to one release."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any

import pytest
from sqlalchemy import event
from sqlalchemy.engine import Engine

from cpd.prepared import Prepared
from tests.faults.check import check
from tests.faults.editions import versions_on, write_version

MODULES = 2
PAGES = ("/", "/modules/", "/modules/m0", "/modules/m0/assessment", "/monographs/zanidine")


@pytest.fixture
def publish_version(settings, republish) -> Callable[[int], None]:
    def publish_version(version: int) -> None:
        write_version(settings.content_folder, version, modules=MODULES)
        assert republish().release == version

    return publish_version


class Interruption:
    """Runs an action in another thread just before the n-th statement from now on."""

    def __init__(self) -> None:
        self.left = 0
        self.action: Callable[[], None] = lambda: None

    def before(self, number: int, action: Callable[[], None]) -> None:
        self.left, self.action = number, action

    def __call__(self, *_: object) -> None:
        self.left -= 1
        if self.left == 0:
            with ThreadPoolExecutor(1) as pool:
                pool.submit(self.action).result()


@pytest.fixture(autouse=True)  # before there is an engine: those made earlier do not ask whether somebody listens
def interruption(monkeypatch) -> Iterator[Interruption]:
    interruption = Interruption()
    ask = Prepared.all

    def ask_interrupted(self: Prepared, values: Any) -> Any:
        interruption()
        return ask(self, values)

    monkeypatch.setattr(Prepared, "all", ask_interrupted)
    event.listen(Engine, "before_cursor_execute", interruption)
    yield interruption
    event.remove(Engine, "before_cursor_execute", interruption)


@pytest.mark.parametrize("path", PAGES)
def test_a_page_is_of_one_release_whenever_the_next_goes_live(
    settings, sign_in, client, publish_version, interruption, path
):
    publish_version(1)
    sign_in()
    assert versions_on(client.get(path).text) == {1}
    version = number = 1
    while True:
        interruption.before(number, partial(publish_version, version + 1))
        page = client.get(path)
        if interruption.left > 0:
            break
        assert page.status_code == 200
        assert len(versions_on(page.text)) == 1, f"statement {number}: {versions_on(page.text)}"
        version, number = version + 1, number + 1
    assert version > 1
    check(settings)
