"""When modules are linked anew: whenever the names of drugs change, and at no other time."""

from __future__ import annotations

import random

import pytest

from cpd.content import publish as publishing
from cpd.content.drugs import Drugs
from cpd.modules import publishing as modules
from cpd.monographs import publishing as monographs

BODY = "## Drugs\n\nStart with zanidine, mobidine or Zanorel; never stop abafen.\n"


@pytest.fixture
def names_read(monkeypatch):
    """Counts how often the names of all drugs were read from the database."""
    times = []
    read = monographs.SHELF.published_facts
    monkeypatch.setattr(monographs.SHELF, "published_facts", lambda: times.append(1) or read())
    return times


@pytest.fixture
def stiffness(write_monograph, publish):
    """A module that names a drug, and two drugs."""
    write_monograph("zanidine", brand_names=["Zanorel"], source={"kind": "Label", "effective": "2020-01-01"})
    write_monograph("abafen")
    publish("stiffness", body=BODY)


@pytest.mark.usefixtures("stiffness")
@pytest.mark.parametrize(
    "facts",
    [
        {"body": "## Contraindications\n\n- Something new\n"},
        {"classes": ["Statin"], "company": "Example"},
        {"source": {"kind": "Label", "effective": "2020-02-02"}},
    ],
    ids=["text", "classes and company", "source"],
)
def test_a_monograph_that_keeps_its_names_links_nothing_anew(write_monograph, republish, names_read, facts):
    kept = {"brand_names": ["Zanorel"], "source": {"kind": "Label", "effective": "2020-01-01"}}
    write_monograph("zanidine", **{**kept, **facts})
    report = republish()
    assert (report.changed, report.relinked) == (["monograph/zanidine"], [])
    assert names_read == []


@pytest.mark.usefixtures("stiffness")
@pytest.mark.parametrize(
    "facts",
    [
        {"name": "Zanidine tablets"},
        {"generic_name": "zanidinum"},
        {"brand_names": ["Zanorel", "Zanomed"]},
        {"link_names": ["Zanorel"]},
        {"link_names": []},
        {"draft": ["brand_names"]},
        {"status": "withdrawn"},
        {"status": "draft"},
    ],
    ids=["name", "generic name", "brands", "link names", "no link names", "drafted", "withdrawn", "draft"],
)
def test_other_names_link_modules_anew(write_monograph, republish, facts):
    write_monograph("zanidine", **{"brand_names": ["Zanorel"], **facts})
    assert republish().relinked == ["module/stiffness"]


@pytest.mark.usefixtures("stiffness")
def test_a_monograph_that_is_new_links_modules_anew(write_monograph, republish):
    write_monograph("mobidine")
    assert republish().relinked == ["module/stiffness"]


@pytest.mark.usefixtures("stiffness")
def test_a_draft_that_nobody_has_seen_links_nothing_anew(write_monograph, republish, names_read):
    write_monograph("mobidine", status="draft")
    assert republish().relinked == []
    assert names_read == []


def test_many_monographs_are_compared_in_batches(write_monograph, publish, republish, monkeypatch, names_read):
    monkeypatch.setattr(publishing, "BATCH", 2)
    for number in range(5):
        write_monograph(f"drugnumber{number}")
    publish("stiffness", body=BODY)
    names_read.clear()
    for number in range(5):
        write_monograph(f"drugnumber{number}", company="Example")
    assert len(republish().changed) == 5
    assert names_read == []
    write_monograph("drugnumber3", company="Example", brand_names=["Zanorel"])
    for number in (0, 4):
        write_monograph(f"drugnumber{number}", company="Sample")
    assert republish().relinked == ["module/stiffness"]


def test_whatever_changes_modules_are_linked_with_the_names_of_the_live_monographs(
    app, write_monograph, publish, republish
):
    chance = random.Random("links")  # noqa: S311
    write_monograph("abafen")
    publish("stiffness", body=BODY)
    for _ in range(15):
        for slug in chance.sample(("zanidine", "mobidine", "statilol"), k=2):
            file = write_monograph(
                slug,
                status=chance.choice(["published", "published", "withdrawn", "draft"]),
                brand_names=chance.choice([["Zanorel"], ["Zanomed"], []]),
                link_names=chance.choice([None, None, ["Zanorel"], []]),
                company=chance.choice(["Example", "Sample"]),
            )
            if chance.random() < 0.2:
                file.unlink()
        try:
            republish()
        except publishing.ContentFaults:  # two want one name
            continue
        with app.app_context():
            anew = Drugs(monographs.SHELF.published_facts, [], None)
            assert modules.SHELF.names_hashes() == {anew.hash}
