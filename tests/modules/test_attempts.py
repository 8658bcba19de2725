"""Attempts as learners make them: what is marked, what is credited, and what is refused with nothing lost."""

from __future__ import annotations

import sqlite3
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from html import escape

import pytest
import time_machine
from sqlalchemy import event, update
from sqlalchemy.exc import OperationalError

from cpd.auth.models import Account
from cpd.db import db
from cpd.modules.models import Attempt
from cpd.modules.sitting import Sitting, sign
from cpd.record.models import Entry
from tests.conftest import SECRET_KEY
from tests.factories import THREE_QUESTIONS
from tests.modules.conftest import Sheet, in_london

RIGHT = {"q1": "a", "q2": ["a", "b"], "q3": "0.6"}


def test_a_pass_awards_the_full_credits_at_once(client, publish, sign_in, submit, rows_of):
    publish("sepsis", title="Sepsis", credits="0.50")
    sign_in()

    answer = submit("/modules/sepsis/assessment", q1="a")

    assert "0.50 credits added to your record" in answer.text
    assert 'Your total is now <strong class="num">0.50 credits</strong>' in answer.text
    assert "Sepsis" in client.get("/record/").text
    entry = rows_of(Entry)[0]
    assert (entry.credits, entry.claimed_credits) == (Decimal("0.50"), Decimal("0.50"))
    assert (entry.score, entry.out_of, entry.pass_mark, entry.edition, entry.revision_number) == (1, 1, 70, 1, 1)


def test_a_fail_awards_nothing_and_offers_another_try(publish, sign_in, submit, rows_of):
    publish("sepsis")
    sign_in()

    answer = submit("/modules/sepsis/assessment", q1="b")

    assert "Not passed yet: 0 of 1 correct" in answer.text
    assert 'href="/modules/sepsis/assessment">Try again' in answer.text
    assert [attempt.passed for attempt in rows_of(Attempt)] == [False]
    assert rows_of(Entry) == []


def test_a_pass_after_a_fail_is_credited(publish, sign_in, submit, rows_of):
    publish("sepsis")
    sign_in()
    submit("/modules/sepsis/assessment", q1="b")
    submit("/modules/sepsis/assessment", q1="a")
    assert [attempt.passed for attempt in rows_of(Attempt)] == [False, True]
    assert len(rows_of(Entry)) == 1


def test_the_pass_mark_decides(publish, sign_in, submit, rows_of):
    publish("sepsis", assessment=THREE_QUESTIONS, pass_mark="67")
    publish("stroke", assessment=THREE_QUESTIONS, pass_mark="66")
    sign_in()
    for slug in ("sepsis", "stroke"):
        submit(f"/modules/{slug}/assessment", **RIGHT | {"q3": "6"})
    assert [(attempt.score, attempt.out_of, attempt.passed) for attempt in rows_of(Attempt)] == [
        (2, 3, False),
        (2, 3, True),
    ]


def test_each_option_comes_back_with_its_reason(publish, sign_in, submit):
    publish("sepsis")
    sign_in()
    answer = submit("/modules/sepsis/assessment", q1="b")
    assert "Because it is not." in answer.text
    assert "Because it is." in answer.text
    assert "That was all." in answer.text


def test_a_replayed_sitting_shows_its_first_result_even_with_other_answers(publish, sign_in, sit, rows_of):
    publish("sepsis")
    sign_in()
    sheet = sit("sepsis")

    first = sheet.submit(q1="b")
    again = sheet.submit(q1="a")

    assert again.location == first.location
    assert [attempt.answers for attempt in rows_of(Attempt)] == [{"q1": ["b"]}]
    assert rows_of(Entry) == []


def test_passing_again_in_a_new_sitting_awards_nothing_more_and_says_so(publish, sign_in, submit, rows_of):
    publish("sepsis")
    sign_in()
    submit("/modules/sepsis/assessment", q1="a")

    answer = submit("/modules/sepsis/assessment", q1="a")

    assert "Already in your record" in answer.text
    assert len(rows_of(Attempt)) == 2
    assert len(rows_of(Entry)) == 1


