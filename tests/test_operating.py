"""The commands of docs/operating.md are run from top to bottom, as somebody would who sets up cpd by that page.

Blocks marked `sh` go into one shell, lines marked `cron` into one like cron's. Folders, ports and addresses are put in
the place of the page's. `cpd serve` runs in the background until the next heading. `sudo` is a stand-in that runs what
acts as cpd or postgres and notes all the rest, of which the tests check what it names.
"""

from __future__ import annotations

import configparser
import os
import re
import shlex
import shutil
import signal
import subprocess
import sys
from dataclasses import dataclass, field
from importlib.metadata import version
from pathlib import Path

import pytest

from tests import databases
from tests.browser.serving import free_port
from tests.did_not_run import POSTGRESQL, skip_without
from tests.factories import module_text, write_site

PROJECT = Path(__file__).resolve().parent.parent
PAGE = (PROJECT / "docs" / "operating.md").read_text(encoding="utf-8")
UNIT = PROJECT / "deploy" / "cpd.service"
LONGEST = 300  # seconds
FENCED = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
ON_POSTGRESQL = "PostgreSQL and more machines"

SHELL = """
set -eu -o pipefail
server=
stop_server() { [ -z "$server" ] || { kill "$server"; wait "$server" || true; server=; }; }
trap stop_server EXIT
in_background() {
    "$@" > "$ROOM/serve.log" 2>&1 & server=$!
    until curl --silent --fail --output /dev/null --header "Host: example.org" "http://127.0.0.1:$CPD_PORT/healthz"; do
        kill -0 "$server" || { cat "$ROOM/serve.log"; exit 1; }
        sleep 0.1
    done
}
"""
SUDO = """#!/bin/sh
case "$1 $2" in
    "-u cpd") shift 2; exec "$@" ;;
    "-u postgres") shift 2; PGHOST="$CLUSTER" PGPORT="$CLUSTER_PORT" PGUSER=postgres exec "$@" ;;
    *) echo "$@" >> "$ROOM/noted" ;;
esac
"""
# Where the machine has no curl.
CURL = f"""#!{sys.executable}
import argparse, sys, urllib.request
words = argparse.ArgumentParser()
for name in ("--fail", "--silent"):
    words.add_argument(name, action="store_true")
for name in ("--header", "--output"):
    words.add_argument(name)
words.add_argument("address")
given = words.parse_args()
try:
    asked = urllib.request.Request(given.address, headers=dict([given.header.split(": ")]))
    answer = urllib.request.urlopen(asked).read().decode()
except OSError as fault:
    sys.exit(str(fault))
if not given.output:
    print(answer, end="")
"""
# What only an administrator can do; each is looked at below.
NOTED = {"apt-get", "chmod", "cp", "journalctl", "nginx", "python3", "systemctl", "useradd", "/opt/cpd/bin/pip"}


@dataclass
class Section:
    """A heading of any level, the chapter that it is in, and the commands under it."""

    chapter: str
    commands: list[str] = field(default_factory=list)


def sections() -> list[Section]:
    found, chapter = [], ""
    for piece in re.split(r"^(?=##+ )", PAGE, flags=re.MULTILINE)[1:]:
        level, _, heading = piece.partition("\n")[0].partition(" ")
        chapter = heading if level == "##" else chapter
        commands = [as_shell(kind, text) for kind, text in FENCED.findall(piece) if kind in ("sh", "cron")]
        found.append(Section(chapter, commands))
    return found


def as_shell(kind: str, block: str) -> str:
    """A block as it goes into the shell."""
    if kind == "sh":
        return re.sub(r"\bcpd serve$", "in_background cpd serve", block, flags=re.MULTILINE)
    jobs = [line.split(None, 5)[5].replace(r"\%", "%") for line in block.splitlines()]
    return "\n".join(f"env -i PATH=/usr/bin:/bin HOME=/ sh -c {shlex.quote(job)}" for job in jobs)


@pytest.fixture
def room(tmp_path) -> Path:
    """A folder in the place of the root of the machine: with cpd installed, an account's folder, and sudo."""
    write_site(tmp_path / "srv" / "cpd" / "content")
    module = tmp_path / "srv" / "cpd" / "content" / "modules" / "red-flags" / "sepsis.md"
    module.parent.mkdir()
    module.write_text(module_text("sepsis"), encoding="utf-8")
    program(tmp_path / "opt" / "cpd" / "bin" / "cpd", f'#!/bin/sh\nexec {sys.executable} -m cpd.cli "$@"\n')
    program(tmp_path / "opt" / "cpd" / "bin" / "python", f'#!/bin/sh\nexec {sys.executable} "$@"\n')
    program(tmp_path / "bin" / "sudo", SUDO)
    if not shutil.which("curl"):
        program(tmp_path / "bin" / "curl", CURL)
    return tmp_path


def program(file: Path, text: str) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text, encoding="utf-8")
    file.chmod(0o700)


