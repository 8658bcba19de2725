"""Hostile values in every field of every form: refused with a page of ours and nothing changed, or kept as they are.

The forms are those that the pages show, so a form that is added is attacked without being named here.
"""

from __future__ import annotations

import itertools
import unicodedata
from collections.abc import Callable, Iterator
from datetime import timedelta
from html import unescape
from typing import Any

import pytest
import time_machine
from flask import Flask

from cpd.auth.access import FRESH
from cpd.web import clock
from tests.hostile.asking import Answer, Visitor, fault_in, tables_of, was_taken
from tests.hostile.conftest import RIGHT, form_at, forms_of
from tests.hostile.corpus import BYTES, CHARACTERS, CODE, FIELD, NUMBERS, TEXTS, part
from tests.hostile.forms import Form, read
from tests.web.addresses import changes

SLICE = 36  # the fast suite sends each field every 36th value, beginning elsewhere for each field
numbers = itertools.count(1)
BEHIND_LINKS = {"/auth/confirm", "/auth/address/confirm", "/auth/reset/new"}
WHERE_MAIL_GOES_OUT = {"/auth/resend", "/auth/address/resend"}  # attacked in tests/auth
ASKED_BY_SCRIPT = {f"/auth/passkeys/{door}/options" for door in ("sign-in", "two-factor", "again", "add")}  # no fields


class Attacker:
    """Sends one form of the site, each time as if it had just been opened."""

    def __init__(self, visitor: Visitor, form: Form) -> None:
        self.visitor, self.form = visitor, form

    def send(self, changed: dict[str, Any]) -> Answer:
        """Send the form with some fields changed, from a new address, so that no try is one too many."""
        self.visitor.address = f"203.0.{next(numbers) // 250 % 250}.{next(numbers) % 250}"
        fields = self.form.fields | (
            {"email": f"ann{next(numbers)}@example.org"} if "email" in self.form.fields else {}
        )
        kept = dict(self.visitor.cookies)
        answer = self.visitor.post(self.form.path, fields | changed)
        self.visitor.cookies = kept
        return answer


def attackers(visitor: Visitor) -> Iterator[Attacker]:
    yield from (Attacker(visitor, form) for form in forms_of(visitor) if form.method == "POST")


@pytest.fixture
def attacked(stranger: Visitor, learner: Visitor, led: list[Visitor]) -> list[Attacker]:
    """The forms that each of them is shown, and the one that comes back when a form was sent too late."""
    found = list(attackers(stranger))
    token = next(each.form.fields["csrf_token"] for each in found)
    late = stranger.post("/modules/sepsis/assessment", {"csrf_token": token} | RIGHT)
    forms, _ = read(late.text, "/auth/sign-in")
    kept = [Attacker(stranger, form) for form in forms if "kept" in form.fields]
    assert kept
    behind_links = [each for visitor in led for each in attackers(visitor) if each.form.path in BEHIND_LINKS]
    return [*found, *kept, *attackers(learner), *behind_links]


def expect_no_fault(app: Flask, attacker: Attacker, changed: dict[str, Any], before: Any, sent: bytes = b"") -> Any:
    """Send it; gives the tables afterwards, which only an accepted form may have changed."""
    answer = attacker.send(changed)
    told = f"{attacker.form.path} {str(changed)[:200]}: {answer.status}"
    fault = fault_in(answer, sent)
    assert not fault, f"{told}: {fault}"
    after = tables_of(app)
    if not was_taken(answer):
        assert answer.status in (200, 400, 403, 404, 410, 413, 422, 429), told
        assert after == before, f"{told} changed {[name for name in after if after[name] != before[name]]}"
    return after


def attack(app: Flask, attacked: list[Attacker], values: Callable[[int], tuple[bytes, ...]]) -> None:
    places = itertools.count()
    state = tables_of(app)
    for attacker in attacked:
        for name in attacker.form.fields:
            for value in values(next(places)):
                state = expect_no_fault(app, attacker, {name: value}, state, value)


