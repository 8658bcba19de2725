"""Drugs by name, for the pages of other features."""

from __future__ import annotations

from cpd.search.asking import Hit
from cpd.search.completing import find_drugs
from cpd.search.index import Unreadable
from cpd.search.node import this_node
from cpd.search.words import Question


def named(release: int, question: Question, most: int) -> tuple[list[Hit], bool, bool]:
    """Drugs with a name that begins with the question or has its words, the best first.

    The second says that only similar names were found, the third that names can be looked up at all: without an index
    nothing is found.
    """
    node = this_node()
    ready = node.ready(release)
    if ready.index is None:
        return [], False, False
    try:
        hits, nearly = find_drugs(ready.index, question, most)
    except Unreadable:
        node.refuse(ready.index)
        node.begin()
        return [], False, False
    return hits, nearly and bool(hits), True
