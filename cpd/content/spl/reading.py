"""The bytes of a label as a tree, or a sentence why not. Labels are strangers' files: everything here has a limit."""

from __future__ import annotations

import re
from typing import TypeAlias

from lxml import etree

Element: TypeAlias = "etree._Element"

NS = "{urn:hl7-org:v3}"
MOST_BYTES = 5 * 1024 * 1024
MOST_TAGS = 500_000
MOST_TEXT = 1_000_000  # characters of one text node
MOST_DEPTH = 60
MOST_SECTIONS = 2_000
MOST_TABLES = 500
HEAD = 16 * 1024  # bytes in which a document's header ends, in every label known

_ENCODINGS = {"utf-8", "utf-16", "us-ascii", "ascii", "iso-8859-1", "windows-1252"}
_DECLARED = re.compile(rb"""^\s*<\?xml[^>]{0,200}?encoding\s*=\s*["']([A-Za-z0-9._-]{1,40})["']""")
_TOO_DEEP = etree.XPath("boolean(" + "/*" * (MOST_DEPTH + 1) + ")")
_LONG_TEXT = etree.XPath(f"boolean(//text()[string-length() > {MOST_TEXT}])")


class LabelFault(Exception):
    """A document that can't be imported; the message says what is wrong and how to mend it."""


def parse(data: bytes) -> Element:
    """The root of a document. Raises LabelFault for what is no XML, or could do harm."""
    _look(data)
    try:
        root = etree.fromstring(data, _parser())
    except etree.XMLSyntaxError as error:
        where = f"line {error.lineno}" if error.lineno else "its start"
        raise LabelFault(f"is not well-formed XML ({where}: {_short(error.msg)}); download it again") from None
    except (ValueError, LookupError):
        raise LabelFault("is not XML that can be read; save it as UTF-8") from None
    _limit(root)
    return root


def header(data: bytes) -> dict[str, str]:
    """Kind, set id and version of a document without reading the whole of it; what is not found is missing."""
    if b"\0" in data[:HEAD]:  # UTF-16, where a head may be cut in the middle of a sign
        return _header_of(parse(data))
    found: dict[str, str] = {}
    parser = etree.XMLPullParser(
        events=("end",), resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False
    )
    try:
        parser.feed(data[:HEAD])
        for _, element in parser.read_events():
            if isinstance(element, etree._Element):
                _note(element, found)
            if "version" in found:
                break
    except etree.XMLSyntaxError:
        return {}
    return found


def child(element: Element, *names: str) -> Element | None:
    """The first descendant on a path of names."""
    found: Element | None = element
    for name in names:
        if found is None:
            return None
        found = found.find(NS + name)
    return found


def children(element: Element, *names: str) -> list[Element]:
    """All descendants on a path of names."""
    return element.findall("/".join(NS + name for name in names))


def value(element: Element | None, attribute: str) -> str:
    """A trimmed attribute of an element that may not be there."""
    return (element.get(attribute) or "").strip() if element is not None else ""


def _parser() -> etree.XMLParser:
    return etree.XMLParser(
        resolve_entities=False,
        no_network=True,
        load_dtd=False,
        huge_tree=False,
        recover=False,
        remove_comments=True,
        remove_pis=True,
    )


def _look(data: bytes) -> None:
    """Refuse what need not be parsed to be refused."""
    if len(data) > MOST_BYTES:
        raise LabelFault(f"is {len(data) / 1024 / 1024:.3g} MB, more than {MOST_BYTES // 1024 // 1024} MB; split it")
    plain = data.replace(b"\0", b"")  # UTF-16 and UTF-32 as well
    declared = _DECLARED.match(plain.lstrip(b"\xef\xbb\xbf\xff\xfe"))
    if declared and declared[1].decode().lower() not in _ENCODINGS:
        raise LabelFault(f"is written in the encoding {declared[1].decode()}; save it as UTF-8")
    upper = plain.upper()
    if b"<!DOCTYPE" in upper or b"<!ENTITY" in upper:
        raise LabelFault("has a DOCTYPE or entities, which no label has; take them out")
    if data.count(b"<") > MOST_TAGS:
        raise LabelFault(f"has more than {MOST_TAGS // 2:,} elements; split it")


def _limit(root: Element) -> None:
    if root.getroottree().docinfo.internalDTD is not None:
        raise LabelFault("has a DOCTYPE or entities, which no label has; take them out")
    if _TOO_DEEP(root):
        raise LabelFault(f"is nested more than {MOST_DEPTH} deep; make it flatter")
    if _LONG_TEXT(root):
        raise LabelFault(f"has a text of more than {MOST_TEXT:,} characters without a break; split it")
    if (sections := _count(root, "section")) > MOST_SECTIONS:
        raise LabelFault(f"has {sections:,} sections, more than {MOST_SECTIONS:,}; split it")
    if (tables := _count(root, "table")) > MOST_TABLES:
        raise LabelFault(f"has {tables:,} tables, more than {MOST_TABLES:,}; split it")


def _count(root: Element, name: str) -> int:
    return sum(1 for _ in root.iter(NS + name))


def _header_of(root: Element) -> dict[str, str]:
    found: dict[str, str] = {}
    for element in root:
        _note(element, found)
    return found


def _note(element: Element, found: dict[str, str]) -> None:
    """Note an element of the header. Of several the first counts: sections come later and have codes too."""
    parent = element.getparent()
    if parent is not None and parent.getparent() is not None:
        return
    if element.tag == f"{NS}code":
        found.setdefault("kind", value(element, "code"))
    elif element.tag == f"{NS}setId":
        found.setdefault("set_id", value(element, "root").lower())
    elif element.tag == f"{NS}versionNumber":
        found.setdefault("version", value(element, "value"))


def _short(message: str | None) -> str:
    return " ".join((message or "").split())[:120]
