"""Each section of a label stands under the heading that its code, place or title gives it, and under no other."""

from __future__ import annotations

import pytest

from cpd.monographs.sections import SECTIONS
from tests.spl.importing import Drug, Import
from tests.spl.labels import OTC, in_new_layout, label, ordinary, paragraphs, product, section
from tests.spl.reading import (
    ABUSE,
    ADVERSE,
    BOXED,
    CONTRAINDICATIONS,
    COUNSELLING,
    DESCRIPTION,
    DOSAGE,
    HEADING_OF,
    INTERACTIONS,
    PHARMACOLOGY,
    POPULATIONS,
    REFERENCES,
    SUPPLIED,
    USE,
    WARNINGS,
)

TEXT = "Seven herons wade here."


def only_under(drug: Drug, heading: str, text: str = TEXT) -> bool:
    """Whether a text is under a heading, once, and nowhere else in the file."""
    return drug.words(heading).count(text) == 1 and drug.everything.count(text) == 1


def section_of(code: str | None, title: str | None, *children: str) -> str:
    return section(code, title, paragraphs(TEXT), *children)


def named_as_left_out(done: Import, *titles: str) -> bool:
    return all(any(title in each for each in done.left_out) for title in titles)


# By code


@pytest.mark.parametrize("code", HEADING_OF)
def test_a_section_stands_under_the_heading_of_its_code(drug_of, code):
    assert only_under(drug_of(label(section_of(code, "SOME TITLE"))), HEADING_OF[code])


def test_what_the_label_lacks_is_absent_in_the_file(drug_of):
    assert set(drug_of(ordinary()).sections) == {USE, DOSAGE, CONTRAINDICATIONS}


def test_sections_without_a_word_are_absent(drug_of):
    empty = [
        section("34084-4", "ADVERSE REACTIONS", ""),
        section("34073-7", "DRUG INTERACTIONS", None),
        section("34088-5", "OVERDOSAGE", "<paragraph/><paragraph> \u00a0</paragraph><paragraph>\u200b</paragraph>"),
        section("34067-9", "INDICATIONS", paragraphs(TEXT)),
    ]
    assert set(drug_of(label(*empty)).sections) == {USE}


def test_a_label_in_the_old_layout_joins_warnings_and_precautions_in_their_order(drug_of):
    whole = label(
        section("34071-1", "WARNINGS", paragraphs("First of all.")),
        section("42232-9", "PRECAUTIONS", paragraphs("Second."), section("34072-9", "General", paragraphs("Third."))),
    )
    words = drug_of(whole).words(WARNINGS)
    assert words.index("First of all.") < words.index("Second.") < words.index("Third.")


def test_interactions_within_precautions_stand_under_interactions(drug_of):
    inner = section_of("34073-7", "Drug Interactions")
    drug = drug_of(label(section("42232-9", "PRECAUTIONS", paragraphs("Be careful."), inner)))
    assert only_under(drug, INTERACTIONS)
    assert drug.words(WARNINGS) == "Be careful."


POPULATION_CODES = ["42228-7", "34080-2", "34081-0", "34082-8", "34079-4", "77290-5"]


@pytest.mark.parametrize("code", POPULATION_CODES)
def test_populations_within_precautions_stand_under_populations(drug_of, code):
    drug = drug_of(label(section("42232-9", "PRECAUTIONS", None, section_of(code, "Some people"))))
    assert only_under(drug, POPULATIONS)
    assert WARNINGS not in drug.sections


def test_counselling_and_carcinogenesis_within_precautions_go_by_their_codes(drug_of):
    inner = [
        section("34076-0", "Information for Patients", paragraphs("Tell them.")),
        section("34083-6", "Carcinogenesis", paragraphs("Rats did well.")),
    ]
    drug = drug_of(label(section("42232-9", "PRECAUTIONS", None, *inner)))
    assert only_under(drug, COUNSELLING, "Tell them.")
    assert only_under(drug, "Nonclinical toxicology", "Rats did well.")


@pytest.mark.parametrize("code", ["42228-7", "34080-2", "34073-7", "34081-0"])
def test_what_is_contraindicated_stays_a_contraindication_whatever_its_code(drug_of, code):
    inner = section_of(code, "4.1 Some people")
    drug = drug_of(in_new_layout(section("34070-3", "4 CONTRAINDICATIONS", None, inner)))
    assert only_under(drug, CONTRAINDICATIONS)


def test_the_words_of_coded_sections_in_each_other_are_there_once(drug_of):
    deepest = section("34068-7", "2.1.1", paragraphs("Third."))
    inner = section("34068-7", "2.1 Adults", paragraphs("Second."), deepest)
    drug = drug_of(label(section("34068-7", "2 DOSAGE", paragraphs("First."), inner)))
    words = drug.words(DOSAGE)
    assert [words.count(each) for each in ("First.", "Second.", "Third.")] == [1, 1, 1]
    assert words.index("First.") < words.index("Second.") < words.index("Third.")


