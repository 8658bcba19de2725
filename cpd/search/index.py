"""The index of one folder: its fields, putting documents into it, and opening it to be searched.

Whatever Tantivy says of a folder that it cannot read becomes Unreadable, and of one that it cannot write Unwritable.
"""

from __future__ import annotations

import contextlib
import ctypes
import json
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tantivy import DocAddress, Document, Index, Order, Query, Schema, SchemaBuilder, Searcher

from cpd.db import AnyRow
from cpd.search.documents import LONGEST_TEXT
from cpd.search.words import LONGEST_START, PLAIN, STARTS, STEMMED, folded, folded_words, without_hyphens

SCHEMA = 1  # raise it when fields, analyzers or what is put into them change: every node then makes its index anew
HEAP = 30_000_000  # bytes that a writer of one thread may take
AT_ONCE = 8_000_000  # characters that wait to be indexed; a writer would let 10,000 documents queue up in memory
_PLACE_BYTES = 8


class Unreadable(Exception):
    """The index on the disk cannot be read: it is damaged, or gone."""


class Unwritable(Exception):
    """The index cannot be written: the disk is full, or there is no right to."""


def _schema() -> Schema:
    builder = SchemaBuilder()
    builder.add_text_field("key", tokenizer_name="raw", index_option="basic")
    builder.add_text_field("kind", tokenizer_name="raw", index_option="basic")
    builder.add_text_field("whole", tokenizer_name="raw", index_option="basic")  # each name of a drug, folded
    builder.add_text_field("names", tokenizer_name="plain", index_option="freq")
    builder.add_text_field("title", tokenizer_name="stemmed", index_option="freq")
    builder.add_text_field("about", tokenizer_name="stemmed", index_option="freq")
    builder.add_text_field("text", tokenizer_name="stemmed", index_option="freq")  # all of it, what stands above too
    builder.add_text_field("spelling", tokenizer_name="plain", index_option="basic")  # words as they are written
    builder.add_text_field("starts", tokenizer_name="starts", index_option="basic")  # of names and titles
    builder.add_text_field("word_starts", tokenizer_name="starts", index_option="basic")  # of the words within them
    builder.add_text_field("classes", tokenizer_name="raw", index_option="basic")
    builder.add_unsigned_field("place", fast=True)  # in the order of names
    builder.add_bytes_field("shown", stored=True)
    return builder.build()


@dataclass(frozen=True)
class Opened:
    """An index as it was at one release."""

    generation: str
    release: int
    index: Index
    searcher: Searcher

    @property
    def schema(self) -> Schema:
        return self.index.schema

    def best(self, query: Query, limit: int, offset: int = 0) -> tuple[int, list[DocAddress]]:
        """How many documents there are, and the best of them."""
        with reading():
            found = self.searcher.search(query, limit, count=True, offset=offset)
            return int(found.count), [address for _, address in found.hits]  # type: ignore[attr-defined]  # stub lacks it

    def some(self, query: Query, limit: int) -> list[DocAddress]:
        """Some documents, in no order."""
        with reading():
            return [address for _, address in self.searcher.search(query, limit, count=False).hits]

    def first_by_name(self, query: Query, limit: int) -> list[DocAddress]:
        """The documents whose names stand first."""
        with reading():
            found = self.searcher.search(query, limit, count=False, order_by_field="place", order=Order.Asc)
            return [address for _, address in found.hits]

    def count(self, query: Query) -> int:
        with reading():
            return int(self.searcher.search(query, 1, count=True).count)  # type: ignore[attr-defined]

    def frequency(self, field: str, word: str) -> int:
        """In how many documents a word stands."""
        with reading():
            return self.searcher.doc_freq(field, word)

    def terms(self, field: str, start: str) -> list[tuple[str, int]]:
        """The terms of a field that begin so, in their order."""
        with reading():
            return self.searcher.terms_with_prefix(field, start)

    def shown(self, address: DocAddress) -> dict[str, Any]:
        """What a document shows of itself: kind, slug, title, the same folded, facets, and its names, each with what it
        is and its words folded."""
        with reading():
            stored: Any = self.searcher.doc(address).get_first("shown")
        found: dict[str, Any] = json.loads(stored)
        return found


def open_index(folder: Path, release: int) -> Opened:
    """The index of a folder. Raises Unreadable."""
    with reading():
        index = Index.open(str(folder))
        index.config_reader("manual")
        _register(index)
        return Opened(folder.name, release, index, index.searcher())


def reopened(opened: Opened, release: int) -> Opened:
    """The same index as it is now. Raises Unreadable."""
    with reading():
        opened.index.reload()
        return Opened(opened.generation, release, opened.index, opened.index.searcher())


def make_index(folder: Path) -> Index:
    """An empty index in a new folder. Raises Unwritable."""
    with writing():
        folder.mkdir(parents=True)
        index = Index(_schema(), str(folder))
        index.config_reader("manual")
        _register(index)
        return index


