"""Modules that are older than the source of a drug they name: a check says so, and a publish of either."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from cpd.content import due
from cpd.content.check import check_content
from cpd.content.due import Reviewed, due_review
from tests.content.writing import MODULE_BODY, module, monograph, write_content

NEWER, OLDER = "2026-11-02", "2026-09-14"  # the review of `writing.MODULE_KEYS` is of the second
BODY = MODULE_BODY.replace("It is common.", "Start with baclofen.")
SOURCE = "{kind: Label, effective: %s}"
REVIEW = Reviewed("content/a.md", 9, date(2026, 9, 14))


def warnings(folder: Path, *paths: Path) -> list[str]:
    """What a check says, as file, line and words."""
    checked = check_content(folder, list(paths) or None, render=True)
    assert checked.errors == []
    return [f"{Path(each.path).name}:{each.line} {each.message}" for each in checked.problems]


def baclofen(effective: str | None = NEWER, **changes: str | None) -> str:
    return monograph(source=effective and SOURCE % effective, **changes)


# The rule


def test_a_source_of_the_day_of_the_review_is_not_newer():
    assert due_review(REVIEW, {"baclofen": date(2026, 9, 14)}) is None
    assert due_review(REVIEW, {"baclofen": date(2026, 9, 15)}) is not None


def test_a_module_that_names_nothing_is_not_due():
    assert due_review(REVIEW, {}) is None


def test_the_warning_names_the_monograph_its_date_and_what_to_do():
    problem = due_review(REVIEW, {"baclofen": date(2026, 11, 2), "old": date(2020, 1, 1)})
    assert str(problem) == (
        "content/a.md:9: warning: the review is older than the source of “baclofen” (2026-11-02); "
        "read the module against that monograph and set “reviewed”"
    )


def test_several_monographs_are_named_in_order_and_no_more_than_a_line_holds():
    day = date(2026, 11, 2)
    two = due_review(REVIEW, {"b": day, "a": day})
    assert "the sources of “a” (2026-11-02) and “b” (2026-11-02); read the module against these" in two.message
    many = due_review(REVIEW, {f"d{number}": day for number in range(9)})
    assert "“d4” (2026-11-02) and 4 more;" in many.message


# cpd check


def test_a_module_older_than_the_source_of_a_drug_it_names_is_due(tmp_path):
    folder = write_content(tmp_path, modules__sepsis=module(BODY), monographs__baclofen=baclofen())
    [said] = warnings(folder)
    line = 1 + module(BODY).split("\n").index(f"reviewed: {OLDER}")
    assert said.startswith(f"sepsis.md:{line} the review is older than the source of “baclofen” (2026-11-02)")


@pytest.mark.parametrize(
    ("body", "keys"),
    [
        ("Take [this](monograph:baclofen).", {}),
        ("Nothing is named.", {"monographs": "[baclofen]"}),
        ("Take Lioresal.", {}),
        ("Two baclofens.", {}),
    ],
    ids=["linked by hand", "belongs to it", "brand", "plural"],
)
def test_every_way_of_naming_a_drug_counts(tmp_path, body, keys):
    text = module(MODULE_BODY.replace("It is common.", body), **keys)
    drug = baclofen(brand_names="[Lioresal]")
    assert len(warnings(write_content(tmp_path, modules__sepsis=text, monographs__baclofen=drug))) == 1


@pytest.mark.parametrize(
    ("drug", "body"),
    [
        (baclofen(OLDER), BODY),
        (baclofen(None), BODY),
        (monograph(source="{kind: Label}"), BODY),
        (baclofen(status="withdrawn"), BODY),
        (baclofen(status="draft"), BODY),
        (baclofen(link_names="[]"), BODY),
        (baclofen(), MODULE_BODY),
        (baclofen(), BODY.replace("baclofen", "non-baclofen")),
        (baclofen(), BODY.replace("baclofen", "`baclofen`")),
        (baclofen(), MODULE_BODY.replace("Wait\n", "Baclofen\n")),
    ],
    ids=[
        "source of that day",
        "no source",
        "source without a date",
        "withdrawn",
        "draft",
        "never linked",
        "not named",
        "part of a word",
        "in code",
        "in an answer",
    ],
)
def test_a_module_that_links_to_nothing_newer_is_not_due(tmp_path, drug, body):
    folder = write_content(tmp_path, modules__sepsis=module(body), monographs__baclofen=drug)
    assert warnings(folder) == []


@pytest.mark.parametrize("status", ["draft", "withdrawn"])
def test_a_module_that_is_not_online_is_not_due(tmp_path, status):
    folder = write_content(tmp_path, modules__sepsis=module(BODY, status=status), monographs__baclofen=baclofen())
    assert warnings(folder) == []


def test_a_name_that_belongs_to_another_monograph_is_no_mention(tmp_path):
    body = BODY.replace("baclofen", "intrathecal baclofen")
    folder = write_content(
        tmp_path,
        modules__sepsis=module(body),
        monographs__baclofen=baclofen(),
        monographs__pump=monograph(name="Pump", generic_name="pump", link_names="[intrathecal baclofen]"),
    )
    assert warnings(folder) == []


def test_an_external_module_is_due_for_the_monographs_that_belong_to_it(tmp_path):
    text = module("", external="https://example.org/sepsis", monographs="[baclofen]")
    assert len(warnings(write_content(tmp_path, modules__sepsis=text, monographs__baclofen=baclofen()))) == 1


def test_a_check_of_single_files_knows_the_monographs_that_it_was_not_asked_about(tmp_path):
    folder = write_content(
        tmp_path,
        modules__sepsis=module(BODY),
        modules__other=module(BODY),
        monographs__baclofen=baclofen(),
        monographs__broken="---\nname: [\n---\n",
        monographs__pump=monograph(name="Pump", generic_name="pump", link_names="[pump baclofen]"),
    )
    [said] = warnings(folder, folder / "modules" / "red-flags" / "sepsis.md")
    assert said.startswith("sepsis.md:")
    pumped = module(BODY.replace("baclofen", "pump baclofen"))
    write_content(tmp_path, modules__sepsis=pumped)
    assert warnings(folder, folder / "modules" / "red-flags" / "sepsis.md") == []


def test_a_check_of_a_monograph_alone_takes_no_other_file_apart(tmp_path, monkeypatch):
    folder = write_content(tmp_path, modules__sepsis=module(BODY), monographs__baclofen=baclofen())
    monkeypatch.setattr(due, "read_front", lambda path: pytest.fail(f"{path} was read"))
    assert warnings(folder, folder / "monographs" / "baclofen.md") == []


def test_nothing_is_linked_where_no_source_is_newer(tmp_path, monkeypatch):
    folder = write_content(tmp_path, modules__sepsis=module(BODY), monographs__baclofen=baclofen(OLDER))
    monkeypatch.setattr(due, "link_mentions", lambda *_: pytest.fail("a text was linked"))
    assert warnings(folder) == []


def test_a_due_module_stops_no_check(tmp_path):
    folder = write_content(tmp_path, modules__sepsis=module(BODY), monographs__baclofen=baclofen())
    assert check_content(folder, render=True).errors == []


def test_no_module_of_the_sample_content_is_due():
    content = Path(__file__).resolve().parents[2] / "content"
    problems = check_content(content, render=True).problems
    assert [str(each) for each in problems if "review is older" in each.message] == []


# cpd publish


@pytest.fixture
def due_of(republish):
    """Publishes, and gives the lines about which it was said that the review is older."""

    def due_of(*paths: Path) -> list[str]:
        said = [each for each in republish(*paths).warnings if "review is older" in each.message]
        return [Path(each.path).read_text(encoding="utf-8").split("\n")[each.line - 1] for each in said]

    return due_of


@pytest.fixture
def write_source(write_monograph):
    """Writes a monograph whose source is of a day."""

    def write(effective: str) -> Path:
        return write_monograph("zanidine", source={"kind": "Label", "effective": effective})

    return write


def test_a_publish_says_which_modules_a_newer_source_makes_due(write_module, write_source, due_of):
    write_source("2026-01-01")
    write_module("sepsis", reviewed="2026-02-01", expires="2027-02-01", body="## Drugs\n\nStart with zanidine.\n")
    write_module("other", reviewed="2026-02-01", expires="2027-02-01")
    assert due_of() == []
    write_source("2026-03-01")
    assert due_of() == ["reviewed: '2026-02-01'"]
    assert due_of() == []


def test_a_publish_says_that_the_module_it_publishes_is_due(write_module, write_source, due_of):
    write_source("2026-03-01")
    due_of()
    write_module("sepsis", reviewed="2026-02-01", expires="2027-02-01", monographs=["zanidine"])
    assert due_of() == ["reviewed: '2026-02-01'"]


def test_a_publish_of_single_files_speaks_of_these_alone(write_module, write_source, due_of):
    write_source("2026-01-01")
    file = write_module("sepsis", reviewed="2026-02-01", expires="2027-02-01", monographs=["zanidine"])
    due_of()
    assert due_of(write_source("2026-03-01")) == []
    file.write_text(file.read_text(encoding="utf-8").replace("It matters", "It matters much"), encoding="utf-8")
    assert due_of(file) == ["reviewed: '2026-02-01'"]


def test_a_reviewed_module_is_no_longer_due(write_module, write_source, due_of):
    write_source("2026-03-01")
    write_module("sepsis", reviewed="2026-02-01", expires="2027-02-01", monographs=["zanidine"])
    assert len(due_of()) == 1
    write_module("sepsis", reviewed="2026-03-01", expires="2027-02-01", monographs=["zanidine"])
    assert due_of() == []
