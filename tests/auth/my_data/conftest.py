"""What tests of one's own data need: somebody of whom something stands in every table, and the worker."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import insert, select, text, update

from cpd.auth.events import note
from cpd.auth.models import EventKind
from cpd.auth.notices import Notice, tell
from cpd.db import Base, db
from cpd.outbox.mail import Mail
from cpd.outbox.worker import Worker
from tests.auth.browser import ANN, Browser
from tests.factories import THREE_QUESTIONS

MARK = "Ann Example"
SECRETS = ("argon2", "sealed-app-secret", "credential-of-ann", "public-key-of-ann", "hash-of-a-code", "b" * 64)


class Kept:
    """A delivery that keeps the mails in memory."""

    def __init__(self) -> None:
        self.mails: list[Mail] = []

    def deliver(self, mail: Mail, *, name: str, now: datetime) -> None:  # noqa: ARG002
        self.mails.append(mail)

    def close(self) -> None:
        pass


@pytest.fixture
def delivered() -> Kept:
    return Kept()


@pytest.fixture
def work_off(app: Flask, delivered: Kept) -> Callable[[], list[Mail]]:
    """Lets the worker do all that is due, upkeep too; gives the mails that it delivered."""

    def work_off() -> list[Mail]:
        delivered.mails.clear()
        Worker(app, delivered).work_off()
        return list(delivered.mails)

    return work_off


@pytest.fixture
def prove_all(app: Flask) -> Callable[[], None]:
    """As if everybody who is signed in had just proved who they are."""

    def prove_all() -> None:
        sessions = Base.metadata.tables["session"]
        with app.app_context():
            db.session.execute(update(sessions).values(proved_at=datetime.now(UTC)))
            db.session.commit()

    return prove_all


@pytest.fixture
def site(app: Flask, write_module: Callable[..., Any], write_monograph: Callable[..., Any], republish: Any) -> Flask:
    """A site with a module of three questions and a monograph."""
    write_module("sepsis", title="Sepsis in adults", assessment=THREE_QUESTIONS)
    write_monograph("septrin", name="Septrin")
    republish()
    return app


@pytest.fixture
def new_browser(site: Flask) -> Callable[..., Browser]:
    return lambda **keywords: Browser(site, **keywords)


@pytest.fixture
def ann(site: Flask, new_browser: Callable[..., Browser]) -> Browser:
    """Ann, who has used everything."""
    return used_by(site, new_browser(), email=ANN["email"], mark=MARK)


def used_by(app: Flask, browser: Browser, *, email: str, mark: str) -> Browser:
    """Somebody who registers and leaves something in every table that learners leave something in."""
    browser.register(name=mark, email=email, registration_body="GMC", registration_number="7654321")
    browser.send("/modules/sepsis/assessment", q1="a", q2="a", q3="0.6")
    sheet = browser.get("/modules/sepsis/assessment")
    browser.post("/modules/sepsis/assessment", sheet, q1="a", q2=["a", "b"], q3="0.6")
    page = browser.get("/monographs/septrin")
    browser.post("/monographs/septrin/notes", page, note=f"A note of {mark}:\nfirst line\n<script>alert(1)</script>")
    browser.post("/list", page, monograph="septrin")
    with app.app_context():
        account_id = db.session.execute(
            text("SELECT id FROM account WHERE email = :email"), {"email": email}
        ).scalar_one()
        fill(account_id, mark)
        db.session.commit()
    return browser


def fill(account_id: int, mark: str) -> None:
    """What other pages leave of somebody: second factors, steps begun, mail, and notes beside modules."""
    now = datetime.now(UTC)
    later = now + timedelta(days=1)
    owner = {"account_id": account_id}
    unlike = str(account_id)
    rows = {
        "app": {"secret": "sealed-app-secret", "last_step": 1, "added_at": now},
        "passkey": {
            "credential_id": f"credential-of-ann{unlike}",
            "public_key": "public-key-of-ann",
            "sign_count": 1,
            "name": f"Phone of {mark}",
            "transports": ["internal"],
            "backed_up": True,
            "added_at": now,
        },
        "recovery_code": {"code_hash": "hash-of-a-code"},
        "sign_on": {"issuer": "https://id.example.org", "subject": f"subject of {mark}", "linked_at": now},
        "token": {
            "token_hash": ("b" * 60 + unlike.zfill(4)),
            "purpose": "change-address",
            "detail": {"email": f"new address of {mark}"},
            "created_at": now,
            "expires_at": later,
        },
        "download": {"asked_at": now, "made_at": now, "expires_at": later, "data": f"old copy of {mark}".encode()},
    }
    for table, row in rows.items():
        db.session.execute(insert(Base.metadata.tables[table]).values(**owner, **row))
    module_id = db.session.execute(select(Base.metadata.tables["module"].c.id)).scalars().first()
    beside = {"learner_id": account_id, "kind": "module", "document_id": module_id, "changed_at": now}
    db.session.execute(insert(Base.metadata.tables["note"]).values(**beside, text=f"Beside a module, by {mark}"))
    note(EventKind.PASSKEY_ADDED, account_id=account_id, now=now, name=f"Phone of {mark}")
    tell(account_id, Notice.FACTOR_ADDED, now=later, factor=f"Phone of {mark}")
