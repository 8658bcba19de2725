"""A monograph's page: every section in its order, stated or not, and nothing that the source does not say."""

from __future__ import annotations

import re

from cpd.monographs.sections import NOT_STATED, SECTIONS, section_id
from tests.pages import words_of

BODY = "".join(f"## {title}\n\nWhat the source says about {title.lower()}.\n\n" for title in SECTIONS)


def sections_in(page: str) -> list[tuple[str, str]]:
    """The sections of the page as (title, HTML)."""
    found = re.findall(r'<section class="mono-sec"[^>]*>\s*<h2[^>]*>(.*?)</h2>(.*?)</section>', page, re.DOTALL)
    return [(title, html) for title, html in found if title in SECTIONS]


def test_sections_stand_in_the_order_of_every_monograph(professional, write_monograph, republish):
    backwards = "".join(reversed(re.findall(r"## .*?\n\n(?=## |$)", BODY, re.DOTALL)))
    write_monograph("zanidine", body=backwards)
    republish()
    page = professional.get("/monographs/zanidine").text
    assert [title for title, _ in sections_in(page)] == list(SECTIONS[1:])
    assert "What the source says about overdosage." in dict(sections_in(page))["Overdosage"]


def test_every_section_that_the_source_leaves_out_says_so(professional, write_monograph, republish):
    write_monograph("zanidine", body="## Contraindications\n\n- Hypersensitivity\n")
    republish()
    page = professional.get("/monographs/zanidine").text
    unstated = [title for title, html in sections_in(page) if NOT_STATED in html]
    assert unstated == [title for title in SECTIONS[1:] if title != "Contraindications"]
    assert "Hypersensitivity" in dict(sections_in(page))["Contraindications"]


def test_a_boxed_warning_comes_first_and_is_not_folded_away(professional, write_monograph, republish):
    write_monograph("zanidine", body=BODY)
    republish()
    main = professional.get("/monographs/zanidine").text.split("<main")[1]
    warning = main.index("What the source says about boxed warning.")
    assert warning < main.index("<details")
    assert warning < main.index("What the source says about therapeutic use.")


def test_a_boxed_warning_that_is_absent_is_not_stated_and_draws_no_box(professional, write_monograph, republish):
    write_monograph("zanidine")
    republish()
    page = professional.get("/monographs/zanidine").text
    assert f"Boxed warning: {NOT_STATED}" in page
    assert 'class="boxed"' not in page


def test_what_is_not_stated_beside_the_sections_is_said_in_words(professional, write_monograph, republish):
    write_monograph("zanidine")
    republish()
    page = professional.get("/monographs/zanidine").text
    assert "Not yet reviewed" in page
    assert "Class not stated in this monograph" in page
    assert NOT_STATED in page.split('id="key-facts"')[1].split("</section>")[0]
    assert NOT_STATED in page.split('id="indications"')[1].split("</section>")[0]
    assert "Not stated" in page.split('id="source"')[1]


def test_the_facts_of_the_file_stand_on_the_page(professional, write_monograph, republish):
    write_monograph(
        "zanidine",
        classes=["Muscle relaxant"],
        company="Example Pharma",
        legal_class="Prescription only",
        formulations=["Zanidine 2 mg; tablet", "Zanidine 0.5 mg/mL; oral solution"],
        indications=[{"name": "Muscle spasms", "use": "Spasms after an injury of the cord."}],
        brand_names=["Zanorel"],
        key_facts={"adult_start": "2 mg at night", "stopping": "Reduce by 2 mg a week"},
        reviewed="2026-10-02",
        source={"kind": "Prescribing information", "title": "Zanidine tablets", "version": "7"},
        draft=["key_facts"],
    )
    republish()
    page = words_of(professional.get("/monographs/zanidine").text)
    stated = [
        "Muscle relaxant",
        "Example Pharma",
        "Prescription only",
        "Zanidine 2 mg; tablet",
        "Zanidine 0.5 mg/mL; oral solution",
        "Muscle spasms",
        "Spasms after an injury of the cord.",
        "Zanorel",
        "2 mg at night",
        "Reduce by 2 mg a week",
        "Reviewed 2 October 2026",
        "Prescribing information: Zanidine tablets",
        "Drafted by import, not confirmed by an editor",
    ]
    assert [words for words in stated if words not in page] == []


