"""Terms, privacy, accessibility, about."""

from flask import Blueprint, abort, render_template
from markupsafe import Markup

from cpd.pages import queries

bp = Blueprint("pages", __name__, url_prefix="/pages")


@bp.get("/<slug:slug>")
def page(slug: str) -> str:
    """Show a page of the site with its version."""
    found = queries.find_page(slug)
    if found is None:
        abort(404)
    # Cleaned when it was published.
    return render_template("pages/page.html", title=found.title, version=found.version, html=Markup(found.html))  # noqa: S704
