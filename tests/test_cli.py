"""The cpd command: what it says, where, and how it ends."""

from __future__ import annotations

import os
import re
import sqlite3

import pytest
from click.testing import CliRunner
from sqlalchemy import create_engine, text

import cpd.sqlite
from cpd import cli as commands
from cpd.cli import cli
from cpd.content.publish import Report
from tests.factories import module_text, monograph_text, write_site

PROBLEM = re.compile(r".+\.(md|yml):\d+: \S.+")


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A working folder with ./content and ./instance, and no CPD_… variables."""
    for name in [name for name in os.environ if name.startswith("CPD_")]:
        monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)
    write_site(tmp_path / "content")
    (tmp_path / "content" / "modules" / "red-flags").mkdir()
    return tmp_path


@pytest.fixture
def module(folder):
    """Writes a module's file."""

    def write(slug, **facts):
        file = folder / "content" / "modules" / "red-flags" / f"{slug}.md"
        file.write_text(module_text(slug, **facts), encoding="utf-8")
        return file

    return write


def run(*words):
    return CliRunner().invoke(cli, [str(word) for word in words])


@pytest.mark.usefixtures("folder")
def test_check_passes_what_is_right(folder, module):
    module("sepsis")
    (folder / "content" / "monographs" / "zanidine.md").write_text(monograph_text("zanidine"), encoding="utf-8")
    done = run("check")
    assert (done.exit_code, done.stdout) == (0, "Modules: 1. Monographs: 1. Nothing is wrong.\n")


def test_check_reports_all_that_is_wrong_in_all_files_by_path_and_line(folder, module):
    module("first", credits="a lot", reviewed="2026-13-01")
    module("second", colour="red")
    (folder / "content" / "monographs" / "zanidine.md").write_text("---\nname: Zanidine\n---\n", encoding="utf-8")

    done = run("check")

    lines = done.stderr.splitlines()
    assert done.exit_code == 1
    assert done.stdout == ""
    assert [line for line in lines if not PROBLEM.fullmatch(line)] == []
    for name, words in (
        ("first.md", "credits"),
        ("first.md", "2026-13-01"),
        ("second.md", "colour"),
        ("zanidine.md", ""),
    ):
        assert any(name in line and words in line for line in lines), (name, words)


def test_check_names_the_line(module):
    file = module("sepsis", credits="a lot")
    number = 1 + file.read_text().splitlines().index("credits: a lot")
    assert f"sepsis.md:{number}: " in run("check").stderr


def test_check_reads_named_files_alone(module):
    right, wrong = module("right"), module("wrong", credits="a lot")
    assert run("check", right).exit_code == 0
    assert run("check", wrong).exit_code == 1


def test_a_warning_is_said_and_stops_nothing(module):
    module("sepsis", assessment="### Which?\n\n- [x] One\n- [ ] Two\n  > No.\n")
    done = run("check")
    assert done.exit_code == 0
    assert ": warning: " in done.stderr


def test_check_writes_nothing_but_a_secret(folder, module):
    module("sepsis")
    run("check")
    assert not (folder / "instance" / "cpd.sqlite").exists()


def test_publish_migrates_and_says_what_it_did(folder, module):
    module("sepsis")
    done = run("publish")
    assert (done.exit_code, done.stderr) == (0, "")
    assert done.stdout == "Release 1: 5 added, 0 unchanged.\n"
    with create_engine(f"sqlite:///{folder / 'instance' / 'cpd.sqlite'}").connect() as connection:
        assert connection.execute(text("SELECT slug, status FROM module")).all() == [("sepsis", "published")]
    connection.engine.dispose()


def test_publishing_again_says_that_nothing_has_changed(module):
    module("sepsis")
    run("publish")
    done = run("publish")
    assert (done.exit_code, done.stdout) == (0, "Nothing has changed (5 files).\n")


def test_publish_withdraws_what_is_gone_only_without_paths(module):
    first, second = module("first"), module("second")
    run("publish")
    first.unlink()
    assert "withdrawn" not in run("publish", second).stdout
    assert "1 withdrawn" in run("publish").stdout


def test_publish_publishes_nothing_if_anything_is_wrong(module):
    module("right")
    module("wrong", credits="a lot")
    done = run("publish")
    assert done.exit_code == 1
    assert done.stderr.endswith("Nothing was published.\n")
    assert PROBLEM.fullmatch(done.stderr.splitlines()[0])
    assert done.stdout == ""


def test_a_database_that_is_locked_is_a_sentence(module, folder, monkeypatch):
    monkeypatch.setattr(cpd.sqlite, "LONGEST_WAIT", 0.05)
    module("sepsis")
    run("publish")
    module("headache")
    with sqlite3.connect(folder / "instance" / "cpd.sqlite", isolation_level=None) as other:
        other.execute("BEGIN IMMEDIATE")
        done = run("publish")
        other.execute("ROLLBACK")
    other.close()
    assert (done.exit_code, done.stdout) == (1, "")
    assert re.fullmatch(r"Error: the database cannot be used: .*locked.*\. Nothing was changed online\.\n", done.stderr)
    assert "1 added" in run("publish").stdout


