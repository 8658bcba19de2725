"""Taking a copy of everything that is kept."""

from __future__ import annotations

import io
import json
import re
import tracemalloc
import zipfile
from datetime import UTC, datetime, timedelta
from html.parser import HTMLParser

import pytest
import time_machine
from sqlalchemy import insert, select

from cpd.application import OWNED
from cpd.auth.events import first_break
from cpd.auth.my_data.archive import Heading, write_archive
from cpd.auth.my_data.jobs import make_download
from cpd.auth.my_data.owned import all_owned
from cpd.auth.my_data.services import keep_download
from cpd.db import Base, db
from tests.auth.browser import ANN, PASSWORD, Browser
from tests.auth.my_data.conftest import MARK, SECRETS, used_by

READY = re.compile(r'href="(/auth/my-data/downloads/\d+)"')


def owners() -> dict[str, str]:
    """The tables whose rows belong to an account, and the column that says to which."""
    return {
        table.name: key.parent.name
        for table in Base.metadata.tables.values()
        for key in table.foreign_keys
        if key.target_fullname == "account.id"
    }


def test_every_table_that_belongs_to_an_account_is_gathered_and_forgotten():
    assert owners().keys() - {each.table for each in OWNED} == set()
    assert len({each.name for each in OWNED}) == len(OWNED)


def the_copy(browser: Browser, work_off) -> zipfile.ZipFile:
    browser.send("/auth/my-data")
    work_off()
    [address] = READY.findall(browser.get("/auth/my-data").text)[:1]
    return zipfile.ZipFile(io.BytesIO(browser.get(address).data))


def test_what_is_in_every_table_is_in_the_copy(ann, app, work_off):
    """So `used_by` must leave something in a table that is added, and its feature must gather it."""
    copy = the_copy(ann, work_off)
    held = json.loads(copy.read("my-data.json"))
    with app.app_context():
        for table, owner in owners().items():
            rows = db.session.execute(select(Base.metadata.tables[table])).mappings().all()
            own = [row for row in rows if row[owner] == held["account"][0]["number"]]
            assert own, f"nothing of the test's learner is in {table}"
            gathered = [fact for each in OWNED if each.table == table for fact in held[each.name]]
            assert gathered, table
    assert all(held[each.name] for each in OWNED)


def test_the_copy_says_it_in_words(ann, work_off):
    held = json.loads(the_copy(ann, work_off).read("my-data.json"))

    [account] = held["account"]
    assert account["name"] == "Ann Example"
    assert account["email_address"] == ANN["email"]
    assert (account["registration_body"], account["registration_number"]) == ("GMC", "7654321")
    failed, passed = held["attempts"]
    assert (failed["passed"], passed["passed"], passed["score"]) == (False, True, 3)
    assert failed["title"] == "Sepsis in adults"
    assert failed["answers"] == [
        {"question": "Which is right?", "answer": ["The first"]},
        {"question": "Which are right?", "answer": ["One"]},
        {"question": "What volume delivers 300 micrograms?", "answer": "0.6 mL"},
    ]
    [entry] = held["entries"]
    assert (entry["title"], entry["credits"], entry["claimed_credits"]) == ("Sepsis in adults", "0.50", "0.50")
    assert [note["text"].partition(":")[0] for note in held["notes_on_monographs"]] == ["A note of Ann Example"]
    assert [note["module"] for note in held["notes_on_modules"]] == ["sepsis"]
    assert [(item["monograph"], item["name"]) for item in held["list"]] == [("septrin", "Septrin")]
    assert [passkey["name"] for passkey in held["passkeys"]] == ["Phone of Ann Example"]
    assert {consent["document"] for consent in held["consents"]} == {"terms", "privacy"}
    assert "registered" in [event["what"] for event in held["events"]]


def test_a_question_that_was_left_open_is_in_the_copy_too(ann, work_off):
    sheet = ann.get("/modules/sepsis/assessment")
    blanks = ann.post("/modules/sepsis/assessment", sheet, q1="b")
    assert ann.post("/modules/sepsis/assessment", blanks, q1="b", anyway="1").status_code == 303
    held = json.loads(the_copy(ann, work_off).read("my-data.json"))
    assert [each["answer"] for each in held["attempts"][-1]["answers"]] == [["The second"], None, None]


def test_no_secret_is_in_the_copy(ann, work_off):
    copy = the_copy(ann, work_off)
    for name in copy.namelist():
        data = copy.read(name).decode()
        assert [secret for secret in (*SECRETS, PASSWORD, ann.cookie("cpd_session")) if secret in data] == [], name


class Reader(HTMLParser):
    """What a page is made of: its elements, the attributes that could load or run something, and its words."""

    def __init__(self) -> None:
        super().__init__()
        self.elements: set[str] = set()
        self.links: list[str] = []
        self.words = ""

    def handle_starttag(self, tag, attrs):
        self.elements.add(tag)
        self.links += [value for name, value in attrs if name in ("href", "src", "action") or name.startswith("on")]

    def handle_data(self, data):
        self.words += data


