"""Each real label's monograph against its XML, read by other means: words, numbers, strengths, tables, footnotes.

The labels are not part of the project: they are looked for in ../shared/data/spl, or where CPD_LABELS says.
"""

from __future__ import annotations

import os
import re
import unicodedata
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient

from cpd.content.check import check_content
from tests.spl.comparing import Told, difference, told
from tests.spl.importing import Drug, Import, import_labels
from tests.spl.labels import ingredient, ordinary, product
from tests.spl.reading import (
    BOXED,
    CONTRAINDICATIONS,
    DOSAGE,
    HEADINGS,
    OVERDOSAGE,
    POPULATIONS,
    USE,
    WARNINGS,
    Label,
    number_with_unit,
    read_label,
)
from tests.spl.shown import words_of

FOLDER = Path(os.environ.get("CPD_LABELS") or Path(__file__).resolve().parents[3] / "shared" / "data" / "spl")
FILES = sorted(FOLDER.glob("*.xml"))
NAMES = [file.name.partition("__")[0] for file in FILES]
INDEX = "methoxsalen"
LABELS = [name for name in NAMES if name != INDEX]
DOSES = (BOXED, DOSAGE, CONTRAINDICATIONS, WARNINGS, OVERDOSAGE, POPULATIONS)
REFERENCE = re.compile(r"\( *[0-9][0-9., ]*\)|\[see[^\]]*\]")

pytestmark = pytest.mark.skipif(not LABELS, reason=f"no labels in {FOLDER}; CPD_LABELS may name another folder")


@dataclass(frozen=True)
class Case:
    """A label, the monograph made of it, and what the report says of it."""

    label: Label
    drug: Drug
    outcome: dict[str, Any]

    @property
    def told(self) -> dict[str, Told]:
        return {heading: told(html) for heading, html in self.drug.sections.items()}


@pytest.fixture(scope="module")
def done(tmp_path_factory: pytest.TempPathFactory) -> Import:
    """All files of the folder, imported at once."""
    return import_labels(tmp_path_factory.mktemp("labels") / "content", FOLDER)


@pytest.fixture(scope="module")
def case_of(done: Import) -> Callable[[str], Case]:
    drugs = {drug.facts.source.set_id: drug for drug in done.drugs if drug.facts.source}
    outcomes = {outcome["set_id"]: outcome for outcome in done.outcomes["imported"]}

    @cache
    def case_of(name: str) -> Case:
        if name not in NAMES:
            pytest.skip(f"{name} is not among the labels of {FOLDER}")
        label = read_label(FILES[NAMES.index(name)])
        return Case(label, drugs[label.set_id], outcomes[label.set_id])

    return case_of


@pytest.fixture(params=LABELS)
def case(request: pytest.FixtureRequest, case_of: Callable[[str], Case]) -> Case:
    return case_of(request.param)


def tables_under(label: Label, heading: str) -> Iterator[object]:
    for section in label.under(heading):
        yield from section.text.tables


def test_all_labels_are_imported_and_nothing_is_refused(done):
    assert (done.status, done.lines, len(done.files)) == (0, [], len(LABELS))
    assert done.report["class_indexes"] == len(NAMES) - len(LABELS)


def test_the_files_check_clean(done):
    assert [str(problem) for problem in check_content(done.folder, render=True).problems] == []


def test_every_word_of_every_section_is_there_in_order_and_no_other(case):
    found = {heading: difference(each.words, case.label, heading) for heading, each in case.told.items()}
    assert {heading: fault for heading, fault in found.items() if fault} == {}


def test_the_sections_are_those_that_the_label_has(case):
    free = {heading for heading in case.drug.sections if heading not in case.label.headings()}
    assert case.label.headings() <= set(case.drug.sections)
    assert all(difference(case.told[heading].words, case.label, heading) == "" for heading in free)


def test_what_is_under_no_heading_is_named_as_left_out(case):
    shown = case.drug.everything
    named = [(each["code"], each["title"], each["words"]) for each in case.outcome["left_out"]]
    for section in case.label.sections:
        if section.heading or not section.text.words or " ".join(section.text.words) in shown:
            continue
        assert any(
            code == section.code and (section.title.endswith(title) if section.title else title)
            for code, title, _ in named
        ), (section.code, section.title)
    assert all(code or title for code, title, _ in named)


def test_nothing_that_has_a_heading_is_named_as_left_out(case):
    assert not {each["code"] for each in case.outcome["left_out"]} & set(" ".join(HEADINGS.values()).split())


def test_every_table_has_every_cell_in_its_row(case):
    for heading, each in case.told.items():
        expected = [table for table in tables_under(case.label, heading) if any(any(map(any, row)) for row in table)]
        found = [table for table in each.tables if any(any(map(any, row)) for row in table)]
        assert found[: len(expected)] == expected if heading not in case.label.headings() else found == expected


