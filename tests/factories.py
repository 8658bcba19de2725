"""Valid content, of which a test mentions only what it is about."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import yaml

TODAY = datetime.now(UTC).date()

CATEGORIES = [
    {
        "slug": "red-flags",
        "title": "Red flags",
        "summary": "What not to miss.",
        "credits": "0.50",
        "order": "1",
        "style": "flag",
    },
    {
        "slug": "clinical-review",
        "title": "Clinical reviews",
        "summary": "What to do next.",
        "credits": "1.50",
        "order": "2",
        "style": "review",
    },
]
ASSESSMENT = """\
### Which is right?

- [x] The first
  > Because it is.
- [ ] The second
  > Because it is not.

That was all.
"""

THREE_QUESTIONS = """\
### Which is right?

- [x] The first
  > Because it is.
- [ ] The second
  > Because it is not.

### Which are right?

- [x] One
  > Yes.
- [x] Two
  > Yes.
- [ ] Three
  > No.

### What volume delivers 300 micrograms?

= 0.6 mL ± 0.02

Divide.
"""


def module_text(slug: str, *, body: str = "", assessment: str | None = ASSESSMENT, **facts: Any) -> str:
    """A module's file. The title is the slug unless given."""
    keys = {
        "title": slug,
        "summary": f"About {slug}.",
        "credits": "0.50",
        "specialties": ["General practice"],
        "objectives": ["Recognise it"],
        "authors": [{"name": "Dr Nia Prosser", "credentials": "MRCGP", "role": "General practitioner"}],
        "disclosures": "None declared",
        "reviewed": f"{TODAY - timedelta(days=21)}",
        "expires": f"{TODAY + timedelta(days=700)}",
        **facts,
    }
    text = body or "## Why it matters\n\nIt matters.\n"
    questions = "" if assessment is None else f"\n## Assessment\n\n{assessment}"
    return front(keys) + text + questions


def monograph_text(slug: str, *, body: str = "", **facts: Any) -> str:
    """A monograph's file. Its name is the slug unless given."""
    keys = {"name": slug.capitalize(), "generic_name": slug, "formulations": [f"{slug} 10 mg tablet"], **facts}
    return front(keys) + (body or "## Contraindications\n\n- Hypersensitivity\n")


def page_text(title: str, *, version: str = "2026-11-23", body: str = "## First\n\nText.\n") -> str:
    """A page of the site."""
    return front({"title": title, "summary": title, "version": version}) + body


def front(keys: dict[str, Any]) -> str:
    """Front matter with every key that has a value."""
    given = {key: value for key, value in keys.items() if value is not None}
    return f"---\n{yaml.safe_dump(given, allow_unicode=True, sort_keys=False)}---\n\n"


def write_site(folder: Path) -> None:
    """A content folder with categories and the site's pages, and no modules yet."""
    (folder / "pages").mkdir(parents=True, exist_ok=True)
    (folder / "modules").mkdir(exist_ok=True)
    (folder / "monographs").mkdir(exist_ok=True)
    (folder / "categories.yml").write_text(yaml.safe_dump(CATEGORIES, sort_keys=False), encoding="utf-8")
    for slug in ("terms", "privacy", "accessibility", "about"):
        (folder / "pages" / f"{slug}.md").write_text(page_text(slug.capitalize()), encoding="utf-8")
