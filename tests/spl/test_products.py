"""Names, strengths and forms come from product data, and each strength is of what the label says it is of."""

from __future__ import annotations

import re

import pytest

from cpd.content.facts import LONGEST_SLUG, SLUG
from tests.spl.labels import (
    OTC,
    SET_ID,
    ZANIDINE,
    ZANIDINE_SALT,
    class_index,
    ingredient,
    label,
    ordinary,
    paragraphs,
    part,
    product,
    section,
    set_id,
)


def sold(*products: str, **facts: object) -> str:
    return ordinary(products=products, **facts)


def formulations(drug) -> str:
    return "\n".join(drug.facts.formulations)


def has(text: str, wanted: str) -> bool:
    """Whether a text has these words, in whatever case, and not as a part of longer ones."""
    return re.search(rf"(?<![\w.,]){re.escape(wanted)}(?![\w/])", text, re.IGNORECASE) is not None


# What a strength is of


def test_a_strength_of_the_moiety_names_the_moiety_and_the_salt_it_comes_as(drug_of):
    found = formulations(drug_of(sold(product(ingredients=[ingredient(kind="ACTIM")]))))
    assert has(found, "zanidine 4 mg (as zanidine hydrochloride)")


def test_a_strength_of_the_substance_names_the_substance_alone(drug_of):
    found = formulations(drug_of(sold(product(ingredients=[ingredient(kind="ACTIB")]))))
    assert has(found, "zanidine hydrochloride 4 mg")
    assert "(as" not in found
    assert not re.search(r"zanidine 4 mg", found, re.IGNORECASE)


def test_a_strength_of_a_reference_substance_is_not_said_to_be_of_the_moiety_or_the_salt(drug_of):
    found = formulations(drug_of(sold(product(ingredients=[ingredient(kind="ACTIR", reference="ZANIDINE SODIUM")]))))
    assert has(found, "zanidine sodium 4 mg")
    assert not re.search(r"zanidine 4 mg|hydrochloride 4 mg", found, re.IGNORECASE)


def test_a_substance_that_is_its_own_moiety_is_not_said_to_come_as_itself(drug_of):
    found = formulations(drug_of(sold(product(ingredients=[ingredient("ZANIDINE", kind="ACTIM")]))))
    assert has(found, "zanidine 4 mg")
    assert "(as" not in found


def test_a_strength_of_a_moiety_that_is_not_named_is_of_the_substance(drug_of):
    found = formulations(drug_of(sold(product(ingredients=[ingredient(kind="ACTIM", moiety=None)]))))
    assert has(found, "zanidine hydrochloride 4 mg")


def test_strengths_come_from_product_data_and_not_from_the_title(drug_of):
    whole = sold(
        product(ingredients=[ingredient(kind="ACTIB", amount=("10", "mg"))]),
        title="Zanidine tablets, 5 mg, 10 mg and 20 mg",
    )
    found = formulations(drug_of(whole))
    assert re.findall(r"[0-9.]+ mg", found) == ["10 mg"]


def test_strengths_come_from_product_data_and_not_from_how_supplied(drug_of):
    supplied = section("34069-5", "HOW SUPPLIED", paragraphs("Zanidine tablets come as 7 mg and 70 mg."))
    assert re.findall(r"[0-9.]+ mg", formulations(drug_of(label(supplied)))) == ["4 mg"]


def test_each_active_ingredient_keeps_its_own_strength(drug_of):
    both = [
        ingredient("ZANIDINE", kind="ACTIB", amount=("8", "mg")),
        ingredient("OXATIL MALEATE", kind="ACTIM", moiety="OXATIL", unii="Z3", moiety_unii="Z4", amount=("0.5", "mg")),
    ]
    found = formulations(drug_of(sold(product("Zanoxa", ingredients=both))))
    assert has(found, "zanidine 8 mg")
    assert has(found, "oxatil 0.5 mg (as oxatil maleate)")


@pytest.mark.parametrize("kind", ["IACT", "CNTM"])
def test_what_is_not_active_has_no_strength_in_the_formulations(drug_of, kind):
    made = [ingredient(), ingredient("GELATIN", kind=kind, moiety=None, amount=("30", "mg"))]
    found = formulations(drug_of(sold(product(ingredients=made)))).lower()
    assert "gelatin" not in found
    assert "30 mg" not in found


