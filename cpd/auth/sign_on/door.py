"""The door of single sign-on: shut unless the settings name a provider and its Python packages are there.

Nothing here loads these packages before that is known.
"""

from __future__ import annotations

from importlib.util import find_spec

from flask import Flask, current_app

from cpd.settings import Settings
from cpd.web import clock

PACKAGES = ("authlib", "requests")


def configure(app: Flask, settings: Settings) -> None:
    """Open the door, or leave it shut: then it has no address and no button."""
    opens = settings.single_sign_on and not missing_packages()
    app.jinja_env.globals["sign_on_name"] = settings.sign_on_name if opens else ""
    if opens:
        from cpd.auth.sign_on import provider, views

        provider.configure(app, settings)
        app.register_blueprint(views.bp)


def missing_packages() -> list[str]:
    return [name for name in PACKAGES if find_spec(name) is None]


def what_is_wrong() -> str | None:
    """A sentence for the operator if single sign-on is asked for and does not work at this moment."""
    settings: Settings = current_app.config["SETTINGS"]
    if not settings.single_sign_on:
        return None
    if missing := missing_packages():
        return (
            f"CPD_SIGN_ON_ISSUER is set, but {' and '.join(missing)} cannot be found: install cpd[single-sign-on]. "
            "Until then people sign in with their passwords alone."
        )
    from cpd.auth.sign_on import provider
    from cpd.auth.sign_on.fault import ProviderFault

    try:
        provider.of_this_app().description(clock.now())
    except ProviderFault as fault:
        return (
            f"Single sign-on with {settings.sign_on_issuer} does not work now: {fault}. "
            "People can sign in with their passwords meanwhile."
        )
    return None
