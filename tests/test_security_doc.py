"""docs/security.md and SECURITY.md: nothing is left out, and every link leads to a test or page that is there."""

from __future__ import annotations

import re

import pytest
from sqlalchemy import func, select

from cpd import paths
from cpd.auth.models import Account
from cpd.db import db
from tests.links import LINK, PROJECT, TEST, dead_links, missing_tests
from tests.web.addresses import changes, pages

PAGE = PROJECT / "docs" / "security.md"
TEXT = PAGE.read_text(encoding="utf-8")
# Chapter by chapter, every requirement of levels 1 and 2 of OWASP ASVS 5.0.
REQUIRED = {
    "V3": {2: (1, 2), 3: (1, 2, 3, 4), 4: (1, 2, 3, 4, 5, 6), 5: (1, 2, 3, 4, 5), 7: (1, 2)},
    "V6": {
        1: (1, 2, 3),
        2: range(1, 13),
        3: (1, 2, 3, 4),
        4: (1, 2, 3, 4),
        5: (1, 2, 3, 4, 5),
        6: (1, 2, 3),
        8: (1, 2, 3, 4),
    },
    "V7": {1: (1, 2, 3), 2: (1, 2, 3, 4), 3: (1, 2), 4: (1, 2, 3, 4, 5), 5: (1, 2), 6: (1, 2)},
    "V8": {1: (1, 2), 2: (1, 2, 3), 3: (1,), 4: (1,)},
    "V9": {1: (1, 2, 3), 2: (1, 2, 3, 4)},
}
ROWS = re.findall(r"^\| ([0-9.]+) \| (.+) \| (.*) \|$", TEXT, re.MULTILINE)


def chapter(name: str) -> str:
    found = re.search(rf"^## {name} .*?(?=^## |\Z)", TEXT, re.MULTILINE | re.DOTALL)
    assert found
    return found[0]


@pytest.mark.parametrize("name", REQUIRED)
def test_every_requirement_of_a_chapter_has_its_line_once_and_in_order(name):
    wanted = [f"{name[1:]}.{section}.{number}" for section, numbers in REQUIRED[name].items() for number in numbers]
    assert re.findall(r"^\| ([0-9.]+) \|", chapter(name), re.MULTILINE) == wanted


@pytest.mark.parametrize(("number", "done", "shown"), ROWS, ids=[row[0] for row in ROWS])
def test_every_line_says_what_is_done_and_leads_to_what_shows_it(number, done, shown):
    assert len(done) > 10
    assert TEST.search(shown) or LINK.search(shown), number
    assert TEST.search(shown) or done.startswith("Not applicable: "), number


def test_every_test_that_is_named_is_there():
    assert missing_tests(TEXT) == []


@pytest.mark.parametrize("name", ["docs/security.md", "SECURITY.md"])
def test_every_link_leads_to_a_page_and_heading(name):
    assert dead_links(PROJECT / name) == []


def test_links_that_lead_nowhere_are_found(tmp_path):
    page = tmp_path / "page.md"
    page.write_text("# One\n\n[a](#one) [b](#two) [c](page.md#one) [d](other.md) [e](https://example.org/x)\n")
    assert dead_links(page) == ["#two", "other.md"]
    assert missing_tests("`tests/test_no_such.py` `tests/links.py::test_x` `tests/test_security_doc.py`") == [
        "tests/test_no_such.py",
        "tests/links.py::test_x",
    ]


# What no other test shows.


def test_no_answer_lets_another_origin_read_it(app, client, publish, sign_in):
    publish("sepsis")
    sign_in()
    origin = {"Origin": "https://evil.test", "Access-Control-Request-Method": "POST"}
    answers = [client.get(path, headers=origin, buffered=True) for path in pages(app)]
    answers += [client.options(path, headers=origin) for path in pages(app)]
    answers += [client.open(path, method=method, headers=origin) for method, path in changes(app)]
    assert len(answers) > 40
    for answer in answers:
        assert not [name for name, _ in answer.headers if name.lower().startswith("access-control-")], (
            answer.request.path
        )


def test_no_script_of_ours_listens_to_messages_or_draws_markup():
    scripts = sorted((paths.PACKAGE / "static").glob("*.js"))
    assert scripts
    for script in scripts:
        text = script.read_text(encoding="utf-8")
        found = re.findall(
            r"postMessage|[\"']message[\"']|innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\(|localStorage",
            text,
        )
        assert found == [], script.name


def test_a_new_installation_has_no_account(app):
    with app.app_context():
        assert db.session.scalar(select(func.count()).select_from(Account)) == 0


def test_every_page_of_who_is_signed_in_offers_to_sign_out(app, client, publish, sign_in):
    publish("sepsis")
    sign_in()
    seen = 0
    for path in pages(app):
        answer = client.get(path, buffered=True)
        if answer.status_code == 200 and "<!doctype html>" in answer.text:
            seen += 1
            assert 'action="/auth/sign-out"' in answer.text, path
    assert seen >= 10