def test_a_new_edition_awards_again(publish, sign_in, submit, rows_of):
    publish("sepsis")
    sign_in()
    submit("/modules/sepsis/assessment", q1="a")
    publish("sepsis", edition="2")
    submit("/modules/sepsis/assessment", q1="a")
    assert [entry.edition for entry in rows_of(Entry)] == [1, 2]


def test_a_new_revision_of_the_same_edition_does_not(publish, sign_in, submit, rows_of):
    publish("sepsis")
    sign_in()
    submit("/modules/sepsis/assessment", q1="a")
    publish("sepsis", body="## Reworded\n\nIt still matters.\n")
    submit("/modules/sepsis/assessment", q1="a")
    assert len(rows_of(Entry)) == 1


def test_blanks_come_back_once_named_and_then_count_as_wrong(publish, sign_in, sit, rows_of):
    publish("sepsis", assessment=THREE_QUESTIONS)
    sign_in()
    sheet = sit("sepsis")

    asked = sheet.submit(q1="a")
    assert asked.status_code == 200
    assert "Question 2 is not answered" in asked.text
    assert "Question 3 is not answered" in asked.text
    assert "Question 1 is not answered" not in asked.text
    assert 'name="q1" value="a" checked' in asked.text
    assert rows_of(Attempt) == []

    sheet.submit(q1="a", anyway="1")
    attempt = rows_of(Attempt)[0]
    assert (attempt.score, attempt.out_of, attempt.passed) == (1, 3, False)


def test_a_sitting_goes_on_with_its_own_token_after_blanks(publish, sign_in, sit):
    publish("sepsis", assessment=THREE_QUESTIONS)
    sign_in()
    sheet = sit("sepsis")
    asked = sheet.submit(q1="a")
    assert f'value="{sheet.fields["attempt"]}"' in asked.text


@pytest.mark.parametrize("typed", ["a lot", "0.6 mg", "1,000", "<b>"])
def test_a_number_that_cannot_be_read_comes_back_beside_its_field_with_all_answers(
    publish, sign_in, sit, rows_of, typed
):
    publish("sepsis", assessment=THREE_QUESTIONS)
    sign_in()

    answer = sit("sepsis").submit(**RIGHT | {"q3": typed})

    assert answer.status_code == 422
    assert 'id="q3-error"' in answer.text
    assert f'value="{escape(typed)}"' in answer.text
    assert answer.text.count(" checked") == 3
    assert rows_of(Attempt) == []


@pytest.mark.parametrize("typed", ["0,6", " 0.58 ml "])
def test_a_number_within_the_tolerance_is_right_however_it_is_typed(publish, sign_in, sit, rows_of, typed):
    publish("sepsis", assessment=THREE_QUESTIONS)
    sign_in()
    sit("sepsis").submit(**RIGHT | {"q3": typed})
    assert [attempt.score for attempt in rows_of(Attempt)] == [3]


def test_an_unknown_option_brings_the_sheet_back_and_nothing_is_kept(publish, sign_in, sit, rows_of):
    publish("sepsis", assessment=THREE_QUESTIONS)
    sign_in()
    sheet = sit("sepsis")
    wrong = {
        "beyond the options": {"q1": "c"},
        "capital": {"q1": "A"},
        "two of a single": {"q1": ["a", "b"]},
        "one unknown of two": {"q2": ["a", "d"]},
        "NUL": {"q1": "a\x00"},
        "quote": {"q1": "'; --"},
    }
    answers = {name: sheet.submit(**RIGHT | changes).status_code for name, changes in wrong.items()}
    assert answers == dict.fromkeys(wrong, 422)
    assert rows_of(Attempt) == []
    assert rows_of(Entry) == []


def test_a_field_that_is_no_question_is_not_kept(publish, sign_in, sit, rows_of):
    publish("sepsis")
    sign_in()
    sit("sepsis").submit(q1="a", q2="a", passed="1", score="9", credits="99", learner_id="7")
    attempt = rows_of(Attempt)[0]
    assert (attempt.answers, attempt.score) == ({"q1": ["a"]}, 1)


