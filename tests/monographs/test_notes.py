"""A learner's private note beside a monograph: saved by the button and by the script, and shown to nobody else."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from html import unescape

import pytest
import time_machine
from sqlalchemy import select

from cpd.db import db
from cpd.record.models import LONGEST_NOTE, Note
from cpd.web.drawn import Drawing
from tests.conftest import PASSWORD
from tests.pages import hidden_in, token_in

SECRET = "Ask Theo about the 07:30 refill <b>&"
BY_SCRIPT = {"X-Requested-With": "fetch"}
ADDRESS = "/monographs/zanidine/notes"


@pytest.fixture
def page(client, write_monograph, republish, sign_in):
    """Gives the page of a monograph for a learner who is signed in."""
    write_monograph("zanidine")
    republish()
    sign_in()
    return lambda: client.get("/monographs/zanidine").text


@pytest.fixture
def save(client, page):
    """Saves a note by the form of the page, or as the script does."""

    def save(text: str, *, token: str | None = None, headers: dict[str, str] | None = None):
        data = {"csrf_token": token or token_in(page()), "note": text}
        return client.post(ADDRESS, data=data, headers=headers)

    return save


def note_in(page: str) -> str:
    found = re.search(r"<textarea[^>]*>(.*?)</textarea>", page, re.DOTALL)
    assert found is not None
    return unescape(found[1])


def test_a_note_is_saved_and_comes_back_with_the_page(page, save):
    assert note_in(page()) == ""
    answer = save(SECRET)
    assert (answer.status_code, answer.location) == (303, "/monographs/zanidine#my-notes")
    assert note_in(page()) == SECRET
    save("Second thoughts")
    assert note_in(page()) == "Second thoughts"


def test_the_page_says_when_a_note_was_saved_by_the_clock_of_the_learner(page, save):
    with time_machine.travel(datetime(2026, 7, 14, 13, 32, tzinfo=UTC), tick=False):
        save(SECRET)
        assert ">Saved 14:32<" in page()
    with time_machine.travel(datetime(2026, 7, 16, 9, 0, tzinfo=UTC), tick=False):
        assert ">Saved on 14 July 2026<" in page()


def test_a_script_is_told_when_it_was_saved(page, save):
    with time_machine.travel(datetime(2026, 1, 14, 13, 32, tzinfo=UTC), tick=False):
        answer = save(SECRET, headers=BY_SCRIPT)
    assert (answer.status_code, answer.text, answer.mimetype) == (200, "Saved 13:32", "text/plain")
    assert note_in(page()) == SECRET


def test_a_note_can_be_emptied(page, save):
    save(SECRET)
    save("  \n ")
    assert note_in(page()) == ""


def test_line_breaks_are_kept_and_control_characters_are_not(page, save):
    save("first\r\n\r\n  second\x00\x1b\u202e third")
    assert note_in(page()) == "first\n\n second third"


def test_the_longest_note_is_kept_whole(page, save):
    longest = "ä" * LONGEST_NOTE
    assert save(longest).status_code == 303
    assert note_in(page()) == longest


def test_a_note_that_is_too_long_comes_back_with_the_reason_and_nothing_lost(page, save):
    save("before")
    too_long = f"<i>{'x' * LONGEST_NOTE}"
    answer = save(too_long)
    assert answer.status_code == 422
    assert note_in(answer.text) == too_long
    reason = "A note has at most 10,000 characters; this one has 10,003. Shorten it."
    assert answer.text.count(reason) == 2, "beside the field, and in the summary"
    assert 'aria-invalid="true"' in answer.text
    assert "<title>Error: Zanidine" in answer.text
    assert note_in(page()) == "before"
    assert reason not in page()


def test_a_script_is_told_why_a_note_is_too_long(page, save):
    answer = save("x" * (LONGEST_NOTE + 1), headers=BY_SCRIPT)
    assert (answer.status_code, answer.mimetype) == (422, "text/plain")
    assert "at most 10,000 characters" in answer.text
    assert note_in(page()) == ""


def test_notes_of_two_learners_stay_apart(app, page, save, register):
    other = app.test_client()
    register(other, email="ben@example.org", name="Ben Osei")
    theirs = other.get("/monographs/zanidine").text
    save(SECRET)
    assert note_in(other.get("/monographs/zanidine").text) == note_in(theirs) == ""
    other.post(ADDRESS, data={"csrf_token": token_in(theirs), "note": "Ben's own"})
    assert note_in(page()) == SECRET
    assert note_in(other.get("/monographs/zanidine").text) == "Ben's own"


def test_a_note_belongs_to_one_monograph(client, save, write_monograph, republish):
    write_monograph("other")
    republish()
    save(SECRET)
    assert note_in(client.get("/monographs/other").text) == ""


def test_nobody_else_is_shown_a_note_on_any_page_of_the_drug(app, save, register):
    save(SECRET)
    visitor, other = app.test_client(), app.test_client()
    visitor.set_cookie("cpd_professional", "1")
    register(other, email="ben@example.org", name="Ben Osei")
    for each in (visitor, other):
        for rest in ("", "?full=1", "/card", "/modules", "/sections/dosage", "/sections/notes"):
            assert "Theo" not in unescape(each.get(f"/monographs/zanidine{rest}").text), rest


def test_no_drawing_and_nothing_else_that_a_process_keeps_holds_a_note(app, client, page, save):
    page()
    save(SECRET)
    page()
    client.get("/monographs/zanidine?full=1")
    kept = {name: each for name, each in app.extensions.items() if name.startswith("fragments of")}
    assert any(isinstance(value, Drawing) for each in kept.values() for value in each._values.values())
    for name, each in kept.items():
        for key, value in each._values.items():
            assert "Theo" not in f"{key!r} {value!r}", name


def test_who_is_signed_out_is_asked_to_sign_in_and_comes_back_here(professional, write_monograph, republish):
    write_monograph("zanidine")
    republish()
    page = professional.get("/monographs/zanidine").text
    assert '<a href="/auth/sign-in?next=/monographs/zanidine">Sign in</a> to keep a private note' in page
    assert "<textarea" not in page


def test_a_note_sent_after_the_session_ended_is_kept_through_signing_in(client, page, save):
    client.post("/auth/sign-out", data={"csrf_token": token_in(page())})
    late = save(SECRET, token=token_in(client.get("/auth/sign-in").text))
    assert late.status_code == 403
    data = {name: hidden_in(late.text, name) for name in ("csrf_token", "next", "kept")}
    again = client.post("/auth/sign-in", data=data | {"email": "amara@example.org", "password": PASSWORD}).text
    assert f'action="{ADDRESS}"' in again
    client.post(ADDRESS, data={name: hidden_in(again, name) for name in ("csrf_token", "note")})
    assert note_in(page()) == SECRET


@pytest.fixture
def signed_out_save(client, page):
    """Signs out, and gives what the script is answered then."""

    def signed_out_save():
        client.post("/auth/sign-out", data={"csrf_token": token_in(page())})
        data = {"csrf_token": token_in(client.get("/auth/sign-in").text), "note": SECRET}
        return client.post(ADDRESS, data=data, headers=BY_SCRIPT)

    return signed_out_save


def test_a_script_whose_session_ended_is_refused_and_nothing_is_saved(app, signed_out_save):
    assert signed_out_save().status_code == 403
    with app.app_context():
        assert db.session.scalars(select(Note)).all() == []


def test_the_address_of_a_note_leads_to_its_page(client, page):
    page()
    answer = client.get(ADDRESS)
    assert (answer.status_code, answer.location) == (302, "/monographs/zanidine#my-notes")


def test_a_note_is_saved_under_a_former_name_and_beside_a_withdrawn_monograph(
    client, page, settings, write_monograph, republish
):
    token = token_in(page())
    (settings.content_folder / "monographs" / "zanidine.md").unlink()
    write_monograph("newdine", former_slugs=["zanidine"], status="withdrawn")
    republish()
    answer = client.post(ADDRESS, data={"csrf_token": token, "note": SECRET})
    assert answer.location == "/monographs/newdine#my-notes"
    assert note_in(client.get("/monographs/newdine").text) == SECRET


@pytest.mark.parametrize("slug", ["no-such", "drafty"])
def test_there_is_no_note_beside_what_is_not_there(client, page, write_monograph, republish, slug):
    write_monograph("drafty", status="draft")
    republish()
    data = {"csrf_token": token_in(page()), "note": SECRET}
    assert client.post(f"/monographs/{slug}/notes", data=data).status_code == 404
