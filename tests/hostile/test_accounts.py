"""Hostile places to go next, addresses, JSON, sizes and hosts at every address that takes a form, for everybody.

Forms and addresses are found by walking, as a visitor, a learner and an administrator, so that what is added is
attacked without being named here. A request that is refused changes nothing.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from flask import Flask

from cpd.auth.emails import WrongEmail, read_email
from cpd.db import Base
from cpd.forms import text_of
from cpd.web.limits import LARGEST_REQUEST, MOST_FIELDS
from tests.hostile.accounts import NO_ADDRESSES, NOWHERE, json_bodies, lookalikes, place_in_a_browser
from tests.hostile.asking import Answer, Visitor, encoded, fault_in, tables_of
from tests.hostile.conftest import forms_of, give_role
from tests.hostile.forms import Form, read
from tests.web.addresses import changes, pages

TAKEN = (200, 302, 303)
REFUSED = (400, 401, 403, 404, 405, 409, 410, 413, 415, 422, 429, 503)
FALSE_HOSTS = (
    {"Host": "evil.test"},
    {"X-Forwarded-Host": "evil.test"},
    {"Forwarded": "host=evil.test;proto=https"},
    {"Host": "localhost", "X-Host": "evil.test", "X-Original-Host": "evil.test"},
)
SLICE = 18  # the fast suite sends each place every 18th value, beginning elsewhere for each
numbers = itertools.count(1)


class Everybody:
    """The three who attack. One whose session an attack has ended is replaced by somebody like them."""

    def __init__(self, site: Flask, stranger: Visitor, new_learner: Callable[[], Visitor]) -> None:
        self.site, self.new_learner = site, new_learner
        self.stranger = stranger
        self.learner = new_learner()
        self.administrator = new_learner()
        give_role(site, self.administrator)

    def each(self) -> Iterator[Visitor]:
        yield self.stranger
        yield self.learner
        yield self.administrator

    def revive(self, visitor: Visitor) -> None:
        if visitor is self.stranger or visitor.ask("/auth/account").status == 200:
            return
        new = self.new_learner()
        visitor.cookies, visitor.address = new.cookies, new.address
        if visitor is self.administrator:
            give_role(self.site, visitor)

    def forms(self) -> Iterator[tuple[Visitor, Form]]:
        """Every form that somebody is shown and may send."""
        for visitor in self.each():
            for form in forms_of(visitor):
                if form.method == "POST":
                    self.revive(visitor)
                    yield visitor, form

    def addresses(self) -> Iterator[tuple[Visitor, str, str]]:
        """Every (visitor, method, address) that may change something."""
        for visitor in self.each():
            for method, path in changes(self.site):
                self.revive(visitor)
                yield visitor, method, path


@pytest.fixture
def everybody(site: Flask, stranger: Visitor, new_learner: Callable[[], Visitor]) -> Everybody:
    return Everybody(site, stranger, new_learner)


def token_of(visitor: Visitor) -> str:
    forms, _ = read(visitor.ask("/list").text, "/list")
    return next(form.fields["csrf_token"] for form in forms if "csrf_token" in form.fields)


def ask(visitor: Visitor, path: str, *, method: str = "POST", **request: Any) -> Answer:
    """Send it from a new address, and forget what cookies it brought."""
    number = next(numbers)
    visitor.address, kept = f"203.0.{number // 250 % 250}.{number % 250}", dict(visitor.cookies)
    answer = visitor.ask(path, method=method, **request)
    visitor.cookies = kept
    return answer


def send(visitor: Visitor, form: Form, changed: dict[str, Any], **request: Any) -> Answer:
    token = {"csrf_token": token_of(visitor)} if "csrf_token" in form.fields else {}
    return ask(visitor, form.path, body=encoded(form.fields | token | changed), **request)


def expect_no_fault(answer: Answer, before: Any, site: Flask, told: str) -> Any:
    """Gives the tables afterwards, which a request that was refused has left as they were."""
    fault = fault_in(answer)
    assert not fault, f"{told}: {fault}"
    after = tables_of(site)
    if answer.status not in TAKEN:
        assert answer.status in REFUSED, f"{told}: {answer.status}"
        assert after == before, (
            f"{told}: {answer.status} changed {[name for name in after if after[name] != before[name]]}"
        )
    return after


def expect_stays(answer: Answer, told: str) -> None:
    location = answer.headers.get("Location", "")
    assert place_in_a_browser(location) == "localhost", f"{told}: {location}"
    assert "evil" not in location.partition("?")[0], f"{told}: {location}"


def test_no_page_leads_elsewhere_whatever_is_wanted_next(everybody):
    for visitor in everybody.each():
        for place, page in enumerate(pages(visitor.app)):
            for wanted in NOWHERE[place % SLICE :: SLICE]:
                raw = wanted.encode("utf-8", "surrogatepass")
                answer = visitor.ask(page, query=encoded({"next": raw, "wanted": raw, "url": raw}).decode())
                assert not fault_in(answer), (page, wanted)
                expect_stays(answer, f"{page} next={wanted!r}")
                if answer.kind.startswith("text/html"):
                    for form in read(answer.text, page)[0]:
                        shown = form.fields.get("next", "/")
                        assert place_in_a_browser(shown) == "localhost", (page, wanted, shown)


def test_no_form_leads_elsewhere_whatever_is_wanted_next(everybody):
    send_elsewhere(everybody, SLICE)


@pytest.mark.slow
def test_no_form_leads_elsewhere_at_all(everybody):
    send_elsewhere(everybody, 1)


def send_elsewhere(everybody: Everybody, step: int) -> None:
    asked = 0
    for place, (visitor, form) in enumerate(everybody.forms()):
        asked += "next" in form.fields
        for wanted in NOWHERE[place % step :: step]:
            answer = send(visitor, form, {"next": wanted.encode("utf-8", "surrogatepass")})
            assert not fault_in(answer), (form.path, wanted)
            expect_stays(answer, f"{form.path} next={wanted!r}")
            everybody.revive(visitor)
    assert asked > 5


def test_no_odd_address_is_a_fault_of_ours_or_makes_an_account(site, everybody):
    accounts = len(tables_of(site)["account"])
    tried = 0
    for place, (visitor, form) in enumerate(everybody.forms()):
        for name in form.fields.keys() & {"email", "address", "new_email", "username"}:
            state = tables_of(site)
            for address in (*NO_ADDRESSES[place % 2 :: 2], *list(lookalikes("learner0@example.org"))[place % 3 :: 3]):
                tried += 1
                answer = send(visitor, form, {name: address.encode("utf-8", "surrogatepass")})
                state = expect_no_fault(answer, state, site, f"{form.path} {name}={address!r}")
                if form.path == "/auth/register" and not is_address(text_of(address)):
                    assert answer.status == 422, address
                    assert 'id="email-error"' in answer.text, address
    assert tried >= len(NO_ADDRESSES)
    rows = tables_of(site)["account"]
    assert len(rows) >= accounts
    assert not any(address in row for row in rows for address in NO_ADDRESSES if len(address) > 20)


def is_address(text: str) -> bool:
    try:
        read_email(text)
    except WrongEmail:
        return False
    return True


@pytest.mark.parametrize("kind", ["application/json", "application/json; charset=utf-16", "text/json"])
def test_no_json_is_a_fault_of_ours(site, everybody, kind):
    step = 13 if kind == "application/json" else 41
    attack_with_json(site, everybody, kind, step)


@pytest.mark.slow
def test_no_json_at_all_is_a_fault_of_ours(site, everybody):
    attack_with_json(site, everybody, "application/json", 1)


def attack_with_json(site: Flask, everybody: Everybody, kind: str, step: int) -> None:
    names = sorted({name for _, form in everybody.forms() for name in form.fields if name != "csrf_token"})
    names += ["id", "type", "rawId", "response", "credential", "challenge"]
    state = tables_of(site)
    for place, (visitor, method, path) in enumerate(everybody.addresses()):
        token = token_of(visitor)
        state = tables_of(site)
        for body in itertools.islice(json_bodies(names), place % step, None, step):
            headers = {"Content-Type": kind, "X-CSRF-Token": token, "Accept": "application/json"}
            answer = ask(visitor, path, method=method, body=body, headers=headers)
            state = expect_no_fault(answer, state, site, f"{method} {path} {body[:80]!r}")


def test_what_is_too_large_is_refused_everywhere_and_changes_nothing(site, everybody):
    for visitor, method, path in everybody.addresses():
        token = encoded({"csrf_token": token_of(visitor)})
        state = tables_of(site)
        for body in (
            token + b"&a=" + b"x" * LARGEST_REQUEST,
            token + b"&a=b" * MOST_FIELDS,
            b"a=b&" * MOST_FIELDS + token,
        ):
            answer = ask(visitor, path, method=method, body=body)
            assert answer.status == 413, (method, path)
            state = expect_no_fault(answer, state, site, f"{method} {path}")


def test_a_false_host_stands_in_no_answer_and_in_nothing_that_is_kept(site, everybody):
    for visitor, form in everybody.forms():
        for false in FALSE_HOSTS:
            answer = send(visitor, form, unlike_before(form), headers=false)
            assert not fault_in(answer), (form.path, false)
            assert "evil.test" not in f"{answer.headers}" + answer.body.decode("utf-8", "replace"), (form.path, false)
            everybody.revive(visitor)
    kept = tables_of(site)
    assert not [name for name, rows in kept.items() if any("evil.test" in row for row in rows)]


def unlike_before(form: Form) -> dict[str, str]:
    """Values that must be new each time."""
    return {"email": f"host{next(numbers)}@example.org"} if "email" in form.fields else {}


def test_names_of_columns_set_nothing(site, everybody):
    """Every column of every table, with what would be told again, in every form that is otherwise valid."""
    columns = sorted({column.name for table in Base.metadata.tables.values() for column in table.columns})
    tables = sorted(Base.metadata.tables)
    assert len(columns) > 100
    for visitor, form in everybody.forms():
        names = [name for name in (*columns, *tables) if name not in form.fields]
        spelt = [*names, *(f"account.{name}" for name in names), *(f"account[{name}]" for name in names)]
        for value in ("zq-set", "987654321", "1987-06-05 04:03:02", "editor"):
            answer = send(visitor, form, unlike_before(form) | dict.fromkeys(spelt, value))
            assert not fault_in(answer), (form.path, value)
            everybody.revive(visitor)
    for name, rows in tables_of(site).items():
        for sign in ("zq-set", "987654321", "1987, 6, 5", "1987-06-05", "'editor'"):
            assert not [row for row in rows if sign in row], (name, sign)


def test_a_role_opens_addresses_that_others_do_not_see(site, everybody):
    """Else the administrator of these tests would be one only by name."""
    hidden = {page for page in pages(site) if page.startswith(("/admin", "/author"))}
    assert {page for page in hidden if everybody.learner.ask(page).status != 404} == set()
    opened = {page for page in hidden if everybody.administrator.ask(page).status == 200}
    assert bool(opened) == bool(hidden)
