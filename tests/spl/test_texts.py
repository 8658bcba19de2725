"""A text of a label keeps its words, numbers, tables and notes, and shows every sign as itself."""

from __future__ import annotations

import re
from collections.abc import Iterator
from xml.sax.saxutils import escape

import pytest

from tests.spl.importing import Drug
from tests.spl.labels import label, paragraphs, section
from tests.spl.reading import DOSAGE, USE, WARNINGS, words
from tests.spl.shown import rows_of, tree_of, words_of


def with_text(text: str, *, code: str = "34068-7", title: str = "DOSAGE AND ADMINISTRATION") -> str:
    return label(section(code, title, text))


def shown(drug: Drug, heading: str = DOSAGE) -> str:
    return drug.html(heading)


# Signs that mean something to Markdown, HTML, YAML or our own dialect

SIGNS = (
    *("*a*", "**a**", "***", "* a", "2 * 3 * 4", "_a_", "__init__", "a_b_c", "`a`", "``a``", "```", "~~~", "~~a~~"),
    *("# One", "## Two", "### Three", "####### Seven", "#", "#1", "> quote", ">", ">10 mg", "<5 mg", "p<0.05", "a<b>c"),
    *("- item", "+ item", "-", "+", "1. One", "1) One", "10. Ten", "1.", "1986. A year", "(1) One", "a. One", "- - x"),
    *("---", "- - -", "===", "=", "___", "--", "-- dash", "| a | b |", "a | b", "|---|---|", "---|---", "|", ": x"),
    *("[a]", "[a](b)", "[a](https://example.org)", "[a][b]", "[a]: https://example.org", "[^1]", "[^1]: note", "[ ]"),
    *("![a](b.png)", "![a]", "!!! warning", '!!! red-flag "x"', "!!!", "*[AB]: meaning", "AB", "[TOC]", "{: .a}", "{}"),
    *("<b>a</b>", "<script>a</script>", "<!-- a -->", "<br>", "</td>", "</div>", "<a href='x'>b</a>", "<img src=x>"),
    *("<", ">", "&", "&amp;", "&lt;", "&nbsp;", "&copy;", "&#42;", "&#x3c;b&#x3e;", "a & b", "A&B", "&;", "<>", "</>"),
    *("\\", "\\*", "a\\", "\\\\", "C:\\dir", "\\`", "\\<b>", "a\\_b", "$a$", "$$", "x^2^", "H~2~O", "==a==", "++a++"),
    *("https://example.org/a_b_c_d", "www.example.org", "a@example.org", "<https://example.org>", "<a@example.org>"),
    *("klzzwxh:0001", "wzxhzdk:0", "Term", "key: value", "'single'", '"double"', "5'-AMP", "“curly”", "a…b", "½ ¼"),
    *("=== ", "a  ", "%20", "100%", "±5", "≥3", "−1", "×10", "→", "†", "‡", "§", "¶", "™", "®", "°C", "α", "β-1b"),
    *("0.5 mg", ".5 mg", "1.0 mg", "1,000 mg", "1 000 mg", "5-10 mg", "5 – 10 mg", "1/2", "n=5", "10^9", "30 mL/min"),
    *(
        "Note: ",
        "TODO",
        "## Assessment",
        "- [ ] box",
        "- [x] box",
        "= 5 mg ± 1",
        "q1",
        "none",
        "None",
        "null",
        "\u2020a",
    ),
)


def each_in(place: str) -> str:
    return "".join(place.replace("@", escape(each)) for each in SIGNS)


