"""Markdown to safe HTML, in the child process and out of it."""

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cpd.content import render
from cpd.content.markup import section_id
from cpd.content.render import Job, Rendered, render_sources, renderer
from cpd.content.render_child import Converter, Fault
from cpd.content.source import Problem
from tests.rendering import Child

CONVERTER = Converter()


@pytest.fixture(autouse=True)
def _children_of_its_own(monkeypatch):
    monkeypatch.setattr(render, "_Child", Child)


def convert(body, kind="module", **pieces):
    """What the child makes of a text, without the child; `q1_lead` is the piece q1.lead."""
    named = {name.replace("_", "."): text for name, text in pieces.items()}
    return CONVERTER.convert({"kind": kind, "body": body, "pieces": named, "media": ""})


def html_of(body):
    return convert(body)["html"]


def faults_of(body, **pieces):
    with pytest.raises(Fault) as fault:
        convert(body, **pieces)
    return str(fault.value)


def either_of(body, **pieces):
    """The rendering and no fault, or nothing and the fault."""
    try:
        return convert(body, **pieces), ""
    except Fault as fault:
        return None, str(fault)


# Headings and contents


def test_headings_have_ids_made_of_their_words():
    assert (
        html_of("## Über *Dosis* & β-blockers\n")
        == '<h2 id="s-über-dosis-β-blockers">Über <em>Dosis</em> &amp; β-blockers</h2>'
    )


def test_the_contents_list_every_section():
    assert convert("## One\n\n### Sub\n\n## Two `x`\n")["contents"] == [
        {"id": "s-one", "title": "One"},
        {"id": "s-two-x", "title": "Two x"},
    ]


def test_equal_headings_have_different_ids():
    contents = convert("## A\n\n## A\n\n## A 2\n\n## A\n\n## ***\n\n## ?\n")["contents"]
    assert [item["id"] for item in contents] == ["s-a", "s-a-2", "s-a-2-2", "s-a-3", "s-section", "s-section-2"]


def test_long_headings_that_begin_alike_have_different_ids():
    letters = "a" * 60
    contents = convert("\n\n".join(f"## {letters}{end}" for end in ("", "", " b", " c")))["contents"]
    assert [item["id"] for item in contents] == [
        f"s-{letters}",
        *(f"s-{letters[:58]}-{number}" for number in (2, 3, 4)),
    ]


def test_as_many_equal_headings_as_one_likes_have_different_ids():
    taken = {}
    titles = [f"{'a' * 56}-{number}" for number in range(2_000)] * 2
    assert len({section_id(title, taken) for title in titles}) == 4_000


@given(st.lists(st.text() | st.text("ab-2", min_size=55, max_size=65), max_size=20))
def test_ids_of_sections_never_repeat(titles):
    taken = {}
    ids = [section_id(title, taken) for title in titles]
    assert len(set(ids)) == len(ids)
    assert all(re.fullmatch(r"s-[^\s\"'<>&]+", each) for each in ids)


def test_a_first_level_heading_is_a_fault():
    assert "write it with ##" in faults_of("# Title\n\nText\n")
    assert "write it with ##" in faults_of("Title\n=====\n\nText\n")


def test_a_section_heading_in_a_list_is_a_fault():
    assert "blank line" in faults_of("> ## Hidden\n")


# Tables, doses, callouts


def test_a_table_can_be_scrolled_and_has_a_name():
    html = html_of("| Drug | Dose |\n|---|--:|\n| A | 1 |\n")
    assert html.startswith(
        '<div class="table-wrap" tabindex="0" role="group" aria-label="Table: Drug, Dose"><table class="table">'
    )
    assert html.endswith("</table></div>")
    assert '<th scope="col">Drug</th>' in html


def test_alignment_of_cells_is_a_class():
    html = html_of("| A | B | C |\n|---|--:|:-:|\n| 1 | 2 | 3 |\n")
    assert '<td>1</td>\n<td class="n">2</td>\n<td class="c">3</td>' in html
    assert "style" not in html


def test_an_empty_header_cell_is_an_ordinary_cell():
    html = html_of("| | A |\n|---|---|\n| x | 1 |\n")
    assert '<td></td>\n<th scope="col">A</th>' in html


