"""Every address of the site with something in the place of each argument."""

from __future__ import annotations

import re

from flask import Flask
from werkzeug.routing import Rule

SAFE = {"GET", "HEAD", "OPTIONS"}
EXAMPLES = {
    "slug": "sepsis",
    "section": "contraindications",
    "filename": "app.css",
    "digest": "0" * 64,
    "ending": "png",
}
ARGUMENT = re.compile(r"<(?:[^<>]+:)?(\w+)>")


def path_of(rule: Rule | str, **given: object) -> str:
    """An address that the rule serves; ids are 1 unless given."""
    text = rule if isinstance(rule, str) else rule.rule
    return ARGUMENT.sub(lambda found: str(given.get(found[1], EXAMPLES.get(found[1], 1))), text)


def pages(app: Flask) -> list[str]:
    """Every address that answers GET."""
    return sorted(path_of(rule) for rule in app.url_map.iter_rules() if "GET" in (rule.methods or ()))


def changes(app: Flask) -> list[tuple[str, str]]:
    """Every (method, address) that may change something."""
    rules = app.url_map.iter_rules()
    return sorted((method, path_of(rule)) for rule in rules for method in (rule.methods or set()) - SAFE)