PLACES = {
    "a paragraph": ("<paragraph>@</paragraph>", ""),
    "the middle of a paragraph": ("<paragraph>Take @ now.</paragraph>", ""),
    "bold": ('<paragraph><content styleCode="bold">@</content> x</paragraph>', ""),
    "underlined in a word": ('<paragraph>x<content styleCode="underline">@</content>x</paragraph>', ""),
    "italics with spaces": ('<paragraph>x <content styleCode="italics"> @ </content> x</paragraph>', ""),
    "after a break": ("<paragraph>x<br/>@<br/>@</paragraph>", ""),
    "an item": ("<item>@</item>", "list"),
    "a paragraph in an item": ("<item><paragraph>@</paragraph><paragraph>@</paragraph></item>", "list"),
    "a numbered item": ("<item>@</item>", "ordered"),
    "an item in an item": ("<item>x<list><item>@</item></list></item>", "list"),
    "a cell": ("<tr><td>@</td><td>x @ x</td></tr>", "table"),
    "a paragraph in a cell": ("<tr><td><paragraph>@</paragraph><paragraph>@</paragraph></td><td/></tr>", "table"),
    "an item in a cell": ("<tr><td><list><item>@</item><item>@</item></list></td><td/></tr>", "table"),
    "raised": ("<paragraph>x<sup>@</sup>x</paragraph>", ""),
    "a link": ('<paragraph><linkHtml href="https://example.org/">@</linkHtml></paragraph>', ""),
    "the head of a table": ("<table><thead><tr><th>@</th></tr></thead><tbody><tr><td>x</td></tr></tbody></table>", ""),
    "the caption of a table": ("<table><caption>@</caption><tbody><tr><td>x</td></tr></tbody></table>", ""),
    "text itself": ("@<br/>", ""),
}
AROUND = {
    "": "{}",
    "list": "<list>{}</list>",
    "ordered": '<list listType="ordered">{}</list>',
    "table": "<table><tbody>{}</tbody></table>",
}


def expected_in(place: str) -> Iterator[str]:
    """The words of all signs in a place, in their order."""
    bare = re.sub(r"<sup>", " ↟", place)
    bare = re.sub(r"</?(content|linkHtml|sup)[^>]*>", "" if "x<content" in place else " ", bare)
    bare = re.sub(r"<[^>]*>", " ", bare)
    for each in SIGNS:
        yield from words(bare.replace("@", each))


def joined(found: object) -> str:
    return "".join(found)  # type: ignore[arg-type]


@pytest.mark.parametrize("name", PLACES)
def test_every_sign_shows_as_itself_in(drug_of, name):
    place, around = PLACES[name]
    drug = drug_of(with_text(AROUND[around].format(each_in(place))))
    # Signs that belong together may be parted by markup, so what is compared is all that is seen, without spaces.
    assert joined(words_of(shown(drug))) == joined(expected_in(place))


def test_every_sign_shows_as_itself_in_the_title_of_a_subsection(drug_of):
    inner = [section("42229-5", f"About {escape(each)} so", paragraphs("Text.")) for each in SIGNS]
    drug = drug_of(label(section("34068-7", "DOSAGE", None, *inner)))
    expected = [word for each in SIGNS for word in words(f"About {each} so Text.")]
    assert list(words_of(shown(drug))) == expected


def test_paragraphs_that_would_make_a_block_together_stay_apart(drug_of):
    lines = [
        "Heading",
        "=====",
        "a | b",
        "--- | ---",
        "1 | 2",
        "Term",
        ": meaning",
        "[^1]",
        "[^1]: text",
        "*[Te]: x",
        "Te",
    ]
    drug = drug_of(with_text(paragraphs(*lines)))
    html = shown(drug)
    assert [" ".join(words_of(each)) for each in tree_of(html).iter("p")] == lines
    assert not re.search(r"<(table|dl|abbr|h[1-6]|ol|ul)\b", html)


def test_text_that_was_escaped_twice_stays_so(drug_of):
    drug = drug_of(with_text("<paragraph>&amp;lt;b&amp;gt; &amp;amp; <![CDATA[&lt;i> <u>x</u>]]></paragraph>"))
    assert " ".join(words_of(shown(drug))) == "&lt;b&gt; &amp; &lt;i> <u>x</u>"


# Breaks, fractions, spaces


def test_breaks_and_blocks_part_words(drug_of):
    text = (
        "<paragraph>one<br/>two</paragraph><paragraph>three</paragraph><list><item>four</item><item>five</item></list>"
    )
    assert words_of(shown(drug_of(with_text(text)))) == ("one", "two", "three", "four", "five")


