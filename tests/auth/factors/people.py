"""A learner with second factors, who sets them up and uses them through the pages."""

from __future__ import annotations

import html
import re
from typing import Any

import pyotp
from werkzeug.test import TestResponse

from cpd.web import clock
from tests.auth.browser import Browser
from tests.auth.factors.authenticator import Authenticator


class Person(Browser):
    """A browser of somebody who has second factors: the secret of an app, recovery codes, an authenticator."""

    secret = ""
    codes: tuple[str, ...] = ()

    def __init__(self, *arguments: Any, **keywords: Any) -> None:
        super().__init__(*arguments, **keywords)
        self.device = Authenticator()

    def add_app(self, path: str = "/auth/factors/app") -> TestResponse:
        """Set up an authenticator app."""
        page = self.get(path)
        self.secret = secret_of(page.text)
        answer = self.post(path, page, code=self.code())
        self.codes = codes_of(answer.text) or self.codes
        return answer

    def code(self, *, steps: int = 0) -> str:
        """The code that the app shows, or that of so many steps of 30 seconds later."""
        return pyotp.TOTP(self.secret).at(int(clock.now().timestamp()) + 30 * steps)

    def show_code(self, code: str) -> TestResponse:
        return self.send("/auth/two-factor", code=code)

    def show_recovery_code(self, code: str) -> TestResponse:
        return self.send("/auth/two-factor", recovery_code=code)

    def options(self, door: str, *, page: str = "") -> dict[str, Any]:
        """The options of a door for passkeys, asked for as the script of a page does."""
        answer = self.ask(door, page=page)
        assert answer.status_code == 200, answer.text
        given: dict[str, Any] = answer.json
        return given

    def ask(self, door: str, *, page: str = "") -> TestResponse:
        token = csrf_of(self.get(page or "/auth/sign-in", follow_redirects=True).text)
        return self.client.post(
            f"/auth/passkeys/{door}/options", headers={"X-CSRF-Token": token}, environ_overrides=self.place
        )

    def add_passkey(self, *, name: str = "Phone", wanted: str = "", **odd: Any) -> TestResponse:
        """Add a passkey that the authenticator makes."""
        page = self.get(f"/auth/passkeys/add?next={wanted}")
        credential = self.device.make(self.options("add", page="/auth/passkeys/add"), **odd)
        answer = self.post("/auth/passkeys/add", page, name=name, credential=credential)
        self.codes = codes_of(answer.text) or self.codes
        return answer

    def use_passkey(self, door: str, *, page: str = "", **odd: Any) -> TestResponse:
        """Use a passkey at a door, from the page that offers it."""
        options = self.options(door, page=page)
        return self.post_credential(door, self.device.use(options, **odd), page=page)

    def post_credential(self, door: str, credential: str, *, page: str = "") -> TestResponse:
        shown = self.get(page or "/auth/sign-in")
        return self.post(f"/auth/passkeys/{door}", shown, credential=credential)

    def leave(self) -> None:
        """Sign out, and let the browser be unknown."""
        self.sign_out()
        self.client.delete_cookie("cpd_known_browser")

    def twin(self, *, address: str = "192.0.2.7") -> Person:
        """Another browser of the same person."""
        twin = Person(self.client.application, address=address)
        twin.secret, twin.codes, twin.device = self.secret, self.codes, self.device
        return twin


def secret_of(page: str) -> str:
    found = re.search(r'class="factor-secret">([A-Z2-7 ]+)<', page)
    assert found, page
    return found[1].replace(" ", "")


def codes_of(page: str) -> tuple[str, ...]:
    return tuple(re.findall(r"<li><code>([^<]+)</code></li>", page))


def csrf_of(page: str) -> str:
    return page.split('name="csrf_token" value="')[1].split('"')[0]


def heading_of(page: str) -> str:
    found = re.search(r"<h1[^>]*>(.*?)</h1>", page, re.DOTALL)
    return html.unescape(re.sub(r"<[^>]+>", "", found[1])) if found else ""


def refusal_of(page: str) -> str:
    found = re.search(r'<h2 id="refusal">(.*?)</h2>', page)
    return html.unescape(found[1]) if found else ""


def title_of(page: str) -> str:
    """The title of a page, without the name of the site."""
    found = re.search(r"<title>(.*?)</title>", page, re.DOTALL)
    assert found, page
    return html.unescape(found[1]).rpartition(" – ")[0].strip()


def message_of(page: str) -> str:
    """What a page says of what was done just now."""
    found = re.search(r'<div class="toast" data-message>\s*<p role="status">(.*?)</p>', page)
    return html.unescape(found[1]) if found else ""
