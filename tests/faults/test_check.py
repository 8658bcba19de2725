"""The check itself: each kind of damage is found, so that a fault that does it would be."""

from __future__ import annotations

import pytest
from sqlalchemy import NullPool, create_engine, text

from tests.conftest import SECRET_KEY
from tests.faults.awarding import nonce_in
from tests.faults.check import Ledger, check, find_faults
from tests.faults.editions import write_version
from tests.pages import hidden_in, token_in

DAMAGES = {
    "an entry is gone": ("DELETE FROM entry", "is not recorded"),
    "an attempt is another learner's": ("UPDATE attempt SET learner_id = 2", "was sent by nobody"),
    "an attempt that nobody sent": ("UPDATE attempt SET token = 'other'", "was sent by nobody"),
    "credits that were not earned": ("UPDATE entry SET credits = 99, claimed_credits = 99", "and earned 0.50"),
    "a pass that was none": ("UPDATE attempt SET passed = false", "is recorded and was not passed"),
    "a live pointer to nothing": ("UPDATE module SET live_rendering_id = 999", "does not lead to"),
    "another document's revision": (
        "UPDATE module SET live_revision_id = (SELECT max(id) FROM module_revision) WHERE slug = 'm0'",
        "does not lead to",
    ),
    "a count that is wrong": ("UPDATE category SET count = 7 WHERE slug = 'red-flags'", "counts 7 modules"),
    "a specialty's count that is wrong": ("UPDATE specialty SET count = 7", "counts 7 modules"),
    "a card with an old title": ("UPDATE module SET title = 'old' WHERE slug = 'm0'", "is listed as 'old'"),
    "a mention that is gone": ("DELETE FROM mention", "the mentions are not"),
    "a class that is gone": ("DELETE FROM monograph_term WHERE kind = 'class'", "are not those that they state"),
    "a class's count that is wrong": ("UPDATE term SET count = 7 WHERE kind = 'class'", "counts 7 monographs"),
    "a company under another name": ("UPDATE term SET title = 'Other' WHERE kind = 'company'", "is called 'Other'"),
    "a class that no list knows": ("DELETE FROM term", "is stated and is no term"),
    "a module that cannot be found": ("UPDATE search_document SET gone = true WHERE slug = 'm0'", "m0 is online as"),
    "a title that is found no more": ("UPDATE search_document SET title = 'old' WHERE slug = 'm0'", "found as 'old'"),
    "a release that is missing": ("UPDATE release SET number = 3", "the releases are [3]"),
}


@pytest.fixture
def ledger(settings, client, sign_in, republish) -> Ledger:
    """A site on which one learner has passed one module, and what that learner knows."""
    write_version(settings.content_folder, 0, modules=2)
    republish()
    sign_in()
    page = client.get("/modules/m0/assessment").text
    fields = {"csrf_token": token_in(page), "attempt": hidden_in(page, "attempt"), "q1": "a"}
    answer = client.post("/modules/m0/assessment", data=fields)
    ledger = Ledger()
    ledger.send(nonce_in(fields["attempt"], SECRET_KEY), 1, "m0")
    ledger.acknowledge(nonce_in(fields["attempt"], SECRET_KEY), int(answer.location.rsplit("/", 1)[1]))
    return ledger


@pytest.mark.parametrize(("damage", "words"), DAMAGES.values(), ids=DAMAGES)
def test_damage_is_found(settings, ledger, damage, words):
    check(settings, ledger)
    engine = create_engine(settings.database_url, poolclass=NullPool)
    with engine.begin() as connection:
        if not settings.on_sqlite:
            connection.execute(text("SET session_replication_role = replica"))  # keys are not looked after
        connection.execute(text(damage))
    faults = find_faults(settings, ledger)
    assert any(words in fault for fault in faults), faults
