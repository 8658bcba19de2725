"""Report code that nothing uses: what only tests use is dead, what a template names is not."""

from __future__ import annotations

import keyword
import re
import subprocess
import sys
import tempfile
from pathlib import Path

PROJECT = Path(__file__).resolve().parent.parent
TAG = re.compile(r"\{[{%].*?[%}]\}", re.DOTALL)
NAME = re.compile(r"\b[^\W\d]\w*")


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        used = Path(folder) / "used_in_templates.py"
        used.write_text("".join(f"_.{name}\n" for name in sorted(names_in_templates())), encoding="utf-8")
        clean = [is_clean("cpd", "scripts", str(used)), is_clean("tests", "bench", "scripts/not_dead.py")]
    sys.exit(not all(clean))


def names_in_templates() -> set[str]:
    texts = (file.read_text(encoding="utf-8") for file in (PROJECT / "templates").rglob("*.html"))
    names = {name for text in texts for tag in TAG.findall(text) for name in NAME.findall(tag)}
    return {name for name in names if not keyword.iskeyword(name)}


def is_clean(*paths: str) -> bool:
    return subprocess.run([sys.executable, "-m", "vulture", *paths], cwd=PROJECT, check=False).returncode == 0


if __name__ == "__main__":
    main()
