"""The text of a monograph file out of a label: front matter, then the sections."""

from __future__ import annotations

import hashlib
import json
import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from cpd.content.facts import KEY_FACTS, LONGEST_SLUG, Indication
from cpd.content.front_matter import LONGEST_TITLE
from cpd.content.spl.classes import Classes
from cpd.content.spl.highlights import indications, key_facts
from cpd.content.spl.label import Label
from cpd.content.spl.markdown import markdown
from cpd.content.spl.narrative import Narrative, plain
from cpd.content.spl.products import everything, formulations, small
from cpd.content.spl.reading import LabelFault
from cpd.content.spl.sections import LeftOut, body_of

ADDRESS = "https://dailymed.nlm.nih.gov/dailymed/lookup.cfm?setid="
KIND = "DailyMed label"
SCHEDULES = ("CI", "CII", "CIII", "CIV", "CV")
FINGERPRINT = "imported"
_FINGERPRINT_LINE = re.compile(rf"^  {FINGERPRINT}: .*\n", re.MULTILINE)
_BOILERPLATE = re.compile(r"needed to use\s+(.+?)\s+safely\s+and\s+effectively", re.IGNORECASE)


@dataclass(frozen=True)
class Draft:
    """A label in the words of a monograph file; the names that link to it are settled when it is written."""

    name: str
    generic_name: str
    brand_names: tuple[str, ...]
    substance: str  # the active moiety, if there is one and no more
    company: str
    facts: Mapping[str, object]
    body: str
    left_out: list[LeftOut]
    set_id: str
    version: int

    @property
    def names(self) -> list[str]:
        """What texts may call the drug."""
        every = filter(None, [self.name, self.generic_name, self.substance, *self.brand_names])
        return list({name.casefold(): name for name in reversed(list(every))}.values())[::-1]

    def text(self, link_names: Sequence[str]) -> str:
        """The whole file, with the fingerprint by which an import knows it again."""
        source = dict(self.facts["source"])  # type: ignore[call-overload]
        facts = {**self.facts, "link_names": list(link_names), "source": source}
        plain_text = f"---\n{_yaml(_ordered(facts))}---\n\n{self.body}\n"
        source[FINGERPRINT] = fingerprint(plain_text)
        return f"---\n{_yaml(_ordered(facts))}---\n\n{self.body}\n"


def draft_of(label: Label, classes: Classes) -> Draft:
    """What a monograph file says of a label. Raises LabelFault where it can't be one."""
    narrative = Narrative(label.root)
    name, generic, brands = _names(label)
    body = body_of(label, narrative)
    if not body.sections:
        raise LabelFault("has no section that a monograph has a heading for; take it out")
    drafted = {"indications": indications(label, narrative), "key_facts": key_facts(label, narrative)}
    facts: dict[str, object] = {
        "name": name,
        "generic_name": generic,
        "company": label.company[:LONGEST_TITLE] if len(label.company) <= LONGEST_TITLE else "",
        "legal_class": _legal_class(label),
        "status": "published",
        "draft": [key for key, found in drafted.items() if found],
        "formulations": formulations(label.products),
        "classes": classes.of(label.products),
        "brand_names": brands,
        **drafted,
        "source": _source(label, name),
    }
    if not facts["formulations"]:
        raise LabelFault("lists no product, so nobody could tell what it is about; download it again")
    text = "\n\n".join(f"## {heading}\n\n{markdown(blocks)}" for heading, blocks in body.sections.items())
    return Draft(
        name=name,
        generic_name=generic,
        brand_names=tuple(brands),
        substance=substances[0] if len(substances := _substances(label)) == 1 else "",
        company=label.company,
        facts=facts,
        body=unicodedata.normalize("NFC", text),
        left_out=body.left_out,
        set_id=label.set_id,
        version=label.version,
    )


def fingerprint(text: str) -> str:
    """A short hash of a file without the line that keeps it: the same as long as nobody edits the file."""
    return hashlib.sha256(_FINGERPRINT_LINE.sub("", text, count=1).encode()).hexdigest()[:16]


def slug_of(text: str, longest: int = 60) -> str:
    """A name as a slug, cut at a word."""
    plain_text = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode().lower()
    slug = "-".join(re.findall(r"[a-z0-9]+", plain_text.replace("'", "")))
    return slug if len(slug) <= longest else (slug[: longest + 1].rpartition("-")[0] or slug[:longest])


