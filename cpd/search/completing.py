"""Names that somebody may be typing: drugs first, then classes, then modules.

What is offered comes out of the index: the beginnings of names are terms of their own, so that one letter costs no more
than ten, and nothing is kept in the memory of a process.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from markupsafe import Markup
from tantivy import Occur, Query

from cpd.search.asking import Hit, hit_of
from cpd.search.documents import MODULE, MONOGRAPH
from cpd.search.excerpts import marked
from cpd.search.index import CLASS_PARTS, Opened
from cpd.search.words import LONGEST_START, Question, folded_words, most_mistakes, nearest

MOST_DRUGS, MOST_CLASSES, MOST_MODULES = 6, 3, 4
LOOKED_AT = 16  # documents with long names that begin alike
NEAR = 12  # documents with names that are spelt nearly so


@dataclass(frozen=True)
class Offer:
    """A line that is offered: where it leads, its name with what was typed marked, and what it is."""

    address: str
    name: Markup
    what: str


@dataclass(frozen=True)
class Offers:
    """What is offered. With `nearly` nothing begins so, and the drugs are those with similar names."""

    drugs: Sequence[Offer] = ()
    classes: Sequence[Offer] = ()
    modules: Sequence[Offer] = ()
    nearly: bool = False

    @property
    def count(self) -> int:
        return len(self.drugs) + len(self.classes) + len(self.modules)


def complete(opened: Opened, question: Question) -> Offers:
    """What may be meant by what was typed so far."""
    if not question.words:
        return Offers()
    drugs = named_so(opened, question, MONOGRAPH, MOST_DRUGS)
    classes = _classes(opened, question)
    modules = named_so(opened, question, MODULE, MOST_MODULES)
    nearly = not (drugs or classes or modules)
    if nearly:
        drugs = nearly_named(opened, question, MOST_DRUGS)
    return Offers(
        [_drug(each, question) for each in drugs],
        classes,
        [_module(each, question) for each in modules],
        nearly=nearly and bool(drugs),
    )


def find_drugs(opened: Opened, question: Question, most: int) -> tuple[list[Hit], bool]:
    """Drugs with a name that begins with the question or has its words, and whether only similar names were found."""
    if not question.words:
        return [], False
    found = named_so(opened, question, MONOGRAPH, most)
    return (found, False) if found else (nearly_named(opened, question, most), True)


def named_so(opened: Opened, question: Question, kind: str, most: int) -> list[Hit]:
    """Documents of a kind whose names begin with the question, then those whose words do, each by name."""
    schema = opened.schema
    found: dict[str, dict[str, Any]] = {}

    def add(query: Query, *, whole: bool = True) -> None:
        of_kind = _both(query, Query.term_query(schema, "kind", kind))
        shown = [opened.shown(address) for address in opened.first_by_name(of_kind, max(most, LOOKED_AT))]
        fitting = (each for each in shown if not whole or _fits(each, question))
        for each in sorted(fitting, key=lambda each: (each["folded"] != question.whole, each["folded"])):
            found.setdefault(each["slug"], each)

    called_so = {question.whole, "".join(question.words)} if kind == MONOGRAPH else set()
    if any(opened.frequency("whole", name) for name in called_so):
        add(Query.term_set_query(schema, "whole", sorted(called_so)))
    if len(found) < most:
        add(Query.term_query(schema, "starts", question.whole[:LONGEST_START]))
    if len(found) < most:
        *before, last = question.words
        words = [Query.term_query(schema, "names" if kind == MONOGRAPH else "spelling", word) for word in before]
        add(_both(*words, Query.term_query(schema, "word_starts", last[:LONGEST_START])))
    named = [word for word in question.words if kind == MONOGRAPH and opened.frequency("names", word)]
    if not found and named:  # a drug, and something about it
        add(_both(*(Query.term_query(schema, "names", word) for word in named)), whole=False)
    return [hit_of(each, question.words) for each in list(found.values())[:most]]


def nearly_named(opened: Opened, question: Question, most: int) -> list[Hit]:
    """Drugs whose names begin nearly as the longest word of the question, the nearest first."""
    word = max(question.words, key=len)
    for mistakes in range(1, most_mistakes(word) + 1):
        query = Query.fuzzy_term_query(opened.schema, "names", word, mistakes, prefix=True)
        if found := [opened.shown(address) for address in opened.some(query, NEAR)]:
            return _nearest_first(word, found)[:most]
    return []


def _nearest_first(word: str, found: Sequence[dict[str, Any]]) -> list[Hit]:
    parts = {each["slug"]: {part for _, _, words in each["names"] for part in words} for each in found}
    every = sorted(set().union(*parts.values()))
    order = list(dict.fromkeys([*nearest(word, every), *nearest(word, every, starts=True)]))
    hits = []
    for each in found:
        meant = next((part for part in order if part in parts[each["slug"]]), "")
        place = order.index(meant) if meant else len(order)
        hits.append((place, each["folded"], each["slug"], hit_of(each, [meant])))
    return [each[-1] for each in sorted(hits, key=lambda each: each[:3])]


def _fits(shown: dict[str, Any], question: Question) -> bool:
    """Whether a name has it all; the index looks only at the first letters of a long one."""
    *before, last = question.words
    together = "".join(question.words)
    for words in [words for _, _, words in shown["names"]] or [shown["folded"].split()]:
        if "".join(words).startswith(together):
            return True
        if all(word in words for word in before) and any(word.startswith(last) for word in words):
            return True
    return False


def _classes(opened: Opened, question: Question) -> list[Offer]:
    """Classes one of whose words begins so, those that begin so first; none for a letter, which begins too many."""
    if len(question.whole) < 2:
        return []
    found: dict[str, tuple[str, str]] = {}
    for term, _ in opened.terms("classes", question.whole):
        _, rank, slug, title = term.split(CLASS_PARTS)
        if slug not in found or rank < found[slug][0]:
            found[slug] = (rank, title)
    offers = []
    for slug, (_, title) in sorted(found.items(), key=lambda each: (each[1], each[0])):
        words = folded_words(title)
        term = CLASS_PARTS.join([" ".join(words), "0", slug, title])
        if opened.count(Query.term_query(opened.schema, "classes", term)):  # terms outlive their documents
            offers.append(Offer(f"/monographs/?class={slug}", marked(title, question.words, starts=True), "Class"))
        if len(offers) == MOST_CLASSES:
            break
    return offers


def _drug(hit: Hit, question: Question) -> Offer:
    name = Markup("{} – {}").format(marked(hit.alias, question.words, starts=True), hit.title) if hit.alias else None
    return Offer(
        f"/monographs/{hit.slug}",
        name if name is not None else marked(hit.title, question.words, starts=True),
        what_it_is(hit),
    )


def what_it_is(hit: Hit) -> str:
    """What stands beside the name of a drug: whose brand it is, its generic name or its class."""
    generic = hit.facets.get("generic", "")
    if hit.alias_is_brand and generic:
        return f"brand name of {generic}"
    if hit.alias:
        return "also called so"
    if generic and not set(folded_words(generic)) <= set(folded_words(hit.title)):
        return str(generic)
    classes = hit.facets.get("classes", ())
    return str(classes[0]["title"]) if classes else ""


def _module(hit: Hit, question: Question) -> Offer:
    name = marked(hit.title, question.words, starts=True)
    return Offer(f"/modules/{hit.slug}", name, f"{hit.facets['credits']} credits")


def _both(*queries: Query) -> Query:
    return Query.boolean_query([(Occur.Must, each) for each in queries])
