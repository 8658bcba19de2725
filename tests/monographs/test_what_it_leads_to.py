"""What a monograph leads to: my list, a comparison, related drugs, modules; and how it is cited."""

from __future__ import annotations

import re
from datetime import UTC, datetime

import pytest
import time_machine
from sqlalchemy import insert

from bench.inprocess import statements_when_warm
from cpd.db import db
from cpd.modules.models import Module
from cpd.monographs.models import Mention, Monograph, MonographTerm
from cpd.monographs.queries import PAGE
from cpd.monographs.related import NAMED, OFFERED, Drug, Group, group_of, to_compare
from cpd.monographs.showing import CPD_NAMED
from tests.pages import hidden_in, words_of

SPASMS = {"name": "Muscle spasms", "use": "Spasms after an injury."}
SPASTICITY = {"name": "Severe spasticity (spinal)"}


def form_in(page: str, name: str) -> str:
    found = re.search(rf'<form class="panel" id="{name}".*?</form>', page, re.DOTALL)
    assert found is not None
    return found[0]


def section_in(page: str, name: str) -> str:
    return page.split(f'id="{name}-h"')[1].split("</section>")[0]


def links_in(html: str) -> list[str]:
    return re.findall(r'<a class="drug" href="/monographs/([^"]+)"', html)


@pytest.fixture
def page(professional, write_monograph, republish):
    """Publishes a monograph of these facts and gives its page."""

    def page(**facts):
        write_monograph("zanidine", **facts)
        republish()
        return professional.get("/monographs/zanidine").text

    return page


# My list


def test_each_of_several_indications_can_be_chosen_for_the_list(page):
    form = form_in(page(indications=[SPASMS, SPASTICITY]), "add")
    assert 'method="post" action="/list"' in form
    assert hidden_in(form, "monograph") == "zanidine"
    assert hidden_in(form, "next") == "/monographs/zanidine"
    assert hidden_in(form, "csrf_token")
    radios = re.findall(r'type="radio" name="indication" value="([^"]*)"( checked)?', form)
    assert radios == [("muscle-spasms", ""), ("severe-spasticity-spinal", "")]


def test_one_indication_needs_no_choice(page):
    form = form_in(page(indications=[SPASMS]), "add")
    assert 'type="radio"' not in form
    assert hidden_in(form, "indication") == "muscle-spasms"
    assert "For Muscle spasms" in words_of(form)


def test_a_drug_without_stated_indications_is_added_without_one(page):
    form = form_in(page(), "add")
    assert hidden_in(form, "indication") == ""
    assert "No indication is stated in this monograph" in words_of(form)


def test_each_indication_leads_to_the_list_where_it_stands(page):
    section = section_in(page(indications=[SPASMS, SPASTICITY]), "indications")
    buttons = re.findall(r'<button[^>]*name="indication" value="([^"]+)">(.*?)</button>', section, re.DOTALL)
    assert [(value, words_of(label)) for value, label in buttons] == [
        ("muscle-spasms", "Add to my list: Muscle spasms"),
        ("severe-spasticity-spinal", "Add to my list: Severe spasticity (spinal)"),
    ]
    assert section.index("Spasms after an injury.") < section.index("severe-spasticity-spinal")


# Related drugs and comparison


@pytest.fixture
def relatives(write_monograph):
    """Writes monographs around zanidine."""
    write_monograph("anidine", classes=["Muscle relaxant"], indications=[SPASMS])
    write_monograph("bnidine", classes=["Muscle relaxant"])
    write_monograph("cnidine", indications=[SPASMS])
    write_monograph("other", classes=["Antibiotic"])
    write_monograph("drafted", classes=["Muscle relaxant"], indications=[SPASMS], draft=["classes", "indications"])
    write_monograph("withdrawn", classes=["Muscle relaxant"], status="withdrawn")


