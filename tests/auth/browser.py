"""A browser that registers, signs in and sends forms with their tokens."""

from __future__ import annotations

import html
import re
from collections.abc import Callable
from typing import Any

from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

PASSWORD = "violin-gravel-otter-tundra"
ANN = {
    "name": "Ann Example",
    "email": "ann@example.org",
    "password": PASSWORD,
    "profession": "Doctor",
    "registration_body": "",
    "registration_number": "",
    "professional": "y",
    "consent": "y",
}


class Browser:
    """A learner's browser: it opens a form, fills it in and sends it with the hidden fields the page gave."""

    def __init__(self, app: Flask, *, address: str = "192.0.2.1") -> None:
        self.client: FlaskClient = app.test_client()
        self.place = {"REMOTE_ADDR": address}

    def get(self, path: str, **keywords: Any) -> TestResponse:
        return self.client.get(path, environ_overrides=self.place, **keywords)

    def send(self, path: str, **fields: str) -> TestResponse:
        """Open the page and send its form with these fields."""
        return self.post(path, self.get(path), **fields)

    def post(self, path: str, page: TestResponse, **fields: str) -> TestResponse:
        data = hidden_fields(page.text) | fields
        return self.client.post(path.split("?", maxsplit=1)[0], data=data, environ_overrides=self.place)

    def follow(self, link: str) -> TestResponse:
        """Open a link of a mail, and go where it leads."""
        led = self.get(link)
        assert led.status_code == 303, led.text
        assert "token" not in led.location
        return self.get(led.location)

    def ask_by_mail(self, path: str, **fields: str) -> TestResponse:
        """Ask for a mail, and go to the page that says that it is on its way."""
        answer = self.send(path, **fields)
        return self.get("/auth/sent") if answer.location == "/auth/sent" else answer

    def press(self, page: TestResponse, **fields: str) -> TestResponse:
        """Press the main button of a page."""
        return self.post(page.request.path, page, **fields)

    def register(self, **changes: str) -> TestResponse:
        return self.send("/auth/register", **(ANN | changes))

    def sign_in(
        self, email: str = ANN["email"], password: str = PASSWORD, *, path: str = "/auth/sign-in"
    ) -> TestResponse:
        return self.send(path, email=email, password=password)

    def sign_out(self) -> TestResponse:
        return self.post("/auth/sign-out", self.get("/auth/account"))

    @property
    def signed_in(self) -> bool:
        return self.get("/auth/account").status_code == 200

    def cookie(self, name: str) -> str:
        found = self.client.get_cookie(name)
        return found.value if found else ""


def hidden_fields(page: str) -> dict[str, str]:
    """The hidden fields of the main form of a page."""
    main = page[page.index("<main") : page.index("</main>")]
    inputs = re.findall(r"<input[^>]*type=\"hidden\"[^>]*>", main)
    pairs = [(re.search(r'name="([^"]*)"', each), re.search(r'value="([^"]*)"', each)) for each in inputs]
    return {name[1]: html.unescape(value[1] if value else "") for name, value in pairs if name}


def error_of(page: str, field: str) -> str:
    """What a page says beside a field, or an empty text."""
    found = re.search(rf'id="{field}-error">.*?Error: </span>(.*?)</span></p>', page, re.DOTALL)
    return html.unescape(found[1]) if found else ""


def doors_tried(rows_of: Callable[[str], list[dict[str, Any]]]) -> set[str]:
    """The doors at which somebody has spent tries, such as `password-row`."""
    return {row["key"].partition(":")[0] for row in rows_of("throttle")}
