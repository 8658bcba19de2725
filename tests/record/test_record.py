"""The CPD record: every entry once, newest first, and sums that are exact."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from html import unescape

import pytest
from sqlalchemy import insert, select
from sqlalchemy.exc import IntegrityError

from cpd.auth.models import Account
from cpd.db import db
from cpd.pages.models import Page
from cpd.record.models import Entry
from cpd.record.queries import PAGE

FIRST = date(2026, 1, 1)


@pytest.fixture(autouse=True)
def documents(app):
    """The pages that a learner consents to, without publishing anything."""
    pages = [
        {"slug": slug, "title": slug, "status": "published", "version": "2026-11-23"} for slug in ("terms", "privacy")
    ]
    with app.app_context():
        db.session.execute(insert(Page), pages)
        db.session.commit()


@pytest.fixture
def record(app):
    """Puts own entries into the record of the account with an address, by their credits; the last is the newest."""

    def add(email: str, *worth: str, a_day: int = 1) -> None:
        with app.app_context():
            learner = db.session.execute(select(Account.id).where(Account.email_canon == email)).scalar_one()
            for number, each in enumerate(worth):
                db.session.execute(insert(Entry).values(**own_entry(learner, each, number, number // a_day)))
            db.session.commit()

    return add


def own_entry(learner_id, worth, number, days):
    return {
        "learner_id": learner_id,
        "kind": "own",
        "title": f"Course {number}",
        "category_slug": "course",
        "category_title": "Course",
        "category_style": "ext",
        "credits": Decimal(worth),
        "claimed_credits": Decimal(worth),
        "learned_on": FIRST + timedelta(days=days),
        "recorded_at": datetime(2026, 1, 1, tzinfo=UTC),
    }


def titles_in(page: str) -> list[str]:
    return re.findall(r'<h3 class="mod__title mt-2">(.*?)</h3>', page)


def total_in(page: str) -> str:
    return re.search(r'class="total__sum"><strong>(.*?)</strong>', page)[1]


def test_an_empty_record_says_how_to_fill_it(client, sign_in):
    sign_in()
    page = client.get("/record/").text
    assert "Nothing recorded yet" in page
    assert 'href="/modules/">Find a module' in page


def test_the_newest_learning_comes_first(client, sign_in, record):
    sign_in()
    record("amara@example.org", "0.05", "0.10", "0.15")
    assert titles_in(client.get("/record/").text) == ["Course 2", "Course 1", "Course 0"]


def test_credits_show_two_places(client, sign_in, record):
    sign_in()
    record("amara@example.org", "1", "0.5", "10.05")
    page = client.get("/record/").text
    assert re.findall(r'entry__cr">([\d.]+)<', page) == ["10.05", "0.50", "1.00"]


@pytest.mark.parametrize(
    ("worth", "total"),
    [(["0.05"] * 40, "2.00"), (["0.15", "0.70", "1.15", "33.35", "0.10"], "35.45"), (["999.95", "0.05"], "1000.00")],
)
def test_the_sum_is_exact(client, sign_in, record, worth, total):
    sign_in()
    record("amara@example.org", *worth)
    page = client.get("/record/").text
    assert total_in(page) == total
    assert f"credits from {len(worth)} activities" in page


@pytest.mark.parametrize("a_day", [1, 7, PAGE * 3], ids=["a day each", "seven a day", "all on one day"])
def test_pages_show_every_entry_exactly_once_and_the_sum_of_all(client, sign_in, record, a_day):
    count = PAGE * 2 + 3
    sign_in()
    record("amara@example.org", *["0.05"] * count, a_day=a_day)

    seen, url = [], "/record/"
    while url:
        page = client.get(url).text
        assert total_in(page) == f"{count * 5 / 100:.2f}"
        seen += titles_in(page)
        found = re.search(r'rel="next" href="([^"]+)"', page)
        url = unescape(found[1]) if found else None

    assert seen == [f"Course {number}" for number in reversed(range(count))]


def test_a_full_page_without_more_has_no_next(client, sign_in, record):
    sign_in()
    record("amara@example.org", *["0.05"] * PAGE)
    assert 'rel="next"' not in client.get("/record/").text


def test_no_learner_sees_anothers_entries(app, client, sign_in, register, record):
    sign_in()
    record("amara@example.org", "5.00")
    other = app.test_client()
    register(other, email="ben@example.org")
    assert "Nothing recorded yet" in other.get("/record/").text
    assert titles_in(client.get("/record/").text) == ["Course 0"]


BAD_PLACES = ("", ".", "2026-11-02", "2026-11-02.", "2026-13-45.7", "x.7", "2026-11-02.x", "2026-11-02_7", "x" * 9_000)
HOSTILE_PLACES = ("%00.7", "2026-11-02.7%00x", "%ED%A0%80.1", "2026-11-02.%00")
BEYOND = ("2026-11-02.-1", "2026-11-02.99999999999999999999", "0001-01-01.1", "9999-12-31.1")


def test_a_place_that_cannot_be_is_a_page_that_does_not_exist(client, sign_in):
    sign_in()
    places = (*BAD_PLACES, *HOSTILE_PLACES)
    answers = {place: client.get(f"/record/?after={place}").status_code for place in places}
    assert answers == dict.fromkeys(places, 404)


def test_a_place_beyond_all_entries_is_a_page(client, sign_in):
    sign_in()
    answers = {place: client.get(f"/record/?after={place}").status_code for place in BEYOND}
    assert answers == dict.fromkeys(BEYOND, 200)


def test_a_claim_shows_beside_what_the_module_gives(app, client, sign_in, record):
    sign_in()
    record("amara@example.org", "1.50")
    with app.app_context():
        db.session.execute(Entry.__table__.update().values(claimed_credits=Decimal("0.75")))
        db.session.commit()
    page = client.get("/record/").text
    assert "0.75<small>of 1.50 credits" in page
    assert total_in(page) == "0.75"


@pytest.mark.parametrize(
    "changes",
    [
        {"claimed_credits": Decimal("1.05")},
        {"claimed_credits": Decimal("-0.05")},
        {"kind": "gift"},
        {"kind": "module"},
        {"learner_id": 99},
    ],
    ids=["more than it gives", "below nothing", "unknown kind", "module without its facts", "nobody's"],
)
def test_the_database_itself_refuses_an_entry_that_cannot_be_true(app, sign_in, changes):
    sign_in()
    with app.app_context(), pytest.raises(IntegrityError):
        db.session.execute(insert(Entry).values(**own_entry(1, "1.00", 1, 1) | changes))
