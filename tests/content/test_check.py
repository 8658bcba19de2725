"""A whole folder checked: every fault of every file in one run, and nothing else."""

import os

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cpd.content.check import check_content
from tests.content.writing import (
    ASSESSMENT,
    CATEGORIES,
    MODULE_BODY,
    module,
    monograph,
    page,
    write,
    write_content,
)


def messages(checked):
    return [f"{problem.path.rpartition('/')[2]}:{problem.line} {problem.message}" for problem in checked.problems]


def only(checked):
    (message,) = messages(checked)
    return message


def check(folder, **files):
    return check_content(write_content(folder, **files))


def check_body(folder, body):
    """A module with this text before its assessment; the text begins in line 12."""
    return check(folder, modules__sepsis=module(f"{body}\n\n{ASSESSMENT}"))


def check_monograph(folder, body):
    """A monograph with this body, which begins in line 6."""
    return check(folder, monographs__baclofen=monograph(body))


def test_right_content_has_no_problem(tmp_path):
    checked = check(tmp_path, modules__sepsis=module(), monographs__baclofen=monograph(), pages__terms=page())
    assert (checked.problems, [category.slug for category in checked.categories]) == ([], ["red-flags"])
    assert [item.facts.slug for item in (*checked.modules, *checked.monographs, *checked.pages)] == [
        "sepsis",
        "baclofen",
        "terms",
    ]
    assert [item.job.key for item in checked.items()] == ["page/terms", "monograph/baclofen", "module/sepsis"]


def test_everything_wrong_in_all_files_comes_in_one_run_and_in_order(tmp_path):
    checked = check(
        tmp_path,
        pages__terms=page(version=None),
        modules__zoster=module(credits="x"),
        modules__angina=module("# One\n\n!!! blue\n    x\n" + ASSESSMENT, title=""),
        monographs__baclofen="no front matter",
    )
    assert [problem.split(" ")[0] for problem in messages(checked)] == [
        "angina.md:2", "angina.md:12", "angina.md:14", "zoster.md:4", "baclofen.md:1", "terms.md:1",
    ]  # fmt: skip


def test_a_faulty_file_is_not_among_what_was_checked(tmp_path):
    checked = check(tmp_path, modules__sepsis=module(credits="x"), modules__angina=module())
    assert [item.facts.slug for item in checked.modules] == ["angina"]


def test_a_warning_stands_in_nobodys_way(tmp_path):
    checked = check_body(tmp_path, "Text.\n\n[^1]: Unused.")
    assert (len(checked.problems), checked.errors, len(checked.modules)) == (1, [], 1)


@pytest.mark.parametrize(
    ("body", "line", "words"),
    [
        ("# Title", 12, "one #"),
        ("Text\n\n#5 is enough", 14, "one #"),
        ("!!! danger\n    x", 12, "no kind of callout"),
        ("!!!\n    x", 12, "write a callout as"),
        ("!!! red-flag Act now\n    x", 12, "write a callout as"),
        ('!!! red-flag "Act"\nnot indented', 12, "indent its text"),
        ('!!! red-flag "Act"', 12, "indent its text"),
        ("x\n\n[a](monograph:nothing)", 14, "there is no monograph “nothing”"),
        ("[a](module:nothing)", 12, "there is no module “nothing”"),
        ("[a](module:Sepsis)", 12, "names no module"),
        ("[a](monograph:../x)", 12, "names no monograph"),
        ("[a](monograph:)", 12, "names no monograph"),
        ("[a][b]\n\n[b]: monograph:nothing", 14, "there is no monograph"),
        ('<a href="monograph:nothing">x</a>', 12, "there is no monograph"),
        ("[a](javascript:alert(1))", 12, "may not begin with “javascript:”"),
        ("[a](mailto:a@example.org)", 12, "may not begin with “mailto:”"),
        ("[a](other.md)", 12, "is no address"),
        ("[a]()", 12, "has no address"),
        ("![a](missing.png)", 12, "is not there"),
        ("![a](x.svg)", 12, "can't be shown"),
        ("![a](https://example.org/x.png)", 12, "can't be shown"),
        ('<img src="x.png">', 12, "write an image as"),
        ("Text.[^1]", 12, "has no text"),
        ("Text.[^1]\n\n[^1]: One.\n[^1]: Two.", 15, "is there twice"),
        ("Text.\n\n[^1]: One.", 14, "is not used"),
        ("<script>x</script>", 12, "left out of the page"),
    ],
    ids=lambda value: value[:30] if isinstance(value, str) else None,
)
def test_a_fault_of_a_text_names_its_line(tmp_path, body, line, words):
    found = only(check_body(tmp_path, body))
    assert found.startswith(f"sepsis.md:{line} "), found
    assert words in found


