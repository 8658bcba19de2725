"""Front matter as facts, and everything that can be wrong with it."""

import json
from datetime import date
from decimal import Decimal

import pytest

from cpd.content.facts import (
    Author,
    Category,
    Disclosure,
    Indication,
    ModuleFacts,
    MonographFacts,
    PageFacts,
    Provenance,
)
from cpd.content.front_matter import categories_in, module_facts, monograph_facts, page_facts, years_after
from cpd.content.source import SourceFault, read_yaml
from tests.content.writing import MODULE_KEYS, module, monograph, page, read_source, write


def module_of(tmp_path, text, slug="sepsis"):
    return module_facts(read_source(write(tmp_path / "x.md", text)), "red-flags", slug)


def monograph_of(tmp_path, text, slug="baclofen"):
    return monograph_facts(read_source(write(tmp_path / "x.md", text)), slug)


def problems_of(reading, *arguments):
    with pytest.raises(SourceFault) as fault:
        reading(*arguments)
    return fault.value.problems


def test_a_module_has_the_facts_of_its_front_matter(tmp_path):
    facts = module_of(tmp_path, module(edition=2, frameworks="{gdc: [C, D]}", monographs="[baclofen]", pass_mark=80))
    assert facts == ModuleFacts(
        slug="sepsis",
        category="red-flags",
        title="Sepsis",
        summary="Recognise it early.",
        credits=Decimal("0.50"),
        specialties=("Emergency medicine",),
        objectives=("Recognise sepsis",),
        authors=(Author("Dr Leila Haddad", "Physician", "Author"),),
        disclosures=(),
        reviewed=date(2026, 9, 14),
        expires=date(2029, 9, 14),
        edition=2,
        frameworks={"gdc": ("C", "D")},
        monographs=("baclofen",),
        pass_mark=80,
    )


def test_what_a_module_leaves_out_has_its_default(tmp_path):
    facts = module_of(tmp_path, module())
    assert (facts.edition, facts.status, facts.pass_mark, facts.external) == (1, "published", 70, None)
    assert facts.accreditation == "Suggested credits; self-certified"


def test_disclosures_are_a_list_of_interests(tmp_path):
    facts = module_of(tmp_path, module(disclosures="[{who: Dr A, company: B, nature: Fee}]"))
    assert facts.disclosures == (Disclosure("Dr A", "B", "Fee"),)


def test_a_monograph_has_the_facts_of_its_front_matter(tmp_path):
    text = monograph(
        indications="[{name: Spasticity, use: Of spinal origin.}]",
        key_facts="{adult_start: 5 mg}",
        source="{kind: Label, set_id: 'not really an id!', version: 3, effective: 2026-03-12}",
        draft="[key_facts]",
    )
    facts = monograph_of(tmp_path, text)
    assert facts.indications == (Indication("Spasticity", "Of spinal origin."),)
    assert facts.key_facts == {"adult_start": "5 mg"}
    assert facts.source == Provenance("Label", set_id="not really an id!", version="3", effective=date(2026, 3, 12))
    assert facts.draft == ("key_facts",)


def test_no_link_names_are_something_else_than_none_given(tmp_path):
    given = [monograph_of(tmp_path, monograph(**keys)).link_names for keys in ({}, {"link_names": "[]"})]
    assert given == [None, ()]


def test_several_lines_of_text_become_one(tmp_path):
    assert module_of(tmp_path, module(title=">\n  Sepsis,\n  early")).title == "Sepsis, early"


