"""Light or dark: a cookie that the server reads, so that no page flashes."""

from flask import Blueprint, Response, current_app, redirect, request

from cpd.web.addresses import own_path
from cpd.web.static import YEAR

bp = Blueprint("theme", __name__)


@bp.post("/theme")
def choose() -> Response:
    """Keep the chosen theme and go back to the page it was chosen on."""
    chosen = request.form.get("theme", "")
    response = redirect(own_path(request.form.get("next", "")))
    if chosen in ("light", "dark"):
        secure = current_app.config["SETTINGS"].https
        response.set_cookie("cpd_theme", chosen, max_age=YEAR, samesite="Lax", httponly=True, secure=secure)
    else:
        response.delete_cookie("cpd_theme")
    return response  # type: ignore[return-value]  # werkzeug's response is Flask's here