def test_every_address_that_takes_a_form_has_one_in_a_page(
    site, stranger, learner, equipped, led, halfway, administrator
):
    visitors = [stranger, learner, equipped, administrator, *led, halfway("the second factor"), halfway("terms")]
    shown = {form.path for visitor in visitors for form in forms_of(visitor) if form.method == "POST"}
    with time_machine.travel(clock.now() + FRESH + timedelta(minutes=1)):  # when one is asked who one is
        shown |= {form.path for form in forms_of(equipped) if form.method == "POST"}
    new_codes = form_at(equipped, "/auth/recovery-codes")
    codes_page = equipped.post(new_codes.path, new_codes.fields)
    shown |= {form.path for form in read(codes_page.text, new_codes.path)[0]}
    leaving = form_at(learner, "/auth/my-data/delete")
    assert learner.post(leaving.path, leaving.fields).status == 303
    shown |= {form.path for form in forms_of(learner) if form.method == "POST"}
    assert shown >= {path for _, path in changes(site)} - {"/auth/professional"} - WHERE_MAIL_GOES_OUT - ASKED_BY_SCRIPT
    stranger.cookies = {}
    assert "/auth/professional" in {form.path for form in forms_of(stranger)}


def test_no_field_of_a_form_is_a_fault_of_ours(site, attacked):
    attack(site, attacked, lambda place: TEXTS[place % SLICE :: SLICE])


def test_no_field_of_a_form_about_second_factors_is_a_fault_of_ours(equipped, halfway):
    """Where one is there: right forms change much, so all that is asked is an answer of ours."""
    places = itertools.count()
    found = [*attackers(equipped), *attackers(halfway("the second factor"))]
    about = ("/auth/factors", "/auth/passkeys", "/auth/recovery-codes", "/auth/two-factor", "/auth/again")
    chosen = [each for each in found if each.form.path.startswith(about)]
    assert len(chosen) > 7
    for attacker in chosen:
        for name in attacker.form.fields:
            for value in TEXTS[next(places) % SLICE :: SLICE]:
                fault = fault_in(attacker.send({name: value}), value)
                assert not fault, (attacker.form.path, name, value[:200], fault)


@pytest.mark.slow
def test_no_field_of_a_form_is_a_fault_of_ours_whatever_it_holds(site, attacked):
    attack(site, attacked, lambda _: TEXTS)


def test_all_fields_of_a_form_may_hold_the_same(site, attacked):
    state = tables_of(site)
    for attacker in attacked:
        for value in TEXTS[::15]:
            fields = [name for name in attacker.form.fields if name != "csrf_token"]
            if fields:
                state = expect_no_fault(site, attacker, dict.fromkeys(fields, value), state, value)


def test_wrong_shapes_of_a_field_are_no_fault_of_ours(site, attacked):
    """Lists where one is expected, nothing at all, and names that look like lists or like columns of a table."""
    state = tables_of(site)
    for attacker in attacked:
        for name, valid in attacker.form.fields.items():
            for changed in (
                {name: [valid, "x"]},
                {name: ["x", valid]},
                {name: [valid] * 50},
                {name: [b"\x00", b"\xff", ""]},
                {name: []},
                {name: [], f"{name}[]": valid},
                {name: [], f"{name}[0]": valid, f"{name}.x": valid},
            ):
                state = expect_no_fault(site, attacker, changed, state)


def test_a_form_in_parts_is_read_like_any_other(site, attacked):
    """As multipart: texts of every kind, files where texts are expected, more parts than are read."""
    state = tables_of(site)
    odd = (
        '; filename="x.html"',
        '; filename=""',
        "; filename*=utf-16''%ff",
        "\r\nContent-Type: text/plain; charset=utf-7",
    )
    for attacker in attacked:
        fields = attacker.form.fields
        if attacker.form.path == "/auth/sign-out":
            continue
        for name in fields:
            for extra in odd:
                heads = {each: FIELD.format(each) + (extra if each == name else "") for each in fields}
                body = b"".join(part(heads[each], fields[each].encode()) for each in fields) + b"--b--\r\n"
                state = expect_parts(site, attacker, body, state)
        token = part(FIELD.format("csrf_token"), fields["csrf_token"].encode())
        state = expect_parts(site, attacker, token + part(FIELD.format("a")) * 1_001 + b"--b--\r\n", state)