@pytest.mark.parametrize(
    "body",
    [
        "[a](https://example.org) [b](/pages/terms) [c](#s-x) [d](module:sepsis)",
        "`[a](monograph:nothing)` and `# not` and `[^1]`",
        "Ask (module: any) and see [1] and [x].",
        "Text.[^1]\n\n[^1]: One, as in two.[^2]\n[^2]: Two.",
        '!!! red-flag "Act"\n\n    After a blank line.',
        "#### Small heading",
        "BP <90 mmHg and <b>bold</b>",
    ],
)
def test_a_right_text_has_no_problem(tmp_path, body):
    assert messages(check_body(tmp_path, body)) == []


@pytest.mark.parametrize(
    ("body", "line", "words"),
    [
        ("## Therapeutic uses\n\nx", 6, "did you mean “## Therapeutic use”"),
        ("## Zebra\n\nx", 6, "the headings are"),
        ("## Dosage\n\nx\n\n## Dosage\n\ny", 10, "is there twice"),
        ("Text\n\n## Dosage\n\nx", 6, "before the first"),
        ("", 6, "no sections"),
    ],
)
def test_a_fault_of_the_sections_of_a_monograph_names_its_line(tmp_path, body, line, words):
    found = only(check_monograph(tmp_path, body))
    assert found.startswith(f"baclofen.md:{line} "), found
    assert words in found


def test_links_between_files_are_found(tmp_path):
    body = f"[a](monograph:baclofen) [b](module:angina)\n\n{ASSESSMENT}"
    checked = check(
        tmp_path,
        modules__sepsis=module(body, monographs="[baclofen]"),
        modules__angina=module(),
        monographs__baclofen=monograph(),
    )
    assert messages(checked) == []


def test_a_listed_monograph_that_does_not_exist_names_its_line(tmp_path):
    assert only(check(tmp_path, modules__sepsis=module(monographs="[nothing]"))).startswith("sepsis.md:11 there is no")


def test_a_link_in_a_question_is_checked_too(tmp_path):
    body = MODULE_BODY.replace("Waiting costs lives.", "See [it](monograph:nothing).")
    assert "sepsis.md:21 there is no monograph" in only(check(tmp_path, modules__sepsis=module(body)))


def test_a_file_with_faults_is_not_reported_as_missing_too(tmp_path):
    body = f"[a](monograph:baclofen)\n\n{ASSESSMENT}"
    checked = check(tmp_path, modules__sepsis=module(body), monographs__baclofen=monograph(name=None))
    assert only(checked).startswith("baclofen.md")


def test_a_link_to_a_draft_is_refused_but_from_a_draft(tmp_path):
    body = f"[a](monograph:baclofen)\n\n{ASSESSMENT}"
    draft = monograph(status="draft")
    checked = check(
        tmp_path, modules__sepsis=module(body), modules__two=module(body, status="draft"), monographs__baclofen=draft
    )
    assert only(checked).startswith("sepsis.md:12 the monograph “baclofen” is a draft")


def test_a_link_to_a_withdrawn_monograph_still_leads_there(tmp_path):
    body = f"[a](monograph:baclofen)\n\n{ASSESSMENT}"
    checked = check(tmp_path, modules__sepsis=module(body), monographs__baclofen=monograph(status="withdrawn"))
    assert messages(checked) == []


def test_a_link_to_a_former_slug_still_leads_there(tmp_path):
    body = f"[a](module:blood-poisoning)\n\n{ASSESSMENT}"
    checked = check(tmp_path, modules__sepsis=module(former_slugs="[blood-poisoning]"), modules__two=module(body))
    assert messages(checked) == []


@pytest.mark.parametrize(("former", "words"), [("two", "name of another file"), ("old", "former slug of “sepsis” too")])
def test_a_former_slug_belongs_to_one(tmp_path, former, words):
    checked = check(
        tmp_path,
        modules__sepsis=module(former_slugs="[old]"),
        modules__two=module(),
        modules__zz=module(former_slugs=f"[{former}]"),
    )
    assert words in only(checked)


def test_a_monograph_cannot_be_called_like_a_page_of_the_site(tmp_path):
    checked = check(tmp_path, monographs__compare=monograph(), modules__compare=module())
    message = "“compare” is the name of a page of the site; choose another"
    assert [(problem.path[-10:], problem.message) for problem in checked.problems] == [("compare.md", message)]
    checked = check(tmp_path / "other", monographs__baclofen=monograph(former_slugs="[compare]"))
    assert [problem.message for problem in checked.problems] == [message]


def test_a_name_that_two_monographs_list_is_an_error(tmp_path):
    checked = check(
        tmp_path, monographs__a=monograph(link_names="[baclofen]"), monographs__b=monograph(link_names="[Baclofen]")
    )
    assert (only(checked), len(checked.errors)) == (
        "b.md:5 “baclofen” is in the link_names of “a” too; keep it in one",
        1,
    )


