"""What the forms of signing in and of choosing a password take and refuse, and the words they say. No page is asked."""

from __future__ import annotations

import pytest
from werkzeug.datastructures import MultiDict

from cpd.auth.agreeing.forms import AgreeForm
from cpd.auth.by_mail.forms import AddressForm
from cpd.auth.changing.forms import ChangePasswordForm, NewAddressForm, NewPasswordForm
from cpd.auth.emails import Email
from cpd.auth.forms import CHANGED, CodeForm, ProofForm, RecoveryForm, RegisterForm, SignInForm
from cpd.auth.new_password import NewPasswordField, shortest, why_refused
from cpd.auth.services import Person

GOOD = "violin-gravel-otter-tundra"
WRONG_CODE = "Enter the six digits that the app shows"
WRONG_RECOVERY_CODE = "Enter a whole recovery code, such as 7k3m9-x2pqr"


pytestmark = pytest.mark.usefixtures("asked")


def sent(form_class, typed, **keywords):
    form = form_class(MultiDict(typed), **keywords)
    form.validate()
    return form


def errors_of(form):
    return {name: list(field.errors) for name, field in form._fields.items() if field.errors and name != "csrf_token"}


@pytest.mark.parametrize("form_class", [SignInForm, AddressForm, NewAddressForm])
def test_an_address_is_read_and_comes_back_as_it_was_typed(form_class):
    form = sent(form_class, {"email": " Ann@Example.org", "password": "x"})
    assert errors_of(form) == {}
    assert form.email.email == Email("Ann@example.org", "ann@example.org")
    assert form.email.data == "Ann@Example.org"


@pytest.mark.parametrize("form_class", [SignInForm, AddressForm, NewAddressForm])
@pytest.mark.parametrize("typed", [{}, {"email": ""}, {"email": "ann"}])
def test_what_is_no_address_is_told_once(form_class, typed):
    form = sent(form_class, {"password": "x"} | typed)
    assert errors_of(form) == {"email": ["Enter an e-mail address, like name@example.org"]}


def test_a_refused_pair_is_told_beside_the_password_in_the_same_words_as_one_that_is_too_long():
    form = sent(SignInForm, {"email": "ann@example.org", "password": "x" * 257})
    words = {"password": ["The e-mail address or the password is wrong"]}
    assert errors_of(form) == words
    form = sent(SignInForm, {"email": "ann@example.org", "password": "x" * 256})
    assert errors_of(form) == {}
    form.refuse()
    assert errors_of(form) == words


@pytest.mark.parametrize(("form_class", "field"), [(ProofForm, "password"), (ChangePasswordForm, "old_password")])
def test_a_wrong_password_is_told_beside_its_field(form_class, field):
    keywords = {"own": [], "beside_a_factor": False} if form_class is ChangePasswordForm else {}
    form = form_class(MultiDict({field: "wrong"}), **keywords)
    form.refuse()
    assert errors_of(form) == {field: ["The password is wrong"]}


@pytest.mark.parametrize(
    ("form_class", "field", "words"),
    [
        (CodeForm, "code", "That code is wrong, or it was used before. Wait for the next one"),
        (RecoveryForm, "recovery_code", "That code is wrong, or it was used before"),
        (NewAddressForm, "email", "An account with this e-mail exists"),
    ],
)
def test_what_was_refused_is_told_beside_its_field(form_class, field, words):
    form = form_class(MultiDict())
    (form.refuse_taken if form_class is NewAddressForm else form.refuse)()
    assert errors_of(form) == {field: [words]}


@pytest.mark.parametrize(
    ("form_class", "field", "typed", "read"),
    [
        (CodeForm, "code", " 123 456 ", "123456"),
        (CodeForm, "code", " " * 150 + "123456", "123456"),
        (RecoveryForm, "recovery_code", "7K3M9 X2PQR", "7k3m9x2pqr"),
    ],
)
def test_a_code_is_read_however_it_is_typed(form_class, field, typed, read):
    form = sent(form_class, {field: typed})
    assert errors_of(form) == {}
    assert form[field].data.replace("-", "") == read


@pytest.mark.parametrize("typed", [{}, {"code": ""}, {"code": "12345"}, {"code": "1234567"}])
def test_what_is_no_code_of_an_app_says_what_is_wanted(typed):
    assert errors_of(sent(CodeForm, typed)) == {"code": [WRONG_CODE]}


@pytest.mark.parametrize("typed", [{}, {"recovery_code": ""}, {"recovery_code": "7k3m9"}])
def test_what_is_no_recovery_code_says_what_is_wanted(typed):
    assert errors_of(sent(RecoveryForm, typed)) == {"recovery_code": [WRONG_RECOVERY_CODE]}


def test_of_what_was_typed_as_a_recovery_code_only_the_first_hundred_characters_are_read():
    assert errors_of(sent(RecoveryForm, {"recovery_code": "7" + "-" * 90 + "k3m9x2pqr"})) == {}
    assert errors_of(sent(RecoveryForm, {"recovery_code": "7" + "-" * 91 + "k3m9x2pqr"})) != {}


def register(**typed):
    return sent(RegisterForm, typed, site_name="Daybook", versions={"terms": "1"})