def test_inline_markup_parts_no_word_and_joins_none(drug_of):
    bold, italic = '<content styleCode="bold">lingual</content>', '<content styleCode="italics">now</content>'
    text = f"<paragraph>sub{bold} {italic} 2<sub>4</sub>x</paragraph>"
    assert words_of(shown(drug_of(with_text(text)))) == ("sublingual", "now", "2↡4x")


def test_a_fraction_keeps_its_bar(drug_of):
    text = '<paragraph>Dose = <content styleCode="underline">weight x level</content><br/>100 x 5 mg</paragraph>'
    html = shown(drug_of(with_text(text)))
    assert re.search(r"<u>weight x level</u>\s*<br ?/?>\s*100 x", html)


def test_a_fraction_in_a_cell_keeps_its_bar(drug_of):
    cell = '<td><content styleCode="underline">a mg</content><br/>b mL</td>'
    html = shown(drug_of(with_text(f"<table><tbody><tr>{cell}<td>x</td></tr></tbody></table>")))
    assert re.search(r"<u>(<bdi[^>]*>)?a mg(</bdi>)?</u>\s*<br ?/?>\s*b mL", html)


def test_odd_spaces_are_spaces_and_what_nobody_sees_is_gone(drug_of):
    text = "<paragraph>4\u00a0mg\u2003at\u2009night\u200b and\u00a0\u00a0\u00a0day\ufeff\u00ad</paragraph>"
    drug = drug_of(with_text(text))
    assert words_of(shown(drug)) == ("4", "mg", "at", "night", "and", "day")
    assert not re.search("[\u200b\ufeff\u00ad]", drug.text)


def test_signs_that_turn_text_around_are_gone_and_the_file_is_right(drug_of):
    drug = drug_of(with_text("<paragraph>4 \u202emg\u202c \u2066now\u2069 \u2028then\u2029 \u0085end</paragraph>"))
    assert words_of(shown(drug)) == ("4", "mg", "now", "then", "end")


def test_empty_paragraphs_leave_no_trace(drug_of):
    empty = "<paragraph/><paragraph> </paragraph><paragraph>\u00a0</paragraph><paragraph><content/></paragraph><list/>"
    html = shown(drug_of(with_text(f"{empty}<paragraph>Text.</paragraph>{empty}")))
    assert re.sub(r"\s", "", html) == "<p>Text.</p>"


def test_numbers_of_a_dose_stay_as_written(drug_of):
    told = "Give 0.5 mg, .25 mg, 1.0 mg, 1,500 mg or 2.50 mL; 5 to 10 mcg/kg/min; 10-20 mg; 1/2 tablet; 1½ mL; 10^9 U."
    drug = drug_of(with_text(paragraphs(told)))
    assert " ".join(words_of(shown(drug))) == told


def test_no_number_parts_from_its_unit(drug_of):
    text = "<paragraph>Give 4 mg, then 8\u00a0mg, 250 mcg/mL and 5 to 10 units.</paragraph>"
    kept = re.findall(r'<bdi class="dose" dir="ltr">(.*?)</bdi>', shown(drug_of(with_text(text))))
    assert [re.sub(r"\s|&nbsp;", " ", each) for each in kept] == ["4 mg", "8 mg", "250 mcg/mL", "5 to 10 units"]


@pytest.mark.parametrize("unit", ["\u00b5g", "\u03bcg", "ug"])
def test_micrograms_are_mcg_in_a_text(drug_of, unit):
    drug = drug_of(with_text(f"<paragraph>Give 50 {unit}, 5{unit}/kg and 2 {unit}/mL.</paragraph>"))
    assert " ".join(words_of(shown(drug))) == "Give 50 mcg, 5mcg/kg and 2 mcg/mL."


def test_words_with_ug_in_them_stay(drug_of):
    told = "The drug in the jug does not bug August."
    assert " ".join(words_of(shown(drug_of(with_text(paragraphs(told)))))) == told


