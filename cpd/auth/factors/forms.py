"""What a person sends to set up an authenticator app or to name a passkey."""

from __future__ import annotations

import wtforms
from wtforms.validators import Length

from cpd.auth.forms import CodeForm, typed_text
from cpd.forms import Form, LineField

LONGEST_NAME = 60


class AppForm(CodeForm):
    """The first code of an app that is being set up, with the secret that the page showed, sealed."""

    secret = wtforms.HiddenField()

    def refuse(self) -> None:
        self.code.errors = ["That code is wrong. Check that the app has the secret below, and that its clock is right"]


class NameForm(Form):
    """What its owner calls a passkey."""

    name = LineField(
        "Name",
        [typed_text, Length(max=LONGEST_NAME, message=f"Use at most {LONGEST_NAME} characters")],
        description="So that you know it again, such as the device that keeps it.",
        render_kw={"autocomplete": "off", "maxlength": LONGEST_NAME},
    )
