"""From checked files to live pages: everything is staged first, then one short transaction makes it live.

Only what changed is rendered. When the drugs' names change, the pages of unchanged modules are linked anew without a
new revision. What a publish that was killed had staged is deleted by the next one.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import chain
from pathlib import Path
from typing import Any

from cpd.content.check import Checked, CheckedItem, CheckedModule, CheckedMonograph, check_content
from cpd.content.drugs import Drugs, linker
from cpd.content.due import Reviewed, due_review
from cpd.content.facts import ModuleFacts
from cpd.content.files import FileOfContent
from cpd.content.folding import fold
from cpd.content.links import Drug, link_mentions, strip_links
from cpd.content.listing import Shown, category_row, listing_of, specialty_slug, terms_of
from cpd.content.markup import line
from cpd.content.pictures import read_picture, with_address
from cpd.content.render import Job, Rendered, render_sources, renderer
from cpd.content.searchable import module_document, monograph_document, stage_standing
from cpd.content.source import Problem
from cpd.content.turns import publishing_turn
from cpd.content.unchanged import Found, checker
from cpd.db import AnyRow, db
from cpd.modules import publishing as modules
from cpd.monographs import publishing as monographs
from cpd.pages import publishing as pages
from cpd.pictures import Picture, add_picture
from cpd.revisions import (
    DRAFT,
    PUBLISHED,
    WITHDRAWN,
    Live,
    Shelf,
    Staged,
    checked_files,
    keep_checked_files,
    raise_release,
)
from cpd.search import services as search
from cpd.search.documents import KINDS, Findable

BATCH = 200  # documents staged in one transaction
SHELVES: dict[str, Shelf] = {shelf.kind: shelf for shelf in (pages.SHELF, monographs.SHELF, modules.SHELF)}

Progress = Callable[[Iterable[Any], int], Iterable[Any]]


class ContentFaults(Exception):
    """The content has errors: nothing was published. `problems` holds them all, warnings too."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        super().__init__(f"{len(problems)} problems")
        self.problems = list(problems)


@dataclass
class Report:
    """What a publish did, as names such as `module/sepsis`. Without a release nothing had changed."""

    release: int | None = None
    added: list[str] = field(default_factory=list)
    changed: list[str] = field(default_factory=list)
    renamed: list[str] = field(default_factory=list)
    withdrawn: list[str] = field(default_factory=list)
    relinked: list[str] = field(default_factory=list)
    rerendered: list[str] = field(default_factory=list)
    made_findable: list[str] = field(default_factory=list)  # what was live before search knew it
    unchanged: int = 0
    warnings: list[Problem] = field(default_factory=list)


def publish(
    folder: Path,
    *,
    now: datetime,
    paths: Sequence[Path] | None = None,
    may_withdraw: bool = True,
    progress: Progress = lambda items, _: items,
) -> Report:
    """Check content and make every change live at once. Commits.

    Without `paths` the whole folder is taken, and what is no longer in it is withdrawn; with them never. A folder that
    was not named by anybody may not withdraw what it lacks: that is a fault. Raises ContentFaults, and changes nothing
    that a reader sees, if anything is wrong.
    """
    with publishing_turn():
        return _Publication(folder, now, paths, may_withdraw, progress).run()


