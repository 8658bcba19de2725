"""What belongs to a learner, of every kind that the request of some address names."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from sqlalchemy import func, insert, select

from cpd.auth import tokens
from cpd.auth.by_mail import links
from cpd.auth.by_mail.services import ADDRESS_LASTS
from cpd.auth.changing.services import ADDRESS
from cpd.db import Base, db
from cpd.web import clock
from cpd.web.cookies import new_token
from tests.admin.asking import Asker
from tests.pages import hidden_in


@dataclass
class Named:
    """How a request names an object: in its address, in its form, or by a cookie that a link has left."""

    arguments: dict[str, Any] = field(default_factory=dict)
    fields: dict[str, Any] = field(default_factory=dict)
    cookies: dict[str, str] = field(default_factory=dict)


def attempt(owner: Asker) -> tuple[Named, Named]:
    sheet = owner.get("/modules/sepsis/assessment").text
    answer = owner.post("/modules/sepsis/assessment", attempt=hidden_in(sheet, "attempt"), q1="a")
    assert answer.status_code == 303, answer.text
    number = answer.location.rpartition("/")[2]
    return Named({"slug": "sepsis", "attempt_id": number}), Named({"slug": "sepsis", "attempt_id": 999_999})


def revision(owner: Asker) -> tuple[Named, Named]:
    """One that is not the live one any more: tests publish it before and another one after."""
    attempt(owner)
    return Named({"slug": "sepsis", "number": 1}), Named({"slug": "sepsis", "number": 999_999})


def list_item(owner: Asker) -> tuple[Named, Named]:
    assert owner.post("/list", monograph="fever").status_code == 303
    return Named(fields={"item": "fever", "direction": "up"}), Named(fields={"item": "rash", "direction": "up"})


def address_link(owner: Asker) -> tuple[Named, Named]:
    detail = {"typed": "new@example.org", "canon": "new@example.org"}
    with owner.app.app_context():
        token = tokens.issue(
            ADDRESS, account_id=owner.account_id, detail=detail, now=clock.now(), lifetime=ADDRESS_LASTS
        )
        db.session.commit()
    return Named(cookies={links.COOKIE: token}), Named(cookies={links.COOKIE: new_token()})


def session(owner: Asker) -> tuple[Named, Named]:
    owner.begin_session()
    with owner.app.app_context():
        table = Base.metadata.tables["session"]
        number = db.session.scalar(select(func.max(table.c.id)).where(table.c.account_id == owner.account_id))
        db.session.rollback()
    return Named(fields={"session": str(number)}), Named(fields={"session": "999999"})


def passkey(owner: Asker) -> tuple[Named, Named]:
    number = _add(
        owner,
        "passkey",
        credential_id=new_token(),
        public_key="x",
        sign_count=0,
        name="Phone",
        transports=[],
        backed_up=False,
        added_at=clock.now(),
    )
    return Named({"number": number}), Named({"number": 999_999})


def download(owner: Asker) -> tuple[Named, Named]:
    now = clock.now()
    number = _add(owner, "download", asked_at=now, made_at=now, expires_at=now + timedelta(days=1), data=b"zip")
    return Named({"number": number}), Named({"number": 999_999})


def _add(owner: Asker, table: str, **values: Any) -> int:
    """A row of the owner's; gives its number."""
    with owner.app.app_context():
        made = insert(Base.metadata.tables[table]).values(account_id=owner.account_id, **values)
        number = db.session.execute(made).inserted_primary_key[0]
        db.session.commit()
        return number


# The words of the column `own` in rights.csv. Each makes an object of its owner, and gives how to name it and how to
# name one that is not there.
KINDS: dict[str, Callable[[Asker], tuple[Named, Named]]] = {
    "attempt": attempt,
    "revision": revision,
    "list item": list_item,
    "address link": address_link,
    "session": session,
    "passkey": passkey,
    "download": download,
}


def live(learner: Asker) -> None:
    """Do a bit of everything that learners do."""
    for kind in ("attempt", "list item"):
        KINDS[kind](learner)
    assert learner.post("/monographs/sepsis/notes", note="Nobody else may read this.").status_code == 303
    assert learner.get("/auth/account").status_code == 200


def rows_of(asker: Asker) -> dict[str, list[str]]:
    """All rows that belong to an account, in every table."""
    found = {}
    with asker.app.app_context():
        for name, table in Base.metadata.tables.items():
            owner = {"account_id", "learner_id"} & set(table.c.keys()) or ({"id"} if name == "account" else set())
            if owner:
                mine = select(table).where(table.c[owner.pop()] == asker.account_id)
                found[name] = sorted(map(repr, db.session.execute(mine)))
        db.session.rollback()
    return found