@pytest.mark.parametrize(
    ("changes", "key", "words"),
    [
        ({"title": None}, None, "“title” is missing"),
        ({"title": ""}, "title", "“title” is empty"),
        ({"title": "[a]"}, "title", "one line of text"),
        ({"title": "x" * 201}, "title", "shorten"),
        ({"summary": None}, None, "“summary” is missing"),
        ({"titel": "x"}, "titel", "did you mean “title”"),
        ({"slug": "x"}, "slug", "is no key"),
        ({"qqqq": "x"}, "qqqq", "the keys are"),
        ({"credits": None}, None, "“credits” is missing"),
        ({"credits": "half"}, "credits", "decimal"),
        ({"credits": "0,5"}, "credits", "decimal"),
        ({"credits": "0.52"}, "credits", "multiple of 0.05"),
        ({"credits": "0.505"}, "credits", "multiple of 0.05"),
        ({"credits": "0"}, "credits", "more than 0"),
        ({"credits": "-0.5"}, "credits", "decimal"),
        ({"credits": "100.05"}, "credits", "at most 100"),
        ({"credits": "NaN"}, "credits", "decimal"),
        ({"credits": "1e2"}, "credits", "decimal"),
        ({"credits": "٣"}, "credits", "decimal"),
        ({"specialties": "Surgery"}, "specialties", "must be a list"),
        ({"specialties": "[[a]]"}, "specialties.0", "one line"),
        ({"specialties": "['']"}, "specialties.0", "is empty"),
        ({"objectives": None}, None, "“objectives” is missing"),
        ({"objectives": "[]"}, "objectives", "“objectives” is empty"),
        ({"objectives": "{a: b}"}, "objectives", "must be a list"),
        ({"authors": "[Dr A]"}, "authors.0", "{name, credentials, role}"),
        ({"authors": "[{name: Dr A, role: Author}]"}, "authors.0", "“credentials” is missing"),
        ({"authors": "[{name: A, credentials: B, role: C, rôle: D}]"}, "authors.0.rôle", "did you mean “role”"),
        ({"authors": "[{name: <b>A, credentials: B, role: C}]"}, "authors.0.name", "< or >"),
        ({"disclosures": None}, None, "“disclosures” is missing"),
        ({"disclosures": "none"}, "disclosures", "None declared"),
        ({"disclosures": "[{who: A, company: B}]"}, "disclosures.0", "“nature” is missing"),
        ({"reviewed": "14 Sept 2026"}, "reviewed", "like 2026-09-14"),
        ({"reviewed": "2026-13-45"}, "reviewed", "like 2026-09-14"),
        ({"reviewed": "2026-02-29"}, "reviewed", "like 2026-09-14"),
        ({"reviewed": "20260914"}, "reviewed", "like 2026-09-14"),
        ({"reviewed": "0026-09-14"}, "reviewed", "like 2026-09-14"),
        ({"expires": "2029-09-15"}, "expires", "2029-09-14 or earlier"),
        ({"expires": "2026-09-14"}, "expires", "not after"),
        ({"expires": "2025-09-14"}, "expires", "not after"),
        ({"edition": "1.5"}, "edition", "whole number"),
        ({"edition": "0"}, "edition", "whole number"),
        ({"edition": "9" * 1000}, "edition", "whole number"),
        ({"status": "live"}, "status", "draft, published, withdrawn"),
        ({"pass_mark": "0"}, "pass_mark", "1 to 100"),
        ({"pass_mark": "101"}, "pass_mark", "1 to 100"),
        ({"pass_mark": "70%"}, "pass_mark", "1 to 100"),
        ({"external": "example.org"}, "external", "https://"),
        ({"external": "javascript:alert(1)"}, "external", "https://"),
        ({"external": "'https://'"}, "external", "https://"),
        ({"external": "https://user:pw@example.org"}, "external", "https://"),
        ({"external": "'https://[::1'"}, "external", "https://"),
        ({"external": "''"}, "external", "empty"),
        ({"former_slugs": "old"}, "former_slugs", "must be a list"),
        ({"former_slugs": "[Old Name]"}, "former_slugs.0", "a-z"),
        ({"former_slugs": "[sepsis]"}, "former_slugs", "today"),
        ({"monographs": "[../x]"}, "monographs.0", "a-z"),
        ({"frameworks": "[C]"}, "frameworks", "gdc: [C]"),
        ({"frameworks": "{gdc: C}"}, "frameworks.gdc", "must be a list"),
        ({"audience": "[" + "a," * 501 + "]"}, "audience", "more than 500"),
    ],
    ids=lambda value: str(value)[:40],
)
def test_a_fault_of_a_module_names_its_line_and_its_mend(tmp_path, changes, key, words):
    text = module(**changes)
    (problem,) = problems_of(module_of, tmp_path, text)
    line = read_source(tmp_path / "x.md").key_lines[key] if key else 1
    assert (problem.line, words in problem.message) == (line, True), problem


def test_all_faults_of_a_file_come_at_once(tmp_path):
    text = module(title="", credits="0.52", expires="soon", colour="red")
    assert [problem.line for problem in problems_of(module_of, tmp_path, text)] == [2, 4, 10, 11]


