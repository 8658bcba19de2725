"""Deleting an account: the pause, what goes, what stays, and who comes first when things happen at once."""

from __future__ import annotations

import threading
import zipfile
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from sqlalchemy import select, text, update

from cpd.auth.events import BEGINNING, first_break, tied_hash
from cpd.auth.my_data import services
from cpd.auth.my_data.jobs import delete_due_accounts
from cpd.auth.services import sign_in
from cpd.backups.making import back_up
from cpd.db import Base, db
from cpd.record.notes import save_note
from tests.auth.browser import ANN, PASSWORD
from tests.auth.my_data.conftest import MARK, SECRETS, used_by
from tests.auth.my_data.test_download import owners

PAUSE = timedelta(days=14)
DELETE, KEEP = "/auth/my-data/delete", "/auth/my-data/keep"
# What Ann typed or is called by, and what only she has.
HERS = (MARK, ANN["email"], "7654321", "A note of", "Beside a module", "first line", "old copy of", *SECRETS[1:])


def after_the_pause(**more: float) -> time_machine.travel:
    return time_machine.travel(datetime.now(UTC) + PAUSE + timedelta(minutes=1, **more))


def found_in(app, words: Iterable[str]) -> list[str]:
    """Where in the database one of these words stands, in whatever column."""
    found = []
    with app.app_context():
        for table in Base.metadata.tables.values():
            for row in db.session.execute(select(table)).mappings():
                for column, value in row.items():
                    said = value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)
                    found += [f"{table.name}.{column}: {word}" for word in words if word.lower() in said.lower()]
    return found


def rows_owned(app, account_id: int) -> dict[str, int]:
    with app.app_context():
        return {
            name: len(db.session.execute(select(table).where(table.c[owners()[name]] == account_id)).all())
            for name, table in Base.metadata.tables.items()
            if name in owners()
        }


@pytest.fixture
def leaving(ann):
    """Ann, who has asked for her account to be deleted."""
    assert ann.send(DELETE).status_code == 303
    return ann


# Asking, and the pause


def test_the_page_says_what_goes_and_what_stays_before_anything_happens(ann, rows_of):
    page = ann.get(DELETE).text
    assert "What is deleted" in page
    assert "What stays, and why" in page
    assert "Nothing is deleted at once" in page
    assert rows_of("account")[0]["deletion_due_at"] is None


@pytest.mark.usefixtures("leaving")
def test_asking_leaves_everything_as_it_is_for_two_weeks(app, rows_of, work_off):
    [account] = rows_of("account")
    assert PAUSE - timedelta(minutes=1) < account["deletion_due_at"] - datetime.now(UTC) <= PAUSE
    before = rows_owned(app, 1)
    with time_machine.travel(datetime.now(UTC) + PAUSE - timedelta(minutes=1)):
        work_off()
    assert rows_owned(app, 1) == before | {"token": 0, "download": 0}  # their time is over by then
    assert rows_of("account") == [account]


@pytest.mark.usefixtures("leaving")
def test_the_owner_is_told_by_mail_when_it_will_happen(rows_of, work_off):
    due_on = rows_of("account")[0]["deletion_due_at"]
    [mail] = [mail for mail in work_off() if mail.subject == "Your account will be deleted"]
    assert mail.to == ANN["email"]
    assert f"{due_on.day} {due_on:%B %Y}" in mail.text


def test_every_page_says_so_with_the_way_back(leaving, rows_of):
    due_on = rows_of("account")[0]["deletion_due_at"]
    for path in ("/", "/auth/account", "/modules/sepsis", "/record/", DELETE):
        page = leaving.get(path).text
        assert f"{due_on.day} {due_on:%B %Y}" in page, path
        assert f'action="{KEEP}"' in page, path


@pytest.mark.usefixtures("leaving")
def test_nobody_else_is_shown_that(new_browser):
    other = new_browser(address="198.51.100.7")
    other.register(name="Bo Sample", email="bo@example.org")
    for browser in (other, new_browser()):
        for path in ("/", "/modules/", "/monographs/"):
            assert "will be deleted" not in browser.get(path).text


def test_asking_again_does_not_begin_the_pause_anew(leaving, rows_of):
    before = rows_of("account")[0]["deletion_due_at"]
    with time_machine.travel(datetime.now(UTC) + timedelta(minutes=5)):
        page = leaving.get(DELETE)
        assert leaving.post(DELETE, page).status_code == 303
    assert rows_of("account")[0]["deletion_due_at"] == before
    assert [row["kind"] for row in rows_of("event")].count("deletion_asked") == 1


def test_asking_needs_a_proof_that_is_not_old(ann, rows_of):
    with time_machine.travel(datetime.now(UTC) + timedelta(minutes=16)):
        page = ann.send(DELETE)
        assert page.status_code == 403
        assert rows_of("account")[0]["deletion_due_at"] is None
        again = ann.post("/auth/again", page, password=PASSWORD)
        assert ann.post(DELETE, again).status_code == 303
    assert rows_of("account")[0]["deletion_due_at"] is not None