def test_an_ingredient_without_a_strength_is_named_without_one(drug_of):
    found = formulations(drug_of(sold(product(ingredients=[ingredient(amount=None)]))))
    assert "zanidine" in found.lower()
    assert not re.search(r"\d|none|null", found, re.IGNORECASE)


# Units and numbers

UNITS = {
    "micrograms are mcg": (("50", "ug"), ("1", "1"), "50 mcg"),
    "micrograms in a volume": (("50", "ug"), ("1", "mL"), "50 mcg/mL"),
    "a liquid": (("250", "mg"), ("5", "mL"), "250 mg per 5 mL"),
    "an ointment": (("50", "mg"), ("1", "g"), "50 mg/g"),
    "units": (("100", "U"), ("1", "mL"), "100 units/mL"),
    "no denominator": (("20", "mg"), ("1", ""), "20 mg"),
    "a decimal": (("0.125", "mg"), ("1", "1"), "0.125 mg"),
    "a trailing zero": (("1.0", "mg"), ("1", "1"), "1 mg"),
    "two trailing zeros": (("2.50", "mg"), ("1", "1"), "2.5 mg"),
    "zeros that count": (("100", "mg"), ("10", "mL"), "100 mg per 10 mL"),
    "a naked decimal": ((".5", "mg"), ("1", "1"), "0.5 mg"),
    "a denominator of 1.0": (("3", "mg"), ("1.0", "mL"), "3 mg/mL"),
    "milliequivalents": (("20", "meq"), ("1", "1"), "20 mEq"),
    "an unknown unit": (("7", "[ZU]"), ("1", "1"), "7 [ZU]"),
}


@pytest.mark.parametrize(("amount", "per", "written"), UNITS.values(), ids=UNITS.keys())
def test_a_strength_is_written_for_people(drug_of, amount, per, written):
    found = formulations(drug_of(sold(product(ingredients=[ingredient(kind="ACTIB", amount=amount, per=per)]))))
    assert re.search(rf"(?<![\w.,]){re.escape(written)}(?![\w/.,])", found), found
    assert not re.search(r"ug\b|[µμ]g", found)


def test_units_of_the_pharmacopoeia_are_units(drug_of):
    strong = ingredient(kind="ACTIB", amount=("5000", "[USP'U]"), per=("1", "mL"))
    found = formulations(drug_of(sold(product(ingredients=[strong]))))
    assert re.search(r"(?<![\w.,])5,?000 (USP )?units/mL", found), found


@pytest.mark.parametrize("amount", ["0", "-4", "four", "1e3", "NaN", "4,5", "1" * 400], ids=str)
def test_a_strength_that_is_no_plain_number_is_never_turned_into_another(bring, amount):
    done = bring(sold(product(ingredients=[ingredient(kind="ACTIB", amount=(amount, "mg"))])))
    for drug in done.drugs:
        stated = re.findall(r"([^ ]+) mg", formulations(drug))
        assert stated in ([], [amount], ["1000"] if amount == "1e3" else [])
    assert done.drugs or len(done.lines) == 1


# Kits and several products


def test_a_kit_lists_each_part_with_its_own_form_and_strength(drug_of):
    powder = part(
        "Zanidine",
        form="INJECTION, POWDER, LYOPHILIZED, FOR SOLUTION",
        ingredients=[ingredient(kind="ACTIB", amount=("0.25", "mg"), per=("1", "mL"))],
    )
    water = part("Diluent", amount=("1.2", "mL"), form="SOLUTION", generic="sodium chloride", ingredients=())
    found = formulations(drug_of(sold(product("Zanidine", form="KIT", ingredients=(), parts=[powder, water])))).lower()
    assert has(found, "0.25 mg/ml")
    assert "lyophilized" in found
    assert "diluent" in found
    assert "solution" in found


def test_a_kit_whose_strengths_are_only_in_its_parts_is_not_refused(bring):
    kit = product("Zanikit", form="KIT", ingredients=(), parts=[part("Zanidine", ingredients=[ingredient()])])
    done = bring(sold(kit))
    assert (done.status, len(done.drugs)) == (0, 1)
    assert has(formulations(done.drug), "4 mg")


def test_every_product_of_a_label_is_listed_once(drug_of):
    strengths = ["2", "4", "0.5"]
    products = [
        product(ingredients=[ingredient(kind="ACTIB", amount=(each, "mg"))], form=form)
        for each in strengths
        for form in ("TABLET", "CAPSULE")
    ]
    found = drug_of(sold(*products, products[0])).facts.formulations
    assert len(found) == len(set(found)) == 6
    for each in strengths:
        assert sum(has(one, f"{each} mg") for one in found) == 2


