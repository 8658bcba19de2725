"""The pages of administrators: finding accounts, and what can be done to one."""

from __future__ import annotations

import re

import pytest
from sqlalchemy import text

from cpd.auth.administrators import LastAdministrator
from cpd.auth.events import note
from cpd.auth.managing import services
from cpd.auth.managing.queries import PAGE
from cpd.auth.models import EventKind, Role
from cpd.db import db
from cpd.web import clock
from tests.admin.asking import Asker, add_account
from tests.admin.belongings import live
from tests.pages import words_of

ACTS = ("role", "disable", "enable", "sessions", "factors")


@pytest.fixture
def ann(make) -> Asker:
    return make("ann")


@pytest.fixture
def sql(app):
    """Runs a statement and gives its rows."""

    def sql(statement: str, **values):
        with app.app_context():
            done = db.session.execute(text(statement), values)
            rows = [dict(row._mapping) for row in done] if done.returns_rows else []
            db.session.commit()
            return rows

    return sql


@pytest.fixture
def state_of(sql):
    """An account, how many sessions it has, its newest event, and the notices to its owner."""

    def state_of(asker: Asker) -> dict:
        account = sql("SELECT role, disabled_at FROM account WHERE id = :id", id=asker.account_id)[0]
        event = sql("SELECT kind, detail FROM event WHERE account_id = :id ORDER BY number DESC", id=asker.account_id)[
            0
        ]
        waiting = [str(row["payload"]) for row in sql("SELECT payload FROM outbox ORDER BY id")]
        return {
            "role": account["role"],
            "disabled": account["disabled_at"] is not None,
            "sessions": len(sql("SELECT id FROM session WHERE account_id = :id", id=asker.account_id)),
            "event": event["kind"],
            "detail": str(event["detail"]),
            "notices": [found for each in waiting for found in re.findall(r"notice\W+(\w+)", each)],
        }

    return state_of


def path_of(asker: Asker, act: str = "") -> str:
    return f"/admin/accounts/{asker.account_id}{act and '/'}{act}"


def listed(page: str) -> list[str]:
    return re.findall(r'<h3 class="mod__title"><a href="[^"]+">([^<]+)</a>', page)


# Finding


def test_the_newest_accounts_come_first(app, administrator):
    for name in ("ann", "bob"):
        add_account(app, name)
    assert listed(administrator.get("/admin/").text) == ["Bob Example", "Ann Example", "Agnes Example"]


def test_a_long_list_goes_on_after_each_page(app, administrator):
    for number in range(2 * PAGE):
        add_account(app, f"x{number}")
    pages, path = [], "/admin/?q=ex"
    while path:
        page = administrator.get(path).text
        pages.append(listed(page))
        following = re.search(r'rel="next" href="([^"]+)"', page)
        path = following[1].replace("&amp;", "&") if following else ""
    assert [len(page) for page in pages] == [PAGE, PAGE, 1]
    assert len({name for page in pages for name in page}) == 2 * PAGE + 1


def test_accounts_are_listed_by_role(app, administrator):
    add_account(app, "ann", Role.AUTHOR)
    add_account(app, "bob")
    assert listed(administrator.get("/admin/?role=author").text) == ["Ann Example"]
    assert listed(administrator.get("/admin/?role=author&q=bob").text) == []


@pytest.mark.parametrize("query", ["role=boss", "role=learner", "after=x", "after=0", "after=-1", f"after={2**31}"])
def test_an_odd_question_leads_nowhere(administrator, query):
    assert administrator.get(f"/admin/?{query}").status_code == 404


def test_a_deleted_account_is_not_found(administrator, ann, sql):
    sql("UPDATE account SET deleted_at = created_at WHERE id = :id", id=ann.account_id)
    assert listed(administrator.get("/admin/?q=ann").text) == []
    for act in ("", "events", *ACTS):
        assert administrator.get(path_of(ann, act)).status_code == 404, act


# An account


@pytest.mark.usefixtures("site")
def test_the_page_of_an_account_shows_who_it_is_and_nothing_that_they_wrote_or_passed(administrator, ann):
    live(ann)
    for act in ("", "events"):
        page = words_of(administrator.get(path_of(ann, act)).text)
        assert "ann@example.org" in page
        assert not re.search(r"sepsis|fever|Nobody else may read this|0\.50", page.partition("Skip to content")[2])


def test_the_events_say_who_did_what_and_that_the_chain_is_whole(administrator, ann):
    administrator.post(path_of(ann, "sessions"))
    page = words_of(administrator.get(path_of(ann, "events")).text)
    assert "The chain is whole" in page
    assert f"By administrator {administrator.account_id}" in page
    own = words_of(ann.get("/auth/events").text)
    assert "By an administrator" in own
    assert f"administrator {administrator.account_id}" not in own


