"""What search is given of a document: its names, its text without markup, and what results show of it.

Nothing that an import drafted and no editor has confirmed is among it, nor the assessment of a module.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import datetime
from html import unescape
from typing import Any

from cpd.content.facts import ModuleFacts, MonographFacts
from cpd.content.listing import terms_of
from cpd.content.turns import publishing_turn
from cpd.db import db
from cpd.modules import publishing as modules
from cpd.modules.queries import all_categories
from cpd.monographs import publishing as monographs
from cpd.monographs.sections import BOXED_WARNING, NOTES, section_id
from cpd.revisions import PUBLISHED, Shelf, raise_release
from cpd.search import services as search
from cpd.search.documents import BRAND, GENERIC, MODULE, MONOGRAPH, NAME, OTHER, Findable

SHELVES: dict[str, Shelf] = {MONOGRAPH: monographs.SHELF, MODULE: modules.SHELF}
BATCH = 50  # documents in memory: a label has megabytes

Category = Mapping[str, str]  # slug, title, style
Progress = Callable[[Iterable[Any], int], Iterable[Any]]

_REFERENCE = re.compile(r'<sup id="fnref-[^>]*>.*?</sup>', re.DOTALL)
_BLOCK = re.compile(
    r"</?(?:h[1-6]|p|li|[ou]l|d[ltd]|t[rdh]|thead|tbody|table|div|blockquote|figcaption|figure|pre|br|hr)\b[^>]*>"
)
_TAG = re.compile(r"<[^>]*>")
_SPACES = re.compile(r"[^\S\n]+")
_LINES = re.compile(r"\s*\n\s*")


def plain_text(html: str) -> str:
    """What a reader sees of some HTML of ours, a line for each block, without the numbers of references."""
    text = _BLOCK.sub("\n", _REFERENCE.sub("", html.replace("\n", " ")))
    text = unescape(_TAG.sub("", text)).replace("\x00", "")
    return _LINES.sub("\n", _SPACES.sub(" ", text)).strip()


def module_document(facts: ModuleFacts, html: str, category: Category) -> Findable:
    lines = [facts.summary, *facts.objectives, plain_text(html)]
    return Findable(
        MODULE,
        facts.slug,
        facts.title,
        [],
        "\n".join(lines),
        {
            "category": {name: category[name] for name in ("slug", "title", "style")},
            "credits": f"{facts.credits:.2f}",
            "summary": facts.summary,
            "authors": ", ".join(author.name for author in facts.authors),
            "specialties": list(facts.specialties),
            "reviewed": facts.reviewed.isoformat(),
            "expires": facts.expires.isoformat(),
            "external": facts.external is not None,
        },
    )


def monograph_document(facts: MonographFacts, parts: Mapping[str, Any], rests: Iterable[Mapping[str, Any]]) -> Findable:
    """The document of a monograph; `rests` are the parts of sections that its page leaves out, in order."""
    terms, left_out = terms_of(facts), _by_section(rests)
    lines = [] if "indications" in facts.draft else [f"{each.name}. {each.use}" for each in facts.indications]
    lines += [
        f"{title}\n{plain_text(html + left_out.get(section_id(title), ''))}"
        for title, html in parts["sections"].items()
    ]
    lines += [] if "formulations" in facts.draft else facts.formulations
    lines += [] if "key_facts" in facts.draft else facts.key_facts.values()
    return Findable(
        MONOGRAPH,
        facts.slug,
        facts.name,
        names_of(facts),
        "\n".join([*lines, plain_text(parts["footnotes"] + left_out.get(section_id(NOTES), ""))]).strip(),
        {
            "generic": "" if "generic_name" in facts.draft else facts.generic_name,
            "classes": [{"slug": each.slug, "title": each.title} for each in terms if each.kind == "class"],
            "indications": [each.title for each in terms if each.kind == "indication"],
            "company": next((each.title for each in terms if each.kind == "company"), ""),
            "boxed": BOXED_WARNING in parts["sections"],
        },
    )


def _by_section(rests: Iterable[Mapping[str, Any]]) -> dict[str, str]:
    left_out: dict[str, str] = {}
    for rest in rests:
        left_out[rest["section"]] = left_out.get(rest["section"], "") + rest["html"]
    return left_out


def names_of(facts: MonographFacts) -> list[list[str]]:
    """The names of a drug that were confirmed, each once, with what it is; its own first."""
    stated = [
        ("name", NAME, (facts.name,)),
        ("generic_name", GENERIC, (facts.generic_name,)),
        ("brand_names", BRAND, facts.brand_names),
        ("link_names", OTHER, facts.link_names or ()),
    ]
    names: dict[str, list[str]] = {}
    for key, what, some in stated:
        if key == "name" or key not in facts.draft:
            for name in some:
                names.setdefault(name.casefold(), [name, what])
    return list(names.values())


def standing_documents(kind: str, slugs: Iterable[str]) -> Iterator[list[Findable]]:
    """What search is given of live documents, made from their live revisions and renderings, some at a time."""
    shelf, wanted = SHELVES[kind], sorted(slugs)
    categories: dict[str, Category] = {}
    if kind == MODULE:
        categories = {each.slug: dict(each._mapping) for each in all_categories()}
    for start in range(0, len(wanted), BATCH):
        lives = shelf.live(wanted[start : start + BATCH])
        facts = shelf.facts_of(live.revision_id for live in lives.values())
        texts = shelf.texts_of(live.rendering_id for live in lives.values())
        rests = shelf.rests_of(live.rendering_id for live in lives.values())
        batch = []
        for slug, live in lives.items():
            html, parts = texts[live.rendering_id]
            named = {**facts[live.revision_id], "slug": slug}  # it may have been renamed without a new revision
            if kind == MODULE:
                known = ModuleFacts.from_json(named)
                batch.append(module_document(known, html, categories[known.category]))
            else:
                batch.append(
                    monograph_document(MonographFacts.from_json(named), parts, rests.get(live.rendering_id, ()))
                )
        yield batch


def stage_standing(lacking: Mapping[str, Iterable[str]]) -> None:
    """Stage what search is given of live documents that it lacks. Commits now and then."""
    for kind, slugs in lacking.items():
        for batch in standing_documents(kind, slugs):
            search.stage(batch)
            db.session.commit()


def make_findable(*, now: datetime, progress: Progress) -> None:
    """Give search what it lacks of what is live: all of it, in a database from before there was a search. Commits."""
    if any(_published(kind) - search.slugs_of(kind) for kind in SHELVES):
        make_documents_anew(now=now, progress=progress)


def make_documents_anew(*, now: datetime, progress: Progress) -> tuple[int, int]:
    """Make every search document from what is live, and a release if any was not as it should be. Commits.

    Gives how many documents there are, and how many were mended.
    """
    with publishing_turn():
        search.clear_staged()
        db.session.commit()
        live = {kind: _published(kind) for kind in SHELVES}
        mended = sum(_stage_wrong(kind, slugs, progress) for kind, slugs in live.items())
        surplus = {kind: sorted(search.found_slugs(kind) - slugs) for kind, slugs in live.items()}
        mended += sum(map(len, surplus.values()))
        if mended:
            release = raise_release(now)
            search.activate(release)
            for kind, slugs in surplus.items():
                search.drop(kind, slugs, release)
        db.session.commit()
        return sum(map(len, live.values())), mended


def _published(kind: str) -> set[str]:
    return {slug for slug, document in SHELVES[kind].standing().items() if document.status == PUBLISHED}


def _stage_wrong(kind: str, slugs: Iterable[str], progress: Progress) -> int:
    """Stage the documents that are not kept as they should be. Gives their number."""
    wanted, count = sorted(slugs), 0
    for batch in progress(standing_documents(kind, wanted), -(-len(wanted) // BATCH)):
        wrong = search.unlike(batch)
        search.stage(wrong)
        db.session.commit()
        count += len(wrong)
    return count
