"""The rules of a list: what it holds, in which order. Lists are never changed in place, and name nothing twice."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from cpd.monographs.pairs import Pair

MOST = 100  # pairs that one may add; taking over what a browser held may make it more

Pairs = tuple[Pair, ...]


class ListFull(Exception):
    """There is no room for another pair."""


def without_doubles(pairs: Iterable[Pair]) -> Pairs:
    """Each pair where it stood first."""
    return tuple(dict.fromkeys(pairs))


def added(pairs: Sequence[Pair], pair: Pair) -> Pairs:
    """With the pair at the end, unless it is there. Raises ListFull."""
    if pair in pairs:
        return tuple(pairs)
    if len(pairs) >= MOST:
        raise ListFull
    return (*pairs, pair)


def removed(pairs: Sequence[Pair], pair: Pair) -> Pairs:
    return tuple(each for each in pairs if each != pair)


def moved(pairs: Sequence[Pair], pair: Pair, step: int) -> Pairs:
    """With the pair so many places further down, or up if negative; as far as the list goes."""
    if pair not in pairs:
        return tuple(pairs)
    return restored(removed(pairs, pair), pair, max(pairs.index(pair) + step, 0))


def restored(pairs: Sequence[Pair], pair: Pair, place: int) -> Pairs:
    """With the pair at a place from 0, or at the end if the list is shorter, unless it is there. Raises ListFull."""
    if pair in pairs or len(pairs) >= MOST:
        return added(pairs, pair)
    return (*pairs[:place], pair, *pairs[place:])


def merged(first: Sequence[Pair], second: Sequence[Pair]) -> Pairs:
    """The first list with what only the second has after it, each in its order. Nothing is left out."""
    return without_doubles((*first, *second))
