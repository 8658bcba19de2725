"""The steps of a learner, from the home page to the credit in the record."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from playwright.sync_api import Locator, Page, expect

from tests.browser.hands import Hand

NAME = "Amara Okafor"
EMAIL = "amara@example.org"
PASSWORD = "seven quiet herons wade"


@dataclass
class Learner:
    """Somebody at a browser. `look` is shown every page on the way."""

    page: Page
    hand: Hand
    look: Callable[[Page], None] = lambda _: None

    def stands_at(self, heading: str) -> None:
        """The page with this heading has come, all of it."""
        expect(self.page.get_by_role("heading", level=1)).to_have_text(heading)
        self.page.wait_for_load_state()  # its script listens
        self.look(self.page)

    def follow(self, name: str, *, to: str) -> None:
        """Follow the first link of this name in the main part of the page."""
        self.hand.press(self.main.get_by_role("link", name=name, exact=True).first)
        self.stands_at(to)

    def press(self, name: str) -> None:
        """Press the first button of this name in the main part of the page."""
        self.hand.press(self.main.get_by_role("button", name=name, exact=True).first)

    @property
    def main(self) -> Locator:
        return self.page.get_by_role("main")

    @property
    def header(self) -> Locator:
        return self.page.get_by_role("banner")

    def register(self, *, name: str = NAME, email: str = EMAIL) -> None:
        self.hand.press(self.header.get_by_role("link", name="Create free account"))
        self.stands_at("Create an account")
        self.hand.type(self.page.get_by_label("Name", exact=True), name)
        self.hand.type(self.page.get_by_label("E-mail address"), email)
        self.hand.type(self.page.get_by_label("Password", exact=True), PASSWORD)
        self.hand.pick(self.page.get_by_label("Profession", exact=True), "Doctor")
        self.hand.choose(self.page.get_by_label("I am a healthcare professional"))
        self.hand.choose(self.page.get_by_label("I agree to the terms"))
        self.press("Create my account")
        self.stands_at(f"Hello, {name}")

    def sign_out(self) -> None:
        self.hand.press(self.header.get_by_role("button", name="account menu"))
        self.hand.press(self.page.get_by_role("button", name="Sign out"))
        expect(self.header.get_by_role("link", name="Sign in")).to_be_visible()
        self.look(self.page)

    def sign_in(self) -> None:
        self.hand.press(self.header.get_by_role("link", name="Sign in"))
        self.stands_at("Sign in")
        self.hand.type(self.page.get_by_label("E-mail address"), EMAIL)
        self.hand.type(self.page.get_by_label("Password", exact=True), PASSWORD)
        self.press("Sign in")
        self.stands_at(f"Hello, {NAME}")

    def answer(self, question: str, *answers: str) -> None:
        """Choose options of a question by their words."""
        for each in answers:
            self.hand.choose(self.main.get_by_role("group", name=question).get_by_label(each, exact=True))

    def type_number(self, question: str, number: str) -> None:
        self.hand.type(self.main.get_by_label(question), number)