def test_the_events_say_where_the_chain_is_broken(administrator, ann, sql):
    administrator.post(path_of(ann, "sessions"))
    administrator.post(path_of(ann, "sessions"))
    sql("UPDATE event SET kind = 'signed_in' WHERE account_id = :id AND number = 2", id=ann.account_id)
    assert "The chain is broken at line 2" in words_of(administrator.get(path_of(ann, "events")).text)


def test_many_events_are_shown_page_by_page_and_all_are_looked_at(app, administrator, ann, monkeypatch):
    monkeypatch.setattr("cpd.auth.trail.queries.AT_ONCE", 7)
    with app.app_context():
        for _ in range(PAGE + 5):
            note(EventKind.SIGN_IN_FAILED, account_id=ann.account_id, now=clock.now())
        db.session.commit()
    page = administrator.get(path_of(ann, "events")).text
    assert "The chain is whole" in page
    older = administrator.get(re.search(r'rel="next" href="([^"]+)"', page)[1]).text
    assert page.count(">Line ") + older.count(">Line ") == PAGE + 6


# What can be done


def test_a_role_is_changed_and_counts_at_once(app, administrator, ann, state_of):
    session = ann.begin_session()
    answer = administrator.post(path_of(ann, "role"), role="administrator")
    assert (answer.status_code, answer.location) == (303, path_of(ann))
    state = state_of(ann)
    assert (state["role"], state["event"], state["notices"]) == ("administrator", "role_changed", ["role_changed"])
    assert f"administrator {administrator.account_id}" in state["detail"]
    assert Asker(app, ann.account_id).ask("GET", "/admin/", token=session).status_code == 200

    administrator.post(path_of(ann, "role"), role="learner")
    assert Asker(app, ann.account_id).ask("GET", "/admin/", token=session).status_code == 404
    assert Asker(app, ann.account_id).ask("GET", "/record/", token=session).status_code == 200


def test_the_same_role_again_changes_nothing(administrator, ann, state_of):
    before = state_of(ann)
    assert administrator.post(path_of(ann, "role"), role="learner").status_code == 303
    assert state_of(ann) == before


@pytest.mark.parametrize("role", ["", "boss", "Administrator"])
def test_a_role_that_there_is_not_is_refused_beside_the_field(administrator, ann, state_of, role):
    before = state_of(ann)
    answer = administrator.post(path_of(ann, "role"), role=role)
    assert answer.status_code == 422
    assert "<title>Error: Change role" in answer.text
    assert state_of(ann) == before


def test_a_disabled_account_is_signed_out_and_kept_out_until_it_is_enabled(administrator, ann, state_of):
    session = ann.begin_session()
    administrator.post(path_of(ann, "disable"))
    state = state_of(ann)
    assert (state["disabled"], state["sessions"], state["event"]) == (True, 0, "disabled")
    assert ann.ask("GET", "/record/", token=session).status_code == 302
    assert ann.get("/record/").status_code == 302

    administrator.post(path_of(ann, "enable"))
    state = state_of(ann)
    assert (state["disabled"], state["event"], state["notices"]) == (False, "enabled", ["disabled", "enabled"])
    assert ann.get("/record/").status_code == 200


@pytest.mark.parametrize("act", ["disable", "enable"])
def test_doing_it_twice_is_one_event(administrator, ann, sql, act):
    for _ in range(2):
        administrator.post(path_of(ann, "disable"))
    for _ in range(2):
        administrator.post(path_of(ann, "enable"))
    kinds = [row["kind"] for row in sql("SELECT kind FROM event WHERE account_id = :id", id=ann.account_id)]
    assert kinds.count(f"{act}d") == 1


def test_all_sessions_are_ended(administrator, ann, state_of):
    sessions_of_ann = [ann.begin_session() for _ in range(2)]
    administrator.post(path_of(ann, "sessions"))
    assert state_of(ann)["sessions"] == 0
    assert [ann.ask("GET", "/record/", token=each).status_code for each in sessions_of_ann] == [302, 302]


def test_the_second_factor_is_taken_away_with_how_the_person_was_identified(administrator, ann, sql, state_of):
    sql(
        "INSERT INTO app (account_id, secret, last_step, added_at)"
        " SELECT id, 'x', 0, created_at FROM account WHERE id = :id",
        id=ann.account_id,
    )
    ann.begin_session()
    answer = administrator.post(path_of(ann, "factors"), identified="  in person,\tby her badge ")
    assert answer.status_code == 303
    state = state_of(ann)
    assert (state["event"], state["sessions"], state["notices"]) == ("factors_reset", 0, ["factors_reset"])
    assert "in person, by her badge" in state["detail"]
    assert f"administrator {administrator.account_id}" in state["detail"]
    assert sql("SELECT id FROM app") == []