@pytest.mark.usefixtures("relatives")
def test_related_drugs_share_an_indication_or_a_class_that_is_confirmed(page):
    section = section_in(page(classes=["Muscle relaxant"], indications=[SPASMS]), "related")
    by_indication, by_class = section.split("Same class: Muscle relaxant")
    assert "Same indication: Muscle spasms" in by_indication
    assert links_in(by_indication) == ["anidine", "cnidine"]
    assert links_in(by_class) == ["anidine", "bnidine"]


@pytest.mark.usefixtures("relatives")
def test_what_an_import_drafted_relates_to_nothing(page):
    found = page(classes=["Muscle relaxant"], indications=[SPASMS], draft=["classes", "indications"])
    section = section_in(found, "related")
    assert links_in(section) == []
    assert "that an editor has confirmed" in section
    assert "/monographs/?class=" not in found.split("<h1")[0]


@pytest.mark.usefixtures("relatives")
def test_a_comparison_offers_the_drugs_that_share_most_first(page):
    form = form_in(page(classes=["Muscle relaxant"], indications=[SPASMS]), "compare")
    assert 'action="/monographs/compare"' in form
    assert 'method="post"' not in form
    assert hidden_in(form, "m") == "zanidine"
    assert re.findall(r'type="checkbox" name="m" value="([^"]+)"', form) == ["anidine", "cnidine", "bnidine"]
    assert "Up to three more" in form


def test_a_drug_without_relatives_can_be_compared_all_the_same(page):
    form = form_in(page(), "compare")
    assert "checkbox" not in form
    assert "Choose others on the next page" in words_of(form)


@pytest.mark.usefixtures("relatives")
def test_the_first_class_is_the_way_up(page):
    crumbs = page(classes=["Muscle relaxant"]).split('aria-label="Breadcrumb"')[1].split("</nav>")[0]
    assert '<a href="/monographs/?class=muscle-relaxant">Muscle relaxant</a>' in crumbs


def test_a_class_with_many_drugs_is_named_in_part(app, page, professional):
    page(classes=["Muscle relaxant"])
    with app.app_context():
        for number in range(60):
            name = f"Drug {number // 5:02}"  # five companies sell each
            monograph = {"slug": f"drug-{number}", "name": name, "generic_name": name, "sort_name": name.lower()}
            listed = {"letter": "D", "classes": "", "boxed": False, "status": "published"}
            key = db.session.execute(
                insert(Monograph).values(**monograph, **listed).returning(Monograph.id)
            ).scalar_one()
            term = {"kind": "class", "slug": "muscle-relaxant", "title": "Muscle relaxant"}
            db.session.execute(insert(MonographTerm).values(monograph_id=key, sort_name=name.lower(), **term))
        db.session.commit()
    app.extensions.pop("fragments of drawings")
    section = section_in(professional.get("/monographs/zanidine").text, "related")
    assert links_in(section) == [f"drug-{number * 5}" for number in range(NAMED)]
    assert '<a class="more" href="/monographs/?class=muscle-relaxant">All of Muscle relaxant</a>' in section


def drugs(*names: str) -> list[Drug]:
    return [Drug(name.lower(), name, name.lower()) for name in names]


def test_a_drug_is_not_related_to_itself_nor_to_others_of_its_name():
    group = group_of("class", "x", "X", drugs("Amoxil", "Zan"), "zan")
    assert [drug.name for drug in group.drugs] == ["Amoxil"]
    assert not group.more


def test_a_group_says_that_there_are_more_only_if_there_are():
    names = [f"drug {number:02}" for number in range(NAMED + 1)]
    assert group_of("class", "x", "X", drugs(*names), "zan").more
    assert not group_of("class", "x", "X", drugs(*names), names[3]).more


def test_no_more_than_a_few_are_offered_for_comparison_and_by_what_they_share():
    many = Group("class", "a", "A", drugs(*(f"drug {number:02}" for number in range(20))), more=True)
    few = Group("indication", "b", "B", drugs("Zulu", "drug 07"), more=False)
    offered = to_compare([many, few])
    assert len(offered) == OFFERED
    assert [drug.name for drug in offered[:3]] == ["drug 07", "Zulu", "drug 00"]