def test_a_table_with_spanned_cells_may_be_html():
    html = html_of('<table onclick="x()"><tr><th rowspan="2" scope="row">A</th><td colspan="x">B</td></tr></table>\n')
    assert '<th rowspan="2" scope="row">A</th><td>B</td>' in html
    assert "onclick" not in html


@pytest.mark.parametrize(
    "dose",
    [
        "5 mg",
        "0.6 mL",
        "0,5 mg",
        "2,000 mg",
        "1 000 mg",
        "300–800 micrograms/day",
        "5 to 10 mg",
        "50 micrograms/mL",
        "2.5 mg/kg/day",
        "10mg",
        "100 units",
        "5 mmol/L",
        "1 g",
        "36 mg/24 hours",
        "1\u202f000 mg",
        "5&nbsp;mg",
    ],
)
def test_a_dose_stays_together_with_its_unit(dose):
    shown = dose.replace("\u00a0", "&nbsp;")
    assert f'give <bdi class="dose" dir="ltr">{shown}</bdi>, then' in html_of(f"give {dose}, then")


@pytest.mark.parametrize("text", ["5 men", "B12 mg", "10 metres", "1.5.2026 g-force", "10–30%", "20 Lords", "A5 mg"])
def test_what_only_looks_like_a_dose_stays_as_it_is(text):
    assert "bdi" not in html_of(f"see {text} here")


@pytest.mark.parametrize("text", ["[5 mg](https://example.org)", "`5 mg`", "## 5 mg", "### 5 mg"])
def test_doses_in_links_code_and_headings_stay_as_they_are(text):
    assert "bdi" not in html_of(text)


@pytest.mark.parametrize(
    ("written", "classes", "title"),
    [
        ('red-flag "Act"', "callout callout--flag", "Act"),
        ("red-flag", "callout callout--flag", "Red flag"),
        ('key-point "Think"', "callout", "Think"),
        ("key-point", "callout", "Key point"),
        ('caution "Slowly"', "callout callout--note", "Slowly"),
        ("warning", "callout callout--note", "Warning"),
    ],
)
def test_a_callout_has_its_class_and_title(written, classes, title):
    assert html_of(f"!!! {written}\n    Text\n") == (
        f'<div class="{classes}">\n<p class="callout__title">{title}</p>\n<p>Text</p>\n</div>'
    )


# Links and images


def test_a_link_to_a_monograph_has_a_card():
    assert '<a class="drug" href="/monographs/baclofen" data-card="/monographs/baclofen/card">it</a>' in html_of(
        "[it](monograph:baclofen)"
    )


def test_a_link_to_a_module_goes_to_its_page():
    assert '<a href="/modules/headache">it</a>' in html_of("[it](module:headache)")


def test_a_link_to_another_site_gives_nothing_away():
    assert '<a href="https://example.org/?a=1&amp;b=2" rel="noopener noreferrer">x</a>' in html_of(
        "[x](https://example.org/?a=1&b=2)"
    )


@pytest.mark.parametrize("target", ["/pages/terms", "#s-one"])
def test_links_inside_the_site_stay(target):
    assert f'<a href="{target}">x</a>' in html_of(f"[x]({target})")


@pytest.mark.parametrize(
    "target",
    ["//evil.test", "/\\evil.test", "monograph:../x", "module:A", "https://user@evil.test", "other.md", "https:x"],
)
def test_a_link_that_leads_nowhere_is_a_fault(target):
    assert "leads nowhere" in faults_of(f"[x]({target})")


def test_an_image_beside_the_text_is_shown_with_its_description():
    rendered = CONVERTER.convert({"kind": "page", "body": "![A & B](scan-1.png)", "pieces": {}, "media": "/media/x/"})
    assert (rendered["html"], rendered["images"]) == (
        '<p><img src="/media/x/scan-1.png" alt="A &amp; B"></p>',
        ["scan-1.png"],
    )


@pytest.mark.parametrize(
    "image",
    [
        "![x](https://evil.test/x.png)",
        "![x](//evil.test/x.png)",
        "![x](/etc/x.png)",
        "![x](../x.png)",
        "![x](a/x.png)",
        "![x](x.svg)",
        "![x](x.svg.exe)",
        "![x](data:image/png;base64,AAAA)",
        "![](x.png)",
        "![ ](x.png)",
        "![x][ref]\n\n[ref]: https://evil.test/x.png",
        '<img src="x.png">',
    ],
)
def test_an_image_from_elsewhere_or_without_words_is_a_fault(image):
    assert "image" in faults_of(image)


