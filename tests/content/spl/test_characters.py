"""Unseen characters go, words stay apart where they seem so, and micrograms are mcg."""

import pytest

from cpd.content.source import parse_source
from cpd.content.spl.characters import clean, line


@pytest.mark.parametrize(
    ("text", "printed"),
    [
        ("5\xa0mg", "5 mg"),
        ("5\u202fmg", "5 mg"),
        ("5\u2060mg", "5mg"),
        ("5\ufeffmg", "5mg"),
        ("5\u200bmg", "5mg"),
        ("hepato\xadtoxic", "hepatotoxic"),
        ("hydro\u200bchloride", "hydrochloride"),
        ("one \u200btwo", "one two"),
        ("one\u2028two", "one two"),
        ("patient\x92s", "patient’s"),
        ("2\x963 mg", "2–3 mg"),
        ("\u202egm 5\u202c", "gm 5"),
        ("e\u0301", "é"),
        ("\x7f", ""),
    ],
)
def test_what_nobody_sees_goes_and_words_part_as_they_do_for_the_eye(text, printed):
    assert line(text) == printed


@pytest.mark.parametrize(
    ("text", "printed"),
    [
        ("5 ug", "5 mcg"),
        ("5µg/mL", "5mcg/mL"),
        ("5 μg (as base)", "5 mcg (as base)"),
        ("ug/kg", "mcg/kg"),
        ("a bug", "a bug"),
        ("the hug", "the hug"),
        ("ugly", "ugly"),
        ("5 µmol", "5 µmol"),
        ("5 µL", "5 µL"),
        ("UGT1A1", "UGT1A1"),
    ],
)
def test_micrograms_are_mcg_and_nothing_else_is(text, printed):
    assert line(text) == printed


def test_no_character_of_xml_is_refused_by_the_check_of_content():
    every = "".join(map(chr, [9, 10, 13, *range(0x20, 0xD800), *range(0xE000, 0xFFFE), 0x10000, 0x1F4A9]))
    text = clean(every)
    assert parse_source("x.md", f"---\nname: x\n---\n{text}".encode()).body
