"""A pytest plugin: at the end of a run it searches every log and mail that the run has written for what none may hold.

All that the applications of a run write goes to files: the lines of each request, the records of every logger (as
`cpd serve` writes them), and what the tests' own servers and commands say. While tests run, the plugin notes what was
typed into private fields and which cookies were set. At the end the process that started the workers searches the
files for any of that, and for anything that has the shape of a token; a find fails the run, naming the place. Mails
name their reader and carry links, so they are searched for passwords, codes, secrets of apps and cookies alone.

A value that a test itself put into the path of an address is not searched for: paths are logged.
"""

from __future__ import annotations

import email
import email.policy
import json
import logging
import os
import re
import shutil
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from http.cookies import SimpleCookie
from pathlib import Path
from urllib.parse import unquote

import pytest
from ahocorasick_rs import AhoCorasick
from flask import Flask, Response, request, request_finished

import cpd.web.log

RUN_FOLDER = "PYTEST_LOGS_FOLDER"
# Fields whose content is private or secret, whatever form they are in.
PRIVATE_FIELDS = {
    "password",
    "old_password",
    "new_password",
    "code",
    "secret",
    "token",
    "credential",
    "name",
    "email",
    "username",
    "identified",
    "registration_body",
    "registration_number",
    "csrf_token",
    "attempt",
    "kept",
    "recovery_code",
    "shown",
    "reflection",
    "note",
}
PUBLIC_COOKIES = {"cpd_theme", "cpd_professional"}  # every other one of ours is private
PRIVATE_IN_QUERIES = {"code", "state"}  # what single sign-on brings back
# What no mail may hold either: whoever reads it could sign in.
SECRET = re.compile(r"field (?:old_|new_)?password|field (?:code|secret|credential)|cookie |shown ")
# The secret of an authenticator app, whole and as people type it, and recovery codes, as pages of accounts show them.
SHOWN = re.compile(
    r"\b(?:[A-Z2-7]{32}|(?:[A-Z2-7]{4} ){7}[A-Z2-7]{4}|(?=[a-z-]*[0-9])[0-9a-hjkmnp-tv-z]{5}-[0-9a-hjkmnp-tv-z]{5})\b"
)
SHORTEST = 8  # characters; what is shorter stands in logs by chance
FEWEST_LETTERS = 6  # different ones, for the same reason
A_TOKEN = "something like a token"
TOKEN = re.compile(
    r"(?<![\w-])(?:(?=[\w-]*[A-Z])(?=[\w-]*[a-z])(?=[\w-]*[0-9])[\w-]{43}|[0-9a-f]{64})(?![\w-])", re.ASCII
)


@dataclass(frozen=True)
class Find:
    """Something private in a log."""

    place: str  # file:line
    what: str

    def __str__(self) -> str:
        return f"{self.place}: {self.what}"


class Noted:
    """What was typed into private fields and set as cookies, and the paths that were asked for."""

    def __init__(self) -> None:
        self.values: dict[str, str] = {}
        self.paths: set[str] = set()

    def add(self, name: str, value: str) -> None:
        # Such as "undefined", which hostile input types everywhere.
        is_a_word = name.startswith("field") and value.isalpha() and value.islower()
        if len(value) >= SHORTEST and len(set(value)) >= FEWEST_LETTERS and not is_a_word:
            self.values[value] = name

    def listen(self, _: Flask, response: Response) -> None:
        """Note what a request brought and what its answer set."""
        self.paths.add(request.path)
        if "form" in vars(request):  # parsed already: nothing is read that the application did not read
            for name, value in request.form.items(multi=True):
                if name in PRIVATE_FIELDS:
                    self.add(f"field {name}", value)
        if request.path.startswith("/auth/single-sign-on/") and "args" in vars(request):
            for name in PRIVATE_IN_QUERIES & request.args.keys():
                self.add(f"query {name}", request.args[name])
        for header in response.headers.getlist("Set-Cookie"):
            for name, morsel in SimpleCookie(header).items():
                plain = name.removeprefix("__Host-")
                if plain.startswith("cpd_") and plain not in PUBLIC_COOKIES:
                    self.add(f"cookie {name}", morsel.value)
        if request.path.startswith("/auth/") and response.is_sequence:
            for secret in SHOWN.findall(response.get_data().decode("utf-8", "replace")):
                self.add("shown secret", secret)


