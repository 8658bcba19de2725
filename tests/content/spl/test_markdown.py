"""Blocks as Markdown: each form is the one that Markdown holds best, and nothing runs together."""

import html
import re

import pytest

from cpd.content.render import Job, Rendered, render_sources
from cpd.content.spl.markdown import LONGEST_LINE, inline, markdown
from cpd.content.spl.narrative import Cell, Heading, Item, ListBlock, Notes, Paragraph, Run, Table, tidy


def said(text: str) -> Paragraph:
    return Paragraph([Run(text)])


def a_list(*texts: str, ordered: bool = False) -> ListBlock:
    return ListBlock(ordered, [Item([], [said(text)]) for text in texts])


def shown(*blocks) -> str:
    (rendered,) = render_sources([Job("monograph", "monograph/x", f"## Dosage\n\n{markdown(blocks)}")])
    assert isinstance(rendered, Rendered)
    return rendered.sections["Dosage"]


@pytest.mark.parametrize(
    ("runs", "written"),
    [
        ([Run("Take "), Run("now", ("strong",)), Run(".")], "Take **now**."),
        ([Run("see "), Run("[Doses (2)]", ("em",)), Run(".")], r"see *\[Doses (2)\]*."),
        ([Run("C"), Run("max", ("sub",))], "C<sub>max</sub>"),
        ([Run("un"), Run("der", ("strong",)), Run("way")], "un<strong>der</strong>way"),
        ([Run("a", ("strong",)), Run("b", ("em",))], "<strong>a</strong><em>b</em>"),
        ([Run("300 mg", ("u",)), Run("\n"), Run("100 mL")], "<u>300 mg</u><br>100 mL"),
        ([Run("page", ("a https://example.org/?a=1&b=2",))], '<a href="https://example.org/?a=1&amp;b=2">page</a>'),
    ],
)
def test_marks_are_stars_where_stars_are_safe_and_tags_elsewhere(runs, written):
    assert inline(runs) == written


def test_two_lists_one_after_the_other_stay_two():
    page = shown(a_list("a", "b"), a_list("c"))
    assert page.count("<ul>") == 2
    assert "<p>" not in page


def test_a_list_in_a_list_is_below_its_item():
    inner = a_list("one", "two", ordered=True)
    page = shown(ListBlock(False, [Item([], [said("Twice:"), inner]), Item([], [said("Last")])]))
    assert re.fullmatch(
        r"<ul>\s*<li>Twice:\s*<ol>\s*<li>one</li>\s*<li>two</li>\s*</ol>\s*</li>\s*<li>Last</li>\s*</ul>", page
    )


def test_an_item_with_more_than_a_line_is_html():
    block = ListBlock(False, [Item([], [said("First."), said("Second.")])])
    assert markdown([block]).startswith("<ul>\n<li><p>First.</p>")


def test_a_label_of_the_lists_own_stands_before_its_item():
    block = ListBlock(False, [Item([Run("(a)")], [said("First")]), Item([Run("1.1")], [said("Second")])])
    assert markdown([block]) == "- (a) First\n- 1.1 Second"


def test_a_table_keeps_its_spans_and_its_heads():
    head = [Cell("th", 2, 1, [said("Dose")])]
    row = [Cell("td", 1, 2, [said("5 mg")]), Cell("td", 1, 1, [])]
    page = shown(Table([Run("Doses")], [("thead", [head]), ("tbody", [row])]))
    assert '<th colspan="2" scope="col">Dose</th>' in page
    assert '<td rowspan="2">' in page
    assert "<caption>Doses</caption>" in page


def test_notes_follow_what_they_belong_to():
    assert markdown([Notes([("a", [said("Once.")])])]) == "<sup>&#91;a&#93;</sup> Once."


def test_a_heading_that_is_all_bold_is_a_plain_heading():
    assert markdown([Heading(3, [Run("In adults", ("strong",))])]) == "### In adults"
    assert markdown([Heading(4, [Run("In "), Run("vitro", ("em",))])]) == "#### In *vitro*"


@pytest.mark.parametrize("text", ["Number #", "## Two", "C#", "a ##", "1. One", "- x"])
def test_signs_at_the_ends_of_a_heading_are_shown(text):
    assert html.unescape(re.sub(r"<[^>]*>", "", shown(Heading(3, [Run(text)])))) == text


def test_a_very_long_line_is_html_so_that_rendering_it_stays_quick():
    assert markdown([said("word " * (LONGEST_LINE // 5 + 1))]).startswith("<p>word")


def test_spaces_are_single_and_stay_where_words_part():
    runs = tidy([Run("  Take "), Run(" it", ("strong",)), Run("  now  ")])
    assert "".join(run.text for run in runs) == "Take it now"


@pytest.mark.parametrize("parts", [("5 µ", "g/mL"), ("5 ", "ug", " daily"), ("5", " u", "g")])
def test_micrograms_are_found_across_marks(parts):
    runs = tidy([Run(part, ("em",) if number % 2 else ()) for number, part in enumerate(parts)])
    text = "".join(run.text for run in runs)
    assert "mcg" in text
    assert not re.search("[uµ]g", text.replace("mcg", ""))