def slugs_for(draft: Draft) -> Iterable[str]:
    """Names for the file, the best first; the last is nobody else's."""
    generic, name = slug_of(draft.generic_name), slug_of(draft.name)
    base = (generic if generic and generic in name else name) or generic or "label"
    yield base
    if company := slug_of(draft.company, 30):
        yield f"{base[: LONGEST_SLUG - 1 - len(company)].rstrip('-')}-{company}"
    yield f"{base}-{draft.set_id[:8]}"
    yield draft.set_id


def _names(label: Label) -> tuple[str, str, list[str]]:
    """Name, generic name and brands, out of product data."""
    products = list(everything(label.products))
    if not products:
        raise LabelFault("has no product data, so nobody could tell what it is about; download it again")
    tops = label.products
    name = next((product.name for product in tops if product.name), "") or next(
        (product.generic for product in products if product.generic), ""
    )
    generic = next((product.generic for product in products if product.generic), "")
    generic = generic or " and ".join(_substances(label)) or name
    for each in (name, generic):
        if not each:
            raise LabelFault("has a product without a name; download it again")
        if len(each) > LONGEST_TITLE:
            raise LabelFault(
                f"names its product in {len(each)} characters, more than {LONGEST_TITLE}; write it by hand"
            )
    names = dict.fromkeys(product.name for product in tops if product.name)
    known = {name.casefold(), generic.casefold()}
    if name.casefold() == generic.casefold():
        name = small(name)
    return _capital(name), small(generic), [each for each in names if each.casefold() not in known]


def _substances(label: Label) -> list[str]:
    """The active moieties, if all products have the same."""
    found = {tuple(name for each in product.ingredients for name in each.moieties) for product in label.products}
    return [name for name in next(iter(found)) if name] if len(found) == 1 else []


def _legal_class(label: Label) -> str:
    sale = "Prescription only" if label.by_prescription else "Over the counter"
    found = {code for product in everything(label.products) for code in product.schedules}
    numbers = [code[1:] for code in SCHEDULES if code in found]
    if not numbers:
        return sale
    return f"{sale}; controlled substance, schedule {' and '.join(numbers)}"


def _source(label: Label, name: str) -> dict[str, object]:
    runs, _ = Narrative(label.root).text(label.title, None)
    title = " ".join(plain(runs).split())
    if match := _BOILERPLATE.search(title):
        title = match[1]
    return {
        "kind": KIND,
        "title": title if 0 < len(title) <= LONGEST_TITLE else name,
        "set_id": label.set_id,
        "version": str(label.version),
        "effective": label.effective.isoformat() if label.effective else "",
        "address": f"{ADDRESS}{label.set_id}",
    }


def _capital(name: str) -> str:
    """A name that is written small throughout, with its first letter large; any other as it is."""
    return name[:1].upper() + name[1:] if name.islower() else name


def _ordered(facts: Mapping[str, object]) -> dict[str, object]:
    """Facts in the order of the sample's files, without those that the label does not state."""
    order = (
        "name", "generic_name", "company", "legal_class", "status", "draft", "formulations", "classes", "indications",
        "key_facts", "brand_names", "link_names", "source",
    )  # fmt: skip
    return {key: facts[key] for key in order if facts.get(key) or key == "link_names"}


def _yaml(facts: Mapping[str, object]) -> str:
    """Front matter: every text in double quotes, whatever is in it."""
    lines: list[str] = []
    for key, found in facts.items():
        if isinstance(found, dict):
            lines += [f"{key}:", *(f"  {name}: {_quoted(text)}" for name, text in _in_order(found) if text)]
        elif isinstance(found, list) and found:
            lines += [f"{key}:", *(line for item in found for line in _item(item))]
        else:
            lines.append(f"{key}: {_quoted(found) if found else '[]'}")
    return "".join(f"{line}\n" for line in lines)


def _item(item: object) -> list[str]:
    if isinstance(item, Indication):
        return [f"  - name: {_quoted(item.name)}", *([f"    use: {_quoted(item.use)}"] if item.use else [])]
    return [f"  - {_quoted(item)}"]


def _in_order(found: Mapping[str, object]) -> Iterable[tuple[str, object]]:
    return [(key, found[key]) for key in KEY_FACTS if key in found] or found.items()


def _quoted(text: object) -> str:
    return json.dumps(str(text), ensure_ascii=False)
