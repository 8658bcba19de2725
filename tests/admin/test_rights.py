"""The table of rights is that of the site: every address has a line, and each line is tried by everybody."""

from __future__ import annotations

import hashlib
import re
from dataclasses import replace

import pytest

from cpd.admin.rights import Least, Right, rights
from cpd.auth import signing_in, tokens
from cpd.auth.models import Role
from cpd.db import db
from cpd.web import clock
from tests.admin.asking import Asker, add_account
from tests.admin.belongings import KINDS, Named, live, rows_of
from tests.hostile.asking import tables_of
from tests.hostile.conftest import GIF
from tests.web.addresses import ARGUMENT, SAFE, path_of

PICTURE = next(right.address for right in rights() if right.address.startswith("/pictures/"))
NEW_EACH_TIME = {"/auth/factors/app"}  # it offers another secret
HIDDEN_FIELD = rb'<input type="hidden"[^>]*>'  # tokens differ each time
SIGN_IN, NOTICE, HIDDEN, FACTOR, PROVE, LET_IN = "sign in", "notice", "hidden", "second factor", "prove", "let in"
ELSEWHERE = "led elsewhere"
# What is there under addresses where the examples of tests/web/addresses.py lead nowhere.
PUBLISHED = {
    "/pages/<slug:slug>": {"slug": "terms"},
    PICTURE: {"digest": hashlib.sha256(GIF).hexdigest(), "ending": "gif"},
}
TYPED = {"item": "fever", "note": "Mine", "monograph": "sepsis", "name": "Other", "email": "other@example.org"}
HALF_IN = "half signed in"
NAMES_NOBODY = {"slug", "section", "filename", "digest", "ending"}  # arguments that name what is published


@pytest.fixture
def settings(settings):
    """With all that can be switched on."""
    mail = {"mail_server": "smtp://mail.example.org", "mail_from": "daybook@example.org"}
    provider = {"sign_on_issuer": "https://127.0.0.1:9", "sign_on_client_id": "cpd", "sign_on_name": "Example"}
    return replace(settings, site_url="http://localhost", sign_on_client_secret="secret", **mail, **provider)


def keys_of(app) -> list[tuple[str, str]]:
    return sorted(
        (method, rule.rule) for rule in app.url_map.iter_rules() for method in rule.methods - {"HEAD", "OPTIONS"}
    )


def test_every_address_has_a_line_and_every_line_an_address(app):
    assert sorted(right.key for right in rights()) == keys_of(app)


def test_every_line_says_what_one_does_there():
    assert [right.address for right in rights() if not right.what] == []


def test_whatever_names_something_by_number_or_token_says_whose_it_is():
    for right in rights():
        named = {found[1] for found in ARGUMENT.finditer(right.address)} - NAMES_NOBODY
        if named and right.least.role is None:
            assert right.own in KINDS, right.address


def test_every_kind_of_belonging_is_tried():
    assert {right.own for right in rights()} - {"", "own"} == set(KINDS)


def test_what_is_an_administrators_is_about_nobodys_own():
    assert [right.address for right in rights() if right.own and right.least.role] == []


# Everybody tries everything


def everybody(app, other: int) -> dict[str, Asker]:
    """Those who try, by what they are; `other` is an account that is none of theirs."""
    roles = {role: add_account(app, role.value, role) for role in Role}
    asking = {"stranger": Asker(app, professional=False), "visitor": Asker(app)}
    for role, account_id in roles.items():
        asker = Asker(app, account_id, role)
        asking |= {
            f"{role} with a second factor": asker,
            f"{role} without a second factor": replace(asker, second_factor=False),
            f"{role} who proved it long ago": replace(asker, fresh=False),
        }
    assert other not in roles.values()
    return asking


def half_signed_in(app, account_id: int) -> Asker:
    """Somebody who has shown the password and not agreed to the terms yet."""
    with app.app_context():
        how = {"now": clock.now(), "lifetime": signing_in.LASTS}
        detail = {"proofs": ["password"], "wanted": "", "kept": ""}
        token = tokens.issue(signing_in.PURPOSE, account_id=account_id, detail=detail, **how)
        db.session.commit()
        return Asker(app, cookies={signing_in.COOKIE: token})


def expected(right: Right, asker: Asker) -> str:
    """What the table says of somebody."""
    if right.least is Least.SIGNING_IN:
        return LET_IN if asker.cookies else ELSEWHERE if asker.account_id else SIGN_IN
    if right.least is Least.EVERYONE:
        return LET_IN
    if right.least is Least.PROFESSIONAL:
        return LET_IN if asker.account_id or asker.professional else NOTICE
    if asker.account_id is None:
        return SIGN_IN
    if right.least.role:
        if not asker.role.includes(right.least.role):
            return HIDDEN
        if not asker.second_factor:
            return FACTOR
    return PROVE if right.proof and not asker.fresh else LET_IN


def outcome(answer) -> str:
    """What an answer says, by how it looks."""
    location, page = answer.location or "", answer.text if answer.mimetype == "text/html" else ""
    if location.startswith("/auth/sign-in?next=") or (answer.status_code == 403 and 'action="/auth/sign-in"' in page):
        return SIGN_IN
    if location.startswith("/auth/two-factor/needed?next="):
        return FACTOR
    if location.startswith("/auth/again?next=") or (answer.status_code == 403 and 'action="/auth/again"' in page):
        return PROVE
    if "<h1>This site is intended for healthcare professionals</h1>" in page:
        return NOTICE
    if answer.status_code == 503:  # as is said of a provider that is away
        return LET_IN
    return HIDDEN if answer.status_code == 404 else LET_IN if answer.status_code < 500 else str(answer.status_code)