# Footnotes, numbered in the order of the text


NOTED = "## A\n\n- One.[^b]\n- Two.[^a]\n\nAgain.[^b]\n\n[^a]: Note A.\n[^b]: Note B.\n"


def test_footnotes_are_numbered_as_they_are_read():
    html = html_of(NOTED)
    assert re.findall(r'<sup id="([^"]+)"><a href="([^"]+)"[^>]*>(\d)</a></sup>', html) == [
        ("fnref-1", "#fn-1", "1"),
        ("fnref-2", "#fn-2", "2"),
        ("fnref-1-2", "#fn-1", "1"),
    ]


def test_a_reference_says_what_it_is():
    reference = re.search(r'<a [^>]*href="#fn-1"[^>]*>1</a>', html_of(NOTED))[0]
    assert 'class="ref"' in reference
    assert 'aria-label="Reference 1"' in reference


def test_the_list_of_footnotes_leads_back():
    notes = convert(NOTED)["footnotes"]
    assert notes.startswith('<ol><li id="fn-1">')
    assert re.findall(r"Note (\w)|href=\"(#[^\"]+)\"", notes) == [
        ("B", ""),
        ("", "#fnref-1"),
        ("", "#fnref-1-2"),
        ("A", ""),
        ("", "#fnref-2"),
    ]
    assert 'aria-label="Back to reference 1 in the text, place 2"' in notes


def test_footnotes_of_the_assessment_go_on_counting_and_lead_nowhere_back():
    rendered = convert("Text.[^1]\n\n[^2]: Two.\n[^1]: One.\n", q1_lead="What?", q1_why="Since.[^2] And.[^1]")
    assert re.findall(r">(\d)</a></sup>", rendered["pieces"]["q1.why"]) == ["2", "1"]
    assert " id=" not in rendered["pieces"]["q1.why"]
    assert rendered["footnotes"].count("backref") == 1


def test_a_text_without_footnotes_has_no_list():
    assert convert("Text.")["footnotes"] == ""


def test_abbreviations_are_explained():
    assert '<abbr title="computed tomography">CT</abbr>' in html_of("A CT.\n\n*[CT]: computed tomography\n")


# Pieces of the assessment


def test_pieces_are_apart_from_the_text():
    rendered = convert("Body.", q1_lead="*What?*", q1_vignette="- a\n- b", q1_a="One", q1_a_why="First.\n\nSecond.")
    assert rendered["html"] == "<p>Body.</p>"
    assert rendered["pieces"] == {
        "q1.lead": "<em>What?</em>",
        "q1.vignette": "<ul>\n<li>a</li>\n<li>b</li>\n</ul>",
        "q1.a": "One",
        "q1.a.why": "<p>First.</p>\n<p>Second.</p>",
    }


@pytest.mark.parametrize(
    "text",
    ["> 120 mmHg", "# 1", "- 5 °C", "+ 5", "* 2", "5. Stop", "1) Go", "!!! red-flag", ": x", "---", "===", "-", "~~~"],
)
def test_an_option_that_begins_like_a_block_is_still_text(text):
    html = convert("Body.", q1_a=text, q1_b="Next")["pieces"]
    assert (html["q1.a"].replace("&gt;", ">"), html["q1.b"]) == (text, "Next")


def test_an_option_may_begin_with_emphasis():
    assert convert("Body.", q1_a="**Stop** it")["pieces"]["q1.a"] == "<strong>Stop</strong> it"


def test_a_link_in_an_option_would_give_the_answer_away():
    assert (
        convert("Body.", q1_a="Give [baclofen](monograph:baclofen)[^1]\n\n[^1]: x")["pieces"]["q1.a"]
        == "Give baclofen[^1] [^1]: x"
    )


def test_doses_in_options_stay_together():
    assert convert("Body.", q1_a="5 mg")["pieces"]["q1.a"] == '<bdi class="dose" dir="ltr">5 mg</bdi>'


