"""A module's page: what must be known before the start, the text, and where the learner stands."""

from __future__ import annotations

import re

import time_machine

from tests.factories import THREE_QUESTIONS
from tests.modules.conftest import in_london
from tests.pages import hidden_in, token_in, words_of

FACTS = {
    "title": "Sepsis in the first hour",
    "summary": "What to do before the results come.",
    "credits": "1.15",
    "objectives": ["Recognise sepsis", "Give the first dose"],
    "authors": [
        {"name": "Dr Nia Prosser", "credentials": "MRCGP", "role": "General practitioner"},
        {"name": "Iwan Rees", "credentials": "MPharm", "role": "Pharmacist"},
    ],
    "reviewers": [{"name": "Prof. Ada Quill", "credentials": "FRCP", "role": "Peer reviewer"}],
    "disclosures": [{"who": "Iwan Rees", "company": "Example Pharma", "nature": "Fee for a lecture"}],
    "funding": "The region paid for the authors' time.",
    "accreditation": "Accredited by the Example College",
    "audience": ["General practitioners", "Pharmacists"],
    "specialties": ["Emergency medicine", "General practice"],
    "reviewed": "2026-11-02",
    "expires": "2028-11-02",
    "pass_mark": "80",
}


TOLD = [
    "Recognise sepsis Give the first dose",
    "Dr Nia Prosser, MRCGP General practitioner",
    "Iwan Rees, MPharm Pharmacist",
    "Peer reviewer Prof. Ada Quill, FRCP",
    "1.15 credits for 69 minutes Accredited by the Example College",
    "3 questions, pass mark 80 %",
    "2 November 2026 Valid until 2 November 2028",
    "Written for General practitioners, Pharmacists",
    "Disclosures, last 24 months Iwan Rees: Fee for a lecture, Example Pharma",
    "Funding The region paid for the authors' time.",
    "Specialties Emergency medicine, General practice",
    "What to do before the results come.",
]
TOLD_IN_WORDS = [
    "Suggested credits; self-certified",
    "Disclosures, last 24 months None declared",
    "Funding Not stated",
    "1 question, pass mark 70 %",
]


def test_what_a_learner_must_know_stands_on_the_page(professional, publish):
    publish("sepsis", assessment=THREE_QUESTIONS, **FACTS)
    page = words_of(professional.get("/modules/sepsis").text)
    assert [words for words in TOLD if words not in page] == []


def test_what_an_author_left_out_is_said_in_words(professional, publish):
    publish("sepsis")
    page = words_of(professional.get("/modules/sepsis").text)
    assert [words for words in TOLD_IN_WORDS if words not in page] == []


def test_the_facts_come_before_the_text_and_the_text_before_the_check(professional, publish):
    publish("sepsis", body="## Why it matters\n\nIt matters.\n")
    page = professional.get("/modules/sepsis").text
    places = [page.index(words) for words in ('id="before"', "It matters.", 'id="check"')]
    assert places == sorted(places)


def test_contents_lead_to_every_part(professional, publish):
    publish("sepsis", body="## First\n\nOne.[^1]\n\n## Second\n\nTwo.\n\n[^1]: A reference.\n")
    page = professional.get("/modules/sepsis").text
    contents = re.search(r'<nav class="toc".*?</nav>', page, re.DOTALL)[0]
    ids = re.findall(r'href="#([^"]+)"', contents)
    assert len(ids) == 5
    assert [anchor for anchor in ids if f'id="{anchor}"' not in page] == []


def test_the_assessments_key_is_not_on_the_page(professional, publish):
    publish("sepsis")
    page = professional.get("/modules/sepsis").text
    assert "Because it is." not in page
    assert "Which is right?" not in page


def test_the_assessments_key_is_not_on_the_sheet(client, publish, sign_in):
    publish("sepsis", assessment=THREE_QUESTIONS)
    sign_in()
    page = client.get("/modules/sepsis/assessment").text
    assert "Because it is." not in page
    assert "0.6" not in page
    assert "checked" not in page


def test_footnotes_lead_to_their_references_and_back(professional, publish):
    publish("sepsis", body="## Why\n\nIt matters.[^1]\n\n[^1]: The Example Society. Sepsis. 2026.\n")
    page = professional.get("/modules/sepsis").text
    assert "The Example Society. Sepsis. 2026." in page.split('id="references"')[1]
    for anchor in re.findall(r'href="#(fn[^"]+)"', page):
        assert f'id="{anchor}"' in page


