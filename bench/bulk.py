"""Rows by the million, written by SQL alone under the product's own indexes: copies of published ones, and learners.

Only SQLite is filled. Each function commits. Copies keep the source, HTML and parts of what they are copied from.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Mapping
from datetime import date
from pathlib import Path

from cpd.auth.tokens import token_hash

ENTRIES_EACH = 25  # of a learner who has any; they have failed one module besides
NOW = "2026-11-01 09:00:00.000000"
NEWEST, DAYS_OF_REVIEWS = date(2026, 10, 1), 900  # copied modules were reviewed on any day of those before
NUMBERS = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < :count)"
LEAST_COMPANIES = 300  # so that their list has a second page
MENTIONS_EACH = 15  # drugs named in a copied module
NAMED_EVERYWHERE = "warfarin"
ANSWERS = json.dumps({f"q{number}": ["a"] for number in range(1, 8)} | {"q8": "42"})


def connect(database: Path) -> sqlite3.Connection:
    """A connection for filling a database that nothing else has open: fast, and careless of power cuts."""
    connection = sqlite3.connect(database)
    for pragma in ("journal_mode=OFF", "synchronous=OFF", "foreign_keys=OFF", "cache_size=-400000"):
        connection.execute(f"PRAGMA {pragma}")
    return connection


def module_slug(number: int) -> str:
    """The slug of the copy with this number, from 1."""
    return f"module-{number}"


def drug_slug(number: int) -> str:
    return f"drug-{number}"


def token_of(account_id: int) -> str:
    """The session token of an account."""
    return f"{account_id:043d}"


def passed_module(account_id: int, modules: int, number: int = 0) -> int:
    """The number of the copy that a learner with entries passed; `number` below ENTRIES_EACH says which of them."""
    return (account_id * 31 + number) % modules + 1


def failed_module(account_id: int, modules: int) -> int:
    """The number of the copy that a learner with entries has failed and never passed."""
    return passed_module(account_id, modules, ENTRIES_EACH)


def attempt_of(account_id: int, number: int) -> int:
    """The id of an attempt of a learner with entries: 0 to ENTRIES_EACH - 1 are passed, ENTRIES_EACH is failed."""
    return (account_id - 1) * (ENTRIES_EACH + 1) + number + 1


def add_modules(connection: sqlite3.Connection, count: int) -> None:
    """Copy the made-up modules that were published until there are so many copies."""
    _copy(
        connection,
        "module",
        "slug LIKE 'topic-%'",
        count,
        {
            "title": "old.title || ' ' || i",
            "reviewed_on": f"date('{NEWEST}', '-' || (i * 7919 % {DAYS_OF_REVIEWS}) || ' days')",
        },
    )
    connection.execute(
        "INSERT INTO module_specialty (module_id, specialty_slug)"
        " SELECT new_id, specialty_slug FROM copied JOIN module_specialty ON module_id = old_id"
    )
    drugs = connection.execute("SELECT count(*) FROM monograph WHERE slug LIKE 'drug-%'").fetchone()[0]
    connection.execute(
        f"{NUMBERS} INSERT INTO mention (monograph_slug, module_id, module_slug, title, category_slug, category_title,"
        " category_style, credits)"
        " SELECT 'drug-' || ((copied.i * :each + n.i) % :drugs + 1), m.id, m.slug, m.title, c.slug, c.title, c.style,"
        " m.credits FROM copied JOIN module m ON m.id = new_id JOIN category c ON c.slug = m.category_slug JOIN n"
        f" UNION ALL SELECT '{NAMED_EVERYWHERE}', m.id, m.slug, m.title, c.slug, c.title, c.style, m.credits"
        " FROM copied JOIN module m ON m.id = new_id JOIN category c ON c.slug = m.category_slug",
        {"count": MENTIONS_EACH, "each": MENTIONS_EACH, "drugs": drugs},
    )
    connection.commit()


def add_monographs(connection: sqlite3.Connection, count: int) -> None:
    """Copy the sample monographs until there are so many copies."""
    _copy(
        connection,
        "monograph",
        "1",
        count,
        {
            "name": "old.name || ' ' || i",
            "sort_name": "char(97 + i % 26) || ' ' || old.sort_name || ' ' || i",
            "letter": "char(65 + i % 26)",
        },
        slug="drug",
    )
    _add_terms(connection, companies=max(count // 20, LEAST_COMPANIES))
    connection.commit()


def _add_terms(connection: sqlite3.Connection, companies: int) -> None:
    """Give copies the classes and indications of what they are copied from, and so many companies; count all anew."""
    number = "copied.i * 7919 % :companies"
    connection.execute(
        "INSERT INTO monograph_term (monograph_id, kind, slug, title, sort_name)"
        " SELECT new_id, t.kind, t.slug, t.title, m.sort_name FROM copied"
        " JOIN monograph_term t ON t.monograph_id = old_id AND t.kind <> 'company' JOIN monograph m ON m.id = new_id"
    )
    connection.execute(
        "INSERT INTO monograph_term (monograph_id, kind, slug, title, sort_name)"
        f" SELECT new_id, 'company', char(97 + {number} % 26) || '-maker-' || ({number}),"
        f" char(65 + {number} % 26) || ' maker ' || ({number}), m.sort_name"
        " FROM copied JOIN monograph m ON m.id = new_id",
        {"companies": companies},
    )
    connection.execute("DELETE FROM term")
    connection.execute(
        "INSERT INTO term (kind, slug, title, count) SELECT kind, slug, max(title), count(*) FROM monograph_term"
        " GROUP BY kind, slug"
    )


def _copy(
    connection: sqlite3.Connection, kind: str, which: str, count: int, listing: Mapping[str, str], slug: str = "module"
) -> None:
    """Copy documents with their live revisions and renderings. Leaves `copied`: (i, old_id, new_id)."""
    models = connection.execute(
        f"SELECT id, live_revision_id, live_rendering_id FROM {kind} WHERE {which} AND live_rendering_id IS NOT NULL"
        " ORDER BY slug"
    ).fetchall()
    connection.executescript(
        "DROP TABLE IF EXISTS copied; DROP TABLE IF EXISTS model;"
        "CREATE TEMP TABLE model (place INTEGER PRIMARY KEY, id, revision_id, rendering_id);"
        "CREATE TEMP TABLE copied (i INTEGER PRIMARY KEY, old_id, old_revision, old_rendering, new_id, new_revision,"
        " new_rendering);"
    )
    connection.executemany("INSERT INTO model VALUES (?, ?, ?, ?)", [(place, *row) for place, row in enumerate(models)])
    tables = {"new_id": kind, "new_revision": f"{kind}_revision", "new_rendering": f"{kind}_rendering"}
    last = {name: f"(SELECT max(id) FROM {table})" for name, table in tables.items()}
    connection.execute(
        f"{NUMBERS} INSERT INTO copied SELECT i, id, revision_id, rendering_id, i + {last['new_id']},"
        f" i + {last['new_revision']}, i + {last['new_rendering']} FROM n JOIN model ON place = i % :models",
        {"count": count, "models": len(models)},
    )
    pointers = {"live_revision_id": "new_revision", "live_rendering_id": "new_rendering"}
    made = {"id": "new_id", "slug": f"'{slug}-' || i", **pointers, **listing}
    _copy_rows(connection, kind, "old_id", made)
    _copy_rows(connection, f"{kind}_revision", "old_revision", {"id": "new_revision", "document_id": "new_id"})
    _copy_rows(connection, f"{kind}_rendering", "old_rendering", {"id": "new_rendering", "revision_id": "new_revision"})


def _copy_rows(connection: sqlite3.Connection, table: str, old: str, made: Mapping[str, str]) -> None:
    """Copy rows of a table, with some columns made anew; the others stay, whatever they are."""
    columns = [row[1] for row in connection.execute(f"PRAGMA table_info({table})")]
    values = ", ".join(made.get(column, f"old.{column}") for column in columns)
    connection.execute(
        f"INSERT INTO {table} ({', '.join(columns)}) SELECT {values} FROM copied JOIN {table} old ON old.id = {old}"
        " ORDER BY i"
    )


def add_accounts(connection: sqlite3.Connection, count: int, password_hash: str) -> None:
    """Make accounts 1 to `count`, each with one session. The caller's sessions begin in the past: freshen them."""
    connection.execute(
        f"{NUMBERS} INSERT INTO account (id, email, email_canon, name, password_hash, profession, registration_body,"
        " registration_number, role, zone, created_at)"
        " SELECT i, 'learner-' || i || '@example.org', 'learner-' || i || '@example.org', 'Learner ' || i, :hash,"
        f" 'Doctor', '', '', 'learner', 'Europe/London', '{NOW}' FROM n",
        {"count": count, "hash": password_hash},
    )
    connection.executemany(
        "INSERT INTO session (id, token_hash, account_id, created_at, last_seen_at, expires_at, user_agent)"
        f" VALUES (?, ?, ?, '{NOW}', '{NOW}', '{NOW}', 'bench')",
        ((account, token_hash(token_of(account)), account) for account in range(1, count + 1)),
    )
    connection.commit()


