"""A module's revision as its pages show it: made once per rendering, kept in the process."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from markupsafe import Markup

from cpd.db import AnyRow
from cpd.modules.marking import Assessment
from cpd.web.cleaned import cleaned
from cpd.web.fragments import Fragments, fragments_of

KEPT = 400  # renderings a process keeps
NO_DISCLOSURES = "None declared"
BACK_LINK = re.compile(r'(?:&nbsp;| )?<a href="#fnref-[^>]*class="backref">[^<]*</a>')
SELF_CERTIFIED = "Suggested credits; self-certified"


@dataclass(frozen=True)
class Shown:
    """Everything about a revision that is the same for every reader. Its HTML was cleaned when it was published."""

    revision_id: int
    module_id: int
    number: int
    edition: int
    title: str
    summary: str
    credits: Decimal
    reviewed: date
    expires: date
    pass_mark: int  # per cent
    question_count: int
    authors: list[dict[str, str]]
    reviewers: list[dict[str, str]]
    disclosures: list[str]
    funding: str
    accreditation: str
    audience: list[str]
    objectives: list[str]
    specialties: list[str]
    external: str | None
    assessment: Assessment | None
    html: Markup
    contents: list[dict[str, str]]
    footnotes: Markup
    references: Markup  # the footnotes for another page, without the links back into the text
    drugs: list[dict[str, str]]
    pieces: dict[str, Markup]

    def piece(self, name: str) -> Markup:
        """A piece of the assessment such as q1.lead, or nothing."""
        return self.pieces.get(name, Markup(""))


def shown(row: AnyRow) -> Shown:
    """The revision of a row of `queries.RENDERED`."""
    return _kept().get(row.rendering_id, lambda: _make(row))


def find_kept(rendering_id: int) -> Shown | None:
    """The revision of a rendering if this process has it."""
    return _kept().find(rendering_id)


def _make(row: AnyRow) -> Shown:
    facts, parts = row.facts, row.parts
    assessment = Assessment.from_json(row.assessment) if row.assessment else None
    return Shown(
        revision_id=row.revision_id,
        module_id=row.module_id,
        number=row.number,
        edition=row.edition,
        title=facts["title"],
        summary=facts["summary"],
        credits=Decimal(facts["credits"]),
        reviewed=date.fromisoformat(facts["reviewed"]),
        expires=date.fromisoformat(facts["expires"]),
        pass_mark=facts["pass_mark"],
        question_count=len(assessment.questions) if assessment else 0,
        authors=facts["authors"],
        reviewers=facts["reviewers"],
        disclosures=[f"{each['who']}: {each['nature']}, {each['company']}" for each in facts["disclosures"]]
        or [NO_DISCLOSURES],
        funding=facts["funding"] or "",
        accreditation=facts["accreditation"] or SELF_CERTIFIED,
        audience=facts["audience"],
        objectives=facts["objectives"],
        specialties=facts["specialties"],
        external=facts["external"],
        assessment=assessment,
        html=cleaned(row.html),
        contents=parts["contents"],
        footnotes=cleaned(parts["footnotes"]),
        references=cleaned(BACK_LINK.sub("", parts["footnotes"])),
        drugs=parts["drugs"],
        pieces={name: cleaned(html) for name, html in parts["pieces"].items()},
    )


def _kept() -> Fragments[Shown]:
    return fragments_of("modules", KEPT)
