"""The mails that the site has written, as their readers meet them."""

from __future__ import annotations

import re
from datetime import datetime
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any

from flask import Flask

from cpd.outbox.delivery import FOLDER, ToFiles
from cpd.outbox.worker import Worker


def sent(app: Flask) -> list[EmailMessage]:
    """Let the worker do what waits; gives the mails that it wrote, in order, and takes them away."""
    settings = app.config["SETTINGS"]
    Worker(app, ToFiles(settings)).work_off()
    files = sorted((settings.instance_folder / FOLDER).glob("*.eml"), key=_number)
    mails = [message_from_bytes(file.read_bytes(), policy=policy.default) for file in files]
    for file in files:
        file.unlink()
    return mails


def _number(file) -> tuple[int, ...]:
    return tuple(int(part) for part in file.stem.split("-")[-2:])


def text_of(mail: EmailMessage) -> str:
    part = mail.get_body(("plain",))
    assert part is not None
    return part.get_content()


def link_in(mail: EmailMessage) -> str:
    """The path and query of the one link with a token."""
    [link] = re.findall(r"https?://[^/\s]+(/\S+\?token=\S+)", text_of(mail))
    return link


def told(notice: str, *, now: datetime, account_id: int = 1, **values: Any) -> dict[str, Any]:
    """The row of a mail that is on its way to the owner of an account."""
    return {"account_id": account_id, "notice": notice, "at": now.isoformat(), "to": None, "values": values}