def test_sub_and_superscripts_stay(drug_of):
    text = "<paragraph>10<sup>9</sup>/L, C<sub>max</sub>, Rogaine<sup>®</sup>, CO<sub>2</sub></paragraph>"
    html = shown(drug_of(with_text(text)))
    for wanted in ("10<sup>9</sup>/L", "C<sub>max</sub>", "<sup>®</sup>", "CO<sub>2</sub>"):
        assert wanted in html


@pytest.mark.parametrize(
    ("style", "tag"),
    [
        ("bold", "strong"),
        ("Bold", "strong"),
        ("italics", "em"),
        ("Italics", "em"),
        ("underline", "u"),
        ("bold italics", "strong"),
    ],
)
def test_styles_stay_however_they_are_written(drug_of, style, tag):
    html = shown(
        drug_of(with_text(f'<paragraph>Never <content styleCode="{style}">stop it</content> now.</paragraph>'))
    )
    assert re.search(rf"<{tag}>(<\w+>)?stop it(</\w+>)?</{tag}>", html)


@pytest.mark.parametrize("style", ["xmChange", "Lrule Rrule", "evil", 'bold" onclick="x', ""])
def test_other_styles_leave_their_text_plain(drug_of, style):
    text = f"<paragraph>Never <content styleCode='{escape(style)}'>stop it</content> now.</paragraph>"
    assert " ".join(words_of(shown(drug_of(with_text(text))))) == "Never stop it now."


def test_unknown_elements_leave_their_words(drug_of):
    text = '<paragraph>One <blink>two</blink> <b xmlns="urn:other">three</b> four</paragraph><odd>five</odd>'
    assert words_of(shown(drug_of(with_text(text)))) == ("One", "two", "three", "four", "five")


def test_comments_and_instructions_are_no_text(drug_of):
    text = "<paragraph>One<!-- not said --> two<?php not said ?> three</paragraph>"
    assert words_of(shown(drug_of(with_text(text)))) == ("One", "two", "three")


# Lists


def test_plain_bullets_are_dropped_and_what_is_ordered_by_hand_stays(drug_of):
    items = "".join(
        f"<item><caption>{caption}</caption>Item {number}</item>"
        for number, caption in enumerate(["•", "o", "-", "", "1.", "a)", "[1]", "†", "Step 1:"])
    )
    found = words_of(shown(drug_of(with_text(f"<list>{items}</list>"))))
    told = " ".join(found)
    assert told.startswith("Item 0 Item 1 Item 2 Item 3")
    for caption, number in (("a)", 5), ("[1]", 6), ("†", 7), ("Step 1:", 8)):
        assert f"{caption} Item {number}" in told


def test_a_list_numbered_by_hand_keeps_its_numbers(drug_of):
    items = "<item><caption>3.</caption>Third</item><item><caption>5.</caption>Fifth</item>"
    drug = drug_of(with_text(f"<list>{items}</list>"))
    assert " ".join(words_of(shown(drug))) == "3. Third 5. Fifth"


def test_ordered_and_unordered_lists_differ_and_may_stand_in_each_other(drug_of):
    inner = "<list listType='unordered'><item>b</item><item>c<list><item>d</item></list>e</item></list>"
    html = shown(drug_of(with_text(f"<list listType='ordered'><item>a{inner}</item><item>f</item></list>")))
    assert words_of(html) == ("a", "b", "c", "d", "e", "f")
    tree = tree_of(html)
    assert [len(each) for each in (tree.findall("ol"), tree.findall("ol/li"), tree.findall("ol/li/ul/li"))] == [1, 2, 2]


def test_a_list_without_a_type_is_unordered(drug_of):
    assert "<ul>" in shown(drug_of(with_text("<list><item>a</item></list>")))


@pytest.mark.parametrize("count", [3000])
def test_a_very_long_list_loses_no_item(drug_of, count):
    items = "".join(f"<item>Item {number}.</item>" for number in range(count))
    drug = drug_of(with_text(f"<list>{items}</list>"))
    assert words_of(shown(drug)) == tuple(word for number in range(count) for word in ("Item", f"{number}."))


