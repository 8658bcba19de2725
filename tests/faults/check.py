"""The one check after every fault: nothing that was acknowledged is lost or doubled, and the release is whole.

It looks at the database from outside the application, by columns, so that it does not believe what it examines.
"""

from __future__ import annotations

import threading
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from sqlalchemy import Connection, NullPool, and_, create_engine, func, select, text

from cpd.db import Base
from cpd.modules.models import (
    Attempt,
    Category,
    Module,
    ModuleRendering,
    ModuleRevision,
    ModuleSpecialty,
    Specialty,
)
from cpd.monographs.models import Mention, Monograph, MonographRendering, MonographRevision, MonographTerm, Term
from cpd.pages.models import Page, PageRendering, PageRevision
from cpd.record.models import Entry
from cpd.revisions import PUBLISHED, Release
from cpd.search.models import SearchDocument
from cpd.settings import Settings

SHELVES: tuple[tuple[Any, Any, Any], ...] = (
    (Page, PageRevision, PageRendering),
    (Monograph, MonographRevision, MonographRendering),
    (Module, ModuleRevision, ModuleRendering),
)


@dataclass(frozen=True)
class Sent:
    """A right answer to an assessment that somebody sent."""

    learner_id: int
    slug: str


@dataclass
class Ledger:
    """What clients know: which sittings they sent, and which of these the site said were recorded."""

    sent: dict[str, Sent] = field(default_factory=dict)
    acknowledged: dict[str, int] = field(default_factory=dict)
    unanswered: int = 0  # times that a form was sent and no answer came
    lock: threading.Lock = field(default_factory=threading.Lock)

    def send(self, nonce: str, learner_id: int, slug: str) -> None:
        """Note what is about to be sent."""
        with self.lock:
            self.sent[nonce] = Sent(learner_id, slug)

    def miss_answer(self) -> None:
        with self.lock:
            self.unanswered += 1

    def acknowledge(self, nonce: str, attempt_id: int) -> None:
        """Note that the site answered with the attempt that it recorded."""
        with self.lock:
            before = self.acknowledged.setdefault(nonce, attempt_id)
        assert before == attempt_id, f"one sitting was answered with the attempts {before} and {attempt_id}"


@dataclass(frozen=True)
class Count:
    """How the ledger and the database compare."""

    acknowledged: int
    recorded: int
    lost: int
    doubled: int
    unanswered: int


def check(settings: Settings, ledger: Ledger | None = None) -> Count:
    """Assert that the database is whole and holds what the ledger says."""
    faults = find_faults(settings, ledger)
    assert not faults, "\n".join(faults)
    return count(settings, ledger or Ledger())


def find_faults(settings: Settings, ledger: Ledger | None = None) -> list[str]:
    """All that is wrong, in sentences. Without a ledger nobody is asked what was sent."""
    with _looking_at(settings) as connection:
        faults = [*_damage(connection), *_halves(connection), *_wrong_lists(connection), *_wrong_records(connection)]
        if ledger is not None:
            faults += _differences(connection, ledger)
    return faults


def count(settings: Settings, ledger: Ledger) -> Count:
    """How many awards were acknowledged, and how many of these are missing or there twice."""
    with _looking_at(settings) as connection:
        times = Counter(connection.execute(select(Attempt.token)).scalars())
        entries = Counter(
            tuple(row) for row in connection.execute(select(Entry.learner_id, Entry.module_id, Entry.edition))
        )
    return Count(
        acknowledged=len(ledger.acknowledged),
        recorded=entries.total(),
        lost=sum(times[nonce] == 0 for nonce in ledger.acknowledged),
        doubled=sum(each - 1 for each in [*times.values(), *entries.values()]),
        unanswered=ledger.unanswered,
    )


class _looking_at:  # noqa: N801  # reads like the function it is used as
    """A connection of our own, which sees all that is committed and is closed afterwards."""

    def __init__(self, settings: Settings) -> None:
        self.engine = create_engine(settings.database_url, poolclass=NullPool)

    def __enter__(self) -> Connection:
        self.connection = self.engine.connect()
        return self.connection

    def __exit__(self, *_: object) -> None:
        self.connection.close()


def _damage(connection: Connection) -> Iterator[str]:
    """Pages of the file that are broken, and rows that point to nothing."""
    if connection.dialect.name == "sqlite":
        found = connection.execute(text("PRAGMA integrity_check")).scalars().all()
        if found != ["ok"]:
            yield f"integrity: {found}"
        yield from (f"foreign key: {tuple(row)}" for row in connection.execute(text("PRAGMA foreign_key_check")))
    for table in Base.metadata.sorted_tables:
        for key in table.foreign_keys:
            target = key.column.table.alias()
            there = target.c[key.column.name] == key.parent
            orphans = select(func.count()).where(key.parent.is_not(None), ~select(target).where(there).exists())
            if number := connection.execute(orphans).scalar_one():
                yield f"{number} rows of {table.name}.{key.parent.name} point to nothing"


