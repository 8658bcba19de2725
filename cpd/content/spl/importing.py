"""Importing labels: each becomes a monograph file, or a line that says why not."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from cpd.content.body import look_through
from cpd.content.front_matter import monograph_facts
from cpd.content.source import MAX_MONOGRAPH, SourceFault, parse_source
from cpd.content.spl.classes import Classes
from cpd.content.spl.documents import LIMITS, Document, Limits, Refusal, documents_in
from cpd.content.spl.folder import Folder, Kept, telling, was_edited
from cpd.content.spl.label import CLASS_INDEX, UUID, VERSION, Label, read_label
from cpd.content.spl.monograph import Draft, draft_of, slugs_for
from cpd.content.spl.reading import LabelFault, child, header, parse, value
from cpd.content.spl.report import Outcome, Report, changes_between

Progress = Callable[[Iterable[Document | Refusal], int], Iterable[Document | Refusal]]


def import_labels(
    sources: Sequence[Path],
    folder: Path,
    *,
    progress: Progress = lambda items, _count: items,
    limits: Limits = LIMITS,
) -> Report:
    """Write a monograph file into the folder for each label of the sources.

    The sources are looked through twice: first for class indexes and for the newest version of each label, then one
    label at a time, so that memory does not grow with their number. What is wrong with a document stands in the
    report and stops no other. Raises OSError if the folder can't be written to.
    """
    survey = _survey(sources, limits)
    work = _Import(Folder(folder), survey)
    for found in progress(documents_in(sources, limits), survey.documents):
        work.take(found)
    return work.report


@dataclass
class _Survey:
    """What the first look found: how many documents, the newest version of each label, and the classes."""

    documents: int
    newest: dict[str, int]
    classes: Classes
    indexes: int = 0


def _survey(sources: Sequence[Path], limits: Limits) -> _Survey:
    survey = _Survey(0, {}, Classes())
    for found in documents_in(sources, limits):
        survey.documents += 1
        if isinstance(found, Document):
            _look_at(found, survey)
    return survey


def _look_at(document: Document, survey: _Survey) -> None:
    try:
        said = header(document.data)
        if said.get("kind") == CLASS_INDEX:
            survey.classes.read(parse(document.data))
            survey.indexes += 1
    except LabelFault:
        return  # it is told of when its turn comes
    set_id, version = said.get("set_id", ""), said.get("version", "")
    if UUID.fullmatch(set_id) and VERSION.fullmatch(version):
        survey.newest[set_id] = max(int(version), survey.newest.get(set_id, 0))


class _Import:
    def __init__(self, folder: Folder, survey: _Survey) -> None:
        self.folder = folder
        self.survey = survey
        self.report = Report(class_indexes=survey.indexes, substances=len(survey.classes))
        self.seen: dict[str, tuple[int, str]] = {}  # set id → version of the label and where it was taken from

    def take(self, found: Document | Refusal) -> None:
        if isinstance(found, Refusal):
            self.report.refused.append(found)
            return
        try:
            self._document(found)
        except LabelFault as fault:
            self.report.refused.append(Refusal(found.where, str(fault)))

    def _document(self, document: Document) -> None:
        root = parse(document.data)
        if value(child(root, "code"), "code") == CLASS_INDEX:
            return
        label = read_label(root)
        newest = self.survey.newest.get(label.set_id, label.version)
        if label.version < newest:
            why = f"version {label.version} is older than version {newest} beside it"
            self.report.passed_over.append(Refusal(document.where, why))
        elif label.version <= (seen := self.seen.get(label.set_id, (-1, "")))[0]:
            why = f"version {seen[0]} of the same label was taken from {seen[1]} already"
            self.report.passed_over.append(Refusal(document.where, why))
        else:
            self._label(document, label)
            self.seen[label.set_id] = label.version, document.where

    def _label(self, document: Document, label: Label) -> None:
        there = self.folder.find(label.set_id)
        if there and there.version is not None and there.version >= label.version:
            self._keep(document, label, there)
            return
        draft = draft_of(label, self.survey.classes)
        if there is None:
            slug = next(each for each in slugs_for(draft) if self.folder.free(each, label.set_id))
            self._write(draft, slug)
            self.report.imported.append(self._outcome(document, draft, slug))
            return
        old = self.folder.text(there.slug)
        new = self._checked(draft, there.slug)
        outcome = self._outcome(document, draft, there.slug)
        changes = changes_between(old, new)
        if was_edited(old):
            why = "was edited or written by hand, so nothing was written"
            self.report.kept.append(_with(outcome, changes=changes, why=why))
        else:
            self._write(draft, there.slug)
            self.report.updated.append(_with(outcome, changes=changes))

    def _keep(self, document: Document, label: Label, there: Kept) -> None:
        outcome = Outcome(
            where=document.where,
            file=str(self.folder.path(there.slug)),
            name="",
            set_id=label.set_id,
            version=label.version,
        )
        if there.version == label.version:
            self.report.unchanged.append(outcome)
        else:
            why = f"holds version {there.version}, which is newer"
            self.report.kept.append(_with(outcome, why=why))

    def _write(self, draft: Draft, slug: str) -> None:
        text = self._checked(draft, slug)
        self.folder.place.mkdir(parents=True, exist_ok=True)
        self.folder.write(slug, text)
        names = self._link_names(draft, slug)
        self.folder.take(Kept(slug, draft.set_id, draft.version, names))

    def _link_names(self, draft: Draft, slug: str) -> list[str]:
        """The names that modules link to this monograph: those that no other goes by."""
        return self.folder.unclaimed(telling(slug, draft.names), slug)

    def _checked(self, draft: Draft, slug: str) -> str:
        """The text of the file, which the check of content has nothing against."""
        text = draft.text(self._link_names(draft, slug))
        data = text.encode()
        if len(data) > MAX_MONOGRAPH:
            megabytes = MAX_MONOGRAPH // 1024 // 1024
            raise LabelFault(f"makes a monograph of {len(data) / 1024 / 1024:.3g} MB, more than {megabytes}; split it")
        path = self.folder.path(slug)
        try:
            source = parse_source(str(path), data)
            monograph_facts(source, slug)
        except SourceFault as fault:
            raise LabelFault(f"makes a monograph that can't be published: {fault.problems[0].message}") from None
        for problem in look_through(source, path.parent, monograph=True).problems:
            if not problem.warning:
                raise LabelFault(f"makes a monograph that can't be published: {problem.message}")
        return text

    def _outcome(self, document: Document, draft: Draft, slug: str) -> Outcome:
        return Outcome(
            where=document.where,
            file=str(self.folder.path(slug)),
            name=draft.name,
            set_id=draft.set_id,
            version=draft.version,
            left_out=draft.left_out,
        )


def _with(outcome: Outcome, **changes: object) -> Outcome:
    return replace(outcome, **changes)  # type: ignore[arg-type]
