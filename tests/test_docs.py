"""The documents say what the code does: settings, commands, keys, cookies, make targets, recipes."""

from __future__ import annotations

import dataclasses
import json
import re
import zipfile
from pathlib import Path

import pytest

from cpd.cli import cli
from cpd.cli_user import user
from cpd.content.facts import KEY_FACTS
from cpd.content.front_matter import CATEGORY_KEYS, MODULE_KEYS, MONOGRAPH_KEYS, PAGE_KEYS
from cpd.content.markup import CALLOUTS
from cpd.monographs.sections import SECTIONS
from cpd.settings import Settings
from tests.pages import token_in

PROJECT = Path(__file__).resolve().parent.parent
PAGES = sorted((PROJECT / "docs").rglob("*.md"))
WRITTEN = [PROJECT / "README.md", PROJECT / "CHANGELOG.md", *PAGES]
EMAIL = "amara@example.org"


def doc(name: str) -> str:
    return (PROJECT / name).read_text(encoding="utf-8")


def part(name: str, title: str) -> str:
    """What stands under a heading, up to the next one."""
    found = re.search(rf"^#+ {re.escape(title)}\n(.*?)(?=^#+ |\Z)", doc(name), re.MULTILINE | re.DOTALL)
    assert found, f"{name} has no heading {title}"
    return found[1]


def rows(table: str) -> list[list[str]]:
    """The cells of each row whose first cell is code."""
    lines = (line for line in table.splitlines() if line.startswith("| `"))
    return [[cell.strip() for cell in line.strip("|").split(" | ")] for line in lines]


def first_words(table: str) -> set[str]:
    return {row[0].strip("` ") for row in rows(table)}


# Settings


def test_the_table_of_settings_has_every_setting_and_nothing_else():
    wanted = {f"CPD_{field.name.upper()}" for field in dataclasses.fields(Settings)}
    assert first_words(part("docs/operating.md", "Settings")) == wanted


def test_the_table_of_settings_has_the_defaults_of_the_code():
    words = {"False": "no", "True": "yes", "()": "any", "": "none"}
    stated = {row[0].strip("`"): row[1].strip("`") for row in rows(part("docs/operating.md", "Settings"))}
    in_code = {
        f"CPD_{field.name.upper()}": words.get(str(field.default), str(field.default))
        for field in dataclasses.fields(Settings)
        if field.default is not dataclasses.MISSING
    }
    assert {name: stated[name] for name in in_code} == in_code


@pytest.mark.parametrize("name", ["README.md", "docs/operating.md", "docs/author.md"])
def test_no_page_for_users_names_a_setting_that_does_not_exist(name):
    named = set(re.findall(r"\bCPD_[A-Z_]+", doc(name)))
    assert named - {f"CPD_{field.name.upper()}" for field in dataclasses.fields(Settings)} == set()


# Commands and make targets


def test_every_command_stands_in_the_docs_and_no_other():
    text_of_all = "\n".join(doc(f"docs/{name}.md") for name in ("user", "author", "operating", "developer"))
    named = set(re.findall(r"(?:`|bin/|^|\$ )cpd\s([a-z-]+)", text_of_all, re.MULTILINE))
    assert named == set(cli.commands)


def test_every_command_for_accounts_stands_in_the_docs_and_no_other():
    named = set(re.findall(r"`cpd user ([a-z-]+)", part("docs/operating.md", "From the command line")))
    assert named == set(user.commands)


def test_every_option_of_a_command_stands_in_the_docs():
    commands = [*cli.commands.values(), *user.commands.values()]
    options = {name for command in commands for option in command.params for name in option.opts}
    long = {name for name in options if name.startswith("--")}
    everything = "\n".join(file.read_text(encoding="utf-8") for file in PAGES)
    assert {name for name in long if name not in everything} == set()


@pytest.mark.parametrize("file", WRITTEN, ids=lambda file: file.name)
def test_what_a_page_says_to_make_can_be_made(file):
    targets = set(re.findall(r"^([a-z-]+):", doc("Makefile"), re.MULTILINE))
    said = re.findall(r"(?:^ {4}|`)make ([a-z-]+)", file.read_text(encoding="utf-8"), re.MULTILINE)
    assert set(said) - targets == set()


def test_the_developers_page_names_every_check():
    checks = re.search(r"^CHECKS := (.*)$", doc("Makefile"), re.MULTILINE)
    assert checks
    assert set(re.findall(r"`(check-[a-z-]+)`", part("docs/developer.md", "make check"))) == set(checks[1].split())