def test_drugs_are_linked_once_a_paragraph_and_listed(professional, write_monograph, publish):
    write_monograph("zanidine")
    publish("stiffness", body="## Drugs\n\nStart with zanidine at night.\n")
    page = professional.get("/modules/stiffness").text
    article, aside = page.split("<article")[1].split("</article>")
    assert 'href="/monographs/zanidine"' in article
    assert 'data-card="/monographs/zanidine/card"' in aside
    assert "Drugs in this module" in aside


def test_without_drugs_there_is_no_list_of_them(professional, publish):
    publish("sepsis")
    assert "Drugs in this module" not in professional.get("/modules/sepsis").text


def test_hostile_text_of_an_author_is_shown_and_not_run(professional, publish):
    publish(
        "sepsis", title="<script>alert(1)</script>", body="## Why\n\n<script>alert(2)</script><b onclick=x()>!</b>\n"
    )
    page = professional.get("/modules/sepsis").text
    assert "&lt;script&gt;alert(1)" in page
    assert "<script>alert" not in page
    assert "onclick" not in page


def test_a_visitor_is_asked_to_sign_in_and_comes_back_to_the_assessment(professional, publish):
    publish("sepsis")
    assert "Sign in to start" in professional.get("/modules/sepsis").text
    answer = professional.get("/modules/sepsis/assessment")
    assert answer.location == "/auth/sign-in?next=/modules/sepsis/assessment"


def test_a_learner_is_offered_the_start(client, publish, sign_in):
    publish("sepsis")
    sign_in()
    page = client.get("/modules/sepsis").text
    assert "Start the assessment" in page
    assert "A pass adds 0.50 credits to your record at once" in words_of(page)


def test_after_a_fail_the_page_offers_another_try(client, publish, sign_in, submit):
    publish("sepsis")
    sign_in()
    submit("/modules/sepsis/assessment", q1="b")
    page = client.get("/modules/sepsis").text
    assert "Last time you had 0 of 1 correct" in page
    assert 'href="/modules/sepsis/attempts/1"' in page
    assert "Try again" in page


def test_after_a_pass_the_page_says_when_and_that_repeating_adds_nothing(client, publish, sign_in, submit):
    publish("sepsis")
    with time_machine.travel(in_london("2027-03-04T12:00:00")):
        sign_in()
        submit("/modules/sepsis/assessment", q1="a")
        page = client.get("/modules/sepsis").text
    assert "Passed on 4 March 2027" in page
    assert "Repeating it adds no further credit" in page


def test_a_later_fail_takes_no_pass_away(client, publish, sign_in, submit):
    publish("sepsis")
    sign_in()
    submit("/modules/sepsis/assessment", q1="a")
    submit("/modules/sepsis/assessment", q1="b")
    assert "in your record" in client.get("/modules/sepsis").text


def test_a_pass_of_an_earlier_edition_is_none_of_this_one(client, publish, sign_in, submit):
    publish("sepsis")
    sign_in()
    submit("/modules/sepsis/assessment", q1="a")
    publish("sepsis", edition="2")
    assert "Passed on" not in client.get("/modules/sepsis").text


def test_an_external_module_leads_to_the_other_website_in_a_new_tab(professional, publish):
    publish("elsewhere", external="https://example.org/course", assessment=None)
    page = professional.get("/modules/elsewhere").text
    link = re.search(r'<a class="btn" href="https://example.org/course"[^>]*>', page)[0]
    assert 'target="_blank"' in link
    assert 'rel="noopener"' in link
    assert "opens in a new tab" in page
    assert "/modules/elsewhere/assessment" not in page


def test_the_notice_stands_at_the_address_asked_for_and_is_confirmed_once(client, publish):
    publish("sepsis", body="## Why\n\nThe text itself.\n")
    notice = client.get("/modules/sepsis")
    assert notice.status_code == 200
    assert "This site is intended for healthcare professionals" in notice.text
    assert "The text itself." not in notice.text

    fields = {"csrf_token": token_in(notice.text), "next": hidden_in(notice.text, "next")}
    confirmed = client.post("/auth/professional", data=fields)

    assert confirmed.location == "/modules/sepsis"
    assert "The text itself." in client.get("/modules/sepsis").text


def test_home_catalogue_and_pages_show_no_notice(client, publish):
    publish("sepsis")
    for path in ("/", "/modules/", "/pages/about"):
        assert "intended for healthcare professionals" not in client.get(path).text, path


def test_a_module_that_does_not_exist_is_not_found(professional):
    for path in ("/modules/no-such", "/modules/No-Such", "/modules/-", "/modules/" + "a" * 101):
        assert professional.get(path).status_code == 404, path