def _halves(connection: Connection) -> Iterator[str]:
    """Documents whose live pointers do not lead to their own revision and a rendering of it."""
    numbers = list(connection.execute(select(Release.number).order_by(Release.number)).scalars())
    if numbers != list(range(1, len(numbers) + 1)):
        yield f"the releases are {numbers}"
    for documents, revisions, renderings in SHELVES:
        whole = (
            select(documents.id)
            .join(revisions, and_(revisions.id == documents.live_revision_id, revisions.document_id == documents.id))
            .join(
                renderings,
                and_(renderings.id == documents.live_rendering_id, renderings.revision_id == revisions.id),
            )
        )
        shown = select(documents.slug).where(documents.status != "draft", documents.id.not_in(whole))
        for slug in connection.execute(shown).scalars():
            yield f"{documents.__tablename__}/{slug} does not lead to a revision and a rendering of it"


def _wrong_lists(connection: Connection) -> Iterator[str]:
    """Cards, counts, specialties and mentions that are not those of the live revisions."""
    live = (
        select(Module, ModuleRevision.facts, ModuleRendering.parts, ModuleRendering.names_hash)
        .join(ModuleRevision, ModuleRevision.id == Module.live_revision_id)
        .join(ModuleRendering, ModuleRendering.id == Module.live_rendering_id)
        .where(Module.status == PUBLISHED)
    )
    rows = connection.execute(live).all()
    drugs = connection.execute(
        select(Monograph.id, Monograph.slug, Monograph.name, Monograph.sort_name, MonographRevision.facts)
        .join(MonographRevision, MonographRevision.id == Monograph.live_revision_id)
        .where(Monograph.status == PUBLISHED)
    ).all()
    titles = {row.slug: (row.name, row.facts["name"]) for row in drugs}
    for row in rows:
        titles[row.slug] = (row.title, row.facts["title"])
        if (row.credits, row.edition) != (Decimal(row.facts["credits"]), row.facts["edition"]):
            yield f"module/{row.slug} shows other credits or another edition than its revision has"
    for slug, (shown, stated) in titles.items():
        if shown != stated:
            yield f"{slug} is listed as {shown!r} and calls itself {stated!r}"
    if len({row.names_hash for row in rows}) > 1:
        yield "live modules are linked with the drugs' names of different releases"
    yield from _wrong_counts(connection, rows)
    yield from _wrong_mentions(connection, rows)
    yield from _wrong_terms(connection, drugs)
    yield from _wrong_search(connection, titles)


def _wrong_search(connection: Connection, titles: dict[str, tuple[str, str]]) -> Iterator[str]:
    """What can be found and is not online, or the other way round, or is called otherwise."""
    kinds = (Module.__tablename__, Monograph.__tablename__)
    documents = select(SearchDocument.slug, SearchDocument.title).where(
        SearchDocument.kind.in_(kinds), SearchDocument.gone.is_(False)
    )
    found = {row.slug: row.title for row in connection.execute(documents)}
    for slug in titles.keys() | found.keys():
        shown = titles.get(slug, ("", ""))[0]
        if shown != found.get(slug, ""):
            yield f"{slug} is online as {shown!r} and found as {found.get(slug, '')!r}"


def _wrong_counts(connection: Connection, rows: Any) -> Iterator[str]:
    in_category = Counter(row.category_slug for row in rows)
    for slug, counted in connection.execute(select(Category.slug, Category.count)):
        if counted != in_category[slug]:
            yield f"category {slug} counts {counted} modules and has {in_category[slug]}"
    named = connection.execute(
        select(ModuleSpecialty.specialty_slug, func.count())
        .join(Module, Module.id == ModuleSpecialty.module_id)
        .where(Module.status == PUBLISHED)
        .group_by(ModuleSpecialty.specialty_slug)
    )
    in_specialty = {row.specialty_slug: row[1] for row in named}
    for slug, counted in connection.execute(select(Specialty.slug, Specialty.count)):
        if counted != in_specialty.get(slug, 0):
            yield f"specialty {slug} counts {counted} modules and has {in_specialty.get(slug, 0)}"
    stated = {row.id: len(set(row.facts["specialties"])) for row in rows}
    kept = Counter(connection.execute(select(ModuleSpecialty.module_id)).scalars())
    for module_id, number in stated.items():
        if kept[module_id] != number:
            yield f"module {module_id} states {number} specialties and is listed under {kept[module_id]}"


