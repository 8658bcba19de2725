"""Files that have not changed are passed over, and every rule between files holds as if they were read."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from sqlalchemy import delete, func, select

from cpd.content import check, publish, unchanged
from cpd.content.files import files_in
from cpd.content.publish import ContentFaults
from cpd.db import db
from cpd.modules.models import ModuleRevision
from cpd.monographs import publishing as monographs
from cpd.revisions import CheckedFile
from tests.content.writing import module, monograph, page, write_content

LINKS = "## Drugs\n\n[A drug](monograph:zanidine) and [a module](module:other).\n"


@pytest.fixture
def read(monkeypatch, republish):
    """Publishes, and gives the names of the files that were taken apart for it."""

    def read(*paths: Path) -> list[str]:
        names = []
        with monkeypatch.context() as patch:
            parse = check.parse_source
            patch.setattr(check, "parse_source", lambda path, data: names.append(Path(path).stem) or parse(path, data))
            read.report = republish(*paths)
        return sorted(names)

    return read


@pytest.fixture
def problems(republish):
    """Publishes what has errors, and gives them."""

    def problems() -> list[str]:
        with pytest.raises(ContentFaults) as faults:
            republish()
        return [f"{Path(each.path).name}:{each.line} {each.message}" for each in faults.value.problems]

    return problems


def line_of(file: Path, words: str) -> int:
    return 1 + next(index for index, text in enumerate(file.read_text().split("\n")) if words in text)


def test_a_file_that_has_not_changed_is_not_taken_apart_again(read, write_module, write_monograph):
    write_module("sepsis")
    write_module("later", status="draft")
    write_monograph("zanidine")
    assert {"sepsis", "later", "zanidine", "terms"} <= set(read())
    assert read() == []
    assert read.report.unchanged == 6


def test_only_the_changed_file_is_taken_apart(read, write_module):
    write_module("sepsis")
    write_module("other")
    read()
    write_module("sepsis", title="New")
    assert read() == ["sepsis"]
    assert read.report.changed == ["module/sepsis"]


def test_a_file_that_is_only_touched_has_not_changed(read, write_module):
    file = write_module("sepsis")
    read()
    os.utime(file, (1, 1))
    assert read() == []


def test_other_line_endings_are_read_and_change_nothing(read, write_module):
    file = write_module("sepsis")
    read()
    file.write_bytes(file.read_bytes().replace(b"\n", b"\r\n"))
    assert read() == ["sepsis"]
    assert read.report.release is None
    assert read() == []


def test_files_named_by_path_are_passed_over_too(read, write_module):
    file = write_module("sepsis")
    write_module("other")
    read()
    assert read(file) == []
    assert (read.report.release, read.report.unchanged) == (None, 1)


def test_under_other_rules_every_file_is_read_once_and_nothing_changes(monkeypatch, read, write_module):
    write_module("sepsis")
    read()
    monkeypatch.setattr(publish, "checker", lambda: "another")
    assert "sepsis" in read()
    assert read.report.release is None
    assert read() == []


def test_without_its_memory_a_publish_reads_everything_and_changes_nothing(app, read, write_module):
    write_module("sepsis")
    read()
    with app.app_context():
        db.session.execute(delete(CheckedFile))
        db.session.commit()
    assert "sepsis" in read()
    assert read.report.release is None


def test_a_publish_with_errors_remembers_nothing(problems, write_module):
    write_module("sepsis")
    write_module("broken", credits="a lot")
    assert problems() == problems()


def test_a_file_with_another_status_is_read(read, write_module):
    write_module("sepsis")
    read()
    write_module("sepsis", status="withdrawn")
    assert read() == ["sepsis"]
    assert read() == []


def test_a_file_that_comes_back_is_read(read, write_module):
    file = write_module("sepsis")
    write_module("other")
    text = file.read_text()
    read()
    file.unlink()
    read()
    file.write_text(text)
    assert read() == ["sepsis"]
    assert read.report.changed or read.report.rerendered


def test_a_file_in_another_category_is_read(client, settings, read, write_module):
    file = write_module("sepsis")
    read()
    folder = settings.content_folder / "modules" / "clinical-review"
    folder.mkdir()
    file.rename(folder / file.name)
    assert read() == ["sepsis"]
    assert "Clinical reviews" in client.get("/modules/?category=clinical-review").text


@pytest.fixture
def rash(write_module):
    """A module with its picture."""
    file = write_module("rash", body="## Look\n\n![A red patch](patch.png)\n")
    (file.parent / "patch.png").write_bytes(b"\x89PNG first")
    return file


def test_another_picture_makes_its_file_read(app, rash, read):
    read()
    (rash.parent / "patch.png").write_bytes(b"\x89PNG second")
    assert read() == ["rash"]
    with app.app_context():
        assert db.session.execute(select(func.count()).select_from(ModuleRevision)).scalar_one() == 2
    assert read() == []


def test_a_picture_that_is_gone_is_an_error(rash, read, problems):
    read()
    (rash.parent / "patch.png").unlink()
    assert problems()[0].startswith(f"rash.md:{line_of(rash, 'patch')} the image patch.png is not there")


def delete_other(folder: Path) -> None:
    (folder / "modules/red-flags/other.md").unlink()


def delete_drug(folder: Path) -> None:
    (folder / "monographs/zanidine.md").unlink()


def draft(path: str):
    def change(folder: Path) -> None:
        file = folder / path
        file.write_text(file.read_text().replace("---\n", "---\nstatus: draft\n", 1))

    return change


def rename_without_trace(folder: Path) -> None:
    (folder / "monographs/zanidine.md").rename(folder / "monographs/newdine.md")


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (delete_other, "there is no module “other”"),
        (delete_drug, "there is no monograph “zanidine”"),
        (draft("modules/red-flags/other.md"), "the module “other” is a draft"),
        (draft("monographs/zanidine.md"), "the monograph “zanidine” is a draft"),
        (rename_without_trace, "there is no monograph “zanidine”"),
    ],
    ids=["module deleted", "monograph deleted", "module now a draft", "monograph now a draft", "renamed"],
)
def test_a_link_of_an_unchanged_file_to_what_is_not_there_any_more_is_an_error(
    settings, read, problems, write_module, write_monograph, change, words
):
    file = write_module("stiffness", body=LINKS)
    write_module("other")
    write_monograph("zanidine")
    read()
    change(settings.content_folder)
    (problem,) = problems()
    assert problem.startswith(f"stiffness.md:{line_of(file, '[A drug]')} {words}")


def test_a_monograph_that_an_unchanged_file_lists_may_not_vanish(problems, read, write_module, write_monograph):
    file = write_module("stiffness", monographs=["zanidine"])
    drug = write_monograph("zanidine")
    read()
    drug.unlink()
    assert problems()[0].startswith(f"stiffness.md:{line_of(file, '- zanidine')} there is no monograph “zanidine”")


def test_a_former_slug_that_is_dropped_breaks_the_links_of_unchanged_files(
    problems, read, write_module, write_monograph
):
    write_monograph("newdine", former_slugs=["zanidine"])
    write_module("stiffness", body="## Drugs\n\n[A drug](monograph:zanidine).\n")
    read()
    write_monograph("newdine")
    assert problems()[0].endswith("there is no monograph “zanidine”; mend the link or add the file")


def test_links_of_unchanged_files_may_go_to_a_former_slug(read, write_module, write_monograph):
    old = write_monograph("zanidine")
    write_module("stiffness", body="## Drugs\n\n[A drug](monograph:zanidine).\n")
    read()
    old.unlink()
    write_monograph("newdine", former_slugs=["zanidine"])
    assert read() == ["newdine"]
    assert read.report.renamed == ["monograph/newdine"]


def test_a_new_file_may_not_take_the_former_slug_of_an_unchanged_one(problems, read, write_module):
    file = write_module("sepsis", former_slugs=["septicaemia"])
    read()
    write_module("septicaemia")
    found = f"sepsis.md:{line_of(file, 'former_slugs')} “septicaemia” is the name of another file"
    assert any(problem.startswith(found) for problem in problems())


def test_two_files_may_not_have_one_former_slug_though_one_is_unchanged(problems, read, write_module):
    write_module("sepsis", former_slugs=["septicaemia"])
    read()
    write_module("shock", former_slugs=["septicaemia"])
    assert any("is a former slug of “sepsis” too" in problem for problem in problems())


def test_a_twin_of_an_unchanged_file_is_an_error(problems, read, write_module):
    write_module("sepsis")
    read()
    write_module("sepsis", category="clinical-review")
    assert any("has the name of" in problem for problem in problems())


def test_an_unchanged_file_whose_category_is_gone_is_an_error(settings, problems, read, write_module):
    write_module("sepsis")
    read()
    file = settings.content_folder / "categories.yml"
    file.write_text(file.read_text().replace("slug: red-flags", "slug: warning-signs"))
    assert problems()[0].startswith("sepsis.md:1 the folder “red-flags” is no category")


def test_a_name_that_an_unchanged_monograph_lists_may_not_be_listed_again(problems, read, write_monograph):
    write_monograph("aspirin", link_names=["asa"])
    read()
    new = write_monograph("mesalamine", link_names=["asa"])
    found = f"mesalamine.md:{line_of(new, 'link_names')} “asa” is in the link_names of “aspirin” too"
    assert problems()[0].startswith(found)


def test_warnings_are_told_as_long_as_they_hold(read, write_module, write_monograph):
    write_monograph("aspirin", brand_names=["Dispersal"])
    write_monograph("mesalamine", brand_names=["Dispersal"])
    write_module("sepsis", assessment="### Which?\n\n- [x] A\n- [ ] B\n  > No.\n")
    read()
    first = read.report.warnings
    assert {each.message.partition(";")[0] for each in first} == {
        "the option has no feedback",
        "“dispersal” is a name of “aspirin” too and not linked",
    }
    assert read() == []
    assert read.report.warnings == first


def test_a_new_name_of_a_drug_links_modules_that_have_not_changed(client, read, write_module, write_monograph):
    client.set_cookie("cpd_professional", "1")
    write_monograph("zanidine")
    write_module("stiffness", body="## Drugs\n\nStart with Relaxal at night.\n")
    read()
    write_monograph("zanidine", brand_names=["Relaxal"])
    assert read() == ["zanidine"]
    assert read.report.relinked == ["module/stiffness"]
    assert 'href="/monographs/zanidine"' in client.get("/modules/stiffness").text


def test_a_changed_module_is_linked_with_drugs_that_have_not_changed(client, read, write_module, write_monograph):
    client.set_cookie("cpd_professional", "1")
    write_monograph("zanidine")
    write_module("other", body="## Drugs\n\nzanidine\n")
    read()
    write_module("stiffness", body="## Drugs\n\nStart with zanidine.\n")
    assert read() == ["stiffness"]
    assert read.report.relinked == []
    assert 'href="/monographs/zanidine"' in client.get("/modules/stiffness").text


def test_the_names_of_drugs_are_read_only_for_modules_that_must_be_linked(
    monkeypatch, read, write_module, write_monograph
):
    asked = []
    facts = monographs.SHELF.published_facts
    monkeypatch.setattr(monographs.SHELF, "published_facts", lambda: asked.append(1) or facts())
    write_monograph("zanidine")
    write_module("stiffness")
    read()
    asked.clear()
    read()
    assert asked == []
    write_module("stiffness", title="New")
    read()
    assert asked == [1]


def test_a_drug_published_by_its_path_links_all_modules(client, read, write_module, write_monograph):
    client.set_cookie("cpd_professional", "1")
    write_module("stiffness", body="## Drugs\n\nStart with zanidine.\n")
    read()
    assert read(write_monograph("zanidine")) == ["zanidine"]
    assert read.report.relinked == ["module/stiffness"]


def test_another_linker_links_modules_anew_without_reading_them(monkeypatch, read, write_module):
    write_module("stiffness")
    read()
    for part in ("drugs", "publish"):
        monkeypatch.setattr(f"cpd.content.{part}.linker", lambda: "another")
    assert read() == []
    assert read.report.relinked == ["module/stiffness"]
    read()
    assert read.report.release is None


def test_a_monograph_that_becomes_a_draft_by_its_path_is_no_longer_linked(client, read, write_module, write_monograph):
    client.set_cookie("cpd_professional", "1")
    write_monograph("zanidine")
    write_module("stiffness", body="## Drugs\n\nStart with zanidine.\n")
    read()
    read(write_monograph("zanidine", status="draft"))
    assert 'href="/monographs/zanidine"' not in client.get("/modules/stiffness").text


def test_what_is_kept_of_a_file_comes_back_as_it_was(tmp_path):
    question = "\n## Assessment\n\n### A?\n\n- [x] B\n- [ ] C\n"
    folder = write_content(
        tmp_path,
        modules__stiffness=module(LINKS.replace("other", "stiffness") + question),
        monographs__zanidine=monograph(link_names="[zan]", former_slugs="[relaxal]"),
        pages__terms=page(),
    )
    files = files_in(folder).files
    found = {each.path: each for each in check.check_content(folder).found}
    again = [
        unchanged.Found.from_json(file, one.source_hash, one.fingerprint, one.to_json())
        for file in files
        if (one := found[str(file.path)])
    ]
    assert again == list(found.values())
    assert {(each.slug, len(each.links), len(each.claims), len(each.warnings)) for each in again} == {
        ("stiffness", 2, 0, 2),
        ("zanidine", 0, 1, 0),
        ("terms", 0, 0, 0),
    }