def test_a_name_that_two_monographs_have_is_a_warning(tmp_path):
    checked = check(tmp_path, monographs__a=monograph(), monographs__b=monograph())
    assert ("not linked" in only(checked), checked.errors) == (True, [])


# Places of files


def test_a_folder_that_is_no_category_is_named(tmp_path):
    write(write_content(tmp_path) / "modules/blue-flags/sepsis.md", module())
    assert "“blue-flags” is no category" in only(check_content(tmp_path))


@pytest.mark.parametrize("text", [None, "", "a: [", b"\xff", "- x"], ids=str)
def test_without_categories_there_is_one_problem_and_no_exception(tmp_path, text):
    write_content(tmp_path, modules__sepsis=module())
    (tmp_path / "categories.yml").unlink()
    if text is not None:
        write(tmp_path / "categories.yml", text)
    assert only(check_content(tmp_path)).startswith("categories.yml:1")


def test_a_slug_used_in_two_categories_is_refused(tmp_path):
    write_content(tmp_path, modules__sepsis=module())
    write(tmp_path / "categories.yml", CATEGORIES + CATEGORIES.replace("red-flags", "reviews"))
    write(tmp_path / "modules/reviews/sepsis.md", module())
    assert "has the name of" in only(check_content(tmp_path))


@pytest.mark.parametrize(
    ("place", "words"),
    [
        ("modules/sepsis.md", "folder of a category"),
        ("modules/red-flags/deep/sepsis.md", "folder of a category"),
        ("monographs/b/baclofen.md", "too deep"),
        ("pages/Terms of use.md", "file's name"),
        ("pages/terms.txt", "ending .md"),
    ],
)
def test_a_file_in_the_wrong_place_is_named(tmp_path, place, words):
    text = {"modules": module, "monographs": monograph, "pages": page}[place.split("/")[0]]()
    write(write_content(tmp_path) / place, text)
    assert words in only(check_content(tmp_path))


@pytest.mark.parametrize(
    "name",
    [
        ".sepsis.md.swp",
        "sepsis.md~",
        ".#sepsis.md",
        "#sepsis.md#",
        "sepsis.md.swp",
        "sepsis.md.tmp",
        ".git/x.md",
        "x.png",
    ],
)
def test_what_editors_leave_behind_is_no_content(tmp_path, name):
    write(write_content(tmp_path) / "modules/red-flags" / name, b"half \xff")
    assert messages(check_content(tmp_path)) == []


def test_links_out_of_the_content_folder_are_refused(tmp_path):
    outside = write(tmp_path / "outside/secret.md", page())
    folder = write_content(tmp_path / "content", pages__terms=page())
    (folder / "pages/secret.md").symlink_to(outside)
    (folder / "pages/more").symlink_to(outside.parent)
    assert [message.split(";")[0] for message in messages(check_content(folder))] == [
        "more:1 is a link to a folder",
        "secret.md:1 is a link to a file outside the content folder",
    ]


def test_a_missing_folder_is_a_problem(tmp_path):
    assert "no folder of content" in messages(check_content(tmp_path / "nowhere"))[-1]


def test_an_image_must_be_what_its_name_says(tmp_path):
    body = "![a](a.png) ![b](b.png) ![c](c.png)"
    folder = write_content(tmp_path, modules__sepsis=module(f"{body}\n\n{ASSESSMENT}"))
    write(folder / "modules/red-flags/a.png", b"\x89PNG\r\n\x1a\n")
    write(folder / "modules/red-flags/b.png", b"<svg onload=alert(1)>")
    with write(folder / "modules/red-flags/c.png", b"\x89PNG").open("r+b") as file:
        file.truncate(3 * 1024 * 1024)
    assert [message.split(";")[0] for message in messages(check_content(folder))] == [
        "sepsis.md:12 the image b.png is another kind of file than its name says",
        "sepsis.md:12 the image c.png is bigger than 2 MB",
    ]


# Only some files


def test_only_the_chosen_files_are_read(tmp_path):
    folder = write_content(tmp_path, modules__sepsis=module(), modules__angina="broken", pages__terms="broken")
    checked = check_content(folder, [folder / "modules/red-flags/sepsis.md"])
    assert ([item.facts.slug for item in checked.modules], checked.problems) == (["sepsis"], [])


def test_a_chosen_folder_is_read_whole(tmp_path):
    folder = write_content(tmp_path, modules__sepsis=module(), modules__angina=module(), pages__terms="broken")
    assert len(check_content(folder, [folder / "modules"]).modules) == 2


