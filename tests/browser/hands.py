"""Two ways to use a page: with a pointer, and with the keyboard alone."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from playwright.sync_api import Locator, Page, expect

MOST_STOPS = 300  # of the Tab key on one page
# The ring may be drawn around the label of a control.
FOCUS = """
target => {
  const focused = document.activeElement
  const drawn = [focused, focused.closest('label')].filter(each => each).map(each => getComputedStyle(each))
  const seen = drawn.some(style => style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) >= 2)
  return { there: focused === target, unseen: focused === document.body || seen ? '' : focused.outerHTML.slice(0, 200) }
}
"""


class Hand(Protocol):
    """What learners do with a page."""

    def press(self, target: Locator) -> None:
        """Follow a link, or press a button."""

    def type(self, field: Locator, text: str) -> None:
        """Fill in a field."""

    def choose(self, option: Locator) -> None:
        """Choose a radio button or a checkbox."""

    def pick(self, field: Locator, choice: str) -> None:
        """Pick from a select."""


@dataclass
class Pointer:
    """A mouse or a finger."""

    page: Page

    def press(self, target: Locator) -> None:
        target.click()

    def type(self, field: Locator, text: str) -> None:
        field.fill(text)

    def choose(self, option: Locator) -> None:
        option.check()

    def pick(self, field: Locator, choice: str) -> None:
        field.select_option(label=choice)


@dataclass
class Keyboard:
    """Tab, Enter, Space, arrows and letters. Every stop on the way must show where the focus is."""

    page: Page

    def press(self, target: Locator) -> None:
        self.reach(target)
        self.page.keyboard.press("Enter")

    def type(self, field: Locator, text: str) -> None:
        self.reach(field)
        self.page.keyboard.type(text)

    def choose(self, option: Locator) -> None:
        if option.get_attribute("type") == "radio":
            self._choose_of_group(option)
        else:
            self.reach(option)
            self.page.keyboard.press("Space")
        expect(option).to_be_checked()

    def pick(self, field: Locator, choice: str) -> None:
        self.reach(field)
        self.page.keyboard.type(choice)
        expect(field.locator("option:checked")).to_have_text(choice)

    def reach(self, target: Locator) -> None:
        """Press Tab until the target has the focus."""
        expect(target).to_be_visible()
        for _ in range(MOST_STOPS):
            focus = target.evaluate(FOCUS)
            assert focus["unseen"] == "", f"the focus cannot be seen on {focus['unseen']}"
            if focus["there"]:
                return
            self.page.keyboard.press("Tab")
        raise AssertionError(f"{MOST_STOPS} presses of Tab do not reach {target}")

    def _choose_of_group(self, option: Locator) -> None:
        """Tab stops once at a group of radio buttons; arrows go on from there."""
        group = self.page.locator(f"input[type=radio][name={option.get_attribute('name')}]")
        self.reach(group.first)
        place = group.evaluate_all("(all, value) => all.findIndex(each => each.value === value)", option.input_value())
        for _ in range(place):
            self.page.keyboard.press("ArrowDown")
        if place == 0:
            self.page.keyboard.press("Space")
