"""What stands around every page: the theme, the footer's categories, who is signed in, and where the page is."""

from __future__ import annotations

from collections.abc import Hashable
from typing import Any
from urllib.parse import quote
from zoneinfo import ZoneInfo

from flask import g, request
from sqlalchemy.exc import SQLAlchemyError

from cpd.auth.access import Learner, current_learner
from cpd.auth.models import Role
from cpd.modules.queries import shelves
from cpd.web.csrf import csrf_token
from cpd.web.drawn import gap
from cpd.web.messages import WaitingMessage, message_html
from cpd.web.templating import day
from cpd.web.theme import chosen_theme


class OpenLearner:
    """Whoever is signed in, in a page that is drawn for all of them."""

    name = gap("name")
    email = gap("email")
    initials = gap("initials")


class Surroundings:
    """The surroundings of this request. A page that says what is broken is drawn plain, without asking a database."""

    def __init__(self) -> None:
        plain = "plain" in g
        self.learner = None if plain else current_learner()
        self.theme = chosen_theme()
        self.categories = () if plain else footer_categories()
        self._values: dict[str, str] = {}
        self.leaves_on = _leaves_on(self.learner)
        self.administers = self.learner is not None and self.learner.granted is Role.ADMINISTRATOR
        self.key: Hashable = (self.theme, self.learner is not None, self.administers, self.leaves_on, self.categories)

    def variables(self) -> dict[str, Any]:
        return self._variables(self.learner, _path(), _back(), WaitingMessage())

    def open_variables(self) -> dict[str, Any]:
        return self._variables(OpenLearner if self.learner else None, gap("path"), gap("back"), gap("waiting_message"))

    def _variables(self, learner: object, path: str, back: str, message: object) -> dict[str, Any]:
        footer = [{"slug": slug, "title": title} for slug, title in self.categories]
        return {
            "theme": self.theme,
            "footer_categories": footer,
            "learner": learner,
            "leaves_on": self.leaves_on,
            "administers": self.administers,
            "request_path": path,
            "back": back,
            "waiting_message": message,
        }

    def value(self, name: str) -> str:
        if name not in self._values:
            self._values[name] = VALUES[name]() if name in VALUES else str(getattr(self.learner, name))
        return self._values[name]


def _leaves_on(learner: Learner | None) -> str:
    """The date on which the learner's account will be deleted, if they have asked for that."""
    due_at = learner.deletion_due_at if learner else None
    return day(due_at.astimezone(ZoneInfo(learner.zone))) if learner and due_at else ""


def _path() -> str:
    """The path and query of this request; that of the home page if no page of ours could have such a one."""
    path = f"{request.path}?{request.query_string.decode('utf-8', 'replace')}".rstrip("?")
    return path if path.isprintable() else "/"


def _back() -> str:
    """Where to come back to after signing in, as a query."""
    path = _path()
    return "" if path == "/" or path.startswith("/auth/") else f"?next={quote(path, safe='/')}"


VALUES = {"csrf": csrf_token, "path": _path, "back": _back, "waiting_message": message_html}


def footer_categories() -> tuple[tuple[str, str], ...]:
    """Categories with live modules as (slug, title); none where the database is away."""
    try:
        return shelves().titles
    except SQLAlchemyError:
        return ()
