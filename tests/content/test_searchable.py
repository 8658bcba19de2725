"""What search is given of a document."""

from __future__ import annotations

from cpd.content.facts import Indication, ModuleFacts, MonographFacts
from cpd.content.searchable import module_document, monograph_document, names_of, plain_text

FACTS = {
    "slug": "zanidine",
    "name": "Zanidine (oral)",
    "generic_name": "zanidine",
    "formulations": ("Zanidine 2 mg; tablet",),
}
PARTS = {"sections": {"Dosage": "<p>Two <strong>milli</strong>grams.</p>"}, "footnotes": ""}


def test_plain_text_has_a_line_for_each_block_and_no_space_within_a_word():
    html = "<h2>Dose</h2>\n<ul>\n<li>H<sub>2</sub>O &amp; <em>salt</em></li><li>5&nbsp;mg</li></ul>"
    html += "<table><tr><td>a</td><td>b</td></tr></table>"
    assert plain_text(html) == "Dose\nH2O & salt\n5 mg\na\nb"


def test_plain_text_has_no_numbers_of_references():
    html = '<p>It works.<sup id="fnref-1"><a href="#fn-1" class="ref">1</a></sup> m<sup>2</sup></p>'
    assert plain_text(html) == "It works. m2"


def test_what_looks_like_markup_in_a_text_stays_text():
    assert plain_text("<p>if &lt;b&gt; &amp;lt;</p>") == "if <b> &lt;"


def test_names_of_a_drug_say_what_they_are_and_stand_once():
    facts = MonographFacts(**FACTS, brand_names=("Zanorel", "ZANIDINE"), link_names=("zan",))
    assert names_of(facts) == [
        ["Zanidine (oral)", "name"],
        ["zanidine", "generic"],
        ["Zanorel", "brand"],
        ["zan", "other"],
    ]


def test_what_no_editor_has_confirmed_is_left_out():
    facts = MonographFacts(
        **FACTS,
        draft=("brand_names", "generic_name", "indications", "key_facts", "classes"),
        brand_names=("Zanorel",),
        classes=("Relaxant",),
        indications=(Indication("Spasms", "Of the back."),),
        key_facts={"stopping": "Slowly"},
    )
    document = monograph_document(facts, PARTS)
    assert document.names == [["Zanidine (oral)", "name"]]
    assert document.facets["classes"] == document.facets["indications"] == []
    assert document.facets["generic"] == ""
    for words in ("Zanorel", "Relaxant", "Spasms", "Slowly"):
        assert words not in f"{document.text} {document.facets}"


def test_a_monograph_gives_all_its_sections_and_short_facts():
    facts = MonographFacts(
        **FACTS,
        indications=(Indication("Spasms", "Of the back."),),
        key_facts={"stopping": "Slowly"},
        company="Example Pharma",
    )
    document = monograph_document(facts, PARTS)
    assert document.text == "Spasms. Of the back.\nDosage\nTwo milligrams.\nZanidine 2 mg; tablet\nSlowly"
    assert document.facets["company"] == "Example Pharma"


def test_a_module_gives_its_summary_objectives_and_text():
    facts = ModuleFacts.from_json(
        {
            "slug": "sepsis",
            "category": "red-flags",
            "title": "Sepsis",
            "summary": "Early.",
            "credits": "0.5",
            "specialties": ["Surgery"],
            "objectives": ["Recognise it"],
            "authors": [{"name": "Dr Nia Prosser", "credentials": "", "role": ""}],
            "disclosures": [],
            "reviewed": "2026-10-01",
            "expires": "2027-10-01",
        }
    )
    category = {"slug": "red-flags", "title": "Red flags", "style": "flag", "summary": "Not kept."}
    document = module_document(facts, "<p>Act.</p>", category)
    assert document.text == "Early.\nRecognise it\nAct."
    assert document.facets["credits"] == "0.50"
    assert document.facets["category"] == {"slug": "red-flags", "title": "Red flags", "style": "flag"}
