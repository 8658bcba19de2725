"""The tests and pages that documents name."""

from __future__ import annotations

import ast
import functools
import re
from pathlib import Path

PROJECT = Path(__file__).resolve().parent.parent
TEST = re.compile(r"`(tests/[\w/]+\.py)(?:::(\w+))?`")
LINK = re.compile(r"\]\(([^)\s]+)\)")


@functools.cache
def tests_in(file: Path) -> frozenset[str]:
    """The names of the tests of a file."""
    tree = ast.parse(file.read_text(encoding="utf-8"))
    return frozenset(
        node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef) and node.name.startswith("test_")
    )


def missing_tests(text: str) -> list[str]:
    """Each test that a text names and that is not there."""
    missing = []
    for path, name in TEST.findall(text):
        file = PROJECT / path
        if not file.exists():
            missing.append(path)
        elif name and name not in tests_in(file):
            missing.append(f"{path}::{name}")
    return missing


def anchors_of(file: Path) -> set[str]:
    """What can stand after # in the address of a page: its headings as they are turned into anchors."""
    headings = re.findall(r"^#+ (.+)$", file.read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def dead_links(page: Path) -> list[str]:
    """Each link of a page to a file or heading that is not there. Addresses of other sites are not asked for."""
    dead = []
    for link in LINK.findall(page.read_text(encoding="utf-8")):
        path, _, anchor = link.partition("#")
        file = (page.parent / path).resolve() if path else page
        if not link.startswith("https://") and (not file.exists() or (anchor and anchor not in anchors_of(file))):
            dead.append(link)
    return dead
