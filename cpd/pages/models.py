"""Tables of the site's own pages: terms, privacy, accessibility, about."""

from __future__ import annotations

from sqlalchemy.orm import Mapped

from cpd import revisions
from cpd.db import Base


class Page(revisions.Document, Base):
    """A page of the site; `version` is what a learner consents to."""

    __tablename__ = "page"

    title: Mapped[str]
    version: Mapped[str]


class PageRevision(revisions.Revision, Base):
    """An immutable revision of a page: what stood there when somebody consented."""

    __tablename__ = "page_revision"
    document = "page"


class PageRendering(revisions.Rendering, Base):
    """The HTML of a page's revision."""

    __tablename__ = "page_rendering"
    revision = "page_revision"
