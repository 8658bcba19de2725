"""What an operator is told when an installation is new: what was made, where it is, and whose content it shows."""

from __future__ import annotations

from cpd import paths
from cpd.settings import Settings


def what_was_made(settings: Settings) -> list[str]:
    """The lines for the terminal; neither the secret key nor the database's password is among them."""
    file = settings.instance_folder / "secret_key"
    return [
        f"A new installation, in {settings.instance_folder}. Keep this folder safe: it holds personal data.",
        f"Database: {_database(settings)}",
        f"Secret key: {file if file.exists() else 'as CPD_SECRET_KEY says'}",
        f"Content: {_content(settings)}",
    ]


def _database(settings: Settings) -> str:
    if settings.on_sqlite:
        return settings.database_url.removeprefix("sqlite:///")
    return "PostgreSQL, as CPD_DATABASE_URL says"


def _content(settings: Settings) -> str:
    if paths.is_sample(settings.content_folder):
        return "the sample that comes with cpd. To publish your own instead, begin a folder ./content with `cpd new`."
    return str(settings.content_folder)
