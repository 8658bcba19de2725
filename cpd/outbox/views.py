"""Mail for developers: what lies in the instance folder, at /dev/mail. Only `cpd serve --debug` registers these."""

from __future__ import annotations

from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path

from flask import Blueprint, abort, current_app, render_template
from flask.typing import ResponseReturnValue

from cpd.outbox.delivery import FOLDER

bp = Blueprint("dev_mail", __name__, url_prefix="/dev/mail")
MOST = 100  # in the list


@bp.get("")
def mails() -> ResponseReturnValue:
    """List the newest mails."""
    files = sorted(_folder().glob("*.eml"), reverse=True)[:MOST]
    return render_template("dev/mails.html", mails=[(file.stem, _read(file)) for file in files])


@bp.get("/<slug>")
def mail(slug: str) -> ResponseReturnValue:
    """Show one mail: its headers, and the plain text with its links."""
    file = _folder() / f"{slug}.eml"
    if file not in _folder().glob("*.eml"):
        abort(404)
    message = _read(file)
    plain = message.get_body(("plain",))
    text = plain.get_content() if plain else ""
    lines = [(line, line.startswith(("http://", "https://"))) for line in text.splitlines()]
    return render_template("dev/mail.html", message=message, lines=lines)


def _folder() -> Path:
    folder: Path = current_app.config["SETTINGS"].instance_folder / FOLDER
    return folder


def _read(file: Path) -> EmailMessage:
    return message_from_bytes(file.read_bytes(), policy=policy.default)
