"""Python-Markdown's inline processor without the patterns that can't match: the same HTML in much less time.

Markdown tries each of its patterns on each piece of text, and most text has none of the signs that they begin with.
"""

from __future__ import annotations

import re
from functools import cached_property
from typing import Any

from markdown.treeprocessors import InlineProcessor
from markdown.util import AtomicString

# What a text must have for a pattern to match it. A pattern that is not listed is always tried.
SIGNS = {
    "backtick": ("`",),
    "escape": ("\\",),
    "footnote": ("[^",),
    "reference": ("[",),
    "link": ("[",),
    "image_link": ("![",),
    "image_reference": ("![",),
    "short_reference": ("[",),
    "short_image_ref": ("![",),
    "autolink": ("<",),
    "automail": ("<",),
    "linebreak": ("  \n",),
    "html": ("<",),
    "entity": ("&",),
    "em_strong": ("*", "_"),
}
_SIGN = re.compile(r"[`\\\[<&*_]|  \n")


class SparingInlineProcessor(InlineProcessor):
    """Tries a pattern only on text that has its sign.

    It steps into two private methods of Markdown's processor. Where a later Markdown calls them otherwise, this is
    that processor and only slower: the tests say so.
    """

    def _InlineProcessor__handleInline(self, data: str, patternIndex: int = 0) -> str:  # noqa: N802, N803
        """The text with placeholders for all that patterns match from the given one on."""
        if isinstance(data, AtomicString) or not (self._others or _SIGN.search(data)):
            return data
        start = 0
        for index in range(patternIndex, len(self._patterns)):
            pattern, signs = self._patterns[index]
            matched = not signs or any(sign in data for sign in signs)
            while matched:
                data, matched, start = self._InlineProcessor__applyPattern(  # type: ignore[attr-defined]
                    pattern, data, index, start
                )
        return data

    @cached_property
    def _patterns(self) -> list[tuple[Any, tuple[str, ...]]]:
        """Each pattern with its signs, in order."""
        signs = {id(self.inlinePatterns[name]): found for name, found in SIGNS.items() if name in self.inlinePatterns}
        return [(pattern, signs.get(id(pattern), ())) for pattern in self.inlinePatterns]

    @cached_property
    def _others(self) -> bool:
        """Whether there are patterns whose signs are not known."""
        return not all(signs for _, signs in self._patterns)
