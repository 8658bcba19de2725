"""Every page of the sample content at two widths and in both themes."""

from __future__ import annotations

import pytest

from tests.browser import places
from tests.browser.looking import COLOUR_RULES, NARROWEST, PHONE, WIDE, faults_of, too_wide, violations

HALF = len(places.MONOGRAPHS) // 2
GROUPS = {
    "overview": places.overview(),
    "accounts": places.accounts(),
    "pages of an account": places.account_pages(),
    "administration": places.administration(),
    "learning": places.learning(),
    "comparing": places.comparing(),
    "modules": places.modules(),
    "monographs, first half": places.monographs()[:HALF],
    "monographs, second half": places.monographs()[HALF:],
}


@pytest.mark.parametrize("group", GROUPS.values(), ids=GROUPS)
def test_every_page_is_accessible_and_fits_at_both_sizes_in_both_themes(group, sample, open_browser, journal):
    page = open_browser()
    faults = []
    for place in group:
        page.set_viewport_size(WIDE)
        page.emulate_media(color_scheme="light")
        sample.go(page, place)
        found = look_at_all_sides(page)
        answers = [status for status, _ in journal.take_answers()]
        found += [f"answers {answers}"] if answers != [place.status] * (place.status >= 400) else []
        faults += [f"{place.name}, {fault}" for fault in found]
    assert faults == []


def look_at_all_sides(page) -> list[str]:
    found = []
    for size in (WIDE, PHONE):
        page.set_viewport_size(size)
        page.emulate_media(color_scheme="light")
        found += [f"{size['width']}: {fault}" for fault in faults_of(page)]
        page.emulate_media(color_scheme="dark")
        found += [f"{size['width']} dark: {fault}" for fault in violations(page, COLOUR_RULES)]
    page.set_viewport_size(NARROWEST)
    return found + too_wide(page)