def sealed(key=SECRET_KEY, **changes):
    """The token of a sitting that the first learner opens now, with some of it changed."""
    facts = {
        "learner_id": 1,
        "revision_id": 1,
        "started_at": datetime.now(UTC),
        "nonce": "0" * 32,
        "creditable": True,
    }
    return sign(Sitting(**facts | changes), key)


REFUSED = {
    "nothing": lambda: "",
    "nonsense": lambda: "nonsense",
    "NUL": lambda: "a\x00b",
    "another key": lambda: sealed("another-key-of-the-same-length-as-ours"),
    "changed": lambda: "A" + sealed(),
    "cut off": lambda: sealed()[:-1],
    "another learner": lambda: sealed(learner_id=2),
    "no such revision": lambda: sealed(revision_id=999),
    "seven days old": lambda: sealed(started_at=datetime.now(UTC) - timedelta(days=7, seconds=1)),
}


def test_a_sitting_that_is_refused_keeps_the_answers_and_records_nothing(publish, sign_in, sit, rows_of):
    publish("sepsis", assessment=THREE_QUESTIONS)
    sign_in()
    sheet = sit("sepsis")
    for name, token in REFUSED.items():
        sheet.fields["attempt"] = token()
        answer = sheet.submit(**RIGHT)
        assert answer.status_code == 422, name
        assert answer.text.count(" checked") == 3, name
        assert 'value="0.6"' in answer.text, name
    assert rows_of(Attempt) == []


def test_a_refused_sitting_comes_back_with_a_new_one_that_counts(publish, sign_in, sit, rows_of):
    publish("sepsis")
    sign_in()
    sheet = sit("sepsis")
    sheet.fields["attempt"] = "forged"
    again = sheet.submit(q1="a")
    sheet.fields["attempt"] = again.text.split('name="attempt" value="')[1].split('"')[0]
    assert sheet.submit(q1="a").status_code == 303
    assert len(rows_of(Entry)) == 1


def test_a_sitting_of_another_module_keeps_the_answers_and_records_nothing(publish, sign_in, sit, rows_of):
    publish("sepsis", assessment=THREE_QUESTIONS)
    publish("stroke")
    sign_in()
    sheet = sit("sepsis")
    sheet.fields["attempt"] = sit("stroke").fields["attempt"]

    answer = sheet.submit(**RIGHT)

    assert answer.status_code == 422
    assert answer.text.count(" checked") == 3
    assert rows_of(Attempt) == []


def test_a_sitting_is_good_for_seven_days(publish, sign_in, sit, rows_of):
    publish("sepsis")
    with time_machine.travel(datetime(2027, 3, 1, 12, tzinfo=UTC)):
        sign_in()
        sheet = sit("sepsis")
    with time_machine.travel(datetime(2027, 3, 8, 11, 59, tzinfo=UTC)):
        assert sheet.submit(q1="a").status_code == 303
    assert len(rows_of(Entry)) == 1


def test_a_sitting_another_learner_opened_is_refused(publish, sign_in, sit, register, new_client, rows_of):
    publish("sepsis")
    sign_in()
    opened = sit("sepsis").fields["attempt"]
    other = new_client()
    register(other, email="ben@example.org")
    sheet = Sheet(other, "sepsis")
    sheet.fields["attempt"] = opened

    answer = sheet.submit(q1="a")

    assert answer.status_code == 422
    assert "opened by another account" in answer.text
    assert rows_of(Attempt) == []


def test_an_expired_module_is_readable_says_so_and_gives_no_credit(client, publish, sign_in, submit, rows_of):
    publish("sepsis", reviewed="2020-01-01", expires="2022-06-01")
    sign_in()

    assert "This module expired on 1 June 2022" in client.get("/modules/sepsis").text
    assert "Expired: gives no credit" in client.get("/modules/").text
    assert "A pass now gives no credit" in client.get("/modules/sepsis/assessment").text
    answer = submit("/modules/sepsis/assessment", q1="a")

    assert "Passed: 1 of 1" in answer.text
    assert "No credit for this pass" in answer.text
    assert rows_of(Entry) == []


