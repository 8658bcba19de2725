"""What the pages of one's own data and sessions say and answer, in the zone of the learner."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine
from sqlalchemy import insert, select, update

from cpd.auth import doors, throttle
from cpd.auth.models import Role
from cpd.auth.my_data.owned import all_owned
from cpd.db import Base, db
from tests.admin.asking import Asker, add_account
from tests.pages import words_of

NOW = datetime(2026, 7, 1, 20, 30, tzinfo=UTC)
WEEK = timedelta(days=7)
TITLE = re.compile(r"<title>(.*?) – ")
DETAILS = {"name": "Ann Example", "profession": "Doctor", "time_zone": "Asia/Tokyo", "language": "en-GB"}


@pytest.fixture(autouse=True)
def _half_past_eight():
    """In Tokyo, where Ann is, it is half past five in the morning of 2 July."""
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def ann(app) -> Asker:
    return Asker(app, add_account(app, "ann", zone="Asia/Tokyo"))


@pytest.fixture
def add(app):
    """Adds a row of Ann's; gives its number."""

    def add(table: str, **values: Any) -> int:
        with app.app_context():
            row = insert(Base.metadata.tables[table]).values(account_id=1, **values)
            [number] = db.session.execute(row).inserted_primary_key
            db.session.commit()
            return number

    return add


@pytest.fixture
def change(app):
    def change(**values: Any) -> None:
        with app.app_context():
            db.session.execute(update(Base.metadata.tables["account"]).values(**values))
            db.session.commit()

    return change


@pytest.fixture
def lines(app):
    """The audit trail, without how it began."""

    def lines() -> list[tuple[Any, ...]]:
        with app.app_context():
            events = Base.metadata.tables["event"]
            rows = db.session.execute(select(events).order_by(events.c.id)).mappings()
            return [(row["account_id"], row["kind"], row["at"], row["detail"]) for row in rows][1:]

    return lines


def shown_next(asker: Asker, answer: Any) -> str:
    """The message that the page says to which an answer leads."""
    token = asker.begin_session()
    found = re.search(r"cpd_message=([^;]*)", str(answer.headers.getlist("Set-Cookie")))
    page = asker.ask("GET", "/auth/details", token=token, cookies={"cpd_message": found[1]} if found else None).text
    said = re.search(r'role="status"[^>]*>(.*?)</div>', page, re.DOTALL)
    return words_of(said[1]) if said else ""


def test_the_form_of_details_says_where_it_went_wrong(ann, lines):
    page = ann.get("/auth/details")
    assert (page.status_code, TITLE.findall(page.text)) == (200, ["Your details"])
    assert '<option selected value="Asia/Tokyo">Tokyo</option>' in page.text
    wrong = ann.post("/auth/details", **DETAILS | {"name": " "})
    assert (wrong.status_code, TITLE.findall(wrong.text)) == (422, ["Error: Your details"])
    assert lines() == []


def test_saved_details_are_said_to_be_so(ann, lines):
    answer = ann.post("/auth/details", **DETAILS | {"name": "Ann Sample"})
    assert (answer.status_code, answer.location) == (303, "/auth/account")
    assert shown_next(ann, answer) == "Your details are saved."
    assert lines() == [(1, "details_changed", NOW, {"changed": ["name"]})]


def test_a_copy_is_shown_with_its_times_in_the_zone_of_the_learner(ann, add):
    before = add("download", asked_at=NOW, made_at=NOW, expires_at=NOW + WEEK, data=b"zip")
    add("download", asked_at=NOW - timedelta(hours=6))
    page = ann.get("/auth/my-data")
    said = words_of(page.text)
    assert TITLE.findall(page.text) == ["Your data"]
    assert "Made on 2 July 2026 at 05:30. It is kept until 9 July 2026 and then deleted." in said
    assert "Asked for on 1 July 2026 at 23:30." in said
    assert f'href="/auth/my-data/downloads/{before}"' in page.text
    assert "Each is kept for 7 days" in said
    with ann.app.app_context():
        titles = [each.title for each in all_owned()]
    assert " ".join(titles) in said


def test_a_copy_is_a_file_that_is_named_after_its_day_where_the_learner_is(ann, add, lines):
    number = add("download", asked_at=NOW, made_at=NOW, expires_at=NOW + WEEK, data=b"the zip")
    answer = ann.get(f"/auth/my-data/downloads/{number}")
    assert (answer.status_code, answer.mimetype, answer.data) == (200, "application/zip", b"the zip")
    assert answer.headers["Content-Disposition"] == 'attachment; filename="my-data-2026-07-02.zip"'
    assert lines() == [(1, "downloaded", NOW, {})]
    assert ann.ask("HEAD", f"/auth/my-data/downloads/{number}").status_code == 200
    assert len(lines()) == 1
    assert ann.get("/auth/my-data/downloads/99").status_code == 404


