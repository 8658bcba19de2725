"""Long monographs: what is left out of a page comes back in parts, whole, in order, and no part is too long."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as some

from cpd.content import folding
from cpd.content.cutting import blocks_of, cut, first_of, parts_of, weight
from cpd.content.folding import HEAD, PART, SHOWN, fold
from cpd.content.markup import clean, finish, plain
from cpd.monographs.sections import BOXED_WARNING, NOTES, SECTIONS, section_id

HEAD_ROW = '<thead><tr><th scope="col">Reaction</th><th scope="col">Drug</th></tr></thead>'


def paragraphs(size: int, word: str = "text") -> str:
    one = f"<p>{word} 1234 {'abcdefghi ' * 9}</p>"
    return "".join(one.replace("1234", f"{number:04}") for number in range(size // len(one)))


def table(rows: list[str]) -> str:
    body = "".join(rows)
    return f'<div class="table-wrap"><table class="table">{HEAD_ROW}<tbody>{body}</tbody></table></div>'


def row(number: int, attributes: str = "") -> str:
    return f"<tr><td{attributes}>reaction {number}</td><td>{number} mg</td></tr>"


def everything(folded: folding.Folded, title: str) -> str:
    """A section with all that was left out of it."""
    rests = [each["html"] for each in folded.rests if each["section"] == section_id(title)]
    return folded.sections[title] + "".join(rests)


def test_a_monograph_that_fits_is_shown_whole():
    sections = {"Dosage": paragraphs(80_000), "References": paragraphs(SHOWN - 90_000)}
    folded = fold(sections, "")
    assert (folded.sections, folded.folds, folded.rests) == (sections, {}, [])


def test_the_longest_are_folded_first_and_only_as_many_as_need_be():
    sections = {
        "Interactions": paragraphs(90_000),
        "Clinical studies": paragraphs(400_000),
        "References": "<p>One.</p>",
    }
    folded = fold(sections, "")
    assert list(folded.folds) == ["clinical-studies"]
    assert folded.sections["Interactions"] == sections["Interactions"]
    assert weight(folded.sections["Clinical studies"]) <= HEAD


@pytest.mark.parametrize("first", ["Therapeutic use", "Dosage", "Contraindications"])
def test_what_readers_come_for_is_folded_last(first):
    sections = {first: paragraphs(150_000), "Interactions": paragraphs(120_000)}
    assert list(fold(sections, "").folds) == ["interactions"]


def test_a_boxed_warning_is_never_folded():
    sections = {BOXED_WARNING: paragraphs(SHOWN + 50_000), "Dosage": paragraphs(20_000)}
    folded = fold(sections, "")
    assert folded.sections[BOXED_WARNING] == sections[BOXED_WARNING]
    assert list(folded.folds) == ["dosage"]


def test_all_sections_at_their_longest_fit_on_a_page():
    folded = fold({title: paragraphs(120_000) for title in SECTIONS if title != BOXED_WARNING}, paragraphs(120_000))
    assert sum(map(weight, [*folded.sections.values(), folded.notes])) <= SHOWN
    assert section_id(NOTES) in folded.folds
    assert all(weight(each["html"]) <= PART for each in folded.rests)


def test_nothing_is_lost_and_everything_keeps_its_order():
    texts = {title: paragraphs(150_000, word=title) for title in SECTIONS}
    folded = fold(texts, "")
    assert {title: everything(folded, title) for title in texts} == texts


def test_a_folded_section_names_its_sub_headings_and_where_they_stand():
    html = "".join(f"<h3>{number} Liver &amp; kidney</h3>{paragraphs(100_000)}" for number in range(1, 7))
    folded = fold({"Clinical studies": html}, "")
    known = folded.folds["clinical-studies"]
    assert known["parts"] == 3
    assert [heading["title"] for heading in known["headings"]] == [
        f"{number} Liver & kidney" for number in range(1, 7)
    ][-len(known["headings"]) :]
    for heading in known["headings"]:
        [html] = [each["html"] for each in folded.rests if each["part"] == heading["part"]]
        assert f'<h3 id="{heading["id"]}">' in html
    assert all(each["html"].startswith("<h3 ") for each in folded.rests[1:]), "parts begin with sub-headings"


def test_a_beginning_never_ends_with_a_heading():
    html = f"<p>First.</p><h3>Second</h3>{paragraphs(SHOWN * 2)}"
    folded = fold({"Clinical studies": f"{html}<p>Last.</p>"}, "")
    assert not re.search(r"</h3>\s*$", folded.sections["Clinical studies"])


@pytest.mark.parametrize(
    "block",
    [
        table([row(number) for number in range(9_000)]),
        f"<p>{'word ' * 99_000}</p>",
        f"<ul>{'<li>item</li>' * 40_000}</ul>",
    ],
    ids=["table", "paragraph", "list"],
)
def test_a_section_of_one_long_block_begins_with_some_of_it(block):
    folded = fold({"Adverse reactions": block}, "")
    beginning = folded.sections["Adverse reactions"]
    assert 0 < weight(beginning) <= HEAD
    assert (
        plain(everything(folded, "Adverse reactions")).replace("ReactionDrug", "").split()
        == plain(block).replace("ReactionDrug", "").split()
    )


def test_a_section_that_cannot_begin_is_not_shown_as_empty():
    block = table([f"<tr><td>{'word ' * 99_000}</td></tr>"])
    folded = fold({"Adverse reactions": block}, "")
    assert plain(folded.sections["Adverse reactions"]) == "…"
    assert [each["html"] for each in folded.rests] == [block]


def test_many_sub_headings_are_not_all_named():
    html = "".join(f"<h3>{'A very long heading ' * 40}{number}</h3><p>Text.</p>" for number in range(2_000))
    known = fold({"Clinical studies": html}, "").folds["clinical-studies"]
    assert len(known["headings"]) == folding.LISTED
    assert known["more"]
    assert max(len(heading["title"]) for heading in known["headings"]) <= folding.LONGEST_TITLE


# Notes


def notes(count: int, words: int) -> str:
    items = (
        f'<li id="fn-{number}"><p>{"note " * words}{number}.'
        f'<a href="#fnref-{number}" class="backref" aria-label="Back to reference {number} in the text">↩</a></p></li>'
        for number in range(1, count + 1)
    )
    return f"<ol>{''.join(items)}</ol>"


def reference(number: int) -> str:
    return f'<sup id="fnref-{number}"><a class="ref" href="#fn-{number}">{number}</a></sup>'


def test_notes_that_are_too_long_are_left_out_in_parts_that_go_on_numbering():
    folded = fold({"Dosage": paragraphs(200_000)}, notes(3_000, 30))
    known = folded.folds[section_id(NOTES)]
    assert folded.notes == ""
    assert known["first"][0] == 1
    assert len(known["first"]) == known["parts"] > 1
    for first, part in zip(known["first"], folded.rests, strict=True):
        assert f'<li id="fn-{first}">' in part["html"]
        assert first == 1 or part["html"].startswith(f'<ol start="{first}">')


def test_notes_do_not_lead_back_to_what_the_page_leaves_out():
    text = "".join(f"<p>{reference(number)} {'abcdefghi ' * 40}</p>" for number in range(1, 1_001))
    folded = fold({"Dosage": f"<p>{reference(1_200)}</p>", "Clinical studies": text}, notes(1_200, 1))
    shown = {*re.findall(r'id="(fnref-\d+)"', "".join(folded.sections.values()))}
    assert "fnref-1200" in shown
    left_out = {f"fnref-{number}" for number in range(1, 1_001)} - shown
    assert len(left_out) > 900
    assert not left_out & {*re.findall(r'href="#(fnref-\d+)"', folded.notes)}
    assert len(re.findall(r"<li ", folded.notes)) == 1_200


# Cutting


def test_each_piece_of_a_table_has_its_head_and_whole_rows():
    pieces = cut(table([row(number) for number in range(2_000)]), 9_000)
    assert len(pieces) > 5
    for piece in pieces:
        assert piece.count(HEAD_ROW) == 1
        assert piece.count("<tr>") == piece.count("</tr>")
        assert weight(piece) <= 9_000
        assert piece.startswith('<div class="table-wrap"><table class="table">')
        assert piece.endswith("</tbody></table></div>")
    numbers = [int(number) for number in re.findall(r"reaction (\d+)", "".join(pieces))]
    assert numbers == list(range(2_000))


def test_rows_that_a_cell_joins_stay_together():
    groups = [
        "".join([row(number, ' rowspan="3"'), "<tr><td>second</td></tr>", f"<tr><td>{'third ' * 30}</td></tr>"])
        for number in range(200)
    ]
    pieces = cut(table(groups), 3_000)
    assert len(pieces) > 5
    for piece in pieces:
        rows = re.findall(r"<tr>(.*?)</tr>", piece.split("<tbody>")[1])
        assert 'rowspan="3"' in rows[0]
        assert rows[-1].startswith("<td>third")
        assert len(rows) % 3 == 0


def test_the_pieces_of_a_numbered_list_go_on_numbering():
    first, second, *_ = cut(f'<ol start="5">{"<li>item of a list</li>" * 100}</ol>', 1_000)
    assert first.startswith('<ol start="5">')
    assert second.startswith(f'<ol start="{5 + first.count("<li>")}">')


def test_a_block_that_is_cut_once_has_one_rest():
    first, rest = first_of(table([row(number) for number in range(2_000)]), 5_000)
    assert weight(first) <= 5_000
    assert rest.count(HEAD_ROW) == 1
    assert first.count("<tr>") + rest.count("<tr>") == 2_000 + 2
    assert first_of("<p>short</p>", 5_000) == ("", "<p>short</p>")


words = some.text("abc é<&>µ 0.5 ", max_size=60)
inline = some.builds("<b>{}</b> {}".format, words.map(lambda text: text.replace("<", "&lt;")), some.just("mg"))
elements = some.one_of(
    inline.map("<p>{}</p>".format),
    inline.map("<h3>{}</h3>".format),
    some.lists(inline, max_size=8).map(lambda items: f"<ul>{''.join(f'<li>{item}</li>' for item in items)}</ul>"),
    some.lists(inline, max_size=8).map(
        lambda cells: f"<table><tbody>{''.join(f'<tr><td>{cell}</td></tr>' for cell in cells)}</tbody></table>"
    ),
    inline,
)


@given(some.lists(elements, max_size=20), some.integers(20, 2_000))
def test_parts_hold_every_word_in_order_and_each_is_whole_by_itself(html, limit):
    html = finish(clean("".join(html), "ours")).html
    parts = parts_of(html, limit)
    assert "".join(plain(part) for part in parts).split() == plain(html).split()
    assert "".join(blocks_of(html)) == html
    for part in parts:
        assert opened_and_closed(part), part


def opened_and_closed(html: str) -> bool:
    """Whether each element that begins in the HTML ends in it, in order."""
    waiting = []
    for slash, tag in re.findall(r"<(/?)([a-z][a-z0-9]*)", html):
        if slash and (not waiting or waiting.pop() != tag):
            return False
        if not slash and tag not in ("br", "hr", "img"):
            waiting.append(tag)
    return not waiting
