"""From checked files to live pages: everything is staged first, then one short transaction makes it live.

Only what changed is rendered. When the drugs' names change, the pages of unchanged modules are linked anew without a
new revision. What a publish that was killed had staged is deleted by the next one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from cpd.content.check import Checked, CheckedModule, CheckedMonograph, check_content
from cpd.content.facts import ModuleFacts, MonographFacts
from cpd.content.links import Linked, Names, claims_of, link_mentions, strip_links
from cpd.content.listing import (
    CheckedItem,
    category_row,
    hash_names,
    hash_of,
    kind_of,
    listing_of,
    specialty_slug,
    status_of,
)
from cpd.content.markup import line
from cpd.content.pictures import read_picture, with_address
from cpd.content.render import Rendered, render_sources, renderer
from cpd.content.source import Problem
from cpd.content.turns import publishing_turn
from cpd.db import db
from cpd.modules import publishing as modules
from cpd.monographs import publishing as monographs
from cpd.pages import publishing as pages
from cpd.pictures import Picture, add_picture
from cpd.revisions import DRAFT, PUBLISHED, WITHDRAWN, Live, Shelf, Staged, raise_release

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
    unchanged: int = 0
    warnings: list[Problem] = field(default_factory=list)


def publish(
    folder: Path,
    *,
    now: datetime,
    paths: Sequence[Path] | None = None,
    progress: Progress = lambda items, _: items,
) -> Report:
    """Check content and make every change live at once. Commits.

    Without `paths` the whole folder is taken, and what is no longer in it is withdrawn; with them never. Raises
    ContentFaults, and changes nothing that a reader sees, if anything is wrong.
    """
    with publishing_turn():
        return _Publication(folder, now, paths, progress).run()


class _Publication:
    """One publish: what is live, what was read, and what follows from the two."""

    def __init__(self, folder: Path, now: datetime, paths: Sequence[Path] | None, progress: Progress) -> None:
        self.folder, self.now, self.paths, self.progress = folder, now, paths, progress
        self.report = Report()
        self.pictures: dict[str, Picture] = {}
        self.staged: dict[str, list[Staged]] = {kind: [] for kind in SHELVES}
        self.live = {kind: shelf.live() for kind, shelf in SHELVES.items()}
        db.session.rollback()

    def run(self) -> Report:
        checked = self._check()
        items: list[CheckedItem] = [*checked.pages, *checked.monographs, *checked.modules]
        wanted = {name_of(item): item for item in items if status_of(item) != DRAFT}
        renames = self._find_renames(wanted.values())
        self.drugs = self._find_drugs(wanted.values())
        self.names = Names(claim for drug in self.drugs.values() for claim in claims_of(drug))
        self.links_hash = hash_names(self.names.hash, self.drugs.values())
        self._render(list(wanted.values()))
        self._relink()
        gone = self._find_gone(items, wanted)
        self.categories = {category.slug: category for category in checked.categories}
        categories = [category_row(category) for category in checked.categories]
        if any(self.staged.values()) or gone or renames or modules.have_changed(categories):
            self._stage(categories)
            self._activate(wanted, categories, gone, renames)
        return self.report

    def _check(self) -> Checked:
        """Everything that was read. Raises ContentFaults if anything is wrong with it or with what it changes."""
        partly = self.paths is not None
        known = {kind: [*self.live[kind], *SHELVES[kind].former_slugs()] if partly else [] for kind in SHELVES}
        checked = check_content(
            self.folder, self.paths, known_monographs=known["monograph"], known_modules=known["module"]
        )
        problems = [*checked.problems, *self._conflicts(checked)]
        if not partly and not problems and self._is_empty(checked):
            problems.append(Problem(str(self.folder), 1, "has no modules and no monographs; name the content folder"))
        self.report.warnings = [problem for problem in problems if problem.warning]
        if len(problems) > len(self.report.warnings):
            raise ContentFaults(problems)
        return checked

    def _is_empty(self, checked: Checked) -> bool:
        """Whether nothing was read where something is live: a wrong folder, which would withdraw everything."""
        live = [each for kind in ("module", "monograph") for each in self.live[kind].values()]
        something = any(each.status == PUBLISHED for each in live) or not checked.pages
        return something and not checked.modules and not checked.monographs

    def _conflicts(self, checked: Checked) -> Iterator[Problem]:
        """What is wrong between the files and what is live: an edition that falls, a name that is taken."""
        items: list[CheckedModule | CheckedMonograph] = [*checked.modules, *checked.monographs]
        for item in items:
            shelf, facts = self.live[kind_of(item)], item.facts
            for former in facts.former_slugs:
                if former in shelf and facts.slug in shelf:
                    line = item.source.key_lines.get("former_slugs", 1)
                    words = f"“{former}” and “{facts.slug}” are both live: two records of credit can't become one"
                    yield Problem(item.source.path, line, words)
            live = self._live_of(item)
            if live is not None and isinstance(item, CheckedModule):
                yield from edition_problems(item, ModuleFacts.from_json(live.facts), live.revision_id)

    def _live_of(self, item: CheckedItem) -> Live | None:
        """The live document of a file, by its slug or a former one."""
        shelf = self.live[kind_of(item)]
        names = (item.facts.slug, *getattr(item.facts, "former_slugs", ()))
        return next((shelf[name] for name in names if name in shelf), None)

    def _find_renames(self, items: Iterable[CheckedItem]) -> list[tuple[str, str, str]]:
        """Who is called differently now, as (kind, old slug, new slug)."""
        renames = []
        for item in items:
            kind, slug, live = kind_of(item), item.facts.slug, self._live_of(item)
            if live is not None and live.slug != slug:
                renames.append((kind, live.slug, slug))
                self.live[kind][slug] = self.live[kind].pop(live.slug)
                self.report.renamed.append(name_of(item))
        return renames

    def _find_drugs(self, items: Iterable[CheckedItem]) -> dict[str, MonographFacts]:
        """The facts of each monograph that will be live, in order of slug."""
        drugs = {}
        if self.paths is not None:
            stay = ((slug, live) for slug, live in self.live["monograph"].items() if live.status == PUBLISHED)
            drugs = {slug: MonographFacts.from_json(live.facts) for slug, live in stay}
        for item in items:
            if isinstance(item, CheckedMonograph):
                drugs.pop(item.facts.slug, None)
                if item.facts.status == PUBLISHED:
                    drugs[item.facts.slug] = item.facts
        return dict(sorted(drugs.items()))

    def _render(self, items: Sequence[CheckedItem]) -> None:
        """Stage what is new, changed, back, or made by an older renderer. Raises ContentFaults."""
        todo = [item for item in items if self._is_stale(item)]
        self.report.unchanged = len(items) - len(todo)
        rendered: dict[str, Rendered] = {}
        problems = []
        for each in self.progress(render_sources([item.job for item in todo]), len(todo)):
            if isinstance(each, Problem):
                problems.append(each)
            else:
                rendered[each.key] = each
        if problems:
            raise ContentFaults([*self.report.warnings, *problems])
        for item in todo:
            self.staged[kind_of(item)].append(self._stage_of(item, rendered[item.job.key]))

    def _is_stale(self, item: CheckedItem) -> bool:
        live = self.live[kind_of(item)].get(item.facts.slug)
        return (
            live is None
            or live.source_hash != hash_of(item, self.folder)
            or live.status != status_of(item)
            or live.renderer != renderer()
        )

    def _stage_of(self, item: CheckedItem, rendered: Rendered) -> Staged:
        live = self.live[kind_of(item)].get(item.facts.slug)
        source_hash = hash_of(item, self.folder)
        revision: dict[str, Any] | None = None
        if live is not None and live.source_hash == source_hash:
            self.report.rerendered.append(name_of(item))
        else:
            (self.report.changed if live else self.report.added).append(name_of(item))
            revision = {"source_hash": source_hash, "source": item.source.text, "facts": item.facts.to_json()}
            if isinstance(item, CheckedModule):
                revision["edition"] = item.facts.edition
                revision["assessment"] = item.assessment.to_json() if item.assessment else None
        html, parts = self._parts(item, self._with_pictures(item, rendered))
        names_hash = self.links_hash if isinstance(item, CheckedModule) else ""
        rendering = {"renderer": renderer(), "names_hash": names_hash, "html": html, "parts": parts}
        return Staged(item.facts.slug, status_of(item), listing_of(item, parts), rendering, revision, live)

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
            linked = link_mentions(rendered.html, self.names)
            drugs = self._drugs_named(linked, item.facts.monographs)
            return linked.html, parts | {"pieces": rendered.pieces, "drugs": drugs}
        if isinstance(item, CheckedMonograph):
            key_facts = {key: line(text) for key, text in item.facts.key_facts.items()}
            formulations = [line(text) for text in item.facts.formulations]
            return "", parts | {"sections": rendered.sections, "key_facts": key_facts, "formulations": formulations}
        return rendered.html, parts

    def _drugs_named(self, linked: Linked, always: Iterable[str]) -> list[dict[str, str]]:
        slugs = dict.fromkeys([*linked.slugs, *always])
        drugs = [self.drugs[slug] for slug in slugs if slug in self.drugs]
        return [{"slug": drug.slug, "name": drug.name, "generic": drug.generic_name} for drug in drugs]

    def _relink(self) -> None:
        """Stage a new rendering of each other live module, if the drugs' names changed."""
        already = {each.slug for each in self.staged["module"]}
        for slug, live in self.live["module"].items():
            if slug in already or live.names_hash == self.links_hash or live.status != PUBLISHED:
                continue
            html, parts = modules.SHELF.find_html(live.rendering_id)
            linked = link_mentions(strip_links(html), self.names)
            parts = parts | {"drugs": self._drugs_named(linked, ModuleFacts.from_json(live.facts).monographs)}
            rendering = {"renderer": live.renderer, "names_hash": self.links_hash, "html": linked.html, "parts": parts}
            self.staged["module"].append(
                Staged(slug, live.status, {"drugs": len(parts["drugs"])}, rendering, None, live)
            )
            self.report.relinked.append(f"module/{slug}")
        db.session.rollback()

    def _find_gone(self, items: Iterable[CheckedItem], wanted: Mapping[str, CheckedItem]) -> dict[str, list[Live]]:
        """What is live and has no file any more, or whose file became a draft."""
        drafts = {name_of(item) for item in items} - set(wanted)
        gone: dict[str, list[Live]] = {}
        for kind, shelf in self.live.items():
            for slug, live in shelf.items():
                name = f"{kind}/{slug}"
                missing = name in drafts or (self.paths is None and name not in wanted)
                if missing and live.status == PUBLISHED:
                    gone.setdefault(kind, []).append(live)
                    self.report.withdrawn.append(name)
        return gone

    def _stage(self, categories: Sequence[Mapping[str, Any]]) -> None:
        """Write what will be shown, in batches, so that an award need not wait long for its turn to write."""
        for shelf in SHELVES.values():
            shelf.clear_leftovers()
        modules.add_categories(categories)
        for picture in self.pictures.values():
            add_picture(picture)
        db.session.commit()
        for kind, shelf in SHELVES.items():
            for start in range(0, len(self.staged[kind]), BATCH):
                shelf.stage(self.staged[kind][start : start + BATCH], self.now)
                db.session.commit()

    def _activate(
        self,
        wanted: Mapping[str, CheckedItem],
        categories: Sequence[Mapping[str, Any]],
        gone: Mapping[str, Sequence[Live]],
        renames: Sequence[tuple[str, str, str]],
    ) -> None:
        """The one transaction from the old release to the new."""
        for kind, old, new in renames:
            SHELVES[kind].rename(old, new)
        for kind, shelf in SHELVES.items():
            shelf.activate(self.staged[kind])
            for each in self.staged[kind]:
                if each.revision is not None:
                    shelf.lead_on(each.document_id, each.revision["facts"].get("former_slugs", ()))
            shelf.set_status([live.id for live in gone.get(kind, ())], WITHDRAWN)
        modules.change_categories(categories)
        self._activate_lists(wanted, gone)
        monographs.name_categories({each["slug"]: (each["title"], each["style"]) for each in categories})
        self.report.release = raise_release(self.now)
        db.session.commit()

    def _activate_lists(self, wanted: Mapping[str, CheckedItem], gone: Mapping[str, Sequence[Live]]) -> None:
        """Bring specialties, counts and mentions up to date with the modules that changed."""
        titles: dict[str, str] = {}
        specialties: dict[int, list[str]] = {}
        for each in self.staged["module"]:
            named = self._facts_of(each, wanted).specialties
            titles |= {specialty_slug(title): title for title in named}
            specialties[each.document_id] = [specialty_slug(title) for title in named]
        modules.set_specialties(titles, specialties)
        modules.count_facets()
        monographs.set_mentions(
            {each.document_id: self._mentions(each, wanted) for each in self.staged["module"]}
            | {live.id: [] for live in gone.get("module", ())}
        )

    def _facts_of(self, staged: Staged, wanted: Mapping[str, CheckedItem]) -> ModuleFacts:
        item = wanted.get(f"module/{staged.slug}")
        if isinstance(item, CheckedModule):
            return item.facts
        assert staged.live is not None
        return ModuleFacts.from_json(staged.live.facts)

    def _mentions(self, staged: Staged, wanted: Mapping[str, CheckedItem]) -> list[dict[str, Any]]:
        if staged.status != PUBLISHED:
            return []
        facts = self._facts_of(staged, wanted)
        category = self.categories[facts.category]
        return [
            {
                "module_id": staged.document_id,
                "monograph_slug": drug["slug"],
                "module_slug": staged.slug,
                "title": facts.title,
                "category_slug": category.slug,
                "category_title": category.title,
                "category_style": category.style,
                "credits": facts.credits,
            }
            for drug in staged.rendering["parts"]["drugs"]
        ]


def name_of(item: CheckedItem) -> str:
    return f"{kind_of(item)}/{item.facts.slug}"


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