def test_every_number_keeps_its_unit(case):
    for heading in DOSES:
        if heading not in case.told:
            continue
        words = [word for section in case.label.under(heading) for word in section.text.words]
        shown = number_with_unit(case.told[heading].words)
        expected = number_with_unit(words)
        titles = number_with_unit([word for part in case.label.under(heading) for word in part.title.split()])
        assert sorted(expected) == sorted(shown) or sorted([*expected, *titles]) == sorted(shown)


def test_every_footnote_is_told_and_every_mark_has_its_note(case):
    for heading, each in case.told.items():
        texts = [section.text for section in case.label.under(heading)]
        expected = {note for text in texts for note in text.footnotes}
        assert expected <= set(each.notes)
        marks = [mark for group in each.marks for mark in re.findall(r"\[\w+\]", group)]
        assert len(marks) == sum(text.marks for text in texts)
        assert bool(marks) is bool(each.notes)


def test_every_fraction_keeps_its_bar(case):
    for heading, html in case.drug.sections.items():
        underlined = re.findall(r"<u>((?:(?!</u>).)*)</u>(?:</\w+>|\s)*<br ?/?>", html, re.DOTALL)
        found = [words_of(each) for each in underlined]
        for section in case.label.under(heading):
            assert all(each in found for each in section.text.fractions)


def test_every_strength_is_in_the_formulations_with_its_substance(case):
    listed = [formulation.casefold() for formulation in case.drug.facts.formulations]
    for product_ in (each for sold in case.label.products for each in sold.all()):
        strengths = [f"{each.named} {each.strength}".casefold() for each in product_.ingredients]
        with_form = product_.form.split(",")[0].casefold()
        assert any(all(each in line for each in strengths) and with_form in line for line in listed), strengths


def test_no_strength_is_in_the_formulations_that_no_product_has(case):
    ingredients = [each for sold in case.label.products for part in sold.all() for each in part.ingredients]
    listed = re.findall(r"[0-9.]+ (?:mg|mcg|g|units)(?:/\w+)?", " ".join(case.drug.facts.formulations))
    assert set(listed) <= {each.strength for each in ingredients}


def test_a_salt_is_named_only_where_the_strength_is_of_its_moiety(case):
    listed = " ".join(case.drug.facts.formulations).casefold()
    for each in (each for sold in case.label.products for part in sold.all() for each in part.ingredients):
        differs = each.kind == "ACTIM" and each.named != each.substance
        assert (f"(as {each.substance.casefold()})" in listed) is differs


def test_company_schedule_and_provenance_are_those_of_the_label(case):
    facts, label = case.drug.facts, case.label
    assert facts.company == label.company
    source = facts.source
    assert (source.set_id, source.version, str(source.effective)) == (label.set_id, str(label.version), label.effective)
    assert label.set_id in source.address
    schedules = {each.schedule for each in label.products} - {""}
    named = set(re.findall(r"schedule ([IV]+)\b", facts.legal_class))
    assert named == {each.removeprefix("C") for each in schedules}


def test_there_is_a_boxed_warning_exactly_where_the_label_has_one(case):
    assert (BOXED in case.drug.sections) is any(section.code == "34066-1" for section in case.label.sections)


def test_micrograms_are_mcg_and_nothing_is_turned_around_or_unseen(case):
    assert not re.search("\\bug\\b|[µμ]g", case.drug.text)
    assert not re.search("[\u00ad\u200b-\u200f\u202a-\u202e\u2066-\u2069\ufeff\u00a0]", case.drug.source.body)


def test_what_is_drafted_says_only_what_the_highlights_say(case):
    facts = case.drug.facts
    told_there = squeezed(" ".join(word for section in case.label.sections for word in section.highlight))
    drafted = [*facts.key_facts.values(), *(each.use for each in facts.indications)]
    for text in drafted:
        for sentence in re.split(r"(?<=[.:;]) ", text):
            assert squeezed(sentence).rstrip(".;:") in told_there, sentence
    assert ("indications" in facts.draft) is bool(facts.indications)
    assert ("key_facts" in facts.draft) is bool(facts.key_facts)


@pytest.mark.parametrize(("fact", "code"), [("avoid_in", "34070-3"), ("interacts_with", "34073-7")])
def test_a_drafted_list_leaves_out_nothing_that_the_highlights_list(case, fact, code):
    drafted = case.drug.facts.key_facts.get(fact)
    listed = " ".join(word for each in case.label.sections if each.code == code for word in each.highlight)
    if drafted:
        assert re.sub(r"\W", "", squeezed(drafted)) == re.sub(r"\W", "", squeezed(listed))


