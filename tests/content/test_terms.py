"""Publishing classes, indications and companies: the indexes are those of the live monographs after every publish."""

from __future__ import annotations

import random

import flask_migrate
import pytest
from sqlalchemy import delete, event, select, update

from cpd.db import db
from cpd.migrating import configure, migrate
from cpd.monographs.models import Monograph, MonographRendering, MonographTerm, Term
from tests.faults.check import find_faults


@pytest.fixture
def terms(app):
    """The terms that are published, as {(kind, title): number of monographs}."""

    def terms() -> dict[tuple[str, str], int]:
        with app.app_context():
            rows = db.session.execute(select(Term.kind, Term.title, Term.count.label("drugs"))).all()
        return {(row.kind, row.title): row.drugs for row in rows}

    return terms


@pytest.fixture
def listed(app):
    """The slugs of the monographs of a term."""

    def listed(kind: str, slug: str) -> list[str]:
        of_term = select(Monograph.slug).join(MonographTerm, MonographTerm.monograph_id == Monograph.id)
        with app.app_context():
            found = of_term.where(MonographTerm.kind == kind, MonographTerm.slug == slug)
            return list(db.session.execute(found.order_by(MonographTerm.sort_name)).scalars())

    return listed


@pytest.fixture
def written(app):
    """Notes each statement that changes something, until it is asked what there was."""
    statements: list[str] = []

    def note(_connection, _cursor, statement, *_):
        if statement.split(None, 1)[0] in ("INSERT", "UPDATE", "DELETE"):
            statements.append(statement)

    with app.app_context():
        engine = db.engine
    event.listen(engine, "before_cursor_execute", note)
    yield statements
    event.remove(engine, "before_cursor_execute", note)


def indications(*names: str) -> list[dict[str, str]]:
    return [{"name": name} for name in names]


def test_what_a_monograph_states_is_counted(write_monograph, republish, terms):
    write_monograph("zanidine", classes=["Statin"], indications=indications("Spasticity"), company="Example")
    write_monograph("abafen", classes=["Statin", "Opioid"])
    republish()
    assert terms() == {
        ("class", "Statin"): 2,
        ("class", "Opioid"): 1,
        ("indication", "Spasticity"): 1,
        ("company", "Example"): 1,
    }


def test_one_title_of_two_kinds_is_two_terms(write_monograph, republish, terms):
    write_monograph("zanidine", classes=["Sample"], company="Sample")
    republish()
    assert terms() == {("class", "Sample"): 1, ("company", "Sample"): 1}


@pytest.mark.parametrize(("key", "left"), [("classes", "indication"), ("indications", "class"), ("company", "class")])
def test_what_no_editor_has_confirmed_is_not_listed(write_monograph, republish, terms, key, left):
    facts = {"classes": ["Statin"], "indications": indications("Spasticity"), "company": "Example"}
    write_monograph("zanidine", draft=[key], **facts)
    republish()
    kinds = {kind for kind, _ in terms()}
    assert left in kinds
    assert len(kinds) == 2
    write_monograph("zanidine", **facts)
    republish()
    assert len(terms()) == 3


def test_a_changed_company_moves_the_monograph(write_monograph, republish, terms, listed):
    write_monograph("zanidine", company="Old")
    write_monograph("abafen", company="Old")
    republish()
    write_monograph("zanidine", company="New")
    republish()
    assert terms() == {("company", "Old"): 1, ("company", "New"): 1}
    assert (listed("company", "old"), listed("company", "new")) == (["abafen"], ["zanidine"])


def test_a_term_that_nobody_states_any_more_is_forgotten(write_monograph, republish, terms):
    write_monograph("zanidine", classes=["Statin"])
    republish()
    write_monograph("zanidine")
    republish()
    assert terms() == {}


@pytest.mark.parametrize("how", ["deleted", "status: withdrawn", "status: draft"])
def test_a_withdrawn_monograph_is_not_counted_until_it_is_back(write_monograph, republish, terms, listed, how):
    facts = {"classes": ["Statin"], "company": "Example"}
    file = write_monograph("zanidine", **facts)
    write_monograph("abafen", classes=["Statin"])
    republish()
    whole = terms()
    if how == "deleted":
        file.unlink()
    else:
        write_monograph("zanidine", status=how.removeprefix("status: "), **facts)
    republish()
    assert terms() == {("class", "Statin"): 1}
    assert listed("class", "statin") == ["abafen"]
    write_monograph("zanidine", **facts)
    republish()
    assert terms() == whole