def find_private(texts: Iterable[tuple[str, str]], values: Mapping[str, str], paths: Iterable[str]) -> Iterator[Find]:
    """Where private values (each with its name), or what looks like a token, stand in texts (each with its name)."""
    asked_for = "\n".join(paths)
    sought = [value for value in values if value not in asked_for]
    # Logs hold what is not ASCII in the way of JSON.
    written = {json.dumps(value)[1:-1]: value for value in sought} | {value: value for value in sought}
    spellings = list(written)
    search = AhoCorasick(spellings) if spellings else None
    for name, text in texts:
        for number, line in enumerate(text.splitlines(), start=1):
            place = f"{name}:{number}"
            found = search.find_matches_as_indexes(line) if search else []
            for value in {written[spellings[index]] for index, _, _ in found}:
                yield Find(place, values[value])
            for token in TOKEN.findall(line):
                if unquote(token) not in asked_for:
                    yield Find(place, A_TOKEN)


class Collector:
    """In each process that runs tests: sends its logs to the folder of the run and notes what is private."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.noted = Noted()
        self.log = os.open(folder / f"{os.getpid()}.log", os.O_WRONLY | os.O_CREAT | os.O_APPEND)
        cpd.web.log.STANDARD_OUTPUT = self.log
        logging.getLogger().addHandler(cpd.web.log.JsonLines())
        request_finished.connect(self.noted.listen)

    @pytest.hookimpl(tryfirst=True)  # before a worker says that it has finished
    def pytest_sessionfinish(self) -> None:
        noted = {"values": self.noted.values, "paths": sorted(self.noted.paths)}
        (self.folder / f"{os.getpid()}.json").write_text(json.dumps(noted), encoding="utf-8")


class Searcher:
    """In the process that started the workers: searches the logs of all of them at the end."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.finds: list[Find] = []

    @pytest.hookimpl(trylast=True)
    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        self.finds = search_run(self.folder)
        if self.finds and session.exitstatus == pytest.ExitCode.OK:
            session.exitstatus = pytest.ExitCode.TESTS_FAILED

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        if self.finds:
            terminalreporter.section(f"Private text in logs: {len(self.finds)} lines", red=True)
            for find in self.finds[:50]:
                terminalreporter.line(str(find))
            terminalreporter.line(f"The logs of this run are in {self.folder}")

    def pytest_unconfigure(self) -> None:
        if not self.finds:
            shutil.rmtree(self.folder, ignore_errors=True)


def search_run(folder: Path) -> list[Find]:
    """Search the logs of a whole run."""
    values: dict[str, str] = {}
    paths: set[str] = set()
    for file in folder.glob("*.json"):
        noted = json.loads(file.read_text(encoding="utf-8"))
        values |= noted["values"]
        paths |= set(noted["paths"])
    secrets = {value: name for value, name in values.items() if SECRET.match(name)}
    in_mails = (find for find in find_private(mails_of(folder), secrets, paths) if find.what != A_TOKEN)
    return sorted({*find_private(logs_of(folder), values, paths), *in_mails}, key=str)


def files_of(folder: Path, pattern: str) -> Iterator[Path]:
    """The files of a run: of its own processes, and of those that its tests have started."""
    temporary = [Path(file.read_text(encoding="utf-8")) for file in folder.glob("*.folder")]
    for place in (folder, *temporary):
        yield from sorted(place.rglob(pattern))


def logs_of(folder: Path) -> Iterator[tuple[str, str]]:
    """Every log of a run by its name."""
    for file in files_of(folder, "*.log"):
        yield str(file), file.read_text(encoding="utf-8", errors="replace")


def mails_of(folder: Path) -> Iterator[tuple[str, str]]:
    """Every mail of a run by its name: its head, and the texts of its parts as a reader sees them."""
    for file in files_of(folder, "*.eml"):
        mail = email.message_from_bytes(file.read_bytes(), policy=email.policy.default)
        parts = [part.get_content() for part in mail.walk() if part.get_content_maintype() == "text"]
        yield str(file), "\n".join([*(f"{name}: {value}" for name, value in mail.items()), *parts])


@pytest.fixture(scope="session", autouse=True)
def _place_of_temporary_files(tmp_path_factory: pytest.TempPathFactory) -> None:
    """The servers and commands that tests start write their logs there."""
    place = Path(os.environ[RUN_FOLDER], f"{os.getpid()}.folder")
    place.write_text(str(tmp_path_factory.getbasetemp()), encoding="utf-8")


def pytest_configure(config: pytest.Config) -> None:
    if not hasattr(config, "workerinput"):
        os.environ[RUN_FOLDER] = tempfile.mkdtemp(prefix="cpd-logs-")
        config.pluginmanager.register(Searcher(Path(os.environ[RUN_FOLDER])), "searcher of logs")
    config.pluginmanager.register(Collector(Path(os.environ[RUN_FOLDER])), "collector of logs")
