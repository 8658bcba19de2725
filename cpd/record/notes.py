"""Private notes that a learner keeps beside a module or monograph: read beside the document, and saved."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal

from sqlalchemy import ColumnElement, Select, and_, bindparam, delete

from cpd.db import db, write_over
from cpd.record.models import LONGEST_NOTE, Note

AnySelection = Select[*tuple[Any, ...]]
Kind = Literal["module", "monograph"]


class NoteTooLong(Exception):
    """The text has more characters than a note may have; the message says so to the learner."""


def with_note(documents: AnySelection, kind: Kind, document_id: ColumnElement[int]) -> AnySelection:
    """A select of documents with the note that a learner keeps beside each, as `note` and `noted_at`, or None.

    It gains the parameter `learner_id`; 0 stands for nobody.
    """
    own = and_(Note.learner_id == bindparam("learner_id"), Note.kind == kind, Note.document_id == document_id)
    return documents.outerjoin(Note, own).add_columns(Note.text.label("note"), Note.changed_at.label("noted_at"))


def all_notes(documents: AnySelection, kind: Kind, document_id: ColumnElement[int], *, learner_id: int) -> AnySelection:
    """A select of documents, made one of all that a learner has noted beside them: text and changed_at."""
    own = and_(Note.learner_id == learner_id, Note.kind == kind, Note.document_id == document_id)
    return documents.join(Note, own).add_columns(Note.text, Note.changed_at).order_by(document_id)


def save_note(*, learner_id: int, kind: Kind, document_id: int, text: str, now: datetime) -> None:
    """Keep the text as the learner's note beside a document, instead of what it said before: the last one counts.

    Raises NoteTooLong, and changes nothing, beyond 10,000 characters. The caller commits.
    """
    if len(text) > LONGEST_NOTE:
        raise NoteTooLong(f"A note has at most {LONGEST_NOTE:,} characters; this one has {len(text):,}. Shorten it.")
    key = {"learner_id": learner_id, "kind": kind, "document_id": document_id}
    write_over(Note, key, {"text": text, "changed_at": now})


def forget_notes(learner_id: int) -> None:
    """Delete a learner's notes, because the account is deleted. The caller commits."""
    db.session.execute(delete(Note).where(Note.learner_id == learner_id))