# Front matter


@pytest.mark.parametrize(
    ("title", "keys"),
    [
        ("A module", MODULE_KEYS),
        ("A monograph", MONOGRAPH_KEYS),
        ("A page", PAGE_KEYS),
        ("categories.yml", CATEGORY_KEYS),
    ],
    ids=["module", "monograph", "page", "category"],
)
def test_the_table_of_keys_has_every_key_and_nothing_else(title, keys):
    assert first_words(part("docs/author.md", title)) == set(keys)


def test_the_authors_page_lists_the_sections_of_a_monograph_in_order():
    listed = re.sub(r"\s*\n> ", " ", part("docs/author.md", "Text"))
    assert " · ".join(SECTIONS) in listed


def test_the_authors_page_names_every_key_fact_and_kind_of_callout():
    named = set(re.findall(r"`([a-z_-]+)`", doc("docs/author.md")))
    assert {*KEY_FACTS, *CALLOUTS} - named == set()


# Links


@pytest.mark.parametrize("file", WRITTEN, ids=lambda file: file.name)
def test_links_between_pages_lead_somewhere(file):
    prose = re.sub(r"```.*?```|`[^`\n]*`", "", file.read_text(encoding="utf-8"), flags=re.DOTALL)
    linked = [target.partition("#")[0] for target in re.findall(r"\]\((?!https://)([^)]+)\)", prose)]
    assert [target for target in linked if target and not (file.parent / target).is_file()] == []


# What the privacy page says


def test_the_privacy_page_names_every_cookie_that_the_site_sets_and_no_other(client, write_monograph, publish, sign_in):
    write_monograph("sepsis")
    publish("sepsis")
    client.set_cookie("cpd_professional", "1")
    client.post("/list", data={"csrf_token": token_in(client.get("/list").text), "monograph": "sepsis"})
    sent = {cookie.key for cookie in client._cookies.values()}
    sign_in()
    client.post("/theme", data={"csrf_token": token_in(client.get("/auth/account").text), "theme": "dark"})

    sent |= {cookie.key for cookie in client._cookies.values()}
    code = "\n".join(file.read_text(encoding="utf-8") for file in (PROJECT / "cpd").rglob("*.py"))
    named = set(re.findall(r'= "(cpd_\w+)"', code))
    assert set(re.findall(r"`(cpd_\w+)`", doc("content/pages/privacy.md"))) == named
    assert named >= sent >= {"cpd_session", "cpd_list", "cpd_message", "cpd_theme"}


# Recipes for operators


@pytest.fixture
def follow(settings, monkeypatch):
    """Runs the recipe under a heading of the operators' page, with its words in capitals filled in."""
    monkeypatch.setenv("CPD_INSTANCE_FOLDER", str(settings.instance_folder))
    monkeypatch.setenv("CPD_DATABASE_URL", settings.database_url)
    monkeypatch.setenv("CPD_HASH_MEMORY", "8")
    monkeypatch.setenv("CPD_HASH_TIME", "1")

    def follow(title: str, **words: str) -> None:
        recipe = re.search(r"```python\n(.*?)```", part("docs/operating.md", title), re.DOTALL)
        assert recipe
        code = recipe[1]
        for word, value in words.items():
            code = code.replace(f'"{word}"', f'"{value}"')
        # The application of the recipe is another one, whose connections must be closed.
        closing = "from cpd.db import db, reader; reader().close(); db.session.remove(); db.engine.dispose()"
        exec(f"{code}    {closing}\n", {})  # noqa: S102  # our own recipe

    return follow


def test_the_recipe_for_a_copy_writes_the_file_that_the_learner_would_get(
    publish, sign_in, submit, follow, tmp_path, monkeypatch
):
    publish("sepsis")
    sign_in(email=EMAIL)
    submit("/modules/sepsis/assessment", q1="a")
    monkeypatch.chdir(tmp_path)

    follow("A copy of somebody's data", ADDRESS=EMAIL)

    with zipfile.ZipFile(tmp_path / "FILE.zip") as archive:
        held = json.loads(archive.read("my-data.json"))
    assert held["account"][0]["email_address"] == EMAIL
    assert [entry["title"] for entry in held["entries"]] == ["sepsis"]


def test_the_recipe_for_deleting_an_account_begins_the_pause(client, publish, sign_in, follow):
    publish("sepsis")
    sign_in(email=EMAIL)

    follow("Deleting an account", ADDRESS=EMAIL)

    assert "Your account will be deleted on" in client.get("/").text
