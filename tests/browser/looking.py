"""What every page must be: accessible by the rules of axe, no wider than its window, with one heading of level 1."""

from __future__ import annotations

import functools
from pathlib import Path
from typing import Any

from playwright.sync_api import Page

AXE = Path(__file__).resolve().parents[2] / "node_modules" / "axe-core" / "axe.min.js"
EVERY_RULE = {"type": "tag", "values": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]}
COLOUR_RULES = {"type": "rule", "values": ["color-contrast", "link-in-text-block"]}  # all that a theme can break
WIDE = {"width": 1280, "height": 900}
PHONE = {"width": 390, "height": 844}
NARROWEST = {"width": 320, "height": 640}

# What a bar that sticks to the window covers can be scrolled free; axe would call it too small to be hit.
RUN_AXE = """
async runOnly => {
  const bars = [...document.querySelectorAll('.bottom-bar')]
  for (const bar of bars) bar.style.position = 'static'
  const found = await axe.run(document, { runOnly, resultTypes: ['violations'] })
  for (const bar of bars) bar.style.position = ''
  return found.violations.flatMap(rule => rule.nodes.map(node => `${rule.id}: ${node.target.join(' ')} ${node.html}`))
}
"""
TOO_WIDE = """
() => {
  const width = document.documentElement.clientWidth
  if (document.documentElement.scrollWidth <= width) return []
  const wide = [...document.querySelectorAll('body *')].filter(each => each.getBoundingClientRect().right > width)
  return [`wider than ${width}`, ...wide.map(each => `too wide: ${each.outerHTML.slice(0, 120)}`).slice(0, 5)]
}
"""


def faults_of(page: Page) -> list[str]:
    """What is wrong with the page at its width and in its theme."""
    return [*wrong_headings(page), *violations(page), *too_wide(page)]


def wrong_headings(page: Page) -> list[str]:
    headings = page.locator("h1").all_inner_texts()
    return [] if len(headings) == 1 and headings[0] else [f"headings of level 1: {headings}"]


def violations(page: Page, rules: dict[str, Any] = EVERY_RULE) -> list[str]:
    """Violations of axe, each as rule, place and element."""
    if page.evaluate("typeof axe === 'undefined'"):
        page.evaluate(axe_source())
    found: list[str] = page.evaluate(RUN_AXE, rules)
    return found


@functools.cache
def axe_source() -> str:
    return AXE.read_text(encoding="utf-8")


def too_wide(page: Page) -> list[str]:
    found: list[str] = page.evaluate(TOO_WIDE)
    return found
