"""Stops the build of an sdist or a wheel that lacks browser assets: its pages would have no fonts, icons or htmx."""

from __future__ import annotations

import runpy
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class AssetsAreThere(BuildHookInterface[Any]):
    def initialize(self, version: str, build_data: dict[str, Any]) -> None:  # noqa: ARG002  # hatchling's signature
        project = Path(self.root)
        vendor = runpy.run_path(str(project / "scripts" / "vendor.py"))
        if version != "editable" and not vendor["is_brought"](project):
            self.app.abort(f"{vendor['TARGET']} lacks files that {vendor['LIST']} lists. Build with: make wheel")
