"""What a fresh machine relies on: lock files, the Makefile, browser assets, and the tools of the tests."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import tomllib
from pathlib import Path

import psycopg
import pytest

from scripts import vendor
from tests import databases
from tests.browser_tools import find_chromium
from tests.did_not_run import POSTGRESQL, skip_without
from tests.links import anchors_of

PROJECT = Path(__file__).resolve().parent.parent
LOCKS = sorted((PROJECT / "requirements").glob("*.txt"))
PINNED = re.compile(r"^([\w.-]+)==([\w.]+)", re.MULTILINE)


def pinned(lock: str) -> dict[str, str]:
    return dict(PINNED.findall((PROJECT / "requirements" / f"{lock}.txt").read_text(encoding="utf-8")))


@pytest.mark.parametrize("lock", LOCKS, ids=lambda lock: lock.name)
def test_every_locked_package_has_its_hashes(lock):
    requirements = re.split(r"\n(?=\w)", lock.read_text(encoding="utf-8").partition("\n")[2])

    assert requirements
    assert [text.split()[0] for text in requirements if "==" not in text or "--hash=sha256:" not in text] == []


@pytest.mark.parametrize("lock", [*LOCKS, PROJECT / "package-lock.json"], ids=lambda lock: lock.name)
def test_no_lock_file_says_where_packages_come_from(lock):
    assert "://" not in lock.read_text(encoding="utf-8")


def test_every_dependency_is_locked():
    project = tomllib.loads((PROJECT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    extras = project["optional-dependencies"]
    wanted = [*project["dependencies"], *extras["postgresql"], *extras["single-sign-on"]]

    names = {re.match(r"[\w-]+", requirement)[0] for requirement in wanted}
    assert names - pinned("run").keys() == set()


def test_tests_run_on_the_versions_that_serve():
    tested = pinned("dev")
    assert {name: tested.get(name) for name in pinned("run")} == pinned("run")


def test_every_package_of_npm_has_its_sum():
    packages = json.loads((PROJECT / "package-lock.json").read_text(encoding="utf-8"))["packages"]
    assert [name for name, package in packages.items() if name and "integrity" not in package] == []


@pytest.mark.parametrize("linked", re.findall(r"\]\((.+?)\)", (PROJECT / "README.md").read_text(encoding="utf-8")))
def test_the_readme_links_to_pages_that_exist(linked):
    page, _, anchor = linked.partition("#")
    assert (PROJECT / page).is_file()
    assert not anchor or anchor in anchors_of(PROJECT / page)


# Browser assets


@pytest.fixture
def checkout(tmp_path):
    """A project with one asset and one icon, its npm packages installed."""
    for package, licence in (("htmx.org", "0BSD"), ("lucide-static", "ISC")):
        facts = {"version": "1.2.3", "homepage": f"https://{package}.example.org/", "license": licence}
        put(tmp_path, f"node_modules/{package}/package.json", json.dumps(facts))
        put(tmp_path, f"node_modules/{package}/LICENSE", f"{licence} in full")
    put(tmp_path, "node_modules/htmx.org/htmx.js", "htmx")
    put(tmp_path, "node_modules/lucide-static/icons/pill.svg", '<svg\n width="24">\n  <path d="m1 1" />\n</svg>\n')
    brought = {
        "htmx.js": "htmx.org/htmx.js",
        "licences/htmx.txt": "htmx.org/LICENSE",
        "licences/lucide.txt": "lucide-static/LICENSE",
    }
    wanted = {
        "files": {name: {"from": origin} for name, origin in brought.items()},
        "icons": {"symbols": {"drug": "pill"}},
        "notices": {"copyright": {"htmx.org": "Nobody"}},
    }
    put(tmp_path, vendor.LIST, json.dumps(wanted))
    vendor.accept(tmp_path)
    return tmp_path


ASSETS = ["htmx.js", "icons.svg", "licences", "licences.txt"]


def put(folder: Path, name: str, text: str) -> None:
    (folder / name).parent.mkdir(parents=True, exist_ok=True)
    (folder / name).write_text(text, encoding="utf-8")


def names_in(folder: Path) -> list[str]:
    return sorted(entry.name for entry in folder.iterdir())


def test_assets_are_the_listed_files_and_one_sprite(checkout):
    vendor.bring(checkout)

    assert names_in(checkout / vendor.TARGET) == ASSETS
    assert (checkout / vendor.TARGET / "htmx.js").read_text() == "htmx"
    assert (
        '<symbol id="drug" viewBox="0 0 24 24"><path d="m1 1" /></symbol>'
        in (checkout / vendor.TARGET / "icons.svg").read_text()
    )


def test_beside_the_assets_stands_which_package_each_is_from_and_under_which_licence(checkout):
    vendor.bring(checkout)

    told = (checkout / vendor.TARGET / vendor.NOTICES).read_text(encoding="utf-8")
    htmx, lucide = (part.splitlines() for part in told.split("\n\n")[1:])
    assert htmx[0] == "htmx.org 1.2.3"
    assert htmx[1:3] == ["Source: https://htmx.org.example.org/", "Licence: 0BSD, see licences/htmx.txt"]
    assert htmx[3:] == ["Copyright: Nobody", "Files: htmx.js"]
    assert lucide[2:] == ["Licence: ISC, see licences/lucide.txt", "Copyright: see there", "Files: icons.svg"]
    assert (checkout / vendor.TARGET / "licences/htmx.txt").read_text() == "0BSD in full"


def test_a_package_whose_licence_is_not_brought_stops_the_set_up(checkout):
    wanted = vendor.read_list(checkout)
    del wanted["files"]["licences/htmx.txt"]
    put(checkout, vendor.LIST, json.dumps(wanted))

    with pytest.raises(vendor.Stop, match=r"brings files of htmx\.org without its licence"):
        vendor.bring(checkout)


def test_a_file_that_differs_from_its_sum_stops_the_set_up_and_leaves_the_old_ones(checkout):
    vendor.bring(checkout)
    put(checkout, f"{vendor.TARGET}/htmx.js", "an older one")
    put(checkout, "node_modules/htmx.org/htmx.js", "something else")

    with pytest.raises(vendor.Stop, match=r"htmx\.js is not the file that scripts/vendor\.json lists"):
        vendor.bring(checkout)

    assert (checkout / vendor.TARGET / "htmx.js").read_text() == "an older one"


def test_a_package_without_a_listed_file_stops_the_set_up(checkout):
    (checkout / "node_modules/lucide-static/icons/pill.svg").unlink()

    with pytest.raises(vendor.Stop, match=r"no file lucide-static/icons/pill\.svg"):
        vendor.bring(checkout)


def test_assets_that_are_there_are_not_brought_again(checkout):
    vendor.bring(checkout)
    shutil.rmtree(checkout / "node_modules")

    vendor.bring(checkout)

    assert names_in(checkout / vendor.TARGET) == ASSETS


def test_bringing_assets_mends_a_folder_that_was_changed_and_leaves_nothing_beside_it(checkout):
    vendor.bring(checkout)
    put(checkout, f"{vendor.TARGET}/stray.js", "stray")

    vendor.bring(checkout)

    assert names_in(checkout / vendor.TARGET) == ASSETS
    assert names_in((checkout / vendor.TARGET).parent) == ["vendor"]


def test_accepting_takes_the_installed_files_into_the_list(checkout):
    put(checkout, "node_modules/htmx.org/htmx.js", "a newer one")

    vendor.accept(checkout)
    vendor.bring(checkout)

    assert (checkout / vendor.TARGET / "htmx.js").read_text() == "a newer one"


def test_every_icon_that_a_template_names_is_in_the_sprite():
    templates = (PROJECT / "templates").rglob("*.html")
    named = {name for file in templates for name in re.findall(r"""\bicon\(['"]([\w-]+)""", file.read_text())}

    assert named
    assert named - vendor.read_list(PROJECT)["icons"]["symbols"].keys() == set()


def test_every_font_that_the_stylesheet_names_is_brought():
    named = set(re.findall(r"url\([\"']?vendor/([^\"')?]+)", (PROJECT / "cpd/static/app.css").read_text()))

    assert named
    assert named - vendor.listed_sums(vendor.read_list(PROJECT)).keys() == set()


# What npm installs


@pytest.fixture
def npm(tmp_path, monkeypatch):
    """Stands in for npm: notes what it is told, and says that all of it is installed. Two packages are listed."""
    packages = {"": {}, "a": {"integrity": "sha512-a"}, "b": {"integrity": "sha512-b", "dev": True}}
    put(tmp_path, "package-lock.json", json.dumps({"packages": packages}))
    said = tmp_path / "told"
    put(tmp_path, "bin/npm", f'#!/bin/sh\necho "$@" >> {said}\nexit ${{NPM_ENDS:-0}}\n')
    (tmp_path / "bin/npm").chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}{os.pathsep}{os.environ['PATH']}")

    def install(*names: str, dev: bool) -> list[str]:
        there = {name: packages.get(name, {"integrity": f"sha512-{name}"}) for name in ("", *names)}
        put(tmp_path, "node_modules/.package-lock.json", json.dumps({"packages": there}))
        said.write_text("")
        vendor.install_packages(tmp_path, dev=dev)
        return said.read_text().split()

    return install


def test_serving_needs_no_package_of_the_tests(npm):
    assert npm(dev=False)[0] == "ci"
    assert "--omit=dev" in npm(dev=False)
    assert "--omit=dev" not in npm("a", dev=True)


@pytest.mark.parametrize(
    ("there", "dev", "asks"),
    [
        (["a"], False, False),
        (["a", "b"], False, False),
        (["a", "b"], True, False),
        (["a"], True, True),
        (["b"], False, True),
        (["a", "b", "former"], True, True),
        (["a", "former"], False, True),
    ],
    ids=str,
)
def test_npm_is_asked_only_for_what_is_not_there(npm, there, dev, asks):
    told = npm(*there, dev=dev)
    assert bool(told) == asks
    assert not asks or "--ignore-scripts" in told


def test_a_package_with_another_sum_is_installed_anew(npm, tmp_path):
    npm("a", dev=False)
    put(tmp_path, "package-lock.json", json.dumps({"packages": {"a": {"integrity": "sha512-newer"}}}))
    vendor.install_packages(tmp_path, dev=False)
    assert (tmp_path / "told").read_text().startswith("ci ")


def test_npm_that_fails_stops_the_set_up(npm, monkeypatch):
    monkeypatch.setenv("NPM_ENDS", "3")
    with pytest.raises(vendor.Stop, match="it ended with status 3"):
        npm(dev=False)


# Makefile


@pytest.fixture
def makefile(tmp_path):
    shutil.copy(PROJECT / "Makefile", tmp_path)
    return lambda *words: subprocess.run(["make", *words], cwd=tmp_path, capture_output=True, text=True, check=False)


def test_make_help_lists_what_can_be_made(makefile):
    listed = re.findall(r"^  make (\S+) +\S", makefile("help").stdout, re.MULTILINE)
    assert {"run", "test", "test-slow", "check", "clean", "lock", "help"} <= set(listed)


@pytest.mark.parametrize("python", ["false", "no-such-python"], ids=["too old", "not there"])
def test_a_python_that_will_not_do_is_refused_with_a_sentence(makefile, tmp_path, python):
    refused = makefile("run", f"PYTHON={python}")

    assert refused.returncode != 0
    assert "Python 3.11 or newer is needed." in refused.stderr
    assert names_in(tmp_path) == ["Makefile"]


def test_clean_removes_what_was_made_and_nothing_else(makefile, tmp_path):
    for made in (".venv", "node_modules", "cpd/static/vendor", "instance", "cpd/__pycache__", ".pytest_cache"):
        put(tmp_path, f"{made}/file", "made")
    put(tmp_path, "cpd/static/app.css", "ours")

    makefile("clean")

    left = {file.relative_to(tmp_path).as_posix() for file in tmp_path.rglob("*") if file.is_file()}
    assert left == {"Makefile", "cpd/static/app.css"}


@pytest.mark.slow
def test_a_checkout_that_was_moved_gets_a_new_environment(makefile, tmp_path):
    makefile(".venv/place", f"PYTHON={sys.executable}")
    put(tmp_path, ".venv/place", "/where/it/was/before")
    put(tmp_path, ".venv/run.stamp", "")

    makefile(".venv/place", f"PYTHON={sys.executable}")

    assert (tmp_path / ".venv/place").read_text().strip() == str(tmp_path)
    assert not (tmp_path / ".venv/run.stamp").exists()


# Tests that did not run


@pytest.fixture
def run_lacking_chromium(tmp_path):
    """Run pytest on one test that passes and one that lacks Chromium."""
    put(
        tmp_path,
        "test_pages.py",
        "from tests.did_not_run import CHROMIUM, skip_without\n"
        "def test_in_a_browser(): skip_without(CHROMIUM)\n"
        "def test_without_one(): pass\n",
    )
    surroundings = {name: value for name, value in os.environ.items() if name not in {"CI", "CPD_REQUIRE_ALL"}}

    def run(*words: str, **settings: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "pytest", "-p", "tests.did_not_run", *words]
        environment = surroundings | {"PYTHONPATH": str(PROJECT)} | settings
        return subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)

    return run


