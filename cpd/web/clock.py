"""The one clock: services are handed the time, views and commands take it from here."""

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo


def now() -> datetime:
    return datetime.now(UTC)


def today_in(zone: str) -> date:
    """The date at this moment in a time zone such as Europe/London."""
    return now().astimezone(ZoneInfo(zone)).date()