class _Publication:
    """One publish: what is live, what was found in the files, and what follows from the two."""

    def __init__(
        self, folder: Path, now: datetime, paths: Sequence[Path] | None, may_withdraw: bool, progress: Progress
    ) -> None:
        self.folder, self.now, self.paths, self.may_withdraw, self.progress = folder, now, paths, may_withdraw, progress
        self.report = Report()
        self.pictures: dict[str, Picture] = {}
        self.findable: list[Findable] = []
        self.found_anew: set[tuple[str, str]] = set()
        self.staged: dict[str, list[Staged]] = {kind: [] for kind in SHELVES}
        self.shown: dict[str, Shown] = {}
        self.terms: dict[str, Sequence[monographs.StatedTerm]] = {}
        self.standing = {kind: shelf.standing() for kind, shelf in SHELVES.items()}
        self.live: dict[str, dict[str, Live]] = {kind: {} for kind in SHELVES}
        self.begun = False

    def run(self) -> Report:
        checked = self._check()
        renames = self._find_renames(checked.found)
        gone = self._find_gone(checked.found)
        self.drugs = self._find_drugs(checked, gone)
        self.categories = {category.slug: category for category in checked.categories}
        categories = [category_row(category) for category in checked.categories]
        self.categories_changed = modules.have_changed(categories)
        lacking = self._find_lacking(gone, renames)
        changed = bool(gone or renames or self.categories_changed or lacking)
        db.session.rollback()
        self._stage(checked, categories)
        self._stage_lacking(lacking, categories)
        if changed or any(self.staged.values()):
            self._begin(categories)
            self._activate(checked, categories, gone, renames)
        elif checked.paths():
            self._remember(checked)
            db.session.commit()
        return self.report

    def _check(self) -> Checked:
        """Everything that was found. Raises ContentFaults if anything is wrong with it or with what it changes."""
        partly = self.paths is not None
        known = {kind: [*self.standing[kind], *SHELVES[kind].former_slugs()] if partly else [] for kind in SHELVES}
        checked = check_content(
            self.folder,
            self.paths,
            known_monographs=known["monograph"],
            known_modules=known["module"],
            unchanged=self._unchanged,
        )
        problems = [*checked.problems, *self._conflicts(checked)]
        if not partly and not problems:
            problems += self._wrong_folder(checked)
        self.report.warnings = [problem for problem in problems if problem.warning]
        if len(problems) > len(self.report.warnings):
            raise ContentFaults(problems)
        return checked

    def _unchanged(self, files: Sequence[FileOfContent]) -> dict[Path, Found]:
        """What was found before in those files whose live pages are what this code would make of them."""
        rows: dict[str, dict[str, AnyRow]] = {}
        for kind, shelf in SHELVES.items():
            slugs = [file.slug for file in files if file.kind == kind]
            self.live[kind] = shelf.live(slugs)
            rows[kind] = checked_files(kind, slugs, checker())
        found = {}
        for file in files:
            row = rows[file.kind].get(file.slug)
            if row is None:
                continue
            before = Found.from_json(file, row.source_hash, row.fingerprint, row.found)
            if before.status == DRAFT or not self._is_stale(before):
                found[file.path] = before
        return found

    def _wrong_folder(self, checked: Checked) -> Iterator[Problem]:
        """What would withdraw everything, or what is online here and was never in this folder."""
        kept = {(found.kind, slug) for found in checked.found for slug in (found.slug, *found.former_slugs)}
        drafts = {(found.kind, found.slug) for found in checked.found if found.status == DRAFT}
        live = {
            (kind, slug)
            for kind in ("module", "monograph")
            for slug, each in self.standing[kind].items()
            if each.status == PUBLISHED
        }
        something = bool(live) or not any(found.kind == "page" for found in checked.found)
        if something and all(kind == "page" for kind, _ in kept - drafts):
            words = "has no modules and no monographs to be published; name the content folder"
            yield Problem(str(self.folder), 1, words)
        elif not self.may_withdraw and not live <= kept:
            words = "lacks something that is online and would withdraw it; name the content folder: CPD_CONTENT_FOLDER"
            yield Problem(str(self.folder), 1, words)

    def _conflicts(self, checked: Checked) -> Iterator[Problem]:
        """What is wrong between the files and what is live: an edition that falls, a name that is taken."""
        for found in checked.found:
            standing = self.standing[found.kind]
            for former in found.former_slugs:
                if former in standing and found.slug in standing:
                    words = f"“{former}” and “{found.slug}” are both live: two records of credit can't become one"
                    yield Problem(found.path, found.line_of("former_slugs"), words)
        for item in checked.modules if self.standing["module"] else ():
            live = self._live_of(item.found)
            if live is not None:
                facts = ModuleFacts.from_json(modules.SHELF.facts_of([live.revision_id])[live.revision_id])
                yield from edition_problems(item, facts, live.revision_id)

    def _live_of(self, found: Found) -> Live | None:
        """The live document of a file, by its slug or a former one."""
        standing, live = self.standing[found.kind], self.live[found.kind]
        name = next((name for name in (found.slug, *found.former_slugs) if name in standing), None)
        if name is not None and name not in live:
            live |= SHELVES[found.kind].live([name])
        return live.get(name) if name else None

    def _find_renames(self, files: Iterable[Found]) -> list[tuple[str, str, str]]:
        """Who is called differently now, as (kind, old slug, new slug)."""
        renames = []
        for found in files:
            standing, slug = self.standing[found.kind], found.slug
            if found.status == DRAFT or slug in standing:
                continue
            live = self._live_of(found)
            if live is not None:
                renames.append((found.kind, live.slug, slug))
                self.live[found.kind][slug] = self.live[found.kind].pop(live.slug)
                standing[slug] = standing.pop(live.slug)
                self.report.renamed.append(name_of(found))
        return renames

    def _find_gone(self, files: Iterable[Found]) -> dict[str, list[int]]:
        """The ids of what is live and has no file any more, or whose file became a draft."""
        status = {name_of(found): found.status for found in files}
        gone: dict[str, list[int]] = {}
        for kind, standing in self.standing.items():
            for slug, document in standing.items():
                name = f"{kind}/{slug}"
                missing = status.get(name) == DRAFT or (self.paths is None and name not in status)
                if missing and document.status == PUBLISHED:
                    gone.setdefault(kind, []).append(document.id)
                    self.report.withdrawn.append(name)
        return gone

    def _find_lacking(
        self, gone: Mapping[str, Sequence[int]], renames: Sequence[tuple[str, str, str]]
    ) -> dict[str, set[str]]:
        """What is live, stays so, and cannot be found: it was published before there was a search."""
        lacking = {}
        for kind in KINDS:
            known = search.slugs_of(kind) | {new for renamed, _, new in renames if renamed == kind}
            standing, lost = self.standing[kind].items(), set(gone.get(kind, ()))
            live = {slug for slug, each in standing if each.status == PUBLISHED and each.id not in lost}
            if live - known:
                lacking[kind] = live - known
        return lacking

    def _find_drugs(self, checked: Checked, gone: Mapping[str, Sequence[int]]) -> Drugs:
        """Each monograph that will be live."""
        read = {item.facts.slug: Drug.of(item.facts) for item in checked.monographs}
        lost = set(gone.get("monograph", ()))
        stay = {slug for slug, standing in self.standing["monograph"].items() if standing.id not in lost} - set(read)
        hashes = modules.SHELF.names_hashes() if not lost and self._are_linked_as_before(read) else set()
        known = next(iter(hashes)) if len(hashes) == 1 else ""
        return Drugs(
            lambda: (each for each in monographs.SHELF.published_facts() if each[0] in stay),
            [drug for drug in read.values() if drug.status == PUBLISHED],
            known if known.startswith(f"{linker()}.") else None,
        )

    def _are_linked_as_before(self, read: Mapping[str, Drug]) -> bool:
        """Whether what was read of monographs changes no link. Otherwise the names of all others are needed."""
        slugs = list(read)
        for start in range(0, len(slugs), BATCH):
            some = [(read[slug], self.live["monograph"].get(slug)) for slug in slugs[start : start + BATCH]]
            facts = monographs.SHELF.facts_of(live.revision_id for _, live in some if live)
            for drug, live in some:
                if live is None or live.status != PUBLISHED:
                    same = drug.status != PUBLISHED
                else:
                    same = drug.is_linked_like(Drug.from_json(live.slug, facts[live.revision_id]))
                if not same:
                    return False
        return True

    def _is_stale(self, found: Found) -> bool:
        live = self.live[found.kind].get(found.slug)
        return (
            live is None
            or live.source_hash != found.source_hash
            or live.status != found.status
            or live.renderer != renderer()
        )

    def _stage(self, checked: Checked, categories: Sequence[Mapping[str, Any]]) -> None:
        """Write what will be shown, in batches: memory holds few, and an award need not wait long for its turn."""
        batch: list[Staged] = []
        try:
            for staged in chain(self._stage_files(checked), self._relink()):
                if batch and (len(batch) == BATCH or batch[-1].kind != staged.kind):
                    self._write(batch, categories)
                    batch = []
                batch.append(staged)
            self._write(batch, categories)
        except ContentFaults:
            if any(self.staged.values()):
                clear_leftovers()
                db.session.commit()
            raise

    def _stage_lacking(self, lacking: Mapping[str, set[str]], categories: Sequence[Mapping[str, Any]]) -> None:
        """Let what cannot be found yet, and has not changed, be found too."""
        others = {
            kind: {slug for slug in slugs if (kind, slug) not in self.found_anew} for kind, slugs in lacking.items()
        }
        if any(others.values()):
            self._begin(categories)
            stage_standing(others)
            self.report.made_findable += sorted(f"{kind}/{slug}" for kind, slugs in others.items() for slug in slugs)

    def _stage_files(self, checked: Checked) -> Iterator[Staged]:
        """What is new, changed, back, or made by an older renderer. Raises ContentFaults."""
        shown = [found for found in checked.found if found.status != DRAFT]
        stale = {name_of(found) for found in shown if self._is_stale(found)}
        self.report.unchanged = len(shown) - len(stale)
        waiting: deque[CheckedItem] = deque()

        def jobs() -> Iterator[Job]:
            for item in checked.items():
                if name_of(item.found) in stale:
                    waiting.append(item)
                    yield item.job

        problems = []
        for each in self.progress(render_sources(jobs()), len(stale)):
            if isinstance(each, Problem):
                problems.append(each)
                continue
            while waiting[0].job.key != each.key:
                waiting.popleft()
            item = waiting.popleft()
            if not problems:
                yield self._stage_of(item, each)
        if problems:
            raise ContentFaults([*self.report.warnings, *problems])

    def _stage_of(self, item: CheckedItem, rendered: Rendered) -> Staged:
        found = item.found
        live = self.live[found.kind].get(found.slug)
        revision: dict[str, Any] | None = None
        if live is not None and live.source_hash == found.source_hash:
            self.report.rerendered.append(name_of(found))
        else:
            (self.report.changed if live else self.report.added).append(name_of(found))
            facts = item.facts.to_json()
            revision = {"source_hash": found.source_hash, "source": item.source.text, "facts": facts}
            if isinstance(item, CheckedModule):
                revision["edition"] = item.facts.edition
                revision["assessment"] = item.assessment.to_json() if item.assessment else None
        html, parts = self._parts(item, self._with_pictures(item, rendered))
        if found.status == PUBLISHED:
            self._let_be_found(item, html, parts)
        names_hash = ""
        if isinstance(item, CheckedModule):
            names_hash = self.drugs.hash
            self.shown[found.slug] = Shown.of(item.facts, parts["drugs"])
        if isinstance(item, CheckedMonograph):
            self.terms[found.slug] = terms_of(item.facts) if found.status == PUBLISHED else ()
        listing, rests = listing_of(item, parts), parts.pop("rests", ())
        rendering = {"renderer": renderer(), "names_hash": names_hash, "html": html, "parts": parts}
        former = found.former_slugs if revision else ()
        return Staged(found.kind, found.slug, found.status, listing, rendering, revision, live, former, rests)

    def _let_be_found(self, item: CheckedItem, html: str, parts: Mapping[str, Any]) -> None:
        if isinstance(item, CheckedModule):
            category = category_row(self.categories[item.facts.category])
            self.findable.append(module_document(item.facts, html, category))
        if isinstance(item, CheckedMonograph):
            self.findable.append(monograph_document(item.facts, parts, parts.get("rests", ())))
        self.found_anew.add((item.found.kind, item.found.slug))

    def _with_pictures(self, item: CheckedItem, rendered: Rendered) -> Rendered:
        """The rendering with the addresses of its pictures, which are staged too."""
        for name in rendered.images:
            picture = read_picture(Path(item.source.path).parent / name)
            self.pictures[picture.digest] = picture
            rendered = with_address(rendered, name, picture.address)
        return rendered

    def _parts(self, item: CheckedItem, rendered: Rendered) -> tuple[str, dict[str, Any]]:
        """The HTML of a rendering with its drugs linked, and its parts."""
        parts: dict[str, Any] = {"contents": rendered.contents, "footnotes": rendered.footnotes}
        if isinstance(item, CheckedModule):
            linked = link_mentions(rendered.html, self.drugs.names)
            drugs = self.drugs.named(linked, item.facts.monographs)
            return linked.html, parts | {"pieces": rendered.pieces, "drugs": drugs}
        if isinstance(item, CheckedMonograph):
            folded = fold(rendered.sections, rendered.footnotes)
            return "", {
                "sections": folded.sections,
                "footnotes": folded.notes,
                "folds": folded.folds,
                "rests": folded.rests,
                "key_facts": {key: line(text) for key, text in item.facts.key_facts.items()},
                "formulations": [line(text) for text in item.facts.formulations],
            }
        return rendered.html, parts

    def _relink(self) -> Iterator[Staged]:
        """A new rendering of each other live module, if the drugs' names changed."""
        shelf = modules.SHELF
        if not any(standing.status == PUBLISHED for standing in self.standing["module"].values()):
            return
        others = self.standing["module"].keys() - self.shown.keys()
        slugs = [slug for slug in shelf.linked_otherwise(self.drugs.hash) if slug in others]
        for start in range(0, len(slugs), BATCH):
            lives = shelf.live(slugs[start : start + BATCH])
            facts = shelf.facts_of(live.revision_id for live in lives.values())
            texts = shelf.texts_of(live.rendering_id for live in lives.values())
            for slug, live in lives.items():
                self.report.relinked.append(f"module/{slug}")
                yield self._relink_one(live, ModuleFacts.from_json(facts[live.revision_id]), *texts[live.rendering_id])

    def _relink_one(self, live: Live, facts: ModuleFacts, html: str, parts: Mapping[str, Any]) -> Staged:
        linked = link_mentions(strip_links(html), self.drugs.names)
        parts = {**parts, "drugs": self.drugs.named(linked, facts.monographs)}
        self.shown[live.slug] = Shown.of(facts, parts["drugs"])
        rendering = {"renderer": live.renderer, "names_hash": self.drugs.hash, "html": linked.html, "parts": parts}
        return Staged("module", live.slug, live.status, {"drugs": len(parts["drugs"])}, rendering, None, live)

    def _begin(self, categories: Sequence[Mapping[str, Any]]) -> None:
        """Once, before anything is written: clear what a killed publish left behind, and add new categories."""
        if not self.begun:
            clear_leftovers()
            modules.add_categories(categories)
            db.session.commit()
            self.begun = True

    def _write(self, batch: Sequence[Staged], categories: Sequence[Mapping[str, Any]]) -> None:
        """Stage some documents of one kind."""
        if not batch:
            return
        self._begin(categories)
        for picture in self.pictures.values():
            add_picture(picture)
        self.pictures.clear()
        kind = batch[0].kind
        SHELVES[kind].stage(batch, self.now)
        self.staged[kind] += batch
        search.stage(self.findable)
        self.findable.clear()
        db.session.commit()

    def _activate(
        self,
        checked: Checked,
        categories: Sequence[Mapping[str, Any]],
        gone: Mapping[str, Sequence[int]],
        renames: Sequence[tuple[str, str, str]],
    ) -> None:
        """The one transaction from the old release to the new."""
        term_changes = self._term_changes(gone.get("monograph", ()))
        for kind, old, new in renames:
            SHELVES[kind].rename(old, new)
        for kind, shelf in SHELVES.items():
            shelf.activate(self.staged[kind])
            for each in self.staged[kind]:
                shelf.lead_on(each.document_id, each.former_slugs)
            shelf.set_status(gone.get(kind, ()), WITHDRAWN)
        modules.change_categories(categories)
        self._activate_lists(gone.get("module", ()))
        monographs.change_terms(term_changes)
        words = {each["slug"]: (each["title"], each["style"]) for each in categories}
        monographs.name_categories(words)
        self._remember(checked)
        self.report.release = raise_release(self.now)
        self._activate_search(self.report.release, renames, words)
        db.session.commit()
        self.report.warnings += self._due_reviews(checked)

    def _due_reviews(self, checked: Checked) -> Iterator[Problem]:
        """Modules that are older than the source of a drug they name, where either was published just now."""
        sources = self.drugs.sources()
        named = {slug: set(shown.drugs) for slug, shown in self.shown.items()}
        changed = [each.slug for each in self.staged["monograph"] if each.slug in sources]
        for module_slug, monograph_slug in monographs.modules_naming(changed):
            named.setdefault(module_slug, set()).add(monograph_slug)
        reviewed = modules.reviewed_on(list(named))
        for found in checked.found:
            if found.kind == "module" and found.slug in reviewed:
                module = Reviewed(found.path, found.line_of("reviewed"), reviewed[found.slug])
                dates = {slug: sources[slug] for slug in named[found.slug] & sources.keys()}
                yield from filter(None, [due_review(module, dates)])

    def _activate_lists(self, gone: Sequence[int]) -> None:
        """Bring specialties, counts and mentions up to date with the modules that changed."""
        shown = {each.document_id: self.shown[each.slug] for each in self.staged["module"]}
        titles = {specialty_slug(title): title for each in shown.values() for title in each.specialties}
        specialties = {key: [specialty_slug(title) for title in each.specialties] for key, each in shown.items()}
        modules.set_specialties(titles, specialties)
        modules.count_facets()
        for start in range(0, len(self.staged["module"]), BATCH):
            batch = self.staged["module"][start : start + BATCH]
            monographs.set_mentions({each.document_id: self._mentions(each) for each in batch})
        monographs.set_mentions({document_id: [] for document_id in gone})

    def _term_changes(self, gone: Sequence[int]) -> dict[int, monographs.TermChange]:
        """How the indexes of monographs differ from what those that changed state now."""
        staged = self.staged["monograph"]
        stated = {
            each.document_id: monographs.Stated(each.listing["sort_name"], self.terms[each.slug]) for each in staged
        }
        return monographs.term_changes({**stated, **dict.fromkeys(gone, monographs.Stated())})

    def _activate_search(
        self, release: int, renames: Sequence[tuple[str, str, str]], words: Mapping[str, tuple[str, str]]
    ) -> None:
        """Let what changed be found, as part of this release, and what is gone no more."""
        for kind, old, new in renames:
            if kind in KINDS:
                search.rename(kind, old, new, release)
        search.activate(release)
        dropped = {kind: [each.slug for each in self.staged[kind] if each.status == WITHDRAWN] for kind in KINDS}
        for name in self.report.withdrawn:
            kind, _, slug = name.partition("/")
            dropped.setdefault(kind, []).append(slug)
        for kind in KINDS:
            search.drop(kind, dropped[kind], release)
        if self.categories_changed:
            search.name_categories(words, release)

    def _mentions(self, staged: Staged) -> list[dict[str, Any]]:
        if staged.status != PUBLISHED:
            return []
        shown = self.shown[staged.slug]
        category = self.categories[shown.category]
        return [
            {
                "module_id": staged.document_id,
                "monograph_slug": slug,
                "module_slug": staged.slug,
                "title": shown.title,
                "category_slug": category.slug,
                "category_title": category.title,
                "category_style": category.style,
                "credits": shown.credits,
            }
            for slug in shown.drugs
        ]

    def _remember(self, checked: Checked) -> None:
        """Keep what was found in the files that were read: the next publish passes them over."""
        read = checked.paths()
        keep_checked_files(
            [
                {
                    "kind": found.kind,
                    "slug": found.slug,
                    "source_hash": found.source_hash,
                    "fingerprint": found.fingerprint,
                    "checker": checker(),
                    "found": found.to_json(),
                }
                for found in checked.found
                if found.path in read
            ]
        )


