"""Asking for the indication of a drug that has several."""

from __future__ import annotations

from typing import Any

from wtforms import RadioField
from wtforms.validators import AnyOf

from cpd.forms import Form
from cpd.monographs.briefs import Brief

CHOOSE = "Choose the indication"


class IndicationForm(Form):
    """One of the indications that a monograph states."""

    indication = RadioField(CHOOSE, validate_choice=False)

    def __init__(self, brief: Brief, formdata: Any = None) -> None:
        """Ask, or ask again after an answer that was none of them."""
        super().__init__(formdata)
        self.indication.choices = [(each.slug, each.name) for each in brief.indications]
        self.indication.validators = [AnyOf([each.slug for each in brief.indications], message=CHOOSE)]
