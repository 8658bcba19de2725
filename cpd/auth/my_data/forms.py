"""What a learner may change about themselves."""

from __future__ import annotations

from typing import Any

from wtforms import SelectField
from wtforms.validators import InputRequired

from cpd.auth import forms
from cpd.auth.my_data.services import Details
from cpd.auth.my_data.zones import OTHERS, label, zones_by_region
from cpd.forms import Form, choices_of

LANGUAGES = {"en-GB": "English (United Kingdom)"}  # those that the site's pages are written in


class DetailsForm(forms.WithRegistration, Form):
    """Name, profession and registration by the rules of registering; time zone; language."""

    name = forms.name_field()
    profession = forms.profession_field()
    registration_body = forms.registration_body_field()
    registration_number = forms.registration_number_field()
    time_zone = SelectField(
        "Time zone",
        [InputRequired("Choose your time zone")],
        description="Your dates are of this zone from now on. Dates that are in your record stay as they are.",
    )
    language = SelectField(
        "Language",
        [InputRequired("Choose a language")],
        choices=choices_of(LANGUAGES.items()),
        description="The site is written in British English; it has no other language yet.",
    )

    def __init__(self, formdata: Any = None, *, details: Details) -> None:
        """details: what is kept now. A zone that the site was set to and that no list has stays possible."""
        super().__init__(formdata, data=vars(details))
        zones = zones_by_region()
        if not any(details.time_zone == name for names in zones.values() for name, _ in names):
            zones = zones | {OTHERS: [(details.time_zone, label(details.time_zone)), *zones[OTHERS]]}
        self.time_zone.choices = [each for region, named in zones.items() for each in choices_of(named, group=region)]

    def details(self) -> Details:
        """What is to be kept, once the form is valid."""
        return Details(
            name=self.name.data or "",
            profession=self.profession.data,
            registration_body=self.registration_body.data or "",
            registration_number=self.registration_number.data or "",
            time_zone=self.time_zone.data,
            language=self.language.data,
        )
