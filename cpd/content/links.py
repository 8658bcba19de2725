"""Mentions of drugs in safe HTML become links to their monographs.

Only text is looked at, never tags: all names are found, those without word boundaries dropped, and of what overlaps
the earlier and then the longer is taken. Taking the longest first would lose names: in "non-enteric coated aspirin"
the name "enteric coated aspirin" has no boundary before it, and would take "aspirin" with it.
"""

from __future__ import annotations

import hashlib
import html as entities
import re
import unicodedata
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from typing import Any, NamedTuple

from ahocorasick_rs import AhoCorasick, MatchKind

from cpd.content.facts import MonographFacts
from cpd.content.markup import VOID, tokens, words

SHORTEST = 4  # letters of a name that is linked without being asked for
# Names of products and substances that are everyday words too. An author who wants one linked lists it in link_names.
ORDINARY = words(
    """
    acid advance advantage air alcohol align allay always answer aspire attention balance base bliss bone boost
    breathe bridge bright calm calcium care caution choice clear climate cold combat comfort complete control cool
    copper cough cream dawn daily defend delay digest direct dove drops ease effect energy ensure entire equal
    essential ether extend fast fiber fibre first fluoride focus forte fresh fusion gain gold guard harmony heal
    health heart honey iodine iron joint level life lift light liquid love lotion lozenge magnesium matrix maximum
    mineral mint nature night oxygen pain patch perform plus potassium powder prevail pressure prime protein pure
    quell radiance reach ready release relief relieve rescue rest restore revive salt sharp shield silver simply
    sleep sodium soft solution soothe spray starch sugar support sure tablet target tears total true urea ultra
    vision vital water wave zero zinc
    """
)
# After a hyphen these leave a name what it is. Four meaningless letters would make it another drug: adalimumab-ryvk.
SUFFIXES = words(
    """
    associated based containing dependent free induced like naive naïve related resistant responsive sensitive
    sparing treated
    """
)
BLOCKED = words(
    """
    a button code h1 h2 h3 h4 h5 h6 kbd label math option pre samp script select style svg textarea
    """
)
# Between these a word goes on; any other tag ends it.
INLINE = words(
    """
    a abbr b bdi cite code del em i ins kbd mark q s samp small span strong sub u
    """
)

_AUTO = re.compile(r'<a class="drug" href="/monographs/[a-z0-9-]+" data-card="[^"]*" data-auto>([^<]*)</a>')
_EXPLICIT = re.compile(r'\sclass="drug" href="/monographs/([a-z0-9-]+)"')
_CLASS = re.compile(r'\sclass="([^"]*)"')
_FOLDED = str.maketrans(dict.fromkeys("‐‑–\xad", "-") | dict.fromkeys("\xa0\u2009\u202f\n\t", " "))


class Drug(NamedTuple):
    """What modules' pages ask about a monograph: all but `effective`, the date of its source, makes a link another."""

    slug: str
    name: str
    generic_name: str
    status: str
    brand_names: tuple[str, ...]
    link_names: tuple[str, ...] | None
    draft: tuple[str, ...]
    effective: date | None = None

    @classmethod
    def of(cls, facts: MonographFacts) -> Drug:
        return cls(
            facts.slug,
            facts.name,
            facts.generic_name,
            facts.status,
            facts.brand_names,
            facts.link_names,
            facts.draft,
            facts.source.effective if facts.source else None,
        )

    @classmethod
    def from_json(cls, slug: str, facts: Mapping[str, Any]) -> Drug:
        """The drug of a monograph's facts as JSON."""
        effective, link_names = (facts.get("source") or {}).get("effective"), facts.get("link_names")
        return cls(
            slug,
            facts["name"],
            facts["generic_name"],
            facts.get("status", "published"),
            tuple(facts.get("brand_names", ())),
            None if link_names is None else tuple(link_names),
            tuple(facts.get("draft", ())),
            date.fromisoformat(effective) if effective else None,
        )

    def is_linked_like(self, other: Drug) -> bool:
        """Whether modules' pages show nothing that differs between the two."""
        return self._replace(effective=other.effective) == other


class Claim(NamedTuple):
    """A name that a monograph wants to be linked by; explicit ones stand in its `link_names`."""

    name: str
    slug: str
    explicit: bool