@pytest.mark.parametrize(
    ("moment", "credited"),
    [("2027-07-01T23:59:59", 1), ("2027-07-02T00:00:01", 0)],
    ids=["last minute", "next day, though not yet in UTC"],
)
def test_a_module_gives_credit_to_the_end_of_its_last_day_where_the_site_is(
    publish, sign_in, submit, rows_of, moment, credited
):
    publish("sepsis", expires="2027-07-01")
    with time_machine.travel(in_london(moment)):
        sign_in()
        submit("/modules/sepsis/assessment", q1="a")
    assert len(rows_of(Entry)) == credited


def test_a_module_that_expires_after_it_was_opened_gives_credit(publish, sign_in, sit, rows_of):
    publish("sepsis", expires="2027-07-01")
    with time_machine.travel(in_london("2027-07-01T23:50:00")):
        sign_in()
        sheet = sit("sepsis")
    with time_machine.travel(in_london("2027-07-02T00:10:00")):
        sheet.submit(q1="a")
    assert len(rows_of(Entry)) == 1


def test_a_module_that_is_withdrawn_after_it_was_opened_is_marked_and_credited(client, publish, sign_in, sit, rows_of):
    publish("sepsis")
    sign_in()
    sheet = sit("sepsis")
    publish("sepsis", status="withdrawn")

    answer = sheet.submit(q1="a")

    assert "Passed: 1 of 1" in client.get(answer.location).text
    assert len(rows_of(Entry)) == 1


def test_a_withdrawn_module_opens_no_assessment(client, publish, sign_in):
    publish("sepsis", status="withdrawn")
    sign_in()
    assert client.get("/modules/sepsis/assessment").status_code == 404


@pytest.mark.parametrize(
    ("zone", "learned_on"),
    [("Europe/London", "2027-07-02"), ("America/New_York", "2027-07-01"), ("Pacific/Kiritimati", "2027-07-02")],
)
def test_the_date_of_learning_is_that_of_the_learner(app, publish, sign_in, submit, rows_of, zone, learned_on):
    publish("sepsis")
    with time_machine.travel(datetime(2027, 7, 1, 23, 30, tzinfo=UTC)):
        sign_in()
        with app.app_context():
            db.session.execute(update(Account).values(zone=zone))
            db.session.commit()
        submit("/modules/sepsis/assessment", q1="a")
    assert rows_of(Entry)[0].learned_on.isoformat() == learned_on


def test_credits_add_up_exactly(client, write_module, republish, sign_in, submit):
    worth = ["0.05", "0.05", "0.05", "0.10", "0.70", "1.15"]
    for number, each in enumerate(worth):
        write_module(f"module-{number}", credits=each)
    republish()
    sign_in()

    for number in range(len(worth)):
        last = submit(f"/modules/module-{number}/assessment", q1="a")

    assert "2.10 credits</strong>" in last.text
    assert "<strong>2.10</strong>" in client.get("/record/").text


def test_the_record_stays_as_it_was_when_a_module_is_rewritten_renamed_and_withdrawn(
    client, publish, write_module, sign_in, submit
):
    publish("sepsis", title="As it was passed", credits="0.55", body="## Then\n\nWhat stood there.\n")
    sign_in()
    submit("/modules/sepsis/assessment", q1="a")
    write_module("sepsis").unlink()
    facts = {"title": "Rewritten", "credits": "1.00", "former_slugs": ["sepsis"], "status": "withdrawn"}
    publish("sepsis-first-hour", **facts)

    record = client.get("/record/").text

    assert "As it was passed" in record
    assert "Rewritten" not in record
    assert "<strong>0.55</strong>" in record
    assert "What stood there." in client.get("/modules/sepsis/revisions/1").text
    assert "Because it is." in client.get("/modules/sepsis/attempts/1").text