# Withdrawn


def test_a_withdrawn_monograph_is_neither_added_nor_compared(page):
    found = page(indications=[SPASMS], status="withdrawn")
    assert "This monograph has been withdrawn" in found
    assert 'action="/list"' not in found
    assert 'action="/monographs/compare"' not in found
    assert 'class="bottom-bar"' not in found
    assert "Hypersensitivity" in found


def test_what_a_learner_passed_still_leads_to_a_withdrawn_monograph(
    client, write_monograph, publish, republish, sign_in, submit
):
    body = "## Drugs\n\nStart with zanidine.\n"
    assessment = "### Which?\n\n- [x] A\n  > Right.\n- [ ] B\n  > Wrong.\n"
    write_monograph("zanidine")
    publish("stiffness", body=body, assessment=assessment)
    sign_in()
    submit("/modules/stiffness/assessment", q1="a")
    write_monograph("zanidine", status="withdrawn")
    publish("stiffness", body="## Drugs\n\nNone.\n", assessment=assessment)
    republish()
    old = client.get("/modules/stiffness/revisions/1").text
    assert 'href="/monographs/zanidine"' in old
    for rest in ("", "/card", "/sections/contraindications"):
        answer = client.get(f"/monographs/zanidine{rest}")
        assert answer.status_code == 200
        assert "withdrawn" in answer.text


# Drafted by an import

DRAFTED = "Drafted by import, not confirmed by an editor"


@pytest.mark.parametrize("key", ["indications", "key_facts", "formulations"])
def test_what_is_drafted_is_marked_where_it_stands(page, key):
    found = page(indications=[SPASMS], key_facts={"adult_start": "2 mg at night"}, draft=[key])
    marked = [
        name
        for name in ("indications", "key-facts", "formulations", "dosage")
        if DRAFTED in words_of(section_in(found, name))
    ]
    assert marked == [key.replace("_", "-")]
    assert DRAFTED in words_of(section_in(found, "source"))


def test_drafted_classes_are_marked_under_the_title(page):
    header = page(classes=["Muscle relaxant"], draft=["classes"]).split("<h1")[1].split("</header>")[0]
    assert DRAFTED in words_of(header)


def test_the_card_says_nothing_that_no_editor_has_confirmed(professional, write_monograph, republish):
    facts = {
        "classes": ["Muscle relaxant"],
        "key_facts": {"adult_start": "2 mg at night", "usual_maximum": "36 mg a day", "key_warning": "Never stop it."},
    }
    write_monograph("zanidine", **facts, draft=["key_facts", "classes"])
    write_monograph("other", **facts)
    republish()
    said = ("Muscle relaxant", "2 mg at night", "36 mg a day", "Never stop it.")
    drafted, confirmed = (words_of(professional.get(f"/monographs/{slug}/card").text) for slug in ("zanidine", "other"))
    assert [words for words in said if words in drafted] == []
    assert [words for words in said if words in confirmed] == list(said)
    assert "Not stated in short. See the monograph." in drafted


def test_an_import_that_nobody_read_says_so_beside_its_title(page):
    header = page(legal_class="Prescription only; Schedule IV").split("<h1")[1].split("</header>")[0]
    tags = [words_of(tag) for tag in re.findall(r'<span class="tag[^"]*">(.*?)</span>', header, re.DOTALL)]
    assert tags == ["Prescription only", "Schedule IV", "Not yet reviewed"]


# CPD on the drug