@pytest.mark.parametrize("opened", ["<div>", "<!-- note", "<table><tr><td>", "<![CDATA[", "<?php", "<details>"])
def test_what_is_opened_and_not_closed_does_not_swallow_the_assessment(opened):
    rendered, fault = either_of(f"Text.\n\n{opened}\n\nMore.\n", q1_lead="What?", q1_a="A")
    assert "not closed" in fault or rendered["pieces"] == {"q1.lead": "What?", "q1.a": "A"}


def test_a_piece_that_is_not_closed_is_named():
    assert "in q1.vignette" in faults_of("Text.", q1_lead="What?", q1_vignette="<div>\n\nopen", q1_a="A")


def test_no_text_can_forge_the_marks_between_pieces():
    forged = "cpd" + "0" * 24 + "n0n"
    assert convert(f"{forged}\n\nBody.", q1_lead="What?")["pieces"]["q1.lead"] == "What?"


def test_sections_of_a_monograph_are_found_by_their_heading():
    job = Job("monograph", "x", "## Dosage\n\n### Adults\n\n5 mg\n\n## Boxed warning\n\nDanger.\n")
    (rendered,) = render_sources([job])
    assert list(rendered.sections) == ["Boxed warning", "Dosage"]
    assert rendered.sections["Boxed warning"] == "<p>Danger.</p>"
    assert rendered.sections["Dosage"].startswith("<h3>Adults</h3>")


def test_words_of_the_assessment_are_not_counted():
    assert convert("## One two\n\nThree [four](https://example.org).", q1_lead="What?")["words"] == 4


# Hostile markup


HOSTILE = [
    "<script>alert(1)</script>",
    "<SCRIPT SRC=//evil.test/x.js></SCRIPT>",
    "<img src=x onerror=alert(1)>",
    "<svg onload=alert(1)>",
    "<svg><script>alert(1)</script></svg>",
    "<math><mi//xlink:href='data:x,<script>alert(1)</script>'>",
    "<iframe src=javascript:alert(1)></iframe>",
    "<object data=x></object><embed src=x>",
    "<form action=//evil.test><input name=q autofocus onfocus=alert(1)></form>",
    "<a href='javascript:alert(1)'>x</a>",
    "<a href='JaVaScRiPt&colon;alert(1)'>x</a>",
    "<a href=' &#14; javascript:alert(1)'>x</a>",
    "<a href='data:text/html,<script>alert(1)</script>'>x</a>",
    "<a href='vbscript:x'>x</a>",
    "<a href='https://example.org' onclick='x()' style='color:red' target=_top id=main class=drug data-auto>x</a>",
    "[x](javascript:alert(1))",
    "[x](<javascript:alert(1)>)",
    "[x](java\nscript:alert(1))",
    "[x](data:text/html;base64,PHNjcmlwdD4=)",
    "[x](https://example.org \"t' onmouseover='alert(1)\")",
    '[x](https://example.org "a\\" onmouseover=\\"alert(1)")',
    "<javascript:alert(1)>",
    '![x](x.png"onerror="alert(1))',
    '![x" onerror="alert(1)](x.png)',
    "<style>*{display:none}</style>",
    "<link rel=stylesheet href=//evil.test>",
    "<meta http-equiv=refresh content='0;url=//evil.test'>",
    "<base href=//evil.test>",
    "<div style='position:fixed;inset:0'>x</div>",
    "<div id=main class='callout__title' role=alert aria-label=x data-card=x tabindex=0>x</div>",
    "<p id='fn-1' class='ref'>x</p>",
    "<template><script>alert(1)</script></template>",
    "<noscript><p title='</noscript><img src=x onerror=alert(1)>'>",
    "<xss onfocus=alert(1) tabindex=1>x</xss>",
    "<video><source onerror=alert(1)></video>",
    "<details open ontoggle=alert(1)>x</details>",
    "<b onmouseover=alert(1)>x</b>",
    "<!--><script>alert(1)</script>-->",
    "<![CDATA[<script>alert(1)</script>]]>",
    "<?xml version='1.0'?><script>alert(1)</script>",
    "</p></div></main><h1>x</h1>",
    "<table><td><a href=javascript:alert(1)>x</table>",
    '!!! red-flag "<img src=x onerror=alert(1)>"\n    x',
    "!!! drug data-auto\n    x",
    '*[HTML]: " onmouseover="alert(1)\n\nHTML',
    '[^x"onclick="a]\n\n[^x"onclick="a]: y',
    "[x]: javascript:alert(1)\n\n[x]",
    "{: onclick=alert(1) } x",
    "x {: .drug #main }",
    "\\<script>alert(1)\\</script>",
    "`<script>alert(1)</script>`",
    "&lt;script&gt;alert(1)&lt;/script&gt;",
    "&#60;script&#62;alert(1)",
    "<<script>alert(1)//<</script>",
    '<a href="x" title="<script>">y</a>',
    "<ol start='1\" onclick=\"x'><li>x</li></ol>",
    "<td colspan='2\" onclick=\"x'>x</td>",
    "</textarea><script>alert(1)</script>",
    "<plaintext>x",
    "<xmp><script>alert(1)</script></xmp>",
]
ALLOWED = re.compile(
    r"<(?:/?(?:p|ul|ol|li|em|strong|b|i|code|pre|div|span|table|tbody|thead|tr|td|th|h2|h3|dl|dt|dd|hr|br|blockquote"
    r"|sup|abbr|a|del)"
    r'(?:(?: (?:href="(?:https?://|/|#)[^"<>]*"|title="[^"]*"|rel="noopener noreferrer"|id="(?:s|fn|fnref)-[^"]*"'
    r'|class="(?:drug|ref|backref|table|table-wrap|dose|n|c'
    r'|callout|callout callout--flag|callout callout--note|callout__title)"'
    r'|aria-label="[^"<>]*"|tabindex="0"|role="group"|scope="col"|start="[^"]*"|data-card="/monographs/[a-z-]+/card"|dir="ltr"))*)'
    r'|bdi class="dose" dir="ltr"|/bdi|img src="[\w-]+\.png" alt="[^"]*")>'
)


