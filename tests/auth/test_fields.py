"""The fields that the forms of an account share, one by one: made here, as each form makes its own."""

from __future__ import annotations

import pytest
import wtforms
from werkzeug.datastructures import MultiDict

from cpd.auth.forms import name_field, profession_field, registration_body_field, registration_number_field
from cpd.auth.professions import BODIES, PROFESSIONS


def form_of(field, **typed):
    """A form with nothing but a field called `it`, sent with what was typed."""
    form = type("Made", (wtforms.Form,), {"it": field})(MultiDict(typed))
    form.validate()
    return form.it


def errors(field, **typed):
    return list(form_of(field, **typed).errors)


@pytest.mark.parametrize(
    ("make", "label", "description"),
    [
        (name_field, "Name", "As it should stand in your record."),
        (profession_field, "Profession", ""),
        (registration_body_field, "Registration body", ""),
        (registration_number_field, "Registration number", ""),
    ],
)
def test_a_field_says_what_it_is(make, label, description):
    field = form_of(make())
    assert (field.label.text, field.description) == (label, description)


@pytest.mark.parametrize(
    ("make", "attributes"),
    [
        (name_field, {"autocomplete": "name", "maxlength": 120}),
        (profession_field, {"autocomplete": "organization-title"}),
        (registration_number_field, {"autocomplete": "off", "spellcheck": "false", "maxlength": 30}),
    ],
)
def test_a_field_tells_the_browser_how_it_is_filled_in(make, attributes):
    assert form_of(make()).render_kw == attributes


@pytest.mark.parametrize("typed", ["", " ", "\u202e", "\0"])
def test_a_name_is_needed(typed):
    assert errors(name_field(), it=typed) == ["Enter your name"]


def test_a_name_has_a_longest_length():
    assert errors(name_field(), it="a" * 120) == []
    assert errors(name_field(), it="a" * 121) == ["Use at most 120 characters"]


def test_one_of_the_professions_is_chosen():
    field = form_of(profession_field(), it="Nurse")
    assert not field.errors
    assert [(choice.value, choice.label) for choice in field.choices] == [
        ("", "Choose"),
        *((name, name) for name in PROFESSIONS),
    ]
    assert errors(profession_field(), it="") == ["Choose your profession"]
    assert errors(profession_field(), it="Wizard") == ["Not a valid choice."]


def test_a_registration_body_may_be_chosen():
    field = form_of(registration_body_field(), it="GMC")
    assert not field.errors
    assert [(choice.value, choice.label) for choice in field.choices] == [
        ("", "None"),
        *((short, body.name) for short, body in BODIES.items()),
    ]
    assert errors(registration_body_field(), it="") == []
    assert errors(registration_body_field()) == []


def test_a_registration_number_may_be_left_out():
    assert errors(registration_number_field(), it="") == []
    assert form_of(registration_number_field(), it=" 1234567 ").data == "1234567"
