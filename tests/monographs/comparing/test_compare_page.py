"""Two to four monographs side by side: the link, its order, its limits, and every row."""

from __future__ import annotations

import re
from html import unescape
from urllib.parse import quote

import pytest

from bench.inprocess import statements_when_warm
from cpd.monographs.comparing.comparison import GROUPS
from cpd.monographs.sections import BOXED_WARNING, NOT_STATED, SECTIONS
from cpd.search.node import node_of
from tests.monographs.conftest import INDICATIONS
from tests.pages import words_of

pytestmark = pytest.mark.usefixtures("drugs")

FOUR = "m=alfadine&m=betadine&m=gammadine&m=deltadine"


@pytest.fixture
def compare(professional):
    """Asks for a comparison by its query; gives the answer."""
    return lambda query: professional.get(f"/monographs/compare?{query}")


def heads_of(page: str) -> list[tuple[str, str]]:
    """The drugs of the columns with what stands under their names."""
    head = page.split("<thead>")[1].split("</thead>")[0]
    return re.findall(r'<a href="/monographs/[^"]+">(.*?)</a>\s*<small>(.*?)</small>', head)


def table_of(page: str) -> dict[str, list[str]]:
    """The words of each row's cells by its title."""
    rows = re.findall(r'<tr id="row-[^>]*>\s*<th scope="row">(.*?)</th>(.*?)\n      </tr>', page, re.DOTALL)
    return {title: [words_of(cell) for cell in re.split(r"<td(?: class=\"off\")?>", html)[1:]] for title, html in rows}


def same_rows(page: str) -> list[str]:
    return re.findall(r'<tr id="row-[^"]*" class="same">\s*<th scope="row">(.*?)</th>', page)


def test_four_drugs_stand_side_by_side_in_the_order_of_the_link(compare):
    page = compare("m=deltadine&m=alfadine&m=zanidine~hiccups&m=monodine").text
    assert heads_of(page) == [
        ("Deltadine", "deltadine"),
        ("Alfadine", "alfadine"),
        ("Zanidine", "Hiccups"),
        ("Monodine", "Muscle spasms"),
    ]
    assert "<title>Compare Deltadine, Alfadine, Zanidine (Hiccups), Monodine" in page
    assert "4 of 4 drugs" in page


def test_every_row_stands_there_and_none_is_blank(compare):
    table = table_of(compare(FOUR).text)
    assert list(table) == [title for _, rows in GROUPS for title in rows]
    assert set(SECTIONS) <= set(table)
    assert all(len(cells) == 4 and all(cells) for cells in table.values())
    assert table["Dosage"] == [NOT_STATED] * 4
    assert table["Contraindications"] == ["Hypersensitivity"] * 4
    assert table["CPD"] == ["No module names it yet"] * 4


def test_key_facts_classes_indications_and_modules_are_compared(compare, write_monograph, publish):
    write_monograph(
        "zanidine",
        indications=INDICATIONS,
        classes=["Muscle relaxant", "Alpha-2 agonist"],
        key_facts={"adult_start": "2 mg at night", "key_warning": "Never stop it at once", "stopping": "Slowly"},
        body="## Boxed warning\n\nIt can kill.\n\n## Dosage\n\n### Adults\n\n2 mg at night.\n",
        source={"kind": "Label", "version": "7"},
        reviewed="2026-10-02",
    )
    publish("stiffness", body="## Drugs\n\nStart with zanidine.\n")
    page = compare("m=zanidine~hiccups&m=alfadine").text
    table = {title: cells[0] for title, cells in table_of(page).items()}
    assert table["Class"] == "Muscle relaxant, Alpha-2 agonist"
    assert table["Indication"] == "Hiccups Hiccups that last."
    assert table["Adult start"] == "2 mg at night"
    assert table["Key warning"] == "Boxed Never stop it at once"
    assert table["Boxed warning"] == "It can kill."
    assert table["Dosage"] == "Adults 2 mg at night."
    assert table["CPD"] == "1 module"
    assert '<a href="/monographs/zanidine#cpd">1 module</a>' in page
    assert (table["Source"], table["Reviewed"]) == ("Label, version 7", "2 October 2026")


