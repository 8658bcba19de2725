"""What can be found: the search documents, from which each node makes its own index."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Index
from sqlalchemy.orm import Mapped, mapped_column

from cpd.db import Base, Json


class SearchDocument(Base):
    """A module or monograph as search knows it; with `gone` it was withdrawn, and indexes drop it.

    `release` is that of its last change: a node's index pulls what is newer than it has. `names` are those of a drug:
    each as [name, what it is], the monograph's own first. `facets` hold what results show and are filtered by.
    """

    __tablename__ = "search_document"
    __table_args__ = (Index("ix_search_document_release", "release", "kind", "slug"),)

    kind: Mapped[str] = mapped_column(primary_key=True)
    slug: Mapped[str] = mapped_column(primary_key=True)
    release: Mapped[int]
    gone: Mapped[bool]
    title: Mapped[str]
    names: Mapped[list[Any]] = mapped_column(Json)
    text: Mapped[str]
    facets: Mapped[dict[str, Any]] = mapped_column(Json)
