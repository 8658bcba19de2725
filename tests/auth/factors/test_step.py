"""The second step of signing in, and proving once more who one is: codes, tries, and who comes first."""

from __future__ import annotations

import threading
from datetime import timedelta

import pytest

from cpd.auth.factors import services
from cpd.db import db
from tests.auth.browser import error_of, hidden_fields
from tests.auth.factors.people import heading_of, refusal_of

WRONG = "000000"
USED = "That code is wrong, or it was used before. Wait for the next one"


def kinds(rows_of):
    return [row["kind"] for row in rows_of("event")]


def wrong_code(person):
    """A code that is none of the next or last."""
    right = {person.code(steps=steps) for steps in range(-3, 4)}
    return next(code for code in ("000000", "111111", "222222", "333333") if code not in right)


def test_a_right_password_alone_signs_nobody_in(with_app, rows_of):
    answer = with_app.sign_in()
    assert answer.location == "/auth/two-factor"
    assert not with_app.signed_in
    assert rows_of("session") == []
    page = with_app.get("/auth/two-factor")
    assert heading_of(page.text) == "Two-step sign-in"
    assert "ann@example.org" not in page.text


def test_a_wrong_password_says_the_same_with_and_without_a_second_factor(with_app, new_person):
    other = new_person()
    other.register(email="ben@example.org")
    other.leave()
    answers = [with_app.sign_in(password="wrong"), other.sign_in(email="ben@example.org", password="wrong")]
    assert [answer.status_code for answer in answers] == [422, 422]
    assert len({error_of(answer.text, "password") for answer in answers}) == 1


def test_the_code_of_the_app_signs_in(with_app, rows_of):
    with_app.sign_in()
    answer = with_app.show_code(with_app.code())
    assert answer.status_code == 303
    assert answer.location == "/"
    assert with_app.signed_in
    assert rows_of("session")[-1]["second_factor"]
    assert rows_of("event")[-1]["detail"]["proofs"] == ["password", "app"]


def test_signing_in_leads_to_where_one_wanted_to_go(with_app):
    with_app.sign_in(path="/auth/sign-in?next=/record/")
    assert with_app.show_code(with_app.code()).location == "/record/"


@pytest.mark.parametrize("steps", [-1, 0, 1])
def test_a_clock_may_be_a_step_wrong(with_app, steps):
    with_app.sign_in()
    assert with_app.show_code(with_app.code(steps=steps)).status_code == 303


@pytest.mark.parametrize("steps", [-3, -2, 2, 3])
def test_a_clock_that_is_more_than_a_step_wrong_is_refused(with_app, steps):
    with_app.sign_in()
    answer = with_app.show_code(with_app.code(steps=steps))
    assert answer.status_code == 422
    assert error_of(answer.text, "code") == USED
    assert not with_app.signed_in


def test_a_code_that_signed_in_does_not_again(with_app):
    code = with_app.code()
    with_app.sign_in()
    with_app.show_code(code)
    with_app.leave()
    with_app.sign_in()
    answer = with_app.show_code(code)
    assert answer.status_code == 422
    assert error_of(answer.text, "code") == USED
    assert not with_app.signed_in


def test_after_a_newer_code_an_older_one_is_used_up_too(with_app):
    older, newer = with_app.code(), with_app.code(steps=1)
    with_app.sign_in()
    with_app.show_code(newer)
    with_app.leave()
    with_app.sign_in()
    assert with_app.show_code(older).status_code == 422


def test_the_code_that_set_the_app_up_does_not_sign_in(ann):
    ann.add_app()
    code = ann.code()
    ann.leave()
    ann.sign_in()
    assert ann.show_code(code).status_code == 422


def test_a_recovery_code_signs_in_once(with_app, rows_of):
    code = with_app.codes[3]
    with_app.sign_in()
    answer = with_app.show_recovery_code(code)
    assert answer.status_code == 303
    assert "You have 9 recovery codes left." in with_app.get("/auth/factors").text
    assert "recovery_code_used" in kinds(rows_of)
    told = [row["payload"] for row in rows_of("outbox") if row["payload"]["notice"] == "recovery_code_used"]
    assert [each["values"] for each in told] == [{"left": 9}]

    with_app.leave()
    with_app.sign_in()
    again = with_app.show_recovery_code(code)
    assert again.status_code == 422
    assert error_of(again.text, "recovery_code") == "That code is wrong, or it was used before"


@pytest.mark.parametrize("spelling", [str.upper, lambda code: code.replace("-", " "), lambda code: f" {code} "])
def test_a_recovery_code_is_read_however_it_is_typed(with_app, spelling):
    with_app.sign_in()
    assert with_app.show_recovery_code(spelling(with_app.codes[0])).status_code == 303