def test_who_registers_is_a_person_as_it_was_typed():
    form = register(
        name=" Ann  Example ",
        email="Ann@Example.org",
        profession="Nurse",
        registration_body="NMC",
        registration_number="12a 3456b",
    )
    email = Email("Ann@example.org", "ann@example.org")
    assert form.person() == Person("Ann Example", email, "Nurse", "NMC", "12A3456B")


def test_who_leaves_the_registration_out_is_a_person_without_one():
    form = register(name="Ann", email="ann@example.org", profession="Nurse")
    assert form.person() == Person("Ann", Email("ann@example.org", "ann@example.org"), "Nurse", "", "")
    assert "registration_number" not in errors_of(form)


def test_an_empty_form_says_all_that_is_missing():
    assert errors_of(register()) == {
        "name": ["Enter your name"],
        "email": ["Enter an e-mail address, like name@example.org"],
        "password": ["Choose a password"],
        "profession": ["Choose your profession"],
        "professional": ["Confirm that you are a healthcare professional or a student of a health profession"],
        "consent": ["Agree to the terms of use and to the privacy page to register"],
    }


def test_an_address_that_is_taken_is_told_beside_its_field():
    form = register(email="ann@example.org")
    form.refuse_taken()
    assert errors_of(form)["email"] == ["An account with this e-mail exists. Sign in instead"]


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ({"consent": "y", "documents": "privacy:2 terms:1"}, None),
        ({"consent": "y", "documents": "terms:1"}, CHANGED),
        ({"documents": "privacy:2 terms:1"}, "Agree to go on, or choose Not now"),
    ],
)
def test_what_is_agreed_to_anew_is_what_was_seen(typed, words):
    form = sent(AgreeForm, typed, versions={"terms": "1", "privacy": "2"})
    assert errors_of(form) == ({"consent": [words]} if words else {})
    assert form.documents.data == "privacy:2 terms:1"


# New passwords


@pytest.mark.parametrize(("beside_a_factor", "least"), [(False, 15), (True, 8)])
def test_a_form_for_a_new_password_asks_for_as_many_characters_as_are_needed(beside_a_factor, least):
    for form_class in (NewPasswordForm, ChangePasswordForm):
        typed = {"password": "hz7-qwux-7mirr"[: least - 1], "old_password": "x"}
        form = sent(form_class, typed, own=[], beside_a_factor=beside_a_factor)
        assert errors_of(form) == {"password": [f"Use at least {least} characters"]}
        assert form.password.description == (
            f"At least {least} characters. Four or more random words are easy to remember."
        )
        assert form.password.render_kw == {"autocomplete": "new-password", "data-shortest": least}
    assert shortest(beside_a_factor=beside_a_factor) == least


def test_a_form_for_a_new_password_refuses_what_is_made_of_what_others_know():
    typed = {"password": "quackenbushzebedee"}
    assert errors_of(sent(NewPasswordForm, typed, own=[], beside_a_factor=False)) == {}
    form = sent(NewPasswordForm, typed, own=["Zebedee Quackenbush"], beside_a_factor=False)
    assert "easy to guess" in errors_of(form)["password"][0]


def test_a_field_for_a_new_password_asks_for_fifteen_characters_unless_told_otherwise():
    form = RegisterForm(None, site_name="Daybook", versions={})
    assert form.password.render_kw == {"autocomplete": "new-password", "data-shortest": 15}
    assert form.password.label.text == "Password"

    class Made(NewPasswordForm):
        other = NewPasswordField("Other", name="its-name")

    form = Made(None, own=[], beside_a_factor=True)
    assert (form.other.label.text, form.other.name) == ("Other", "its-name")
    assert form.other.render_kw["data-shortest"] == 15
    form.validate()
    assert errors_of(form) == {"password": ["Choose a password"], "other": ["Choose a password"]}


@pytest.mark.parametrize(
    ("password", "beside_a_factor", "words"),
    [
        (GOOD, False, None),
        (GOOD[:15], False, None),
        (GOOD[:14], False, "Use at least 15 characters"),
        ("hz7-qwux", True, None),
        ("hz7-qwu", True, "Use at least 8 characters"),
        ("", False, "Use at least 15 characters"),
        ("", True, "Use at least 8 characters"),
        (("violin gravel otter tundra ledger " * 8)[:256], False, None),
        ("a" * 257, False, "Use at most 256 characters"),
        ("a" * 257, True, "Use at most 256 characters"),
        ("\ud800" + GOOD, False, "Use characters that can be typed"),
        (GOOD + "\udfff", True, "Use characters that can be typed"),
        (GOOD + "\ud7ff\ue000", False, None),
        ("e\u0301" * 14, False, "Use at least 15 characters"),
    ],
)
def test_a_password_is_refused_for_its_length_or_what_nobody_can_type(password, beside_a_factor, words):
    assert why_refused(password, own=[], beside_a_factor=beside_a_factor) == words


def test_what_others_know_is_cleaned_before_it_is_looked_for():
    assert why_refused("quackenbushzebedee", own=[None, "", " Zebedee \u202e Quackenbush"]) is not None
    assert why_refused("quackenbushzebedee", own=[None, ""]) is None