def test_signing_in_goes_on_during_the_pause(new_browser):
    browser = new_browser()
    browser.register()
    browser.send(DELETE)
    with time_machine.travel(datetime.now(UTC) + timedelta(days=13)):
        again = new_browser()
        assert again.sign_in().status_code == 303
        assert "will be deleted" in again.get("/").text


def test_keeping_the_account_undoes_it(leaving, app, rows_of, work_off):
    page = leaving.get("/auth/account")
    assert leaving.post(KEEP, page).location == "/auth/account"
    assert "Your account is kept" in leaving.get("/auth/account").text
    assert "will be deleted" not in leaving.get("/").text
    assert "Your account stays" in [mail.subject for mail in work_off()]
    assert [row["kind"] for row in rows_of("event")].count("deletion_withdrawn") == 1
    with after_the_pause():
        work_off()
    assert rows_of("account")[0]["deleted_at"] is None
    assert rows_owned(app, 1)["entry"] == 1


def test_keeping_what_nobody_wants_to_delete_changes_nothing(ann, rows_of):
    before = rows_of("account"), rows_of("event")
    assert ann.post(KEEP, ann.get("/auth/account")).status_code == 303
    assert (rows_of("account"), rows_of("event")) == before


# Deleting


@pytest.mark.usefixtures("leaving")
def test_nothing_of_the_owner_is_left_anywhere(app, rows_of, work_off):
    assert set(rows_owned(app, 1).values()) & {0} == set()
    assert found_in(app, HERS)
    with after_the_pause():
        work_off()
        assert [(mail.to, mail.subject) for mail in work_off()] == [(ANN["email"], "Your account is deleted")]
    assert found_in(app, HERS) == []
    assert rows_owned(app, 1) == {name: int(name == "event") for name in owners()}
    [account] = rows_of("account")
    assert account["deleted_at"] == account["created_at"]
    assert (account["email"], account["name"], account["password_hash"], account["profession"]) == (
        "deleted-1",
        "",
        "",
        "",
    )
    assert (account["role"], account["zone"], account["deletion_due_at"]) == ("learner", "UTC", None)


@pytest.mark.usefixtures("leaving")
def test_a_backup_that_is_made_afterwards_holds_nothing_of_the_owner(settings, tmp_path, work_off):
    def backup(name: str) -> bytes:
        file = tmp_path / f"{name}.zip"
        back_up(file, settings, now=datetime.now(UTC), progress=lambda items, _: items)
        with zipfile.ZipFile(file) as archive:
            return b"".join(archive.read(each) for each in archive.namelist())

    if not settings.on_sqlite:
        pytest.skip("pg_dump writes rows in a form of its own, compressed; what it reads is searched above")
    assert MARK.encode() in backup("before")
    with after_the_pause():
        work_off()
        work_off()
    after = backup("after")
    assert [word for word in HERS if word.encode() in after] == []


@pytest.mark.usefixtures("leaving")
def test_one_line_says_that_it_was_deleted_and_begins_the_chain_anew(rows_of, work_off):
    with after_the_pause():
        work_off()
    [line] = [row for row in rows_of("event") if row["account_id"] == 1]
    assert (line["number"], line["kind"], line["detail"]) == (1, "deleted", {})
    assert line["hash"] == tied_hash(BEGINNING, 1, 1, "deleted", line["at"], {})


def test_every_session_is_dead_and_the_password_opens_nothing(leaving, new_browser, work_off):
    with after_the_pause():
        work_off()
        assert not leaving.signed_in
        answer = new_browser().sign_in()
    assert answer.status_code == 422
    assert "The e-mail address or the password is wrong" in answer.text


@pytest.mark.usefixtures("leaving")
def test_the_address_may_register_again_with_an_empty_record(new_browser, rows_of, work_off):
    with after_the_pause():
        work_off()
        again = new_browser()
        assert again.register().status_code == 303
        assert [row["id"] for row in rows_of("account")] == [1, 2]
        assert "Sepsis in adults" not in again.get("/record/").text


@pytest.mark.usefixtures("leaving")
def test_others_lose_nothing(site, new_browser, work_off):
    used_by(site, new_browser(address="198.51.100.9"), email="bo@example.org", mark="Bo Sample")
    before = rows_owned(site, 2)
    with after_the_pause():
        work_off()
    passing = {"token": 0, "download": 0}  # their time is over by then
    assert rows_owned(site, 2) == before | passing
    assert len(found_in(site, ["Bo Sample"])) > 5


@pytest.mark.usefixtures("leaving")
def test_doing_it_again_changes_nothing(app, rows_of, work_off):
    with after_the_pause():
        work_off()
        before = {name: len(rows_of(name)) for name in ("account", "event", "session")}
        line = rows_of("event")
        with app.app_context():
            for _ in range(2):
                delete_due_accounts(now=datetime.now(UTC))
        assert {name: len(rows_of(name)) for name in before} == before
        assert rows_of("event") == line


