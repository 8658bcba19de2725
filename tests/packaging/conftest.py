"""A release, and an installation of it, made once for the whole run and shared by its workers."""

from __future__ import annotations

import fcntl
import os
import signal
import subprocess
import sys
import sysconfig
import tarfile
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.browser.serving import HOST, LONGEST_START, free_port, wait_until_alive

PROJECT = Path(__file__).resolve().parent.parent.parent
HATCHLING = [sys.executable, "-m", "hatchling", "build"]


@dataclass(frozen=True)
class Release:
    """What a build made."""

    sdist: Path
    wheel: Path


@dataclass(frozen=True)
class Installation:
    """An environment with the wheel in it, for use in a folder of its own."""

    environment: Path
    folder: Path

    def cpd(self, *words: str) -> subprocess.CompletedProcess[str]:
        """Run a command of cpd in the folder."""
        return run([str(self.environment / "bin" / "cpd"), *words], folder=self.folder)

    @contextmanager
    def serving(self) -> Iterator[tuple[str, Path]]:
        """Run `cpd serve` in the folder; gives its address and the file of what it says."""
        port = free_port()
        log = self.folder.parent / f"{self.folder.name}.log"
        with log.open("w", encoding="utf-8") as output:
            server = subprocess.Popen(
                [str(self.environment / "bin" / "cpd"), "serve"],
                cwd=self.folder,
                env=surroundings() | {"CPD_PORT": str(port)},
                stdout=output,
                stderr=subprocess.STDOUT,
            )
            try:
                wait_until_alive(f"http://{HOST}:{port}", server, log)
                yield f"http://{HOST}:{port}", log
            finally:
                server.send_signal(signal.SIGTERM)
                server.wait(timeout=LONGEST_START)


def surroundings() -> dict[str, str]:
    """The variables of this machine, without settings and without ways to find the checkout."""
    return {name: value for name, value in os.environ.items() if not name.startswith(("CPD_", "PYTHON"))}


def run(command: list[str], *, folder: Path, **variables: str) -> subprocess.CompletedProcess[str]:
    environment = surroundings() | variables
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)


def build(project: Path, folder: Path, *options: str, **variables: str) -> None:
    """Build a project with the hatchling of this environment."""
    done = run([*HATCHLING, "--directory", str(folder), *options], folder=project, **variables)
    assert done.returncode == 0, done.stderr


def read(address: str) -> bytes:
    with urllib.request.urlopen(address) as answer:  # noqa: S310  # our own server
        content: bytes = answer.read()
        return content


@pytest.fixture(scope="session")
def once(tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> Callable[[str, Callable[[Path], None]], Path]:
    """Gives a folder that whoever comes first fills, and the other workers of the run wait for."""
    base = tmp_path_factory.getbasetemp()
    shared = base if worker_id == "master" else base.parent

    def once(name: str, fill: Callable[[Path], None]) -> Path:
        folder, done = shared / name, shared / f"{name}.done"
        with (shared / f"{name}.lock").open("w", encoding="ascii") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            if not done.exists():
                folder.mkdir()
                fill(folder)
                done.touch()
        return folder

    return once


@pytest.fixture(scope="session")
def release(once: Callable[[str, Callable[[Path], None]], Path]) -> Release:
    """The sdist and the wheel of this checkout."""
    folder = once("release", lambda folder: build(PROJECT, folder))
    [sdist], [wheel] = folder.glob("*.tar.gz"), folder.glob("*.whl")
    return Release(sdist, wheel)


def unpack(sdist: Path, folder: Path) -> Path:
    """Unpack an sdist; gives its project folder."""
    with tarfile.open(sdist) as archive:
        archive.extractall(folder, filter="data")
    [project] = folder.iterdir()
    return project


@pytest.fixture(scope="session")
def environment(once: Callable[[str, Callable[[Path], None]], Path], release: Release) -> Path:
    """A virtual environment with the wheel, and the packages of the test environment but not its checkout.

    A path in a .pth file is searched, but the .pth files within it, such as the one that names the checkout, are not
    read.
    """

    def fill(folder: Path) -> None:
        made = run([sys.executable, "-m", "venv", "--without-pip", str(folder)], folder=folder)
        assert made.returncode == 0, made.stderr
        python = str(folder / "bin" / "python")
        packages = run([python, "-c", "import sysconfig; print(sysconfig.get_path('purelib'))"], folder=folder)
        others = {sysconfig.get_path("purelib"), sysconfig.get_path("platlib")}
        Path(packages.stdout.strip(), "others.pth").write_text("\n".join(sorted(others)), encoding="utf-8")
        pip = [sys.executable, "-m", "pip", "--python", python, "install", "--quiet", "--no-deps", "--no-index"]
        installed = run([*pip, str(release.wheel)], folder=folder)
        assert installed.returncode == 0, installed.stderr

    return once("environment", fill)


@pytest.fixture
def installation(environment: Path, tmp_path: Path) -> Installation:
    """The installed wheel, and an empty folder to use it in."""
    folder = tmp_path / "empty"
    folder.mkdir()
    return Installation(environment, folder)