def test_a_label_of_very_many_strengths_loses_none(bring):
    strengths = [f"{number}" for number in range(1, 601)]
    products = [product(ingredients=[ingredient(kind="ACTIB", amount=(each, "mg"))]) for each in strengths]
    done = bring(sold(*products))
    if done.status:
        assert (done.files, len(done.lines)) == ({}, 1)
    else:
        assert done.problems == []
        assert all(has(formulations(done.drug), f"{each} mg") for each in strengths)


def test_a_label_without_a_product_is_refused_in_a_line(bring):
    done = bring(ordinary(products=()))
    assert (done.status, done.files, len(done.lines)) == (1, {}, 1)


# Names


@pytest.mark.parametrize(
    "written",
    [
        "\n\t\u00a0Zanidine\n\t forte ",
        "Zanidine\u200b forte",
        "Zanidine<suffix> forte</suffix>",
        "<![CDATA[Zanidine]]> forte",
        "Zanidine <!-- not said -->forte",
    ],
)
def test_a_name_is_one_clean_line(drug_of, written):
    assert drug_of(sold(product(written))).facts.name.lower() == "zanidine forte"


def test_a_name_keeps_its_suffix(drug_of):
    assert drug_of(sold(product("Zanidine", suffix=" XR"))).facts.name.lower() == "zanidine xr"


def test_a_company_is_one_clean_line(drug_of):
    assert (
        drug_of(ordinary(company="\u00a0\n\tExample\n\t  Pharma,\u00a0 Inc.\t")).facts.company == "Example Pharma, Inc."
    )


YAML_SIGNS = (
    "Zanidine: forte",
    "Zanidine #2",
    "- Zanidine",
    "'Zanidine'",
    '"Zanidine" \\n',
    "&amp;zanidine",
    "*zanidine",
    "!zanidine",
    "%zanidine",
    "@zanidine",
    "`zanidine`",
    "{zanidine}",
    "[zanidine]",
    "| zanidine",
    "? zanidine",
    "null",
    "~",
    "yes",
    "010",
    "2026-01-01",
    "1.50",
    "Zanidine\\",
    "Zanidin\u00e9 \u03b2-1b",
    "---",
)


@pytest.mark.parametrize("name", YAML_SIGNS)
def test_a_name_of_any_signs_is_read_back_as_it_was(drug_of, name):
    drug = drug_of(ordinary(products=[product(name, generic=name)], company=name, title=name))
    plain = name.replace("&amp;", "&")
    assert drug.facts.name.casefold() == plain.casefold()
    assert drug.facts.company == plain
    assert SLUG.fullmatch(drug.path.stem)


@pytest.mark.parametrize(
    "name", ["\u2122", "\u039e\u03b1\u03bd\u03b9", "x" * 190, "A/B\\C..D", "../../zanidine", "CON", "a" + "-b" * 90]
)
def test_any_name_gives_a_file_of_a_plain_name_in_the_folder(drug_of, name, content):
    drug = drug_of(ordinary(products=[product(name, generic=name)]))
    assert drug.path.parent == content / "monographs"
    assert SLUG.fullmatch(drug.path.stem)
    assert len(drug.path.stem) <= LONGEST_SLUG


LONG = {
    "a name": lambda text: ordinary(products=[product(text)]),
    "a generic name": lambda text: ordinary(products=[product(generic=text)]),
    "a company": lambda text: ordinary(company=text),
    "a title": lambda text: ordinary(title=text),
    "a substance": lambda text: ordinary(products=[product(ingredients=[ingredient(text, kind="ACTIB")])]),
    "a form": lambda text: ordinary(products=[product(form=text)]),
}


@pytest.mark.parametrize("make", LONG.values(), ids=LONG.keys())
def test_what_is_too_long_for_a_fact_is_refused_or_fits_and_never_makes_a_file_that_is_wrong(bring, make):
    done = bring(make("very long zanidine " * 200))
    assert done.problems == []
    assert bool(done.files) is (done.status == 0)
    assert done.files or len(done.lines) == 1


def test_a_label_without_a_title_takes_its_name_from_the_product(drug_of):
    assert drug_of(ordinary(title=None)).facts.name.lower() == "zanidine"