def test_a_mis_coded_section_keeps_the_title_that_the_label_gives_it(drug_of):
    wrong = section_of("34080-2", "8.3 Females and Males of Reproductive Potential")
    drug = drug_of(in_new_layout(section("43684-0", "8 USE IN SPECIFIC POPULATIONS", None, wrong)))
    assert only_under(drug, POPULATIONS)
    assert "Females and Males of Reproductive Potential" in drug.words(POPULATIONS)
    assert "ursing" not in drug.everything
    assert "actation" not in drug.everything


@pytest.mark.parametrize("code", ["90374-0", "90375-7"])
def test_trials_and_experience_alone_are_adverse_reactions(drug_of, code):
    trap = section("42229-5", "8. ADVERSE REACTIONS AND REPORTING REQUIREMENTS", paragraphs("Report them."))
    drug = drug_of(label(section_of(code, "Experience"), trap))
    assert TEXT in drug.words(ADVERSE)


# By place


@pytest.mark.parametrize("code", ["42229-5", None, "69759-9", "99999-9", "not a code"])
def test_a_section_without_a_meaning_of_its_own_inherits_the_heading(drug_of, code):
    inner = section_of(code, "5.1 Something")
    drug = drug_of(label(section("43685-7", "5 WARNINGS AND PRECAUTIONS", None, inner)))
    assert only_under(drug, WARNINGS)
    assert "Something" in drug.words(WARNINGS)


def test_a_heading_is_inherited_through_many_levels(drug_of):
    nest = section_of("42229-5", "Deepest")
    for depth in range(6):
        nest = section("42229-5" if depth % 2 else None, f"Level {depth}", paragraphs(f"At {depth}."), nest)
    drug = drug_of(label(section("34084-4", "ADVERSE REACTIONS", None, nest)))
    assert only_under(drug, ADVERSE)
    assert all(f"At {depth}." in drug.words(ADVERSE) for depth in range(6))


def test_titles_of_subsections_are_headings_and_lose_their_numbers(drug_of):
    inner = section("42229-5", "2.10 Adults and Elderly", paragraphs(TEXT))
    html = drug_of(label(section("34068-7", "2 DOSAGE", None, inner))).html(DOSAGE)
    assert ">Adults and Elderly</h" in html


@pytest.mark.parametrize("title", ["3-methoxy products", "12 years and older", "5 mg tablets", "0.5 mL pens"])
def test_a_number_that_is_no_number_of_a_section_stays_in_its_title(drug_of, title):
    drug = drug_of(label(section("34068-7", "DOSAGE", None, section_of("42229-5", title))))
    assert title in drug.words(DOSAGE)


def test_a_section_that_says_something_only_in_subsections_is_there(drug_of):
    drug = drug_of(label(section("34088-5", "OVERDOSAGE", None, section_of(None, "Treatment"))))
    assert drug.words("Overdosage") == f"Treatment {TEXT}"


# By title


@pytest.mark.parametrize("code", ["42229-5", None])
@pytest.mark.parametrize(
    ("title", "heading"),
    [
        ("INDICATIONS AND USAGE", USE),
        ("2 DOSAGE AND ADMINISTRATION", DOSAGE),
        ("Contraindications", CONTRAINDICATIONS),
        ("Drug Interactions", INTERACTIONS),
        ("ADVERSE REACTIONS", ADVERSE),
        ("How Supplied", SUPPLIED),
        ("Clinical Pharmacology", PHARMACOLOGY),
        ("Drug Abuse and Dependence", ABUSE),
        ("15 REFERENCES", REFERENCES),
        ("DESCRIPTION", DESCRIPTION),
    ],
)
def test_a_top_section_without_a_code_goes_by_its_title(drug_of, code, title, heading):
    assert only_under(drug_of(label(section_of(code, title))), heading)


@pytest.mark.parametrize(
    "title",
    ["8. ADVERSE REACTIONS AND MEDICATION ERRORS REPORTING REQUIREMENTS", "Not a contraindication", "Package of two"],
)
def test_a_title_that_only_resembles_a_heading_gives_none(bring, title):
    done = bring(ordinary().replace("</structuredBody>", section_of("42229-5", title) + "</structuredBody>"))
    assert TEXT not in done.drug.everything
    assert named_as_left_out(done, title.removeprefix("8. "))


def test_a_code_wins_over_a_title(drug_of):
    assert only_under(drug_of(label(section_of("34088-5", "CONTRAINDICATIONS"))), "Overdosage")


# Boxed warnings