def test_modules_beyond_a_few_stand_on_a_page_of_their_own(app, page, publish, professional):
    page()
    publish("stiffness", body="## Drugs\n\nStart with zanidine.\n")
    with app.app_context():
        module, mention = (
            db.session.execute(table.select()).mappings().one() for table in (Module.__table__, Mention.__table__)
        )
        copies = [(1_000 + number, f"module-{number}", f"Module {number:04}") for number in range(PAGE + 20)]
        rows = [{**module, "id": key, "slug": slug} for key, slug, _ in copies]
        db.session.execute(insert(Module), rows)
        named = [{**mention, "module_id": key, "module_slug": slug, "title": title} for key, slug, title in copies]
        db.session.execute(insert(Mention), named)
        db.session.commit()
    app.extensions.pop("fragments of drawings")

    cpd = section_in(professional.get("/monographs/zanidine").text, "cpd")
    assert cpd.count("<li>") == CPD_NAMED
    assert f'href="/monographs/zanidine/modules">All {PAGE + 21} modules' in cpd

    seen, url = [], "/monographs/zanidine/modules"
    while url:
        found = professional.get(url).text
        assert f"{PAGE + 21} modules name this drug." in found
        seen += re.findall(r'<h2 class="mod__title mt-2"><a href="/modules/([^"]+)"', found)
        further = re.search(r'rel="next" href="([^"]+)"', found)
        url = further[1] if further else None
    assert len(seen) == len(set(seen)) == PAGE + 21


# Where it comes from, and how to cite it

SOURCE = {
    "kind": "DailyMed label",
    "title": "Zanidine tablets",
    "set_id": "1e59a2d4-0000",
    "version": "7",
    "effective": "2026-01-05",
    "address": "https://example.org/label",
}


def test_a_citation_names_all_that_is_needed_to_find_the_text_again(page):
    with time_machine.travel(datetime(2026, 11, 25, 12, tzinfo=UTC), tick=False):
        found = page(source=SOURCE, reviewed="2026-10-02")
    citation = re.search(r"<p[^>]*data-citation>(.*?)</p>", found)
    assert citation is not None
    assert words_of(citation[1]) == (
        "Zanidine. Daybook. Reviewed 2 October 2026. Source: DailyMed label: Zanidine tablets, version 7,"
        " in effect from 5 January 2026. http://localhost/monographs/zanidine (accessed 25 November 2026)."
    )
    assert found.index('id="cite"') < found.index("data-citation")


def test_a_citation_of_what_was_not_reviewed_says_so(page):
    assert "Zanidine. Daybook. Not yet reviewed. http://localhost/monographs/zanidine (accessed" in words_of(page())


def test_the_date_of_a_citation_is_that_of_each_reader(page, professional):
    with time_machine.travel(datetime(2026, 11, 25, 12, tzinfo=UTC), tick=False):
        page()
    professional.set_cookie("cpd_professional", "1", domain="cpd.example.org")
    with time_machine.travel(datetime(2026, 11, 26, 12, tzinfo=UTC), tick=False):
        found = professional.get("/monographs/zanidine", base_url="http://cpd.example.org").text
    assert "http://cpd.example.org/monographs/zanidine (accessed 26 November 2026)" in found


def test_provenance_stands_on_the_page_and_on_the_first_page_of_a_print(page):
    found = page(source=SOURCE)
    about = words_of(section_in(found, "source"))
    for words in (
        "DailyMed label: Zanidine tablets",
        "1e59a2d4-0000",
        "7",
        "5 January 2026",
        "https://example.org/label",
    ):
        assert words in about
    printed = words_of(found.split('class="print-only print-facts">')[1].split("</p>")[0])
    for words in (
        "Opened on",
        "Not yet reviewed",
        "version 7",
        "5 January 2026",
        "1e59a2d4-0000",
        "/monographs/zanidine",
    ):
        assert words in printed
    assert found.index('class="print-only print-facts"') < found.index("Boxed warning: ")


# What it costs


def test_a_warm_page_takes_two_statements_with_the_session_and_the_note(app, client, page, sign_in):
    if "postgresql" in app.config["SETTINGS"].database_url:
        pytest.skip("SQLite counts them")
    page(indications=[SPASMS])
    sign_in()
    assert statements_when_warm(app, lambda: client.get("/monographs/zanidine")) == 2
