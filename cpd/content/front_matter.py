"""Front matter to facts, with everything that is wrong in it at once."""

from __future__ import annotations

import difflib
import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import fields
from datetime import date
from decimal import Decimal
from typing import TypeVar
from urllib.parse import urlsplit

from cpd.content.facts import (
    ACCREDITATION,
    KEY_FACTS,
    LONGEST_SLUG,
    PASS_MARK,
    SLUG,
    STATUSES,
    STYLES,
    Author,
    Category,
    Disclosure,
    Indication,
    ModuleFacts,
    MonographFacts,
    PageFacts,
    Provenance,
)
from cpd.content.source import Problem, Source, SourceFault, Value
from cpd.monographs.sections import TAKEN
from cpd.monographs.terms import term_slug

Entry = TypeVar("Entry", Author, Disclosure, Indication)

LONGEST_TITLE = 200  # characters, as is the next
LONGEST_TEXT = 2000
LONGEST_LIST = 500
YEARS_TO_EXPIRY = 3
MODULE_KEYS = tuple(item.name for item in fields(ModuleFacts) if item.name not in ("slug", "category"))
MONOGRAPH_KEYS = tuple(item.name for item in fields(MonographFacts) if item.name != "slug")
PAGE_KEYS = tuple(item.name for item in fields(PageFacts) if item.name != "slug")
CATEGORY_KEYS = tuple(item.name for item in fields(Category))


def module_facts(source: Source, category: str, slug: str) -> ModuleFacts:
    """The facts of a module. Raises SourceFault with all problems."""
    reader = _Reader(source.path, source.keys, source.key_lines)
    reader.slug(slug)
    reader.known(MODULE_KEYS)
    facts = ModuleFacts(
        slug=slug,
        category=category,
        title=reader.text("title", required=True, longest=LONGEST_TITLE),
        summary=reader.text("summary", required=True),
        credits=reader.credits("credits", required=True) or Decimal(0),
        specialties=reader.texts("specialties", required=True, longest=LONGEST_TITLE),
        objectives=reader.texts("objectives", required=True),
        authors=reader.entries("authors", Author, ("name", "credentials", "role"), required=True),
        disclosures=reader.disclosures("disclosures"),
        reviewed=reader.day("reviewed", required=True) or date.max,
        expires=reader.day("expires", required=True) or date.max,
        edition=reader.whole("edition", 1, 1, 10_000),
        status=reader.choice("status", STATUSES, "published"),
        reviewers=reader.entries("reviewers", Author, ("name", "credentials", "role")),
        audience=reader.texts("audience", longest=LONGEST_TITLE),
        funding=reader.text("funding"),
        accreditation=reader.text("accreditation") or ACCREDITATION,
        frameworks=reader.tags("frameworks"),
        monographs=reader.slugs("monographs"),
        pass_mark=reader.whole("pass_mark", PASS_MARK, 1, 100),
        external=reader.address("external") or None,
        former_slugs=reader.slugs("former_slugs"),
    )
    reader.expiry(facts.reviewed, facts.expires)
    reader.not_its_own(facts.former_slugs, slug)
    reader.done()
    return facts


def monograph_facts(source: Source, slug: str) -> MonographFacts:
    """The facts of a monograph. Raises SourceFault with all problems."""
    reader = _Reader(source.path, source.keys, source.key_lines)
    reader.slug(slug)
    reader.not_taken(slug, TAKEN)
    reader.known(MONOGRAPH_KEYS)
    facts = MonographFacts(
        slug=slug,
        name=reader.name("name"),
        generic_name=reader.name("generic_name"),
        formulations=reader.texts("formulations", required=True),
        company=reader.text("company", longest=LONGEST_TITLE),
        legal_class=reader.text("legal_class", longest=LONGEST_TITLE),
        status=reader.choice("status", STATUSES, "published"),
        draft=reader.drafted("draft"),
        classes=reader.texts("classes", longest=LONGEST_TITLE),
        indications=reader.entries("indications", Indication, ("name",)),
        key_facts=reader.key_facts("key_facts"),
        brand_names=reader.names("brand_names"),
        link_names=reader.names("link_names") if "link_names" in source.keys else None,
        source=reader.provenance("source"),
        reviewed=reader.day("reviewed"),
        former_slugs=reader.slugs("former_slugs"),
    )
    reader.distinct("indications", [indication.name for indication in facts.indications])
    reader.not_its_own(facts.former_slugs, slug)
    for index, former in enumerate(facts.former_slugs):
        reader.not_taken(former, TAKEN, f"former_slugs.{index}")
    reader.done()
    return facts