@pytest.mark.parametrize("hostile", HOSTILE, ids=lambda text: text[:40])
@pytest.mark.parametrize("place", ["{}", "Text {} text", "- {}", "> {}", "| A |\n|---|\n| {} |", "## {}"])
def test_hostile_markup_is_harmless_or_a_fault(hostile, place):
    rendered, fault = either_of(place.format(hostile), q1_lead=hostile, q1_a=hostile, q1_why=hostile)
    if not fault:
        for html in (rendered["html"], rendered["footnotes"], *rendered["pieces"].values()):
            assert "<" not in ALLOWED.sub("", html), html


@pytest.mark.parametrize("name", ["main", "content", "fn-1", "s-one"])
def test_no_author_can_take_an_id_of_the_page(name):
    assert f'id="{name}"' not in html_of(f'<p id="{name}">x</p>\n\n<div id="{name}">y</div>')


@settings(max_examples=100, deadline=None)
@given(st.text(alphabet="ab \n#*_`[]()<>!^:|-=&\"'/1.", max_size=120))
def test_any_markup_gives_only_allowed_html(text):
    rendered, fault = either_of(text)
    assert fault or "<" not in ALLOWED.sub("", rendered["html"]), rendered["html"]


def test_rendering_twice_gives_the_same():
    body = f'{NOTED}\n\n[a](https://example.org "t")\n'
    assert Converter().convert(job := {"kind": "page", "body": body, "pieces": {}, "media": ""}) == Converter().convert(
        job
    )


def test_one_text_leaves_nothing_for_the_next():
    convert("CT[^1]\n\n*[CT]: tomography\n\n[^1]: Note.\n\n[site]: https://example.org\n\n## A\n")
    rendered = convert("CT [site] [^1]\n\n## A\n")
    assert (rendered["html"], rendered["footnotes"]) == ('<p>CT [site] [^1]</p>\n<h2 id="s-a">A</h2>', "")


# The child process


def test_jobs_are_rendered_in_their_order():
    jobs = [Job("page", f"p{number}", f"Text {number}.") for number in range(3)]
    assert [each.html for each in render_sources(jobs)] == [f"<p>Text {number}.</p>" for number in range(3)]


def test_a_fault_is_a_problem_with_its_path_and_the_others_are_rendered():
    jobs = [Job("page", "a", "# One\n\n[x](y.md)", path="pages/a.md", line=6), Job("page", "b", "Two.")]
    first, second, third = render_sources(jobs)
    assert [(each.path, each.line) for each in (first, second)] == [("pages/a.md", 6)] * 2
    assert isinstance(third, Rendered)


