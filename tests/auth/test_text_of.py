"""How typed text is cleaned before anything else sees it."""

import pytest

from cpd.forms import text_of


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        (None, ""),
        ("", ""),
        ("  a  b ", "a b"),
        ("a\tb", "a b"),
        ("a\nb\r\nc", "a b c"),
        ("a\x00b", "ab"),
        ("a\x1b[31mb", "a[31mb"),
        ("a\x85b\x9fc", "abc"),
        ("a\ud800b", "ab"),
        ("e\u0301", "\u00e9"),
        ("\u202eevil\u202c", "evil"),
        ("\u2066a\u2069", "a"),
        ("a\u00a0b", "a b"),
        ("\u3000a\u3000", "a"),
        ("=1+1", "=1+1"),
        ("<b>&amp;", "<b>&amp;"),
        ("\U0001f469\u200d\u2695\ufe0f", "\U0001f469\u200d\u2695\ufe0f"),
        ("مرحبا", "مرحبا"),
    ],
)
def test_a_line_is_cleaned(typed, kept):
    assert text_of(typed) == kept


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("a\r\nb\rc\nd", "a\nb\nc\nd"),
        ("\n\n a \n\n b \n\n", "a\n\n b"),
        ("a  b\tc", "a b c"),
        ("a\x00\nb", "a\nb"),
    ],
)
def test_line_breaks_are_kept_where_lines_are_wanted(typed, kept):
    assert text_of(typed, lines=True) == kept


@pytest.mark.parametrize("typed", ["  a\x00 ", "e\u0301\u202e ", "\ud800", "a\r\n b", "\u200b \u00a0"])
def test_cleaning_twice_changes_nothing_more(typed):
    once = text_of(typed)
    assert text_of(once) == once