def squeezed(text: str) -> str:
    """A text without the numbers of sections, spaces, and what is raised or lowered as plain signs."""
    return unicodedata.normalize("NFKC", re.sub(r"[\s↟↡]", "", REFERENCE.sub("", text))).casefold()


def test_every_name_of_an_indication_is_in_the_words_of_the_label(case):
    told_there = squeezed(
        " ".join(word for each in case.label.under(USE) for word in (*each.highlight, *each.text.words))
    )
    for each in case.drug.facts.indications:
        assert squeezed(each.name).rstrip(".") in told_there
        assert "not indicated" not in each.name.casefold()


# What is known of single labels


def test_baclofen_has_no_indication_that_it_is_not_for(case_of):
    facts = case_of("baclofen").drug.facts
    assert "rheumat" not in str([facts.indications, facts.key_facts]).lower()
    assert re.findall(r"[0-9]+ mg", " ".join(facts.formulations)) == ["10 mg"]


def test_baclofen_states_no_interactions_of_its_own(case_of):
    assert "Interactions" not in case_of("baclofen").drug.sections


def test_lipitor_is_contraindicated_in_pregnancy(case_of):
    told_there = case_of("lipitor").drug.words(CONTRAINDICATIONS)
    assert "Pregnancy" in told_there
    assert "Nursing mothers" in told_there


def test_the_mis_coded_section_of_tizanidine_keeps_its_title(case_of):
    assert "Females and Males of Reproductive Potential" in case_of("tizanidine").drug.words(POPULATIONS)


def test_labels_over_the_counter_state_no_contraindication_and_no_interaction(case_of):
    for name in ("omeprazole", "rogaine"):
        assert not {CONTRAINDICATIONS, "Interactions", "Adverse reactions", BOXED} & set(case_of(name).drug.sections)


def test_the_kit_lists_both_its_parts(case_of):
    listed = " ".join(case_of("betaseron").drug.facts.formulations).lower()
    assert "0.25 mg/ml" in listed
    assert "diluent" in listed


@pytest.mark.skipif(INDEX not in NAMES, reason=f"{INDEX} is not among the labels of {FOLDER}")
def test_the_real_class_index_joins_by_unii_and_no_other_label(done, tmp_path):
    assert all(drug.facts.classes == () for drug in done.drugs)
    own = ordinary(
        products=[product("Psoradine", ingredients=[ingredient("METHOXSALEN", unii="U4VJ29L7BQ", moiety=None)])]
    )
    (tmp_path / "own.xml").write_text(own, encoding="utf-8")
    joined = import_labels(tmp_path / "content", tmp_path / "own.xml", FILES[NAMES.index(INDEX)])
    classes = " ".join(joined.drug.facts.classes)
    assert "Psoralen" in classes
    assert "Photoactivated Radical Generator" in classes


# The comparison itself


@pytest.mark.parametrize(
    "spoil",
    [
        lambda words: words[:-1],
        lambda words: words[1:],
        lambda words: (*words, "more"),
        lambda words: (*words[:40], words[41], words[40], *words[42:]),
        lambda words: tuple(word.replace("0.", "") for word in words),
        lambda words: tuple(word.replace("mg", "g") for word in words),
        lambda words: words + words,
    ],
)
def test_a_change_would_be_seen(case_of, spoil):
    case = case_of("betaseron")
    words = case.told[DOSAGE].words
    assert difference(words, case.label, DOSAGE) == ""
    assert difference(spoil(words), case.label, DOSAGE) != ""


def test_a_label_that_says_something_else_would_be_seen(case_of):
    case = case_of("eliquis")
    sections = [replace(each, text=replace(each.text, words=("Other",))) for each in case.label.sections]
    assert difference(case.told[USE].words, replace(case.label, sections=sections), USE) != ""


# On the site


def test_every_label_is_published_and_its_page_shows_all_of_it(client: FlaskClient, settings, republish, done):
    for path in (done.folder / "monographs").iterdir():
        (settings.content_folder / "monographs" / path.name).write_bytes(path.read_bytes())
    report = republish()
    assert len(report.added) >= len(LABELS)
    client.set_cookie("cpd_professional", "1")
    for drug in done.drugs:
        page = client.get(f"/monographs/{drug.path.stem}?full=1")
        assert page.status_code == 200
        seen = " ".join(words_of(page.text.partition("<main")[2].partition("</main>")[0]))
        assert "Not yet reviewed" in seen
        lost = [heading for heading, html in drug.sections.items() if " ".join(words_of(html)) not in seen]
        assert lost == [], drug.path.stem
