"""Those who ask: a visitor, and accounts with every role, with and without a second factor and a fresh proof.

Each request of theirs comes from a session of its own, so that none changes what the next one may.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from flask import Flask
from werkzeug.test import TestResponse

from cpd.auth import services, sessions
from cpd.auth.emails import read_email
from cpd.auth.models import Role
from cpd.auth.services import Person
from cpd.db import db
from cpd.web import clock
from cpd.web.cookies import ANONYMOUS, new_token
from cpd.web.csrf import HEADER, csrf_token


def add_account(app: Flask, name: str, role: Role = Role.LEARNER, **changes: Any) -> int:
    """An account for a name, with the address name@example.org."""
    person = Person(name=f"{name.capitalize()} Example", email=read_email(f"{name}@example.org"), profession="Doctor")
    values = {"password_hash": "*", "zone": "Europe/London", "consents": {}, "now": clock.now(), "role": role}
    with app.app_context():
        account_id = services.create_account(person, **values | changes)
        db.session.commit()
        return account_id


@dataclass
class Asker:
    """Somebody who asks, and how much they have proved. Without an account: a visitor."""

    app: Flask
    account_id: int | None = None
    role: Role = Role.LEARNER
    second_factor: bool = True
    fresh: bool = True
    professional: bool = True
    cookies: Mapping[str, str] = field(default_factory=dict)

    def begin_session(self) -> str:
        """A new token for the session cookie."""
        if self.account_id is None:
            return ANONYMOUS + new_token()
        proved_at = clock.now() - (timedelta(0) if self.fresh else timedelta(hours=1))
        with self.app.app_context():
            token = sessions.start_session(
                self.account_id,
                user_agent="Test",
                network="192.0.2.1",
                second_factor=self.second_factor,
                now=proved_at,
            )
            db.session.commit()
        return token

    def ask(
        self,
        method: str,
        path: str,
        fields: Mapping[str, Any] | None = None,
        *,
        token: str = "",
        cookies: Mapping[str, str] | None = None,
    ) -> TestResponse:
        """Send a request with the CSRF token that belongs to its session."""
        token = token or self.begin_session()
        client = self.app.test_client()
        client.set_cookie("cpd_session", token)
        for name, value in {**self.cookies, **(cookies or {})}.items():
            client.set_cookie(name, value)
        if self.professional:
            client.set_cookie("cpd_professional", "1")
        with self.app.test_request_context("/", headers={"Cookie": f"cpd_session={token}"}):
            headers = {HEADER: csrf_token()}
        return client.open(path, method=method, data=fields or {}, headers=headers, buffered=True)

    def get(self, path: str) -> TestResponse:
        return self.ask("GET", path)

    def post(self, path: str, **fields: Any) -> TestResponse:
        return self.ask("POST", path, fields)
