"""The drugs that modules are linked with once a publish is live. There may be 50,000: they are read only if needed."""

from __future__ import annotations

import gc
import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from datetime import date
from functools import cache, cached_property
from typing import Any

from cpd.content.links import Claim, Drug, Linked, Names, claims_of
from cpd.content.unchanged import hash_lines
from cpd.content.versions import version_of


class Drugs:
    """The published drugs: those that stand as they were, and those whose files were read just now.

    `standing` reads slugs and facts of the first from the database. `known_hash` is the hash of all if none differs
    from what modules are linked with.
    """

    def __init__(
        self,
        standing: Callable[[], Iterable[tuple[str, Mapping[str, Any]]]],
        read: Iterable[Drug],
        known_hash: str | None,
    ) -> None:
        self._standing = standing
        self._read = list(read)
        self._known_hash = known_hash
        self._dates: dict[str, date | None] = {}

    @property
    def names(self) -> Names:
        """What is linked in texts."""
        return self._loaded[0]

    @cached_property
    def hash(self) -> str:
        """The hash of all that modules' pages show of drugs: names that are linked, and names that are listed."""
        if self._known_hash:
            return self._known_hash
        names, shown = self._loaded
        return f"{linker()}.{hash_lines([names.hash, json.dumps(sorted(shown.items()))])}"

    def named(self, linked: Linked, always: Iterable[str]) -> list[dict[str, str]]:
        """The drugs that a module links to, and those that belong to it whatever its text says."""
        shown = self._loaded[1]
        slugs = dict.fromkeys([*linked.slugs, *always])
        return [{"slug": slug, "name": shown[slug][0], "generic": shown[slug][1]} for slug in slugs if slug in shown]

    def sources(self) -> dict[str, date]:
        """The dates of the sources of those drugs that are known by now, by slug: nothing is read for this."""
        read = {drug.slug: drug.effective for drug in self._read}
        return {slug: effective for slug, effective in {**self._dates, **read}.items() if effective}

    @cached_property
    def _loaded(self) -> tuple[Names, dict[str, tuple[str, str]]]:
        """All names, and by slug what is shown of each drug."""
        shown: dict[str, tuple[str, str]] = {}

        def claims() -> Iterator[Claim]:
            for drug in self._all():
                shown[drug.slug] = (drug.name, drug.generic_name)
                self._dates[drug.slug] = drug.effective
                yield from claims_of(drug)

        with _no_collections():
            return Names(claims()), shown

    def _all(self) -> Iterator[Drug]:
        yield from (Drug.from_json(slug, facts) for slug, facts in self._standing())
        yield from self._read


@contextmanager
def _no_collections() -> Iterator[None]:
    """Hold garbage collection: of what is read here nothing is garbage, and each time all of it is looked at."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


@cache
def linker() -> str:
    """The version of linking: under another one all modules are linked anew."""
    return version_of(["content/drugs.py", "content/links.py"])
