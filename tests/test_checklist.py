"""docs/flask-security-checklist.md: each of their tests has a verdict, and each test of ours that is named is there."""

from __future__ import annotations

import re

import pytest

from tests.links import PROJECT, TEST, dead_links, missing_tests

PAGE = PROJECT / "docs" / "flask-security-checklist.md"
TEXT = PAGE.read_text(encoding="utf-8")
FILES = {
    name: (int(count), re.findall(r"^\| (`.+) \| (.+) \|$", rows, re.MULTILINE))
    for name, count, rows in re.findall(r"^## (test_\w+\.py) \((\d+)\)\n(.*?)(?=^## )", TEXT, re.MULTILINE | re.DOTALL)
}
REASONS = dict(re.findall(r"^\| ([^`|]+) \| (.+) \|$", TEXT.partition("## Reasons")[2], re.MULTILINE))


def theirs(rows: list[tuple[str, str]]) -> list[str]:
    return [name for names, _ in rows for name in re.findall(r"`(\w+)`", names)]


@pytest.mark.parametrize("name", FILES)
def test_as_many_stand_there_as_the_file_has_and_each_once(name):
    count, rows = FILES[name]
    assert len(theirs(rows)) == len(set(theirs(rows))) == count


@pytest.mark.parametrize("name", FILES)
def test_each_is_taken_with_a_test_of_ours_or_refused_with_a_reason(name):
    for names, verdict in FILES[name][1]:
        kind, _, rest = verdict.partition(": ")
        assert kind in ("taken", "refused"), names
        assert TEST.search(rest) if kind == "taken" else rest in REASONS, names


def test_the_sums_at_the_top_are_those_of_the_lines():
    all_rows = [row for _, rows in FILES.values() for row in rows]
    taken = len(theirs([row for row in all_rows if row[1].startswith("taken")]))
    total = len(theirs(all_rows))
    assert total == 656
    assert f"Of {total} tests {taken} are taken and {total - taken} refused." in TEXT


def test_every_reason_is_used_and_is_a_sentence():
    used = set(re.findall(r"\| refused: (.+) \|$", TEXT, re.MULTILINE))
    assert used == REASONS.keys() - {"Reason", "---"}
    assert all(text.endswith(".") for reason, text in REASONS.items() if reason in used)


def test_every_test_of_ours_that_is_named_is_there():
    assert missing_tests(TEXT) == []


def test_every_link_leads_somewhere():
    assert dead_links(PAGE) == []
