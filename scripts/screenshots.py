"""Take pictures of every page of the sample content, to be compared with the design by a person.

    python -m scripts.screenshots FOLDER [NAME…]

Writes NAME-1280.png and NAME-390.png (the first screen), the same with -full (the whole page), and all of them with
-dark. NAME is a place of tests/browser/places.py; without names every place is taken. Then come states: an open card,
an open menu, open filters, and paper. The site is served from a temporary folder; nothing else is touched.
"""

from __future__ import annotations

import argparse
import logging
import sys
import tempfile
from collections.abc import Collection, Iterator
from pathlib import Path

from playwright.sync_api import Browser, Page

from tests.browser import places
from tests.browser.chromium import started
from tests.browser.looking import PHONE, WIDE
from tests.browser.places import Place, Who
from tests.browser.sample import Sample, serve_sample
from tests.browser_tools import find_chromium
from tests.did_not_run import CHROMIUM

THEMES = {"light": "", "dark": "-dark"}
DRUG = "article a.drug"
CATALOGUE = Place("", "/modules/")
MODULE = Place("", f"/modules/{places.UNOPENED}")


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("folder", type=Path)
    options.add_argument("names", nargs="*", metavar="NAME", help="only these places")
    wanted = options.parse_args()
    program = find_chromium()
    if program is None:
        sys.exit(f"{CHROMIUM.name} is missing. Install it with: {CHROMIUM.command}")
    wanted.folder.mkdir(parents=True, exist_ok=True)
    logging.getLogger("cpd").setLevel(logging.CRITICAL)  # one of the pages is that of a mistake
    with (
        tempfile.TemporaryDirectory() as temporary,
        started(program) as browser,
        serve_sample(Path(temporary), browser) as sample,
    ):
        for name in take_all(browser, sample, wanted.folder, wanted.names):
            print(name)


def take_all(browser: Browser, sample: Sample, folder: Path, names: Collection[str]) -> Iterator[str]:
    """Take the pictures of the named places, or of all places and states; gives each name as it is done."""
    page = browser.new_context(reduced_motion="reduce", locale="en-GB").new_page()
    for place in places.everything():
        if not names or place.name in names:
            take_place(page, sample, place, folder)
            yield place.name
    if not names:
        take_states(page, sample, folder)
        yield "states"


def take_place(page: Page, sample: Sample, place: Place, folder: Path) -> None:
    for size in (WIDE, PHONE):
        page.set_viewport_size(size)
        for theme, suffix in THEMES.items():
            page.emulate_media(color_scheme=theme)
            sample.go(page, place)
            page.screenshot(path=folder / f"{place.name}-{size['width']}{suffix}.png")
            page.screenshot(path=folder / f"{place.name}-{size['width']}{suffix}-full.png", full_page=True)


def take_states(page: Page, sample: Sample, folder: Path) -> None:
    """Take what opens over a page, and paper."""
    for theme, suffix in THEMES.items():
        page.emulate_media(color_scheme=theme)
        page.set_viewport_size(WIDE)
        sample.go(page, MODULE)
        page.locator(DRUG).first.hover()
        page.locator("#drug-card").wait_for()
        page.screenshot(path=folder / f"state-drug-card{suffix}.png")
        page.set_viewport_size(PHONE)
        for button, name in {"Menu": "menu", "Filter and sort": "filters"}.items():
            sample.go(page, CATALOGUE)
            page.get_by_role("button", name=button, exact=True).click()
            page.screenshot(path=folder / f"state-{name}-390{suffix}.png")
    page.emulate_media(color_scheme="light")
    for name, path in {"monograph": f"/monographs/{places.BOXED}", "module": MODULE.path, "record": "/record/"}.items():
        sample.go(page, Place("", path, Who.LEARNER))
        page.pdf(path=folder / f"print-{name}.pdf", prefer_css_page_size=True, tagged=True)


if __name__ == "__main__":
    main()