def page_facts(source: Source, slug: str) -> PageFacts:
    """The facts of a page. Raises SourceFault with all problems."""
    reader = _Reader(source.path, source.keys, source.key_lines)
    reader.slug(slug)
    reader.known(PAGE_KEYS)
    facts = PageFacts(
        slug=slug,
        title=reader.text("title", required=True, longest=LONGEST_TITLE),
        summary=reader.text("summary", required=True),
        version=reader.text("version", required=True, longest=40),
    )
    reader.done()
    return facts


def categories_in(path: str, value: Value, lines: Mapping[str, int]) -> list[Category]:
    """The categories of categories.yml, in their order on the page. Raises SourceFault with all problems."""
    if not isinstance(value, list) or not value:
        raise SourceFault(Problem(path, 1, "write a list of categories, each beginning “- slug: …”"))
    problems: list[Problem] = []
    found: dict[str, Category] = {}
    for index, item in enumerate(value):
        line = lines[str(index)]
        if not isinstance(item, dict):
            problems.append(Problem(path, line, "write a category as slug, title, summary, credits, order, style"))
            continue
        reader = _Reader(path, item, lines, place=f"{index}.", line=line)
        category = _category(reader)
        if category.slug in found:
            reader.report("slug", f"“{category.slug}” is there twice; keep one")
        found[category.slug] = category
        problems += reader.problems
    if problems:
        raise SourceFault(*problems)
    return sorted(found.values(), key=lambda category: (category.order, category.slug))


def _category(reader: _Reader) -> Category:
    reader.known(CATEGORY_KEYS)
    slug = reader.text("slug", required=True, longest=LONGEST_SLUG)
    if slug:
        reader.slug(slug, "slug")
    return Category(
        slug=slug,
        title=reader.text("title", required=True, longest=LONGEST_TITLE),
        summary=reader.text("summary"),
        credits=reader.credits("credits"),
        order=reader.whole("order", None, 0, 10_000),
        style=reader.choice("style", STYLES, None),
    )