def test_without_a_chosen_indication_all_of_them_are_named(compare):
    page = compare("m=zanidine&m=alfadine").text
    assert table_of(page)["Indication"] == ["Muscle spasms; Hiccups", NOT_STATED]
    assert ("Zanidine", "No indication chosen") in heads_of(page)


def test_indications_of_one_drug_stay_apart_and_the_same_one_twice_is_one(compare):
    page = compare("m=zanidine~hiccups&m=zanidine~muscle-spasms&m=zanidine~hiccups").text
    assert heads_of(page) == [("Zanidine", "Hiccups"), ("Zanidine", "Muscle spasms")]
    assert "Indication" not in same_rows(page)
    assert "Dosage" in same_rows(page)


def test_the_only_indication_of_a_drug_need_not_be_named(compare):
    page = compare("m=monodine&m=monodine~muscle-spasms&m=alfadine").text
    assert [name for name, _ in heads_of(page)] == ["Monodine", "Alfadine"]


def test_drugs_for_one_indication_are_headed_by_it(compare):
    assert ">Compare drugs: Muscle spasms</h1>" in compare("m=monodine&m=zanidine~muscle-spasms").text
    assert ">Compare drugs</h1>" in compare("m=monodine&m=zanidine~hiccups").text


def test_a_fifth_is_refused_kindly_and_nothing_is_cut(compare):
    answer = compare(f"{FOUR}&m=zanidine~hiccups")
    assert answer.status_code == 400
    assert "You can compare four drugs. Remove one first." in answer.text
    chosen = answer.text.split('class="choose__chosen"')[1].split("</ol>")[0]
    assert re.findall(r'name="m" value="([^"]+)"', chosen) == [
        "alfadine",
        "betadine",
        "gammadine",
        "deltadine",
        "zanidine~hiccups",
    ]
    links = [unescape(link) for link in re.findall(r'href="(/monographs/compare\?[^"]+)"', chosen)]
    assert links[1] == "/monographs/compare?m=alfadine&m=gammadine&m=deltadine&m=zanidine~hiccups"
    assert all(compare(link.partition("?")[2]).status_code == 200 for link in links)


def test_a_link_of_hundreds_is_refused_and_says_how_many_it_named(compare):
    answer = compare("&".join(f"m=drug-{number}" for number in range(300)))
    assert answer.status_code == 400
    assert "That link names 300 drugs." in answer.text


@pytest.mark.parametrize("query", ["", "m=", "m=alfadine", "m=alfadine&m=alfadine", "find=1", f"{FOUR}&find=1"])
def test_fewer_than_two_or_a_wish_to_find_more_leads_to_choosing(compare, query):
    answer = compare(query)
    assert answer.status_code == 200
    assert ">Choose drugs to compare</h1>" in answer.text


def test_a_drug_that_there_is_not_is_said_and_the_others_are_compared(compare):
    for slug in ("nodine", "NO", "a b", "<b>x", "x" * 300):
        page = compare(f"m=alfadine&m={slug}&m=betadine").text
        assert f"We know no drug called “{slug[:80]}”." in unescape(page)
        assert [name for name, _ in heads_of(page)] == ["Alfadine", "Betadine"]
    assert "We know no drug called" in compare("m=nodine").text


def test_an_indication_that_is_not_stated_is_said(compare):
    page = compare("m=zanidine~sea-sickness&m=alfadine").text
    assert "Zanidine does not state the indication “sea sickness”." in page
    assert table_of(page)["Indication"][0] == "Muscle spasms; Hiccups"


def test_a_renamed_drug_follows_its_name_and_says_so(compare, settings, write_monograph, republish):
    (settings.content_folder / "monographs" / "alfadine.md").unlink()
    write_monograph("omegadine", former_slugs=["alfadine"])
    republish()
    page = compare("m=alfadine&m=betadine&m=omegadine").text
    assert "“alfadine” is now called Omegadine." in page
    assert [name for name, _ in heads_of(page)] == ["Omegadine", "Betadine"]


def test_a_withdrawn_drug_is_compared_under_a_banner(compare, write_monograph, republish):
    write_monograph("alfadine", status="withdrawn")
    republish()
    page = compare("m=alfadine&m=betadine").text
    assert page.index("Alfadine has been withdrawn.") < page.index("<h1")
    assert "Withdrawn</span>" in page.split("<thead>")[1].split("</thead>")[0]
    assert "Alfadine has been withdrawn." in compare("m=alfadine").text


