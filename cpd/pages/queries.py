"""Reading pages of the site."""

from __future__ import annotations

from sqlalchemy import bindparam, select

from cpd.db import AnyRow, read, read_first
from cpd.pages.models import Page, PageRendering
from cpd.revisions import PUBLISHED

LIVE_PAGE = (
    select(Page.slug, Page.title, Page.version, PageRendering.html)
    .join(PageRendering, PageRendering.id == Page.live_rendering_id)
    .where(Page.slug == bindparam("slug"), Page.status == PUBLISHED)
)
VERSIONS = select(Page.slug, Page.version).where(Page.status == PUBLISHED)


def find_page(slug: str) -> AnyRow | None:
    """A live page as (slug, title, version, html)."""
    return read_first(LIVE_PAGE, {"slug": slug})


def versions() -> dict[str, str]:
    """The version of each live page, by slug: what a learner consents to."""
    return {row.slug: row.version for row in read(VERSIONS)}