def type_in(chapters: list[Section], room: Path, cluster: databases.Cluster | None = None) -> str:
    """Run the commands of chapters in a shell; gives what they printed."""
    script = SHELL + "".join("\n".join(["set -x", *chapter.commands, "stop_server", ""]) for chapter in chapters)
    ports = str(free_port()), str(free_port())
    for ours, theirs in (("/srv/cpd", f"{room}/srv/cpd"), ("/opt/cpd", f"{room}/opt/cpd")):
        script = script.replace(ours, theirs)
    script = script.replace("127.0.0.1:8000", f"127.0.0.1:{ports[0]}")
    script = script.replace("127.0.0.1:8001", f"127.0.0.1:{ports[1]}").replace("CPD_PORT=8001", f"CPD_PORT={ports[1]}")
    environment = {name: value for name, value in os.environ.items() if not name.startswith("CPD_")}
    environment |= {
        "ROOM": str(room),
        "CPD_PORT": ports[0],
        "CPD_WORKERS": "1",
        "PATH": f"{room / 'bin'}:{os.environ['PATH']}",
    }
    if cluster:
        script = re.sub(r"@db\.example\.org/(\w+)", rf"@/\1?host={cluster.folder}&port={databases.PORT}", script)
        environment |= {"CLUSTER": str(cluster.folder), "CLUSTER_PORT": databases.PORT}
        environment["PATH"] += f":{databases.find_binaries()}"
    with (room / "output").open("w") as output:
        shell = subprocess.Popen(
            ["bash", "-c", script], cwd=PROJECT, env=environment, stdout=output, stderr=output, start_new_session=True
        )
        try:
            status = shell.wait(LONGEST)
        finally:
            if shell.poll() is None:
                os.killpg(shell.pid, signal.SIGKILL)
                shell.wait()
    printed = (room / "output").read_text(encoding="utf-8")
    assert status == 0, printed[-3000:]
    return printed


def test_the_commands_for_one_machine_do_what_the_page_says(room):
    chapters = [each for each in sections() if each.chapter != ON_POSTGRESQL]
    printed = type_in(chapters, room)

    folder = room / "srv" / "cpd"
    assert printed.count("\nready\n") == 2
    assert "<title>About" in printed
    assert (
        len(re.findall(r"^backups/\S+ is whole: .* release 1\.", printed, re.MULTILINE)) == 3
    )  # the page's and cron's
    assert len(re.findall(r"^\S+ of \S+ is restored: .* release 1\.$", printed, re.MULTILINE)) == 2
    assert not (folder / "drill").exists()
    kept = [(each / "secret_key").read_text() for each in folder.glob("instance*")]
    assert len(kept) == 2
    assert kept[0] == kept[1]


def test_the_commands_for_postgresql_do_what_the_page_says(room):
    if not databases.postgres_available():
        skip_without(POSTGRESQL)
    chapters = [each for each in sections() if each.chapter in ("One machine", ON_POSTGRESQL)]
    printed = type_in(chapters, room, databases.start_cluster())

    assert printed.count("\nready\n") == 3
    assert len(re.findall(r"^backups/\S+ is whole: .* release 1\.", printed, re.MULTILINE)) == 1
    assert len(re.findall(r"^\S+ of \S+ is restored: .* release 1\.$", printed, re.MULTILINE)) == 1


# What only an administrator can do


def for_administrators() -> list[list[str]]:
    """The commands that begin with sudo and act as nobody else."""
    lines = [line for kind, text in FENCED.findall(PAGE) if kind == "sh" for line in text.splitlines()]
    words = [shlex.split(line)[1:] for line in lines if line.startswith("sudo ")]
    return [each for each in words if each[0] != "-u"]


def test_administrators_are_told_to_run_programs_that_are_looked_at_here():
    assert {words[0] for words in for_administrators()} == NOTED


def test_files_that_administrators_copy_are_there():
    copied = [words[1] for words in for_administrators() if words[0] == "cp"]
    assert copied
    assert [name for name in copied if not (PROJECT / name).is_file()] == []


def test_packages_that_administrators_install_are_those_of_the_tests():
    wanted = [name for words in for_administrators() if words[:2] == ["apt-get", "install"] for name in words[2:]]
    known = (PROJECT / ".ci" / "run").read_text(encoding="utf-8")
    assert wanted
    assert [name for name in wanted if not re.search(rf"missing\+=\([^)]*\b{name}\b", known)] == []


def test_the_wheel_that_administrators_install_is_of_this_version():
    first = next(words for words in for_administrators() if words[0].endswith("/pip"))
    assert first[-1] == f"cpd-{version('cpd')}-py3-none-any.whl[postgresql]"


def test_the_services_that_administrators_start_have_units():
    named = {words[-1] for words in for_administrators() if words[0] == "systemctl"} - {"daemon-reload"}
    assert named == {"cpd", "nginx"}


def test_no_block_of_commands_is_left_out():
    assert {kind for kind, _ in FENCED.findall(PAGE)} == {"sh", "cron", "python"}


# The unit


def unit() -> dict[str, dict[str, str]]:
    parser = configparser.ConfigParser(interpolation=None, strict=True)
    parser.optionxform = str
    parser.read_string(UNIT.read_text(encoding="utf-8"))
    return {name: dict(parser[name]) for name in parser.sections()}


def test_the_unit_runs_what_the_page_installs():
    service = unit()["Service"]
    account = next(words for words in for_administrators() if words[0] == "useradd")
    assert service["User"] == account[-1]
    assert service["WorkingDirectory"] == account[account.index("--home-dir") + 1]
    assert service["ReadWritePaths"] == service["WorkingDirectory"]
    assert service["EnvironmentFile"].lstrip("-") in PAGE
    assert service["ExecStart"] == "/opt/cpd/bin/cpd serve"


def test_systemd_accepts_the_unit(room):
    """Where systemd is not installed, its sections and names are still read by the test above."""
    copied = room / "cpd.service"
    text = (
        UNIT.read_text(encoding="utf-8").replace("/srv/cpd", f"{room}/srv/cpd").replace("/opt/cpd", f"{room}/opt/cpd")
    )
    copied.write_text(text, encoding="utf-8")
    assert set(unit()) == {"Unit", "Service", "Install"}
    if shutil.which("systemd-analyze"):
        done = subprocess.run(["systemd-analyze", "verify", copied], capture_output=True, text=True, check=False)
        assert (done.returncode, done.stderr) == (0, "")