def test_a_draft_is_no_drug(compare, write_monograph, republish):
    write_monograph("secretine", status="draft")
    republish()
    assert "We know no drug called “secretine”." in compare("m=secretine&m=betadine").text


def test_drafted_facts_are_marked(compare, write_monograph, republish):
    write_monograph("zanidine", key_facts={"stopping": "Slowly"}, draft=["key_facts"])
    republish()
    table = table_of(compare("m=zanidine&m=alfadine").text)
    assert table["Stopping"] == ["Drafted by import, not confirmed Slowly", NOT_STATED]


def test_identical_rows_are_marked_and_hidden_by_the_link_alone(compare):
    page = compare("m=alfadine&m=betadine").text
    assert {"Contraindications", "Dosage"} <= set(same_rows(page))
    assert "cmp--short" not in page
    assert f'Hide identical rows <span class="count">({len(same_rows(page))})' in page
    short = compare("m=alfadine&m=betadine&identical=hide").text
    assert "cmp--short" in short
    assert table_of(short) == table_of(page)
    assert 'value="hide" checked' in short


def test_the_same_boxed_warning_of_all_stays_in_sight(compare, write_monograph, republish):
    for slug in ("alfadine", "betadine"):
        write_monograph(slug, body="## Boxed warning\n\nIt can kill.\n")
    republish()
    page = compare("m=alfadine&m=betadine&identical=hide").text
    assert BOXED_WARNING not in same_rows(page)
    assert "Key warning" not in same_rows(page)
    assert table_of(page)["Key warning"] == ["Boxed Read it below"] * 2


@pytest.mark.parametrize(
    ("show", "off"),
    [
        ("", {3, 4}),
        ("show=1,3", {2, 4}),
        ("show=4&show=2", {1, 3}),
        ("show=3", {2, 4}),
        ("show=2,2", {3, 4}),
        ("show=9,x,-1,0,4", {2, 3}),
        ("show=%00&show=1e3", {3, 4}),
    ],
)
def test_a_narrow_screen_shows_the_two_that_the_link_names(compare, show, off):
    page = compare(f"{FOUR}&{show}").text
    head = page.split("<thead>")[1].split("</thead>")[0]
    classes = re.findall(r'<th scope="col"( class="off")?>', head)
    assert {number for number, each in enumerate(classes, 1) if each} == off
    for _, cells in re.findall(r'<th scope="row">(.*?)</th>(.*?)</tr>', page, re.DOTALL):
        assert {number for number, each in enumerate(re.findall(r'<td( class="off")?>', cells), 1) if each} == off


def test_two_drugs_need_no_choice_of_two(compare):
    assert "cmp-pick" not in compare("m=alfadine&m=betadine").text
    assert "cmp-pick" in compare(FOUR).text


def test_a_long_section_shows_its_beginning_and_the_print_view_all_of_it(compare, write_monograph, republish):
    long = "".join(f"Sentence {number} of a long section.\n\n" for number in range(400))
    write_monograph("zanidine", body=f"## Adverse reactions\n\n{long}")
    republish()
    page = compare("m=zanidine&m=alfadine").text
    assert 'href="/monographs/zanidine/sections/adverse-reactions?whole=1" data-rest' in page
    cell = table_of(page)["Adverse reactions"][0]
    assert "Sentence 3 of" in cell
    assert "Sentence 399 of" not in cell
    assert "Only the beginning is shown. All of Adverse reactions of Zanidine" in cell
    whole = compare("m=zanidine&m=alfadine&full=1").text
    assert "Sentence 399 of" in whole
    assert "Only the beginning" not in whole


def test_nothing_of_the_labels_markup_clashes(compare, write_monograph, republish):
    for slug in ("alfadine", "betadine"):
        write_monograph(slug, body="## Dosage\n\n### Adults\n\n5 mg[^1]\n\n[^1]: A source.\n")
    republish()
    page = compare("m=alfadine&m=betadine").text
    ids = re.findall(r'\sid="([^"]+)"', page)
    assert sorted(set(ids)) == sorted(ids)
    assert 'href="/monographs/betadine#fn-1"' in page