@dataclass(frozen=True)
class Clash:
    """One name that several monographs claim: an error if it stands in their `link_names`, else it is not linked."""

    name: str
    slugs: tuple[str, ...]
    explicit: bool


@dataclass(frozen=True)
class Linked:
    """HTML with its drugs linked, and the monographs it links to in order of appearance."""

    html: str
    slugs: tuple[str, ...]


@dataclass(frozen=True)
class _Text:
    """A piece of text in a document: where it stands in the HTML, and in the text of all pieces together."""

    token: int
    start: int
    section: int
    open: bool  # whether it may have links


def claims_of(facts: MonographFacts | Drug) -> list[Claim]:
    """The names of a published monograph that link to it. Names drafted by an import link nothing."""
    if facts.status != "published":
        return []
    if facts.link_names is not None:
        asked = () if "link_names" in facts.draft else facts.link_names
        return [Claim(fold(name), facts.slug, explicit=True) for name in asked]
    by_key = {"name": (facts.name,), "generic_name": (facts.generic_name,), "brand_names": facts.brand_names}
    names = [name for key, found in by_key.items() if key not in facts.draft for name in found]
    folded = dict.fromkeys(map(fold, names))
    return [Claim(name, facts.slug, explicit=False) for name in folded if _is_telling(name)]


def fold(text: str) -> str:
    """Text in which hyphens, spaces and case no longer differ, each character at the place it had."""
    if not text.isascii() or "\n" in text or "\t" in text:
        text = text.translate(_FOLDED)
    lower = text.lower()
    if len(lower) == len(text):
        return lower
    return "".join(small if len(small := sign.lower()) == 1 else sign for sign in text)


class Names:
    """All names that are linked, ready to be found in texts. Never changes; `hash` tells two sets apart."""

    def __init__(self, claims: Iterable[Claim]) -> None:
        self.slugs, _ = _settle(claims)
        for name, slug in list(self.slugs.items()):
            if name[-1:].isalpha() and not name.endswith("s"):
                self.slugs.setdefault(f"{name}s", slug)
        self._patterns = sorted(self.slugs)

    @cached_property
    def hash(self) -> str:
        listed = "\n".join(f"{name}\t{self.slugs[name]}" for name in self._patterns)
        return hashlib.sha256(listed.encode()).hexdigest()[:16]

    @cached_property
    def _automaton(self) -> AhoCorasick | None:
        return AhoCorasick(self._patterns, matchkind=MatchKind.Standard) if self._patterns else None

    def find(self, text: str) -> Iterator[tuple[int, int, str]]:
        """Mentions in a text as (start, end, slug), from left to right, none overlapping."""
        if self._automaton is None:
            return
        folded = fold(text)
        found = self._automaton.find_matches_as_indexes(folded, overlapping=True)
        whole = [match for match in found if _is_word(folded, match[1], match[2])]
        whole.sort(key=lambda match: (match[1], -match[2]))
        last = 0
        for pattern, start, end in whole:
            if start >= last:
                yield start, end, self.slugs[self._patterns[pattern]]
                last = end


def clashes_of(claims: Iterable[Claim]) -> list[Clash]:
    """The names that several monographs claim with equal right."""
    return _settle(claims)[1]


def _settle(claims: Iterable[Claim]) -> tuple[dict[str, str], list[Clash]]:
    """Who gets each name: an explicit claim before a default one, and nobody if several are equally good."""
    first: dict[str, Claim] = {}
    contested: dict[str, set[Claim]] = {}
    for claim in claims:
        other = first.setdefault(claim.name, claim)
        if other != claim:
            contested.setdefault(claim.name, {other}).add(claim)
    settled = {name: claim.slug for name, claim in first.items() if name}
    clashes = []
    for name in sorted(filter(None, contested)):
        best = max(claim.explicit for claim in contested[name])
        slugs = sorted({claim.slug for claim in contested[name] if claim.explicit == best})
        if len(slugs) == 1:
            settled[name] = slugs[0]
        else:
            del settled[name]
            clashes.append(Clash(name, tuple(slugs), best))
    return settled, clashes