def test_a_list_caption_is_kept(drug_of):
    assert words_of(shown(drug_of(with_text("<list><caption>Signs</caption><item>a</item></list>")))) == ("Signs", "a")


def test_lists_and_tables_within_a_paragraph_keep_the_order_of_the_words(drug_of):
    table = "<table><tbody><tr><td>four</td></tr></tbody></table>"
    text = f"<paragraph>one<list><item>two</item></list>three{table}five</paragraph>"
    assert words_of(shown(drug_of(with_text(text)))) == ("one", "two", "three", "four", "five")


# Tables

TABLE = """
<table width="100%"><caption>Table 1: Doses</caption><col width="30%"/><colgroup><col/></colgroup>
<thead><tr><th rowspan="2">Age</th><th colspan="2" styleCode="Botrule">Dose</th></tr>
<tr><th>Start</th><th>Top</th></tr></thead>
<tfoot><tr><td colspan="3">Doses are by mouth.</td></tr></tfoot>
<tbody><tr><td>Under 12</td><td>0.5 mg</td><td/></tr><tr><td colspan="60">12 and over</td></tr>
<tr><td rowspan="2"><list><item>a</item><item>b</item></list></td><td>1 | 2</td><td>3<br/>4</td></tr>
<tr><td><paragraph>x</paragraph><paragraph>y</paragraph></td><td>&lt;5</td></tr></tbody></table>
"""


def test_a_table_keeps_every_cell_in_its_row(drug_of):
    html = shown(drug_of(with_text(TABLE)))
    (table,) = tree_of(html).iter("table")
    rows = [[" ".join(cell) for cell in row] for row in rows_of(table)]
    head = [["Age", "Dose"], ["Start", "Top"]]
    body = [["Under 12", "0.5 mg", ""], ["12 and over"], ["a b", "1 | 2", "3 4"], ["x y", "<5"]]
    foot = ["Doses are by mouth."]
    assert rows in ([*head, foot, *body], [*head, *body, foot])
    assert "Table 1: Doses" in " ".join(words_of(html))


def test_a_table_keeps_its_spans_and_header_cells(drug_of):
    (table,) = tree_of(shown(drug_of(with_text(TABLE)))).iter("table")
    cells = {" ".join(words_of(cell)): cell for cell in table.iter("td", "th")}
    assert [cells["Age"].get("rowspan"), cells["Dose"].get("colspan"), cells["a b"].get("rowspan")] == ["2", "2", "2"]
    assert [cells[each].tag for each in ("Age", "Dose", "Start", "Under 12")] == ["th", "th", "th", "td"]
    assert int(cells["12 and over"].get("colspan")) >= 3


@pytest.mark.parametrize("span", ["0", "-1", "x", "99999999", "2 onclick=x", "1e9", ""])
def test_an_odd_span_makes_no_odd_table(drug_of, span):
    text = f"<table><tbody><tr><td colspan={span!r}>a</td><td rowspan={span!r}>b</td></tr></tbody></table>"
    (table,) = tree_of(shown(drug_of(with_text(text)))).iter("table")
    assert rows_of(table) == [[("a",), ("b",)]]
    for cell in table.iter("td"):
        for name in ("colspan", "rowspan"):
            assert 1 <= int(cell.get(name, "1")) <= 1000


def test_a_table_of_one_column_and_one_without_rows_lose_no_word(drug_of):
    one, two = "<table><tbody><tr><td>one</td></tr></tbody></table>", "<table><caption>two</caption></table>"
    text = f"{one}{two}<table/><paragraph>three</paragraph>"
    assert words_of(shown(drug_of(with_text(text)))) == ("one", "two", "three")


def test_a_table_in_a_cell_or_an_item_loses_no_word(drug_of):
    inner = "<table><tbody><tr><td>b</td></tr></tbody></table>"
    text = f"<table><tbody><tr><td>a{inner}c</td></tr></tbody></table><list><item>d{inner}e</item></list>"
    assert words_of(shown(drug_of(with_text(text)))) == ("a", "b", "c", "d", "b", "e")


