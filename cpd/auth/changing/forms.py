"""What may be typed to change a password or an e-mail address."""

from __future__ import annotations

from typing import Any

import wtforms
from wtforms import PasswordField
from wtforms.validators import InputRequired, Length, ValidationError

from cpd.auth.emails import LONGEST
from cpd.auth.forms import TAKEN, WRONG_PASSWORD, EmailField
from cpd.auth.new_password import NewPasswordField, shortest, why_refused
from cpd.auth.passwords import LONGEST as LONGEST_PASSWORD
from cpd.forms import Form


class NewPasswordForm(Form):
    """A new password, of somebody who has come by a link or has typed the old one."""

    password = NewPasswordField("New password")

    def __init__(self, *arguments: Any, own: list[str], beside_a_factor: bool) -> None:
        """own: what others know of the learner, and the site's name."""
        super().__init__(*arguments)
        self.own, self.beside_a_factor = own, beside_a_factor
        self.password.ask_for(shortest(beside_a_factor=beside_a_factor))

    def validate_password(self, field: wtforms.Field) -> None:
        if fault := why_refused(field.data, own=self.own, beside_a_factor=self.beside_a_factor):
            raise ValidationError(fault)


class ChangePasswordForm(NewPasswordForm):
    """A new password, beside the old one."""

    old_password = PasswordField(
        "Password that you have now",
        [InputRequired("Enter the password that you have now"), Length(max=LONGEST_PASSWORD, message=WRONG_PASSWORD)],
        render_kw={"autocomplete": "current-password"},
    )

    def refuse(self) -> None:
        self.old_password.errors = [WRONG_PASSWORD]


class NewAddressForm(Form):
    """Another e-mail address."""

    email = EmailField(
        "New e-mail address",
        render_kw={"autocomplete": "email", "spellcheck": "false", "maxlength": LONGEST},
    )

    def refuse_taken(self) -> None:
        self.email.errors = [TAKEN.removesuffix(". Sign in instead")]