def test_contents_lead_to_every_section(professional, write_monograph, republish):
    write_monograph("zanidine")
    republish()
    page = professional.get("/monographs/zanidine").text
    for title in SECTIONS[1:]:
        assert f'href="#{section_id(title)}"' in page
        assert f'id="{section_id(title)}"' in page


def test_modules_that_name_the_drug_are_listed_with_their_credits(professional, write_monograph, publish):
    write_monograph("zanidine")
    publish("stiffness", title="Stiffness", credits="1.50", body="## Drugs\n\nStart with zanidine.\n")
    publish("sepsis", title="Sepsis")
    cpd = professional.get("/monographs/zanidine").text.split('id="cpd-h"')[1].split("</section>")[0]
    assert '<a href="/modules/stiffness">Stiffness</a>' in cpd
    assert "1.50 credits" in cpd
    assert "Sepsis" not in cpd


def test_a_module_that_no_longer_names_the_drug_is_no_longer_listed(professional, write_monograph, publish):
    write_monograph("zanidine")
    publish("stiffness", body="## Drugs\n\nStart with zanidine.\n")
    publish("stiffness", body="## Drugs\n\nNone.\n")
    assert "No module names this drug yet" in professional.get("/monographs/zanidine").text


def test_a_withdrawn_module_is_not_listed(professional, write_monograph, publish):
    write_monograph("zanidine")
    publish("stiffness", body="## Drugs\n\nStart with zanidine.\n")
    publish("stiffness", body="## Drugs\n\nStart with zanidine.\n", status="withdrawn")
    assert "No module names this drug yet" in professional.get("/monographs/zanidine").text


def test_a_withdrawn_monograph_says_so_and_leaves_the_index(professional, write_monograph, republish):
    write_monograph("zanidine")
    write_monograph("other")
    republish()
    write_monograph("zanidine", status="withdrawn")
    republish()
    assert "This monograph has been withdrawn" in professional.get("/monographs/zanidine").text
    assert "This monograph has been withdrawn" in professional.get("/monographs/zanidine/card").text
    index = professional.get("/monographs/").text
    assert 'href="/monographs/zanidine"' not in index
    assert 'href="/monographs/other"' in index


def test_the_card_gives_class_start_warning_and_modules(professional, write_monograph, publish):
    write_monograph(
        "zanidine",
        classes=["Muscle relaxant"],
        key_facts={"adult_start": "2 mg at night", "key_warning": "Never stop it at once."},
        body=BODY,
    )
    publish("stiffness", body="## Drugs\n\nStart with zanidine.\n")
    card = professional.get("/monographs/zanidine/card").text
    assert "<html" not in card
    for words in ("Zanidine", "Muscle relaxant", "2 mg at night", "Boxed warning. Never stop it at once.", "1 module"):
        assert words in words_of(card)


def test_a_card_without_key_facts_states_no_dose(professional, write_monograph, republish):
    write_monograph("zanidine")
    republish()
    card = professional.get("/monographs/zanidine/card").text
    assert "Not stated in short" in card
    assert "warning" not in card


def test_a_monograph_and_its_card_show_the_notice_first(client, write_monograph, republish):
    write_monograph("zanidine")
    republish()
    for path in ("/monographs/zanidine", "/monographs/zanidine/card", "/monographs/"):
        answer = client.get(path)
        assert answer.status_code == 200
        assert "intended for healthcare professionals" in answer.text
        assert "Hypersensitivity" not in answer.text


def test_a_former_name_leads_to_the_page_and_to_the_card(professional, write_monograph, republish):
    old = write_monograph("zanidine")
    republish()
    old.unlink()
    write_monograph("newdine", former_slugs=["zanidine"])
    republish()
    for rest in ("", "/card"):
        answer = professional.get(f"/monographs/zanidine{rest}")
        assert (answer.status_code, answer.location) == (301, f"/monographs/newdine{rest}")


def test_a_draft_is_not_found(professional, write_monograph, republish):
    write_monograph("zanidine", status="draft")
    write_monograph("other")
    republish()
    for path in (
        "/monographs/zanidine",
        "/monographs/zanidine/card",
        "/monographs/no-such",
        "/monographs/no-such/card",
    ):
        assert professional.get(path).status_code == 404
