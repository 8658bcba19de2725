"""How mail leaves: as files in the instance folder, or through a mail server."""

from __future__ import annotations

import contextlib
import ipaddress
import os
import smtplib
import ssl
import tempfile
from datetime import datetime, timedelta
from email.headerregistry import Address
from email.message import EmailMessage
from email.utils import format_datetime
from pathlib import Path
from typing import Protocol
from urllib.parse import unquote, urlsplit

from email_validator import EmailNotValidError, validate_email
from flask import current_app

from cpd.outbox.mail import Mail, one_line
from cpd.settings import Settings

FOLDER = "mail"
KEPT = timedelta(days=30)  # mails in that folder
TIMEOUT = 20.0  # seconds, for each answer of the mail server
PORTS = {"smtp": 587, "smtps": 465}


class Unreachable(Exception):
    """Nothing can be sent at the moment, whatever it is; the text says why, without secrets."""


class Refused(Exception):
    """This mail was not taken; the text says why. `for_good`: trying again would change nothing."""

    def __init__(self, words: str, *, for_good: bool = False) -> None:
        super().__init__(words)
        self.for_good = for_good


class Delivery(Protocol):
    """A way on which mail leaves. The name of a mail is the same at each try."""

    def deliver(self, mail: Mail, *, name: str, now: datetime) -> None: ...

    def close(self) -> None: ...


def delivery_for(settings: Settings) -> Delivery:
    return ByServer(settings) if settings.mail_server else ToFiles(settings)


def what_mail_does(settings: Settings) -> str:
    """What becomes of mail, for the operator's terminal."""
    if settings.mail_server:
        parts = urlsplit(settings.mail_server)
        return f"Mail goes out through {parts.hostname}:{parts.port or PORTS[parts.scheme]}."
    folder = settings.instance_folder / FOLDER
    return f"Mail is written to {folder} and goes nowhere, so addresses are not confirmed. See CPD_MAIL_SERVER."


def message_of(mail: Mail, *, name: str, now: datetime, settings: Settings) -> EmailMessage:
    """A mail as it is sent: two parts that say the same, and headers on one line each. Raises Refused."""
    host = urlsplit(settings.address).hostname or "localhost"
    message = EmailMessage()
    sender = settings.mail_from or f"cpd@{host}"
    message["From"] = Address(f"{settings.site_name} CPD", addr_spec=sender)
    message["To"] = _plain(mail.to)
    message["Subject"] = one_line(mail.subject)
    message["Date"] = format_datetime(now)
    message["Message-ID"] = f"<{name}@{host}>"
    message["Auto-Submitted"] = "auto-generated"
    # As it is where that goes, so that a link in a file is whole: otherwise long lines are broken by signs.
    message.set_content(mail.text, cte="7bit" if mail.text.isascii() else "quoted-printable")
    message.add_alternative(mail.html, subtype="html")
    return message


def _plain(address: str) -> str:
    """One address as every mail server takes it. Raises Refused for whatever else somebody made of it."""
    try:
        valid = validate_email(address, allow_smtputf8=False, check_deliverability=False)
    except EmailNotValidError:
        raise Refused("this is no e-mail address", for_good=True) from None
    return valid.ascii_email or address