def write_documents(index: Index, rows: Iterable[AnyRow], *, fresh: bool) -> Iterator[None]:
    """Put documents into an index, those that are gone out of it. They are found once this has paused a first time;
    what follows puts the files in order. Raises Unwritable."""
    with writing():
        writer = index.writer(HEAP, 1)
    waiting = 0
    for row in rows:  # what the database says is not of the index's making
        with writing():
            if not fresh:
                writer.delete_documents_by_term("key", f"{row.kind}/{row.slug}")
            if not row.gone:
                writer.add_document(document_of(row))
            waiting += len(row.text)
            if waiting > AT_ONCE:  # nobody looks before state.json says so, and what is put in twice stands there once
                writer.commit()
                waiting = 0
    with writing():
        writer.commit()
    yield
    with writing():
        writer.wait_merging_threads()
    del writer
    give_memory_back()


def document_of(row: AnyRow) -> Document:
    """A row of search_document as the index takes it."""
    facets, title = row.facets, row.title
    names = [name for name, _ in row.names]
    about = about_of(facets)
    document = Document()
    document.add_text("key", f"{row.kind}/{row.slug}")
    document.add_text("kind", row.kind)
    for each in dict.fromkeys(spelling for name in names for spelling in (name, without_hyphens(name))):
        document.add_text("whole", folded(each))
        document.add_text("names", each)
    document.add_text("title", title)
    if (joined := without_hyphens(title)) != title:
        document.add_text("title", joined)
    document.add_text("about", about)
    document.add_text("text", "\n".join([title, without_hyphens(title), *names, about, row.text[:LONGEST_TEXT]]))
    document.add_text("spelling", f"{title}\n{about}")
    _add_starts(document, names or [title])
    for stated in facets.get("classes", ()):
        _add_class(document, stated["title"], stated["slug"])
    document.add_unsigned("place", place_of(title))
    shown = {
        "kind": row.kind,
        "slug": row.slug,
        "title": title,
        "folded": folded(title),
        "names": [[name, what, folded_words(name)] for name, what in row.names],
        "facets": facets,
    }
    document.add_bytes("shown", json.dumps(shown, ensure_ascii=False, separators=(",", ":")).encode())
    return document


def about_of(facets: dict[str, Any]) -> str:
    """What is said about a document in short, to be searched beside its title."""
    lines = [facets.get("summary", ""), facets.get("authors", ""), facets.get("company", "")]
    lines += [*facets.get("specialties", ()), *facets.get("indications", ())]
    lines += [each["title"] for each in facets.get("classes", ())]
    if "category" in facets:
        lines.append(facets["category"]["title"])
    return "\n".join(line for line in lines if line)


def place_of(title: str) -> int:
    """A number that orders names as their first letters do."""
    return int.from_bytes(folded(title).encode()[:_PLACE_BYTES].ljust(_PLACE_BYTES, b"\0"), "big")


def _add_starts(document: Document, names: list[str]) -> None:
    words: dict[str, None] = {}
    for name in names:
        for spelling in dict.fromkeys((name, without_hyphens(name))):
            found = folded_words(spelling)
            document.add_text("starts", " ".join(found)[:LONGEST_START])
            words |= dict.fromkeys(word[:LONGEST_START] for word in found)
    for word in words:
        document.add_text("word_starts", word)


CLASS_PARTS = "\x1f"


def _add_class(document: Document, title: str, slug: str) -> None:
    """The class by each of its words, so that it is found by whichever somebody begins with."""
    words = folded_words(title)
    for place in range(len(words)):
        rank = "0" if place == 0 else "1"
        document.add_text("classes", CLASS_PARTS.join([" ".join(words[place:]), rank, slug, title]))


def _register(index: Index) -> None:
    for name, analyzer in (("plain", PLAIN), ("stemmed", STEMMED), ("starts", STARTS)):
        index.register_tokenizer(name, analyzer)


@contextmanager
def reading() -> Iterator[None]:
    """Whatever goes wrong in here is a fault of the index on the disk."""
    try:
        yield
    except BaseException as fault:
        if _is_of_the_index(fault):
            raise Unreadable(_first_line(fault)) from fault
        raise


@contextmanager
def writing() -> Iterator[None]:
    """Whatever goes wrong in here is a fault of the disk."""
    try:
        yield
    except BaseException as fault:
        if _is_of_the_index(fault):
            raise Unwritable(_first_line(fault)) from fault
        raise


def _is_of_the_index(fault: BaseException) -> bool:
    """Whether Tantivy raised this. Where it panics, its exception has no other way to be told."""
    return isinstance(fault, (ValueError, OSError, RuntimeError)) or type(fault).__name__ == "PanicException"


def _first_line(fault: BaseException) -> str:
    return str(fault).partition("\n")[0][:200]


def give_memory_back() -> None:
    """Give the system what writing took: glibc keeps it for each thread, and every publish would add to that."""
    with contextlib.suppress(AttributeError, OSError):
        ctypes.CDLL(None).malloc_trim(0)