def test_links_of_chosen_files_may_lead_to_what_is_live(tmp_path):
    body = f"[a](monograph:baclofen) [b](module:angina)\n\n{ASSESSMENT}"
    folder = write_content(
        tmp_path, modules__sepsis=module(body), modules__angina=module(), monographs__baclofen=monograph()
    )
    chosen = [folder / "modules/red-flags/sepsis.md"]
    assert check_content(folder, chosen, known_monographs={"baclofen"}, known_modules={"angina"}).problems == []
    assert len(check_content(folder, chosen, known_monographs=(), known_modules=()).problems) == 2


def test_links_of_chosen_files_may_lead_to_what_is_on_disk_if_nothing_is_said(tmp_path):
    body = f"[a](monograph:baclofen) [b](monograph:nothing)\n\n{ASSESSMENT}"
    folder = write_content(tmp_path, modules__sepsis=module(body), monographs__baclofen=monograph())
    assert "“nothing”" in only(check_content(folder, [folder / "modules"]))


@pytest.mark.parametrize(("path", "words"), [("content/pages/no.md", "is not there"), ("other.md", "is outside")])
def test_a_chosen_path_that_is_no_content_is_named(tmp_path, path, words):
    folder = write_content(tmp_path / "content")
    write(tmp_path / "other.md", page())
    assert words in only(check_content(folder, [tmp_path / path]))


# Rendering


def test_faults_that_only_rendering_finds_name_the_file(tmp_path):
    folder = write_content(tmp_path, pages__terms=page("Text\n\n<div>\n\nmore\n"), pages__about=page("# no"))
    found = messages(check_content(folder, render=True))
    assert found[0].startswith("about.md:6 has one #")
    assert found[1].startswith("terms.md:6 an HTML tag")


# Whatever a file contains


BROKEN = {
    "empty": b"",
    "NUL": b"---\ntitle: a\x00b\n---\n",
    "half-written": module()[:90].encode(),
    "no UTF-8": b"\xff\xfe\x00",
    "YAML bomb": b"---\na: &a [x]\nb: [*a, *a]\n---\n",
    "deep YAML": b"---\na: " + b"[" * 10_000 + b"\n---\n",
    "wrong types": b"---\ntitle: {a: b}\ncredits: [1]\nauthors: x\nreviewed: {}\nframeworks: []\n---\n",
    "big front matter": b"---\ntitle: " + b"x" * 100_000 + b"\n---\n",
    "brackets": module("[" * 100_000 + "](" * 50_000).encode(),
    "carets": module("[^" * 100_000).encode(),
    "backticks": module("`" * 100_001 + "<a" * 50_000).encode(),
    "headings": module("### \n" * 30_000).encode(),
    "long body": module("word " * 60_000).encode(),
    "options": module("## Assessment\n" + "- [x] a\n" * 30_000).encode(),
}


@pytest.mark.parametrize("broken", BROKEN.values(), ids=BROKEN)
@pytest.mark.parametrize("kind", ["modules", "monographs", "pages"])
def test_a_broken_file_is_a_problem_and_the_others_are_checked(tmp_path, kind, broken):
    folder = write_content(tmp_path, **{f"{kind}__broken": broken}, modules__sepsis=module())
    checked = check_content(folder)
    assert all(problem.path.endswith("broken.md") for problem in checked.problems)
    assert [item.facts.slug for item in checked.modules if item.facts.slug != "broken"] == ["sepsis"]
    assert checked.errors


def test_a_file_nobody_may_read_is_a_problem(tmp_path, monkeypatch):
    folder = write_content(tmp_path, pages__terms=page(), pages__about=page())
    really_open = os.open

    def refuse(path, *arguments):
        if str(path).endswith("terms.md"):
            raise PermissionError(13, "Permission denied")
        return really_open(path, *arguments)

    monkeypatch.setattr("cpd.content.source.os.open", refuse)
    assert only(check_content(folder)) == "terms.md:1 can't be read: Permission denied"


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    keys=st.dictionaries(
        st.sampled_from(["title", "credits", "authors", "frameworks", "key_facts", "source", "external", "link_names"]),
        st.sampled_from(
            ["x", "[]", "{}", "[[]]", "[{}]", "{a: {}}", "{a: []}", "''", "[a, [b]]", "{'': x}", "{a.b: [c]}"]
        ),
    ),
    body=st.text(alphabet="# \n-[]x!()<>^:*`=monographmodule", max_size=80),
    kind=st.sampled_from(["modules", "monographs", "pages"]),
)
def test_no_content_raises_anything(tmp_path, keys, body, kind):
    text = {"modules": module, "monographs": monograph, "pages": page}[kind](body, **keys)
    checked = check(tmp_path, **{f"{kind}__any": text})
    assert all(problem.line >= 1 for problem in checked.problems)
    (tmp_path / kind / ("red-flags" if kind == "modules" else "") / "any.md").unlink()