@pytest.mark.parametrize("words", [[], ["-n", "2"]], ids=["in one process", "in two workers"])
def test_a_run_ends_by_saying_what_did_not_run_and_how_to_install_it(run_lacking_chromium, words):
    run = run_lacking_chromium(*words)

    assert run.returncode == 0
    assert "Chromium is missing, so these did not run: 1" in run.stdout
    assert "test_pages.py: 1" in run.stdout
    assert re.search(r"^To run them, install it with: .*chromium$", run.stdout, re.MULTILINE)


@pytest.mark.parametrize("setting", [{"CI": "true"}, {"CPD_REQUIRE_ALL": "1"}], ids=str)
def test_a_run_that_must_be_whole_fails_if_a_test_did_not_run(run_lacking_chromium, setting):
    assert run_lacking_chromium(**setting).returncode == 1


def test_a_whole_run_says_nothing_about_missing_programs(run_lacking_chromium):
    run = run_lacking_chromium("-k", "test_without_one", CPD_REQUIRE_ALL="1")

    assert run.returncode == 0
    assert "is missing" not in run.stdout


def test_the_browser_named_by_a_setting_comes_first(monkeypatch, tmp_path):
    put(tmp_path, "my-chromium", "#!/bin/sh\n")
    (tmp_path / "my-chromium").chmod(0o755)
    monkeypatch.setenv("CPD_CHROMIUM", str(tmp_path / "my-chromium"))

    assert find_chromium() == str(tmp_path / "my-chromium")


