"""A newer version of a label updates a file that nobody edited, and only that; every run ends with a report."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner

from cpd.cli import cli
from tests.factories import monograph_text, write_site
from tests.spl.importing import Import, import_labels, monographs_in
from tests.spl.labels import SET_ID, in_new_layout, ingredient, label, paragraphs, product, section, set_id, zipped
from tests.spl.reading import DOSAGE


def dosed(dose: str, **facts: object) -> str:
    """A label in which only the dose differs."""
    return label(
        section("34067-9", "INDICATIONS", paragraphs("For stiff muscles.")),
        section("34068-7", "DOSAGE AND ADMINISTRATION", paragraphs(f"Begin with {dose} at night.")),
        **facts,  # type: ignore[arg-type]
    )


@pytest.fixture
def first(bring: Callable[..., Import]) -> Import:
    """Version 3 of the label, imported."""
    return bring(dosed("2 mg", version="3"))


def state_of(folder: Path) -> dict[str, tuple[str, int]]:
    return {path.name: (path.read_text(encoding="utf-8"), path.stat().st_mtime_ns) for path in monographs_in(folder)}


def counts(done: Import) -> dict[str, int]:
    """How many labels the report has of each kind, without those it has none of."""
    return {kind: len(found) for kind, found in done.outcomes.items() if found}


# The same, newer and older versions


def test_a_first_import_is_reported_as_imported(first):
    assert (first.status, counts(first)) == (0, {"imported": 1})


@pytest.mark.usefixtures("first")
def test_importing_the_same_label_again_changes_nothing(bring, content):
    before = state_of(content)
    again = bring(dosed("2 mg", version="3"))
    assert (again.status, counts(again)) == (0, {"unchanged": 1})
    assert state_of(content) == before


@pytest.mark.usefixtures("first")
def test_the_same_version_with_other_words_is_no_change(bring, content):
    before = state_of(content)
    assert counts(bring(dosed("9 mg", version="3"))) == {"unchanged": 1}
    assert state_of(content) == before


@pytest.mark.parametrize("version", ["4", "10", "1560"])
@pytest.mark.usefixtures("first")
def test_a_newer_version_updates_the_file(bring, version):
    done = bring(dosed("4 mg", version=version))
    assert (done.status, counts(done)) == (0, {"updated": 1})
    assert done.drug.words(DOSAGE) == "Begin with 4 mg at night."
    assert done.drug.facts.source.version == version
    assert done.problems == []


@pytest.mark.usefixtures("first")
def test_a_newer_version_with_the_same_words_updates_the_provenance(bring):
    done = bring(dosed("2 mg", version="4", effective="20260401"))
    assert counts(done) == {"updated": 1}
    assert (done.drug.facts.source.version, f"{done.drug.facts.source.effective}") == ("4", "2026-04-01")


@pytest.mark.usefixtures("first")
def test_an_older_version_changes_nothing_and_is_reported(bring, content):
    before = state_of(content)
    done = bring(dosed("1 mg", version="2"))
    assert state_of(content) == before
    assert "updated" not in counts(done)
    assert "imported" not in counts(done)
    told = done.out + done.errors
    assert "2" in told
    assert "3" in told


@pytest.mark.usefixtures("first")
def test_updating_twice_goes_on_from_the_last_version(bring):
    bring(dosed("4 mg", version="4"))
    done = bring(dosed("6 mg", version="5"))
    assert (counts(done), done.drug.words(DOSAGE)) == ({"updated": 1}, "Begin with 6 mg at night.")


@pytest.mark.usefixtures("first")
def test_a_set_id_is_the_same_in_capitals(bring):
    done = bring(dosed("4 mg", version="4", identity=SET_ID.upper()))
    assert (counts(done), len(done.files)) == ({"updated": 1}, 1)


@pytest.mark.parametrize("order", [(2, 3), (3, 2)])
def test_of_two_versions_in_one_run_the_newer_stays(bring, order):
    done = bring(*(dosed(f"{version} mg", version=f"{version}") for version in order))
    assert done.drug.words(DOSAGE) == "Begin with 3 mg at night."
    assert done.drug.facts.source.version == "3"
    assert done.problems == []


def test_two_versions_in_one_run_are_both_accounted_for(bring):
    done = bring(dosed("2 mg", version="2"), dosed("3 mg", version="3"))
    assert sum(counts(done).values()) == 2


def test_the_same_version_twice_in_one_run_is_imported_once(bring):
    done = bring(dosed("2 mg"), dosed("2 mg"))
    assert len(done.files) == 1
    assert counts(done).get("imported") == 1


# Files that somebody edited

EDITS: dict[str, Callable[[str], str]] = {
    "a word": lambda text: text.replace("at night", "in the evening"),
    "a new section": lambda text: text + "\n## Overdosage\n\nAsk for help.\n",
    "reviewed": lambda text: text.replace("\n---\n", "\nreviewed: 2026-09-14\n---\n", 1),
    "a comment": lambda text: text + "\n<!-- looked at -->\n",
    "withdrawn": lambda text: re.sub("^status: .*", "status: withdrawn", text, flags=re.MULTILINE),
    "a name": lambda text: text.replace("name: ", "name: My ", 1),
}


@pytest.mark.parametrize("edit", EDITS.values(), ids=EDITS.keys())
def test_an_edited_file_stays_as_it_is_beside_a_newer_version(first, bring, content, edit):
    file = first.drug.path
    file.write_text(edit(first.drug.text), encoding="utf-8")
    assert file.read_text(encoding="utf-8") != first.drug.text
    before = state_of(content)
    done = bring(dosed("4 mg", version="4"))
    assert done.status == 0
    assert state_of(content) == before
    assert counts(done) == {"kept": 1}


def test_what_a_newer_version_changes_is_reported_beside_an_edited_file(first, bring):
    first.drug.path.write_text(first.drug.text.replace("stiff", "very stiff"), encoding="utf-8")
    done = bring(dosed("4 mg", version="4"))
    told = json.dumps(done.outcomes["kept"])
    assert "Dosage" in told
    assert first.drug.path.name in done.out + done.errors


def test_an_edited_file_is_unchanged_beside_the_version_it_came_from(first, bring, content):
    first.drug.path.write_text(first.drug.text + "\n<!-- looked at -->\n", encoding="utf-8")
    before = state_of(content)
    assert counts(bring(dosed("2 mg", version="3"))) == {"unchanged": 1}
    assert state_of(content) == before


def test_an_edit_that_was_taken_back_is_none(first, bring):
    file, text = first.drug.path, first.drug.text
    file.write_text(text + "\n<!-- looked at -->\n", encoding="utf-8")
    file.write_text(text, encoding="utf-8")
    assert counts(bring(dosed("4 mg", version="4"))) == {"updated": 1}


def test_other_line_endings_are_no_edit(first, bring):
    first.drug.path.write_bytes(first.drug.text.replace("\n", "\r\n").encode())
    assert counts(bring(dosed("4 mg", version="4"))) == {"updated": 1}


def test_an_edited_file_stays_edited_after_it_was_kept(first, bring):
    first.drug.path.write_text(first.drug.text + "\n<!-- looked at -->\n", encoding="utf-8")
    for version in ("4", "5"):
        assert counts(bring(dosed("4 mg", version=version))) == {"kept": 1}


# Names of files


def test_a_renamed_file_is_updated_under_its_new_name(first, bring):
    first.drug.path.rename(first.drug.path.with_name("stiffness-drug.md"))
    done = bring(dosed("4 mg", version="4"))
    assert list(done.files) == ["stiffness-drug"]
    assert done.drug.words(DOSAGE) == "Begin with 4 mg at night."


def test_a_new_name_in_the_label_does_not_rename_the_file(first, bring):
    done = bring(dosed("4 mg", version="4", products=[product("Zanorel")]))
    assert list(done.files) == list(first.files)
    assert done.drug.facts.name.lower() == "zanorel"


def test_labels_of_one_name_have_files_of_their_own(bring):
    done = bring(*(dosed(f"{number} mg", identity=set_id(number)) for number in (1, 2, 3)))
    assert (done.status, counts(done)) == (0, {"imported": 3})
    doses = {drug.facts.source.set_id: drug.words(DOSAGE) for drug in done.drugs}
    assert doses == {set_id(number): f"Begin with {number} mg at night." for number in (1, 2, 3)}
    assert [problem for problem in done.problems if not problem.warning] == []


def test_labels_of_one_name_update_each_their_own_file(bring):
    before = bring(*(dosed("1 mg", identity=set_id(number)) for number in (1, 2, 3)))
    done = bring(dosed("8 mg", identity=set_id(2), version="2"))
    changed = {slug for slug, text in done.files.items() if text != before.files[slug]}
    assert [drug.facts.source.set_id for drug in done.drugs if drug.path.stem in changed] == [set_id(2)]
    assert len(done.files) == 3


def written(folder: Path, name: str, text: str) -> Path:
    write_site(folder)
    path = folder / "monographs" / name
    path.write_text(text, encoding="utf-8")
    return path


def test_a_monograph_of_ones_own_is_never_written_over(bring, content):
    text = monograph_text("zanidine")
    mine = written(content, "zanidine.md", text)
    done = bring(dosed("2 mg"))
    assert done.status == 0
    assert mine.read_text(encoding="utf-8") == text
    assert len(done.files) == 2


@pytest.mark.parametrize("version", ["1", "99"])
def test_a_monograph_of_ones_own_that_names_the_label_as_its_source_stays(bring, content, version):
    text = monograph_text("zanidine", source={"kind": "DailyMed", "set_id": SET_ID, "version": "1"})
    mine = written(content, "zanidine.md", text)
    done = bring(dosed("2 mg", version=version))
    assert mine.read_text(encoding="utf-8") == text
    assert list(done.files) == ["zanidine"]
    assert done.status == 0


@pytest.mark.parametrize(
    "text", ["", "no front matter", "---\nname: [\n---\n", "---\nname: x\nsource: y\n---\n", "\ufeff---\n", "\x00"]
)
def test_a_file_that_cannot_be_read_stays_and_stops_no_import(bring, content, text):
    mine = written(content, "zanidine.md", text)
    done = bring(dosed("2 mg"))
    assert mine.read_text(encoding="utf-8") == text
    assert len(done.files) == 2
    assert counts(done) == {"imported": 1}


def test_a_file_that_is_not_utf8_stays_and_stops_no_import(content, put):
    mine = written(content, "zanidine.md", "")
    mine.write_bytes(b"\xff\xfe---")
    import_labels(content, put(dosed("2 mg")))
    assert mine.read_bytes() == b"\xff\xfe---"
    assert len(monographs_in(content)) == 2


def test_a_link_that_leads_out_of_the_folder_is_not_written_through(bring, content, tmp_path):
    outside = tmp_path / "outside.md"
    outside.write_text("mine", encoding="utf-8")
    write_site(content)
    (content / "monographs" / "zanidine.md").symlink_to(outside)
    bring(dosed("2 mg"))
    assert outside.read_text(encoding="utf-8") == "mine"


def test_files_have_the_rights_of_ordinary_files(first):
    mask = os.umask(0)
    os.umask(mask)
    assert first.drug.path.stat().st_mode & 0o777 == 0o666 & ~mask


def test_nothing_else_is_left_in_the_folder(first, content):
    assert [path.name for path in (content / "monographs").iterdir()] == [first.drug.path.name]


# Folders, zips, report


def test_a_folder_is_searched_for_labels_in_a_stable_order(content, put, tmp_path):
    for number in (3, 1, 2):
        put(dosed("2 mg", identity=set_id(number), products=[product(f"Drug{number}")]), f"{number}.xml")
    put("not a label", "readme.txt")
    done = import_labels(content, tmp_path / "labels")
    assert (done.status, counts(done), sorted(done.files)) == (0, {"imported": 3}, ["drug1", "drug2", "drug3"])


def test_a_zip_as_dailymed_ships_it_is_read_through(content, put):
    jpeg = b"\xff\xd8\xff\xe0 a photo"
    inner = {
        f"prescription/2026031{number}_{set_id(number).upper()}.zip": zipped(
            {
                f"{set_id(number)}.xml": dosed("2 mg", identity=set_id(number), products=[product(f"Drug{number}")]),
                "photo.jpg": jpeg,
            }
        )
        for number in (1, 2, 3)
    }
    done = import_labels(content, put(zipped(inner), "dm_spl_release_human_rx_part1.zip"))
    assert (done.status, done.lines, sorted(done.files)) == (0, [], ["drug1", "drug2", "drug3"])


def test_one_zip_of_one_label_is_read(content, put):
    done = import_labels(content, put(zipped({"a.xml": dosed("2 mg"), "b.jpg": b"\xff\xd8\xff"}), "one.zip"))
    assert (done.status, len(done.files)) == (0, 1)


@pytest.mark.parametrize("name", ["LABEL.XML", "label.Xml", "label with spaces.xml", "\u00e9tiquette.xml"])
def test_a_file_of_any_name_is_imported(content, put, name):
    assert import_labels(content, put(dosed("2 mg"), name)).status == 0
    assert len(monographs_in(content)) == 1


def test_the_report_counts_what_was_done_and_the_screen_says_so(bring):
    bring(
        dosed("2 mg", identity=set_id(1), products=[product("A")]),
        dosed("2 mg", identity=set_id(2), products=[product("B")]),
    )
    done = bring(
        dosed("3 mg", identity=set_id(1), version="2", products=[product("A")]),
        dosed("2 mg", identity=set_id(2), products=[product("B")]),
        dosed("2 mg", identity=set_id(3), products=[product("C")]),
        "not a label",
    )
    assert done.status == 1
    assert counts(done) == {"imported": 1, "updated": 1, "unchanged": 1, "refused": 1}
    for kind in ("imported", "updated", "unchanged", "refused"):
        assert kind in (done.out + done.errors).lower()


def test_the_report_names_file_slug_set_id_and_version(first):
    (item,) = first.outcomes["imported"]
    told = json.dumps(item)
    for wanted in ("label-0.xml", "zanidine", SET_ID, "3"):
        assert wanted in told


def test_the_report_says_why_something_was_refused(bring):
    (item,) = bring("not a label").outcomes["refused"]
    assert "label-0.xml" in json.dumps(item)
    assert any(len(str(value).split()) > 3 for value in item.values())


def test_a_report_that_cannot_be_written_is_said_in_a_line(content, put, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    write_site(content)
    result = CliRunner().invoke(
        cli,
        ["import-spl", "--report", str(tmp_path / "nowhere" / "report.json"), str(put(dosed("2 mg")))],
        env={"CPD_CONTENT_FOLDER": str(content), "CPD_INSTANCE_FOLDER": str(tmp_path), "CPD_SECRET_KEY": "x" * 32},
    )
    assert result.exit_code == 1
    assert isinstance(result.exception, SystemExit)
    assert len(result.stderr.strip().splitlines()) == 1


def test_no_bar_is_drawn_where_no_terminal_is(bring):
    done = bring(*(dosed("2 mg", identity=set_id(number), products=[product(f"D{number}")]) for number in range(30)))
    assert "%" not in done.errors
    assert "\r" not in done.out + done.errors
    assert done.lines == []


def test_a_content_folder_that_is_new_is_made(tmp_path, put):
    folder = tmp_path / "elsewhere" / "content"
    write_site(folder)
    (folder / "monographs").rmdir()
    assert import_labels(folder, put(dosed("2 mg"))).status == 0
    assert len(monographs_in(folder)) == 1


def test_help_says_what_the_command_does():
    result = CliRunner().invoke(cli, ["import-spl", "--help"])
    assert result.exit_code == 0
    assert "--report" in result.output
    assert "DailyMed" in result.output


def test_without_a_path_the_command_says_what_it_needs():
    result = CliRunner().invoke(cli, ["import-spl"])
    assert result.exit_code == 1
    assert "Traceback" not in result.output


def sold(name: str) -> str:
    """A product that shares no name with any other."""
    return product(name, generic=f"{name}ine", ingredients=[ingredient(f"{name}ine", moiety=None)])


def test_labels_imported_together_are_what_each_is_alone(bring, tmp_path, put):
    labels = [in_new_layout(identity=set_id(number), products=[sold(f"Drug{number}")]) for number in (1, 2, 3)]
    together = bring(*labels).files
    for number, each in enumerate(labels):
        alone = import_labels(tmp_path / f"alone-{number}" / "content", put(each, f"alone-{number}.xml")).files
        ((slug, text),) = alone.items()
        assert together[slug] == text
