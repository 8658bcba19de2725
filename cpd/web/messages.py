"""A message for the next page: what was just done, perhaps with a button that undoes it.

It travels in a signed cookie for as long as a redirect takes, and the page that shows it takes it away.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from flask import current_app
from markupsafe import Markup

from cpd.web import clock, cookies

COOKIE = "cpd_message"
PURPOSE = "message"
LONGEST_WAY = 60  # seconds
LONGEST_TEXT = 400  # characters


@dataclass(frozen=True)
class Message:
    """What was done. The link leads on; the button Undo posts `undo_fields` to the address `undo`."""

    text: str
    link: str = ""
    link_text: str = ""
    undo: str = ""
    undo_fields: Mapping[str, str] | None = None


def leave(message: Message) -> None:
    """Let the next page that this browser is shown say it."""
    sent_at = int(clock.now().timestamp())
    text = message.text[:LONGEST_TEXT]
    value = [sent_at, text, message.link, message.link_text, message.undo, dict(message.undo_fields or {})]
    cookies.put(COOKIE, cookies.sealed(PURPOSE, value), max_age=LONGEST_WAY)


def message_html() -> Markup:
    """The message as HTML, which takes it away; nothing if there is none."""
    message = _waiting()
    if message is None:
        return Markup("")
    cookies.put(COOKIE, "")
    template = current_app.jinja_env.get_template("components/message.html")
    return Markup(template.render(message=message))  # noqa: S704  # it escapes


def _waiting() -> Message | None:
    """The message that this browser carries, if it is one of ours and was left just now."""
    sent = cookies.value_of(COOKIE)
    if sent is None:  # as on almost every page, which need not wait for a signature
        return None
    match cookies.unsealed(PURPOSE, sent):
        case [int(sent_at), str(text), str(link), str(link_text), str(undo), dict(fields)]:
            age = clock.now().timestamp() - sent_at
            return Message(text, link, link_text, undo, fields) if -1 <= age <= LONGEST_WAY else None
        case _:
            return None


class WaitingMessage:
    """The message of this request, made only when a page prints it."""

    def __html__(self) -> str:
        return message_html()
