"""What an administrator may type."""

from __future__ import annotations

from wtforms import RadioField
from wtforms.validators import InputRequired, Length

from cpd.auth.forms import typed_text
from cpd.auth.models import Role
from cpd.forms import Form, LineField, choices_of

MAY = {
    Role.LEARNER: "Learner",
    Role.AUTHOR: "Author: also reads older revisions",
    Role.EDITOR: "Editor: as an author",
    Role.ADMINISTRATOR: "Administrator: also looks after accounts",
}
LONGEST_STATEMENT = 200  # characters


class RoleForm(Form):
    role = RadioField(
        "Role",
        [InputRequired("Choose a role")],
        choices=choices_of((role.value, words) for role, words in MAY.items()),
    )


class PlainForm(Form):
    """A button alone."""


class FactorsForm(Form):
    identified = LineField(
        "How was the person identified?",
        [typed_text, Length(max=LONGEST_STATEMENT, message=f"Use at most {LONGEST_STATEMENT} characters")],
        description="It is kept with the event, and the owner of the account can read it.",
        render_kw={"maxlength": LONGEST_STATEMENT, "autocomplete": "off"},
    )
