"""Time zones as a form offers them: by region, so that typing the first letters of a city finds it."""

from __future__ import annotations

from functools import cache
from zoneinfo import available_timezones

REGIONS = (
    "Europe",
    "Africa",
    "America",
    "Antarctica",
    "Arctic",
    "Asia",
    "Atlantic",
    "Australia",
    "Indian",
    "Pacific",
)
OTHERS = "Other"
UTC = "UTC"


@cache
def zones_by_region() -> dict[str, list[tuple[str, str]]]:
    """Every zone that is named after a place, as region → (name, label) pairs in order; UTC stands last."""
    found: dict[str, list[tuple[str, str]]] = {region: [] for region in REGIONS}
    for name in sorted(available_timezones()):
        region, _, place = name.partition("/")
        if place and region in found:
            found[region].append((name, label(name)))
    return found | {OTHERS: [(UTC, UTC)]}


def label(name: str) -> str:
    """What people call the place of a zone: London, Argentina – Buenos Aires."""
    _, _, place = name.partition("/")
    return (place or name).replace("_", " ").replace("/", " – ")
