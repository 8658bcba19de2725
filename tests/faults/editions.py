"""A content folder of which every file, and so every page, says which version of it one sees."""

from __future__ import annotations

import re
from pathlib import Path

from tests.factories import module_text, monograph_text, write_site

SAID = re.compile(r"version (\d+)")


def write_version(folder: Path, version: int, *, modules: int) -> None:
    """Write modules m0, m1 … and the drugs they name; odd versions have one module more, so counts change too."""
    write_site(folder)
    for kind in ("modules/red-flags", "monographs"):
        (folder / kind).mkdir(parents=True, exist_ok=True)
    text = f"## Drugs of version {version}\n\nGive zanidine, version {version}.\n"
    for number in range(modules + 1):
        file = folder / "modules" / "red-flags" / f"m{number}.md"
        if number < modules or version % 2:
            words = {"title": f"m{number} version {version}", "summary": f"Of version {version}."}
            file.write_text(module_text(f"m{number}", body=text, **words), encoding="utf-8")
        else:
            file.unlink(missing_ok=True)
    drug = monograph_text(
        "zanidine",
        brand_names=[f"Brand{version}"],
        classes=["Muscle relaxant", f"Class of version {version}"],
        company=("Example Pharma", "EXAMPLE PHARMA")[version % 2],
        body=f"## Contraindications\n\n- Of version {version}\n",
    )
    (folder / "monographs" / "zanidine.md").write_text(drug, encoding="utf-8")


def versions_on(page: str) -> set[int]:
    """The versions that a page speaks of: one, if it is whole."""
    return {int(version) for version in SAID.findall(page)}