def add_entries(connection: sqlite3.Connection, learners: int) -> None:
    """Give learners 1 to `learners` a passed attempt and an entry for ENTRIES_EACH modules, and one failed attempt."""
    modules = connection.execute("SELECT count(*) FROM module WHERE slug LIKE 'module-%'").fetchone()[0]
    first = connection.execute("SELECT id FROM module WHERE slug = 'module-1'").fetchone()[0]
    values = {"learners": learners, "each": ENTRIES_EACH, "modules": modules, "first": first, "answers": ANSWERS}
    each = (
        "WITH RECURSIVE learner(a) AS (SELECT 1 UNION ALL SELECT a + 1 FROM learner WHERE a < :learners),"
        " sitting(j) AS (SELECT 0 UNION ALL SELECT j + 1 FROM sitting WHERE j < :each)"
    )
    at = f"datetime('{NOW}', '-' || (j * 29 + a % 29) || ' days') || '.000000'"
    connection.execute(
        f"{each} INSERT INTO attempt (id, learner_id, module_id, revision_id, token, edition, creditable, answers,"
        " started_at, submitted_at, score, out_of, pass_mark, passed)"
        " SELECT (a - 1) * (:each + 1) + j + 1, a, m.id, m.live_revision_id, printf('%016x%016x', a, j), m.edition, 1,"
        f" :answers, {at}, {at}, CASE WHEN j < :each THEN 8 ELSE 3 END, 8, 70, j < :each"
        " FROM learner CROSS JOIN sitting CROSS JOIN module m ON m.id = :first + (a * 31 + j) % :modules",
        values,
    )
    connection.execute(
        "INSERT INTO entry (learner_id, kind, title, category_slug, category_title, category_style, module_slug,"
        " module_id, revision_id, revision_number, attempt_id, edition, score, out_of, pass_mark, credits,"
        " claimed_credits, learned_on, recorded_at)"
        " SELECT a.learner_id, 'module', m.title, c.slug, c.title, c.style, m.slug, m.id, a.revision_id, 1, a.id,"
        " a.edition, a.score, a.out_of, a.pass_mark, m.credits, m.credits, date(a.submitted_at), a.submitted_at"
        " FROM attempt a JOIN module m ON m.id = a.module_id JOIN category c ON c.slug = m.category_slug"
        " WHERE a.passed ORDER BY a.id"
    )
    connection.commit()