def test_a_bomb_is_stopped_by_the_clock_and_the_others_are_rendered():
    bomb = Job("module", "bomb", "[" * 8000, path="bomb.md")
    first, problem, last = render_sources([Job("page", "a", "One."), bomb, Job("page", "b", "Two.")], seconds=1)
    assert isinstance(problem, Problem)
    assert ("bomb.md", "brackets" in problem.message) == (problem.path, True)
    assert (first.html, last.html) == ("<p>One.</p>", "<p>Two.</p>")


def test_lists_nested_too_deep_are_a_problem():
    (problem,) = render_sources([Job("page", "deep", "\n".join(" " * 4 * depth + "- x" for depth in range(280)))])
    assert "nested too deep" in problem.message


def test_a_child_that_dies_is_a_problem_of_its_file(monkeypatch):
    monkeypatch.setattr(
        render,
        "_CHILD",
        "import os, sys; print('ready', flush=True); os.kill(os.getpid(), 9) if 'die' in input() else 0",
    )
    problem, other = render_sources([Job("page", "a", "die", path="a.md"), Job("page", "b", "die", path="b.md")])
    assert (problem.path, other.path) == ("a.md", "b.md")


def test_many_files_keep_their_order_though_two_children_share_them_and_some_die(monkeypatch):
    monkeypatch.setattr(render, "SIDE_BY_SIDE", 2)
    monkeypatch.setattr(render, "FOR_ONE", 1)
    child = """
import json, os, sys
print('ready', flush=True)
for line in sys.stdin:
    body = json.loads(line)['body']
    if body == '3': os._exit(1)
    print(json.dumps({'html': body, 'contents': [], 'pieces': {}, 'sections': {}, 'footnotes': '', 'words': 1,
                      'images': []}), flush=True)
"""
    monkeypatch.setattr(render, "_CHILD", child)
    started = []
    popen = render.subprocess.Popen
    monkeypatch.setattr(render.subprocess, "Popen", lambda *a, **k: started.append(popen(*a, **k)) or started[-1])

    done = list(render_sources(Job("page", str(number), str(number), path=f"{number}.md") for number in range(6)))

    assert [each.path if isinstance(each, Problem) else each.html for each in done] == ["0", "1", "2", "3.md", "4", "5"]
    assert len(started) == 3
    assert all(each.poll() is not None for each in started)


def test_a_child_that_takes_too_much_memory_is_a_problem_of_its_file(monkeypatch):
    greedy = (
        "import sys; sys.path.append(sys.argv[1]); from cpd.content import render_child as child;"
        " child.answer.__globals__['Converter'].convert = lambda *_: {'html': 'x' * 10**9}; child.main()"
    )
    monkeypatch.setattr(render, "_CHILD", greedy)
    (problem,) = render_sources([Job("page", "a", "x", path="a.md")])
    assert "memory" in problem.message


def test_a_child_that_cannot_start_is_no_fault_of_the_content(monkeypatch):
    monkeypatch.setattr(render, "_CHILD", "raise SystemExit('no such package')")
    with pytest.raises(RuntimeError, match="no such package"):
        list(render_sources([Job("page", "a", "x")]))


def test_no_child_is_started_for_nothing(monkeypatch):
    monkeypatch.setattr(render, "_CHILD", "raise SystemExit")
    assert list(render_sources([])) == []


def test_the_child_ends_when_nobody_listens_any_more(monkeypatch):
    started = []
    popen = render.subprocess.Popen
    monkeypatch.setattr(render.subprocess, "Popen", lambda *a, **k: started.append(popen(*a, **k)) or started[-1])
    rendering = render_sources([Job("page", "a", "x"), Job("page", "b", "y")])
    next(rendering)
    rendering.close()
    assert started[0].poll() is not None


def test_the_child_does_without_the_web_application():
    code = "import sys, cpd.content.render_child, cpd.content.check; print('flask' in sys.modules)"
    answer = render.subprocess.run([render.sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert answer.stdout.strip() == "False"


def test_the_renderer_has_a_version():
    assert re.fullmatch(r"[0-9a-f]{12}", renderer())
