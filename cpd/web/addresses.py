"""Addresses of our own, the only ones a redirect may go to."""

from urllib.parse import urlsplit

from flask import current_app
from werkzeug.exceptions import HTTPException
from werkzeug.routing import RequestRedirect

LONGEST = 2_000


def own_path(wanted: str, otherwise: str = "/") -> str:
    """The wanted path if our URL map serves it by GET, else another. Schemes, hosts and odd characters are refused."""
    if not 0 < len(wanted) <= LONGEST or not wanted.isprintable() or " " in wanted or "\\" in wanted:
        return otherwise
    if not wanted.startswith("/") or wanted.startswith("//"):
        return otherwise
    try:
        parts = urlsplit(wanted)
    except ValueError:
        return otherwise
    if parts.scheme or parts.netloc:
        return otherwise
    try:
        current_app.url_map.bind("").match(parts.path, method="GET")
    except (HTTPException, RequestRedirect):
        return otherwise
    return wanted
