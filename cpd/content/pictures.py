"""Pictures beside the files that show them."""

from __future__ import annotations

import hashlib
import html
from dataclasses import replace
from pathlib import Path

from cpd.content.render import Rendered
from cpd.pictures import Picture


def read_picture(file: Path) -> Picture:
    data = file.read_bytes()
    return Picture(hashlib.sha256(data).hexdigest(), file.suffix[1:].lower(), data)


def with_address(rendered: Rendered, name: str, address: str) -> Rendered:
    """A rendering in which a picture has its address instead of its name."""
    old, new = f'<img src="{html.escape(name)}"', f'<img src="{address}"'
    return replace(
        rendered,
        html=rendered.html.replace(old, new),
        footnotes=rendered.footnotes.replace(old, new),
        pieces={key: text.replace(old, new) for key, text in rendered.pieces.items()},
        sections={key: text.replace(old, new) for key, text in rendered.sections.items()},
    )
