"""What a backup holds and what comes back."""

from __future__ import annotations

import hashlib
import json
import stat
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
from sqlalchemy import text

from cpd import create_app
from cpd.auth.emails import read_email
from cpd.db import db
from tests.backups.carrying import EMAIL, PNG, PROJECT, bring_back, make, names_in, of_sqlite
from tests.browser.serving import environment
from tests.conftest import PASSWORD
from tests.pages import token_in


def test_every_row_comes_back(filled, file, elsewhere, rows):
    made = make(file, filled)
    restored = bring_back(file, elsewhere)

    assert made == restored
    assert (made.accounts, made.entries, made.made_at) == (1, 1, "2026-11-23T09:30:00+00:00")
    there = rows(elsewhere)
    assert there == rows(filled)
    assert there["entry"]
    assert there["picture"]


def test_sessions_passwords_pages_and_pictures_work_in_what_was_restored(filled, file, elsewhere, client, client_of):
    make(file, filled)
    bring_back(file, elsewhere)

    restored = client_of(elsewhere)
    for cookie in client._cookies.values():
        restored.set_cookie(cookie.key, cookie.value)
    assert "sepsis" in restored.get("/record/").text
    page = restored.get("/modules/pictured").text
    address = page.partition('src="/pictures/')[2].partition('"')[0]
    assert restored.get(f"/pictures/{address}").data == PNG

    stranger = client_of(elsewhere)
    token = token_in(stranger.get("/auth/sign-in").text)
    answer = stranger.post("/auth/sign-in", data={"csrf_token": token, "email": EMAIL, "password": PASSWORD})
    assert answer.status_code == 303


def test_new_rows_get_new_numbers_in_what_was_restored(made, elsewhere):
    bring_back(made, elsewhere)

    app = create_app(elsewhere)
    with app.app_context():
        values = {"email": "new@example.org", "canon": read_email("new@example.org").canon}
        adding = text(
            "INSERT INTO account (email, email_canon, name, password_hash, profession, registration_body,"
            " registration_number, role, zone, created_at)"
            " SELECT :email, :canon, name, password_hash, profession, registration_body, registration_number, role,"
            " zone, created_at FROM account RETURNING id"
        )
        added = db.session.execute(adding, values).scalar_one()
        db.session.commit()
        db.session.remove()
        db.engine.dispose()
    assert added == 2


@of_sqlite
def test_a_backup_is_for_its_owner_alone_and_leaves_nothing_beside_it(filled, file):
    make(file, filled)
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert names_in(file.parent) == ["cpd.zip"]


def test_a_backup_is_a_zip_whose_parts_have_the_sums_of_its_manifest(filled, file):
    make(file, filled)
    with zipfile.ZipFile(file) as archive:
        manifest = json.loads(archive.read("manifest.json"))
        sums = {
            name: {"bytes": len(archive.read(name)), "sha256": hashlib.sha256(archive.read(name)).hexdigest()}
            for name in archive.namelist()
            if name != "manifest.json"
        }
    assert manifest["members"] == sums
    assert list(sums) == ["database.sqlite" if filled.on_sqlite else "database.dump"]


def test_a_database_without_tables_is_restored_into(filled, file, elsewhere, rows):
    make(file, filled)
    app = create_app(elsewhere)
    with app.app_context():
        if elsewhere.on_sqlite:
            Path(db.engine.url.database).unlink()
        else:
            with db.engine.begin() as connection:
                connection.execute(text("DROP SCHEMA public CASCADE"))
                connection.execute(text("CREATE SCHEMA public"))
        db.engine.dispose()

    bring_back(file, elsewhere)

    assert rows(elsewhere) == rows(filled)


# Keeps writing entries, each with its attempt in one transaction, and prints the number of each that is recorded.
WRITER = """
from itertools import count
from sqlalchemy import text
from cpd import create_app
from cpd.db import db, reading_engine

ATTEMPT = text(
    "INSERT INTO attempt (learner_id, module_id, revision_id, token, edition, creditable, answers, started_at,"
    " submitted_at, score, out_of, pass_mark, passed) SELECT learner_id, module_id, revision_id, :token, edition,"
    " creditable, answers, started_at, submitted_at, score, out_of, pass_mark, passed FROM attempt ORDER BY id LIMIT 1"
    " RETURNING id"
)
ENTRY = text(
    "INSERT INTO entry (learner_id, kind, title, category_slug, category_title, category_style, module_slug,"
    " module_id, revision_id, revision_number, attempt_id, edition, score, out_of, pass_mark, credits,"
    " claimed_credits, learned_on, recorded_at) SELECT learner_id, kind, title, category_slug, category_title,"
    " category_style, module_slug, module_id, revision_id, revision_number, :attempt, :edition, score, out_of,"
    " pass_mark, credits, claimed_credits, learned_on, recorded_at FROM entry ORDER BY id LIMIT 1"
)
with create_app().app_context():
    for number in count(2):
        attempt = db.session.execute(ATTEMPT, {"token": f"token {number}"}).scalar_one()
        db.session.execute(ENTRY, {"attempt": attempt, "edition": number})
        db.session.commit()
        print(number, flush=True)
"""


@pytest.fixture
def writer(filled):
    """Another process that writes awards until the test ends."""
    process = subprocess.Popen(
        [sys.executable, "-c", WRITER], env=environment(filled), cwd=PROJECT, stdout=subprocess.PIPE, text=True
    )
    yield process
    process.kill()
    process.wait()
    process.stdout.close()


def test_a_backup_made_while_another_process_writes_has_all_that_was_recorded_before(
    filled, file, elsewhere, rows, writer
):
    recorded = [int(writer.stdout.readline()) for _ in range(20)][-1]
    manifest = make(file, filled)
    assert writer.poll() is None
    later = int(writer.stdout.readline())

    bring_back(file, elsewhere)

    there = rows(elsewhere)
    assert later > recorded
    assert len(there["entry"]) == len(there["attempt"]) == manifest.entries
    assert manifest.entries >= recorded
    assert len(rows(filled)["entry"]) >= later