def expect_parts(app: Flask, attacker: Attacker, body: bytes, before: Any) -> Any:
    kept = dict(attacker.visitor.cookies)
    kind = {"Content-Type": "multipart/form-data; boundary=b"}
    answer = attacker.visitor.ask(attacker.form.path, method="POST", body=body, headers=kind)
    attacker.visitor.cookies = kept
    assert not fault_in(answer), attacker.form.path
    after = tables_of(app)
    assert was_taken(answer) or after == before, (attacker.form.path, answer.status)
    return after


def visible(text: str) -> str:
    """What cannot be lost of a text: its letters and signs in their composed form, whatever is between them."""
    normal = unicodedata.normalize("NFC", text)
    return "".join(sign for sign in normal if sign.isprintable() and not sign.isspace())


def shown_in(answer: Answer, path: str, name: str) -> str:
    """What the form for a path shows in a field."""
    return next(form for form in read(answer.text, path)[0] if form.path == path).fields[name]


@pytest.fixture
def texts() -> list[str]:
    """Values that are UTF-8, of each kind."""
    valid = (*(each for each in BYTES if each.decode("utf-8", "ignore").encode() == each), *TEXTS[40::5])
    return [*dict.fromkeys([*CHARACTERS, *CODE, *NUMBERS[::3], *(each.decode("utf-8", "ignore") for each in valid)])]


def test_a_name_is_kept_and_shown_as_it_was_typed_or_refused_beside_its_field(stranger, texts):
    accepted = 0
    cookies = dict(stranger.cookies)
    for number, text in enumerate(texts):
        stranger.cookies, stranger.address = dict(cookies), f"203.1.{number // 250}.{number % 250}"
        form = form_at(stranger, "/auth/register")
        answer = stranger.post(form.path, form.fields | {"name": text, "email": f"n{number}@example.org"})
        if answer.status == 303:
            accepted += 1
            page = stranger.ask("/auth/account").text
            shown = page[page.index("<dt>Name</dt><dd>") + 17 :].partition("</dd>")[0]
            assert "<" not in shown
            assert visible(unescape(shown)) == visible(text), repr(text)
        else:
            assert answer.status == 422, repr(text)
            assert 'id="name-error"' in answer.text or 'id="password-error"' in answer.text, repr(text)
            assert not visible(text) or visible(shown_in(answer, form.path, "name")) == visible(text), repr(text)
    assert len(texts) > accepted > len(texts) / 2


def test_a_typed_answer_comes_back_with_words_beside_it(learner, texts):
    sheet = form_at(learner, "/modules/sepsis/assessment")
    refused = 0
    for text in texts:
        answer = learner.post(sheet.path, sheet.fields | RIGHT | {"q3": text})
        if answer.status == 422:
            refused += 1
            assert 'id="q3-error"' in answer.text
            shown = visible(shown_in(answer, sheet.path, "q3"))
            assert visible(text).startswith(shown), repr(text)
            assert len(shown) >= min(len(visible(text)), 20), repr(text)
        else:
            assert answer.status in (200, 303), repr(text)
            sheet = form_at(learner, "/modules/sepsis/assessment")
    assert refused > len(texts) / 2


def test_an_option_that_is_none_brings_the_sheet_back_with_all_other_answers(site, learner):
    sheet = form_at(learner, "/modules/sepsis/assessment")
    before = tables_of(site)
    for option in (*BYTES[:6], b"A", b"z", b"aa", b"a,b", b"'; --", b"\xef\xbd\x81", b"x" * 9_000):
        for chosen in ({"q1": option}, {"q1": [b"a", option]}, {"q1": ["a", "b"]}):
            answer = learner.post(sheet.path, sheet.fields | {"q2": ["a", "b"], "q3": "0.6"} | chosen)
            assert answer.status == 422
            assert 'id="q1-error"' in answer.text
            assert 'name="q2" value="a" checked' in answer.text
            assert 'name="q2" value="b" checked' in answer.text
            assert shown_in(answer, sheet.path, "q3") == "0.6"
    assert tables_of(site) == before
    assert learner.post(sheet.path, sheet.fields | RIGHT).status == 303