@pytest.mark.usefixtures("leaving")
def test_it_happens_wholly_or_not_at_all(app, rows_of, work_off, monkeypatch):
    def fail(*_, **__):
        raise RuntimeError("the last step fails")

    before = rows_owned(app, 1), rows_of("account")
    monkeypatch.setattr(services, "tell", fail)
    with after_the_pause(), app.app_context():
        with pytest.raises(RuntimeError):
            delete_due_accounts(now=datetime.now(UTC))
        db.session.rollback()
    assert (rows_owned(app, 1), rows_of("account")) == before
    monkeypatch.undo()
    with after_the_pause():
        work_off()
    assert found_in(app, [MARK]) == []


@pytest.mark.usefixtures("leaving")
def test_the_last_mail_is_not_withdrawn_before_it_is_sent(app, rows_of, work_off):
    with after_the_pause(), app.app_context():
        for _ in range(3):
            delete_due_accounts(now=datetime.now(UTC))
    assert [row["payload"]["notice"] for row in rows_of("outbox")] == ["deleted"]
    with after_the_pause():
        assert [mail.to for mail in work_off()] == [ANN["email"]]
    assert rows_of("outbox") == []


# At once


@pytest.mark.usefixtures("leaving")
def test_what_a_request_wrote_that_was_under_way_is_swept_up(app, work_off):
    """Whoever signs in, or saves, at the moment of deleting may write after it: it goes within the hour."""
    with after_the_pause():
        work_off()
        with app.app_context():
            now = datetime.now(UTC)
            sign_in(1, user_agent=f"Browser of {MARK}", network="192.0.2.1", now=now, replaces=None, new_device=True)
            save_note(learner_id=1, kind="monograph", document_id=1, text=f"A note of {MARK}", now=now)
            db.session.commit()
        assert found_in(app, [MARK])
    with after_the_pause(hours=2):
        work_off()
    assert found_in(app, HERS) == []
    with app.app_context():
        events = Base.metadata.tables["event"]
        lines = db.session.execute(select(events).where(events.c.account_id == 1).order_by(events.c.number)).all()
    assert [line.kind for line in lines] == ["deleted"]
    assert first_break(lines) is None


def test_of_keeping_and_deleting_at_once_one_wins_wholly(site, new_browser, app, rows_of):
    """Ten times, the two at the same moment: either everything is there, or nothing."""
    accounts = []
    for number in range(10):
        browser = new_browser(address=f"198.51.100.{number}")
        used_by(site, browser, email=f"a{number}@example.org", mark=f"Person {number}")
        browser.send(DELETE)
        accounts.append(number + 1)
    moment = datetime.now(UTC) + PAUSE + timedelta(minutes=1)
    ready = threading.Barrier(2)

    def delete() -> None:
        for account_id in accounts:
            with app.app_context():
                ready.wait()
                services.delete_account(account_id, now=moment)
                db.session.commit()

    def keep() -> None:
        for account_id in accounts:
            with app.app_context():
                ready.wait()
                services.keep_account(account_id, now=moment)
                db.session.commit()

    threads = [threading.Thread(target=each) for each in (delete, keep)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    kept = [row["id"] for row in rows_of("account") if row["deleted_at"] is None]
    for account_id in accounts:
        owned = rows_owned(app, account_id)
        if account_id in kept:
            assert owned["entry"] == owned["attempt"] - 1 == 1
        else:
            assert owned == {name: int(name == "event") for name in owners()}


def make_administrator(app, *account_ids: int) -> None:
    with app.app_context():
        accounts = Base.metadata.tables["account"]
        db.session.execute(update(accounts).where(accounts.c.id.in_(account_ids)).values(role="administrator"))
        db.session.commit()


def test_the_last_administrator_is_told_to_find_another_one_first(ann, app, rows_of):
    make_administrator(app, 1)
    answer = ann.send(DELETE)
    assert answer.status_code == 409
    assert "You are the last administrator" in answer.text
    assert rows_of("account")[0]["deletion_due_at"] is None


def test_an_administrator_may_go_while_another_one_stays(ann, app, new_browser, rows_of, work_off):
    other = new_browser(address="198.51.100.7")
    other.register(name="Bo Sample", email="bo@example.org")
    make_administrator(app, 1, 2)
    assert ann.send(DELETE).status_code == 303
    assert other.send(DELETE).status_code == 409
    with after_the_pause():
        work_off()
    assert [row["deleted_at"] is None for row in rows_of("account")] == [False, True]


def test_who_has_become_the_last_administrator_meanwhile_is_not_deleted(ann, app, new_browser, rows_of, work_off):
    other = new_browser(address="198.51.100.7")
    other.register(name="Bo Sample", email="bo@example.org")
    make_administrator(app, 1, 2)
    ann.send(DELETE)
    with app.app_context():
        db.session.execute(text("UPDATE account SET disabled_at = created_at WHERE id = 2"))
        db.session.commit()
    with after_the_pause():
        work_off()
    assert rows_of("account")[0]["deleted_at"] is None