def test_a_setting_that_names_no_browser_is_an_error(monkeypatch, tmp_path):
    monkeypatch.setenv("CPD_CHROMIUM", str(tmp_path / "nothing"))

    with pytest.raises(FileNotFoundError, match="which is not a program"):
        find_chromium()


# PostgreSQL for tests


@pytest.fixture
def cluster():
    """A cluster of its own, so that stopping it disturbs no other test."""
    binaries = databases.find_binaries()
    if binaries is None:
        skip_without(POSTGRESQL)
    # Not in tmp_path: where root runs the tests, another account runs the cluster, and it may not look in there.
    cluster = databases.Cluster(Path(tempfile.mkdtemp(prefix="cpd-postgresql-")))
    databases.make_cluster(binaries, cluster.folder)
    yield cluster
    cluster.stop()


def ask(cluster: databases.Cluster, database: str, statement: str) -> list[tuple[object, ...]]:
    url = cluster.url(database).replace("postgresql+psycopg", "postgresql")
    with psycopg.connect(url) as connection:
        answer = connection.execute(statement)
        return answer.fetchall() if answer.description else []


@pytest.mark.slow
def test_databases_are_copied_from_a_template_that_is_filled_once(cluster):
    filled = []

    def fill(url: str) -> None:
        filled.append(url)
        ask(cluster, "pattern", "CREATE TABLE module (slug text)")

    for name in ("first", "second"):
        cluster.create(name, cluster.template("pattern", fill))
    ask(cluster, "first", "INSERT INTO module VALUES ('sepsis')")

    assert filled == [cluster.url("pattern")]
    assert ask(cluster, "first", "SELECT slug FROM module") == [("sepsis",)]
    assert ask(cluster, "second", "SELECT slug FROM module") == []


@pytest.mark.slow
def test_stopping_a_cluster_ends_its_process_and_removes_its_folder(cluster):
    process = cluster.process

    cluster.stop()

    with pytest.raises(ProcessLookupError):
        os.kill(process, 0)
    assert not cluster.folder.exists()
