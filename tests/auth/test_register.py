"""Registering, as learners meet it."""

import re
import threading

import pytest
from werkzeug.datastructures import MultiDict

from cpd.auth.forms import CHANGED, RegisterForm, stated
from cpd.auth.professions import BODIES, WrongNumber, read_number
from tests.auth.browser import ANN, PASSWORD, Browser, error_of, hidden_fields
from tests.auth.factors.people import refusal_of

AGREE = "Agree to the terms of use and to the privacy page to register"


def test_registering_makes_an_account_and_signs_in(browser, rows_of):
    answer = browser.register()

    assert answer.status_code == 303
    assert answer.location == "/"
    assert browser.signed_in
    [account] = rows_of("account")
    assert (account["email"], account["name"], account["role"]) == ("ann@example.org", "Ann Example", "learner")


def test_the_consents_are_kept_with_their_versions(browser, rows_of):
    browser.register()
    kept = {(row["document"], row["version"]) for row in rows_of("consent")}
    assert kept == {("terms", "2026-11-23"), ("privacy", "2026-11-23")}


def test_the_password_is_kept_as_an_argon2id_hash_only(browser, rows_of):
    browser.register()
    [account] = rows_of("account")
    assert account["password_hash"].startswith("$argon2id$v=19$")
    assert PASSWORD not in str(account)


def test_registering_leads_back_to_the_page_that_was_wanted(browser):
    answer = browser.send("/auth/register?next=/pages/terms", **ANN)
    assert answer.location == "/pages/terms"


@pytest.mark.parametrize(
    ("field", "typed", "words"),
    [
        ("name", "   ", "Enter your name"),
        ("name", "x" * 121, "Use at most 120 characters"),
        ("email", "", "Enter an e-mail address, like name@example.org"),
        ("email", "ann", "Enter an e-mail address, like name@example.org"),
        ("password", "", "Choose a password"),
        ("password", "short", "Use at least 15 characters"),
        ("password", "ä" * 257, "Use at most 256 characters"),
        ("password", "annexample2024!!", "easy to guess"),
        ("profession", "", "Choose your profession"),
        ("profession", "Wizard", "Not a valid choice"),
        ("registration_body", "KGB", "Not a valid choice"),
        ("registration_number", "1234567", "Choose the body that gave you this number"),
    ],
)
def test_a_wrong_answer_is_told_beside_its_field(browser, count_of, field, typed, words):
    answer = browser.register(**{field: typed})

    assert answer.status_code == 422
    assert words in error_of(answer.text, field)
    assert "<title>Error: Create an account" in answer.text
    assert count_of("account") == 0


@pytest.mark.parametrize("box", ["professional", "consent"])
def test_both_boxes_must_be_ticked(browser, count_of, box):
    fields = {name: typed for name, typed in ANN.items() if name != box}
    answer = browser.send("/auth/register", **fields)
    assert error_of(answer.text, box)
    assert count_of("account") == 0


def test_a_box_sent_as_false_is_not_ticked(browser, count_of):
    browser.register(consent="false")
    assert count_of("account") == 0


def test_what_was_typed_comes_back_except_the_password(browser):
    page = browser.register(email="ann", name="Ann <Example>", registration_body="GMC", registration_number="12").text

    assert 'value="Ann &lt;Example&gt;"' in page
    assert 'value="ann"' in page
    assert '<option selected value="Doctor">' in page
    assert 'value="12"' in page
    assert PASSWORD not in page


def test_a_wrong_form_needs_no_row_of_any_kind(browser, count_of):
    browser.register(email="ann")
    assert [count_of(table) for table in ("account", "session", "event", "throttle")] == [0, 0, 0, 0]


@pytest.mark.parametrize(
    "spelling", ["ann@example.org", "ANN@Example.ORG", "\uff41nn@example.org", " ann@example.org "]
)
def test_a_taken_address_says_so_in_any_spelling(browser, new_browser, count_of, spelling):
    browser.register()

    answer = new_browser().register(email=spelling)

    assert answer.status_code == 422
    assert error_of(answer.text, "email") == "An account with this e-mail exists. Sign in instead"
    assert count_of("account") == 1


def test_nobody_is_signed_in_by_registering_a_taken_address(browser, new_browser):
    browser.register()
    stranger = new_browser()
    stranger.register()
    assert not stranger.signed_in