def test_a_renamed_monograph_stays_listed_under_its_new_name(write_monograph, republish, terms, listed):
    old = write_monograph("zanidine", classes=["Statin"])
    write_monograph("mabafen", classes=["Statin"])
    republish()
    old.unlink()
    write_monograph("newdine", former_slugs=["zanidine"], name="Abadine", classes=["Statin"])
    republish()
    assert terms() == {("class", "Statin"): 2}
    assert listed("class", "statin") == ["newdine", "mabafen"]


def test_another_name_changes_the_place_in_the_list(write_monograph, republish, listed):
    write_monograph("zanidine", classes=["Statin"])
    write_monograph("mabafen", classes=["Statin"])
    republish()
    assert listed("class", "statin") == ["mabafen", "zanidine"]
    write_monograph("zanidine", name="Abadine", classes=["Statin"])
    republish()
    assert listed("class", "statin") == ["zanidine", "mabafen"]


def test_spellings_of_one_term_are_one_list_called_what_most_call_it(write_monograph, republish, terms):
    write_monograph("a", classes=["Beta-blocker"])
    write_monograph("b", classes=["Beta blocker"])
    write_monograph("c", classes=["Beta blocker"])
    republish()
    assert terms() == {("class", "Beta blocker"): 3}


def test_a_spelling_does_not_win_by_being_published_last(write_monograph, republish, terms):
    write_monograph("a", classes=["Beta blocker"])
    write_monograph("b", classes=["Beta blocker"])
    republish()
    republish(write_monograph("c", classes=["BETA BLOCKER"]))
    assert terms() == {("class", "Beta blocker"): 3}
    write_monograph("a", classes=["BETA BLOCKER"])
    republish()
    assert terms() == {("class", "BETA BLOCKER"): 3}


def test_a_term_is_called_anew_when_those_who_spelt_it_so_leave_it(write_monograph, republish, terms):
    for slug in ("a", "b"):
        write_monograph(slug, classes=["Beta-blocker"])
    write_monograph("c", classes=["Beta blocker"])
    republish()
    assert terms() == {("class", "Beta-blocker"): 3}
    for slug in ("a", "b"):
        write_monograph(slug)
    republish()
    assert terms() == {("class", "Beta blocker"): 1}


def test_a_term_that_one_monograph_states_in_two_spellings_counts_once(write_monograph, republish, terms):
    write_monograph("a", classes=["Beta-blocker", "Beta blocker"])
    republish()
    assert terms() == {("class", "Beta-blocker"): 1}


def test_two_indications_that_an_address_cannot_tell_apart_are_an_error(write_monograph, republish):
    from cpd.content.publish import ContentFaults

    write_monograph("a", indications=indications("Heart failure", "Heart-failure"))
    with pytest.raises(ContentFaults) as faults:
        republish()
    assert "“Heart-failure” is there twice; keep one" in str(faults.value.problems[0])


def test_titles_of_other_scripts_and_long_ones_are_terms_of_their_own(write_monograph, republish, terms):
    long = "Treatment of adults with moderately to severely active disease that has not responded to"
    titles = ["α-blocker", "β-blocker", "Гепарин 5", "Инсулин 5", f"{long} methotrexate", f"{long} ciclosporin"]
    write_monograph("a", classes=titles)
    republish()
    assert set(terms()) == {("class", title) for title in titles}


def test_a_publish_with_nothing_changed_writes_nothing(write_monograph, publish, republish, written):
    write_monograph("zanidine", classes=["Statin"], company="Example")
    publish("stiffness", body="## Drugs\n\nStart with zanidine.\n")
    assert written
    written.clear()
    assert republish().release is None
    assert written == []


def test_a_change_of_text_alone_leaves_the_terms_alone(write_monograph, republish, written):
    facts = {"classes": ["Statin"], "company": "Example"}
    write_monograph("zanidine", **facts)
    republish()
    written.clear()
    write_monograph("zanidine", body="## Contraindications\n\n- Something new\n", **facts)
    assert republish().changed == ["monograph/zanidine"]
    assert [statement for statement in written if "term" in statement] == []


