"""Home, signed out and signed in."""

from __future__ import annotations

from tests.pages import words_of


def test_a_visitor_reads_what_this_is_and_how_to_begin(client, publish):
    publish("sepsis")
    page = client.get("/").text
    assert "Every drug you read about opens its monograph" in page
    assert 'href="/auth/register">Create free account' in page


def test_the_newest_modules_stand_under_their_category_with_credits_and_more(client, write_module, republish):
    for number in range(1, 6):
        write_module(f"flag-{number}", title=f"Flag {number}", reviewed=f"2026-10-0{number}")
    write_module("review", title="A review", category="clinical-review", credits="1.50")
    republish()

    page = client.get("/").text

    flags = words_of(page.split('id="c-red-flags"')[1].split("</section>")[0])
    assert "0.50 credits each" in flags
    assert [number for number in range(1, 6) if f"Flag {number}" in flags] == [3, 4, 5]
    assert flags.index("Flag 5") < flags.index("Flag 4") < flags.index("Flag 3")
    assert 'href="/modules/?category=red-flags">View more' in page
    assert "A review" in page.split('id="c-clinical-review"')[1]
    assert "Browse all 6 modules" in page


def test_a_withdrawn_module_is_not_shown(client, publish):
    publish("sepsis", title="Sepsis")
    publish("gone", title="Gone", status="withdrawn")
    assert "Gone" not in client.get("/").text


def test_a_category_without_modules_is_not_shown(client, publish):
    publish("sepsis")
    assert "Clinical reviews" not in client.get("/").text


def test_a_visitor_sees_who_wrote_a_module_and_when(client, publish):
    dates = {"reviewed": "2026-11-02", "expires": "2028-11-02"}
    publish("sepsis", title="Sepsis", funding="Nobody paid for it.", **dates)
    words = words_of(client.get("/").text)
    assert "Author Dr Nia Prosser, General practitioner" in words
    assert "Peer reviewer Not peer reviewed" in words
    assert "Reviewed 2 November 2026, valid until 2 November 2028" in words
    assert "Funding Nobody paid for it." in words


def test_the_example_of_a_record_adds_up(client, write_module, republish):
    write_module("one", credits="0.05")
    write_module("two", credits="0.70")
    write_module("three", category="clinical-review", credits="1.15")
    republish()
    assert "1.90 credits" in words_of(client.get("/").text)


def test_a_learner_sees_the_total_and_the_last_entries(client, write_module, republish, sign_in, submit):
    for slug in ("one", "two", "three", "four"):
        write_module(slug, title=f"Module {slug}", credits="0.55")
    republish()
    sign_in()
    for slug in ("one", "two", "three", "four"):
        submit(f"/modules/{slug}/assessment", q1="a")

    page = client.get("/").text

    record = words_of(page.split('class="vignette"')[1].split("My CPD")[0])
    assert "2.20 credits" in record
    assert "Module one" not in record
    assert "Module four" in record
    assert "Hello, Amara Okafor" in page
    assert "Create free account" not in page


def test_a_learner_who_has_just_begun_sees_an_empty_record(client, publish, sign_in):
    publish("sepsis")
    sign_in()
    page = words_of(client.get("/").text)
    assert "0.00 credits" in page
    assert "Nothing recorded yet." in page


def test_nothing_published_is_no_fault(client):
    assert client.get("/").status_code == 200


def test_only_external_modules_are_no_fault(client, publish):
    publish("elsewhere", external="https://example.org/course", assessment=None)
    page = client.get("/")
    assert page.status_code == 200
    assert "External website" in page.text
    assert "Who wrote it, and when" not in page.text
