"""The decorators of views and the healthcare-professional notice."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from flask import Blueprint, Flask, g
from flask_login import current_user
from sqlalchemy import insert, update
from sqlalchemy.exc import OperationalError

from cpd.auth import queries
from cpd.auth.access import (
    FRESH,
    Learner,
    TakenOver,
    asked_for,
    carried,
    current_learner,
    learner_required,
    login_manager,
    professional_required,
    proof_required,
    role_required,
)
from cpd.auth.models import Role
from cpd.db import Base, db
from cpd.revisions import current_release
from tests.auth.browser import hidden_fields

NOTICE = "This site is intended for healthcare professionals"
NOW = datetime(2026, 11, 26, 9, 0, tzinfo=UTC)
ANN = Learner(1, "Ann Example", "ann@example.org", "Doctor", Role.AUTHOR, "Europe/London", NOW, 7, True, NOW)


@pytest.fixture
def app(app):
    bp = Blueprint("tried", __name__, url_prefix="/tried")
    bp.add_url_rule("/clinical/<slug>", view_func=professional_required(clinical))
    bp.add_url_rule("/own", view_func=learner_required(own), methods=["GET", "POST"])
    bp.add_url_rule("/only-post", view_func=learner_required(only_post), methods=["POST"])
    app.register_blueprint(bp)
    return app


def clinical(slug):
    learner = current_learner()
    return f"text of {slug} for {learner.name if learner else 'a visitor'}"


def own(learner):
    return f"for {learner.name} {learner.initials} {learner.role} {learner.zone}"


def only_post(learner):
    return learner.name


def test_the_notice_stands_at_the_address_asked_for(browser):
    page = browser.get("/tried/clinical/sepsis?a=1&b=2")
    assert page.status_code == 200
    assert NOTICE in page.text
    assert "text of sepsis" not in page.text
    assert 'name="next" value="/tried/clinical/sepsis?a=1&amp;b=2"' in page.text


def test_fetching_a_fragment_gets_the_notice_too(browser):
    page = browser.get("/tried/clinical/sepsis", headers={"HX-Request": "true"})
    assert NOTICE in page.text


def test_confirming_leads_to_the_page_and_is_remembered_for_a_year(browser):
    page = browser.get("/tried/clinical/sepsis?a=1")
    answer = browser.post("/auth/professional", page)

    assert answer.status_code == 303
    assert answer.location == "/tried/clinical/sepsis?a=1"
    assert "Max-Age=31536000" in answer.headers["Set-Cookie"]
    assert browser.get("/tried/clinical/stroke").text == "text of stroke for a visitor"


@pytest.mark.parametrize("fields", [{}, {"next": "//evil.test"}])
def test_confirming_on_a_page_that_names_none_of_ours_leads_home(browser, fields):
    page = hidden_fields(browser.get("/tried/clinical/sepsis").text)
    answer = browser.client.post("/auth/professional", data={"csrf_token": page["csrf_token"], **fields})
    assert (answer.status_code, answer.location) == (303, "/")
    assert browser.cookie("cpd_professional") == "1"


def test_an_address_with_odd_letters_comes_back_as_it_was(browser):
    page = browser.get("/tried/clinical/caf%C3%A9%20%26%20x?q=%C3%A9")
    assert browser.post("/auth/professional", page).location == "/tried/clinical/caf%C3%A9%20&%20x?q=%C3%A9"


def test_a_learner_has_confirmed_by_registering(browser):
    browser.register()
    browser.client.delete_cookie("cpd_professional")
    assert browser.get("/tried/clinical/sepsis").text == "text of sepsis for Ann Example"


def test_a_cookie_with_another_word_confirms_nothing(browser):
    browser.client.set_cookie("cpd_professional", "no")
    assert NOTICE in browser.get("/tried/clinical/sepsis").text


def test_a_view_for_learners_is_handed_the_learner(browser):
    browser.register()
    assert browser.get("/tried/own").text == "for Ann Example AE learner Europe/London"


def test_a_form_sent_without_a_session_asks_to_sign_in_and_comes_back_to_its_address(browser):
    answer = browser.post("/tried/own", browser.get("/auth/sign-in"))
    assert answer.status_code == 403
    assert 'name="next" value="/tried/own"' in answer.text


def test_after_a_form_that_has_no_page_of_its_own_a_visitor_comes_home(browser):
    answer = browser.post("/tried/only-post", browser.get("/auth/sign-in"))
    assert 'name="next" value="/"' in answer.text


def test_who_is_asking_is_looked_up_once_a_request(browser, monkeypatch):
    browser.register()
    asked = []
    find = queries.find_session
    monkeypatch.setattr(queries, "find_session", lambda token: asked.append(token) or find(token))
    assert browser.get("/auth/account").status_code == 200
    assert len(asked) == 1


def test_a_page_that_says_the_database_is_away_can_be_drawn(browser, monkeypatch):
    browser.register()

    def fail(_):
        raise OperationalError("SELECT", None, Exception("connection refused"))

    monkeypatch.setattr(queries, "find_session", fail)
    assert browser.get("/auth/account").status_code == 503


# Who is asking


@pytest.fixture
def asker(app, browser, rows_of):
    """Who is asking with Ann's cookie: from so long after she signed in, with columns of two tables changed."""
    with time_machine.travel(NOW, tick=False):
        browser.register()
    token = browser.cookie("cpd_session")

    def asker(after=timedelta(), account=None, session=None):
        with app.app_context():
            for table, values in (("account", account), ("session", session)):
                if values:
                    db.session.execute(update(Base.metadata.tables[table]).values(**values))
            db.session.commit()
        cookie = {"Cookie": f"cpd_session={token}"}
        with time_machine.travel(NOW + after, tick=False), app.test_request_context("/", headers=cookie):
            return current_learner(), rows_of("session")[0]["last_seen_at"] - NOW

    return asker