def test_four_registrations_at_once_make_one_account_and_no_fault(app, count_of):
    browsers = [Browser(app, address=f"192.0.2.{number}") for number in range(1, 5)]
    pages = [each.get("/auth/register") for each in browsers]
    spellings = ["race@example.org", "Race@example.org", "RACE@EXAMPLE.ORG", "race@Example.org"]
    start, answers = threading.Barrier(4), []

    def register(browser, page, email):
        start.wait()
        answers.append(browser.post("/auth/register", page, **(ANN | {"email": email})).status_code)

    threads = [threading.Thread(target=register, args=each) for each in zip(browsers, pages, spellings, strict=True)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(answers) == [303, 422, 422, 422]
    assert count_of("account") == 1


def test_consent_to_a_version_that_changed_meanwhile_is_asked_for_again(browser, count_of):
    answer = browser.register(documents="privacy:2025-01-01 terms:2026-11-23")
    assert "changed while this page was open" in error_of(answer.text, "consent")
    assert count_of("account") == 0

    again = browser.post("/auth/register", answer, **ANN)
    assert again.status_code == 303


def test_the_page_that_asks_for_consent_again_has_the_box_empty(browser):
    answer = browser.register(documents="terms:2025-01-01")
    assert "checked" not in answer.text[answer.text.index('id="consent"') :].split(">")[0]


def test_columns_that_the_form_does_not_ask_for_cannot_be_set(browser, rows_of):
    browser.register(role="administrator", id="77", zone="Asia/Tokyo", created_at="2001-01-01", password_hash="x")
    [account] = rows_of("account")
    assert account["role"] == "learner"
    assert account["zone"] == "Europe/London"
    assert account["id"] != 77


def test_the_twenty_first_registration_in_an_hour_from_one_address_is_refused_and_keeps_what_was_typed(new_browser):
    for number in range(20):
        assert new_browser().register(email=f"ann{number}@example.org").status_code == 303

    answer = new_browser().register(email="late@example.org")

    assert answer.status_code == 429
    assert 3_500 < int(answer.headers["Retry-After"]) <= 3_600
    assert "There were too many tries. Wait " in answer.text
    assert 'value="late@example.org"' in answer.text
    assert new_browser(address="198.51.100.7").register(email="late@example.org").status_code == 303


def test_odd_characters_in_a_name_are_cleaned(browser, rows_of):
    browser.register(name="Zoe\u0308\x00  \u202eO'Brien\t<b>\ud7ff")
    [account] = rows_of("account")
    assert account["name"] == "Zoë O'Brien <b>\ud7ff"


def test_who_is_signed_in_is_led_on_instead_of_registering(browser):
    browser.register()
    assert browser.get("/auth/register?next=/pages/terms").location == "/pages/terms"


# What is carried along, and what is written down


@pytest.mark.parametrize(("wanted", "carried"), [("/pages/terms", "/pages/terms"), ("//evil.test", "/"), ("", "/")])
def test_where_one_wanted_to_go_is_carried_through_what_was_wrong(browser, wanted, carried):
    page = browser.get("/auth/register", query_string={"next": wanted})
    assert hidden_fields(page.text)["next"] == carried
    refused = browser.post("/auth/register", page, **(ANN | {"name": ""}))
    assert hidden_fields(refused.text)["next"] == carried
    answer = browser.post("/auth/register", refused, **ANN)
    assert (answer.status_code, answer.location) == (303, carried)


def test_a_form_that_carries_nothing_leads_home(browser):
    fields = hidden_fields(browser.get("/auth/register").text) | ANN
    del fields["next"]
    answer = browser.client.post("/auth/register", data=fields)
    assert (answer.status_code, answer.location) == (303, "/")


def test_what_is_registered_is_kept_as_it_was_typed(browser, rows_of):
    browser.register(email="Ann@Example.org", registration_body="NMC", registration_number="12a3456b")
    [account] = rows_of("account")
    names = ("email", "email_canon", "name", "profession", "registration_body", "registration_number", "zone")
    assert {name: account[name] for name in names} == {
        "email": "Ann@example.org",
        "email_canon": "ann@example.org",
        "name": "Ann Example",
        "profession": "Doctor",
        "registration_body": "NMC",
        "registration_number": "12A3456B",
        "zone": "Europe/London",
    }
    registered, signed_in = rows_of("event")
    consents = {"terms": "2026-11-23", "privacy": "2026-11-23"}
    assert (registered["kind"], registered["detail"]) == ("registered", {"consents": consents})
    assert (signed_in["kind"], signed_in["detail"]["proofs"]) == ("signed_in", ["password"])
    assert rows_of("outbox") == []


@pytest.mark.parametrize("body", ["", "GMC"])
def test_no_number_is_needed_for_a_body_or_without_one(browser, rows_of, body):
    assert browser.register(registration_body=body).status_code == 303
    [account] = rows_of("account")
    assert (account["registration_body"], account["registration_number"]) == (body, "")


def test_the_form_says_which_fields_may_stay_empty(browser):
    labels = re.findall(r'<label[^>]*for="(\w+)"[^>]*>(.*?)</label>', browser.get("/auth/register").text, re.DOTALL)
    assert [field for field, label in labels if "(optional)" in label] == ["registration_body", "registration_number"]


def test_who_registers_too_often_is_told_above_the_form_how_long_to_wait(browser):
    page = browser.get("/auth/register?next=/pages/terms")
    for number in range(20):
        assert browser.post("/auth/register", page, **(ANN | {"email": f"{number}@example.org"})).status_code == 303
        browser.client.delete_cookie("cpd_session")
        page = browser.get("/auth/register?next=/pages/terms")
    answer = browser.post("/auth/register", page, **ANN)
    assert refusal_of(answer.text).startswith("There were too many tries. Wait ")
    assert "<title>Error: Create an account" in answer.text
    assert hidden_fields(answer.text)["next"] == "/pages/terms"
    assert 'value="Ann Example"' in answer.text


@pytest.mark.usefixtures("asked")
@pytest.mark.parametrize(
    ("fields", "site_name"),
    [
        ({"name": "Quackenbush Zebedee"}, "Daybook"),
        ({"email": "quackenbush.zebedee@example.org"}, "Daybook"),
        ({"registration_number": "QUACKENBUSHZEBEDEE"}, "Daybook"),
        ({}, "Quackenbush Zebedee"),
    ],
    ids=["name", "address", "number", "site"],
)
def test_a_password_made_of_what_others_know_is_refused(fields, site_name):
    typed = {"password": "quackenbushzebedee"}
    assert password_errors(typed, "Daybook") == []
    assert "easy to guess" in " ".join(password_errors(fields | typed, site_name))


def password_errors(fields, site_name):
    form = RegisterForm(MultiDict(fields), site_name=site_name, versions={})
    form.validate()
    return list(form.password.errors)


@pytest.mark.usefixtures("asked")
def test_a_form_says_which_versions_its_reader_saw_in_one_order():
    form = RegisterForm(None, site_name="Daybook", versions={"terms": "2", "privacy": "1"})
    assert form.documents.data == "privacy:1 terms:2"
    assert stated({"b": "1", "a": "2", "c": "x y"}) == "a:2 b:1 c:x y"
    assert stated({}) == ""


@pytest.mark.usefixtures("asked")
@pytest.mark.parametrize(
    ("seen", "ticked", "error"),
    [("terms:2", "y", ""), ("terms:1", "y", CHANGED), ("", "y", CHANGED), ("terms:2", "", AGREE)],
)
def test_agreeing_counts_for_the_versions_that_were_seen(seen, ticked, error):
    typed = MultiDict({"documents": seen, "consent": ticked})
    form = RegisterForm(typed, site_name="Daybook", versions={"terms": "2"})
    form.validate()
    assert list(form.consent.errors) == [error] * bool(error)
    assert form.documents.data == "terms:2"
    assert form.consent.data == (not error)


@pytest.mark.parametrize(
    ("body", "typed", "kept"),
    [
        ("GMC", "1234567", "1234567"),
        ("GMC", " 123 4567 ", "1234567"),
        ("NMC", "12a3456b", "12A3456B"),
        ("GPhC", "2012345", "2012345"),
        ("GDC", "123456", "123456"),
        ("GDC", "1", "1"),
        ("HCPC", "ph123456", "PH123456"),
        ("HCPC", "PYL12345", "PYL12345"),
        ("GOC", "01-12345", "01-12345"),
        ("PSNI", "1234", "1234"),
        ("Other", "AB/77", "AB/77"),
        ("", "", ""),
        ("GMC", "", ""),
    ],
)
def test_a_plausible_registration_number_is_kept_in_its_own_form(body, typed, kept):
    assert read_number(typed, body) == kept


@pytest.mark.parametrize(
    ("body", "typed"),
    [
        ("GMC", "123456"),
        ("GMC", "12345678"),
        ("GMC", "123456A"),
        ("GMC", "١٢٣٤٥٦٧"),
        ("NMC", "1234567"),
        ("NMC", "12AB456C"),
        ("GPhC", "12345678"),
        ("GDC", "1234567"),
        ("HCPC", "123456"),
        ("HCPC", "ABCD1234"),
        ("Other", "A"),
        ("Other", "A" * 21),
    ],
)
def test_an_implausible_registration_number_says_what_is_expected(body, typed):
    with pytest.raises(WrongNumber) as fault:
        read_number(typed, body)
    expected = BODIES[body].expected
    assert str(fault.value) == (f"Enter {expected}" if body == "Other" else f"A number of the {body} has {expected}")


def test_a_registration_number_without_its_body_is_refused():
    for body in ("", "KGB"):
        with pytest.raises(WrongNumber) as fault:
            read_number("1234567", body)
        assert str(fault.value) == "Choose the body that gave you this number"


def test_a_password_that_nobody_can_type_is_refused(app):
    """No form brings one, since what is not UTF-8 is replaced; JSON might."""
    with app.test_request_context("/"):
        form = RegisterForm(MultiDict({"password": "\ud800" * 15}), site_name="Daybook", versions={})
        assert not form.validate()
        assert form.password.errors == ["Use characters that can be typed"]
