"""Pages near to an address that does not exist."""

from __future__ import annotations

import difflib

from sqlalchemy import literal, select, union_all
from sqlalchemy.exc import SQLAlchemyError

from cpd.db import read
from cpd.modules.models import Module
from cpd.monographs.models import Monograph
from cpd.revisions import PUBLISHED
from cpd.web.errors import LikelyLink

MOST = 3
LOOKED_AT = 200
ALWAYS = (
    LikelyLink("All modules", "/modules/", "Modules"),
    LikelyLink("Drugs, A to Z", "/monographs/", "Drugs"),
    LikelyLink("Home", "/", "Home"),
)


def likely_links(path: str) -> list[LikelyLink]:
    """Three pages that somebody who asked for `path` may have wanted, the nearest names first."""
    parts = [part[:60] for part in reversed(path.lower().split("/")[-4:]) if part[:1].isalnum() and part.isascii()]
    tries = ((part, letters) for letters in (2, 1) for part in parts if len(part) > 2)
    near: list[LikelyLink] = next(filter(None, (_near(part, part[:letters]) for part, letters in tries)), [])
    return [*near, *ALWAYS][:MOST]


def _near(wanted: str, start: str) -> list[LikelyLink]:
    """Live pages whose slug begins with `start` and is close to what was wanted."""
    modules = select(Module.slug, Module.title.label("title"), literal("Modules").label("kind"), Module.status)
    drugs = select(Monograph.slug, Monograph.name.label("title"), literal("Drugs").label("kind"), Monograph.status)
    found = union_all(
        modules.where(Module.status == PUBLISHED, Module.slug.startswith(start, autoescape=True))
        .limit(LOOKED_AT)
        .subquery()
        .select(),
        drugs.where(Monograph.status == PUBLISHED, Monograph.slug.startswith(start, autoescape=True))
        .limit(LOOKED_AT)
        .subquery()
        .select(),
    )
    try:
        rows = {row.slug: row for row in read(found)}
    except SQLAlchemyError:
        return []
    folders = {"Modules": "/modules/", "Drugs": "/monographs/"}
    return [
        LikelyLink(rows[slug].title, folders[rows[slug].kind] + slug, rows[slug].kind)
        for slug in difflib.get_close_matches(wanted, rows, n=MOST, cutoff=0.5)
    ]