def test_a_new_release_is_compared_at_once(compare, write_monograph, publish):
    assert table_of(compare("m=alfadine&m=betadine").text)["Dosage"] == [NOT_STATED] * 2
    write_monograph("alfadine", body="## Dosage\n\n2 mg.\n")
    publish("stiffness", body="## Drugs\n\nStart with alfadine.\n")
    table = table_of(compare("m=alfadine&m=betadine").text)
    assert table["Dosage"] == ["2 mg.", NOT_STATED]
    assert table["CPD"] == ["1 module", "No module names it yet"]


def test_the_comparison_shows_the_notice_first(app):
    page = app.test_client().get(f"/monographs/compare?{FOUR}").text
    assert "intended for healthcare professionals" in page
    assert f'value="/monographs/compare?{FOUR.replace("&", "&amp;")}"' in page


def test_a_warm_comparison_takes_two_statements(app, compare):
    if app.config["SETTINGS"].on_sqlite:
        assert statements_when_warm(app, lambda: compare(FOUR)) == 2


# Choosing


def offers_of(page: str) -> dict[str, list[str]]:
    """What is offered under each title."""
    groups = re.findall(r'<legend class="legend">(.*?)</legend>(.*?)</fieldset>', page, re.DOTALL)
    return {unescape(title): re.findall(r'name="m" value="([^"]+)"', html) for title, html in groups}


def test_related_drugs_of_the_first_are_offered_the_same_indication_before_the_same_class(compare):
    offers = offers_of(compare("m=zanidine~muscle-spasms").text)
    related = ["monodine~muscle-spasms", "alfadine", "betadine", "deltadine", "gammadine"]
    assert offers == {"Related to Zanidine": related, "On my list": []}
    assert offers_of(compare("m=zanidine~hiccups").text)["Related to Zanidine"][-1] == "monodine"


def test_what_is_chosen_is_not_offered_again(compare):
    offers = offers_of(compare("m=zanidine~muscle-spasms&m=alfadine&find=1").text)
    assert "alfadine" not in offers["Related to Zanidine"]


def test_drafted_terms_relate_nothing(compare, write_monograph, republish):
    write_monograph("zanidine", indications=INDICATIONS, classes=["Muscle relaxant"], draft=["indications", "classes"])
    republish()
    assert offers_of(compare("m=zanidine~muscle-spasms").text)["Related to Zanidine"] == []


@pytest.fixture
def find(app, compare):
    """Looks for drugs by a name, once the index knows them; gives the titles of what is found with its drugs."""

    def find(typed: str, query: str = "") -> dict[str, list[str]]:
        with app.app_context():
            node_of(app).catch_up()
        page = compare(f"{query}&q={quote(typed)}&find=1")
        assert page.status_code == 200
        offers = offers_of(page.text)
        return {title: offers[title] for title in offers if title.startswith("Names")}

    return find


def test_drugs_are_found_by_the_beginning_of_their_names(find):
    assert find(" ZAN", "m=alfadine") == {"Names with “ZAN”": ["zanidine"]}


@pytest.mark.parametrize("typed", ["%", "_", "nodine", "\\", "'", "<q>"])
def test_what_no_name_begins_with_finds_nothing(find, typed):
    assert find(typed) == {f"Names with “{typed}”": []}


def test_a_misspelt_name_finds_the_drug_and_says_so(find):
    assert find("zanidnie") == {"Names spelt nearly like “zanidnie”": ["zanidine"]}


def test_a_brand_finds_its_drug_and_says_what_it_is(write_monograph, republish, find, compare):
    write_monograph("zanidine", brand_names=["Floxaquil"])
    republish()
    assert find("floxa") == {"Names with “floxa”": ["zanidine"]}
    assert "Floxaquil: brand name of zanidine" in compare("q=floxa&find=1").text


def test_the_list_is_offered_with_its_indications(compare, add):
    add("zanidine", "hiccups")
    add("betadine")
    assert offers_of(compare("").text) == {"On my list": ["zanidine~hiccups", "betadine"]}
    assert offers_of(compare("m=betadine").text)["On my list"] == ["zanidine~hiccups"]
