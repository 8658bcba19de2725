"""The cells of a monograph: the beginning of long sections, boxed warnings whole, and nothing that clashes."""

from __future__ import annotations

import re
from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cpd.monographs.comparing.cells import LONGEST, beginning, fitted, make_cells
from cpd.monographs.comparing.comparison import NOTHING
from cpd.monographs.sections import BOXED_WARNING, SECTIONS

FACTS = {"draft": [], "classes": ["Muscle relaxant"], "source": None, "reviewed": None}
VOID = {"br", "img", "hr"}


class Open(HTMLParser):
    """What is open at the end of HTML, which must close only what is open."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.text = ""

    def handle_starttag(self, tag, _):
        if tag not in VOID:
            self.tags.append(tag)

    def handle_endtag(self, tag):
        assert self.tags.pop() == tag

    def handle_data(self, data):
        self.text += data


def text_of(html: str) -> str:
    reader = Open()
    reader.feed(html)
    reader.close()
    assert reader.tags == []
    return reader.text


words = st.text("ab 5.", min_size=1, max_size=40)
inline = st.one_of(words, words.map(lambda text: f'<bdi class="dose" dir="ltr">{text}</bdi>'), st.just("<br>"))
line = st.lists(inline, min_size=1, max_size=4).map("".join)
paragraph = line.map(lambda text: f"<p>{text}</p>")
heading = words.map(lambda text: f"<h3>{text}</h3>")
rows = st.lists(st.tuples(line, line), min_size=1, max_size=6)
table = rows.map(
    lambda rows: (
        '<div class="table-wrap" tabindex="0"><table class="table"><tbody>'
        + "".join(f"<tr><td>{a}</td><td>{b}</td></tr>" for a, b in rows)
        + "</tbody></table></div>"
    )
)
blocks = st.recursive(
    st.one_of(paragraph, heading, table),
    lambda inner: st.lists(st.lists(inner, min_size=1, max_size=2).map("".join), min_size=1, max_size=3).map(
        lambda items: "<ul>" + "".join(f"<li>{item}</li>" for item in items) + "</ul>"
    ),
    max_leaves=12,
)
sections = st.lists(blocks, min_size=1, max_size=6).map("\n".join)


@given(sections, st.integers(0, 900))
def test_a_beginning_is_well_formed_and_a_beginning(html, longest):
    part = beginning(html, longest)
    assert text_of(html).startswith(text_of(part))
    assert len(re.sub(r"(</[a-z0-9]+>)+$", "", part)) <= longest


@given(sections, st.integers(0, 900))
def test_a_beginning_has_whole_tables_only_and_ends_with_no_heading(html, longest):
    part = beginning(html, longest)
    whole = re.findall(r"<table.*?</table>", html, re.DOTALL)
    assert re.findall(r"<table.*?</table>", part, re.DOTALL) == whole[: part.count("<table")]
    assert not part.rstrip().endswith("</h3>")


@given(sections, st.integers(0, 900))
def test_a_beginning_ends_where_something_ends(html, longest):
    """Never within a dose, a word or a line: after a block, or else after a sentence."""
    part = text_of(beginning(html, longest))
    bare = re.sub(r"(</[a-z0-9]+>)+$", "", beginning(html, longest))
    assert bare == "" or part.rstrip().endswith(".") or html[len(bare) :].lstrip().startswith("<")


def test_a_single_paragraph_that_is_too_long_ends_with_a_sentence():
    html = "<p>One sentence. Another of 5 mg. A third that does not fit.</p>"
    assert beginning(html, 40) == "<p>One sentence. Another of 5 mg.</p>"


@pytest.mark.parametrize("html", ["<p>" + "x" * 500 + "</p>", "<table><tr><td>" + "One. " * 99 + "</td></tr></table>"])
def test_what_has_no_end_within_the_limit_has_no_beginning(html):
    assert beginning(html, 300) == ""


def make(sections=None, facts=None, longest=LONGEST, **key_facts):
    return make_cells(FACTS | (facts or {}), {"sections": sections or {}, "key_facts": key_facts}, "zanidine", longest)


def test_a_section_that_goes_on_elsewhere_is_never_shown_as_the_whole():
    parts = {"sections": {"Dosage": "<p>First.</p>"}, "key_facts": {}, "folds": {"dosage": {"parts": 1}}}
    begun, anothers = (make_cells(FACTS, parts, slug, LONGEST).column["Dosage"] for slug in ("zanidine", "alfadine"))
    assert begun.rest == "/monographs/zanidine/sections/dosage?whole=1"
    assert begun.key != anothers.key
    whole = make_cells(FACTS, parts, "zanidine", None, {"dosage": ["<p>Last.</p>"]}).column["Dosage"]
    assert (whole.html, whole.rest) == ("<p>First.</p><p>Last.</p>", "")


def test_a_long_section_shows_its_beginning_and_where_the_whole_is():
    cell = make({"Adverse reactions": "<p>Sleep.</p>" * 1_000}).column["Adverse reactions"]
    assert cell.rest == "/monographs/zanidine/sections/adverse-reactions?whole=1"
    assert 0 < len(cell.html) <= LONGEST
    assert make({"Adverse reactions": "<p>Sleep.</p>" * 1_000}, longest=None).column["Adverse reactions"].rest == ""


def test_a_boxed_warning_is_whole_however_long_it_is():
    warning = "<p>It can kill.</p>" * 1_000
    cell = make({BOXED_WARNING: warning}).column[BOXED_WARNING]
    assert (cell.html, cell.rest, cell.boxed) == (warning, "", True)


def test_the_key_warning_of_a_drug_with_a_boxed_warning_is_tagged_be_it_stated_or_not():
    boxed = {BOXED_WARNING: "<p>No.</p>"}
    for cell in (make(boxed).column["Key warning"], make(boxed, key_warning="Never stop it").column["Key warning"]):
        assert "tag--boxed" in cell.html
        assert cell.boxed
    assert "Never stop it" in make(boxed, key_warning="Never stop it").column["Key warning"].html
    assert "tag--boxed" not in make(key_warning="Never stop it").column["Key warning"].html
    assert "Key warning" not in make().column


def test_drafted_facts_are_marked_and_others_are_not():
    column = make(facts={"draft": ["key_facts"]}, stopping="Slowly").column
    assert column["Stopping"].drafted
    assert not column["Class"].drafted
    assert make(facts={"draft": ["classes"]}).column["Class"].drafted


def test_a_section_without_text_is_not_stated():
    assert make({"Dosage": "<p> </p>"}).column["Dosage"] == NOTHING


def test_source_and_review_are_said():
    source = {"kind": "Label", "title": "Zanidine", "version": "7", "effective": "2026-01-02"}
    column = make(facts={"source": source, "reviewed": "2026-10-02"}).column
    assert column["Source"].html == "Label: Zanidine, version 7, in effect from 2026-01-02"
    assert column["Reviewed"].html == "2 October 2026"
    assert make().column["Reviewed"].html == "Not yet reviewed by an editor"
    assert "Source" not in make().column


def test_what_would_clash_with_the_same_section_of_another_drug_is_changed():
    html = '<h3 id="adults">Adults</h3><p>5 mg<sup id="fnref-1"><a class="ref" href="#fn-1">1</a></sup></p>'
    assert fitted(html, "zanidine") == (
        '<p class="cmp-h">Adults</p><p>5 mg<sup><a class="ref" href="/monographs/zanidine#fn-1">1</a></sup></p>'
    )


def test_text_that_looks_like_an_attribute_stays():
    html = '<p>Set id="5" and href="#x" here.</p>'
    assert fitted(html, "zanidine") == html


def test_four_monographs_of_long_sections_stay_below_400_kb():
    long = {title: "<p>Some text of a label.</p>" * 3_000 for title in SECTIONS if title != BOXED_WARNING}
    assert make(long).size / 2 * 4 < 300_000