def test_boxed_sections_are_one_boxed_warning_in_their_order(drug_of):
    boxes = [section("34066-1", f"WARNING: {each}", paragraphs(f"It is {each}.")) for each in ("a", "b", "c", "d")]
    words = drug_of(label(*boxes, section_of("34067-9", "INDICATIONS"))).words(BOXED)
    assert words == "WARNING: a It is a. WARNING: b It is b. WARNING: c It is c. WARNING: d It is d."


def test_a_boxed_warning_keeps_its_title(drug_of):
    drug = drug_of(label(section_of("34066-1", "WARNING: SUDDEN DEATH")))
    assert drug.words(BOXED) == f"WARNING: SUDDEN DEATH {TEXT}"


def test_a_boxed_warning_within_warnings_is_the_boxed_warning(drug_of):
    drug = drug_of(label(section("34071-1", "WARNINGS", paragraphs("Careful."), section_of("34066-1", "WARNING"))))
    assert TEXT in drug.words(BOXED)


def test_a_label_over_the_counter_has_no_boxed_warning_and_loses_no_warning(drug_of):
    drug = drug_of(label(section_of("34066-1", "Notice"), section_of("34067-9", "Uses"), kind=OTC))
    assert BOXED not in drug.sections


def test_the_text_of_a_box_over_the_counter_is_kept_or_named_as_left_out(bring):
    done = bring(
        label(section("34066-1", "Notice", paragraphs("Keep it dry.")), section_of("34067-9", "Uses"), kind=OTC)
    )
    assert "Keep it dry." in done.drug.everything or named_as_left_out(done, "Notice")


def test_the_word_warning_makes_no_boxed_warning(drug_of):
    drug = drug_of(label(section_of("42229-5", "WARNING: READ THIS"), section("34067-9", "USES", paragraphs("So."))))
    assert BOXED not in drug.sections


# Over the counter


DRUG_FACTS = {
    "50570-1": "Do not use",
    "50569-3": "Ask a doctor before use if you have",
    "50568-5": "Ask a doctor or pharmacist before use if you are",
    "50567-7": "When using this product",
    "50566-9": "Stop use and ask a doctor if",
    "53414-9": "If pregnant or breast-feeding",
    "50565-1": "Keep out of reach of children",
}


def drug_facts() -> str:
    inner = [section(code, title, paragraphs(f"Words on {code}.")) for code, title in DRUG_FACTS.items()]
    return label(
        section("55106-9", "Active ingredient", paragraphs("Zanidine 4 mg")),
        section("55105-1", "Purpose", paragraphs("Relaxant")),
        section("34067-9", "Uses", paragraphs("for stiff muscles")),
        section("34071-1", "Warnings", paragraphs("For outdoor use."), *inner),
        section("34068-7", "Directions", paragraphs("take 1 tablet")),
        section("51727-6", "Inactive ingredients", paragraphs("gelatin")),
        kind=OTC,
    )


@pytest.mark.parametrize("code", DRUG_FACTS)
def test_drug_facts_are_warnings_with_their_titles(drug_of, code):
    drug = drug_of(drug_facts())
    assert only_under(drug, WARNINGS, f"Words on {code}.")
    assert DRUG_FACTS[code] in drug.words(WARNINGS)


def test_drug_facts_have_uses_and_directions_and_state_no_contraindication(drug_of):
    drug = drug_of(drug_facts())
    assert "for stiff muscles" in drug.words(USE)
    assert drug.words(DOSAGE) == "take 1 tablet"
    assert CONTRAINDICATIONS not in drug.sections
    assert ADVERSE not in drug.sections


# What is left out

LEFT_OUT = {
    "51945-4": "PRINCIPAL DISPLAY PANEL",
    "42231-1": "MEDICATION GUIDE",
    "42230-3": "PATIENT INFORMATION",
    "68498-5": "PATIENT PACKAGE INSERT",
    "59845-8": "INSTRUCTIONS FOR USE",
    "43683-2": "RECENT MAJOR CHANGES",
}


@pytest.mark.parametrize("code", LEFT_OUT)
def test_photos_leaflets_and_changes_are_left_out_and_named(bring, code):
    done = bring(label(section("34067-9", "USES", paragraphs("So.")), section_of(code, LEFT_OUT[code])))
    assert TEXT not in done.drug.text
    assert named_as_left_out(done, LEFT_OUT[code])


def test_a_section_that_belongs_nowhere_is_left_out_and_named(bring):
    done = bring(label(section("34067-9", "USES", paragraphs("So.")), section_of("99999-9", "Zebra facts")))
    assert TEXT not in done.drug.text
    assert named_as_left_out(done, "Zebra facts")


def test_a_section_left_out_without_a_title_is_named_by_its_code(bring):
    done = bring(label(section("34067-9", "USES", paragraphs("So.")), section_of("42229-5", None)))
    assert TEXT not in done.drug.text
    assert named_as_left_out(done, "42229-5")