def test_a_database_that_cannot_be_reached_is_a_sentence(module, monkeypatch):
    module("sepsis")
    monkeypatch.setenv("CPD_DATABASE_URL", "postgresql+psycopg://cpd:a-password@127.0.0.1:1/cpd")
    done = run("publish")
    assert done.exit_code == 1
    assert done.stderr.startswith("Error: the database cannot be used: ")
    assert "a-password" not in done.stderr


def test_a_folder_that_was_emptied_withdraws_nothing_and_is_a_sentence(module):
    file = module("sepsis")
    run("publish")
    file.unlink()
    done = run("publish")
    assert done.exit_code == 1
    assert "has no modules and no monographs" in done.stderr


def test_a_folder_with_drafts_alone_withdraws_nothing(module):
    module("sepsis")
    run("publish")
    module("sepsis", status="draft")
    done = run("publish")
    assert done.exit_code == 1
    assert "has no modules and no monographs to be published" in done.stderr


def test_the_sample_never_withdraws_content_of_ones_own(module, folder, tmp_path, monkeypatch):
    module("sepsis")
    run("publish")
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    monkeypatch.setenv("CPD_INSTANCE_FOLDER", str(folder / "instance"))
    done = run("publish")
    assert done.exit_code == 1
    assert "lacks something that is online" in done.stderr
    assert "Nothing was published." in done.stderr


@pytest.mark.parametrize("kind", ["module", "monograph"])
def test_a_new_file_passes_the_check_once_its_dates_are_filled_in(folder, kind):
    done = run("new", kind, "sore-throat")
    assert (done.exit_code, done.stderr) == (0, "")
    file = folder / done.stdout.split()[0]
    written = file.read_text(encoding="utf-8")
    written = re.sub(r"^reviewed:.*$", "reviewed: 2026-11-02", written, flags=re.MULTILINE)
    file.write_text(re.sub(r"^expires:.*$", "expires: 2028-11-02", written, flags=re.MULTILINE), encoding="utf-8")

    checked = run("check", file)

    assert (checked.exit_code, checked.stderr) == (0, "")


def test_a_new_file_never_overwrites(module):
    file = module("sepsis")
    before = file.read_text()
    done = run("new", "module", "sepsis")
    assert done.exit_code == 1
    assert "is there already" in done.stderr
    assert file.read_text() == before


@pytest.mark.parametrize("slug", ["Sore Throat", "../evil", "a/b", "", "é", "-x", "x" * 101, "a\nb"])
def test_a_name_that_is_no_slug_is_refused(folder, slug):
    before = sorted(folder.rglob("*"))
    done = run("new", "module", "--", slug)
    assert done.exit_code == 1
    assert "use small letters, digits and hyphens" in done.stderr
    assert sorted(folder.rglob("*")) == before


@pytest.mark.parametrize(
    "words",
    [["check", "no-such-file.md"], ["new", "module"], ["new", "poem", "x"], ["no-such-command"], ["serve", "--fast"]],
    ids=" ".join,
)
@pytest.mark.usefixtures("folder")
def test_a_command_that_is_mistyped_ends_with_one_and_a_sentence(words):
    done = run(*words)
    assert done.exit_code == 1
    assert "Error: " in done.stderr
    assert "Traceback" not in done.output


@pytest.mark.parametrize("command", ["check", "publish", "serve"])
@pytest.mark.usefixtures("folder")
def test_a_wrong_setting_stops_every_command_with_a_sentence(monkeypatch, command):
    monkeypatch.setenv("CPD_PROT", "80")
    done = run(command)
    assert done.exit_code == 1
    assert done.stderr == "Error: CPD_PROT is not a setting. Did you mean CPD_PORT?\n"


@pytest.mark.parametrize("command", [[], ["check"], ["new"], ["publish"], ["serve"]], ids=str)
def test_every_command_has_help(command):
    done = run(*command, "--help")
    assert done.exit_code == 0
    assert "Usage: " in done.stdout


@pytest.mark.parametrize(
    ("report", "line"),
    [
        (Report(unchanged=3), "Nothing has changed (3 files)."),
        (Report(release=4, added=["a", "b"], withdrawn=["c"]), "Release 4: 2 added, 1 withdrawn, 0 unchanged."),
        (Report(release=5, relinked=["a"], unchanged=9), "Release 5: 1 linked anew, 9 unchanged."),
        (Report(release=6, renamed=["a"], changed=["a"]), "Release 6: 1 changed, 1 renamed, 0 unchanged."),
    ],
)
def test_a_publish_is_told_in_a_line(report, line):
    assert commands.summary(report) == line
