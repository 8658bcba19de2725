"""Made-up modules and monographs of a stated size; the same seed gives the same texts."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import yaml

TODAY = datetime.now(UTC).date()
QUESTIONS = 8
MODULE_SIZE = 10_000  # bytes
CATEGORIES = ("red-flags", "clinical-review")
CREDITS = {"red-flags": "0.50", "clinical-review": "1.50"}
SPECIALTIES = ("Cardiology", "Dermatology", "General practice", "Neurology", "Paediatrics", "Urology")


def split(text: str) -> list[str]:
    return text.split()


WORDS = split(
    """
    the a of and in with for after before without patient history examination pain fever rash headache swelling onset
    gradual sudden severe mild chronic acute review refer treat monitor stop start adjust renal hepatic cardiac vascular
    nerve muscle skin blood pressure pulse weight glucose lipid thyroid scan biopsy culture specialist nurse pharmacist
    guideline evidence trial cohort risk benefit harm dose interval reaction interaction pregnancy older adult child
    symptom sign cause diagnosis likely unlikely common rare serious urgent same day week month follow plan explain ask
    """
)
OPTIONS = "abcd"


def sentence(random: random.Random, drugs: Sequence[str] = (), words: int = 16) -> str:
    """A sentence of about so many words, which may name one of the drugs."""
    chosen = random.choices(WORDS, k=random.randint(words - 5, words + 5))
    if drugs:
        chosen[random.randrange(len(chosen))] = random.choice(drugs)
    return " ".join(chosen).capitalize() + "."


def paragraph(random: random.Random, drugs: Sequence[str], sentences: int = 5) -> str:
    some = [sentence(random, drugs if random.random() < 0.25 else ()) for _ in range(sentences)]
    first, _, others = some[0].partition(" ")
    return " ".join([f"**{first}** {others}", *some[1:]])


def module_text(slug: str, number: int, drugs: Sequence[str], size: int = MODULE_SIZE) -> str:
    """A module's file of about `size` bytes: headings, lists, a table, callouts, footnotes and eight questions."""
    random_ = random.Random(f"module {number}")
    head = _module_front(slug, number, random_)
    assessment = "\n## Assessment\n\n" + "\n".join(_question(random_, place) for place in range(QUESTIONS))
    body: list[str] = []
    while len(head) + len(assessment) + sum(map(len, body)) < size:
        body.append(_section(random_, drugs, len(body) + 1))
    notes = [f"[^{note}]: {sentence(random_)} <https://www.example.org/{note}>\n" for note in range(1, len(body) + 1)]
    return head + "\n".join(body) + "\n" + "".join(notes) + assessment


def _module_front(slug: str, number: int, random_: random.Random) -> str:
    category = category_of(number)
    return front(
        {
            "title": f"{slug.replace('-', ' ').capitalize()}: {sentence(random_, words=6)[:-1]}",
            "summary": sentence(random_),
            "credits": CREDITS[category],
            "specialties": random_.sample(SPECIALTIES, 2),
            "objectives": [sentence(random_)[:-1] for _ in range(4)],
            "authors": [{"name": "Dr Nia Prosser", "credentials": "MRCGP", "role": "General practitioner"}],
            "reviewers": [{"name": "Dr Samuel Boateng", "credentials": "FRCP", "role": "Physician"}],
            "disclosures": "None declared",
            "reviewed": f"{TODAY - timedelta(days=60)}",
            "expires": f"{TODAY + timedelta(days=900)}",
            "audience": ["Doctors", "Nurses"],
        }
    )


def category_of(number: int) -> str:
    return CATEGORIES[number % len(CATEGORIES)]


def _section(random_: random.Random, drugs: Sequence[str], number: int) -> str:
    parts = [f"## {sentence(random_, words=6)[:-1]} {number}", f"{paragraph(random_, drugs)}[^{number}]"]
    if number % 3 == 1:
        parts.append(f'!!! key-point "{sentence(random_, words=6)[:-1]}"\n    {sentence(random_, drugs)}')
    if number % 3 == 2:
        parts.append("\n".join(f"- **{sentence(random_, words=6)[:-1]}:** {sentence(random_)}" for _ in range(4)))
    if number % 3 == 0:
        rows = [f"| {sentence(random_, words=6)} | {sentence(random_, drugs)} |" for _ in range(4)]
        parts.append("\n".join(["| Finding | What to do |", "|---|---|", *rows]))
    return "\n\n".join(parts) + "\n"


def _question(random_: random.Random, place: int) -> str:
    lead = f"{sentence(random_, words=8)[:-1]} {place + 1}?"
    if place == QUESTIONS - 1:
        return f"### {lead}\n\n= 42 mm/h ± 0.5\n\n{sentence(random_)}\n"
    right = {random_.randrange(len(OPTIONS))}
    if place == QUESTIONS - 2:
        lead, right = f"Choose all that apply: {lead.lower()}", {0, 2}
    options = [
        f"- [{'x' if number in right else ' '}] {sentence(random_, words=8)[:-1]} {letter}\n  > {sentence(random_)}"
        for number, letter in enumerate(OPTIONS)
    ]
    return "\n".join([f"### {lead}\n", sentence(random_), "", *options, "", sentence(random_), ""])


def monograph_text(slug: str, number: int, *, brand_names: Sequence[str]) -> str:
    """A short monograph with so many names."""
    random_ = random.Random(f"monograph {number}")
    keys = {
        "name": slug.capitalize(),
        "generic_name": slug,
        "formulations": [f"{slug} 10 mg tablet"],
        "brand_names": list(brand_names),
    }
    sections = ("Therapeutic use", "Dosage", "Contraindications", "Adverse reactions")
    return front(keys) + "\n".join(f"## {title}\n\n{paragraph(random_, ())}\n" for title in sections)


def drug_names(count: int) -> list[str]:
    """So many names that look like drugs' and are no word of the texts, in an order without meaning."""
    random_ = random.Random("drugs")
    starts = split("bel cor dax fen gal lor mir nov pex quin ril tov vex zan")
    middles = split("a e i o u al er in or un")
    ends = split("tide pril zole statin mab cillin olol sartan vir dipine azepam oxetine")
    names: dict[str, None] = {}
    while len(names) < count:
        name = random_.choice(starts) + "".join(random_.choices(middles, k=2)) + random_.choice(starts)
        names[name + random_.choice(middles) + random_.choice(ends)] = None
    return list(names)


def front(keys: Mapping[str, object]) -> str:
    return f"---\n{yaml.safe_dump(keys, allow_unicode=True, sort_keys=False)}---\n\n"


def write_modules(folder: Path, count: int, drugs: Sequence[str]) -> list[Path]:
    """So many modules in a content folder. Gives their files."""
    files = []
    for number in range(count):
        file = folder / "modules" / category_of(number) / f"topic-{number:04d}.md"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(module_text(file.stem, number, drugs), encoding="utf-8")
        files.append(file)
    return files