def test_the_generic_name_is_that_of_the_product(drug_of):
    drug = drug_of(sold(product("Zanorel", generic="zanidine")))
    assert drug.facts.name.lower() == "zanorel"
    assert drug.facts.generic_name.lower() == "zanidine"


def test_without_a_generic_name_it_is_that_of_the_active_moiety(drug_of):
    assert "zanidine" in drug_of(sold(product("Zanorel", generic=None))).facts.generic_name.lower()


# Legal class, provenance, classes


def test_a_controlled_drug_names_its_schedule(drug_of):
    assert re.search(r"C-?IV|schedule (IV|4)", drug_of(sold(product(schedule="CIV"))).facts.legal_class, re.IGNORECASE)


def test_a_drug_that_is_not_controlled_names_no_schedule(drug_of):
    assert not re.search(r"schedule|C-?I", drug_of(ordinary()).facts.legal_class, re.IGNORECASE)


def test_a_prescription_drug_and_one_over_the_counter_say_so(bring):
    first, second = bring(
        ordinary(), ordinary(kind=OTC, identity=set_id(2), products=[product("Oxatil", generic="oxatil")])
    ).drugs
    by_slug = {drug.path.stem: drug.facts.legal_class for drug in (first, second)}
    assert re.search("over.the.counter|OTC", by_slug["oxatil"], re.IGNORECASE)
    assert re.search("prescription|Rx", by_slug["zanidine"], re.IGNORECASE)


def test_provenance_names_set_id_version_date_and_address(drug_of):
    source = drug_of(ordinary(version="7", effective="20260131")).facts.source
    assert source is not None
    assert (source.set_id, source.version, f"{source.effective}") == (SET_ID, "7", "2026-01-31")
    assert source.address.startswith("https://dailymed.nlm.nih.gov/")
    assert SET_ID in source.address
    assert source.kind


def test_an_import_is_not_reviewed(drug_of):
    drug = drug_of(ordinary())
    assert drug.facts.reviewed is None
    assert drug.facts.status == "published"


@pytest.mark.parametrize("effective", ["2026", "202603", "20261399", "", "2026031512", "today", None])
def test_a_date_that_is_none_is_never_another(bring, effective):
    done = bring(ordinary(effective=effective))
    assert done.problems == []
    for drug in done.drugs:
        assert drug.facts.source is not None
        day = drug.facts.source.effective
        assert day is None or (effective == "2026031512" and f"{day}" == "2026-03-15")
    assert done.drugs or len(done.lines) == 1


KINDS = "Central relaxant [EPC]"


@pytest.mark.parametrize("unii", [ZANIDINE, ZANIDINE_SALT], ids=["moiety", "substance"])
@pytest.mark.parametrize("first", [True, False], ids=["index first", "label first"])
def test_a_class_joins_a_label_by_unii(bring, unii, first):
    index = class_index({unii: [KINDS]})
    done = bring(*([index, ordinary()] if first else [ordinary(), index]))
    assert (done.status, done.problems) == (0, [])
    assert any("Central relaxant" in each for each in done.drug.facts.classes)


def test_the_class_of_the_moiety_comes_before_that_of_the_salt(bring):
    index = class_index({ZANIDINE_SALT: ["Of the salt [EPC]"], ZANIDINE: ["Of the moiety [EPC]"]})
    assert "Of the moiety" in bring(ordinary(), index).drug.facts.classes[0]


def test_a_class_of_the_newer_template_joins_too(bring):
    index = class_index({ZANIDINE: [KINDS]}, system="2.16.840.1.113883.6.345")
    assert any("Central relaxant" in each for each in bring(index, ordinary()).drug.facts.classes)


def test_a_class_of_another_substance_joins_nothing(bring):
    done = bring(class_index({"OTHER00001": [KINDS]}), ordinary())
    assert done.drug.facts.classes == ()


def test_a_class_of_an_inactive_ingredient_joins_nothing(bring):
    made = [ingredient(), ingredient("GELATIN", kind="IACT", moiety=None, unii="GELATIN0001", amount=None)]
    done = bring(class_index({"GELATIN0001": ["Capsule shell [EPC]"]}), sold(product(ingredients=made)))
    assert done.drug.facts.classes == ()


def test_a_label_alone_has_no_class(drug_of):
    assert drug_of(ordinary()).facts.classes == ()
