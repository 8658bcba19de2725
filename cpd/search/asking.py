"""From a question to what answers it: drugs first when the question is the name of one.

Every word must stand in a document. Drugs whose names have all the words come before everything else, the one that is
called exactly so at the top. The last word may be the beginning of one. A word that stands nowhere is taken for a
typing mistake: what is spelt nearly so is looked for instead, and the answer says that it did.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from tantivy import DocAddress, Occur, Query, Schema

from cpd.search.documents import BRAND, MODULE, MONOGRAPH, OTHER
from cpd.search.index import Opened, about_of
from cpd.search.words import (
    LONGEST_START,
    Question,
    folded_words,
    most_mistakes,
    nearest,
    stem_of,
)

PAGE = 24
MOST_PAGES = 20
NEAR = 12  # documents that are looked at for the word that was meant
NEAR_NAMES = 5  # names that a mistyped word may stand for
CALLED_SO, IN_NAMES = 4_000.0, 1_000.0  # far above what any text scores
WEIGHTS = (("names", 6.0), ("title", 4.0), ("about", 2.0))  # of words that stand there, beside that of the text
ALIASES = (BRAND, OTHER)
STEMMED_FIELDS = ("title", "about")


@dataclass(frozen=True)
class Hit:
    """A document that answers. `alias` is the name it was found by, if that is not the one it shows; `named` says that
    a drug was found by its name, and not by its text."""

    kind: str
    slug: str
    title: str
    facets: dict[str, Any]
    alias: str = ""
    alias_is_brand: bool = False
    named: bool = False


@dataclass(frozen=True)
class Answer:
    """What was found, a page of it. `instead` is the question with its mistyped words put right."""

    hits: Sequence[Hit] = ()
    counts: dict[str, int] = field(default_factory=dict)
    needles: tuple[str, ...] = ()  # words to be marked in texts
    instead: str = ""
    nearly: bool = False  # what is shown answers `instead`, as nothing answers the question
    some_words: bool = False  # what is shown has some of the words, as nothing has all

    @property
    def total(self) -> int:
        return sum(self.counts.values())


@dataclass(frozen=True)
class Meaning:
    """What a word stands for: documents that have it, drugs that have it in a name, and words to mark.

    `counted` is `anywhere` without what only weighs it.
    """

    anywhere: Query
    counted: Query
    in_names: Query | None
    needles: tuple[str, ...]
    instead: str = ""  # the word that is nearest to one that stands nowhere


def find(opened: Opened, question: Question, *, kind: str = "", page: int = 1) -> Answer:
    """A page of what answers a question, of all kinds or one."""
    if not question.words:
        return Answer()
    last = len(question.words) - 1
    meanings = [meaning_of(opened, word, last=place == last) for place, word in enumerate(question.words)]
    names = _names(opened, question, meanings)
    wanted, counted = (_any([_all(each), *names]) for each in _both_ways(meanings))
    counts, addresses = _page(opened, wanted, counted, kind, page)
    some_words = not any(counts.values()) and len(meanings) > 1
    if some_words:
        wanted, counted = (_any(each) for each in _both_ways(meanings))
        counts, addresses = _page(opened, wanted, counted, kind, page)
    needles = tuple(dict.fromkeys(needle for each in meanings for needle in each.needles))
    instead = [each.instead or word for word, each in zip(question.words, meanings, strict=True)]
    nearly = any(each.instead for each in meanings)
    return Answer(
        [hit_of(opened.shown(address), needles) for address in addresses],
        counts,
        needles,
        instead=" ".join(instead) if nearly else "",
        nearly=nearly and not some_words,
        some_words=some_words and any(counts.values()),
    )


def meaning_of(opened: Opened, word: str, *, last: bool) -> Meaning:
    """What a word stands for: itself, the beginning of a word if it is the last, or what is spelt nearly so."""
    schema = opened.schema
    start = word[:LONGEST_START]
    begins = last and len(word) > 1 and opened.frequency("word_starts", start) > 0
    starting = Query.term_query(schema, "word_starts", start)
    if opened.frequency("text", stem_of(word)):
        in_names = starting if begins else None
        if not begins and opened.frequency("names", word):
            in_names = Query.term_query(schema, "names", word)
        return Meaning(_anywhere(schema, word), _there(schema, word), in_names, (word,))
    if begins:
        return Meaning(starting, starting, starting, (word,))
    begun = Query.fuzzy_term_query(schema, "spelling", word, 0, prefix=True)
    if last and len(word) > 2 and opened.count(begun):
        return Meaning(begun, begun, None, (word,))
    return _nearly(opened, word)


def hit_of(shown: dict[str, Any], needles: Sequence[str]) -> Hit:
    """A document, with the name that it was found by."""
    names = shown["names"]
    in_names = [needle for needle in needles if any(_has(words, needle) for _, _, words in names)]
    alias, kind_of_alias = "", ""
    if in_names:
        # Its own names first: a brand is named only where it has what they lack.
        ordered = sorted(
            names, key=lambda each: (-sum(_has(each[2], needle) for needle in in_names), each[1] in ALIASES)
        )
        name, what, _ = ordered[0]
        alias, kind_of_alias = (name, what) if what in ALIASES else ("", "")
    return Hit(
        shown["kind"],
        shown["slug"],
        shown["title"],
        shown["facets"],
        alias,
        alias_is_brand=kind_of_alias == BRAND,
        named=bool(in_names) and len(in_names) == len(needles),
    )


def _has(words: Sequence[str], needle: str) -> bool:
    return any(word.startswith(needle) for word in (*words, "".join(words)))


def _names(opened: Opened, question: Question, meanings: Sequence[Meaning]) -> list[Query]:
    """Drugs that have all the words in their names, far above everything else, and those that are called so."""
    schema = opened.schema
    found = []
    in_names = [each.in_names for each in meanings if each.in_names is not None]
    if len(in_names) == len(meanings):
        found.append(Query.const_score_query(_of_kind(schema, _all(in_names), MONOGRAPH), IN_NAMES))
    put_right = " ".join(each.instead or word for word, each in zip(question.words, meanings, strict=True))
    called = [
        Query.const_score_query(Query.term_query(schema, "whole", name), CALLED_SO)
        for name in dict.fromkeys([question.whole, put_right, "".join(question.words)])
        if opened.frequency("whole", name)
    ]
    return [*found, *called]


def _both_ways(meanings: Sequence[Meaning]) -> tuple[list[Query], list[Query]]:
    return [each.anywhere for each in meanings], [each.counted for each in meanings]


def _page(
    opened: Opened, wanted: Query, counted: Query, kind: str, page: int
) -> tuple[dict[str, int], list[DocAddress]]:
    """How many documents of each kind answer, and a page of them."""
    offset = (page - 1) * PAGE
    total, addresses = opened.best(wanted, PAGE, 0 if kind else offset)
    modules = opened.count(_of_kind(opened.schema, counted, MODULE)) if total else 0
    if kind and total:
        _, addresses = opened.best(_of_kind(opened.schema, wanted, kind), PAGE, offset)
    return {MONOGRAPH: total - modules, MODULE: modules}, addresses


def _anywhere(schema: Schema, word: str) -> Query:
    """Documents that have the word in some form: the text has all that stands elsewhere too."""
    stem = stem_of(word)
    weighing = [
        Query.boost_query(Query.term_query(schema, name, stem if name in STEMMED_FIELDS else word), weight)
        for name, weight in WEIGHTS
    ]
    return Query.boolean_query([(Occur.Must, _there(schema, word)), *((Occur.Should, each) for each in weighing)])


def _there(schema: Schema, word: str) -> Query:
    return Query.term_query(schema, "text", stem_of(word))


def _nearly(opened: Opened, word: str) -> Meaning:
    """What may be meant by a word that stands nowhere."""
    schema, most = opened.schema, most_mistakes(word)
    if most == 0:
        return Meaning(Query.empty_query(), Query.empty_query(), None, ())
    drugs = nearest(word, _words_near(opened, "names", word, most))[:NEAR_NAMES]
    others = nearest(word, _words_near(opened, "spelling", word, most))
    best = next(iter(nearest(word, [*drugs[:1], *others[:1]])), "")
    if not best:
        return Meaning(Query.empty_query(), Query.empty_query(), None, ())
    names = [(Occur.Should, Query.term_query(schema, "names", each)) for each in drugs]
    in_names = Query.boolean_query(names) if names else None
    anywhere, counted = (_any([query(schema, best), *(each for _, each in names)]) for query in (_anywhere, _there))
    return Meaning(anywhere, counted, in_names, tuple(dict.fromkeys([best, *drugs])), instead=best)


def _words_near(opened: Opened, name: str, word: str, most: int) -> set[str]:
    """The words of some documents that have one which is spelt nearly so: those with the fewest mistakes."""
    for mistakes in range(1, most + 1):
        query = Query.fuzzy_term_query(opened.schema, name, word, mistakes)
        if found := [opened.shown(address) for address in opened.some(query, NEAR)]:
            if name == "names":
                return {each for shown in found for _, _, words in shown["names"] for each in [*words, "".join(words)]}
            return {each for shown in found for text in _spelt(shown) for each in folded_words(text)}
    return set()


def _spelt(shown: dict[str, Any]) -> Iterable[str]:
    return shown["title"], about_of(shown["facets"])


def _all(queries: Sequence[Query]) -> Query:
    return queries[0] if len(queries) == 1 else Query.boolean_query([(Occur.Must, each) for each in queries])


def _any(queries: Sequence[Query]) -> Query:
    return queries[0] if len(queries) == 1 else Query.boolean_query([(Occur.Should, each) for each in queries])


def _of_kind(schema: Schema, query: Query, kind: str) -> Query:
    filtering = Query.const_score_query(Query.term_query(schema, "kind", kind), 0.0)
    return Query.boolean_query([(Occur.Must, query), (Occur.Must, filtering)])