@pytest.mark.parametrize("slug", ["Sepsis", "a b", "a_b", "-a", "a--b", "", "é", "a" * 81, "a.b"])
def test_a_file_whose_name_is_no_slug_is_refused(tmp_path, slug):
    (problem,) = problems_of(module_of, tmp_path, module(), slug)
    assert "file's name" in problem.message


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"name": None}, "“name” is missing"),
        ({"name": "'<script>'"}, "< or >"),
        ({"generic_name": None}, "“generic_name” is missing"),
        ({"formulations": "10 mg tablets"}, "must be a list"),
        ({"indications": "[Spasticity]"}, "{name, use}"),
        ({"indications": "[{use: x}]"}, "“name” is missing"),
        ({"indications": "[{name: Pain}, {name: pain}]"}, "twice"),
        ({"key_facts": "5 mg"}, "lines like"),
        ({"key_facts": "{adult_dose: 5 mg}"}, "is no key"),
        ({"key_facts": "{adult_start: [5 mg]}"}, "one line"),
        ({"link_names": "['<b>']"}, "< or >"),
        ({"source": "DailyMed"}, "write the source as"),
        ({"source": "{title: x}"}, "“kind” is missing"),
        ({"source": "{kind: x, address: 'ftp://example.org'}"}, "https://"),
        ({"source": "{kind: x, effective: yesterday}"}, "like 2026-09-14"),
        ({"draft": "[names]"}, "drafted"),
        ({"credits": "0.50"}, "is no key"),
        ({"reviewed": "''"}, "empty"),
    ],
    ids=lambda value: str(value)[:40],
)
def test_a_fault_of_a_monograph_says_what_to_do(tmp_path, changes, words):
    (problem,) = problems_of(monograph_of, tmp_path, monograph(**changes))
    assert words in problem.message


def test_a_page_needs_its_version(tmp_path):
    path = write(tmp_path / "terms.md", page(version=None))
    (problem,) = problems_of(page_facts, read_source(path), "terms")
    assert "“version” is missing" in problem.message


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("a: b", "list of categories"),
        ("[]", "list of categories"),
        ("- x", "slug, title"),
        ("- {slug: a, title: A, order: 1}", "“style” is missing"),
        ("- {slug: a, title: A, order: 1, style: pink}", "flag, review, rx, ext"),
        ("- {slug: A b, title: A, order: 1, style: rx}", "a-z"),
        ("- {slug: a, title: A, order: one, style: rx}", "whole number"),
        ("- {slug: a, title: A, order: 1, style: rx, colour: x}", "is no key"),
        ("- {slug: a, title: A, order: 1, style: rx}\n- {slug: a, title: B, order: 2, style: rx}", "twice"),
        ("- {slug: a, title: A, order: 1, style: rx, credits: 0.33}", "multiple"),
    ],
)
def test_a_fault_of_the_categories_says_what_to_do(text, words):
    (problem,) = problems_of(categories_in, "categories.yml", *read_yaml("categories.yml", text))
    assert words in problem.message


def test_categories_come_in_their_order():
    text = "- {slug: b, title: B, order: 2, style: rx}\n- {slug: a, title: A, order: 1, style: flag, credits: 1.5}\n"
    found = categories_in("categories.yml", *read_yaml("categories.yml", text))
    assert found == [Category("a", "A", "", Decimal("1.50"), 1, "flag"), Category("b", "B", "", None, 2, "rx")]


@pytest.mark.parametrize(("day", "later"), [("2026-09-14", "2029-09-14"), ("2028-02-29", "2031-02-28")])
def test_three_years_later_is_the_same_day(day, later):
    assert years_after(date.fromisoformat(day), 3) == date.fromisoformat(later)


def test_facts_survive_being_stored_as_json(tmp_path):
    facts = [
        module_of(tmp_path, module(disclosures="[{who: A, company: B, nature: C}]", frameworks="{gdc: [C]}")),
        monograph_of(
            tmp_path, monograph(source="{kind: x, effective: 2026-03-12}", link_names="[a, b]", reviewed="2026-01-02")
        ),
        monograph_of(tmp_path, monograph()),
        PageFacts("terms", "Terms", "Summary", "2026-11-23"),
        Category("a", "A", "", None, 1, "rx"),
    ]
    stored = [json.loads(json.dumps(each.to_json())) for each in facts]
    assert [type(each).from_json(data) for each, data in zip(facts, stored, strict=True)] == facts


def test_facts_stored_before_a_key_existed_have_its_default(tmp_path):
    stored = module_of(tmp_path, module()).to_json()
    del stored["frameworks"], stored["pass_mark"]
    facts = ModuleFacts.from_json({**stored, "of_the_future": 1})
    assert (facts.frameworks, facts.pass_mark) == ({}, 70)


def test_credits_are_stored_as_exact_text(tmp_path):
    assert module_of(tmp_path, module(credits="0.1")).to_json()["credits"] == "0.10"


def test_every_required_key_is_asked_for(tmp_path):
    problems = problems_of(module_of, tmp_path, module(**dict.fromkeys(MODULE_KEYS), edition=1))
    assert [problem.message.split("”")[0][1:] for problem in problems] == sorted(MODULE_KEYS)


def test_a_monograph_stored_as_json_is_typed_again(tmp_path):
    facts = MonographFacts.from_json(monograph_of(tmp_path, monograph(indications="[{name: A}]")).to_json())
    assert facts.indications == (Indication("A"),)
