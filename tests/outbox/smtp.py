"""A mail server that tests deliver to: it takes mail, or goes wrong in the way it is told to."""

from __future__ import annotations

import asyncio
import ssl
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from email import message_from_bytes
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult, Envelope, Session

from tests.browser.serving import HOST, free_port


class Server:
    """What came in, and what goes wrong with the next mails.

    faults: one for each of the next mails, of `refuse` and `refuse later` (the address), `reject` (what was sent),
    `slow` (no answer in time), `die` (the connection breaks before anything is taken) and `die after DATA` (the mail is
    taken, and nobody is told), or "".
    """

    def __init__(self) -> None:
        self.mails: list[bytes] = []
        self.faults: list[str] = []
        self.connections: set[Any] = set()  # by the port that the client came from
        self.signed_in: list[bytes] = []
        self.encrypted: list[bool] = []

    def next_fault(self) -> str:
        return self.faults.pop(0) if self.faults else ""

    @property
    def ids(self) -> Counter[str]:
        """How often each mail came in, by its Message-ID."""
        return Counter(str(message_from_bytes(mail)["Message-ID"]) for mail in self.mails)

    async def handle_RCPT(self, server: Any, session: Session, envelope: Envelope, address: str, options: Any) -> str:  # noqa: N802, ARG002
        fault = session.fault = self.next_fault()
        if fault == "refuse":
            return f"550 {address} is unknown here"
        if fault == "refuse later":
            return f"450 {address} is busy"
        if fault == "slow":
            await asyncio.sleep(5)
        if fault == "die":
            server.transport.abort()
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: Any, session: Session, envelope: Envelope) -> str:  # noqa: N802
        if session.fault == "reject":
            return "554 this looks like an advertisement"
        self.mails.append(envelope.original_content or b"")
        self.encrypted.append(session.ssl is not None)
        self.connections.add(session.peer)
        if session.fault == "die after DATA":
            server.transport.abort()
        return "250 OK"

    def authenticate(self, *given: Any) -> AuthResult:
        """Let in whoever has the one password; a client may try it in several ways."""
        data = given[-1]
        self.signed_in.append(data.login)
        return AuthResult(success=data.password == b"a p@ss", handled=False)


@contextmanager
def mail_server(*, port: int = 0, **options: Any) -> Iterator[tuple[Server, int]]:
    """Run a mail server; gives it and its port."""
    server, port = Server(), port or free_port()
    if options.get("auth_required"):
        options["authenticator"] = server.authenticate
    controller = Controller(server, hostname=HOST, port=port, **options)
    controller.start()
    try:
        yield server, port
    finally:
        controller.stop()


def context_of(certificate: str) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    return context
