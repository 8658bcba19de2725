"""Where the browser that the tests drive is."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
MAC_APPLICATIONS = (
    "/Applications/Chromium.app/Contents/MacOS/Chromium",
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
)


def find_chromium() -> str | None:
    """The program to start: the one CPD_CHROMIUM names, else the system's Chromium or Chrome, else None."""
    if named := os.environ.get("CPD_CHROMIUM"):
        if found := shutil.which(named):
            return found
        raise FileNotFoundError(f"CPD_CHROMIUM names {named}, which is not a program.")
    installed = (shutil.which(name) for name in NAMES)
    applications = (application for application in MAC_APPLICATIONS if Path(application).exists())
    return next((program for program in (*installed, *applications) if program), None)
