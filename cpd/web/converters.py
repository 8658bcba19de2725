"""What may stand in an address. Anything else is no such page, before a database sees it."""

from flask import Flask
from werkzeug.routing import BaseConverter


class IdConverter(BaseConverter):
    """A row's id, up to 2^31 - 1."""

    regex = r"[1-9][0-9]{0,9}"

    def to_python(self, value: str) -> int:
        number = int(value)
        return number if number < 2**31 else 0

    def to_url(self, value: int) -> str:
        return str(value)


class SlugConverter(BaseConverter):
    """A slug: small letters, digits, hyphens."""

    regex = r"[a-z0-9][a-z0-9-]{0,99}"


def configure(app: Flask) -> None:
    app.url_map.converters |= {"id": IdConverter, "slug": SlugConverter}