def test_what_has_no_words_is_not_named_as_left_out(bring):
    assert bring(ordinary()).left_out == []


def test_recent_changes_make_no_label_one_of_the_new_layout(drug_of):
    inner = section_of("34073-7", "Drug Interactions")
    changes = section("43683-2", "RECENT MAJOR CHANGES", "", highlight=paragraphs("Warnings 1/2026"))
    drug = drug_of(label(changes, section("42232-9", "PRECAUTIONS", paragraphs("Care."), inner)))
    assert only_under(drug, INTERACTIONS)
    assert "1/2026" not in drug.everything


# Highlights


def test_highlights_are_not_in_the_body(drug_of):
    short = paragraphs("Short words for the hurried.")
    drug = drug_of(in_new_layout(section("34084-4", "6 ADVERSE REACTIONS", paragraphs(TEXT), highlight=short)))
    assert drug.words(ADVERSE) == TEXT
    assert "Short words for the hurried." not in drug.source.body


def test_a_section_that_only_highlights_tell_of_is_absent(drug_of):
    short = paragraphs("Short words for the hurried.")
    drug = drug_of(in_new_layout(section("34084-4", "6 ADVERSE REACTIONS", None, highlight=short)))
    assert ADVERSE not in drug.sections


def test_whatever_is_drafted_from_highlights_is_named_as_a_draft(drug_of):
    use = section("34067-9", "1 USES", paragraphs("Long."), highlight=paragraphs("Zanidine is indicated for spasms."))
    dose = section("34068-7", "2 DOSAGE", paragraphs("Long."), highlight=paragraphs("Begin with 2 mg at night."))
    drug = drug_of(label(use, dose, section("43685-7", "5 WARNINGS", paragraphs("Long."))))
    if drug.facts.indications:
        assert "indications" in drug.facts.draft
    if drug.facts.key_facts:
        assert "key_facts" in drug.facts.draft
    for text in (*drug.facts.key_facts.values(), *(each.use for each in drug.facts.indications if each.use)):
        assert text in "Zanidine is indicated for spasms. Begin with 2 mg at night."


def test_without_highlights_nothing_is_drafted(drug_of):
    drug = drug_of(ordinary())
    assert (drug.facts.indications, drug.facts.key_facts) == ((), {})


@pytest.mark.parametrize(
    "told",
    [
        "Zanidine is not indicated for gout.",
        "Zanidine is indicated for spasms. It is not indicated for gout.",
        "Zanidine is indicated for spasms but not for gout.",
        "Limitations of Use: Zanidine has not been studied in gout.",
        "Zanidine should not be used in the treatment of gout.",
    ],
)
def test_what_a_drug_is_not_for_is_no_indication(drug_of, told):
    drug = drug_of(label(section("34067-9", "1 USES", paragraphs(told), highlight=paragraphs(told))))
    assert "gout" not in " ".join(each.name for each in drug.facts.indications).lower()


@pytest.mark.parametrize("length", [150, 300, 2500, 30_000])
def test_long_highlights_make_no_file_that_is_wrong(drug_of, length):
    told = ("Zanidine is indicated for " + "very stiff muscles and " * 2000)[:length]
    inner = [
        section(code, title, paragraphs("Text."), highlight=paragraphs(told))
        for code, title in (("34067-9", "USES"), ("34068-7", "DOSAGE"), ("34070-3", "CONTRA"), ("43685-7", "WARNINGS"))
    ]
    boxed = section("34066-1", "WARNING", paragraphs("Text."), highlight=paragraphs(told))
    assert drug_of(label(boxed, *inner)).facts.name


def test_a_drafted_dose_is_cut_nowhere(drug_of):
    told = "Start with 2.5 mg " + "and look well " * 160 + "and never exceed 36 mg."
    drug = drug_of(in_new_layout(section("34068-7", "2 DOSAGE", paragraphs("x"), highlight=paragraphs(told))))
    assert all(text in told and text.endswith(".") for text in drug.facts.key_facts.values() if "2.5" in text)


def test_sections_stand_in_the_order_of_the_page(drug_of):
    codes = ["34093-5", "34076-0", "34066-1", "34070-3", "34067-9", "34084-4", "34068-7"]
    body = drug_of(label(*(section_of(code, "T") for code in codes))).source.body
    found = [line[3:] for line in body.split("\n") if line.startswith("## ")]
    assert found == [title for title in SECTIONS if title in found]
    assert len(found) == len(codes)


def test_a_label_of_many_products_is_one_monograph(bring):
    done = bring(ordinary(products=[product("Zanidine"), product("Zanidine", form="CAPSULE")]))
    assert len(done.drugs) == 1
