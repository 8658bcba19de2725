"""A learning platform with linked drug monographs."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from flask import Flask

    from cpd.settings import Settings


def create_app(settings: Settings | None = None) -> Flask:
    """The application, set up by `settings` or, without them, by CPD_… variables. Raises WrongSetting."""
    from cpd.application import make_application  # the reading of content runs without Flask
    from cpd.settings import Settings

    return make_application(settings or Settings.from_environment())