@pytest.mark.parametrize("typed", ["7k3m9", "7k3m9-x2pq", "7k3m9-x2pqr7", "7k3m9-x2pqu", "7k3m9-x2pq!"])
def test_what_is_no_recovery_code_is_refused_with_words_and_costs_no_try(with_app, rows_of, typed):
    with_app.sign_in()
    before = rows_of("throttle")
    answer = with_app.show_recovery_code(typed)
    assert answer.status_code == 422
    assert error_of(answer.text, "recovery_code") == "Enter a whole recovery code, such as 7k3m9-x2pqr"
    assert rows_of("throttle") == before


def test_it_is_said_when_few_recovery_codes_are_left(with_app, change, rows_of):
    change("recovery_code", used_at=clock_time(rows_of))
    with_app.sign_in()
    with_app.show_code(with_app.code())
    page = with_app.get("/auth/factors").text
    assert "You have no recovery codes left" in page
    assert 'href="/auth/recovery-codes"' in page


def clock_time(rows_of):
    return rows_of("account")[0]["created_at"]


def test_the_code_of_somebody_else_does_not_help(with_app, new_person, clock):
    ben = new_person(address="192.0.2.9")
    ben.register(email="ben@example.org")
    ben.add_app()
    clock.shift(60)
    with_app.sign_in()
    assert with_app.show_code(ben.code()).status_code == 422
    assert with_app.show_recovery_code(ben.codes[0]).status_code == 422
    assert not with_app.signed_in


@pytest.mark.parametrize("typed", ["", "12345", "abcdef", "1234567"])
def test_what_is_no_code_costs_no_try(with_app, typed):
    with_app.sign_in()
    for _ in range(12):
        answer = with_app.show_code(typed)
        assert answer.status_code == 422
        assert error_of(answer.text, "code") == "Enter the six digits that the app shows"
        assert refusal_of(answer.text) == ""
    assert with_app.show_code(with_app.code()).status_code == 303


def test_after_five_wrong_codes_the_right_one_is_refused_until_the_bucket_fills(with_app, clock, rows_of):
    with_app.sign_in()
    for _ in range(5):
        assert with_app.show_code(wrong_code(with_app)).status_code == 422
    answer = with_app.show_code(with_app.code())
    assert answer.status_code == 429
    assert int(answer.headers["Retry-After"]) > 0
    assert refusal_of(answer.text).startswith("There were too many tries.")
    assert not with_app.signed_in
    assert kinds(rows_of)[-5:] == ["sign_in_failed"] * 5

    clock.shift(timedelta(minutes=5, seconds=5))
    assert with_app.show_code(with_app.code()).status_code == 303


def test_recovery_codes_and_codes_of_the_app_share_their_tries(with_app):
    with_app.sign_in()
    for _ in range(3):
        with_app.show_code(wrong_code(with_app))
    for _ in range(2):
        assert with_app.show_recovery_code("zzzzz-zzzzz").status_code == 422
    assert with_app.show_recovery_code(with_app.codes[0]).status_code == 429
    assert with_app.show_code(with_app.code()).status_code == 429


def test_signing_in_anew_gives_no_more_tries(with_app):
    for _ in range(5):
        with_app.sign_in()
        with_app.show_code(wrong_code(with_app))
    with_app.sign_in()
    assert with_app.show_code(with_app.code()).status_code == 429