def test_the_revision_that_was_passed_is_readable_for_its_learner_alone(
    client, publish, sign_in, submit, register, new_client
):
    publish("sepsis", body="## Then\n\nWhat stood there.\n")
    sign_in()
    submit("/modules/sepsis/assessment", q1="a")
    publish("sepsis")
    other = new_client()
    register(other, email="ben@example.org")

    assert "What stood there." in client.get("/modules/sepsis/revisions/1").text
    assert other.get("/modules/sepsis/revisions/1").status_code == 404
    assert "/auth/sign-in" in new_client().get("/modules/sepsis/revisions/1").location


def test_the_current_revision_is_read_at_the_address_of_its_module(client, publish, sign_in):
    publish("sepsis")
    sign_in()
    assert client.get("/modules/sepsis/revisions/1").location == "/modules/sepsis"
    assert client.get("/modules/sepsis/revisions/2").status_code == 404


def test_a_withdrawn_module_is_readable_for_those_who_sat_it_alone(
    client, publish, sign_in, submit, register, new_client
):
    publish("sepsis")
    sign_in()
    submit("/modules/sepsis/assessment", q1="a")
    publish("sepsis", status="withdrawn")
    other = new_client()
    register(other, email="ben@example.org")

    assert "This module has been withdrawn" in client.get("/modules/sepsis").text
    assert other.get("/modules/sepsis").status_code == 404


def test_anothers_attempt_looks_like_one_that_does_not_exist(publish, sign_in, submit, register, new_client):
    publish("sepsis")
    sign_in()
    submit("/modules/sepsis/assessment", q1="a")
    other = new_client()
    register(other, email="ben@example.org")

    anothers, missing = other.get("/modules/sepsis/attempts/1"), other.get("/modules/sepsis/attempts/7")

    assert (anothers.status_code, missing.status_code) == (404, 404)
    assert anothers.text.replace("attempts/1", "") == missing.text.replace("attempts/7", "").replace("attempts%2F7", "")


def test_an_attempt_is_found_under_its_own_module_alone(client, publish, sign_in, submit):
    publish("sepsis")
    publish("stroke")
    sign_in()
    submit("/modules/sepsis/assessment", q1="a")
    assert client.get("/modules/sepsis/attempts/1").status_code == 200
    assert client.get("/modules/stroke/attempts/1").status_code == 404


def test_opening_an_assessment_writes_nothing(app, client, publish, sign_in):
    publish("sepsis")
    sign_in()
    written = []

    def note(_connection, _cursor, statement, *_):
        if not statement.lstrip().upper().startswith(("SELECT", "PRAGMA")):
            written.append(statement)

    with app.app_context():
        event.listen(db.engine, "before_cursor_execute", note)
    assert client.get("/modules/sepsis/assessment").status_code == 200
    assert written == []


def test_an_external_module_has_no_assessment(client, publish, sign_in):
    publish("elsewhere", external="https://example.org/course", assessment=None)
    sign_in()
    assert client.get("/modules/elsewhere/assessment").location == "/modules/elsewhere"


def test_a_commit_that_fails_says_that_nothing_was_recorded_and_records_nothing(app, publish, sign_in, sit, rows_of):
    publish("sepsis")
    sign_in()
    sheet = sit("sepsis")

    def fail(_connection):
        full = sqlite3.OperationalError("database or disk is full")
        full.sqlite_errorcode = sqlite3.SQLITE_FULL
        raise OperationalError("COMMIT", None, full)

    with app.app_context():
        event.listen(db.engine, "commit", fail)
        answer = sheet.submit(q1="a")
        event.remove(db.engine, "commit", fail)

    assert answer.status_code == 503
    assert "What you sent was not recorded" in answer.text
    assert answer.headers["Retry-After"]
    assert rows_of(Attempt) == []
    assert rows_of(Entry) == []
    assert sheet.submit(q1="a").status_code == 303
    assert len(rows_of(Entry)) == 1
