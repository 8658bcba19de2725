"""What may be typed on the pages that ask for a mail."""

from __future__ import annotations

from cpd.auth.forms import EmailField
from cpd.forms import Form


class AddressForm(Form):
    """Whose mail is asked for."""

    email = EmailField("E-mail address", render_kw={"autocomplete": "username", "spellcheck": "false"})