def test_asking_too_often_is_refused_with_how_long_to_wait(ann, lines, monkeypatch):
    answer = ann.post("/auth/my-data")
    assert (answer.status_code, answer.location) == (303, "/auth/my-data")
    assert lines() == [(1, "download_asked", NOW, {})]

    def refuse(buckets: Any, *, now: datetime) -> None:
        assert (buckets, now) == (doors.download_buckets(1), NOW)
        raise throttle.TooManyTries(90)

    monkeypatch.setattr(throttle, "spend", refuse)
    refused = ann.post("/auth/my-data")
    assert (refused.status_code, refused.headers["Retry-After"]) == (429, "90")
    assert TITLE.findall(refused.text) == ["Error: Your data"]
    assert "There were too many tries. Wait 2 minutes, then try again." in refused.text
    assert "Being made" in refused.text


def test_deleting_is_asked_for_and_called_off(ann, lines):
    page = words_of(ann.get("/auth/my-data/delete").text)
    assert "for 14 days you can sign in" in page
    assert "will be deleted" not in page
    answer = ann.post("/auth/my-data/delete")
    assert (answer.status_code, answer.location) == (303, "/auth/my-data/delete")
    page = ann.get("/auth/my-data/delete")
    assert TITLE.findall(page.text) == ["Delete your account"]
    [lede] = re.findall(r'<p class="lede">(.*?)</p>', page.text)
    assert lede.startswith("Your account will be deleted on 16 July 2026.")  # on 15 July in London

    kept = ann.post("/auth/my-data/keep")
    assert (kept.status_code, kept.location) == (303, "/auth/account")
    assert shown_next(ann, kept) == "Your account is kept. Nothing was deleted."
    again = ann.post("/auth/my-data/keep")
    assert (again.status_code, again.location) == (303, "/auth/account")
    assert shown_next(ann, again) == ""
    assert [line[1:3] for line in lines()] == [("deletion_asked", NOW), ("deletion_withdrawn", NOW)]


def test_the_last_administrator_is_refused_on_the_page(ann, change, lines):
    change(role=Role.ADMINISTRATOR.value)
    answer = ann.post("/auth/my-data/delete")
    assert (answer.status_code, TITLE.findall(answer.text)) == (409, ["Error: Delete your account"])
    assert "You are the last administrator." in answer.text
    assert "You are the last administrator" not in ann.get("/auth/my-data/delete").text
    assert lines() == []


# Sessions


def add_session(add, name: str, **values: Any) -> int:
    usual = {"created_at": NOW, "last_seen_at": NOW, "expires_at": NOW + WEEK, "user_agent": "", "network": ""}
    return add("session", token_hash=name, **usual | values)


def test_each_session_is_shown_with_when_it_began_and_was_last_used(ann, add):
    other = add_session(
        add,
        "other",
        created_at=NOW - timedelta(hours=6),
        last_seen_at=NOW - timedelta(hours=1),
        user_agent="Mozilla/5.0 (X11) Firefox/133.0",
        network="192.0.2.7",
    )
    page = ann.get("/auth/sessions")
    devices = [words_of(each) for each in re.findall(r"<li>\s*<div>(.*?)</li>", page.text, re.DOTALL)]
    assert TITLE.findall(page.text) == ["Sessions"]
    assert devices == [
        "Unknown device This one Signed in 2 July 2026, 05:30 Last used Now Network address 192.0.2.1 Sign out",
        (
            "Firefox on Linux Signed in 1 July 2026, 23:30 Last used 2 July 2026, 04:30 Network address 192.0.2.7"
            " End the session of Firefox on Linux, last used 2 July 2026, 04:30"
        ),
    ]
    assert re.findall(r'name="session" value="(\d+)"', page.text) == [str(other)]
    said = words_of(page.text)
    assert "2 sessions" in said
    assert "Times of Asia/Tokyo" in said
    assert "after 14 days without use, and 90 days after signing in" in said
    assert "every 5 minutes at most" in said


@pytest.mark.parametrize(
    ("others", "said"),
    [(0, "There was no other session"), (1, "1 other session ended"), (2, "2 other sessions ended")],
)
def test_how_many_other_sessions_ended_is_said(ann, add, others, said):
    for number in range(others):
        add_session(add, str(number))
    answer = ann.post("/auth/sessions", session="others")
    assert (answer.status_code, answer.location) == (303, "/auth/sessions")
    assert re.search(rf"\b{said}(?!\w)", shown_next(ann, answer))


def test_which_session_ended_is_said(ann, add, lines):
    answer = ann.post("/auth/sessions", session=str(add_session(add, "other")))
    assert (answer.status_code, answer.location) == (303, "/auth/sessions")
    assert "Session ended: Unknown device" in shown_next(ann, answer)
    assert lines() == [(1, "session_ended", NOW, {"device": "Unknown device"})]
    assert ann.post("/auth/sessions").status_code == 404