def test_an_account_and_its_session_make_a_learner(asker):
    account = {
        "name": "Ann Other",
        "email": "Other@example.org",
        "profession": "Nurse",
        "role": "editor",
        "zone": "Asia/Tokyo",
        "deletion_due_at": NOW + timedelta(days=14),
    }
    session = {"second_factor": True, "created_at": NOW - timedelta(hours=2), "proved_at": NOW - timedelta(hours=1)}
    learner, _ = asker(account=account, session=session)
    assert learner == Learner(
        id=1,
        name="Ann Other",
        email="Other@example.org",
        profession="Nurse",
        granted=Role.EDITOR,
        zone="Asia/Tokyo",
        signed_in_at=NOW - timedelta(hours=2),
        session_id=1,
        second_factor=True,
        proved_at=NOW - timedelta(hours=1),
        deletion_due_at=NOW + timedelta(days=14),
    )
    assert (learner.role, learner.tz.key, learner.get_id()) == (Role.EDITOR, "Asia/Tokyo", "1")


def test_a_session_that_was_never_proved_again_counts_from_its_beginning(asker):
    learner, _ = asker(session={"proved_at": None})
    assert (learner.proved_at, learner.second_factor, learner.role) == (NOW, False, Role.LEARNER)


@pytest.mark.parametrize(
    ("after", "session", "holds", "seen"),
    [
        (timedelta(minutes=5, microseconds=-1), {}, True, timedelta()),
        (timedelta(minutes=5), {}, True, timedelta(minutes=5)),
        (timedelta(days=14, microseconds=-1), {}, True, timedelta(days=14, microseconds=-1)),
        (timedelta(days=14), {}, False, timedelta()),
        (timedelta(seconds=9), {"expires_at": NOW + timedelta(seconds=9, microseconds=1)}, True, timedelta()),
        (timedelta(seconds=9), {"expires_at": NOW + timedelta(seconds=9)}, False, timedelta()),
    ],
    ids=["not yet noted", "noted", "almost too long idle", "too long idle", "almost over", "over"],
)
def test_a_session_holds_to_the_moment_and_its_use_is_noted_every_five_minutes(asker, after, session, holds, seen):
    learner, noted = asker(after, session=session)
    assert (learner is not None, noted) == (holds, seen)


@pytest.mark.parametrize("numbers", [(), (3, 8)])
def test_with_the_learner_the_number_of_the_release_is_read(app, browser, numbers, monkeypatch):
    browser.register()
    with app.app_context():
        for number in numbers:
            db.session.execute(insert(Base.metadata.tables["release"]).values(number=number, published_at=NOW))
        db.session.commit()
    with app.test_request_context("/", headers={"Cookie": f"cpd_session={browser.cookie('cpd_session')}"}):
        assert current_learner().name == "Ann Example"
        monkeypatch.setattr("cpd.revisions.LATEST", None)
        assert current_release() == max(numbers, default=0)


@pytest.mark.parametrize("token", ["", "x", "a." + "A" * 43], ids=["none", "not ours", "a visitor's"])
def test_for_a_visitor_nothing_is_looked_up(app, monkeypatch, token):
    monkeypatch.setattr(queries, "find_session", pytest.fail)
    with app.test_request_context("/", headers={"Cookie": f"cpd_session={token}"}):
        assert current_learner() is None