@pytest.mark.parametrize(("rounds", "pause", "most"), [(30, 305, 20), (75, 3_700 // 4, 50)], ids=["an hour", "a day"])
def test_there_is_a_limit_for_the_hour_and_for_the_day(with_app, clock, rounds, pause, most):
    """Wrong codes, as fast as five minutes (or the hour) let them through."""
    looked_at, passed, span = 0, 0, 3_600 if most == 20 else 86_400
    number = 0
    while passed < span - pause and number < rounds * 5:
        number += 1
        with_app.place = {"REMOTE_ADDR": f"198.51.100.{number % 250}"}
        with_app.sign_in()
        code = wrong_code(with_app)
        for _ in range(5):
            looked_at += with_app.show_code(code).status_code == 422
        clock.shift(pause)
        passed += pause
    assert looked_at <= most + most * passed / span  # what a bucket holds, and what has flown in
    assert looked_at >= most


def test_codes_from_one_address_are_limited_whoever_they_are_for(new_person, clock):
    people = []
    for number in range(3):
        person = new_person(address=f"192.0.2.{number + 20}")
        person.register(email=f"person{number}@example.org")
        person.add_app()
        person.leave()
        people.append(person)
    clock.shift(60)
    looked_at = 0
    for number, person in enumerate(people):
        person.place = {"REMOTE_ADDR": "203.0.113.5"}
        person.sign_in(email=f"person{number}@example.org")
        for _ in range(5):
            looked_at += person.show_code(wrong_code(person)).status_code == 422
    assert looked_at == 10


def test_a_browser_that_has_signed_in_before_is_not_locked_out_by_a_stranger(with_app):
    own = with_app.twin(address="192.0.2.50")
    own.sign_in()
    own.show_recovery_code(own.codes[0])
    own.sign_out()  # and stays a known browser
    with_app.sign_in()
    for _ in range(6):
        with_app.show_code(wrong_code(with_app))
    assert with_app.show_code(with_app.code()).status_code == 429

    own.sign_in()
    assert own.show_code(own.code()).status_code == 303
    assert own.signed_in


def test_a_right_code_gives_its_try_back(with_app, clock):
    for _ in range(8):
        with_app.sign_in()
        assert with_app.show_code(with_app.code()).status_code == 303
        with_app.leave()
        clock.shift(31)


def race(people, act):
    """All act at the same moment; gives their answers."""
    barrier, answers = threading.Barrier(len(people)), []

    def run(person):
        barrier.wait()
        answers.append(act(person))

    threads = [threading.Thread(target=run, args=(person,)) for person in people]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return answers


@pytest.mark.parametrize("kind", ["app", "recovery"])
def test_of_many_who_show_the_same_code_at_once_one_gets_in(with_app, kind, rows_of):
    people = [with_app.twin(address=f"198.51.100.{number}") for number in range(5)]
    pages = {}
    for person in people:
        person.sign_in()
        pages[person] = person.get("/auth/two-factor")
    fields = {"code": with_app.code()} if kind == "app" else {"recovery_code": with_app.codes[0]}

    answers = race(people, lambda person: person.post("/auth/two-factor", pages[person], **fields).status_code)

    assert sorted(answers) == [303, 422, 422, 422, 422]
    assert sum(person.signed_in for person in people) == 1
    assert len(rows_of("session")) == 1


def test_of_many_wrong_codes_at_once_no_more_are_looked_at_than_stated(with_app):
    people = [with_app.twin(address=f"198.51.100.{number}") for number in range(8)]
    pages = {}
    for person in people:
        person.sign_in()
        pages[person] = person.get("/auth/two-factor")
    code = wrong_code(with_app)

    answers = race(people, lambda person: person.post("/auth/two-factor", pages[person], code=code).status_code)

    assert sorted(answers) == [422] * 5 + [429] * 3


def test_the_step_begins_with_a_password(ann):
    ann.add_app()
    ann.leave()
    assert ann.get("/auth/two-factor").location == "/auth/sign-in?next=/auth/two-factor"


def test_who_is_signed_in_finds_the_overview_there(ann):
    assert ann.get("/auth/two-factor").location == "/auth/factors"


def test_when_the_step_took_too_long_the_password_is_asked_again_and_nothing_is_lost(with_app, clock):
    with_app.sign_in(path="/auth/sign-in?next=/record/")
    page = with_app.get("/auth/two-factor")
    clock.shift(timedelta(minutes=16))
    answer = with_app.post("/auth/two-factor", page, code=with_app.code())
    assert answer.status_code == 403
    assert refusal_of(answer.text) == "Signing in took too long. Begin again."
    assert hidden_fields(answer.text)["next"] == "/record/"
    assert with_app.post("/auth/passkeys/two-factor", page).status_code == 403


def test_the_step_of_another_browser_helps_nobody(with_app):
    with_app.sign_in()
    page = with_app.get("/auth/two-factor")
    thief = with_app.twin()
    answer = thief.post("/auth/two-factor", thief.get("/auth/sign-in"), code=with_app.code())
    assert answer.status_code == 403
    assert page.status_code == 200
    assert not thief.signed_in


def test_when_signed_in_meanwhile_the_step_leads_on(with_app):
    with_app.sign_in(path="/auth/sign-in?next=/record/")
    page = with_app.get("/auth/two-factor")
    with_app.show_code(with_app.code())
    with_app.post("/auth/two-factor", page, code=with_app.code())
    answer = with_app.client.post(
        "/auth/two-factor", data={"csrf_token": hidden_fields(with_app.get("/auth/recovery-codes").text)["csrf_token"]}
    )
    assert answer.location == "/auth/factors"


@pytest.mark.parametrize("kind", ["app", "passkey"])
def test_a_short_password_is_enough_beside_one_second_factor(ann, change, clock, kind):
    getattr(ann, f"add_{kind}")()
    change("account", short_password=True)
    ann.sign_out()
    clock.shift(60)
    ann.sign_in()
    assert not ann.signed_in
    if kind == "app":
        ann.show_code(ann.code())
    else:
        ann.use_passkey("two-factor", page="/auth/two-factor")
    assert ann.signed_in


def test_an_account_that_was_disabled_meanwhile_is_refused(with_app, change, rows_of):
    with_app.sign_in()
    page = with_app.get("/auth/two-factor")
    change("account", disabled_at=clock_time(rows_of))
    answer = with_app.post("/auth/two-factor", page, code=with_app.code())
    assert answer.status_code == 403
    assert "disabled" in refusal_of(answer.text)
    assert not with_app.signed_in


def test_who_removed_the_factor_meanwhile_goes_on_without(with_app, app, rows_of):
    with_app.sign_in(path="/auth/sign-in?next=/record/")
    with app.app_context():
        services.reset_factors(rows_of("account")[0]["id"], by="Ben", identified="in person", now=clock_time(rows_of))
        db.session.commit()
    assert with_app.get("/auth/two-factor").location == "/auth/sign-in"


def test_a_secret_of_another_secret_key_is_a_wrong_code(with_app, change):
    change("app", secret="A" * 80)
    with_app.sign_in()
    assert with_app.show_code(with_app.code()).status_code == 422
    assert with_app.show_recovery_code(with_app.codes[0]).status_code == 303


def test_without_an_app_no_code_counts(with_passkey):
    with_passkey.sign_in()
    page = with_passkey.get("/auth/two-factor")
    assert 'name="code"' not in page.text
    assert with_passkey.post("/auth/two-factor", page, code="123456").status_code == 422


@pytest.fixture
def later(ann, clock):
    """Signed in with an app, so long ago that a proof is asked for."""
    ann.add_app()
    ann.add_passkey()
    clock.shift(timedelta(minutes=20))
    return ann


def test_a_code_proves_again_who_one_is(later, rows_of):
    answer = later.post("/auth/again/code", later.get("/auth/again?next=/auth/factors/app/remove"), code=later.code())
    assert answer.location == "/auth/factors/app/remove"
    assert later.get("/auth/factors/app/remove").status_code == 200
    assert rows_of("event")[-1]["kind"] == "proved_again"
    assert rows_of("event")[-1]["detail"] == {"proof": "app"}


def test_a_recovery_code_proves_again_who_one_is(later):
    page = later.get("/auth/again?next=/auth/factors")
    assert later.post("/auth/again/code", page, recovery_code=later.codes[0]).location == "/auth/factors"
    assert "You have 9 recovery codes left." in later.get("/auth/factors").text
    assert later.get("/auth/passkeys/add").status_code == 200


@pytest.mark.parametrize("field", ["code", "recovery_code"])
def test_a_wrong_code_proves_nothing_and_is_noted(later, rows_of, field):
    page = later.get("/auth/again?next=/auth/factors/app/remove")
    typed = wrong_code(later) if field == "code" else "zzzzz-zzzzz"
    answer = later.post("/auth/again/code", page, **{field: typed})
    assert answer.status_code == 422
    assert "wrong" in error_of(answer.text, field)
    assert hidden_fields(answer.text)["next"] == "/auth/factors/app/remove"
    assert rows_of("event")[-1]["kind"] == "proof_failed"
    assert later.get("/auth/passkeys/add").status_code == 302


def test_what_is_no_code_is_refused_with_words_there_too(later):
    answer = later.post("/auth/again/code", later.get("/auth/again"), code="12")
    assert answer.status_code == 422
    assert error_of(answer.text, "code")


def test_tries_at_proving_again_are_limited(later):
    page = later.get("/auth/again")
    for _ in range(5):
        later.post("/auth/again/code", page, code=wrong_code(later))
    answer = later.post("/auth/again/code", page, code=later.code())
    assert answer.status_code == 429
    assert refusal_of(answer.text)


def test_a_form_is_kept_until_a_code_has_proved_who_one_is(later):
    late = later.post("/auth/factors/app/remove", later.get("/auth/factors/app/remove", follow_redirects=True))
    assert late.status_code == 403
    assert "What you filled in is kept." in late.text
    answer = later.post("/auth/again/code", late, code=later.code())
    assert 'action="/auth/factors/app/remove"' in answer.text


def test_the_page_offers_only_what_the_account_has(ann, clock):
    clock.shift(timedelta(minutes=20))
    page = ann.get("/auth/again").text
    assert "passkey" not in page.casefold().replace("/auth/passkeys/sign-in", "")
    assert "recovery" not in page
