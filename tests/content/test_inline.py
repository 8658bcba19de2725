"""What saves time when rendering changes no byte of the result."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown.treeprocessors import InlineProcessor

from cpd.content import render_child
from cpd.content.aside import IN_MEMORY, Aside
from cpd.content.check import check_content
from cpd.content.render_child import Converter, answer

SAMPLE = Path(__file__).parents[2] / "content"
NAMES = ("intro", "q1.lead", "q1.a", "q1.a.why", "q1.b", "q1.why")
OURS = Converter()
STOCK = Converter()
STOCK.ours = STOCK.tree.ours = OURS.ours
STOCK.markdown.treeprocessors.register(InlineProcessor(STOCK.markdown), "inline", 20)

signs = st.sampled_from(
    [
        "word",
        "CT",
        "5␣mg",
        "12",
        "é–µ␣±",
        "**b**",
        "*e*",
        "_u_",
        "__s_",
        "[x](https://example.org)",
        "[x][y]",
        "![a](b.png)",
        "[^1]",
        "`",
        "`c`",
        "<b>",
        "</b>",
        "<div>",
        "</div>",
        "&amp;",
        "&",
        "<",
        "\\*",
        "\\",
        "-",
        "1.",
        "2)",
        "#",
        ">",
        ":",
        "|",
        "*[CT]:␣tomography",
        "[^1]:␣note",
        "<https://example.org>",
        "<a@example.org>",
        "<!--",
        "-->",
        '!!!␣caution␣"T"',
        "===",
        "---",
        "'",
        '"',
        "(",
        ")",
        "!",
        "␣␣⏎",
        "⏎",
        "⏎⏎",
        "⏎⏎",
        "␣",
        "␣␣␣␣",
    ]
).map(lambda sign: sign.replace("␣", " ").replace("⏎", "\n"))
texts = st.lists(signs, max_size=12).map("".join) | st.lists(signs, max_size=12).map(" ".join)
plain = st.text("aZé 9.,-()%±'\"", max_size=12)


def stock_answer(job):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(render_child, "_plain_pieces", lambda *_: set())
        return answer(STOCK, job)


@given(body=texts, pieces=st.fixed_dictionaries({}, optional=dict.fromkeys(NAMES, texts | plain)))
def test_any_text_becomes_what_markdown_alone_would_make_of_it(body, pieces):
    kept = {name: text.strip("\n") for name, text in pieces.items() if text.strip()}
    job = {"kind": "module", "body": body, "pieces": kept, "media": ""}
    assert answer(OURS, job) == stock_answer(job)


def test_the_sample_content_becomes_what_markdown_alone_would_make_of_it():
    for item in check_content(SAMPLE).items():
        job = {"kind": item.job.kind, "body": item.job.body, "pieces": item.job.pieces, "media": ""}
        assert answer(OURS, job) == stock_answer(job), item.job.key


def test_text_without_signs_costs_no_look_for_patterns(monkeypatch):
    tried = []
    apply = InlineProcessor._InlineProcessor__applyPattern
    spy = lambda self, pattern, *rest: tried.append(pattern) or apply(self, pattern, *rest)  # noqa: E731
    monkeypatch.setattr(InlineProcessor, "_InlineProcessor__applyPattern", spy)
    answer(OURS, {"kind": "page", "body": "Only words.", "pieces": {}, "media": ""})
    assert tried == []
    answer(OURS, {"kind": "page", "body": "Some *emphasis*.", "pieces": {}, "media": ""})
    assert len(set(map(id, tried))) == 1


@pytest.mark.parametrize("count", [3, 2 * IN_MEMORY // 1_000_000], ids=["in memory", "on disk"])
def test_what_is_put_aside_comes_back_in_order(count):
    things = Aside()
    for number in range(count):
        things.add(f"{number}.md", (number, "x" * 1_000_000))
    assert [number for number, _ in things] == list(range(count))
    things.keep(lambda path: path != "1.md")
    assert [number for number, _ in things][:2] == [0, 2]
    assert len(things) == len(things.paths()) == count - 1