def clear_leftovers() -> None:
    """Delete what a publish that was killed or that failed had staged."""
    for shelf in SHELVES.values():
        shelf.clear_leftovers()
    search.clear_staged()


def name_of(found: Found) -> str:
    return f"{found.kind}/{found.slug}"


def edition_problems(item: CheckedModule, live: ModuleFacts, revision_id: int) -> Iterator[Problem]:
    """An edition never falls; other credits or another key without a raised edition are worth a warning."""
    path, facts = item.source.path, item.facts
    line = item.source.key_lines.get("edition", 1)
    if facts.edition < live.edition:
        yield Problem(path, line, f"edition {facts.edition} is below the live edition {live.edition}; raise it")
    if facts.edition != live.edition:
        return
    if facts.credits != live.credits:
        line = item.source.key_lines.get("credits", 1)
        words = f"credits change from {live.credits} to {facts.credits}: raise the edition if the learning changed"
        yield Problem(path, line, words, warning=True)
    if _key_of(item.assessment.to_json() if item.assessment else None) != _key_of(modules.find_assessment(revision_id)):
        words = "the assessment's key changes: raise the edition if the learning changed"
        yield Problem(path, line, words, warning=True)


def _key_of(assessment: dict[str, Any] | None) -> list[Any]:
    questions = assessment["questions"] if assessment else []
    return [[each["kind"], each["key"], each["value"], each["unit"], each["tolerance"]] for each in questions]
