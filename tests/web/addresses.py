"""Every address of the site with something in the place of each argument."""

from __future__ import annotations

from flask import Flask
from werkzeug.routing import Rule

SAFE = {"GET", "HEAD", "OPTIONS"}
EXAMPLES = {"slug": "sepsis", "filename": "app.css"}


def path_of(rule: Rule, **given: object) -> str:
    """An address that the rule serves; ids are 1 unless given."""
    path = rule.rule
    for name in rule.arguments:
        converter = next(part for part in path.split("<")[1:] if part.split(">")[0].split(":")[-1] == name)
        path = path.replace(f"<{converter.split('>')[0]}>", str(given.get(name, EXAMPLES.get(name, 1))))
    return path


def pages(app: Flask) -> list[str]:
    """Every address that answers GET."""
    return sorted(path_of(rule) for rule in app.url_map.iter_rules() if "GET" in (rule.methods or ()))


def changes(app: Flask) -> list[tuple[str, str]]:
    """Every (method, address) that may change something."""
    rules = app.url_map.iter_rules()
    return sorted((method, path_of(rule)) for rule in rules for method in (rule.methods or set()) - SAFE)
