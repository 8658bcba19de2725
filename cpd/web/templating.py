"""Filters and constants that every template has."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal

from flask import Flask
from jinja2 import StrictUndefined

from cpd.settings import Settings
from cpd.web.static import static_url

MINUTES_A_CREDIT = 60


def two_places(value: Decimal) -> str:
    """Two places everywhere: 0.50, 1.50."""
    return f"{value:.2f}"


def minutes(value: Decimal) -> int:
    """How long a module takes: 1 credit is 60 minutes."""
    return int(value * MINUTES_A_CREDIT)


def day(value: date | datetime) -> str:
    """2 November 2026"""
    return f"{value.day} {value:%B %Y}"


def time(value: datetime) -> str:
    """16:05"""
    return f"{value:%H:%M}"


def month(value: date | datetime) -> str:
    """Nov 2026"""
    return f"{value:%b %Y}"


def configure(app: Flask, settings: Settings) -> None:
    """Make undefined names an error and bring the filters and constants that base.html needs."""
    app.jinja_env.undefined = StrictUndefined
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
    app.jinja_env.filters |= {"credits": two_places, "minutes": minutes, "day": day, "time": time, "month": month}
    app.jinja_env.globals |= {
        "site_name": settings.site_name,
        "notice": settings.notice,
        "confirms_addresses": settings.confirms_addresses,
        "static_url": static_url,
        "icons_url": static_url("vendor/icons.svg"),
    }
