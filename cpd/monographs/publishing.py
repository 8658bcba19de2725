"""What publishing does to monographs beyond their revisions: the table of mentions. The caller commits."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import bindparam, delete, insert, or_, update

from cpd.db import db
from cpd.monographs.models import Mention, Monograph, MonographRendering, MonographRevision
from cpd.revisions import Shelf

SHELF = Shelf(Monograph, MonographRevision, MonographRendering)


def name_categories(words: Mapping[str, tuple[str, str]]) -> None:
    """Give mentions the present title and style of their modules' categories, by slug."""
    for slug, (title, style) in words.items():
        other = or_(Mention.category_title != title, Mention.category_style != style)
        named = update(Mention).where(Mention.category_slug == slug, other)
        db.session.execute(named.values(category_title=title, category_style=style))


def set_mentions(of_modules: Mapping[int, Sequence[Mapping[str, Any]]]) -> None:
    """Replace the mentions of modules, by their ids. A module that is no longer live has none."""
    if not of_modules:
        return
    connection = db.session.connection()
    own = delete(Mention).where(Mention.module_id == bindparam("of_module"))
    connection.execute(own, [{"of_module": module_id} for module_id in of_modules])
    rows = [dict(each) for mentions in of_modules.values() for each in mentions]
    if rows:
        connection.execute(insert(Mention), rows)