def test_the_page_of_the_copy_is_whole_by_itself_and_runs_nothing(ann, work_off):
    page = the_copy(ann, work_off).read("my-data.html").decode()
    reader = Reader()
    reader.feed(page)
    assert not reader.elements & {"script", "link", "img", "iframe", "form", "object", "base"}
    assert all(link.startswith("#") for link in reader.links)
    assert "<script>alert(1)</script>" in reader.words  # the note, as it was typed
    assert {link.removeprefix("#") for link in reader.links} == set(re.findall(r'<h2 id="([^"]+)"', page))
    for each in OWNED:
        assert each.title in reader.words
    assert "0.50" in reader.words


def test_the_words_beside_it_name_each_kind_of_thing(ann, work_off):
    words = the_copy(ann, work_off).read("README.txt").decode()
    assert [each.title for each in OWNED if f"- {each.title}\n" not in words] == []
    assert "my-data.html" in words
    assert "my-data.json" in words


@pytest.mark.usefixtures("ann")
def test_the_same_facts_give_the_same_bytes(site):
    heading = Heading("Daybook", 1, datetime(2026, 11, 26, 9, 30, tzinfo=UTC), "Europe/London")
    with site.app_context():
        made = [io.BytesIO(), io.BytesIO()]
        for file in made:
            write_archive(file, all_owned(), heading)
    assert made[0].getvalue() == made[1].getvalue()
    assert zipfile.ZipFile(made[0]).namelist() == ["my-data.json", "my-data.html", "README.txt"]


def test_a_mail_says_when_it_is_ready_and_holds_nothing_of_it(ann, work_off):
    ann.send("/auth/my-data")
    assert "Being made" in ann.get("/auth/my-data").text
    [mail] = [mail for mail in work_off() if mail.subject == "Your data is ready"]
    assert mail.to == ANN["email"]
    assert "/auth/my-data" in mail.text
    assert "downloads" not in mail.text
    assert "Ready" in ann.get("/auth/my-data").text


def test_it_comes_as_a_file_that_nobody_keeps_or_guesses_the_kind_of(ann, work_off):
    ann.send("/auth/my-data")
    work_off()
    [address] = READY.findall(ann.get("/auth/my-data").text)[:1]
    answer = ann.get(address)
    assert answer.status_code == 200
    assert answer.mimetype == "application/zip"
    assert re.fullmatch(r'attachment; filename="my-data-\d{4}-\d\d-\d\d\.zip"', answer.headers["Content-Disposition"])
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"


def test_another_account_gets_the_page_of_an_absent_one(ann, new_browser, work_off):
    ann.send("/auth/my-data")
    work_off()
    [address] = READY.findall(ann.get("/auth/my-data").text)[:1]
    other = new_browser(address="198.51.100.7")
    other.register(name="Bo Sample", email="bo@example.org")

    answers = [other.get(address), other.get("/auth/my-data/downloads/999999")]
    assert [answer.status_code for answer in answers] == [404, 404]
    unlike = [answer.text.replace(address, "").replace("/auth/my-data/downloads/999999", "") for answer in answers]
    assert unlike[0] == unlike[1]
    assert address not in other.get("/auth/my-data").text
    new_visitor = new_browser()
    assert new_visitor.get(address).location == f"/auth/sign-in?next={address}"


def test_asking_and_taking_are_written_down(ann, app, rows_of, work_off):
    the_copy(ann, work_off)
    [address] = READY.findall(ann.get("/auth/my-data").text)[:1]
    ann.client.head(address, environ_overrides=ann.place)
    kinds = [row["kind"] for row in rows_of("event")]
    assert kinds.count("download_asked") == 1
    assert kinds.count("downloaded") == 1
    with app.app_context():
        table = Base.metadata.tables["event"]
        assert first_break(db.session.execute(select(table).order_by(table.c.number)).all()) is None


def test_both_need_a_proof_that_is_not_old(ann, work_off):
    the_copy(ann, work_off)
    [address] = READY.findall(ann.get("/auth/my-data").text)[:1]
    with time_machine.travel(datetime.now(UTC) + timedelta(minutes=16)):
        assert ann.get(address).location == f"/auth/again?next={address}"
        page = ann.send("/auth/my-data")
        assert page.status_code == 403
        again = ann.post("/auth/again", page, password=PASSWORD)
        assert ann.post("/auth/my-data", again).location == "/auth/my-data"


def test_one_copy_is_made_at_a_time(ann, rows_of, count_of):
    before = count_of("download")
    for _ in range(3):
        assert ann.send("/auth/my-data").status_code == 303
    assert count_of("download") == before + 1
    assert [row["kind"] for row in rows_of("outbox")].count("download") == 1


def test_a_new_copy_takes_the_place_of_the_one_before(ann, rows_of, work_off):
    for _ in range(2):
        ann.send("/auth/my-data")
        work_off()
    [row] = rows_of("download")
    assert row["expires_at"] - row["made_at"] == timedelta(days=7)


