"""The site's pages as publishing handles them."""

from cpd.pages.models import Page, PageRendering, PageRevision
from cpd.revisions import Shelf

SHELF = Shelf(Page, PageRevision, PageRendering)
