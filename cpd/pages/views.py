"""Terms, privacy, accessibility, about."""

from flask import Blueprint, abort, render_template

from cpd.pages import queries
from cpd.web.cleaned import cleaned

bp = Blueprint("pages", __name__, url_prefix="/pages")


@bp.get("/<slug:slug>")
def page(slug: str) -> str:
    """Show a page of the site with its version."""
    found = queries.find_page(slug)
    if found is None:
        abort(404)
    return render_template("pages/page.html", title=found.title, version=found.version, html=cleaned(found.html))
