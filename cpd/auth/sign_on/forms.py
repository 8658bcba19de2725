"""What a person who comes from the provider types to get an account here."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from werkzeug.datastructures import MultiDict

from cpd.auth.forms import RegisterForm
from cpd.auth.sign_on.linking import Waiting


class RegisterFromProviderForm(RegisterForm):
    """The form of a new account with the address that the provider has verified, whatever is sent in its place."""

    def __init__(self, formdata: MultiDict[str, str] | None, *, waits: Waiting, provider: str, **options: Any) -> None:
        if formdata is not None:
            formdata = MultiDict(_but_email(formdata))
        told = SimpleNamespace(name=waits.identity.name, email=waits.email.typed)
        super().__init__(formdata, told, **options)
        self.email.description = f"Confirmed by {provider}."
        self.email.render_kw = {**self.email.render_kw, "readonly": True}
        self.password.description += f" With it you can sign in without {provider}, too."


def _but_email(formdata: MultiDict[str, str]) -> list[tuple[str, str]]:
    return [(name, value) for name, value in formdata.items(multi=True) if name != "email"]
