"""A mail: what a handler gives back, and how it is written from a template of templates/mail."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from flask import current_app

SUBJECT = "Subject: "
LONGEST_SUBJECT = 120  # characters
# A paragraph that is a label and an address of this site below it: a link.
LINK = re.compile(r"(?P<label>[^\n]+):\n(?P<address>https?://[^\s]+)")


@dataclass(frozen=True)
class Mail:
    """One mail to one person: plain text, and the same as HTML."""

    to: str
    subject: str
    text: str
    html: str


@dataclass(frozen=True)
class Paragraph:
    """A paragraph of a mail; with an address it is a link."""

    text: str
    address: str = ""


def letter(template: str, *, to: str, **values: Any) -> Mail:
    """The mail that templates/mail/<template>.txt makes of these values, to one address.

    Its first line is `Subject: …`; paragraphs stand between blank lines. The HTML is made of the same paragraphs, so
    that both always say the same. A label with an address of this site on the next line becomes a link.
    """
    address = current_app.config["SETTINGS"].address
    # Without what Flask adds for every page: there is no visitor.
    written = current_app.jinja_env.get_template(f"mail/{template}.txt").render(site=address, to=to, **values)
    first, _, rest = written.partition("\n")
    subject = one_line(first.removeprefix(SUBJECT))[:LONGEST_SUBJECT]
    pieces = [piece.strip() for piece in re.split(r"\n\s*\n", rest) if piece.strip()]
    paragraphs = [_paragraph(piece, address) for piece in pieces]
    page = current_app.jinja_env.get_template("mail/letter.html")
    html = page.render(subject=subject, paragraphs=paragraphs, site=address)
    text = "\n\n".join([*pieces, f"-- \n{current_app.config['SETTINGS'].site_name} CPD\n{address}/"])
    return Mail(to=to, subject=subject, text=f"{text}\n", html=html)


def one_line(text: str) -> str:
    """Text fit for a header: whatever ends a line or controls one becomes a space."""
    return " ".join("".join(each if each.isprintable() else " " for each in text).split())


def _paragraph(piece: str, site: str) -> Paragraph:
    found = LINK.fullmatch(piece)
    if found and found["address"].startswith(f"{site}/"):
        return Paragraph(found["label"], found["address"])
    return Paragraph(piece)