def test_too_many_copies_are_refused(ann, work_off):
    for _ in range(5):
        assert ann.send("/auth/my-data").status_code == 303
        work_off()
    answer = ann.send("/auth/my-data")
    assert answer.status_code == 429
    assert int(answer.headers["Retry-After"]) > 0
    assert "There were too many tries" in answer.text


def test_a_copy_is_gone_after_a_week(ann, rows_of, work_off, prove_all):
    the_copy(ann, work_off)
    [address] = READY.findall(ann.get("/auth/my-data").text)[:1]
    with time_machine.travel(datetime.now(UTC) + timedelta(days=7, minutes=1)):
        prove_all()
        assert ann.get(address).status_code == 404
        assert "Make a copy of my data" in ann.get("/auth/my-data").text
        assert rows_of("download")
        work_off()
        assert rows_of("download") == []


def test_what_could_not_be_made_in_a_day_may_be_asked_for_again(ann, prove_all):
    ann.send("/auth/my-data")
    with time_machine.travel(datetime.now(UTC) + timedelta(days=1, minutes=1)):
        prove_all()
        assert "Being made" not in ann.get("/auth/my-data").text
        ann.send("/auth/my-data")
        assert "Being made" in ann.get("/auth/my-data").text


def test_doing_it_twice_makes_one_copy_and_one_mail(ann, app, rows_of):
    ann.send("/auth/my-data")
    [row] = [row for row in rows_of("outbox") if row["kind"] == "download"]
    with app.app_context():
        for _ in range(2):
            assert make_download(row["payload"], now=datetime.now(UTC)) == []
            db.session.commit()
    assert [each["payload"]["notice"] for each in rows_of("outbox") if each["kind"] == "notice"].count(
        "download_ready"
    ) == 1


@pytest.mark.usefixtures("ann")
def test_what_was_made_twice_at_once_is_kept_once(ann, app, rows_of):
    """A second worker that took the row because the first was slow finds it done."""
    ann.send("/auth/my-data")
    newest = rows_of("download")[-1]["id"]
    with app.app_context():
        for data in (b"first", b"second"):
            keep_download(newest, 1, data, now=datetime.now(UTC))
            db.session.commit()
    assert [bytes(row["data"]) for row in rows_of("download")] == [b"first"]


def test_nothing_is_made_for_a_download_that_is_gone(app, rows_of):
    with app.app_context():
        assert make_download({"account_id": 1, "download_id": 999_999}, now=datetime.now(UTC)) == []
        db.session.commit()
    assert "download_ready" not in [row["payload"].get("notice") for row in rows_of("outbox")]


def test_the_copy_of_one_learner_holds_nothing_of_another(ann, site, new_browser, work_off):
    used_by(site, new_browser(address="198.51.100.9"), email="bo@example.org", mark="Bo Sample")
    copy = the_copy(ann, work_off)
    for name in ("my-data.json", "my-data.html"):
        data = copy.read(name).decode()
        assert MARK in data
        assert "Bo Sample" not in data
        assert "bo@example.org" not in data


@pytest.mark.slow
@pytest.mark.usefixtures("ann")
def test_a_large_record_takes_little_memory(site):
    """20,000 entries and 10,000 notes: what is in memory at a time is a small part of them."""
    now = datetime.now(UTC)
    with site.app_context():
        own = {"category_slug": "own", "category_title": "Own", "category_style": "own"}
        entry = {"learner_id": 1, "kind": "own", "title": "A course that somebody went to " * 5, "credits": 1} | own
        entry |= {"claimed_credits": 1, "learned_on": now.date(), "recorded_at": now}
        entries, notes = Base.metadata.tables["entry"], Base.metadata.tables["note"]
        modules = Base.metadata.tables["module"]
        kept = db.session.execute(select(modules)).mappings().first()
        for start in range(0, 10_000, 1_000):
            slugs = [f"more-{number}" for number in range(start, start + 1_000)]
            rows = [{**kept, "id": None, "slug": slug, "title": slug} for slug in slugs]
            for row in rows:
                del row["id"]
            db.session.execute(insert(modules), rows)
            ids = db.session.scalars(select(modules.c.id).where(modules.c.slug.in_(slugs))).all()
            beside = {"learner_id": 1, "kind": "module", "changed_at": now, "text": "What I noted. " * 140}
            db.session.execute(insert(notes), [{**beside, "document_id": each} for each in ids])
            db.session.execute(insert(entries), [entry] * 2_000)
        db.session.commit()

        class Nowhere(io.RawIOBase):
            size = 0

            def write(self, data):
                self.size += len(data)
                return len(data)

        file = Nowhere()
        tracemalloc.start()
        write_archive(file, all_owned(), Heading("Daybook", 1, now, "Europe/London"))
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
    assert peak < 6 * 1024 * 1024, f"{peak / 1e6:.1f} MB for 20 MB of notes"
