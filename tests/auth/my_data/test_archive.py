"""The files of a copy of one's data, character by character."""

from __future__ import annotations

import io
import json
import re
import zipfile
from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest

from cpd.auth.my_data.archive import Heading, as_json, as_page, as_words, write_archive
from cpd.auth.my_data.owned import Owned
from tests.pages import words_of

HEADING = Heading("Daybook", 7, datetime(2026, 7, 1, 23, 30, 5, tzinfo=UTC), "Europe/London")
THINGS = [
    {"named": "Zoë <b>", "credits": Decimal("1.5"), "learned_on": date(2026, 7, 1), "passed": True, "score": 3},
    {
        "named": None,
        "at": HEADING.made_at,
        "answers": [{"the_question": "Why?", "answer": ["a", None]}],
        "failed": False,
    },
]


def kind(name: str, title: str, things: list[dict[str, Any]]) -> Owned:
    """A kind of thing of account 7; no other account has anything."""
    return Owned("", name, title, lambda account_id: iter(things if account_id == 7 else ()), lambda _: None)


OWNED = [kind("things", "Your things", THINGS), kind("others", "Other things", [])]


@pytest.fixture
def in_app(app):
    with app.app_context():
        yield


def test_the_json_has_a_list_for_each_kind_and_a_line_for_each_thing():
    text = "".join(as_json(OWNED, HEADING))
    assert text == (
        '{\n"site": "Daybook",\n"made_at": "2026-07-01T23:30:05+00:00",\n"things": [\n'
        '  {"named": "Zoë <b>", "credits": "1.50", "learned_on": "2026-07-01", "passed": true, "score": 3},\n'
        '  {"named": null, "at": "2026-07-01T23:30:05+00:00",'
        ' "answers": [{"the_question": "Why?", "answer": ["a", null]}], "failed": false}],\n'
        '"others": []\n}\n'
    )
    assert list(json.loads(text)) == ["site", "made_at", "things", "others"]


def values_in(page: str) -> list[tuple[str, str]]:
    """What a page says, as (name, value)."""
    found = re.findall(r"<dt>(.*?)</dt><dd>(.*?)</dd>", page, re.DOTALL)
    return [(words_of(name), words_of(value)) for name, value in found]


@pytest.mark.usefixtures("in_app")
def test_the_page_says_each_fact_as_people_read_it():
    page = "".join(as_page(OWNED, HEADING))
    assert values_in(page) == [
        ("Named", "Zoë <b>"),
        ("Credits", "1.50"),
        ("Learned on", "1 July 2026"),
        ("Passed", "yes"),
        ("Score", "3"),
        ("Named", "–"),
        ("At", "2 July 2026, 00:30"),
        ("Answers", "The question: Why? Answer: a –"),
        ("Failed", "no"),
    ]
    assert "as it was on 2 July 2026, 00:30." in page
    assert re.findall(r'<a href="#(\w+)">([^<]+)</a>', page) == [("things", "Your things"), ("others", "Other things")]
    assert re.findall(r'<h2 id="(\w+)">([^<]+)</h2>', page) == [("things", "Your things"), ("others", "Other things")]
    assert page.count("Nothing is kept.") == 1


@pytest.mark.usefixtures("in_app")
def test_moments_within_other_facts_are_in_the_zone_of_their_owner_too():
    [thing] = [{"list": [HEADING.made_at], "facts": {"at": HEADING.made_at}}]
    page = "".join(as_page([kind("things", "Your things", [thing])], replace(HEADING, zone="Asia/Tokyo")))
    assert values_in(page) == [("List", "2 July 2026, 08:30"), ("Facts", "At: 2 July 2026, 08:30")]


@pytest.mark.usefixtures("in_app")
def test_what_is_empty_is_a_dash():
    [thing] = [{"text": "", "list": [], "facts": {}, "nothing": None, "zero": 0}]
    page = "".join(as_page([kind("things", "Your things", [thing])], HEADING))
    assert values_in(page) == [("Text", "–"), ("List", "–"), ("Facts", "–"), ("Nothing", "–"), ("Zero", "0")]


@pytest.mark.usefixtures("in_app")
def test_the_words_beside_it_name_the_files_the_time_and_each_kind():
    words = "".join(as_words(OWNED, HEADING))
    assert words.startswith("Your data, 2 July 2026, 00:30\n\nThis is all that Daybook CPD keeps about you")
    assert "\nmy-data.html  to read:" in words
    assert "\nmy-data.json  the same for programs:" in words
    assert "In it:\n- Your things\n- Other things\n" in words


@pytest.mark.usefixtures("in_app")
def test_the_files_are_compressed_of_one_time_for_their_owner_alone_and_may_be_large():
    file = io.BytesIO()
    write_archive(file, OWNED, HEADING)
    with zipfile.ZipFile(file) as archive:
        members = archive.infolist()
        assert archive.read("my-data.json").decode() == "".join(as_json(OWNED, HEADING))
        assert archive.read("my-data.html").decode() == "".join(as_page(OWNED, HEADING))
        assert archive.read("README.txt").decode() == "".join(as_words(OWNED, HEADING))
    assert [member.filename for member in members] == ["my-data.json", "my-data.html", "README.txt"]
    for member in members:
        assert member.date_time == (2026, 7, 1, 23, 30, 4)  # a ZIP keeps every other second
        assert member.compress_type == zipfile.ZIP_DEFLATED
        assert member.external_attr >> 16 == 0o600
        assert member.extract_version == zipfile.ZIP64_VERSION  # more than 4 GB
