"""The rules of a comparison: every row for every drug, aligned, never blank; and what counts as the same."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cpd.monographs.comparing.comparison import GROUPS, NOTHING, Cell, is_blank, key_of, key_of_long, line_up, stated
from cpd.monographs.sections import BOXED_WARNING, SECTIONS
from cpd.monographs.shown import KEY_FACTS
from cpd.web.cleaned import cleaned

TITLES = [title for _, rows in GROUPS for title in rows]


def cell(text: str, **others: bool) -> Cell:
    return Cell(cleaned(text), key_of(text), **others)


def rows_of(columns):
    return [row for group in line_up(columns) for row in group.rows]


def row_of(columns, title="Stopping"):
    return next(row for row in rows_of(columns) if row.title == title)


texts = st.sampled_from(["", " ", "Slowly", "Slowly ", "At once", "<p>Slowly</p>"])
columns = st.dictionaries(st.sampled_from(TITLES), texts.map(cell).map(stated), max_size=8)


def test_key_facts_come_first_in_groups_and_then_every_section_in_its_order():
    groups = line_up([{}, {}])
    assert [group.title for group in groups] == ["Use", "Safety", "Follow-up", "All sections", "Source"]
    assert tuple(row.title for row in groups[3].rows) == SECTIONS
    assert set(KEY_FACTS.values()) <= set(TITLES)
    assert len(set(TITLES)) == len(TITLES)
    assert len({row.id for row in rows_of([{}, {}])}) == len(TITLES)


@given(st.lists(columns, min_size=2, max_size=4))
def test_every_row_has_a_cell_for_each_drug_in_the_order_of_the_link(compared):
    rows = rows_of(compared)
    assert [row.title for row in rows] == TITLES
    for row in rows:
        assert len(row.cells) == len(compared)
        for each, column in zip(row.cells, compared, strict=True):
            assert each == column.get(row.title, NOTHING)


@given(st.lists(columns, min_size=2, max_size=4))
def test_no_cell_is_blank_it_says_something_or_nothing_is_stated(compared):
    for row in rows_of(compared):
        assert all(each is NOTHING or each.html.strip() for each in row.cells)


@given(st.lists(columns, min_size=2, max_size=4))
def test_a_row_is_identical_if_all_say_the_same_and_no_boxed_warning_stands_in_it(compared):
    for row in rows_of(compared):
        same = len({None if each.html is None else key_of(each.html) for each in row.cells}) == 1
        warns = row.title == BOXED_WARNING and row.cells[0].html is not None
        assert row.identical == (same and not warns)


@given(st.lists(columns, min_size=2, max_size=4), st.randoms())
def test_another_order_of_the_link_changes_the_order_of_the_cells_alone(compared, random):
    order = list(range(len(compared)))
    random.shuffle(order)
    for row, other in zip(rows_of(compared), rows_of([compared[place] for place in order]), strict=True):
        assert other.cells == tuple(row.cells[place] for place in order)
        assert other.identical == row.identical


def test_what_nobody_states_is_identical_and_what_one_does_not_state_is_not():
    assert row_of([{}, {}]).identical
    assert not row_of([{"Stopping": cell("Slowly")}, {}]).identical


def test_a_drafted_text_is_not_the_same_as_a_confirmed_one():
    drafted = {"Stopping": cell("Slowly", drafted=True)}
    assert row_of([drafted, drafted]).identical
    assert not row_of([drafted, {"Stopping": cell("Slowly")}]).identical


def test_a_row_with_a_boxed_warning_is_never_hidden():
    warning = {"Key warning": cell("Never stop it", boxed=True), BOXED_WARNING: cell("Never stop it")}
    assert not row_of([warning, warning], "Key warning").identical
    assert not row_of([warning, warning], BOXED_WARNING).identical
    assert row_of([{}, {}], BOXED_WARNING).identical


def test_a_group_is_identical_if_all_its_rows_are():
    use, safety, *_ = line_up([{"Class": cell("A")}, {"Class": cell("B")}])
    assert (use.identical, safety.identical) == (False, True)


SAME = {
    "line breaks": ("<p>Reduce it\nslowly</p>", "<p>Reduce  it slowly</p>\n"),
    "space at the edge": ("<p> Slowly </p>", "<p>Slowly</p>"),
    "emphasis": ("<p><strong>Slowly</strong></p>", "<p>Slowly</p>"),
    "where links lead": ('<a href="/monographs/a#s">See</a>', '<a href="/monographs/b#s">See</a>'),
    "ids": ('<p id="a">Slowly</p>', "<p>Slowly</p>"),
    "a dose that is marked": ('<bdi class="dose" dir="ltr">5 mg</bdi> daily', "5 mg daily"),
    "hard spaces": ("5\N{NO-BREAK SPACE}mg", "5 mg"),
}
OTHER = {
    "another figure": ("5 mg", "50 mg"),
    "a unit": ("5 mg", "5 micrograms"),
    "a decimal": ("0.5 mg", "5 mg"),
    "figures above the line": ("10<sup>2</sup>", "102"),
    "figures below the line": ("<p>B<sub>12</sub></p>", "<p>B12</p>"),
    "where cells end": (
        "<table><tr><td>1</td><td>23</td></tr></table>",
        "<table><tr><td>12</td><td>3</td></tr></table>",
    ),
    "where lines of a list end": ("<ul><li>5</li><li>0</li></ul>", "<ul><li>50</li></ul>"),
    "where paragraphs end": ("<p>5</p><p>0</p>", "<p>50</p>"),
    "line breaks in a paragraph": ("5<br>0", "50"),
    "words that are joined": ("not able", "notable"),
    "pictures": ('<img src="/a.png" alt="x">', '<img src="/b.png" alt="x">'),
    "capitals": ("Mg", "mg"),
}


@pytest.mark.parametrize(("first", "second"), SAME.values(), ids=SAME)
def test_these_say_the_same(first, second):
    assert key_of(first) == key_of(second)


@pytest.mark.parametrize(("first", "second"), OTHER.values(), ids=OTHER)
def test_these_do_not_say_the_same(first, second):
    assert key_of(first) != key_of(second)


def test_long_texts_are_the_same_but_for_whitespace():
    assert key_of_long("<p>a b</p>\n<p>c</p>") == key_of_long("<p>a  b</p><p>c</p>")
    assert key_of_long("<p>a b</p>") != key_of_long("<p>a c</p>")


@pytest.mark.parametrize("html", ["", " \n", "<p></p>", "<p> </p><ul><li></li></ul>", "<br>"])
def test_markup_without_text_is_blank_and_so_not_stated(html):
    assert is_blank(html)
    assert stated(Cell(cleaned(html), html)) == NOTHING


@pytest.mark.parametrize("html", ["0", "<p>-</p>", '<img src="/a.png" alt="A curve">'])
def test_a_single_sign_or_a_picture_is_stated(html):
    assert not is_blank(html)


def test_a_cell_of_which_only_the_rest_can_be_shown_is_stated():
    long = Cell(cleaned(""), b"", rest="/monographs/a/sections/dosage")
    assert stated(long) is long
