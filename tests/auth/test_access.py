"""The decorators of views, the healthcare-professional notice, and roles."""

import pytest
from flask import Blueprint
from sqlalchemy.exc import OperationalError

from cpd.auth import queries, services
from cpd.auth.access import Learner, current_learner, learner_required, professional_required, role_required
from cpd.auth.emails import read_email
from cpd.auth.models import Role
from cpd.db import db
from cpd.web import clock

NOTICE = "This site is intended for healthcare professionals"


@pytest.fixture
def app(app):
    bp = Blueprint("tried", __name__, url_prefix="/tried")
    bp.add_url_rule("/clinical/<slug>", view_func=professional_required(clinical))
    bp.add_url_rule("/own", view_func=learner_required(own), methods=["GET", "POST"])
    bp.add_url_rule("/only-post", view_func=learner_required(only_post), methods=["POST"])
    bp.add_url_rule("/author", view_func=role_required(Role.AUTHOR, Role.EDITOR)(author))
    app.register_blueprint(bp)
    return app


def clinical(slug):
    learner = current_learner()
    return f"text of {slug} for {learner.name if learner else 'a visitor'}"


def own(learner):
    return f"for {learner.name} {learner.initials} {learner.role} {learner.zone}"


def only_post(learner):
    return learner.name


def author(learner):
    return f"author {learner.name}"


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


def test_after_a_post_a_visitor_comes_back_to_the_page_of_that_address(browser):
    page = browser.get("/auth/sign-in")
    answer = browser.post("/tried/own", page)
    assert answer.status_code == 303
    assert answer.location == "/auth/sign-in?next=/tried/own"


def test_a_visitor_to_a_page_that_only_takes_posts_comes_home_afterwards(browser):
    browser.register()
    browser.sign_out()
    answer = browser.post("/tried/only-post", browser.get("/auth/sign-in"))
    assert browser.sign_in(path=answer.location).location == "/"


def test_a_visitor_is_asked_to_sign_in_before_a_role_matters(browser):
    assert browser.get("/tried/author").location == "/auth/sign-in?next=/tried/author"


def test_another_role_is_refused(browser):
    browser.register()
    assert browser.get("/tried/author").status_code == 403


@pytest.mark.parametrize("role", [Role.AUTHOR, Role.EDITOR])
def test_a_granted_role_holds_at_once(app, browser, role):
    browser.register()
    with app.app_context():
        services.grant_role(read_email("ANN@example.org"), role, now=clock.now())
        db.session.commit()
    assert browser.get("/tried/author").text == "author Ann Example"


def test_granting_a_role_is_noted(app, browser, rows_of):
    browser.register()
    with app.app_context():
        services.grant_role(read_email("ann@example.org"), Role.EDITOR, now=clock.now())
        db.session.commit()
    last = rows_of("event")[-1]
    assert (last["kind"], last["detail"]) == ("role_granted", {"role": "editor"})


def test_a_role_cannot_be_granted_to_an_unknown_address(app):
    with app.app_context(), pytest.raises(services.UnknownAccount):
        services.grant_role(read_email("nobody@example.org"), Role.EDITOR, now=clock.now())


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


@pytest.mark.parametrize(
    ("name", "initials"),
    [("Ann Example", "AE"), ("Ann", "A"), ("Ann van der Example", "AE"), ("ann example", "AE"), ("", "")],
)
def test_initials_are_those_of_the_first_and_last_name(name, initials):
    learner = Learner(1, name, "ann@example.org", "Doctor", "learner", "Europe/London", clock.now())
    assert learner.initials == initials