@pytest.mark.parametrize("identified", ["", "   ", "\u202e", "x" * 201])
def test_without_saying_how_the_person_was_identified_nothing_is_taken(administrator, ann, state_of, identified):
    before = state_of(ann)
    answer = administrator.post(path_of(ann, "factors"), identified=identified)
    assert answer.status_code == 422
    assert 'id="identified-error"' in answer.text
    assert state_of(ann) == before


def test_administrators_do_none_of_it_to_themselves(administrator, state_of):
    administrator.begin_session()
    page = administrator.get(path_of(administrator)).text
    for act in ACTS:
        assert f'href="{path_of(administrator, act)}"' not in page
        assert administrator.get(path_of(administrator, act)).status_code == 403
    before = state_of(administrator) | {"sessions": 0}
    for act in ACTS:
        answer = administrator.post(path_of(administrator, act), role="learner", identified="me")
        assert answer.status_code == 403
        assert "You cannot do this to your own account." in answer.text
    assert state_of(administrator) | {"sessions": 0} == before


def test_of_two_administrators_who_take_the_role_from_each_other_one_stays(app, administrator, make, sql):
    """The second finds that the first has lost the role, or that nobody else would be left."""
    other = make("bob", Role.ADMINISTRATOR)
    administrator.post(path_of(other, "role"), role="learner")
    with app.app_context(), pytest.raises(LastAdministrator):
        services.change_role(administrator.account_id, Role.LEARNER, by="administrator 2", now=clock.now())
    with app.app_context(), pytest.raises(LastAdministrator):
        services.disable(administrator.account_id, by="administrator 2", now=clock.now())
    assert [row["role"] for row in sql("SELECT role FROM account ORDER BY id")] == ["administrator", "learner"]


def test_a_form_that_came_too_late_is_kept_until_the_proof(administrator, ann):
    late = Asker(administrator.app, administrator.account_id, fresh=False)
    answer = late.post(path_of(ann, "role"), role="author")
    assert answer.status_code == 403
    assert 'name="kept"' in answer.text


# The rest


def test_the_table_of_rights_is_shown(administrator):
    page = words_of(administrator.get("/admin/rights").text)
    assert "Change the role of an account Administrator, with proof" in page


def test_the_outbox_says_what_waits_and_what_was_given_up(administrator, ann, sql):
    assert "Nothing waits." in administrator.get("/admin/outbox").text
    administrator.post(path_of(ann, "disable"))
    administrator.post(path_of(ann, "enable"))
    sql("UPDATE outbox SET given_up_at = created_at, fault = 'nobody answers' WHERE id = 1")
    page = words_of(administrator.get("/admin/outbox").text)
    assert "Waiting: 1 , the oldest for 0 minutes." in page.replace("Waiting: 1,", "Waiting: 1 ,")
    assert "nobody answers" in page


@pytest.mark.parametrize(("role", "shown"), [(Role.EDITOR, False), (Role.ADMINISTRATOR, True)])
@pytest.mark.usefixtures("site")
def test_the_menu_leads_administrators_here(make, role, shown):
    for second_factor in (True, False):
        asker = make(f"x{second_factor}", role, second_factor=second_factor)
        for path in ("/", "/modules/", "/auth/account"):
            assert ('href="/admin/"' in asker.get(path).text) is shown


def test_the_drawing_for_an_administrator_is_not_shown_to_others(site, administrator, ann):
    for asker, shown in ((ann, False), (administrator, True), (ann, False), (Asker(site), False)):
        assert ('href="/admin/"' in asker.get("/modules/").text) is shown


# Older revisions


@pytest.fixture
def two_revisions(site, write_module, republish):  # noqa: ARG001  # what they are of
    write_module("sepsis", summary="Changed.")
    republish()


@pytest.mark.usefixtures("two_revisions")
@pytest.mark.parametrize("role", [Role.AUTHOR, Role.EDITOR, Role.ADMINISTRATOR])
def test_authors_read_older_revisions(make, role):
    page = make("x", role).get("/modules/sepsis/revisions/1")
    assert page.status_code == 200
    assert "Authors can read it" in page.text
    assert make("y", role).get("/modules/sepsis/revisions/3").status_code == 404


@pytest.mark.usefixtures("two_revisions")
def test_an_author_without_a_second_factor_is_led_to_it(make):
    answer = make("x", Role.AUTHOR, second_factor=False).get("/modules/sepsis/revisions/1")
    assert answer.location == "/auth/two-factor/needed?next=/modules/sepsis/revisions/1"


@pytest.mark.usefixtures("two_revisions")
def test_a_learner_without_a_record_of_it_does_not_read_it(ann):
    assert ann.get("/modules/sepsis/revisions/1").status_code == 404


def test_a_role_includes_those_below_it():
    assert [[role.includes(other) for other in Role] for role in Role] == [
        [True, False, False, False],
        [True, True, False, False],
        [True, True, True, False],
        [True, True, True, True],
    ]