class _Reader:
    """Reads one mapping key by key and remembers what is wrong."""

    def __init__(
        self, path: str, keys: Mapping[str, Value], lines: Mapping[str, int], place: str = "", line: int = 1
    ) -> None:
        self.path = path
        self.keys = keys
        self.lines = lines
        self.place = place
        self.line = line  # where what is missing is reported
        self.problems: list[Problem] = []

    def report(self, key: str, message: str) -> None:
        self.problems.append(Problem(self.path, self.lines.get(self.place + key, self.line), message))

    def done(self) -> None:
        if self.problems:
            raise SourceFault(*sorted(self.problems))

    def slug(self, slug: str, key: str = "") -> None:
        if not SLUG.fullmatch(slug) or len(slug) > LONGEST_SLUG:
            what = f"the {key}" if key else "the file's name"
            self.report(
                key, f"{what} “{slug[:LONGEST_SLUG]}” must be lower-case letters a-z, digits and single hyphens"
            )

    def known(self, keys: Collection[str]) -> None:
        for key in self.keys:
            if key in keys:
                continue
            near = difflib.get_close_matches(key, keys, 1)
            mend = f"did you mean “{near[0]}”?" if near else f"the keys are {', '.join(keys)}"
            self.report(key, f"“{key[:80]}” is no key here; {mend}")

    def text(self, key: str, *, required: bool = False, longest: int = LONGEST_TEXT) -> str:
        """One line of text. Line breaks and spaces in it become single spaces."""
        if not self._there(key, required):
            return ""
        return self._line(key, self.keys[key], longest)

    def texts(self, key: str, *, required: bool = False, longest: int = LONGEST_TEXT) -> tuple[str, ...]:
        if not self._there(key, required):
            return ()
        items = self._list(key)
        texts = [self._line(f"{key}.{index}", item, longest) for index, item in enumerate(items)]
        return tuple(text for text in texts if text)

    def name(self, key: str) -> str:
        text = self.text(key, required=True, longest=LONGEST_TITLE)
        self._proper(key, text)
        return text

    def names(self, key: str) -> tuple[str, ...]:
        names = self.texts(key, longest=LONGEST_TITLE)
        for index, name in enumerate(names):
            self._proper(f"{key}.{index}", name)
        return names

    def slugs(self, key: str) -> tuple[str, ...]:
        slugs = self.texts(key)
        for index, slug in enumerate(slugs):
            self.slug(slug, f"{key}.{index}")
        return slugs

    def day(self, key: str, *, required: bool = False) -> date | None:
        text = self.text(key, required=required)
        if not text:
            return None
        try:
            if re.fullmatch(r"(19|20|21)\d\d-\d\d-\d\d", text, re.ASCII):
                return date.fromisoformat(text)
        except ValueError:
            pass
        self.report(key, f"“{text[:40]}” is no date; write {key} as year-month-day, like 2026-09-14")
        return None

    def credits(self, key: str, *, required: bool = False) -> Decimal | None:
        text = self.text(key, required=required)
        if not text:
            return None
        if not re.fullmatch(r"\d{1,3}(\.\d{1,4})?", text, re.ASCII):
            self.report(key, f"“{text[:40]}” is no number of credits; write a decimal like 0.50")
            return None
        worth = Decimal(text)
        if not 0 < worth <= 100:
            self.report(key, f"{text} credits: write more than 0 and at most 100")
        elif worth % Decimal("0.05"):
            self.report(key, f"{text} credits is no multiple of 0.05, which is 3 minutes; round it")
        return worth.quantize(Decimal("0.01"))

    def whole(self, key: str, default: int | None, least: int, most: int) -> int:
        text = self.text(key, required=default is None)
        if not text:
            return default if default is not None else least
        if re.fullmatch(r"\d{1,9}", text, re.ASCII) and least <= int(text) <= most:
            return int(text)
        self.report(key, f"“{text[:40]}” must be a whole number from {least} to {most}")
        return least

    def choice(self, key: str, choices: Sequence[str], default: str | None) -> str:
        text = self.text(key, required=default is None)
        if text and text not in choices:
            self.report(key, f"{key} “{text[:40]}” must be one of {', '.join(choices)}")
        return text or default or choices[0]

    def address(self, key: str) -> str:
        text = self.text(key)
        if text and not is_web_address(text):
            self.report(key, f"“{text[:80]}” is no web address; begin it with https://")
        return text

    def entries(
        self, key: str, kind: type[Entry], needed: Collection[str], *, required: bool = False
    ) -> tuple[Entry, ...]:
        """A list of mappings as dataclasses whose fields are all text."""
        if not self._there(key, required):
            return ()
        wanted = tuple(item.name for item in fields(kind))
        found = []
        for index, item in enumerate(self._list(key)):
            place = f"{key}.{index}"
            if not isinstance(item, dict):
                self.report(place, f"write each of the {key} as {{{', '.join(wanted)}}}")
                continue
            reader = self._inside(place, item)
            reader.known(wanted)
            texts = {name: reader.text(name, required=name in needed) for name in wanted}
            reader._proper("name", texts.get("name", ""))
            found.append(kind(**texts))
            self.problems += reader.problems
        return tuple(found)

    def disclosures(self, key: str) -> tuple[Disclosure, ...]:
        if self.keys.get(key) == "None declared":
            return ()
        if isinstance(self.keys.get(key), str) and self.keys[key] != "":
            self.report(key, "write “None declared”, or a list of {who, company, nature}")
            return ()
        return self.entries(key, Disclosure, ("who", "company", "nature"), required=True)

    def provenance(self, key: str) -> Provenance | None:
        if not self._there(key, required=False):
            return None
        value = self.keys[key]
        if not isinstance(value, dict):
            self.report(key, "write the source as kind, title, set_id, version, effective, address")
            return None
        reader = self._inside(key, value)
        reader.known(tuple(item.name for item in fields(Provenance)))
        found = Provenance(
            kind=reader.text("kind", required=True),
            title=reader.text("title"),
            set_id=reader.text("set_id", longest=LONGEST_TITLE),
            version=reader.text("version", longest=LONGEST_TITLE),
            effective=reader.day("effective"),
            address=reader.address("address"),
            imported=reader.text("imported", longest=LONGEST_TITLE),
        )
        self.problems += reader.problems
        return found

    def key_facts(self, key: str) -> dict[str, str]:
        if not self._there(key, required=False):
            return {}
        value = self.keys[key]
        if not isinstance(value, dict):
            self.report(key, f"write key facts as lines like “adult_start: 5 mg daily”, of {', '.join(KEY_FACTS)}")
            return {}
        reader = self._inside(key, value)
        reader.known(KEY_FACTS)
        found = {name: reader.text(name) for name in KEY_FACTS if name in value}
        self.problems += reader.problems
        return {name: text for name, text in found.items() if text}

    def tags(self, key: str) -> dict[str, tuple[str, ...]]:
        if not self._there(key, required=False):
            return {}
        value = self.keys[key]
        if not isinstance(value, dict):
            self.report(key, f"write {key} as lines like “gdc: [C]”")
            return {}
        reader = self._inside(key, value)
        found = {scheme: reader.texts(scheme, longest=LONGEST_TITLE) for scheme in value}
        for scheme in value:
            reader.slug(scheme, scheme)
        self.problems += reader.problems
        return found

    def drafted(self, key: str) -> tuple[str, ...]:
        """Names of keys that an import drafted and nobody has confirmed."""
        names = self.texts(key)
        allowed = [name for name in MONOGRAPH_KEYS if name not in ("draft", "status")]
        for index, name in enumerate(names):
            if name not in allowed:
                self.report(f"{key}.{index}", f"“{name[:80]}” is no key that can be drafted; take it out")
        return names

    def expiry(self, reviewed: date, expires: date) -> None:
        if date.max in (reviewed, expires):
            return
        if expires <= reviewed:
            self.report("expires", f"expires {expires} is not after reviewed {reviewed}; mend one of the dates")
        elif expires > years_after(reviewed, YEARS_TO_EXPIRY):
            latest = years_after(reviewed, YEARS_TO_EXPIRY)
            self.report("expires", f"expires more than 3 years after it was reviewed; write {latest} or earlier")

    def distinct(self, key: str, names: Sequence[str]) -> None:
        """Report names that are one term: an address could not tell them apart."""
        first: dict[str, int] = {}
        for index, name in enumerate(names):
            if first.setdefault(term_slug(name), index) != index:
                self.report(f"{key}.{index}", f"“{name[:80]}” is there twice; keep one")

    def not_taken(self, slug: str, taken: Collection[str], key: str = "") -> None:
        if slug in taken:
            self.report(key, f"“{slug}” is the name of a page of the site; choose another")

    def not_its_own(self, former_slugs: Sequence[str], slug: str) -> None:
        if slug in former_slugs:
            self.report("former_slugs", f"“{slug}” is the file's name today; take it out of former_slugs")

    def _inside(self, key: str, value: Mapping[str, Value]) -> _Reader:
        place = f"{self.place}{key}"
        return _Reader(self.path, value, self.lines, place=f"{place}.", line=self.lines.get(place, self.line))

    def _there(self, key: str, required: bool) -> bool:
        value = self.keys.get(key)
        if value:
            return True
        if required:
            self.report(key, f"“{key}” is {'missing; add it' if value is None else 'empty; fill it in'}")
        elif value == "":
            self.report(key, f"“{key}” is empty; fill it in or take the line out")
        return False

    def _line(self, place: str, value: Value, longest: int) -> str:
        if not isinstance(value, str):
            self.report(place, "must be one line of text, not a list or mapping; put quotes around it")
            return ""
        text = " ".join(value.split())
        if len(text) > longest:
            self.report(place, f"has {len(text)} characters, more than {longest}; shorten it")
        if not text and "." in place:
            self.report(place, "is empty; fill it in or take the line out")
        return text

    def _list(self, key: str) -> Sequence[Value]:
        value = self.keys[key]
        if not isinstance(value, list):
            self.report(key, f"“{key}” must be a list: put each item on a line of its own that begins with “- ”")
            return ()
        if len(value) > LONGEST_LIST:
            self.report(key, f"“{key}” has {len(value)} items, more than {LONGEST_LIST}; shorten it")
            return ()
        return value

    def _proper(self, place: str, name: str) -> None:
        if "<" in name or ">" in name or "\x00" in name:
            self.report(place, f"the name “{name[:80]}” must not contain < or >")


def is_web_address(text: str) -> bool:
    """Whether the text is a whole http or https address, without a password in it."""
    if re.search(r"[\s\\<>\"'`{}|^\x00-\x1f\x7f]", text):
        return False
    try:
        parts = urlsplit(text)
        return parts.scheme in ("http", "https") and bool(parts.hostname) and "@" not in parts.netloc
    except ValueError:
        return False


def years_after(day: date, years: int) -> date:
    """The same day some years later; 28 February for a 29th that does not exist."""
    try:
        return day.replace(year=day.year + years)
    except ValueError:
        return day.replace(year=day.year + years, day=28)