def link_mentions(html: str, names: Names, omit: Collection[str] = ()) -> Linked:
    """Link the first mention of each drug in each section (from one h2 to the next) of safe HTML.

    Nothing is linked in headings, links, code and what has the class no-link, nor a name that goes across tags.
    A link that the author made is the mention of its section. `omit` are monographs not to link to, such as the one
    that this HTML belongs to. Linking again changes nothing.
    """
    parts = list(_parts(strip_links(html)))
    texts, joined, linked = _read(parts)
    marks: dict[int, list[tuple[int, int, str]]] = defaultdict(list)
    position = 0
    for start, end, slug in names.find(joined):
        while position + 1 < len(texts) and texts[position + 1].start <= start:
            position += 1
        text = texts[position]
        inside = entities.unescape(parts[text.token][0])
        fits = text.start <= start and end <= text.start + len(inside)
        if fits and text.open and slug not in omit and (text.section, slug) not in linked:
            linked.add((text.section, slug))
            marks[text.token].append((start - text.start, end - text.start, slug))
    out = [
        _with_links(entities.unescape(text), marks[index]) if index in marks else text or tag
        for index, (text, tag) in enumerate(parts)
    ]
    done = "".join(out)
    return Linked(done, tuple(dict.fromkeys(_EXPLICIT.findall(done))))


def strip_links(html: str) -> str:
    """HTML without the links that link_mentions made. Those of authors stay."""
    return _AUTO.sub(r"\1", html)


def _parts(html: str) -> Iterator[tuple[str, str]]:
    """HTML as texts and tags, each part one of the two."""
    for text, slash, tag, attributes in tokens(html):
        yield (text, "") if not tag else ("", f"<{slash}{tag}{attributes}>")


def _read(parts: list[tuple[str, str]]) -> tuple[list[_Text], str, set[tuple[int, str]]]:
    """The texts of a document, all of them as one, and which drugs its author linked in which section."""
    texts: list[_Text] = []
    joined: list[str] = []
    linked: set[tuple[int, str]] = set()
    blocked: list[bool] = []  # for each open tag, whether what is in it must stay as it is
    length = section = 0
    for index, (text, markup) in enumerate(parts):
        if not markup:
            plain = entities.unescape(text)
            texts.append(_Text(index, length, section, not (blocked and blocked[-1])))
            joined.append(plain)
            length += len(plain)
            continue
        tag = re.split(r"[\s>/]", markup.lstrip("</"), maxsplit=1)[0]
        if tag not in INLINE:
            joined.append("\n")
            length += 1
        if markup.startswith("</"):
            if blocked:
                blocked.pop()
            continue
        if tag == "h2":
            section += 1
        elif tag == "a" and (explicit := _EXPLICIT.search(markup)):
            linked.add((section, explicit[1]))
        if tag not in VOID:
            classes = _CLASS.search(markup)
            here = tag in BLOCKED or (classes is not None and "no-link" in classes[1].split())
            blocked.append(here or bool(blocked and blocked[-1]))
    return texts, "".join(joined), linked


def _with_links(text: str, marks: list[tuple[int, int, str]]) -> str:
    out, last = [], 0
    for start, end, slug in marks:
        link = f'<a class="drug" href="/monographs/{slug}" data-card="/monographs/{slug}/card" data-auto>'
        out += [_escaped(text[last:start]), link, _escaped(text[start:end]), "</a>"]
        last = end
    return "".join([*out, _escaped(text[last:])])


def _escaped(text: str) -> str:
    """Text as nh3 writes it."""
    return entities.escape(text, quote=False).replace("\u00a0", "&nbsp;")


def _is_word(text: str, start: int, end: int) -> bool:
    before, after = text[start - 1 : start], text[end : end + 1]
    if before == "-" or _in_word(before) or _in_word(after):
        return False
    if after != "-":
        return True
    suffix = re.match(r"[^\W\d_]+", text[end + 1 : end + 20])
    return suffix is not None and suffix[0] in SUFFIXES


def _in_word(sign: str) -> bool:
    return sign == "_" or unicodedata.category(sign)[0] in "LNM" if sign else False


def _is_telling(name: str) -> bool:
    joined = name.replace(" ", "")
    letters = len(joined) if joined.isalpha() else sum(map(str.isalpha, joined))
    return letters >= SHORTEST and name not in ORDINARY
