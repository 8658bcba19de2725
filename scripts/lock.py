"""Write the lock files: requirements/*.txt and package-lock.json, with hashes and without any registry's address.

python scripts/lock.py            keeps what is locked, adds and removes what pyproject.toml and package.json ask for
python scripts/lock.py --upgrade  takes the newest versions they allow
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from pathlib import Path

PROJECT = Path(__file__).resolve().parent.parent
OLDEST_PYTHON = "3.11"
HEADER = "# Written by `make lock` from pyproject.toml; change that, not this.\n"

# What each file holds; dev.txt agrees with run.txt on every version, mutants.txt with dev.txt.
RUN = ["pyproject.toml", "--extra", "postgresql", "--extra", "single-sign-on"]
LOCKS = {
    "run": [*RUN, "--group", "build"],
    "dev": [*RUN, "--group", "dev", "--constraint", "requirements/run.txt"],
    "mutants": ["--group", "mutants", "--constraint", "requirements/dev.txt"],
    "node": ["--group", "node"],
}


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--upgrade", action="store_true", help="take the newest versions allowed")
    upgrade = options.parse_args().upgrade
    for name, sources in LOCKS.items():
        lock_python(name, sources, upgrade=upgrade)
    lock_node(upgrade=upgrade)


def lock_python(name: str, sources: list[str], *, upgrade: bool) -> None:
    """Write requirements/<name>.txt, good for every platform and every Python from the oldest supported on."""
    lock = PROJECT / "requirements" / f"{name}.txt"
    lock.parent.mkdir(exist_ok=True)
    run(
        *(sys.executable, "-m", "uv", "pip", "compile", "--quiet", *sources),
        *("--universal", "--python-version", OLDEST_PYTHON, "--generate-hashes"),
        *("--no-header", "--no-emit-index-url", "--no-emit-find-links", "--output-file", f"requirements/{name}.txt"),
        *(["--upgrade"] if upgrade else []),
    )
    lock.write_text(HEADER + lock.read_text(encoding="utf-8"), encoding="utf-8")


def lock_node(*, upgrade: bool) -> None:
    """Write package-lock.json; npm finds the packages by name in whatever registry it is told to use."""
    run("npm", "update" if upgrade else "install", "--package-lock-only", "--ignore-scripts", "--no-audit", "--no-fund")
    file = PROJECT / "package-lock.json"
    lock = json.loads(file.read_text(encoding="utf-8"))
    for package in lock["packages"].values():
        package.pop("resolved", None)
        package.pop("funding", None)
    file.write_text(json.dumps(lock, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")


def run(*command: str) -> None:
    try:
        subprocess.run(command, cwd=PROJECT, check=True)
    except FileNotFoundError:
        sys.exit(f"{command[0]} is not installed, so package-lock.json cannot be written.")
    except subprocess.CalledProcessError as fault:
        sys.exit(f"{command[0]} ended with status {fault.returncode}; the lock files may be incomplete.")


if __name__ == "__main__":
    main()