class ToFiles:
    """Each mail becomes a file that mail programs open, for its owner alone. The same mail twice is one file."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._folder = settings.instance_folder / FOLDER

    def deliver(self, mail: Mail, *, name: str, now: datetime) -> None:
        """Raises Unreachable if no file can be written."""
        written = message_of(mail, name=name, now=now, settings=self._settings).as_bytes()
        try:
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            descriptor, draft = tempfile.mkstemp(dir=self._folder, prefix=f".{name}")
            with os.fdopen(descriptor, "wb") as file:
                file.write(written)
                file.flush()
                os.fsync(file.fileno())
            Path(draft).rename(self._folder / f"{name}.eml")
        except OSError as fault:
            raise Unreachable(f"no file can be written to {self._folder}: {fault.strerror}") from None

    def close(self) -> None:
        return None


class ByServer:
    """Through the mail server of the settings, over one connection for all that is due at a time.

    Without encryption nothing leaves this machine: the server must offer STARTTLS, or be spoken to by TLS from the
    beginning (smtps), and its certificate must be good.
    """

    def __init__(self, settings: Settings, *, timeout: float = TIMEOUT) -> None:
        self._settings = settings
        self._timeout = timeout
        parts = urlsplit(settings.mail_server)
        self._direct = parts.scheme == "smtps"
        self._host = parts.hostname or ""
        self._port = parts.port or PORTS[parts.scheme]
        self._user, self._password = unquote(parts.username or ""), unquote(parts.password or "")
        self._server: smtplib.SMTP | None = None

    def deliver(self, mail: Mail, *, name: str, now: datetime) -> None:
        """Raises Unreachable if there is no server to be spoken to, and Refused if it does not take this mail."""
        message = message_of(mail, name=name, now=now, settings=self._settings)
        server = self._connected()
        try:
            server.send_message(message, self._settings.mail_from, [str(message["To"])])
        except smtplib.SMTPRecipientsRefused as fault:
            [(code, _)] = fault.recipients.values()
            raise Refused(f"the address was refused with {code}", for_good=500 <= code < 600) from None
        except smtplib.SMTPResponseException as fault:
            self.close()
            raise Refused(f"the mail was refused with {fault.smtp_code}") from None
        except (smtplib.SMTPException, OSError) as fault:
            self.close()
            raise Refused(f"the connection broke: {_why(fault)}") from None

    def close(self) -> None:
        """Take leave of the server, if it still listens."""
        server, self._server = self._server, None
        if server is not None:
            with contextlib.suppress(smtplib.SMTPException, OSError):
                server.quit()
            server.close()

    def _connected(self) -> smtplib.SMTP:
        if self._server is None:
            try:
                self._server = self._connect()
            except smtplib.SMTPAuthenticationError as fault:
                raise Unreachable(f"user or password were refused with {fault.smtp_code}") from None
            except smtplib.SMTPResponseException as fault:
                raise Unreachable(f"it answered with {fault.smtp_code}") from None
            except (smtplib.SMTPException, OSError) as fault:
                raise Unreachable(_why(fault)) from None
        return self._server

    def _connect(self) -> smtplib.SMTP:
        context = ssl.create_default_context()
        if self._direct:
            server: smtplib.SMTP = smtplib.SMTP_SSL(self._host, self._port, timeout=self._timeout, context=context)
        else:
            server = smtplib.SMTP(self._host, self._port, timeout=self._timeout)
        try:
            server.ehlo_or_helo_if_needed()
            if not self._direct and not _is_loopback(self._host):
                server.starttls(context=context)
            if self._user:
                server.login(self._user, self._password)
        except BaseException:
            server.close()
            raise
        return server


def forget_old_files(*, now: datetime) -> None:
    """Delete mails that have long been lying in the instance folder."""
    folder = current_app.config["SETTINGS"].instance_folder / FOLDER
    for file in folder.glob("*.eml"):
        with contextlib.suppress(OSError):
            if file.stat().st_mtime < (now - KEPT).timestamp():
                file.unlink()


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _why(fault: Exception) -> str:
    """What went wrong, in words that hold nothing private: what a server says may quote an address."""
    if isinstance(fault, TimeoutError) or isinstance(fault.__context__, TimeoutError):
        return "no answer in time"
    if isinstance(fault, smtplib.SMTPServerDisconnected):
        return "it hung up"
    if isinstance(fault, ssl.SSLCertVerificationError):
        return f"its certificate is not good ({fault.verify_message})"
    if isinstance(fault, smtplib.SMTPNotSupportedError):
        return "it does not offer what is needed (STARTTLS, or signing in)"
    if isinstance(fault, OSError) and fault.strerror:
        return fault.strerror
    return type(fault).__name__
