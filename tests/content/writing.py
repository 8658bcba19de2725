"""Files of content for tests: valid, and short."""

from pathlib import Path

from cpd.content.source import Source, parse_source, read_bytes

MODULE_KEYS = {
    "title": "Sepsis",
    "summary": "Recognise it early.",
    "credits": "0.50",
    "specialties": "[Emergency medicine]",
    "objectives": "[Recognise sepsis]",
    "authors": "[{name: Dr Leila Haddad, credentials: Physician, role: Author}]",
    "disclosures": "None declared",
    "reviewed": "2026-09-14",
    "expires": "2029-09-14",
}
MONOGRAPH_KEYS = {"name": "Baclofen", "generic_name": "baclofen", "formulations": "[Baclofen 10 mg; tablet]"}
PAGE_KEYS = {"title": "Terms", "summary": "What you agree to.", "version": "2026-11-23"}
ASSESSMENT = """\
## Assessment

### What next?

- [ ] Wait
  > Waiting costs lives.
- [x] Act
  > Right.
"""
MODULE_BODY = f"## Why it matters\n\nIt is common.\n\n{ASSESSMENT}"
MONOGRAPH_BODY = "## Therapeutic use\n\nSpasticity.\n"
CATEGORIES = "- {slug: red-flags, title: Red flags, summary: Short, order: 1, style: flag}\n"


def front(keys, **changes):
    """Front matter; a key changed to None is left out."""
    lines = [f"{key}: {value}\n" for key, value in {**keys, **changes}.items() if value is not None]
    return "".join(["---\n", *lines, "---\n"])


def module(body=MODULE_BODY, **changes):
    return front(MODULE_KEYS, **changes) + body


def monograph(body=MONOGRAPH_BODY, **changes):
    return front(MONOGRAPH_KEYS, **changes) + body


def page(body="Text.\n", **changes):
    return front(PAGE_KEYS, **changes) + body


def write(path: Path, text: str | bytes) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return path


def write_content(folder: Path, **files: str | bytes) -> Path:
    """A folder of content: `modules__sepsis` is modules/red-flags/sepsis.md, `monographs__x` is monographs/x.md."""
    write(folder / "categories.yml", CATEGORIES)
    for name, text in files.items():
        kind, slug = name.split("__")
        between = "red-flags" if kind == "modules" else ""
        write(folder / kind / between / f"{slug.replace('_', '-')}.md", text)
    return folder


def read_source(path: Path) -> Source:
    return parse_source(str(path), read_bytes(path))
