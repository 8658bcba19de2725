"""Bare Flask under the server and the settings of the product: its code for serving is given another application."""

from __future__ import annotations

import sys
from types import ModuleType
from typing import Any

from flask import Flask, Response, request

from cpd.settings import Settings


def make_app() -> Flask:
    """A view for each file of the instance folder, and one for POST that reads the form and redirects."""
    app = Flask("bare")

    @app.get("/healthz")
    def alive() -> str:
        return "ok"

    for file in Settings.from_environment().instance_folder.glob("*.html"):
        app.add_url_rule(f"/{file.stem}", file.stem, _view_of(file.read_bytes()))

    @app.post("/post")
    def post() -> Response:
        return Response(str(len(request.form)), 303, {"Location": "/healthz"}, content_type="text/html; charset=utf-8")

    return app


def _view_of(body: bytes) -> Any:
    return lambda: Response(body, content_type="text/html; charset=utf-8")


def main() -> None:
    """Serve as the product does, with a module of our own in place of `cpd.wsgi`, and nothing beside the pages."""
    from cpd import serving

    sys.modules["cpd.wsgi"] = stand_in = ModuleType("cpd.wsgi")
    stand_in.__dict__["app"] = make_app()
    serving.serve_for_good(Settings.from_environment(), serving.begin_pages)


if __name__ == "__main__":
    main()
