"""The forms of pages, read from the pages themselves, so that no form needs to be named to be attacked."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import Any
from urllib.parse import parse_qsl, urlsplit

# What is typed where a page gives no value of its own.
TYPED = {"name": "Ann Example", "password": "violin-gravel-otter-tundra", "email": "ann@example.org"}


@dataclass
class Form:
    """A form as it stands in a page: where it goes, and each field with its first value that is valid."""

    method: str
    path: str
    fields: dict[str, str] = field(default_factory=dict)

    @property
    def shape(self) -> tuple[str, str, frozenset[str]]:
        """What makes it another form than others."""
        return self.method, self.path, frozenset(self.fields)


class _Reader(HTMLParser):
    def __init__(self, page: str) -> None:
        super().__init__()
        self.page = page
        self.forms: list[Form] = []
        self.form: Form | None = None
        self.elsewhere: list[str] = []  # where other buttons of the form send it
        self.select = ""
        self.queries: set[str] = set()

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attributes}
        if tag == "form":
            action = urlsplit(given.get("action") or self.page)
            self.form = Form(given.get("method", "get").upper(), action.path)
            self.forms.append(self.form)
        elif tag == "a":
            self.queries.update(name for name, _ in parse_qsl(urlsplit(given.get("href", "")).query))
        elif tag == "select":
            self.select = given.get("name", "")
        elif self.form and tag == "option":
            self._take(self.select, given.get("value", ""))
        if self.form and given.get("formaction"):
            self.elsewhere.append(urlsplit(given["formaction"]).path)
        if self.form and tag in ("input", "textarea", "button") and given.get("name"):
            chosen = given.get("type") in ("checkbox", "radio")
            self._take(given["name"], given.get("value", "y" if chosen else ""))

    def _take(self, name: str, value: str) -> None:
        assert self.form
        self.form.fields[name] = self.form.fields.get(name) or value or TYPED.get(name, "")

    def handle_endtag(self, tag: str) -> None:
        if tag == "form" and self.form:
            self.forms += [Form(self.form.method, path, self.form.fields) for path in self.elsewhere]
            self.form, self.elsewhere = None, []


def read(html: str, page: str) -> tuple[list[Form], set[str]]:
    """The forms of a page, and the names in the queries of its links."""
    reader = _Reader(page)
    reader.feed(html)
    return reader.forms, reader.queries


def different(forms: Iterable[Form]) -> list[Form]:
    """One of each shape."""
    return list({form.shape: form for form in forms}.values())


def names_of(forms: Iterable[Form]) -> set[Any]:
    return {name for form in forms for name in form.fields}
