"""Whatever elements a text nests, and whatever signs it has: the monograph shows the words that the XML has."""

from __future__ import annotations

import tempfile
from pathlib import Path
from xml.sax.saxutils import escape

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.spl.comparing import difference, told
from tests.spl.importing import Import, import_labels
from tests.spl.labels import label, section
from tests.spl.reading import DOSAGE, read_label
from tests.spl.test_texts import SIGNS

MORE = (
    "4 mg",
    "0.5",
    " ",
    "  ",
    "\u00a0",
    "word",
    "Give ",
    " now.",
    "\n",
    "5 mcg/kg",
    "x",
    ",",
    "(",
    ")",
    "\u200b",
    "1",
)
pieces = st.lists(st.sampled_from([*SIGNS, *MORE]), max_size=4).map(lambda found: escape("".join(found)))


def element(tag: str, inside: str) -> str:
    return f"<{tag}>{inside}</{tag.split()[0]}>"


INLINE = (
    *("content styleCode='bold'", "content styleCode='italics'", "content styleCode='underline'", "content"),
    *("linkHtml href='https://example.org/a'", "linkHtml href='#a'", "content styleCode='bold italics'"),
)
raised = st.builds(element, st.sampled_from(["sub", "sup"]), pieces.filter(lambda text: "[" not in text))  # no mark
inline = st.recursive(
    pieces | raised | st.sampled_from(["<br/>", " <br/> "]),
    lambda inner: st.builds(element, st.sampled_from(INLINE), st.lists(inner, max_size=3).map("".join)),
    max_leaves=5,
)
line = st.lists(inline, max_size=4).map("".join)
caption = st.sampled_from(["", "<caption>•</caption>", "<caption>1.</caption>", "<caption>a)</caption>"])
paragraph = st.builds(element, st.just("paragraph"), line)


def lists(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    item = st.builds(lambda mark, inside: f"<item>{mark}{inside}</item>", caption, inner)
    kinds = st.sampled_from(["list", "list listType='ordered'", "list listType='unordered'"])
    return st.builds(element, kinds, st.lists(item, max_size=3).map("".join))


def tables(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    cell = st.builds(element, st.sampled_from(["td", "td", "th", "td colspan='2'", "td rowspan='2'"]), inner)
    row = st.lists(cell, min_size=1, max_size=3).map("".join).map(lambda inside: f"<tr>{inside}</tr>")
    rows = st.lists(row, min_size=1, max_size=3).map("".join)
    head = st.one_of(st.just(""), row.map(lambda inside: f"<thead>{inside}</thead>"))
    return st.builds(lambda top, inside: f"<table>{top}<tbody>{inside}</tbody></table>", head, rows)


block = st.recursive(
    paragraph | line, lambda inner: lists(inner) | tables(inner) | st.tuples(inner, inner).map("".join), max_leaves=6
)
texts = st.lists(block, max_size=5).map("".join)


def imported(data: str) -> Import:
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        (place / "label.xml").write_text(data, encoding="utf-8")
        return import_labels(place / "content", place / "label.xml")


@settings(max_examples=40, suppress_health_check=list(HealthCheck))
@given(texts, texts)
def test_the_words_of_any_text_are_shown_in_their_order(first, second):
    inner = section("42229-5", "Part", second)
    data = label(
        section("34067-9", "INDICATIONS", "<paragraph>x</paragraph>"), section("34068-7", "DOSE", first, inner)
    )
    done = imported(data)
    assert (done.status, done.lines) == (0, [])
    expected = read_label(data.encode())
    html = done.drug.sections.get(DOSAGE, "")
    assert difference(told(html).words, expected, DOSAGE) == "" or not expected.headings() & {DOSAGE}
