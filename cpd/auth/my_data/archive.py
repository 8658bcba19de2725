"""A download: everything that is kept of a learner, as a ZIP of JSON, a page to read, and a word about both."""

from __future__ import annotations

import json
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import IO, Any
from zoneinfo import ZoneInfo

from flask import current_app

from cpd.auth.my_data.owned import Owned
from cpd.web.templating import day, two_places

JSON, PAGE, README = "my-data.json", "my-data.html", "README.txt"


@dataclass(frozen=True)
class Heading:
    """What a download begins with: whose it is, when it was made, and the zone of the times on its page."""

    site_name: str
    account_id: int
    made_at: datetime
    zone: str


def write_archive(file: IO[bytes], owned: Sequence[Owned], heading: Heading) -> None:
    """Write the ZIP. The same facts give the same bytes; what is in memory does not grow with the facts."""
    with zipfile.ZipFile(file, "w") as archive:
        for name, texts in (
            (JSON, as_json(owned, heading)),
            (PAGE, as_page(owned, heading)),
            (README, as_words(owned, heading)),
        ):
            member = zipfile.ZipInfo(name, heading.made_at.timetuple()[:6])
            member.compress_type = zipfile.ZIP_DEFLATED
            with archive.open(member, "w", force_zip64=True) as opened:
                for text in texts:
                    opened.write(text.encode())


def as_json(owned: Sequence[Owned], heading: Heading) -> Iterator[str]:
    """One object with a list for each kind of thing, a line for each thing."""
    yield f'{{\n"site": {_json(heading.site_name)},\n"made_at": {_json(heading.made_at)}'
    for each in owned:
        yield f",\n{_json(each.name)}: ["
        for place, facts in enumerate(each.gather(heading.account_id)):
            yield f"{',' if place else ''}\n  {_json(facts)}"
        yield "]"
    yield "\n}\n"


def as_page(owned: Sequence[Owned], heading: Heading) -> Iterator[str]:
    """A page of HTML that needs nothing but itself, and runs no script."""
    page = current_app.jinja_env.get_template("my_data/download.html")
    parts = ({"name": each.name, "title": each.title, "things": _in_words(each, heading)} for each in owned)
    contents = [(each.name, each.title) for each in owned]
    yield from page.generate(made=_moment(heading.made_at, ZoneInfo(heading.zone)), parts=parts, contents=contents)


def as_words(owned: Sequence[Owned], heading: Heading) -> Iterator[str]:
    """What the files are, and what is not in them, as plain text."""
    words = current_app.jinja_env.get_template("my_data/readme.txt")
    made = _moment(heading.made_at, ZoneInfo(heading.zone))
    yield words.render(made=made, json=JSON, page=PAGE, titles=[each.title for each in owned])


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, default=_plain)


def _plain(value: date | datetime | Decimal) -> str:
    return two_places(value) if isinstance(value, Decimal) else value.isoformat()


def _in_words(owned: Owned, heading: Heading) -> Iterator[dict[str, Any]]:
    zone = ZoneInfo(heading.zone)
    return (_named(facts, zone) for facts in owned.gather(heading.account_id))


def _named(facts: Mapping[str, Any], zone: ZoneInfo) -> dict[str, Any]:
    return {name.replace("_", " ").capitalize(): _words(value, zone) for name, value in facts.items()}


def _words(value: Any, zone: ZoneInfo) -> Any:
    """A fact as people read it: text, or what is made of others by name or in order."""
    match value:
        case None | "":
            return "–"
        case bool():
            return "yes" if value else "no"
        case Decimal():
            return two_places(value)
        case datetime():
            return _moment(value, zone)
        case date():
            return day(value)
        case Mapping():
            return _named(value, zone) or "–"
        case list():
            return [_words(each, zone) for each in value] or "–"
        case _:
            return str(value)


def _moment(value: datetime, zone: ZoneInfo) -> str:
    local = value.astimezone(zone)
    return f"{day(local)}, {local:%H:%M}"
