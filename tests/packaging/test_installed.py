"""The installed wheel in an empty folder: what it serves, what it says, and how an operator goes on from there."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.browser.serving import HOST
from tests.packaging.conftest import PROJECT, Installation, read, run

DATES = {"reviewed": "2026-11-02", "expires": "2028-11-02", "status": "published"}


def fill_in(file: Path) -> None:
    """Fill in what `cpd new` leaves open."""
    text = file.read_text(encoding="utf-8")
    for key, value in DATES.items():
        text = re.sub(rf"^{key}:.*$", f"{key}: {value}", text, flags=re.MULTILINE)
    file.write_text(text, encoding="utf-8")


def sentences_in(log: Path) -> list[str]:
    """What the server said to the operator, without its line for each request."""
    return [line for line in log.read_text(encoding="utf-8").splitlines() if not line.startswith("{")]


def test_the_installed_package_is_not_the_checkout(installation):
    python = str(installation.environment / "bin" / "python")
    found = run([python, "-c", "import cpd; print(cpd.__file__)"], folder=installation.folder)
    assert Path(found.stdout.strip()).is_relative_to(installation.environment)


def test_the_wheel_serves_pages_and_static_files_from_an_empty_folder(installation):
    with installation.serving() as (address, _):
        home = read(f"{address}/").decode()
        assert "<h1" in home
        assert b"Headache" in read(f"{address}/modules")
        for name in set(re.findall(r"/static/[^\"'#]+", home)):
            assert read(address + name), name
        assert b"Licence: OFL-1.1" in read(f"{address}/static/vendor/licences.txt")


def test_the_first_start_says_what_it_made_and_the_second_does_not(installation):
    folder = installation.folder
    with installation.serving() as (address, log):
        said = log.read_text(encoding="utf-8")
    key = (folder / "instance" / "secret_key").read_text(encoding="ascii")
    assert f"A new installation, in {folder}/instance." in said
    assert f"Database: {folder}/instance/cpd.sqlite\n" in said
    assert f"Secret key: {folder}/instance/secret_key\n" in said
    assert "Content: the sample that comes with cpd. To publish your own" in said
    assert re.search(r"^Published \d+ files\.$", said, re.MULTILINE)
    assert f"Serving on {address}/" in said
    assert key not in said
    assert [file.name for file in folder.iterdir()] == ["instance"]

    with installation.serving() as (address, log):
        mail, serving = sentences_in(log)
    assert mail.startswith(f"Mail is written to {folder}/instance/mail and goes nowhere")
    assert serving == f"Serving on {address}/ (Ctrl+C stops)"


def test_a_content_folder_that_is_there_is_published_in_place_of_the_sample(installation):
    installation.cpd("new", "module", "sore-throat")
    fill_in(installation.folder / "content/modules/red-flags/sore-throat.md")
    with installation.serving() as (address, log):
        assert f"Content: {installation.folder}/content\n" in log.read_text(encoding="utf-8")
        assert b"Sore throat" in read(f"{address}/modules")


def test_the_sample_passes_the_check_of_an_installed_wheel(installation):
    done = installation.cpd("check")
    assert (done.returncode, done.stderr) == (0, "")
    assert "Nothing is wrong." in done.stdout


def test_publishing_without_a_content_folder_says_that_it_is_the_sample(installation):
    done = installation.cpd("publish")
    assert done.returncode == 0
    assert "There is no ./content here, so this is the sample content" in done.stderr
    assert re.fullmatch(r"Release 1: \d+ added, 0 unchanged\.\n", done.stdout)


def test_a_first_file_of_ones_own_takes_over_from_the_sample_as_was_said(installation):
    installation.cpd("publish")

    begun = installation.cpd("new", "module", "sore-throat")
    fill_in(installation.folder / begun.stdout.split()[0])
    done = installation.cpd("publish")

    assert "withdraws the sample modules and monographs" in begun.stdout
    assert (done.returncode, done.stderr) == (0, "")
    assert re.fullmatch(r"Release 2: 1 added, 30 withdrawn, .* 4 unchanged\.\n", done.stdout)


def test_a_second_file_of_ones_own_leaves_the_folder_as_it_is(installation):
    installation.cpd("new", "module", "sore-throat")
    terms = installation.folder / "content/pages/terms.md"
    terms.write_text("our own", encoding="utf-8")

    again = installation.cpd("new", "monograph", "zanidine")

    assert again.stdout == "content/monographs/zanidine.md is ready to be written.\n"
    assert terms.read_text(encoding="utf-8") == "our own"


def test_the_command_tells_its_version(installation, release):
    assert installation.cpd("--version").stdout == f"cpd, version {release.wheel.name.split('-')[1]}\n"


@pytest.mark.slow
def test_an_operator_installs_the_wheel_with_packages_of_the_index_and_serves(release, tmp_path):
    for made in (
        [sys.executable, "-m", "venv", "environment"],
        ["environment/bin/pip", "install", "--disable-pip-version-check", str(release.wheel)],
    ):
        subprocess.run(made, cwd=tmp_path, check=True, capture_output=True)
    folder = tmp_path / "empty"
    folder.mkdir()

    with Installation(tmp_path / "environment", folder).serving() as (address, log):
        assert HOST in log.read_text(encoding="utf-8")
        assert str(PROJECT) not in log.read_text(encoding="utf-8")
        assert b"Headache" in read(f"{address}/modules")
