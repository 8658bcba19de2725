"""The search of all logs of a run finds what is private, wherever it stands."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.logs import Noted, find_private

PROJECT = Path(__file__).parents[1]

TOKEN = "m1NUhAmXNr1nHbKoYAaIDO0qK1k-o3bM_j2Tl1cW0YQ"
SEAL = "0123456789abcdef" * 4


def finds(text: str, *values: str, paths: tuple[str, ...] = ()) -> list[str]:
    return [str(find) for find in find_private([("serve.log", text)], dict.fromkeys(values, "field password"), paths)]


def test_a_private_value_is_found_with_its_place_and_is_not_repeated():
    text = 'first\n{"message":"typed seven quiet herons"}\n'
    assert finds(text, "seven quiet herons") == ["serve.log:2: field password"]


def test_a_value_is_found_in_the_way_json_writes_it():
    assert finds('{"message":"caf\\u00e9 \\"au lait\\""}', 'caf\u00e9 "au lait"')


def test_what_only_looks_alike_is_not_found():
    assert finds("seven quiet heron\n", "seven quiet herons") == []


@pytest.mark.parametrize("token", [TOKEN, SEAL])
@pytest.mark.parametrize("around", ["{}", '"path":"/x/{}"', "cpd_session=a.{};", " {}\n"])
def test_whatever_has_the_shape_of_a_token_is_found(token, around):
    assert finds(around.format(token)) == ["serve.log:1: something like a token"]


@pytest.mark.parametrize(
    "text",
    [TOKEN + "x", SEAL + "0", SEAL[1:], TOKEN.lower(), "a-slug-of-exactly-forty-three-characters-ok"],
    ids=["longer", "longer digest", "shorter", "without capitals", "slug"],
)
def test_other_words_are_no_tokens(text):
    assert finds(f"/modules/{text} ") == []


def test_a_value_that_a_test_put_into_a_path_is_not_sought():
    assert finds("GET /seven quiet herons", "seven quiet herons", paths=("/seven quiet herons",)) == []


@pytest.mark.parametrize("value", ["short", "xxxxxxxxxxxxxxx", "", "undefined"])
def test_what_may_stand_in_a_log_by_chance_is_not_noted(value):
    noted = Noted()
    noted.add("field password", value)
    assert noted.values == {}


TYPING = """
import logging

from flask import Flask, request

app = Flask("any")

@app.post("/")
def start():
    return request.form["email"], {"Set-Cookie": "__Host-cpd_session=abcdefghijklmno; HttpOnly"}

def type_in():
    typed = {"csrf_token": "a token of a form", "email": "leak@example.org", "password": "what nobody else types"}
    app.test_client().post("/", data=typed)
    return typed

@app.get("/auth/two-factor/app")
def app_to_be_set_up():
    shown = "<p>JBSW Y3DP EHPK 3PXP JBSW Y3DP EHPK 3PXP</p><li>7k3m9-x2pqr</li>"
    return shown, {"Set-Cookie": "cpd_sign_in=half-way-in"}

def test_typing():
    type_in()

def test_a_mail_that_names_its_reader_and_carries_a_link(tmp_path):
    link = "m1NUhAmXNr1nHbKoYAaIDO0qK1k-o3bM_j2Tl1cW0YQ"
    (tmp_path / "1.eml").write_text(f"To: {type_in()['email']}\\n\\nPress https://example.org/auth/reset?t={link}\\n")
"""
LEAKS = """
def test_a_record():
    logging.getLogger("any").warning("typed %s", type_in()["password"])

def test_a_token():
    logging.getLogger("any").error("sent %s", type_in()["csrf_token"])

def test_a_line_of_a_server(tmp_path):
    (tmp_path / "serve.log").write_text(type_in()["email"])

def test_a_cookie(tmp_path):
    type_in()
    (tmp_path / "cookie.log").write_text("abcdefghijklmno")

def test_what_a_page_showed(tmp_path):
    app.test_client().get("/auth/two-factor/app")
    (tmp_path / "app.log").write_text("secret JBSW Y3DP EHPK 3PXP JBSW Y3DP EHPK 3PXP")
    (tmp_path / "codes.log").write_text("code 7k3m9-x2pqr")
    (tmp_path / "half.log").write_text("cookie half-way-in")

def test_a_password_in_a_mail(tmp_path):
    text = "what nobody else=20types".encode()
    (tmp_path / "2.eml").write_bytes(b"Content-Transfer-Encoding: quoted-printable\\n\\nYour password: " + text)
    type_in()
"""


@pytest.fixture
def run(tmp_path):
    """Runs tests of the given text; what they leave is removed, since this run is searched too."""

    def run(text: str, *, workers: int) -> subprocess.CompletedProcess[str]:
        (tmp_path / "test_leaks.py").write_text(text, encoding="utf-8")
        command = [sys.executable, "-m", "pytest", "-c", PROJECT / "pyproject.toml", "-n", str(workers)]
        inherited = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST")}
        return subprocess.run(
            [*command, tmp_path],
            cwd=PROJECT,
            env=inherited | {"TMPDIR": str(tmp_path)},
            capture_output=True,
            text=True,
            check=False,
        )

    yield run
    shutil.rmtree(tmp_path)


def test_a_run_whose_logs_hold_something_private_fails_and_says_where(run):
    done = run(TYPING + LEAKS, workers=2)
    assert done.returncode == pytest.ExitCode.TESTS_FAILED, done.stdout + done.stderr
    assert "8 passed" in done.stdout
    for what in (
        r"\d+\.log:\d+: field password",
        r"\d+\.log:\d+: field csrf_token",
        r"test_a_line_of_a_server\w*/serve\.log:1: field email",
        r"test_a_cookie\w*/cookie\.log:1: cookie __Host-cpd_session",
        r"test_what_a_page_showed\w*/app\.log:1: shown secret",
        r"test_what_a_page_showed\w*/codes\.log:1: shown secret",
        r"test_what_a_page_showed\w*/half\.log:1: cookie cpd_sign_in",
        r"test_a_password_in_a_mail\w*/2\.eml:\d+: field password",
    ):
        assert re.search(what, done.stdout), what
    assert "1.eml" not in done.stdout


def test_a_run_whose_logs_hold_nothing_private_passes_and_leaves_no_logs(run, tmp_path):
    done = run(TYPING, workers=0)
    assert done.returncode == pytest.ExitCode.OK, done.stdout + done.stderr
    assert not list(tmp_path.glob("cpd-logs-*"))
