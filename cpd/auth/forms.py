"""What a person may type to register and to sign in, and the words they see when it is wrong."""

from __future__ import annotations

from typing import Any

import wtforms
from wtforms import BooleanField, HiddenField, PasswordField, SelectField
from wtforms.validators import DataRequired, InputRequired, Length, Optional, StopValidation, ValidationError

from cpd.auth.emails import LONGEST, Email, WrongEmail, read_email
from cpd.auth.factors import apps, recovery
from cpd.auth.new_password import NewPasswordField, why_refused
from cpd.auth.passwords import LONGEST as LONGEST_PASSWORD
from cpd.auth.professions import BODIES, PROFESSIONS, WrongNumber, read_number
from cpd.auth.services import Person
from cpd.forms import Form, LineField, choices

LONGEST_NAME = 120
LONGEST_CODE = 100  # characters that are read of what was typed as one
TAKEN = "An account with this e-mail exists. Sign in instead"
WRONG_PAIR = "The e-mail address or the password is wrong"
WRONG_PASSWORD = "The password is wrong"  # noqa: S105  # words for people
CHANGED = "The terms or the privacy page changed while this page was open. Read them again, then agree"


def typed_text(_: wtforms.form.BaseForm, field: wtforms.Field) -> None:
    """Something must be left of it when it is cleaned."""
    if not field.data:
        raise StopValidation(f"Enter your {field.label.text.lower()}")


def stated(versions: dict[str, str]) -> str:
    """What is agreed to, document → version, as a hidden field carries it."""
    return " ".join(f"{document}:{version}" for document, version in sorted(versions.items()))


def agreed_to_these(form: Any, field: wtforms.Field) -> None:
    """Whoever agrees must have seen the versions of now, which the form has as `versions_now`."""
    if form.documents.data != form.versions_now:
        form.documents.data = form.versions_now
        field.data = False
        raise ValidationError(CHANGED)


class EmailField(LineField):
    """An e-mail address; `email` is what was read of it when it is valid."""

    widget = wtforms.widgets.EmailInput()
    email: Email

    def pre_validate(self, _: wtforms.form.BaseForm) -> None:
        try:
            self.email = read_email(self.data or "")
        except WrongEmail as fault:
            raise StopValidation(str(fault)) from None


class SignInForm(Form):
    email = EmailField("E-mail address", render_kw={"autocomplete": "username", "spellcheck": "false"})
    password = PasswordField(
        "Password",
        [InputRequired("Enter your password"), Length(max=LONGEST_PASSWORD, message=WRONG_PAIR)],
        render_kw={"autocomplete": "current-password"},
    )

    def refuse(self) -> None:
        """Say that the pair is wrong, in the same words whether the account exists or not."""
        self.password.errors = [WRONG_PAIR]


class ProofForm(Form):
    """The password once more, from somebody who is signed in."""

    password = PasswordField(
        "Password",
        [InputRequired("Enter your password"), Length(max=LONGEST_PASSWORD, message=WRONG_PASSWORD)],
        render_kw={"autocomplete": "current-password"},
    )

    def refuse(self) -> None:
        self.password.errors = [WRONG_PASSWORD]


class CodeForm(Form):
    """A code that the authenticator app shows."""

    code = LineField(
        "Code from your authenticator app",
        description="Six digits.",
        render_kw={"autocomplete": "one-time-code", "inputmode": "numeric", "spellcheck": "false", "maxlength": 20},
    )

    def validate_code(self, field: wtforms.Field) -> None:
        try:
            field.data = apps.read_code((field.data or "")[:LONGEST_CODE])
        except apps.WrongCode as fault:
            raise StopValidation(str(fault)) from None

    def refuse(self) -> None:
        self.code.errors = ["That code is wrong, or it was used before. Wait for the next one"]


class RecoveryForm(Form):
    """One of the recovery codes."""

    recovery_code = LineField(
        "Recovery code",
        description="Ten letters and digits, such as 7k3m9-x2pqr. Each works once.",
        render_kw={"autocomplete": "off", "autocapitalize": "none", "spellcheck": "false", "maxlength": 40},
    )

    def validate_recovery_code(self, field: wtforms.Field) -> None:
        try:
            field.data = recovery.read_code((field.data or "")[:LONGEST_CODE])
        except recovery.WrongCode as fault:
            raise StopValidation(str(fault)) from None

    def refuse(self) -> None:
        self.recovery_code.errors = ["That code is wrong, or it was used before"]


def name_field() -> LineField:
    return LineField(
        "Name",
        [typed_text, Length(max=LONGEST_NAME, message=f"Use at most {LONGEST_NAME} characters")],
        description="As it should stand in your record.",
        render_kw={"autocomplete": "name", "maxlength": LONGEST_NAME},
    )


def profession_field() -> SelectField:
    return SelectField(
        "Profession",
        [InputRequired("Choose your profession")],
        choices=choices("Choose", ((name, name) for name in PROFESSIONS)),
        render_kw={"autocomplete": "organization-title"},
    )


def registration_body_field() -> SelectField:
    return SelectField(
        "Registration body",
        [Optional()],
        choices=choices("None", ((short, body.name) for short, body in BODIES.items())),
    )


def registration_number_field() -> LineField:
    return LineField(
        "Registration number",
        [Optional()],
        render_kw={"autocomplete": "off", "spellcheck": "false", "maxlength": 30},
    )


class WithRegistration:
    """A form with a registration number, which must be one that its body gives out."""

    registration_body: SelectField
    registration_number: LineField

    def validate_registration_number(self, field: wtforms.Field) -> None:
        try:
            field.data = read_number(field.data or "", self.registration_body.data or "")
        except WrongNumber as fault:
            raise ValidationError(str(fault)) from None


class RegisterForm(WithRegistration, Form):
    name = name_field()
    email = EmailField(
        "E-mail address",
        description="You sign in with it.",
        render_kw={"autocomplete": "username", "spellcheck": "false", "maxlength": LONGEST},
    )
    password = NewPasswordField("Password")
    profession = profession_field()
    registration_body = registration_body_field()
    registration_number = registration_number_field()
    professional = BooleanField(
        "I am a healthcare professional, or a student of a health profession",
        [DataRequired("Confirm that you are a healthcare professional or a student of a health profession")],
    )
    consent = BooleanField(
        "I agree to the terms of use and to the privacy page",
        [DataRequired("Agree to the terms of use and to the privacy page to register"), agreed_to_these],
    )
    documents = HiddenField()

    def __init__(self, *arguments: Any, site_name: str, versions: dict[str, str]) -> None:
        """versions: what is consented to now, document → version; the form carries what its reader saw."""
        self.site_name = site_name
        self.versions_now = stated(versions)
        super().__init__(*arguments, documents=self.versions_now)

    def validate_password(self, field: wtforms.Field) -> None:
        own = [self.site_name, self.name.data, self.email.data, self.registration_number.data]
        if fault := why_refused(field.data, own=own):
            raise ValidationError(fault)

    def refuse_taken(self) -> None:
        self.email.errors = [TAKEN]

    def person(self) -> Person:
        """Who registers, once the form is valid."""
        return Person(
            name=self.name.data or "",
            email=self.email.email,
            profession=self.profession.data,
            registration_body=self.registration_body.data or "",
            registration_number=self.registration_number.data or "",
        )
