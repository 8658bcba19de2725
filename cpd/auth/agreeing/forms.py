"""What a learner agrees to anew."""

from __future__ import annotations

from typing import Any

from wtforms import BooleanField, HiddenField
from wtforms.validators import DataRequired

from cpd.auth.forms import agreed_to_these, stated
from cpd.forms import Form


class AgreeForm(Form):
    consent = BooleanField(
        "I agree to what is named above", [DataRequired("Agree to go on, or choose Not now"), agreed_to_these]
    )
    documents = HiddenField()

    def __init__(self, *arguments: Any, versions: dict[str, str]) -> None:
        """versions: what is agreed to now, document → version; the form carries what its reader saw."""
        self.versions_now = stated(versions)
        super().__init__(*arguments, documents=self.versions_now)
