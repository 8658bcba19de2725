"""What is in a release: all that cpd needs, nothing of the machine it was built on, the same bytes each time."""

from __future__ import annotations

import json
import re
import shutil
import tarfile
import tomllib
import zipfile
from email import message_from_bytes
from pathlib import Path

import pytest

from scripts import vendor
from tests.packaging.conftest import HATCHLING, PROJECT, build, run, unpack

# Where a folder of the checkout is in the wheel.
PLACES = {"cpd": "cpd", "templates": "cpd/templates", "content": "cpd/sample_content"}


def files_of_the_checkout() -> dict[str, Path]:
    """What the wheel must have, by its name there."""
    return {
        f"{place}/{file.relative_to(PROJECT / folder).as_posix()}": file
        for folder, place in PLACES.items()
        for file in (PROJECT / folder).rglob("*")
        if file.is_file() and "__pycache__" not in file.parts
    }


def contents(wheel: Path) -> dict[str, bytes]:
    with zipfile.ZipFile(wheel) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def names_in_sdist(sdist: Path) -> set[str]:
    with tarfile.open(sdist) as archive:
        return {member.name.partition("/")[2] for member in archive.getmembers()}


def metadata(wheel: Path):
    [found] = (content for name, content in contents(wheel).items() if name.endswith(".dist-info/METADATA"))
    return message_from_bytes(found)


def test_the_wheel_has_every_file_of_the_package_the_templates_and_the_sample_content_and_no_other(release):
    package = {name for name in contents(release.wheel) if ".dist-info/" not in name}
    assert package == set(files_of_the_checkout())


def test_the_files_in_the_wheel_are_those_of_the_checkout(release):
    inside = contents(release.wheel)
    assert [name for name, file in files_of_the_checkout().items() if inside[name] != file.read_bytes()] == []


@pytest.mark.parametrize(
    "name",
    [
        "cpd/templates/base.html",
        "cpd/sample_content/categories.yml",
        "cpd/sample_content/pages/terms.md",
        "cpd/migrations/alembic.ini",
        "cpd/migrations/env.py",
        "cpd/migrations/versions/0001_first.py",
        "cpd/static/app.css",
        "cpd/static/vendor/icons.svg",
        "cpd/static/vendor/licences.txt",
    ],
)
def test_the_wheel_has(release, name):
    assert contents(release.wheel)[name]


def test_the_wheel_has_every_browser_asset_and_licence_that_is_listed(release):
    inside = {name: vendor.sha256(content) for name, content in contents(release.wheel).items()}
    listed = vendor.listed_sums(vendor.read_list(PROJECT))
    assert {name: inside.get(f"{vendor.TARGET}/{name}") for name in listed} == listed


def test_the_wheel_names_every_npm_package_it_carries_with_version_and_licence(release):
    told = contents(release.wheel)[f"{vendor.TARGET}/{vendor.NOTICES}"].decode()
    locked = json.loads((PROJECT / "package-lock.json").read_text(encoding="utf-8"))["packages"]
    carried = {name.removeprefix("node_modules/"): facts for name, facts in locked.items() if name}
    for name, facts in carried.items():
        if not facts.get("dev"):
            found = re.search(
                rf"^{name} {facts['version']}\nSource: https://.+\nLicence: (\S+), see", told, re.MULTILINE
            )
            assert found, name
            assert found[1] == facts["license"]


@pytest.mark.parametrize("kind", ["sdist", "wheel"])
def test_nothing_in_a_release_names_a_place_of_the_machine_it_was_built_on(release, tmp_path, kind):
    shutil.unpack_archive(getattr(release, kind), tmp_path, format={"sdist": "gztar", "wheel": "zip"}[kind])
    files = [file for file in tmp_path.rglob("*") if file.is_file()]
    assert [str(file) for file in files if str(PROJECT).encode() in file.read_bytes()] == []


def test_the_sdist_has_what_the_wheel_is_built_from(release):
    needed = {file.relative_to(PROJECT).as_posix() for file in files_of_the_checkout().values()}
    needed |= {"pyproject.toml", "README.md", "Makefile", "scripts/vendor.py", "scripts/vendor.json"}
    assert needed - names_in_sdist(release.sdist) == set()


def test_the_sdist_has_no_environment_no_database_and_no_cache(release):
    parts = {part for name in names_in_sdist(release.sdist) for part in Path(name).parts}
    unwanted = {".git", ".venv", "node_modules", "instance", "dist", "__pycache__", ".hypothesis", "latest.json"}
    assert {part for part in parts if part in unwanted or re.fullmatch(r"\..*_cache|\.vendor-.*", part)} == set()


def test_the_sdist_builds_the_same_wheel_where_there_is_no_node(release, tmp_path):
    project = unpack(release.sdist, tmp_path / "unpacked")

    build(project, tmp_path / "built", "--target", "wheel", PATH=str(tmp_path))

    [again] = (tmp_path / "built").iterdir()
    assert again.name == release.wheel.name
    assert again.read_bytes() == release.wheel.read_bytes()


def test_the_date_of_a_release_can_be_set(release, tmp_path):
    build(PROJECT, tmp_path, "--target", "wheel", SOURCE_DATE_EPOCH="1800000000")

    [dated] = tmp_path.iterdir()
    with zipfile.ZipFile(dated) as archive:
        assert {member.date_time[:3] for member in archive.infolist()} == {(2027, 1, 15)}
    assert contents(dated) == contents(release.wheel)


def test_a_release_without_its_browser_assets_is_not_built(release, tmp_path):
    project = unpack(release.sdist, tmp_path / "unpacked")
    (project / vendor.TARGET / "licences" / "htmx.txt").unlink()

    refused = run([*HATCHLING, "--directory", str(tmp_path / "built")], folder=project)

    assert refused.returncode == 1
    assert "cpd/static/vendor lacks files that scripts/vendor.json lists" in refused.stderr
    assert list((tmp_path / "built").iterdir()) == []


def test_the_wheel_states_the_version_and_the_dependencies_of_the_project(release):
    project = tomllib.loads((PROJECT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    stated = metadata(release.wheel)
    assert stated["Version"] == project["version"]
    assert stated["Requires-Python"] == project["requires-python"]
    names = {re.match(r"[\w-]+", requirement)[0] for requirement in stated.get_all("Requires-Dist")}
    asked_for = [project["dependencies"], *project["optional-dependencies"].values()]
    assert names == {re.match(r"[\w-]+", requirement)[0] for requirements in asked_for for requirement in requirements}
