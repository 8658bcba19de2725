"""A pytest plugin: a run ends by saying which tests did not run for want of a program, and how to install it.

A test or fixture that needs Chromium, say, calls `skip_without(CHROMIUM)` where there is none. With CI=true
or CPD_REQUIRE_ALL=1 in the environment, a test that did not run makes the whole run fail.
"""

from __future__ import annotations

import os
import sys
from collections import Counter
from dataclasses import dataclass
from typing import NoReturn

import pytest

PREFIX = "did not run without "


@dataclass(frozen=True)
class Program:
    """What a test may need besides Python, and the commands that install it."""

    name: str
    on_debian: str
    on_macos: str

    @property
    def command(self) -> str:
        return self.on_macos if sys.platform == "darwin" else self.on_debian


CHROMIUM = Program("Chromium", "sudo apt-get install chromium", "brew install --cask chromium")
POSTGRESQL = Program("PostgreSQL", "sudo apt-get install postgresql", "brew install postgresql")
NGINX = Program("nginx", "sudo apt-get install nginx openssl", "brew install nginx openssl")
CADDY = Program("Caddy", "sudo apt-get install caddy openssl", "brew install caddy openssl")
NODE = Program("Node.js", "sudo apt-get install nodejs npm && make setup", "brew install node && make setup")
PROGRAMS = (CHROMIUM, POSTGRESQL, NGINX, CADDY, NODE)


def skip_without(program: Program) -> NoReturn:
    """Leave this test out because the program is missing; the end of the run will say so."""
    pytest.skip(PREFIX + program.name)


def all_required() -> bool:
    return os.environ.get("CI") == "true" or os.environ.get("CPD_REQUIRE_ALL") == "1"


class Absences:
    """Notes which tests did not run, as their reports come in."""

    def __init__(self) -> None:
        self.files = {program: Counter[str]() for program in PROGRAMS}

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.skipped and isinstance(report.longrepr, tuple):
            reason = report.longrepr[2]
            for program in PROGRAMS:
                if reason.endswith(PREFIX + program.name):
                    self.files[program][report.location[0]] += 1

    @pytest.hookimpl(tryfirst=True)
    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        if all_required() and any(self.files.values()) and session.exitstatus == pytest.ExitCode.OK:
            session.exitstatus = pytest.ExitCode.TESTS_FAILED

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        for program, files in self.files.items():
            if not files:
                continue
            terminalreporter.section(f"{program.name} is missing, so these did not run: {files.total()}", yellow=True)
            for file, count in sorted(files.items()):
                terminalreporter.line(f"{file}: {count}")
            terminalreporter.line(f"To run them, install it with: {program.command}")


def pytest_configure(config: pytest.Config) -> None:
    # The workers of pytest-xdist hand their reports to the process that started them.
    if not hasattr(config, "workerinput"):
        config.pluginmanager.register(Absences(), "absences")
