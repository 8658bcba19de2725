"""The list of somebody who is signed out: a signed cookie. What is no list of ours counts as empty."""

from __future__ import annotations

from collections.abc import Sequence

from cpd.monographs.my_list.ordering import ListFull, Pairs, without_doubles
from cpd.monographs.pairs import pair_of
from cpd.web import cookies

COOKIE = "cpd_list"
PURPOSE = "my-list"
LONGEST = 3_600  # characters; a browser keeps a cookie of up to 4,096 bytes with its name


def carried() -> Pairs:
    """What this browser holds, in order."""
    found = cookies.unsealed(PURPOSE, cookies.value_of(COOKIE))
    if not isinstance(found, list):
        return ()
    pairs = (pair_of(*each) for each in found if isinstance(each, list) and len(each) == 2)
    return without_doubles(pair for pair in pairs if pair)


def carry(pairs: Sequence[tuple[str, str]]) -> None:
    """Let the browser hold these. Raises ListFull if they are more than a cookie can hold."""
    text = cookies.sealed(PURPOSE, [list(pair) for pair in pairs]) if pairs else ""
    if len(text) > LONGEST:
        raise ListFull
    cookies.put(COOKIE, text)