# Footnotes


def noted(drug: Drug) -> str:
    return " ".join(words_of(drug.sections[DOSAGE] + drug.rendered["footnotes"]))


def test_a_footnote_in_a_cell_keeps_its_mark_and_its_text(drug_of):
    cell = (
        '<td>12 mg<footnote ID="f1">Only in <content styleCode="italics">adults</content> over 0.5 kg.</footnote></td>'
    )
    again = '<td>24 mg<footnoteRef IDREF="f1"/></td>'
    drug = drug_of(with_text(f"<table><tbody><tr>{cell}{again}<td>36 mg</td></tr></tbody></table>"))
    (table,) = tree_of(drug.html(DOSAGE)).iter("table")
    first, second, third = rows_of(table)[0]
    mark = drug.mark_in(first, "12 mg")
    assert mark
    assert drug.mark_in(second, "24 mg") == mark
    assert third == ("36", "mg")
    assert noted(drug).count("Only in adults over 0.5 kg.") == 1


def test_footnotes_have_different_marks_and_stand_in_their_order(drug_of):
    notes = "".join(f"<paragraph>Dose {each}.<footnote>Note {each}.</footnote></paragraph>" for each in range(30))
    drug = drug_of(with_text(notes))
    found = noted(drug)
    places = [found.index(f"Note {each}.") for each in range(30)]
    assert places == sorted(places)
    paragraphs_of_doses = [
        each for each in tree_of(drug.html(DOSAGE)).iter("p") if (each.text or "").startswith("Dose")
    ]
    marks = [drug.mark_in(words_of(each), "Dose") for each in paragraphs_of_doses]
    assert len(set(marks)) == len(marks) == 30


def test_a_footnote_is_not_run_into_the_number_before_it(drug_of):
    drug = drug_of(with_text("<paragraph>Give 12<footnote>Twice.</footnote> mg</paragraph>"))
    assert "121" not in noted(drug)
    assert "12Twice" not in noted(drug)


@pytest.mark.parametrize(
    "reference", ['<footnoteRef IDREF="nowhere"/>', "<footnoteRef/>", "<footnote/>", "<footnote> </footnote>"]
)
def test_a_footnote_that_is_not_there_invents_none(drug_of, reference):
    drug = drug_of(with_text(f"<paragraph>Give 12 mg{reference} now.</paragraph>"))
    assert re.fullmatch(r"Give 12 mg(↟\[[a-z ]+\])? now\.", drug.words(DOSAGE))


def test_a_footnote_of_another_section_is_told_where_it_is_referred_to(drug_of):
    first = section("34067-9", "INDICATIONS AND USAGE", '<paragraph>Use<footnoteRef IDREF="f9"/></paragraph>')
    far = '<paragraph>Dose<footnote ID="f9">Far.</footnote></paragraph>'
    drug = drug_of(label(first, section("34068-7", "DOSAGE AND ADMINISTRATION", far)))
    assert drug.without_marks(USE) == "Use Far."
    assert drug.without_marks(DOSAGE) == "Dose Far."


def test_two_footnotes_of_one_id_are_both_told(drug_of):
    text = '<paragraph>a<footnote ID="f1">One.</footnote> b<footnote ID="f1">Two.</footnote></paragraph>'
    drug = drug_of(with_text(text))
    assert "One." in noted(drug)
    assert "Two." in noted(drug)


@pytest.mark.parametrize(
    "place",
    [
        "<list><item>x@</item></list>",
        "<table><caption>x@</caption><tbody><tr><td>y</td></tr></tbody></table>",
        '<paragraph><content styleCode="bold">x@</content></paragraph>',
        '<paragraph><linkHtml href="#a">x@</linkHtml></paragraph>',
    ],
)
def test_a_footnote_anywhere_is_told(drug_of, place):
    drug = drug_of(with_text(place.replace("@", "<footnote><paragraph>Told 5 mg.</paragraph></footnote>")))
    assert noted(drug).count("Told 5 mg.") == 1