def test_flask_login_is_told_who_asks_and_adds_nothing_to_pages(app, browser):
    app.add_url_rule("/who", view_func=lambda: f"{current_user.is_authenticated} {current_user.get_id()}")
    assert browser.get("/who").text == "False None"
    browser.register()
    assert browser.get("/who").text == "True 1"
    given = {}
    with app.test_request_context("/"):
        app.update_template_context(given)
    assert "current_user" not in given
    assert not login_manager.session_protection
    assert isinstance(app.extensions["taken_over"], tuple)


def test_only_what_a_browser_carries_is_taken_over(app):
    known = TakenOver("cpd_list", pytest.fail), TakenOver("cpd_other", pytest.fail)
    app.extensions["taken_over"] = known
    with app.test_request_context("/", headers={"Cookie": "cpd_other=x; cpd_list="}):
        assert carried() == [known[1]]


@pytest.mark.parametrize(
    ("name", "initials"),
    [
        ("Ann Example", "AE"),
        ("Dr Ann Example", "AE"),
        ("Dr", "D"),
        ("Ann", "A"),
        ("Ann van der Example", "AE"),
        ("ann example", "AE"),
        ("", ""),
    ],
)
def test_initials_are_those_of_the_first_and_last_name(name, initials):
    assert replace(ANN, name=name).initials == initials


@pytest.mark.parametrize(
    ("name", "initials"),
    [
        ("Prof. Dr. Ann Example", "AE"),
        ("DAME ann example", "AE"),
        ("Mx Ann", "A"),
        ("Ann DrX", "AD"),
        ("Ann Sir", "A"),
        ("Sir Dr", "SD"),
        ("Ann  van  der  \u00e9cole", "A\u00c9"),
    ],
)
def test_titles_give_no_initials_but_where_there_is_nothing_else(name, initials):
    assert replace(ANN, name=name).initials == initials


@pytest.mark.parametrize(("second_factor", "role"), [(True, Role.AUTHOR), (False, Role.LEARNER)])
def test_a_role_counts_only_with_a_second_factor(second_factor, role):
    assert replace(ANN, second_factor=second_factor).role is role


# The decorators alone, for Ann, who is an author and has just proved who she is


@pytest.fixture
def asking():
    """A request of Ann's, for which nothing else of the site is there."""
    with time_machine.travel(NOW + FRESH, tick=False), Flask("tried").test_request_context("/"):
        g.learner = ANN
        yield


def view(*arguments, **keywords):
    return arguments, keywords


GUARDS = {
    "learner": lambda: learner_required(view),
    "role": lambda: role_required(Role.AUTHOR)(view),
    "proof": lambda: proof_required(view),
}


@pytest.mark.parametrize("guard", GUARDS)
@pytest.mark.usefixtures("asking")
def test_a_guard_hands_on_what_the_address_holds_and_who_asks(guard):
    assert GUARDS[guard]()("sepsis", page=2) == (("sepsis",), {"page": 2, "learner": ANN})


@pytest.mark.usefixtures("asking")
def test_the_notice_hands_on_what_the_address_holds():
    assert professional_required(view)("sepsis", page=2) == (("sepsis",), {"page": 2})


@pytest.mark.parametrize("guard", [*GUARDS, "professional"])
def test_a_guarded_view_keeps_its_name_by_which_its_address_is_known(guard):
    guarded = GUARDS[guard]() if guard in GUARDS else professional_required(view)
    assert guarded.__name__ == "view"


@pytest.mark.parametrize(
    ("path", "query", "expected"),
    [
        ("/a", "", "/a"),
        ("/a b/\u00e9", "q=1&r=%20", "/a%20b/%C3%A9?q=1&r=%20"),
        ("/:@!$&'()*+,;=~", "", "/:@!$&'()*+,;=~"),
        ("/x<y>?", "", "/x%3Cy%3E%3F"),
        ("/a", "q=\u00e9", "/a?q=\ufffd"),
    ],
    ids=["plain", "encoded", "what may stand in a path", "what may not", "a query that is not ASCII"],
)
def test_the_address_that_was_asked_for_is_given_back(path, query, expected):
    environ = {"PATH_INFO": path.encode().decode("latin-1"), "QUERY_STRING": query}
    with Flask("tried").test_request_context(environ_overrides=environ):
        assert asked_for() == expected