def test_only_the_terms_that_a_change_touches_are_counted(write_monograph, republish, terms, app):
    write_monograph("zanidine", classes=["Statin"])
    write_monograph("abafen", classes=["Opioid"])
    republish()
    with app.app_context():
        db.session.execute(update(Term).where(Term.slug == "opioid").values(count=7))
        db.session.commit()
    write_monograph("zanidine", classes=["Nitrate"])
    republish()
    assert terms() == {("class", "Nitrate"): 1, ("class", "Opioid"): 7}


def test_a_publish_of_single_files_counts_all(write_monograph, republish, terms):
    write_monograph("zanidine", classes=["Statin"])
    republish()
    republish(write_monograph("abafen", classes=["Statin"]))
    assert terms() == {("class", "Statin"): 2}


# A database that was published before there were terms


@pytest.fixture
def old_database(app, write_monograph, republish):
    """Published by a version that had no terms, then brought to the newest migration."""
    write_monograph("zanidine", classes=["Statin"], company="Example")
    write_monograph("abafen", classes=["Statin"])
    write_monograph("gone", classes=["Statin"], status="withdrawn")
    republish()
    configure(app)
    with app.app_context():
        db.session.execute(update(MonographRendering).values(renderer="an older one"))
        db.session.commit()
        flask_migrate.downgrade(revision="0002")
        migrate()
        db.session.remove()


@pytest.mark.usefixtures("old_database")
def test_the_next_publish_after_an_upgrade_restages_every_monograph_and_fills_the_terms(republish, terms, settings):
    assert terms() == {}
    report = republish()
    assert report.rerendered == ["monograph/abafen", "monograph/gone", "monograph/zanidine"]
    assert terms() == {("class", "Statin"): 2, ("company", "Example"): 1}
    assert find_faults(settings) == []


@pytest.mark.parametrize("part", ["content/listing.py", "monographs/terms.py"])
def test_a_change_of_what_lists_show_is_another_renderer(part, monkeypatch):
    from cpd.content import render

    named: list[str] = []
    monkeypatch.setattr(render, "version_of", lambda files, _: named.extend(files) or "another")
    render.renderer.cache_clear()
    try:
        assert render.renderer() == "another"
    finally:
        render.renderer.cache_clear()
    assert part in named


def test_terms_that_are_lost_come_back_when_monographs_are_restaged(app, write_monograph, republish, terms):
    write_monograph("zanidine", classes=["Statin"])
    republish()
    with app.app_context():
        db.session.execute(delete(MonographTerm))
        db.session.execute(delete(Term))
        db.session.execute(update(MonographRendering).values(renderer="an older one"))
        db.session.commit()
    republish()
    assert terms() == {("class", "Statin"): 1}


# Anything in any order

SPELLINGS = ["Beta blocker", "Beta-blocker", "BETA BLOCKER", "β-blocker"]
CLASSES = ["Statin", "Opioid", "Nitrate"]
SLUGS = ("zanidine", "abafen", "statilol", "mobidine")


def shuffle(chance: random.Random, write_monograph) -> None:
    """Change some of the files in some way."""
    for slug in chance.sample(SLUGS, k=chance.randint(1, 3)):
        file = write_monograph(
            slug,
            name=chance.choice([slug.capitalize(), f"X{slug}"]),
            status=chance.choice(["published"] * 4 + ["withdrawn", "draft"]),
            classes=[chance.choice(SPELLINGS), *CLASSES][chance.randint(0, 2) :],
            company=chance.choice(["Example", "EXAMPLE", "Sample", None]),
            draft=chance.choice([None, None, ["classes"], ["company"]]),
        )
        if chance.random() < 0.2:
            file.unlink()


def test_after_every_publish_the_terms_are_those_of_the_live_monographs(write_monograph, republish, settings):
    chance = random.Random("terms")  # noqa: S311
    write_monograph("other")
    for _ in range(15):
        shuffle(chance, write_monograph)
        republish()
        assert find_faults(settings) == []