def send(asker: Asker, right: Right, named: Named, *, token: str = ""):
    """Ask for an address in the way that names something."""
    return asker.ask(right.method, path_to(right, named), named.fields, token=token, cookies=named.cookies)


def path_to(right: Right, named: Named) -> str:
    return path_of(right.address, **PUBLISHED.get(right.address, {}) | named.arguments)


@pytest.fixture
def belongings(site, write_module, republish):  # noqa: ARG001  # what they belong to
    """Makes an object of each kind for a learner; gives how each is named, and how one that is not there."""

    def belongings(owner: Asker) -> dict[str, tuple[Named, Named]]:
        made = {kind: make(owner) for kind, make in KINDS.items()}
        write_module("sepsis", summary=f"Changed for {owner.account_id}.")
        republish()
        return made

    return belongings


def tried(right: Right, named: Named, asker: Asker, wanted: str, token: str) -> str:
    """What is wrong with the answer that somebody gets, or nothing. What they may change may be their session."""
    spared = right.method in SAFE or wanted != LET_IN
    answer = send(asker, right, named, token=token if spared else "")
    found = ELSEWHERE if wanted == ELSEWHERE and answer.location else outcome(answer)
    return "" if found == wanted else f"{right.method} {right.address}: {found}, not {wanted}, {asker}"


def test_everybody_may_do_what_the_table_says_and_nothing_else(app, belongings):
    other, half = add_account(app, "other"), add_account(app, "half")
    asking = everybody(app, other) | {HALF_IN: half_signed_in(app, half)}
    owner = next(asker for asker in asking.values() if asker.account_id)
    made = belongings(owner)
    tokens = {who: asker.begin_session() for who, asker in asking.items()}
    faults = []
    for right in rights():
        named = made[right.own][0] if right.own in made else Named({"account_id": other})
        if right.least is Least.SIGNING_IN:  # what was tried before may have ended it
            asking[HALF_IN] = half_signed_in(app, half)
        wanted = {who: expected(right, asker) for who, asker in asking.items()}
        refused = [who for who in asking if wanted[who] != LET_IN]
        # What belongs to others is tried below.
        let_in = [who for who in asking if wanted[who] == LET_IN and (right.own not in made or asking[who] == owner)]
        before = tables_of(app)
        faults += [tried(right, named, asking[who], wanted[who], tokens[who]) for who in refused]
        if tables_of(app) != before:
            faults.append(f"{right.method} {right.address}: somebody who was refused changed something")
        faults += [tried(right, named, asking[who], wanted[who], tokens[who]) for who in let_in]
        if right.own in made:  # whoever changes how they sign in may end their other sessions
            tokens |= {who: each.begin_session() for who, each in asking.items() if each.account_id == owner.account_id}
    assert [fault for fault in faults if fault] == []


def test_what_belongs_to_another_learner_is_as_if_it_were_not_there(make, belongings):
    ann, bob = make("ann"), make("bob")
    made = belongings(bob)
    for right in rights():
        if right.own not in made:
            continue
        theirs, absent = made[right.own]
        before = rows_of(bob)
        answers = []
        token = ann.begin_session()
        for named in (theirs, absent):
            answer = send(ann, right, named, token=token)
            words = [value for value in named.fields.values() if not value.isdigit()]  # digits stand everywhere
            page = without(answer.text, path_to(right, named), *words)
            answers.append((answer.status_code, answer.location, page))
        assert answers[0] == answers[1], right.address
        assert rows_of(bob) == before, right.address
        assert answers[0][0] in (302, 303, 404, 410, 422), right.address


def without(page: str, *named: str) -> str:
    """A page without what the request named."""
    for each in named:
        page = page.replace(each, "…")
    return page


@pytest.mark.usefixtures("site")
def test_no_page_of_a_learner_shows_what_another_one_does(make, monkeypatch):
    ann, bob = make("ann"), make("bob")
    now = clock.now()
    monkeypatch.setattr(clock, "now", lambda: now)
    token = ann.begin_session()

    def pages() -> dict[str, tuple[int, bytes]]:
        answers = {}
        for right in rights():
            if right.method == "GET" and right.own not in KINDS and right.least.role is None:
                answer = send(ann, right, Named(), token=token)
                answers[right.address] = answer.status_code, re.sub(HIDDEN_FIELD, b"", answer.data)
        return answers

    before, again = pages(), pages()
    live(bob)
    after = pages()
    assert {address for address in before if before[address] != again[address]} <= NEW_EACH_TIME
    assert {address for address in before if before[address] != after[address]} <= NEW_EACH_TIME


@pytest.mark.usefixtures("site")
def test_a_learner_who_changes_something_changes_nothing_of_anothers(make):
    ann, bob = make("ann"), make("bob")
    live(bob)
    before = rows_of(bob)
    assert "Nobody else may read this." in str(before)
    for right in rights():
        if right.method not in SAFE and right.own:
            send(ann, right, Named(fields=TYPED))
            assert rows_of(bob) == before, right.address