def _wrong_mentions(connection: Connection, rows: Any) -> Iterator[str]:
    mentions = {(row.module_id, row.monograph_slug): row.title for row in connection.execute(select(Mention.__table__))}
    linked = {(row.id, drug["slug"]): row.title for row in rows for drug in row.parts["drugs"]}
    if mentions != linked:
        yield f"the mentions are not those of the live modules: {sorted(mentions.items() ^ linked.items())}"


def _wrong_terms(connection: Connection, drugs: Any) -> Iterator[str]:
    """Classes, indications and companies that are not those that the live monographs state."""
    stated = {
        (row.id, row.sort_name, kind, title)
        for row in drugs
        for kind, key, titles in (
            ("class", "classes", row.facts["classes"]),
            ("indication", "indications", [each["name"] for each in row.facts["indications"]]),
            ("company", "company", [row.facts["company"]]),
        )
        for title in titles
        if title and key not in row.facts["draft"]
    }
    listed = connection.execute(select(MonographTerm.__table__)).all()
    if {(row.monograph_id, row.sort_name, row.kind, row.title) for row in listed} != stated:
        yield "the terms of monographs are not those that they state"
    counts = Counter((row.kind, row.slug) for row in listed)
    spellings: dict[tuple[str, str], Counter[str]] = defaultdict(Counter)
    for row in listed:
        spellings[row.kind, row.slug][row.title] += 1
    for term in connection.execute(select(Term.kind, Term.slug, Term.title, Term.count.label("counted"))):
        key = (term.kind, term.slug)
        if term.counted != counts.pop(key, 0):
            yield f"{key} counts {term.counted} monographs and has others"
        elif spellings[key][term.title] != max(spellings[key].values()):
            yield f"{key} is called {term.title!r}, and by its monographs {dict(spellings[key])}"
    for key in counts:
        yield f"{key} is stated and is no term"


def _wrong_records(connection: Connection) -> Iterator[str]:
    """Passes without an entry, entries without a pass, doubles, and sums that are not those of the passes."""
    passes = connection.execute(
        select(Attempt.learner_id, Attempt.module_id, Attempt.edition, Attempt.id, ModuleRevision.facts)
        .join(ModuleRevision, ModuleRevision.id == Attempt.revision_id)
        .where(Attempt.passed, Attempt.creditable)
        .order_by(Attempt.id)
    ).all()
    due = {}
    for each in passes:
        due.setdefault((each.learner_id, each.module_id, each.edition), Decimal(each.facts["credits"]))
    attempts = {each.id for each in passes}
    entries = connection.execute(select(Entry.__table__).where(Entry.kind == "module")).all()
    times = Counter((each.learner_id, each.module_id, each.edition) for each in entries)
    yield from (f"{award} is recorded {number} times" for award, number in times.items() if number > 1)
    yield from (f"{award} was passed and is not recorded" for award in due.keys() - times.keys())
    yield from (f"{award} is recorded and was not passed" for award in times.keys() - due.keys())
    yield from (f"entry {each.id} is of no attempt" for each in entries if each.attempt_id not in attempts)

    owed, claimed = defaultdict(Decimal), defaultdict(Decimal)
    for (learner_id, _, _), worth in due.items():
        owed[learner_id] += worth
    for each in entries:
        claimed[each.learner_id] += each.claimed_credits
    for learner_id in owed.keys() | claimed.keys():
        if owed[learner_id] != claimed[learner_id]:
            yield f"learner {learner_id} has {claimed[learner_id]} credits and earned {owed[learner_id]}"


def _differences(connection: Connection, ledger: Ledger) -> Iterator[str]:
    """What was acknowledged and is not there once, and what is there though nobody sent it."""
    attempts = defaultdict(list)
    for row in connection.execute(
        select(Attempt.token, Attempt.id, Attempt.learner_id, Module.slug).join(Module, Module.id == Attempt.module_id)
    ):
        attempts[row.token].append(row)
    entries = Counter(
        tuple(row)
        for row in connection.execute(select(Entry.learner_id, Entry.module_slug).where(Entry.kind == "module"))
    )
    for nonce, attempt_id in ledger.acknowledged.items():
        sent, found = ledger.sent[nonce], attempts.get(nonce, [])
        if [row.id for row in found] != [attempt_id]:
            yield f"{sent} was acknowledged as attempt {attempt_id} and stands as {[row.id for row in found]}"
        if entries[sent.learner_id, sent.slug] != 1:
            yield f"{sent} was acknowledged and is recorded {entries[sent.learner_id, sent.slug]} times"
    for nonce, found in attempts.items():
        sent = ledger.sent.get(nonce)
        for row in found:
            if sent != Sent(row.learner_id, row.slug):
                yield f"attempt {row.id} of learner {row.learner_id} at {row.slug} was sent by nobody"
