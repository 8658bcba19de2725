"""What the browser is told once its session has ended in the database."""

from __future__ import annotations

from flask import redirect
from flask.typing import ResponseReturnValue

from cpd.web import cookies


def signed_out() -> ResponseReturnValue:
    """Go home, without the session's cookie and what the browser keeps of the pages."""
    cookies.put(cookies.SESSION, "")
    response = redirect("/", 303)
    response.headers["Clear-Site-Data"] = '"cache", "storage"'
    return response