# Links and pictures

LINKS = {
    "https": ("https://example.org/a?b=1&amp;c=2#d", True),
    "http": ("http://example.org/", True),
    "no scheme": ("www.example.org/a", None),
    "script": ("javascript:alert(1)", False),
    "script in disguise": (" JaVa&#9;Script:alert(1)", False),
    "data": ("data:text/html,x", False),
    "file": ("file:///etc/passwd", False),
    "mail": ("mailto:a@example.org", False),
    "two slashes": ("//example.org/", False),
    "a path": ("/auth/sign-out", False),
    "an anchor that is nowhere": ("#nowhere", False),
    "a bracket": ("https://example.org/(a)b]c", None),
    "a quote": ("https://example.org/'&quot;x", None),
    "a space": ("https://example.org/a b", None),
    "a password": ("https://a:b@example.org/", None),
    "nothing": ("", False),
    "half an address": ("http://", False),
    "a bad address": ("http://[::1", False),
    "our own scheme": ("monograph:zanidine", False),
    "a module": ("module:sepsis", False),
}


@pytest.mark.parametrize(("href", "kept"), LINKS.values(), ids=LINKS.keys())
def test_a_link_keeps_its_words_and_its_address_only_on_the_web(drug_of, href, kept):
    drug = drug_of(with_text(f'<paragraph>See <linkHtml href="{href}">the words</linkHtml> there.</paragraph>'))
    html = shown(drug)
    assert words_of(html) == ("See", "the", "words", "there.")
    hrefs = [link.get("href") for link in tree_of(html).iter("a")]
    assert all(re.match(r"https?://(www\.)?example\.org", each) for each in hrefs)
    if kept is not None:
        assert bool(hrefs) is kept


def test_a_link_within_the_label_leads_nowhere_false(drug_of):
    target = section("34071-1", "WARNINGS", paragraphs("Care."))
    text = '<paragraph>See <linkHtml href="#s5">Warnings (5.1)</linkHtml>.</paragraph>'
    drug = drug_of(
        label(section("34068-7", "DOSAGE AND ADMINISTRATION", text), target.replace("<section>", '<section ID="s5">'))
    )
    assert drug.words(DOSAGE) == "See Warnings (5.1)."
    for link in tree_of(drug.html(DOSAGE)).iter("a"):
        assert link.get("href") == "#warnings-and-precautions"


PICTURE = (
    '<component><observationMedia ID="M1"><text>Graph of <content>spasms</content> a week</text>'
    '<value mediaType="image/jpeg"><reference value="graph-1.jpg"/></value></observationMedia></component>'
)


@pytest.mark.parametrize(
    "around",
    [
        "@",
        "<paragraph>@</paragraph>",
        "<list><item>x @ y</item></list>",
        "<table><tbody><tr><td>@</td></tr></tbody></table>",
    ],
)
def test_a_picture_is_told_by_its_description(drug_of, around):
    picture = around.replace("@", '<renderMultiMedia referencedObject="M1"/>')
    text = f"<paragraph>Before.</paragraph>{picture}<paragraph>After.</paragraph>"
    drug = drug_of(label(section("34068-7", "DOSAGE AND ADMINISTRATION", text, PICTURE)))
    told = drug.words(DOSAGE)
    assert told.index("Before.") < told.index("Graph of spasms a week") < told.index("After.")
    assert "<img" not in drug.html(DOSAGE)


def test_a_picture_without_a_description_is_still_told_of(drug_of):
    drug = drug_of(with_text('<paragraph>Before.</paragraph><renderMultiMedia referencedObject="nowhere"/>'))
    assert re.fullmatch(r"Before\. .*(image|picture|figure).*", drug.words(DOSAGE), re.IGNORECASE)


def test_a_section_of_pictures_alone_is_not_absent(drug_of):
    text = '<renderMultiMedia referencedObject="M1"/>'
    drug = drug_of(label(section("34071-1", "WARNINGS", text, PICTURE)))
    assert "Graph of spasms a week" in drug.words(WARNINGS)
