"""A small site with something of everything, and those who attack it: a stranger, and a learner with a record."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import func, insert, select, update

from cpd.auth import tokens
from cpd.auth.by_mail import links
from cpd.auth.by_mail.services import CONFIRMATION, REGISTRATION, Registration
from cpd.auth.changing.services import ADDRESS, RESET
from cpd.auth.emails import Email
from cpd.auth.models import Account, App, Passkey, Role, Session
from cpd.auth.services import Person
from cpd.content.publish import Report
from cpd.db import Base, db
from cpd.web import clock
from tests.factories import THREE_QUESTIONS
from tests.hostile.asking import Visitor
from tests.hostile.forms import Form, different, read
from tests.web.addresses import pages

RIGHT = {"q1": "a", "q2": ["a", "b"], "q3": "0.6"}
GIF = (
    b"GIF89a\x01\x00\x01\x00\x80\x00\x00\x00\x00\x00\xff\xff\xff,\x00\x00\x00\x00\x01\x00\x01\x00\x00\x02\x02D\x01\x00;"
)


@pytest.fixture
def site(
    app: Flask,
    write_module: Callable[..., object],
    write_monograph: Callable[..., object],
    republish: Callable[..., Report],
) -> Flask:
    """An application with a module, its picture, and a monograph, each called sepsis."""
    write_monograph("sepsis", name="Septrin", body="## Boxed warning\n\nNo.\n\n## Dosage\n\nOne.\n")
    for slug in ("fever", "rash"):
        write_monograph(slug)
    file = write_module("sepsis", body="## Why\n\nSeptrin 5 mg.\n\n![A dot](dot.gif)\n", assessment=THREE_QUESTIONS)
    (file.parent / "dot.gif").write_bytes(GIF)
    republish()
    return app


@pytest.fixture
def stranger(site: Flask) -> Visitor:
    """Somebody without an account, who has confirmed the notice."""
    visitor = Visitor(site, cookies={"cpd_professional": "1"})
    visitor.ask("/auth/sign-in")
    fill_list(visitor)
    return visitor


@pytest.fixture
def new_learner(site: Flask) -> Callable[[], Visitor]:
    """Registers learners who have passed the module once, and are signed in on another device too."""
    numbers = iter(range(1_000_000))

    def register() -> Visitor:
        number = next(numbers)
        visitor = Visitor(site, address=f"198.51.{number // 200}.{number % 200}")
        form = form_at(visitor, "/auth/register")
        answer = visitor.post(form.path, form.fields | {"email": f"learner{number}@example.org"})
        assert answer.status == 303, answer.text
        sheet = form_at(visitor, "/modules/sepsis/assessment")
        assert visitor.post(sheet.path, sheet.fields | RIGHT).status == 303
        fill_list(visitor)
        elsewhere = Visitor(site, address=visitor.address)  # so that there is another session to be ended
        form = form_at(elsewhere, "/auth/sign-in")
        answer = elsewhere.post(form.path, form.fields | {"email": f"learner{number}@example.org"})
        assert answer.status == 303, answer.text
        return visitor

    return register


@pytest.fixture
def halfway(site: Flask, new_learner: Callable[[], Visitor]) -> Callable[[str], Visitor]:
    """Gives a visitor who has shown the password and stands before the second factor, or before new terms."""

    def sign_in(before: str) -> Visitor:
        owner = new_learner()
        with site.app_context():
            [account_id] = db.session.execute(select(func.max(Account.id))).one()
            address = db.session.scalars(select(Account.email).where(Account.id == account_id)).one()
            if before == "terms":
                page = Base.metadata.tables["page"]
                db.session.execute(update(page).where(page.c.slug == "terms").values(version="2099-01-01"))
            else:
                add_factors(account_id)
            db.session.commit()
        visitor = Visitor(site, address=owner.address)
        form = form_at(visitor, "/auth/sign-in")
        answer = visitor.post(form.path, form.fields | {"email": address})
        assert answer.status == 303, answer.text
        assert "cpd_sign_in" in visitor.cookies
        return visitor

    return sign_in


@pytest.fixture
def equipped(site: Flask, new_learner: Callable[[], Visitor]) -> Visitor:
    """A learner with an authenticator app and a passkey."""
    visitor = new_learner()
    with site.app_context():
        [account_id] = db.session.execute(select(func.max(Account.id))).one()
        add_factors(account_id)
        db.session.commit()
    return visitor


def add_factors(account_id: int) -> None:
    """An authenticator app and a passkey that nobody can use."""
    app = {"account_id": account_id, "secret": "x", "last_step": 0, "added_at": clock.now()}
    passkey = {
        "account_id": account_id,
        "credential_id": f"id-of-{account_id}",
        "public_key": "x",
        "sign_count": 0,
        "name": "Phone",
        "transports": [],
        "backed_up": False,
        "added_at": clock.now(),
    }
    db.session.execute(insert(App).values(**app))
    db.session.execute(insert(Passkey).values(**passkey))


@pytest.fixture
def learner(new_learner: Callable[[], Visitor]) -> Visitor:
    return new_learner()


@pytest.fixture
def administrator(site: Flask, new_learner: Callable[[], Visitor]) -> Visitor:
    visitor = new_learner()
    give_role(site, visitor)
    return visitor


def give_role(site: Flask, visitor: Visitor) -> None:
    """Make an administrator of the account that was registered last."""
    with site.app_context():
        last = db.session.query(Account.id).order_by(Account.id.desc()).limit(1).scalar_subquery()
        db.session.execute(update(Account).where(Account.id == last).values(role=Role.ADMINISTRATOR.value))
        db.session.execute(update(Session).where(Session.account_id == last).values(second_factor=True))
        db.session.commit()
    assert visitor.ask("/auth/account").status == 200


@pytest.fixture
def led(site: Flask, new_learner: Callable[[], Visitor]) -> list[Visitor]:
    """Those who have come by a link of a mail: to set a password, to confirm an address, to confirm a new account."""
    found = []
    for purpose in (RESET, ADDRESS, CONFIRMATION):
        visitor = new_learner()
        with site.app_context():
            visitor.cookies[links.COOKIE] = link_for(purpose)
            db.session.commit()
        found.append(visitor)
    return found


def link_for(purpose: str) -> str:
    """The token of a link for the newest account, or for one that is to be."""
    now, lifetime = clock.now(), timedelta(hours=1)
    account = Base.metadata.tables["account"]
    newest = db.session.execute(select(account).order_by(account.c.id.desc()).limit(1)).one()
    if purpose == CONFIRMATION:
        person = Person("Ann Example", Email("led@example.org", "led@example.org"), "Doctor")
        asked = Registration(person, password_hash=newest.password_hash, zone="Europe/London", consents={}, wanted="/")
        registered = tokens.issue(REGISTRATION, account_id=None, now=now, lifetime=lifetime, detail=asked.to_json())
        detail = {"registration": tokens.token_hash(registered)}
        return tokens.issue(CONFIRMATION, account_id=None, now=now, lifetime=lifetime, detail=detail)
    address = {"typed": newest.email, "canon": newest.email_canon}
    return tokens.issue(purpose, account_id=newest.id, now=now, lifetime=lifetime, detail=address)


def fill_list(visitor: Visitor) -> None:
    """A list of two with a message that offers to put a third back."""
    forms, _ = read(visitor.ask("/list").text, "/")
    token = next(form.fields["csrf_token"] for form in forms if "csrf_token" in form.fields)
    for slug in ("sepsis", "fever", "rash"):
        assert visitor.post("/list", {"csrf_token": token, "monograph": slug}).status == 303
    assert visitor.post("/list/remove", {"csrf_token": token, "item": "rash"}).status == 303


def form_at(visitor: Visitor, page: str) -> Form:
    """The form of a page that goes to the page's own address."""
    forms, _ = read(visitor.ask(page).text, page)
    return next(form for form in forms if form.path == page and form.method == "POST")


def forms_of(visitor: Visitor) -> list[Form]:
    """Every form that a visitor finds on the pages of the site, once."""
    found: list[Form] = []
    for page in pages(visitor.app):
        answer = visitor.ask(page)
        if answer.kind.startswith("text/html"):
            found += read(answer.text, page)[0]
    return different(found)
